package model_test

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/internal/letter"
	"boxready/internal/report"
	"boxready/internal/simtest"
	"boxready/internal/simtest/constants"
	"boxready/internal/view"
	"boxready/internal/words"

	gocmp "github.com/google/go-cmp/cmp"
)

// shown is what one format shows of an outcome; zero fields are not compared.
type shown struct {
	Verdict  checks.State
	Title    string // of the verdict
	Links    map[view.Link]string
	Owners   []string
	Findings []string            // in the order shown
	Facts    map[string][]string // by finding
}

// TestAllFormatsAgree runs every fault of the simulated portal and compares what the window, the text, the HTML, the summary
// and the letters to owners show.
func TestAllFormatsAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("a run against each fault takes a while")
	}
	texts, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range simtest.Outcomes(t) {
		t.Run(cmp.Or(name, "none"), func(t *testing.T) {
			compareFormats(t, texts, o)
		})
	}
}

func compareFormats(t *testing.T, texts *words.Texts, o *checks.Outcome) {
	reporter := &report.Reporter{Words: texts, Version: "test", System: "Linux"}
	bundle, err := reporter.Bundle(report.Contents{Outcome: o})
	if err != nil {
		t.Fatal(err)
	}
	want := expected(texts, o)
	if got := inHTML(t, texts, string(bundle.File(report.HTMLFile))); !equal(t, "HTML", want, got) {
		return
	}
	text := want
	text.Links = nil
	equal(t, "text", text, inText(t, texts, reporter, o))
	summary := want
	summary.Verdict, summary.Links, summary.Facts, summary.Owners = "", nil, nil, nil
	if lines := strings.Count(string(bundle.File(report.SummaryFile)), "\n"); lines < 50 { // a longer one is truncated
		equal(t, "summary", summary, inSummary(t, texts, string(bundle.File(report.SummaryFile))))
	}
	window := want
	window.Facts = nil // in words there, see TestFindingsInTheWindow
	window.Links = map[view.Link]string{}
	for link, state := range want.Links {
		if link != view.ComputerAuthorization { // which the window doesn't draw
			window.Links[link] = state
		}
	}
	equal(t, "window", window, inWindow(texts, o))
	checkLetters(t, texts, o)
}

func equal(t *testing.T, format string, want, got shown) bool {
	t.Helper()
	diff := gocmp.Diff(want, got)
	if diff != "" {
		t.Errorf("%s (-expected +shown):\n%s", format, diff)
	}
	return diff == ""
}

func expected(texts *words.Texts, o *checks.Outcome) shown {
	v := view.Of(o.Results)
	verdict := v.Verdict(texts, o.Verdict)
	s := shown{Verdict: verdict.State, Title: verdict.Title, Links: map[view.Link]string{}, Facts: map[string][]string{}}
	for _, link := range []view.Link{view.ComputerPortal, view.PortalAuthorization, view.AuthorizationQueue, view.QueueApplication,
		view.ApplicationPortal, view.ComputerAuthorization} {
		s.Links[link] = string(v.LinkState(link))
	}
	for _, owner := range v.Owners() {
		s.Owners = append(s.Owners, texts.Say("owner."+string(owner.ID)+".title", nil))
		for _, i := range owner.Findings {
			title := titleOf(texts, o, i.Result)
			s.Findings = append(s.Findings, title)
			for _, fact := range view.ValuesOf(i.Result.Facts).Facts() {
				s.Facts[strconv.Itoa(len(s.Findings))+" "+title] = append(s.Facts[strconv.Itoa(len(s.Findings))+" "+title], fact.Path+": "+fact.Value)
			}
		}
	}
	return s
}

// titleOf is the state and the title, which together identify a result.
func titleOf(texts *words.Texts, o *checks.Outcome, r checks.Result) string {
	return spaced(texts.Say("state."+string(r.State), nil) + ": " + texts.Finding(r, o.Target.Address.Display()).Title)
}

func spaced(s string) string { return strings.Join(strings.Fields(s), " ") } // non-breaking spaces, too

var (
	htmlVerdict = regexp.MustCompile(`<p class="verdict ([a-z]*)">([^<]*)</p>`)
	htmlLinks   = regexp.MustCompile(`(?s)<desc[^>]*>(.*?)</desc>`)
	htmlOwner   = regexp.MustCompile(`<h3>[^<:]*: ([^<]*)</h3>`)
	htmlFinding = regexp.MustCompile(`(?s)<article class="card finding (?:problem|unknown|notice)">\n<h4><span[^>]*>([^<]*)</span> (.*?)</h4>(.*?)</article>`)
	htmlFact    = regexp.MustCompile(`(?s)<dt>(.*?)</dt><dd>(.*?)</dd>`)
	textState   = regexp.MustCompile(`^  \S`)
)

