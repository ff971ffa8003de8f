package model

import (
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/report"
)

// Verdict answers whether applications will work, or says how far the answer is.
type Verdict struct {
	Sign        Sign
	Title, Text string
	Chips       []Chip
}

// Chip is somebody who has something to do. Pressing it leaves their findings alone in the list.
type Chip struct {
	Owner checks.Owner // "" for a chip that only says something
	Sign  Sign
	Text  string
}

// owners in the order in which they stand if what they have to do weighs the same.
var owners = []checks.Owner{checks.PortalAdmin, checks.ServerAdmin, checks.NetworkAdmin, checks.Vendor, checks.Bitrix24, checks.You}

// Verdict is what the top of the page says.
func (s *Session) Verdict(w *report.Words, now time.Time) Verdict {
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
		verdict := s.Outcome.Verdict
		v.Sign = map[checks.Verdict]Sign{checks.Ready: OK, checks.NoObstacle: OK, checks.Unsure: Unknown, checks.NotReady: Problem}[verdict]
		v.Title = w.Say("verdict."+string(verdict)+".title", nil)
		v.Text = w.Say("verdict."+string(verdict)+".text", nil)
		if first := s.gravest(); verdict == checks.NotReady && first != nil {
			v.Text = w.Finding(*first, s.Target.Address.Display()).Title + ". " + v.Text
		}
	}
	return v
}

// gravest is the finding that stands first.
func (s *Session) gravest() (first *checks.Result) {
	for _, r := range s.Results() {
		if isFinding(r) && (first == nil || weight(r.State) > weight(first.State)) {
			first = &r
		}
	}
	return first
}

func (s *Session) chips(w *report.Words) (chips []Chip) {
	count := map[checks.Owner]int{}
	state := map[checks.Owner]checks.State{}
	for _, r := range s.Results() {
		if !isFinding(r) {
			continue
		}
		count[r.Owner]++
		if weight(r.State) > weight(state[r.Owner]) {
			state[r.Owner] = r.State
		}
	}
	for _, o := range owners {
		if count[o] > 0 {
			chips = append(chips, Chip{Owner: o, Sign: Sign(state[o]),
				Text: w.Say("window.chip", checks.Args{"owner": w.Say("owner."+string(o)+".title", nil), "count": count[o]})})
		}
	}
	slices.SortStableFunc(chips, func(a, b Chip) int { return weight(state[b.Owner]) - weight(state[a.Owner]) })
	if len(chips) > 0 && count[checks.You] == 0 && count[checks.PortalAdmin] == 0 && !s.Running {
		chips = append(chips, Chip{Text: w.Say("window.chip-nothing", nil)})
	}
	return chips
}

// PastVerdict is a sign and a sentence about a run of before.
func PastVerdict(w *report.Words, v checks.Verdict) (Sign, string) {
	if v == "" {
		return Unknown, w.Say("window.portals.never", nil)
	}
	sign := map[checks.Verdict]Sign{checks.Ready: OK, checks.NoObstacle: OK, checks.Unsure: Unknown, checks.NotReady: Problem}[v]
	return sign, w.Say("verdict."+string(v)+".title", nil)
}
