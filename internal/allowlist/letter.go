package allowlist

import (
	"bytes"
	"fmt"
	"html/template"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/bitrix"
)

// Letter asks the owner of the network to open connections: a short letter, and what is attached to it.
type Letter struct {
	Lang    string
	Subject string
	Opening []string // paragraphs of the letter itself
	Proof   Proof    // that the most important connection is open
	Closing []string // paragraphs after the proof
	Groups  []LetterGroup
	Notes   []string // paragraphs about the groups
	Files   []File
	words   Words
}

// Proof is a command line for each system, and how to read what it prints.
type Proof struct{ Text, Linux, Windows string }

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

// File is a file that goes with a letter.
type File struct{ Title, Name, Text string }

// Letter writes the letter, with the rules for each equipment.
func (r *Rules) Letter(w Words, equipment ...Equipment) (*Letter, error) {
	say := func(key string, args checks.Args) string { return w.Say("allowlist.letter."+key, args) }
	p := &printer{Rules: r, words: w}
	args := checks.Args{"portal": r.portalName(), "region": string(r.Region), "detected": r.Detected, "closed": r.closedHosts(), "from": addressText(r.PortalIP),
		"handler": addressText(r.HandlerIP)}
	l := &Letter{Lang: w.Lang(), Subject: say("subject", args), words: w}
	l.Opening = paragraphs(say("hello", args), say("ask", args), say("addresses", args))
	l.Proof = r.proof(w)
	l.Closing = paragraphs(say("goodbye", args), say("regards", args))
	windows := slices.Contains(equipment, Windows)
	var connected bool
	for i, row := range r.Rows {
		if i == 0 || r.Rows[i-1].Direction != row.Direction {
			direction := "allowlist.direction." + string(row.Direction)
			l.Groups = append(l.Groups, LetterGroup{Title: w.Say(direction+".title", nil), Where: w.Say(direction+".where", nil)})
		}
		g := &l.Groups[len(l.Groups)-1]
		item := LetterItem{Number: i + 1, What: row.What(w), Ports: row.PortsText(), Tag: p.tag(row), Why: row.Why(w), Breaks: row.Breaks(w),
			Open: row.Measured.State, Test: r.test(row, w, windows || row.Direction == bitrix.DeskOut)}
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
	windows = windows || slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Direction == bitrix.DeskOut })
	l.Notes = append(paragraphs(say("region", args), w.Say("allowlist.handlers."+string(r.Handlers)+".letter", args)),
		say("tests", checks.Args{"connected": connected, "powershell": windows && connected}))
	if lists := p.listNotes(); lists != nil {
		for _, row := range r.Rows {
			if n := len(row.Addresses); row.Party == Queue && n > 0 && n <= mostInLetter {
				lists = append(lists, say("nodes", checks.Args{"nodes": texts(row)}))
			}
		}
		l.Notes = append(l.Notes, strings.Join(append(lists, say("lists", nil)), " "))
	}
	if slices.ContainsFunc(r.Rows, func(row Row) bool { return row.MarkName(w) != "" }) {
		l.Notes = append(l.Notes, say("marks", nil))
	}
	if slices.Contains(equipment, Squid) {
		advice := ProxySettings(w, "", 0)
		l.Notes = append(l.Notes, advice.Title+". "+say("proxy", nil))
	}
	l.Notes = append(l.Notes, say("source", nil))
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
	return strings.Join(paragraphs(p.regionName(r), r.MarkName(p.words)), ", ")
}

// regionName returns the row's region if the rules are for both and the row isn't.
func (p *printer) regionName(r Row) string {
	if len(r.Regions) == len(p.regions()) {
		return ""
	}
	return p.say("region."+string(r.Regions[0]), nil)
}

func (p *printer) packName(r Row) string {
	if r.Pack == "" {
		return ""
	}
	return p.say("pack."+string(r.Pack), nil)
}

// addressText is an address, "" for none.
func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// closedHosts are the hosts that the last run found closed.
func (r *Rules) closedHosts() (hosts []string) {
	for _, row := range r.Closed().Rows {
		hosts = append(hosts, row.Hosts...)
	}
	return hosts
}