func inHTML(t *testing.T, texts *words.Texts, page string) shown {
	t.Helper()
	page = strings.NewReplacer("<wbr>", "", "\u00a0", " ").Replace(page) // of the layout
	s := shown{Links: map[view.Link]string{}, Facts: map[string][]string{}}
	verdict := htmlVerdict.FindStringSubmatch(page)
	s.Verdict, s.Title = checks.State(verdict[1]), html.UnescapeString(verdict[2])
	name := func(key string) string { return texts.Say("connections."+key, nil) }
	words := html.UnescapeString(htmlLinks.FindStringSubmatch(page)[1])
	for link, ends := range map[view.Link][2]string{
		view.ComputerPortal: {"computer", "portal"}, view.PortalAuthorization: {"portal", "authorization"}, view.AuthorizationQueue: {"authorization", "queue"},
		view.QueueApplication: {"queue", "applications"}, view.ApplicationPortal: {"applications", "portal"}, view.ComputerAuthorization: {"computer", "authorization"},
	} {
		_, after, found := strings.Cut(words, name(ends[0])+" > "+name(ends[1])+": ")
		if !found {
			t.Errorf("the page doesn't say how the link %s is", link)
		}
		word, _, _ := strings.Cut(after, ".")
		for _, state := range []string{"ok", "notice", "problem", "unknown", "skipped"} {
			if word == name("way."+state) {
				s.Links[link] = state
			}
		}
		if s.Links[link] == "" && word != name("way.none") && word != name("events") {
			t.Errorf("the page says of the link %s that it is %q", link, word)
		} else if s.Links[link] == "" {
			s.Links[link] = ""
		}
	}
	for _, m := range htmlOwner.FindAllStringSubmatch(page, -1) {
		s.Owners = append(s.Owners, html.UnescapeString(m[1]))
	}
	for _, m := range htmlFinding.FindAllStringSubmatch(page, -1) {
		title := spaced(html.UnescapeString(m[1] + " " + m[2]))
		s.Findings = append(s.Findings, title)
		for _, fact := range htmlFact.FindAllStringSubmatch(m[3], -1) {
			s.Facts[strconv.Itoa(len(s.Findings))+" "+title] = append(s.Facts[strconv.Itoa(len(s.Findings))+" "+title], html.UnescapeString(fact[1]+": "+fact[2]))
		}
	}
	return s
}

func inText(t *testing.T, texts *words.Texts, reporter *report.Reporter, o *checks.Outcome) shown {
	t.Helper()
	var out bytes.Buffer
	s := shown{Facts: map[string][]string{}}
	style := report.Style{Width: 1 << 30, Verbose: true, Paint: func(state checks.State, s string) string { return string(state) + "\x00" + s }}
	if err := reporter.WriteText(&out, o, style); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	verdict, said, _ := strings.Cut(lines[1], "\x00")
	s.Verdict, s.Title = checks.State(verdict), said
	title := ""
	var owners []string
	for _, id := range []checks.Owner{checks.PortalAdmin, checks.ServerAdmin, checks.NetworkAdmin, checks.Vendor, checks.Bitrix24, checks.You} {
		owners = append(owners, texts.Say("owner."+string(id)+".title", nil))
	}
	for _, line := range lines[3:] {
		switch {
		case slices.Contains(owners, line):
			s.Owners = append(s.Owners, line)
		case line == texts.Say("part.in-order", nil):
			return s
		case textState.MatchString(line) && strings.Contains(line, "\x00"):
			_, said, _ := strings.Cut(line, "\x00")
			title = spaced(said)
			s.Findings = append(s.Findings, title)
		case strings.HasPrefix(line, "      ") && title != "" && isFact(line):
			s.Facts[strconv.Itoa(len(s.Findings))+" "+title] = append(s.Facts[strconv.Itoa(len(s.Findings))+" "+title], strings.TrimPrefix(line, "      "))
		}
	}
	return s
}

var factLine = regexp.MustCompile(`^      [a-z0-9_][^ ]*: `)

func isFact(line string) bool { return factLine.MatchString(line) }

func inSummary(t *testing.T, texts *words.Texts, summary string) shown {
	t.Helper()
	var s shown
	lines := strings.Split(summary, "\n")
	for _, code := range slices.Concat(constants.OfType(t, "checks/outcome.go", "Verdict"), constants.OfType(t, "checks/check.go", "Affected"), []string{"token-not-sent", "not-signed-in"}) {
		if title := texts.Code("verdict.", code, ".title"); lines[1] == texts.Say("report.summary.verdict", checks.Args{"verdict": title}) {
			s.Title = title
		}
	}
	for i, line := range lines {
		for _, state := range []checks.State{checks.Problem, checks.Unknown, checks.Notice} {
			word := texts.Say("state."+string(state), nil)
			if rest, ok := strings.CutPrefix(line, strings.ToUpper(word)+" "); ok && strings.Contains(rest, " / ") {
				s.Findings = append(s.Findings, spaced(word+": "+lines[i+1]))
			}
		}
	}
	return s
}

func sessionOf(o *checks.Outcome) *model.Session {
	s := &model.Session{Target: o.Target}
	s.End(o, false)
	return s
}

