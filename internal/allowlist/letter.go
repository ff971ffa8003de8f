package allowlist

import (
	"bytes"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"sync"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/bitrix"
)

// Letter is the request to the owner of the network as text.
type Letter struct {
	Lang    string
	Subject string
	Opening []string // paragraphs
	Groups  []LetterGroup
	Closing []string
	Files   []File
	words   Words
}

// LetterGroup holds the connections of one direction.
type LetterGroup struct {
	Title string
	Where string // the machine on which to run the tests
	Items []LetterItem
}

// LetterItem is one connection.
type LetterItem struct {
	Number           int
	What, Ports, Tag string // Tag: the region, and whether the row isn't on the vendor's page
	Why, Breaks      string
	State            string       // "" if it wasn't measured
	Open             checks.State // as Measurement.State
	Test             string       // one line; "" if there is none
	TestNote         string       // a note about it, or why there is none
}

// File is a file that goes with the letter.
type File struct{ Title, Name, Text string }

// LetterFor returns the letter as text if the last run found something that the network administrator has to do; "" otherwise.
func LetterFor(o Options, w Words) (string, error) {
	if o.Outcome == nil || !slices.ContainsFunc(o.Outcome.Results, func(r checks.Result) bool { return r.Owner == checks.NetworkAdmin }) {
		return "", nil
	}
	rules, err := New(o)
	if err != nil {
		return "", err
	}
	letter, err := rules.Letter(w)
	if err != nil {
		return "", err
	}
	return letter.Text(), nil
}

// Letter writes the letter, with the rules for each equipment.
func (r *Rules) Letter(w Words, equipment ...Equipment) (*Letter, error) {
	say := func(key string, args checks.Args) string { return w.Say("allowlist.letter."+key, args) }
	p := &printer{Rules: r, words: w}
	args := checks.Args{"portal": r.portalName(), "region": string(r.Region), "detected": r.Detected,
		"measured": slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Measured.State != "" })}
	l := &Letter{Lang: w.Lang(), Subject: say("subject", args), words: w}
	l.Opening = paragraphs(say("hello", args), say("ask", args), say("region", args), w.Say("allowlist.handlers."+string(r.Handlers)+".letter", args))
	powershell := slices.Contains(equipment, Windows)
	var connected bool
	for i, row := range r.Rows {
		if i == 0 || r.Rows[i-1].Direction != row.Direction {
			direction := "allowlist.direction." + string(row.Direction)
			l.Groups = append(l.Groups, LetterGroup{Title: w.Say(direction+".title", nil), Where: w.Say(direction+".where", nil)})
		}
		g := &l.Groups[len(l.Groups)-1]
		item := LetterItem{Number: i + 1, What: row.What(w), Ports: row.PortsText(), Tag: p.tag(row), Why: row.Why(w), Breaks: row.Breaks(w),
			Open: row.Measured.State, Test: r.test(row, w, powershell || row.Direction == bitrix.DeskOut)}
		if row.Measured.State != "" {
			item.State = row.State(w)
		}
		connected = connected || strings.Contains(item.Test, "telnet:")
		switch {
		case row.Party == Queue:
			item.TestNote = say("queue-test", nil)
		case row.Unpublished:
			item.TestNote = say("unpublished", nil)
		case item.Test == "":
			item.TestNote = say("no-test", nil)
		}
		g.Items = append(g.Items, item)
	}
	powershell = powershell || slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Direction == bitrix.DeskOut })
	l.Closing = append(l.Closing, say("tests", checks.Args{"connected": connected, "powershell": powershell}), say("names", nil))
	if lists := p.listNotes(); lists != nil {
		for _, row := range r.Rows {
			if n := len(row.Addresses); row.Party == Queue && n > 0 && n <= mostInLetter {
				lists = append(lists, say("nodes", checks.Args{"nodes": texts(row)}))
			}
		}
		l.Closing = append(l.Closing, strings.Join(append(lists, say("lists", nil)), " "))
	}
	if slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Mark != "" && row.Mark != bitrix.Documentation }) {
		l.Closing = append(l.Closing, say("marks", nil))
	}
	if slices.Contains(equipment, Squid) {
		advice := ProxySettings(w, "", 0)
		l.Closing = append(l.Closing, advice.Title+". "+say("proxy", nil))
	}
	l.Closing = append(l.Closing, say("source", nil), say("goodbye", nil), say("regards", nil))
	for _, e := range equipment {
		for _, part := range []Part{Add, Refresh, Remove} {
			if !r.Has(e, part) {
				continue
			}
			var text bytes.Buffer
			if err := r.Write(&text, e, part, w); err != nil {
				return nil, err
			}
			l.Files = append(l.Files, File{Title: w.Say("allowlist.file."+string(part)+"-title", checks.Args{"equipment": e.Name(w)}),
				Name: e.FileName(part), Text: text.String()})
		}
	}
	return l, nil
}

