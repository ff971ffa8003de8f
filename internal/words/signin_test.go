package words_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/simtest/constants"
	"boxready/internal/vault"
	"boxready/internal/words"
	"boxready/oauthflow"

	"github.com/google/go-cmp/cmp"
)

// Every code of the sign-in and the keyring has its text, and no text is left over.
func TestSignInHasWords(t *testing.T) {
	want := []string{
		"sign-in.confirm", "sign-in.no-browser", "sign-in.not-saved", "sign-in.memory-only", "sign-in.other-server", "sign-in.signed-out",
		"sign-in.account-missing", "sign-in.account-damaged", "sign-in.account-newer",
		"sign-in.field-client_id", "sign-in.field-client_secret", "sign-in.silence",
	}
	for _, kind := range []string{"done", "failed", "waiting"} {
		want = append(want, "sign-in-page."+kind+".title", "sign-in-page."+kind+".text")
	}
	want = append(want, each("sign-in-page.reason-", oauthflow.Reasons())...)
	want = append(want, each("sign-in.port-", constants.OfType(t, "oauthflow", "PortReason"))...)
	want = append(want, each("sign-in.paste-", constants.OfType(t, "oauthflow", "PasteProblem"))...)
	want = append(want, each("sign-in.app-", constants.OfType(t, "oauthflow", "AppProblem"))...)
	want = append(want, each("sign-in.silence-", oauthflow.NoAnswerReasons())...)
	want = append(want, each("sign-in.keyring-", constants.OfType(t, "internal/vault", "Reason"))...)
	want = append(want, each("sign-in.place-", constants.WithPrefix(t, "internal/vault", "Keeper"))...)
	for _, menu := range oauthflow.Menus() {
		want = append(want, each("sign-in.register."+string(menu)+".", []string{"name", "1", "2", "3", "4", "5", "6", "7"})...)
	}
	slices.Sort(want)
	all := checks.Catalog()
	check := all[slices.IndexFunc(all, func(c *checks.Check) bool { return c.ID == checks.SignIn })]
	ofCheck := func(key string) bool { // tested separately
		part, _, _ := strings.Cut(strings.TrimPrefix(key, "sign-in."), ".")
		return part == "name" || part == "ok" || slices.Contains(check.Causes, checks.Cause(part))
	}
	for _, lang := range words.Languages() {
		have := slices.DeleteFunc(keys(texts(t, lang)), func(key string) bool {
			return !strings.HasPrefix(key, "sign-in-page.") && (!strings.HasPrefix(key, "sign-in.") || ofCheck(key))
		})
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: wanted (-) and there (+):\n%s", lang, diff)
		}
	}
}

func each[T ~string](prefix string, codes []T) []string {
	var all []string
	for _, code := range codes {
		all = append(all, prefix+string(code))
	}
	return all
}

func TestSignInPage(t *testing.T) {
	for _, lang := range words.Languages() {
		words, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		page := words.SignInPage()
		if page.Lang != lang || len(page.Reasons) != len(oauthflow.Reasons()) {
			t.Errorf("%+v", page)
		}
		if text := fmt.Sprint(page); strings.Contains(text, "sign-in-page") || strings.Contains(text, "{{") {
			t.Errorf("a text is missing: %s", text)
		}
		// Texts about a keyring, with their arguments.
		if got := words.Say("sign-in.keyring-locked", map[string]any{"keeper": words.Say("sign-in.place-"+vault.KeeperMac, nil)}); !strings.Contains(got, "macOS") {
			t.Error(got)
		}
	}
}
