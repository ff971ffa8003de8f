package checks

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/oauthflow"

	"github.com/google/go-cmp/cmp"
)

// targetWithSecrets returns a target with every kind of secret, and the secrets.
func targetWithSecrets(t *testing.T) (Target, []string) {
	t.Helper()
	const access, refresh, key, code = "access+/=token.of?a&run0123456789", "refresh<token>of\"a\\run0123456789", "clientsecretofarun0123456789", "webhookcodeofarun"
	webhook, err := portal.ParseWebhook("https://portal.example/rest/1/" + code + "/")
	if err != nil {
		t.Fatal(err)
	}
	source := oauthflow.NewSource(oauthflow.SourceOptions{App: oauthflow.App{ClientID: "local.0123456789abcd.1", ClientSecret: secret.New(key)},
		Token: oauthflow.Token{Access: secret.New(access), Refresh: secret.New(refresh)}})
	return Target{Address: webhook.Address, Webhook: &webhook, SignIn: source}, []string{access, refresh, key, code}
}

// TestPanicHidesSecrets asserts that a panic's message goes into the report without the run's secrets.
func TestPanicHidesSecrets(t *testing.T) {
	target, secrets := targetWithSecrets(t)
	for i, s := range secrets {
		for name, said := range map[string]string{
			"plain": "can't use " + s + " here", "query": "no way to https://h/?" + url.Values{"x": {s}}.Encode(), "path": "no way to https://h/" + url.PathEscape(s) + "/x",
			"quoted": fmt.Sprintf("unexpected %q", s), "cut": s[:len(s)*3/4], "front": "…" + s[len(s)/4:] + "…",
		} {
			outcome, _ := runStubs(t, t.Context(), target, stub("a", fine, observes(func(context.Context, *Env) (Facts, error) { panic(said) })))
			crash := outcome.Results[0].Facts.(*Crash)
			if shown := crash.Panic + crash.Stack; strings.Contains(shown, s[len(s)/4:len(s)*3/4]) || !strings.Contains(crash.Panic, "•••") {
				t.Errorf("secret %d, %s: %q", i, name, crash.Panic)
			}
		}
	}
}

// TestUnknownResultHasRunOptions asserts that an unknown result has the options for repeating the run.
func TestUnknownResultHasRunOptions(t *testing.T) {
	target, _ := targetWithSecrets(t)
	target.Consents, target.AsApplication = []Consent{Deep, EventTest}, true
	outcome, _ := runStubs(t, t.Context(), target, stub("a", fine, judges(func(Facts, FactsByCheck) []Result { return one(unknown(UnexpectedAnswer, ServerAdmin)) })), stub("b", broken))
	want := []string{"deep", "event-test", "sign-in", "webhook", "as-application"}
	if diff := cmp.Diff(want, outcome.Results[0].Args["given"]); diff != "" {
		t.Errorf("given (-want +got):\n%s", diff)
	}
	if _, there := outcome.Results[1].Args["given"]; there {
		t.Error("what is known needn't be asked again")
	}
}