// mostInLetter limits the addresses of the queue in the letter's text.
const mostInLetter = 50

func paragraphs(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// tag returns a row's region and how it is known, unless usual.
func (p *printer) tag(r Row) string {
	return strings.Join(paragraphs(p.regionName(r), p.markName(r)), ", ")
}

// regionName returns the row's region if the rules are for both and the row isn't.
func (p *printer) regionName(r Row) string {
	if len(r.Regions) == len(p.regions()) {
		return ""
	}
	return p.say("region."+string(r.Regions[0]), nil)
}

// markName tells how a row is known, "" for the vendor's page.
func (p *printer) markName(r Row) string {
	if r.Mark == "" || r.Mark == bitrix.Documentation {
		return ""
	}
	return p.say("mark."+strings.ReplaceAll(string(r.Mark), " ", "-"), nil)
}

func (p *printer) packName(r Row) string {
	if r.Pack == "" {
		return ""
	}
	return p.say("pack."+string(r.Pack), nil)
}

// test returns a command that shows whether a row is open, for a shell or for PowerShell; "" if there is none.
func (r *Rules) test(row Row, w Words, powershell bool) string {
	hosts := r.testHosts(row, w)
	tcp := numbers(row.Ports, "tcp")
	switch {
	case row.Unpublished, len(hosts) == 0:
		return ""
	case row.Party == Queue:
		return "curl -sS -d test=1 https://" + hosts[0] + "/" // a form, as the queue sends it
	case tcp == nil && slices.Contains(numbers(row.Ports, "udp"), "53"):
		return "nslookup " + r.portalHost(w) + " " + hosts[0]
	case tcp == nil: // over UDP a missing answer proves nothing
		return ""
	case powershell:
		return fmt.Sprintf("'%s' | ForEach-Object { Test-NetConnection $_ -Port %s -InformationLevel Quiet }", strings.Join(hosts, "','"), tcp[len(tcp)-1])
	}
	var urls []string
	for _, host := range hosts {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		for _, port := range tcp {
			switch {
			case port == "443":
				urls = append(urls, "https://"+host+"/")
			case port == "80":
				urls = append(urls, "http://"+host+"/")
			case row.ID() == Application || row.ID() == "app-rest" || row.Party == Portal || row.Party == Handlers:
				urls = append(urls, "https://"+host+":"+port+"/")
			default:
				return "curl -sv --connect-timeout 10 --max-time 10 telnet://" + host + ":" + port
			}
		}
	}
	return "curl -sSI --connect-timeout 10 " + strings.Join(urls, " ") + " | grep HTTP/"
}

// testHosts returns the hosts that a row's connections lead to, or a placeholder.
func (r *Rules) testHosts(row Row, w Words) (hosts []string) {
	switch {
	case row.Direction == bitrix.PortalIn:
		return []string{r.portalHost(w)}
	case row.Direction == bitrix.AppIn:
		return []string{w.Say("allowlist.letter.handler", nil)}
	}
	for _, host := range row.Hosts {
		if !isMask(host) {
			hosts = append(hosts, host)
		} else if len(row.Known) > 0 {
			hosts = append(hosts, row.Known[0])
		}
	}
	for _, a := range row.Addresses {
		hosts = append(hosts, a.Addr().String())
	}
	switch {
	case hosts != nil:
	case row.Party == Portal:
		return []string{r.portalHost(w)}
	case row.Party == Handlers:
		return []string{w.Say("allowlist.letter.handler", nil)}
	}
	return hosts
}

// portalHost returns the portal's name, or a placeholder.
func (r *Rules) portalHost(w Words) string {
	if r.Portal.Host == "" {
		return w.Say("allowlist.letter.portal", nil)
	}
	return r.Portal.Host
}

const letterWidth = 74

// Text returns the letter as plain text.
func (l *Letter) Text() string {
	var b strings.Builder
	paragraph := func(indent int, label, words string) {
		for _, line := range wrap(label+words, letterWidth-indent) {
			fmt.Fprintf(&b, "%*s%s\n", indent, "", line)
		}
	}
	say := func(key string) string { return l.words.Say("allowlist.letter."+key, nil) }
	paragraph(0, "", say("subject-label")+": "+l.Subject)
	for _, words := range l.Opening {
		b.WriteString("\n")
		paragraph(0, "", words)
	}
	for _, g := range l.Groups {
		b.WriteString("\n")
		paragraph(0, "", strings.ToUpper(g.Title))
		paragraph(0, "", g.Where)
		for _, item := range g.Items {
			b.WriteString("\n")
			paragraph(0, "", item.headline())
			paragraph(3, say("why")+": ", item.Why+".")
			paragraph(3, say("breaks")+": ", item.Breaks+".")
			if item.State != "" {
				paragraph(3, say("state")+": ", item.State+".")
			}
			if item.TestNote != "" {
				paragraph(3, say("test")+": ", item.TestNote)
			} else {
				paragraph(3, say("test")+":", "")
			}
			if item.Test != "" {
				fmt.Fprintf(&b, "     %s\n", item.Test) // not wrapped, so that it can be copied
			}
		}
	}
	for _, words := range l.Closing {
		b.WriteString("\n")
		paragraph(0, "", words)
	}
	for _, f := range l.Files {
		fmt.Fprintf(&b, "\n%s\n%s, %s\n%s\n%s", strings.Repeat("-", letterWidth), f.Title, f.Name, strings.Repeat("-", letterWidth), f.Text)
	}
	return b.String()
}

// headline is the item's first line: number, remote side, ports and tag.
func (i LetterItem) headline() string {
	line := fmt.Sprintf("%d. %s, %s", i.Number, i.What, i.Ports)
	if i.Tag != "" {
		line += " (" + i.Tag + ")"
	}
	return line
}

var letterPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(assets.Allowlist, "allowlist/letter.html"))
})

