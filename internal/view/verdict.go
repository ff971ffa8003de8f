package view

import (
	"slices"

	"boxready/checks"
	"boxready/internal/words"
)

// Verdict is a verdict in words.
type Verdict struct {
	State       checks.State // as VerdictState
	Title, Text string
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

// VerdictState is the state whose style a verdict has, "" for a verdict of a newer version.
func VerdictState(v checks.Verdict) checks.State { return verdictStates[v] }

// Verdict describes the verdict on the results. Unsure because of a problem of one webhook, user or application names that one.
func (v *View) Verdict(w *words.Texts, verdict checks.Verdict) Verdict {
	code := string(verdict)
	if one := v.affectedAlone(); verdict == checks.Unsure && one != "" {
		code = string(one)
	}
	return Verdict{State: VerdictState(verdict), Title: w.Code("verdict.", code, ".title"), Text: w.Code("verdict.", code, ".text")}
}

// affectedAlone is the first webhook, user or application that alone has a problem, or "".
func (v *View) affectedAlone() checks.Affected {
	alone := []checks.Affected{checks.ThisWebhook, checks.ThisUser, checks.ThisApplication}
	for _, i := range v.Items {
		if i.State == checks.Problem && len(i.Affects) == 1 && slices.Contains(alone, i.Affects[0]) {
			return i.Affects[0]
		}
	}
	return ""
}
