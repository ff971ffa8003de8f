package report

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/view"
	"boxready/internal/words"
)

// page is the data of the template report.html.
type page struct {
	Lang, Title  string
	Portal       string
	Style        template.CSS
	StyleHash    string
	ID           string
	Verdict      view.Verdict
	Counts       []count
	Endings      []shownEnding
	Picture      picture
	Owners       []ownersFindings
	Acknowledged []shown
	InOrder      []shown
	NotChecked   []string
	Requests     []shownRequest
	Stages       []string
	Chains       []chain
	About        []pair
	Hidden       []string
	Data         string
}

type count struct {
	State checks.State
	Words string
	N     int
}

type ownersFindings struct {
	Name     string
	Findings []shown
}

// shown is a result on the page.
type shown struct {
	view.Item
	StateWords, SeenFrom, Waiting string
	LeftAsIs                      string // why it was left as it is; "" if it wasn't
	Facts                         []view.Fact
}

type shownEnding struct {
	Text, Advice string // Advice is "" as long as there is nothing to do
	Soon         bool
}

type shownRequest struct {
	Request
	At, Answer, Times string
	Bars              []bar
}

// bar is a stage of a request; 1000 units are the run's duration.
type bar struct {
	Stage    string
	X, Width int
}

type chain struct {
	Words        string
	Certificates [][]pair
}

type pair struct{ Name, Value string }

var stages = []string{"dns", "connect", "tls", "wait", "rest"}

func (p *Reporter) writeHTML(w io.Writer, n *run, requests []Request, b *Bundle, data []byte) error {
	title := p.Words.Say("report.title", nil) + ": " + n.display + ", " + moment(n.Started) + ", BoxReady " + n.Tool.Version
	style := assets.ReportStyle + runningTitle(title)
	sum := sha256.Sum256([]byte(style))
	labels := map[string]string{} // most are used hundreds of times
	say := func(key string) string {
		if labels[key] == "" {
			labels[key] = words.Nonbreaking(p.Words.Say(key, nil))
		}
		return labels[key]
	}
	t, err := template.New("report").Funcs(template.FuncMap{"say": say, "parts": parts, "prose": words.Nonbreaking, "pieces": pieces}).Parse(assets.ReportPage)
	if err != nil {
		return fmt.Errorf("read the report's template: %w", err)
	}
	shown := page{
		Lang: p.Words.Lang(), Title: title, Portal: n.display, Style: template.CSS(style), StyleHash: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]), // #nosec G203 -- the style is part of this program
		ID: n.ID, Verdict: n.verdict(p.Words), Counts: p.counts(n), Picture: p.picture(n), Requests: p.timeline(requests), Stages: stages,
		Chains: p.chains(n), About: p.about(n), Hidden: p.hiddenLines(b), Data: string(data),
	}
	for _, owner := range n.view.Owners() {
		o := ownersFindings{Name: p.Words.Code("owner.", string(owner.ID), ".title")}
		for _, i := range owner.Findings {
			o.Findings = append(o.Findings, p.shown(n, i))
		}
		shown.Owners = append(shown.Owners, o)
	}
	for _, i := range n.view.Acknowledged() {
		shown.Acknowledged = append(shown.Acknowledged, p.shown(n, i))
	}
	for _, i := range n.view.InOrder() {
		shown.InOrder = append(shown.InOrder, p.shown(n, i))
	}
	for _, e := range n.endings(true) {
		s := shownEnding{Text: e.Text(p.Words, n.Finished), Soon: e.Soon(n.Finished)}
		if e.Near(n.Finished) {
			s.Advice = e.Advice(p.Words, n.Finished)
		}
		shown.Endings = append(shown.Endings, s)
	}
	for _, m := range n.notChecked() {
		shown.NotChecked = append(shown.NotChecked, p.missing(m, 0))
	}
	if err := t.Execute(w, shown); err != nil {
		return fmt.Errorf("write %s: %w", HTMLFile, err)
	}
	return nil
}

// runningTitle is the style that prints the page's title and the number of the sheet on each sheet: one that is lost from the
// others still says what it is of. All of the title but letters and digits is escaped, so that it can't end the string.
func runningTitle(title string) string {
	var content strings.Builder
	for _, r := range title {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			content.WriteRune(r)
		} else {
			fmt.Fprintf(&content, "\\%06x", r)
		}
	}
	return `@page { @top-left { content: "` + content.String() + `"; } @top-right { content: counter(page) " / " counter(pages); } }` + "\n"
}

func (p *Reporter) shown(n *run, i view.Item) shown {
	facts := i.Values.Facts()
	for at, f := range facts {
		facts[at].Value = p.Words.More(f.Value, f.More)
	}
	return shown{Item: i, StateWords: p.Words.Say("state."+string(i.State), nil),
		SeenFrom: sentence(p.Words.Code("vantage.", string(i.Vantage), "")), Facts: facts,
		Waiting: n.view.WaitingText(p.Words, i.Result), LeftAsIs: p.Words.Acknowledged(i.Acknowledged)}
}

// states in the order in which they are counted.
var states = []checks.State{checks.Problem, checks.Unknown, checks.Notice, checks.OK, checks.Skipped}

func (p *Reporter) counts(n *run) []count {
	var list []count
	for _, s := range states {
		if n.Counts[s] > 0 {
			list = append(list, count{s, p.Words.Say("count."+string(s), nil), n.Counts[s]})
		}
	}
	return list
}

// part is a part of a sentence: words, or a command between backticks. One of several words has its own line, so that it can be
// copied.
type part struct {
	Text       string
	Code, Line bool
}

func parts(sentence string) []part {
	var list []part
	for i, s := range strings.Split(words.Nonbreaking(sentence), "`") {
		if s != "" {
			list = append(list, part{s, i%2 == 1, i%2 == 1 && strings.Contains(s, " ")})
		}
	}
	return list
}

