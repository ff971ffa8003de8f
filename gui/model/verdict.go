package model

import (
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Verdict answers whether applications will work, or has the progress of the run.
type Verdict struct {
	Sign        Sign
	Title, Text string
	Chips       []Chip
}

// Chip is an owner of findings. Pressing it filters the list to them.
type Chip struct {
	Owner checks.Owner // "" for a chip that can't be pressed
	Sign  Sign
	Text  string
}

// Verdict returns what the top of the page shows.
func (s *Session) Verdict(w *words.Texts, now time.Time) Verdict {
	v := Verdict{Chips: s.chips(w)}
	switch {
	case s.Unlocking:
		v.Sign, v.Title, v.Text = Waiting, w.Say("window.verdict.running", nil), w.Say("window.verdict.unlocking", nil)
	case s.Running:
		done, total := s.Progress()
		v.Sign, v.Title = Waiting, w.Say("window.verdict.running", nil)
		v.Text = w.Say("window.verdict.progress", checks.Args{"done": done, "total": total, "seconds": int(s.Elapsed(now).Seconds())})
	case s.Outcome == nil:
	case s.Stopped:
		v.Sign, v.Title, v.Text = Skipped, w.Say("window.verdict.stopped.title", nil), w.Say("window.verdict.stopped.text", nil)
	default:
		verdict := view.Of(s.Outcome.Results).Verdict(w, s.Outcome.Verdict)
		v.Sign, v.Title, v.Text = Sign(verdict.State), verdict.Title, verdict.Text
		if findings := s.findings(); s.Outcome.Verdict == checks.NotReady && len(findings) > 0 {
			v.Text = w.Finding(findings[0].Result, s.Target.Address.Display()).Title + ". " + v.Text
		}
		v.Text = join(" ", v.Text, s.CredentialsUnread(w), s.WebhookNotKept(w))
	}
	return v
}

// findings are the results that an owner has to act on, the most severe first.
func (s *Session) findings() []view.Item {
	return slices.DeleteFunc(view.Of(s.Results()).Findings(), func(i view.Item) bool { return !isFinding(i.Result) })
}

func (s *Session) chips(w *words.Texts) (chips []Chip) {
	others := true // own all findings
	for _, o := range (&view.View{Items: s.findings()}).Owners() {
		others = others && o.ID != checks.You && o.ID != checks.PortalAdmin
		chips = append(chips, Chip{Owner: o.ID, Sign: Sign(o.State),
			Text: w.Say("window.chip", checks.Args{"owner": w.Say("owner."+string(o.ID)+".title", nil), "count": len(o.Findings)})})
	}
	if len(chips) > 0 && others && !s.Running {
		chips = append(chips, Chip{Text: w.Say("window.chip-nothing", nil)})
	}
	return chips
}

// PastVerdict returns a sign and a sentence for the verdict of an earlier run; "" means that there was none.
func PastVerdict(w *words.Texts, v checks.Verdict) (Sign, string) {
	if v == "" {
		return Unknown, w.Say("window.portals.never", nil)
	}
	verdict := view.Of(nil).Verdict(w, v)
	return Sign(verdict.State), verdict.Title
}