func inWindow(texts *words.Texts, o *checks.Outcome) shown {
	session := sessionOf(o)
	now := time.Now()
	verdict := session.Verdict(texts, now)
	s := shown{Verdict: checks.State(verdict.Sign), Title: verdict.Title, Links: map[view.Link]string{}}
	_, links := session.Picture(texts)
	for _, l := range links {
		s.Links[l.ID] = string(l.Sign)
		if strings.HasSuffix(l.Name, ": "+texts.Say("window.link-unseen", nil)) {
			s.Links[l.ID] = ""
		}
	}
	if verdict.Sign == model.Go {
		s.Verdict = checks.Skipped
	}
	for _, owner := range view.Of(o.Results).Owners() {
		s.Owners = append(s.Owners, texts.Say("owner."+string(owner.ID)+".title", nil))
		for _, i := range owner.Findings {
			r := i.Result
			title := titleOf(texts, o, r)
			s.Findings = append(s.Findings, title)
		}
	}
	return s
}

// checkLetters asserts that the letter to each owner is short and complete, has all findings of that owner and no others attached, and
// neither markup nor secrets nor anybody else's work; for every setup of the server.
func checkLetters(t *testing.T, texts *words.Texts, o *checks.Outcome) {
	t.Helper()
	for _, setup := range append([]checks.Setup{""}, checks.Setups()...) {
		session := sessionOf(o)
		session.Target.Setup = setup
		for _, owner := range view.Of(o.Results).Owners() {
			if owner.ID == checks.You {
				continue
			}
			l, err := session.Letter(texts, "test", owner.ID, nil, "")
			if err != nil {
				t.Fatal(err)
			}
			var want, got []string
			for _, i := range owner.Findings {
				want = append(want, titleOf(texts, o, i.Result))
			}
			for line := range strings.Lines(l.Attached()) {
				for _, state := range []checks.State{checks.Problem, checks.Unknown, checks.Notice} {
					word := texts.Say("state."+string(state), nil)
					if title, ok := strings.CutPrefix(line, words.UpperFirst(word)+": "); ok {
						got = append(got, spaced(word+": "+title))
					}
				}
			}
			equal(t, "letter to "+string(owner.ID), shown{Findings: want}, shown{Findings: got})
			if fault := flawOf(texts, o, session, l); fault != "" {
				t.Errorf("%q: the letter to %s %s:\n%s", setup, owner.ID, fault, l.Body)
			}
		}
	}
}

// flawOf tells what is wrong with a letter; "" for nothing.
func flawOf(texts *words.Texts, o *checks.Outcome, session *model.Session, l letter.Letter) string {
	whole := l.Text(texts)
	if n := letter.CountWords(l.Body); n > letter.MaxWords {
		return fmt.Sprintf("has %d words", n)
	}
	for _, part := range []string{texts.Say("letter.hello", nil), o.Target.Address.Display(), texts.When(o.Finished), texts.Say("letter.please", nil), texts.Say("letter.closing", nil)} {
		if !strings.Contains(l.Body, part) {
			return fmt.Sprintf("lacks %q", part)
		}
	}
	for _, unwanted := range []string{"`", "<no value>", "boxready "} {
		if strings.Contains(whole, unwanted) {
			return fmt.Sprintf("has %q", unwanted)
		}
	}
	if found := cmp.Or(unfilled.FindString(l.Body), otherWork.FindString(l.Body)); found != "" {
		return fmt.Sprintf("has %q", found)
	}
	first := texts.For(session.Setup()).Finding(session.FindingsOf(l.To)[0], session.Target.Address.Display())
	if breaks, _ := words.FirstSentences(first.Breaks, 1); !strings.Contains(l.Body, strings.ReplaceAll(breaks, "`", "")) {
		return "doesn't say what it breaks"
	}
	if !proves(texts, session, l) {
		return "has no proof"
	}
	for _, used := range o.Target.Secrets() {
		if code := used.Reveal(); code != "" && strings.Contains(whole, code) {
			return "has a secret"
		}
	}
	return ""
}

var (
	// unfilled matches places that a reader would have to fill in.
	unfilled = regexp.MustCompile(`\b(?:FILE|HOST|METHOD|PORTAL|HANDLER)\b|(?:ФАЙЛ|УЗЕЛ|МЕТОД|ПОРТАЛ|ОБРАБОТЧИК)`)
	// otherWork matches what asks the reader to turn to somebody else.
	otherWork = regexp.MustCompile(`(?i)(?:попросите|обратитесь к|спросите у)[^.]*(?:администратор|разработчик)\pL*|\bask (?:the|your) [^.]*(?:administrator|vendor)`)
)

// proves reports whether a letter has the proof of its first finding, or says that it has none.
func proves(texts *words.Texts, session *model.Session, l letter.Letter) bool {
	if strings.Contains(l.Body, texts.Say("letter.proof-check", nil)) {
		return true
	}
	for _, step := range texts.For(session.Setup()).Finding(session.FindingsOf(l.To)[0], session.Target.Address.Display()).Steps {
		if step.Proof && strings.Contains(l.Body, strings.ReplaceAll(step.Text, "`", "")) {
			return true
		}
	}
	return false
}
