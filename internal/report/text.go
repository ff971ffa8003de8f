package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"boxready/checks"

	"github.com/muesli/reflow/indent"
	"github.com/muesli/reflow/wordwrap"
)

// Style is how a text looks in a terminal. The zero value is plain.
type Style struct {
	Width   int  // columns; 0: 80
	Verbose bool // with the checks that are in order and what every check saw
	// Paint colours s for a state; nil leaves it as it is. Colour never says anything that a word doesn't.
	Paint func(state checks.State, s string) string
	Bold  func(s string) string
}

// Owners in the order in which their findings stand.
var owners = []checks.Owner{checks.PortalAdmin, checks.ServerAdmin, checks.NetworkAdmin, checks.Vendor, checks.Bitrix24, checks.You}

// WriteText writes the outcome for people: the verdict first, then the findings by who fixes them, then what is in order and
// what was not checked.
func (p *Reporter) WriteText(w io.Writer, o *checks.Outcome, style Style) error {
	t := newText(p, o, style)
	t.verdict()
	for _, owner := range t.ownersByWeight() {
		t.findingsOf(owner)
	}
	t.inOrder()
	t.notChecked()
	_, err := io.WriteString(w, t.String())
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

type text struct {
	strings.Builder
	*Reporter
	outcome *checks.Outcome
	style   Style
	portal  string
	said    map[checks.ID]bool // whose consequences were listed
}

func newText(p *Reporter, o *checks.Outcome, style Style) *text {
	if style.Width == 0 {
		style.Width = 80
	}
	if style.Paint == nil {
		style.Paint = func(_ checks.State, s string) string { return s }
	}
	if style.Bold == nil {
		style.Bold = func(s string) string { return s }
	}
	return &text{Reporter: p, outcome: o, style: style, portal: o.Target.Address.Display(), said: map[checks.ID]bool{}}
}

func (t *text) say(key string, args checks.Args) string { return t.Words.Say(key, args) }

// para writes words wrapped and indented; the first line may begin with a label of the same width as the indent.
func (t *text) para(depth int, label, words string) {
	wrap := wordwrap.NewWriter(t.style.Width - depth)
	wrap.Breakpoints = nil // a host name or a flag stays whole at its hyphens
	wrap.Write([]byte(words))
	wrap.Close()
	lines := indent.String(wrap.String(), uint(depth))
	if label != "" {
		lines = pad(label, depth) + strings.TrimLeft(lines, " ")
	}
	t.WriteString(lines + "\n")
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-len([]rune(s)), 1))
}

func (t *text) verdict() {
	state := map[checks.Verdict]checks.State{checks.Ready: checks.OK, checks.NoObstacle: checks.OK, checks.Unsure: checks.Unknown, checks.NotReady: checks.Problem}
	t.para(0, "", t.portal)
	title := t.style.Bold(t.style.Paint(state[t.outcome.Verdict], t.say("verdict."+string(t.outcome.Verdict)+".title", nil)))
	t.para(0, "", title)
	t.para(0, "", t.say("verdict."+string(t.outcome.Verdict)+".text", nil))
}

// finding is a result that somebody has to do something about.
func finding(r checks.Result) bool { return r.State != checks.OK && r.State != checks.Skipped }

func weight(s checks.State) int {
	return map[checks.State]int{checks.Problem: 3, checks.Unknown: 2, checks.Notice: 1}[s]
}

// ownersByWeight are those who have findings, the gravest first.
func (t *text) ownersByWeight() []checks.Owner {
	gravest := map[checks.Owner]int{}
	for _, r := range t.outcome.Results {
		if finding(r) {
			gravest[r.Owner] = max(gravest[r.Owner], weight(r.State))
		}
	}
	found := slices.DeleteFunc(slices.Clone(owners), func(o checks.Owner) bool { return gravest[o] == 0 })
	slices.SortStableFunc(found, func(a, b checks.Owner) int { return gravest[b] - gravest[a] })
	return found
}

func (t *text) findingsOf(owner checks.Owner) {
	var found []checks.Result
	for _, r := range t.outcome.Results {
		if finding(r) && r.Owner == owner {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b checks.Result) int { return weight(b.State) - weight(a.State) })
	t.WriteString("\n")
	t.para(0, "", t.style.Bold(t.say("owner."+string(owner)+".title", nil)))
	for _, r := range found {
		t.WriteString("\n")
		t.finding(r)
	}
}