// HTML returns the letter as a self-contained page.
func (l *Letter) HTML() (string, error) {
	words := map[string]string{}
	for _, key := range []string{"why", "breaks", "state", "test"} {
		words[key] = l.words.Say("allowlist.letter."+key, nil)
	}
	var b strings.Builder
	if err := letterPage().Execute(&b, struct {
		*Letter
		Words map[string]string
	}{l, words}); err != nil {
		return "", fmt.Errorf("write the letter: %w", err)
	}
	return b.String(), nil
}

// MailtoLimit is the length of a mailto URL that Windows and the common mail programs accept.
const MailtoLimit = 1900

// Mailto returns a URL that opens a mail program with as many connections in a message as fit. Put the
// whole text into the clipboard too: the message asks the reader to paste it.
func (l *Letter) Mailto() string {
	link := func(body string) string { return MailtoURL(l.Subject, body) }
	body := l.words.Say("allowlist.letter.paste", nil) + "\n\n"
	fits := link(body)
	for _, g := range l.Groups {
		for _, item := range g.Items {
			body += fmt.Sprintf("%d. %s, %s\n", item.Number, item.What, item.Ports)
			longer := link(body)
			if len(longer) > MailtoLimit {
				return fits
			}
			fits = longer
		}
	}
	return fits
}

// MailtoURL is the URL of RFC 6068 that opens a mail program with a message.
func MailtoURL(subject, body string) string {
	// Mail programs don't decode a plus as a space.
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	lines := strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n")
	return "mailto:?subject=" + escape(subject) + "&body=" + escape(lines.Replace(body))
}
