package view

import (
	"testing"

	"boxready/checks"
	"boxready/internal/words"
)

// TestOnlyReadyLooksLikeOK asserts that every verdict has a style, and only ready that of ok.
func TestOnlyReadyLooksLikeOK(t *testing.T) {
	for _, v := range checks.Verdicts() {
		if state := VerdictState(v); state == "" || (state == checks.OK) != (v == checks.Ready) {
			t.Errorf("%s looks like %q", v, state)
		}
	}
	if state := VerdictState("of-a-newer-version"); state != "" {
		t.Errorf("an unknown verdict looks like %q", state)
	}
}

// TestVerdictNamesWhatIsMeant asserts that the title of an open verdict names the webhook, user or application with a problem.
func TestVerdictNamesWhatIsMeant(t *testing.T) {
	result := func(state checks.State, affects ...checks.Affected) checks.Result {
		return checks.Result{State: state, Affects: affects}
	}
	open := result(checks.Unknown, checks.Applications, checks.Events)
	for _, lang := range words.Languages() {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name    string
			verdict checks.Verdict
			results []checks.Result
			want    string // in the texts
		}{
			{"ready", checks.Ready, nil, "ready"},
			{"no obstacle", checks.NoObstacle, nil, "no-obstacle"},
			{"open", checks.Unsure, []checks.Result{open}, "unsure"},
			{"this computer", checks.Unsure, []checks.Result{result(checks.Problem)}, "unsure"},
			{"a webhook", checks.Unsure, []checks.Result{open, result(checks.Problem, checks.ThisWebhook)}, "this-webhook"},
			{"a webhook that could not be asked", checks.Unsure, []checks.Result{result(checks.Unknown, checks.ThisWebhook)}, "unsure"},
			{"a user", checks.Unsure, []checks.Result{result(checks.Problem, checks.ThisUser)}, "this-user"},
			{"an application", checks.Unsure, []checks.Result{result(checks.Problem), result(checks.Problem, checks.ThisApplication)}, "this-application"},
			{"a webhook beside a fault of the portal", checks.NotReady, []checks.Result{result(checks.Problem, checks.ThisWebhook), result(checks.Problem, checks.Events)}, "not-ready"},
			{"not seen", checks.NotSeen, []checks.Result{result(checks.Problem, checks.Applications), result(checks.Problem, checks.ThisApplication)}, "not-seen"},
			{"the cloud", checks.NotABox, nil, "not-a-box"},
		} {
			got := Of(c.results).Verdict(w, c.verdict)
			title, text := "verdict."+c.want+".title", "verdict."+c.want+".text"
			want := Verdict{State: VerdictState(c.verdict), Title: w.Say(title, nil), Text: w.Say(text, nil)}
			want.End = want.Text
			if end, ok := w.Find("verdict." + c.want + ".end"); ok {
				want.End = end
			}
			if got != want || want.Title == title || want.Text == text {
				t.Errorf("%s, %s: %+v, want %+v", lang, c.name, got, want)
			}
		}
	}
}

// TestNothingWaitsForACloudPortal asserts that nothing is said to be put off until the address of a cloud portal is fixed.
func TestNothingWaitsForACloudPortal(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	skipped := checks.Result{Check: checks.PortalDNS, State: checks.Skipped, Because: checks.PortalAddress}
	for cause, want := range map[checks.Cause]bool{checks.AddressIsCloud: false, checks.AddressIsIP: true} {
		address := checks.Result{Check: checks.PortalAddress, State: checks.Notice, Cause: cause}
		if got := Of([]checks.Result{address, skipped}).WaitingText(w, address); (got != "") != want {
			t.Errorf("%s: %q", cause, got)
		}
	}
}