const depth = 4

func (t *text) finding(r checks.Result) {
	f := t.Words.Finding(r, t.portal)
	t.para(2, "", t.style.Paint(r.State, t.say("state."+string(r.State), nil)+": ")+t.style.Bold(f.Title))
	t.part("saw", f.Saw+" "+sentence(t.say("vantage."+string(r.Vantage), nil)))
	t.part("breaks", f.Breaks)
	if len(f.Steps) > 0 {
		t.para(depth, "", t.say("part.do", nil)+":")
		for i, step := range f.Steps {
			t.step(i+1, step)
		}
	}
	if f.More != "" {
		// Unwrapped, so that it can be clicked and copied.
		fmt.Fprintf(t, "%*s%s: %s\n", depth, "", t.say("part.more", nil), f.More)
	}
	if waiting := t.waitingFor(r.Check); len(waiting) > 0 && !t.said[r.Check] {
		t.said[r.Check] = true
		key := "part.waiting"
		if r.State == checks.Unknown {
			key = "part.unclear" // there may be nothing to fix
		}
		t.para(depth, "", t.say(key, checks.Args{"checks": waiting}))
	}
	if t.style.Verbose {
		t.facts(r)
	}
}

// step writes a numbered step. A command in it stands between backticks; it gets a line of its own that isn't wrapped, so
// that it can be copied.
func (t *text) step(number int, step string) {
	label := fmt.Sprintf("%*d.", depth+1, number)
	words := ""
	flush := func() {
		if words = strings.TrimSpace(words); words != "" {
			t.para(depth+3, label, words)
			label = ""
		}
		words = ""
	}
	for i, part := range strings.Split(step, "`") {
		switch {
		case i%2 == 0 && words == "" && strings.Trim(part, ".,; ") == "": // what closed the sentence behind a command
		case i%2 == 0 || !strings.Contains(part, " "):
			words += part
		default:
			flush()
			fmt.Fprintf(t, "%*s%s\n", depth+5, "", part)
		}
	}
	flush()
}

func (t *text) part(key, words string) {
	if words = strings.TrimSpace(words); words != "" {
		t.para(depth, "", t.say("part."+key, nil)+": "+words)
	}
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	first := []rune(s)[0]
	return strings.ToUpper(string(first)) + s[len(string(first)):] + "."
}

// waitingFor are the names of the checks that were put off because of id.
func (t *text) waitingFor(id checks.ID) []string {
	var names []string
	for _, r := range t.outcome.Results {
		if r.State == checks.Skipped && r.Because == id {
			names = append(names, lowerFirst(t.Words.Name(r.Check)))
		}
	}
	return names
}

func (t *text) inOrder() {
	var results []checks.Result
	var names []string
	for _, r := range t.outcome.Results {
		if r.State == checks.OK {
			results = append(results, r)
			names = append(names, lowerFirst(t.Words.Name(r.Check)))
		}
	}
	if results == nil {
		return
	}
	t.WriteString("\n")
	if !t.style.Verbose {
		t.para(0, "", t.style.Paint(checks.OK, t.say("part.in-order", nil))+": "+strings.Join(names, ", "))
		return
	}
	t.para(0, "", t.style.Bold(t.say("part.in-order", nil)))
	for _, r := range results {
		f := t.Words.Finding(r, t.portal)
		t.para(2, "", t.style.Paint(checks.OK, t.say("state.ok", nil)+": ")+f.Title)
		t.para(depth, "", f.Saw+" "+sentence(t.say("vantage."+string(r.Vantage), nil)))
		t.facts(r)
	}
}

func (t *text) notChecked() {
	if len(t.outcome.NotChecked) == 0 {
		return
	}
	t.WriteString("\n")
	t.para(0, "", t.style.Bold(t.say("part.not-checked", nil)))
	var reasons []checks.Reason
	names := map[checks.Reason][]string{}
	for _, n := range t.outcome.NotChecked {
		if names[n.Reason] == nil {
			reasons = append(reasons, n.Reason)
		}
		names[n.Reason] = append(names[n.Reason], t.Words.Name(n.Check))
	}
	for _, reason := range reasons {
		list := names[reason]
		for i := range list[1:] {
			list[i+1] = lowerFirst(list[i+1])
		}
		t.para(2, "", strings.Join(list, ", ")+": "+lowerFirst(t.say("reason."+string(reason), nil)))
	}
}
