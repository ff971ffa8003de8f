package view

import (
	"slices"

	"boxready/checks"
	"boxready/internal/words"
)

// Verdict is a verdict in words.
type Verdict struct {
	State       checks.State // as VerdictState; Skipped if nothing wrong was seen so far
	Title, Text string
	End         string // instead of Text, after the findings
	Inference   string // what the results prove together, a sentence; "" if nothing
	Apart       string // how many acknowledged findings the verdict leaves out, a sentence; "" if none
}

// verdictStates are the states whose style the verdicts have. Only ready looks like ok.
var verdictStates = map[checks.Verdict]checks.State{
	checks.Ready:      checks.OK,
	checks.NoObstacle: checks.Skipped,
	checks.Unsure:     checks.Unknown,
	checks.NotReady:   checks.Problem,
	checks.NotSeen:    checks.Unknown,
	checks.NotABox:    checks.Notice,
}

// describedBelow are the verdicts whose text says where on the page the findings are.
var describedBelow = []string{string(checks.NotReady), string(checks.ThisWebhook), string(checks.ThisUser), string(checks.ThisApplication)}

// VerdictState is the state whose style a verdict has, "" for a verdict of a newer version.
func VerdictState(v checks.Verdict) checks.State { return verdictStates[v] }

// Verdict describes the verdict on the results. Unsure because of a problem of one webhook, user or application names that one;
// where nothing wrong was seen, what is to be checked next is named.
func (v *View) Verdict(w *words.Texts, verdict checks.Verdict) Verdict {
	code, state := string(verdict), VerdictState(verdict)
	switch one := v.affectedAlone(); {
	case one == "" && v.tokensWait() && (verdict == checks.NoObstacle || verdict == checks.Unsure && v.mainFinding(verdict).Check == ""):
		code, state = "same-identity", checks.Skipped
	case verdict == checks.Unsure && one != "":
		code = string(one)
	case verdict == checks.Unsure && v.lacksDeep() && v.mainFinding(verdict).Check == "":
		code, state = "token-not-sent", checks.Skipped
	case verdict == checks.NoObstacle && v.answered(checks.StepAuthServer):
		code = "not-signed-in"
	}
	said := Verdict{State: state, Title: w.Code("verdict.", code, ".title"), Text: w.Code("verdict.", code, ".text"), Inference: v.Inference().Text(w)}
	if said.End = said.Text; slices.Contains(describedBelow, code) {
		said.End = w.Code("verdict.", code, ".end")
	}
	if n := len(v.Acknowledged()); n > 0 {
		said.Apart = w.Say("verdict.apart", checks.Args{"n": n})
	}
	return said
}

// affectedAlone is the first webhook, user or application that alone has a problem, or "".
func (v *View) affectedAlone() checks.Affected {
	alone := []checks.Affected{checks.ThisWebhook, checks.ThisUser, checks.ThisApplication}
	for _, i := range v.Items {
		if i.State == checks.Problem && i.Acknowledged == nil && len(i.Affects) == 1 && slices.Contains(alone, i.Affects[0]) {
			return i.Affects[0]
		}
	}
	return ""
}