// proof tests the connections from the portal's server to the authorization server, without which nothing works.
func (r *Rules) proof(w Words) Proof {
	for _, row := range r.Rows {
		if row.Direction == bitrix.PortalOut && slices.Contains(authServer, row.ID()) {
			return Proof{w.Say("allowlist.letter.proof", nil), r.test(row, w, false), r.test(row, w, true)}
		}
	}
	return Proof{}
}

// statusCommand prints the status of each URL, and 000 with the reason on standard error where no answer of the host itself arrives: a
// proxy that refuses, drops or answers in its place isn't taken for the host. Windows checks revocation lists by default, which a closed
// network doesn't reach.
func statusCommand(urls []string, windows bool) string {
	line, discard := "curl -sS -m 15 -w '%{http_code}\\n'", " -o /dev/null "
	if windows {
		line, discard = `curl.exe -sS -m 15 --ssl-no-revoke -w "%{http_code}\n"`, " -o NUL "
	}
	for _, url := range urls {
		line += discard + url
	}
	return line
}

// test returns a command that shows whether a row is open, for a shell or for Windows; "" if there is none.
func (r *Rules) test(row Row, w Words, windows bool) string {
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
	}
	var urls []string
	for _, host := range hosts {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		switch port := tcp[len(tcp)-1]; {
		case slices.Contains(tcp, "443"): // a proxy answers for port 80 by itself
			urls = append(urls, "https://"+host+"/")
		case row.ID() == Application || row.ID() == "app-rest" || row.Party == Portal || row.Party == Handlers:
			urls = append(urls, "https://"+host+":"+port+"/")
		case windows:
			return "Test-NetConnection " + host + " -Port " + port + " -InformationLevel Quiet"
		default:
			return "curl -sv --noproxy '*' -m 15 telnet://" + host + ":" + port
		}
	}
	return statusCommand(urls, windows)
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

// Attachments are the table of connections and the files.
func (l *Letter) Attachments() []File {
	return append([]File{{l.words.Say("letter.connections", nil), "connections.txt", l.Table()}}, l.Files...)
}

// Attached is attachments as one text.
func Attached(files []File) string {
	rule := strings.Repeat("-", letterWidth)
	var parts []string
	for _, f := range files {
		parts = append(parts, fmt.Sprintf("%s\n%s, %s\n%s\n%s", rule, f.Title, f.Name, rule, f.Text))
	}
	return strings.Join(parts, "\n")
}

// Text returns the letter as plain text, with everything attached.
func (l *Letter) Text() string {
	return fmt.Sprintf("%s: %s\n\n%s\n%s", l.words.Say("letter.subject-label", nil), l.Subject, l.Body(), Attached(l.Attachments()))
}

// Body is the letter itself as plain text.
func (l *Letter) Body() string {
	var b strings.Builder
	for i, paragraph := range append(slices.Clone(l.Opening), l.Proof.Text) {
		if i > 0 && paragraph != "" {
			b.WriteString("\n")
		}
		writeWrapped(&b, 0, paragraph)
	}
	if l.Proof.Linux != "" {
		fmt.Fprintf(&b, "Linux:\n%s\nWindows:\n%s\n", l.Proof.Linux, l.Proof.Windows)
	}
	for _, paragraph := range l.Closing {
		b.WriteString("\n")
		writeWrapped(&b, 0, paragraph)
	}
	return b.String()
}

func writeWrapped(b *strings.Builder, indent int, words string) {
	for _, line := range wrap(words, letterWidth-indent) {
		fmt.Fprintf(b, "%*s%s\n", indent, "", line)
	}
}

// Table lists the connections as plain text.
func (l *Letter) Table() string {
	var b strings.Builder
	paragraph := func(indent int, label, words string) { writeWrapped(&b, indent, label+words) }
	say := func(key string) string { return l.words.Say("allowlist.letter."+key, nil) }
	for i, g := range l.Groups {
		if i > 0 {
			b.WriteString("\n")
		}
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
	for _, words := range l.Notes {
		b.WriteString("\n")
		paragraph(0, "", words)
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
