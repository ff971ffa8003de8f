package cli

import (
	"bytes"
	"strings"
	"testing"

	"boxready/internal/app"
	"boxready/internal/vault"
	"boxready/internal/words"
)

// lockedKeyring is a keyring whose prompt was answered with no.
type lockedKeyring struct{}

func (lockedKeyring) Get(string) (string, error) { return "", &vault.Error{Reason: vault.Refused} }
func (lockedKeyring) Set(string, string) error   { return &vault.Error{Reason: vault.Refused} }
func (lockedKeyring) Delete(string) error        { return &vault.Error{Reason: vault.Refused} }

// TestWebhookAsPortalIsUsedUnkept asserts that a keyring that takes nothing ends no command: the webhook is used this time.
func TestWebhookAsPortalIsUsedUnkept(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	for answer, use := range map[string]bool{"y": true, "n": false} {
		var stderr bytes.Buffer
		cl := &commandLine{IO: IO{Err: &stderr, App: app.Options{Keyring: lockedKeyring{}}}, words: w, ctx: t.Context()}
		got, err := cl.offerWebhook(t.Context(), "https://portal.example.ru/rest/1/abcdef0123456789/", newTyped(strings.NewReader(answer+"\n"), true))
		if err != nil || got != use {
			t.Errorf("%s: used: %t, %v", answer, got, err)
		}
		if told := strings.Contains(stderr.String(), "The webhook wasn't saved, and is used this time only."); told != use {
			t.Errorf("%s: %s", answer, stderr.String())
		}
		if strings.Contains(stderr.String(), "abcdef0123456789") {
			t.Error("the webhook's code is shown")
		}
	}
}
