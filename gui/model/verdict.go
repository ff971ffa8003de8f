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
	Apart       string   // how many acknowledged findings it leaves out; "" for none
	Inference   string   // what the results prove together, see view.Inference; "" if nothing
	Owner       string   // who fixes it, as a sentence; "" if there is nothing to fix
	Proved      []string // what the verdict rests on, as sentences
	Next        view.Next
	Button      string  // the label of the button for Next; "" if there is nothing to press
	Running     bool    // the run is under way; there may be a verdict already
	Done        float32 // of the run that is under way, from 0 to 1
}

// Verdict returns what the top of the page shows.
func (s *Session) Verdict(w *words.Texts, now time.Time) (v Verdict) {
	switch {
	case s.Unlocking:
		v.Sign, v.Title, v.Text = Waiting, w.Say("window.verdict.running", nil), w.Say("window.verdict.unlocking", nil)
	case s.Running && s.early.At(now) != "":
		v = s.earlyVerdict(w, now)
	case s.Running:
		v = s.progress(w, now)
	case s.Outcome == nil:
	case s.Stopped:
		v.Sign, v.Title, v.Text = Skipped, w.Say("window.verdict.stopped.title", nil), w.Say("window.verdict.stopped.text", nil)
		v.Next.Action = words.CheckAgain
	default:
		v = s.conclusion(w, s.Outcome.Results, s.Outcome.Verdict)
	}
	v.Running = s.Running || s.Unlocking
	v.Button = v.button(w)
	return v
}

// earlyVerdict is the verdict that the run will have, with what it still waits for. What it rests on and what to do next may still change.
func (s *Session) earlyVerdict(w *words.Texts, now time.Time) Verdict {
	v, progress := s.conclusion(w, s.Results(), s.early.At(now)), s.progress(w, now)
	v.Inference, v.Proved, v.Next, v.Done = "", nil, view.Next{}, progress.Done
	v.Owner = progress.Text
	if len(s.working) > 0 {
		var waiting []checks.ID
		for _, work := range s.working {
			waiting = append(waiting, work.Check)
		}
		v.Owner = w.Say("window.verdict.waiting", checks.Args{"checks": w.CheckNames(waiting)}) + " " + progress.Text
	}
	return v
}

func (s *Session) progress(w *words.Texts, now time.Time) Verdict {
	done, total := s.Progress()
	v := Verdict{Sign: Waiting, Title: w.Say("window.verdict.running", nil), Done: float32(done) / float32(max(total, 1))}
	if step := s.stepNow(""); step != "" {
		v.Title = w.Say("window.running."+string(step), nil)
	}
	v.Text = w.Say("window.verdict.progress", checks.Args{"done": done, "total": total, "seconds": int(s.Elapsed(now).Seconds())})
	if s.Working(checks.AuthServerFromPortal) {
		v.Owner = w.Say("window.running.slow", nil)
	}
	return v
}

// conclusion is a run's verdict, told with its results.
func (s *Session) conclusion(w *words.Texts, results []checks.Result, of checks.Verdict) Verdict {
	seen := view.Of(results)
	verdict := seen.Verdict(w, of)
	v := Verdict{Sign: Sign(verdict.State), Title: verdict.Title, Text: verdict.Text, Apart: verdict.Apart, Next: seen.Next(of)}
	switch main := v.Next.Finding; {
	case v.Next.Action == words.EnterSignIn || (v.Next.Action == words.ConsentDeep || v.Next.Action == words.ConsentSame) && main.Check == "":
		v.Sign = Go
	case of == checks.Ready:
		v.Text = ""
		for _, code := range seen.Proved() {
			v.Proved = append(v.Proved, w.Say("verdict.proved."+code, nil))
		}
	case of == checks.NotReady || of == checks.Unsure && v.Next.Action == view.ShowFinding:
		v.Text = w.Finding(main, s.Target.Address.Display()).Title
		v.Inference = verdict.Inference
		v.Owner = w.Code("verdict.owner.", string(v.Next.Owner), "")
		if n := seen.OtherProblems(main); n > 0 {
			v.Owner += ", " + w.Count("verdict.more-problems", n)
		}
	}
	if v.Next.Action == words.CorrectAddress && s.Demo { // which has no other address
		v.Next.Action = view.ShowFinding
	}
	v.Text = join(" ", v.Text, s.CredentialsUnread(w), s.WebhookNotKept(w))
	if v.Next.Action != view.WriteLetter && v.Next.Action != view.ShowFinding && s.ReadOnly() {
		v.Next.Action = "" // a report asks nothing of its portal
	}
	return v
}

// button is the label of the button for what is to be done next.
func (v *Verdict) button(w *words.Texts) string {
	switch v.Next.Action {
	case "":
		return ""
	case view.WriteLetter:
		return w.Code("window.next.letter.", string(v.Next.Owner), "")
	case view.ShowFinding:
		if owner := v.Next.Owner; v.Next.Finding.State == checks.Problem && (owner == checks.You || owner == checks.PortalAdmin) {
			return w.Say("window.next.finding-own", nil)
		}
	}
	return w.Say("window.next."+string(v.Next.Action), nil)
}

// findings are the results that an owner has to act on, the most severe first.
func (s *Session) findings() []view.Item {
	return slices.DeleteFunc(view.Of(s.Results()).Findings(), func(i view.Item) bool { return !isFinding(i.Result) })
}

// view has all results but those of a run that was stopped.
func (s *Session) view() *view.View {
	return &view.View{Items: slices.DeleteFunc(view.Of(s.Results()).Items, func(i view.Item) bool { return i.Cause == checks.Cancelled })}
}

// PastVerdict returns a sign and a sentence for the verdict of an earlier run; "" means that there was none.
func PastVerdict(w *words.Texts, v checks.Verdict) (Sign, string) {
	if v == "" {
		return Unknown, w.Say("window.portals.never", nil)
	}
	verdict := view.Of(nil).Verdict(w, v)
	return Sign(verdict.State), verdict.Title
}