// pieces splits a fact's name where a line may end: behind dots and underscores.
func pieces(path string) []string {
	return strings.Split(strings.NewReplacer(".", ".\n", "_", "_\n").Replace(path), "\n")
}

// moment formats a time in UTC.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func (p *Reporter) timeline(requests []Request) []shownRequest {
	if len(requests) == 0 {
		return nil
	}
	begin, end := requests[0].At, requests[0].At.Add(time.Millisecond)
	for _, r := range requests {
		if ended := r.At.Add(time.Duration(r.Times.Total) * time.Millisecond); ended.After(end) {
			end = ended
		}
	}
	var list []shownRequest
	for _, r := range requests {
		s := shownRequest{Request: r, At: r.At.UTC().Format("15:04:05.000"), Answer: p.answer(r)}
		at := r.At.Sub(begin)
		var times []string
		for _, stage := range stagesOf(r) {
			if stage.ms <= 0 {
				continue
			}
			took := time.Duration(stage.ms) * time.Millisecond
			s.Bars = append(s.Bars, bar{stage.name, scale(at, end.Sub(begin)), max(scale(took, end.Sub(begin)), 2)})
			at += took
			times = append(times, p.milliseconds("report.stage."+stage.name, stage.ms))
		}
		if s.Bars == nil { // quicker than a millisecond
			s.Bars = []bar{{"rest", scale(at, end.Sub(begin)), 2}}
		}
		s.Times = strings.Join(append(times, p.milliseconds("report.stage.total", r.Times.Total)), ", ")
		list = append(list, s)
	}
	return list
}

type stage struct {
	name string
	ms   int64
}

func stagesOf(r Request) []stage {
	t := r.Times
	return []stage{{"dns", t.DNS}, {"connect", t.Connect}, {"tls", t.TLS}, {"wait", t.Wait}, {"rest", t.Total - t.DNS - t.Connect - t.TLS - t.Wait}}
}

func scale(d, whole time.Duration) int { return int(1000 * d / whole) }

func (p *Reporter) milliseconds(key string, ms int64) string {
	return p.Words.Say(key, nil) + " " + strconv.FormatInt(ms, 10) + " " + p.Words.Say("format.ms", nil)
}

// answer is the result of a request, in one line.
func (p *Reporter) answer(r Request) string {
	var parts []string
	if r.Status != 0 {
		parts = append(parts, "HTTP "+strconv.Itoa(r.Status))
	}
	if r.Failure != "" {
		parts = append(parts, p.Words.Say("report.requests.no-answer", checks.Args{"failure": string(r.Failure)}))
	}
	if r.Error != "" {
		parts = append(parts, r.Error)
	}
	if r.Described != "" {
		parts = append(parts, r.Described)
	}
	return untrusted.Line(strings.Join(parts, ", "))
}

func (p *Reporter) chains(n *run) []chain {
	var list []chain
	for _, s := range tlsSeen(n) {
		if len(s.Chain) == 0 {
			continue
		}
		where := s.Address
		if where == "" {
			where = n.display
		}
		c := chain{Words: p.Words.Say("report.certificates.at", checks.Args{"address": where, "protocol": s.Protocol, "cipher": s.Cipher})}
		for _, cert := range s.Chain {
			c.Certificates = append(c.Certificates, p.pairs("report.certificate.",
				pair{"subject", cert.Subject}, pair{"issuer", cert.Issuer}, pair{"names", strings.Join(cert.Names, ", ")},
				pair{"from", moment(cert.NotBefore)}, pair{"until", moment(cert.NotAfter)}, pair{"key", cert.Key},
				pair{"signature", cert.Signature}, pair{"serial", cert.SerialNumber}, pair{"sha256", cert.SHA256}))
		}
		list = append(list, c)
	}
	return list
}

// tlsSeen returns the TLS check's facts, with hidden values replaced by tokens.
func tlsSeen(n *run) []checks.TLSSeen {
	for _, i := range n.view.Items {
		var f checks.TLSFacts
		if i.Check == checks.PortalTLS && json.Unmarshal(view.FactsJSON(i.Facts), &f) == nil && len(f.Addresses) > 0 {
			return f.Addresses
		}
	}
	return nil
}

// pairs omits empty values, and names the others.
func (p *Reporter) pairs(key string, list ...pair) []pair {
	var named []pair
	for _, v := range list {
		if v.Value != "" {
			named = append(named, pair{p.Words.Say(key+v.Name, nil), untrusted.Line(v.Value)})
		}
	}
	return named
}

func (p *Reporter) about(n *run) []pair {
	var f checks.InventoryFacts
	for _, i := range n.view.Items {
		if i.Check == checks.MethodInventory {
			_ = json.Unmarshal(view.FactsJSON(i.Facts), &f) // facts of another version are ignored
		}
	}
	rest := ""
	if f.RestAtLeast != "" || f.RestBelow != "" {
		rest = p.Words.Say("report.about.rest-range", checks.Args{"from": f.RestAtLeast, "below": f.RestBelow})
	}
	catalogue := ""
	if n.Tool.Catalogue != "" {
		catalogue = p.Words.CatalogueState(n.Tool.Catalogue, n.Tool.Renewed)
	}
	return p.pairs("report.about.", pair{"report-id", n.ID}, pair{"portal", n.Portal}, pair{"boxready", n.Tool.Version}, pair{"catalogue", catalogue}, pair{"system", p.system()},
		pair{"started", moment(n.Started)}, pair{"finished", moment(n.Finished)}, pair{"rest", rest}, pair{"verdict", string(n.Verdict)},
		pair{"schema", strconv.Itoa(n.Schema)})
}
