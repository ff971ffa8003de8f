package oauthflow

import (
	"errors"
	"strings"
	"testing"

	"boxready/internal/bitrix"
)

func TestPaste(t *testing.T) {
	answerOf := func(f *Flow, changes ...string) string { return "?" + validQuery(f, changes...).Encode() }
	for name, c := range map[string]struct {
		text func(f *Flow) string
		want error
	}{
		"code":                    {func(*Flow) string { return testCode }, nil},
		"code with white space":   {func(*Flow) string { return "\u00a0 " + testCode + "\u200b\r\n" }, nil},
		"code in quotes":          {func(*Flow) string { return "«" + testCode + "»" }, nil},
		"return address":          {func(f *Flow) string { return ReturnAddress() + answerOf(f) }, nil},
		"vendor's return address": {func(f *Flow) string { return "https://app.vendor.example/oauth?x=1&" + validQuery(f).Encode() }, nil},
		"without scheme":          {func(f *Flow) string { return "127.0.0.1:41924/callback" + answerOf(f) }, nil},
		"query alone":             {func(f *Flow) string { return validQuery(f).Encode() }, nil},
		"wrapped by a terminal":   {func(f *Flow) string { s := ReturnAddress() + answerOf(f); return s[:60] + "\n  " + s[60:] }, nil},
		"fragment":                {func(f *Flow) string { return ReturnAddress() + answerOf(f) + "#part" }, nil},
		"no state":                {func(f *Flow) string { return ReturnAddress() + answerOf(f, "state", "-") }, nil},
		"code alone in address":   {func(f *Flow) string { return ReturnAddress() + "?code=" + testCode }, nil},

		"nothing":               {func(*Flow) string { return " \n\u200b" }, &PasteError{PasteEmpty}},
		"sentence":              {func(*Flow) string { return "Код приложения 123456" }, &PasteError{PasteRubbish}},
		"word":                  {func(*Flow) string { return "password" }, &PasteError{PasteRubbish}},
		"too short":             {func(*Flow) string { return "123" }, &PasteError{PasteRubbish}},
		"markup":                {func(*Flow) string { return "<b>123456</b>" }, &PasteError{PasteRubbish}},
		"endless":               {func(*Flow) string { return strings.Repeat("1", 1<<20) }, &PasteError{PasteRubbish}},
		"client_id":             {func(*Flow) string { return testClientID }, &PasteError{PasteApplication}},
		"address to open":       {func(f *Flow) string { return f.URL() }, &PasteError{PasteNoCode}},
		"portal's page":         {func(*Flow) string { return "https://" + testPortal + "/stream/" }, &PasteError{PasteNoCode}},
		"portal's login page":   {func(*Flow) string { return "https://" + testPortal + "/auth/?login=yes" }, &PasteError{PasteNoCode}},
		"empty code":            {func(f *Flow) string { return ReturnAddress() + answerOf(f, "code", "") }, &PasteError{PasteNoCode}},
		"query not one":         {func(f *Flow) string { return ReturnAddress() + answerOf(f) + "&%zz" }, &PasteError{PasteRubbish}},
		"code twice":            {func(f *Flow) string { return ReturnAddress() + answerOf(f) + "&code=1" }, &PasteError{PasteRubbish}},
		"earlier attempt":       {func(f *Flow) string { return ReturnAddress() + answerOf(f, "state", "earlier") }, &PasteError{PasteOtherState}},
		"empty state":           {func(f *Flow) string { return ReturnAddress() + answerOf(f, "state", "") }, &PasteError{PasteOtherState}},
		"another portal":        {func(f *Flow) string { return ReturnAddress() + answerOf(f, "domain", "other.example") }, ErrOtherPortal},
		"another, other state":  {func(f *Flow) string { return ReturnAddress() + answerOf(f, "domain", "other.example", "state", "x") }, ErrOtherPortal},
		"empty domain":          {func(f *Flow) string { return ReturnAddress() + answerOf(f, "domain", "") }, ErrOtherPortal},
		"denied":                {func(f *Flow) string { return ReturnAddress() + answerOf(f, "error", "access_denied", "code", "-") }, ErrDenied},
		"denied, earlier state": {func(f *Flow) string { return ReturnAddress() + answerOf(f, "error", "x", "state", "x") }, &PasteError{PasteOtherState}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			f := start(t, s, nil)
			text := c.text(f)
			err := f.Paste(text)
			var got, want *PasteError
			switch {
			case c.want == nil:
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				if token, err := wait(t, f); err != nil || token.Access.Reveal() != "access-1" {
					t.Errorf("outcome: %v", err)
				}
				if asked := s.asked(); len(asked) != 1 || asked[0].Get("code") != testCode {
					t.Errorf("asked %d times", len(asked))
				}
				// A browser on another machine may send the callback later.
				if p := visit(t, f, validQuery(f)); !strings.Contains(p.body, "You are signed in") {
					t.Errorf("page:\n%s", p.body)
				}
				return
			case errors.As(c.want, &want):
				if !errors.As(err, &got) || *got != *want {
					t.Errorf("error %v, want %v", err, want)
				}
			case !errors.Is(err, c.want):
				t.Errorf("error %v, want %v", err, c.want)
			}
			assertNoSecrets(t, f, err.Error())
			if len(s.asked()) != 0 {
				t.Error("the authorization server was asked")
			}
			stillWaiting(t, f)
		})
	}
}

// A bare code names no authorization server, so the caller may have to ask the user for the region meanwhile.
func TestPasteWithoutRegion(t *testing.T) {
	s := newFakeServer(t)
	var region bitrix.Region
	f := start(t, s, func(o *Options) {
		o.Server = func(host string) (AuthServer, error) {
			if _, err := ChooseServer(s.Client(), "", region)(host); err != nil {
				return AuthServer{}, err
			}
			return s.auth(), nil
		}
	})
	if err := f.Paste(testCode); !errors.Is(err, ErrRegionUnknown) {
		t.Errorf("error %v", err)
	}
	region = bitrix.CIS
	if err := f.Paste(testCode); err != nil {
		t.Errorf("with the region: %v", err)
	}
	if _, err := wait(t, f); err != nil {
		t.Error(err)
	}
}

func TestPasteOnce(t *testing.T) {
	s := newFakeServer(t)
	f := start(t, s, nil)
	errs := make(chan error)
	for range 20 {
		go func() { errs <- f.Paste(testCode) }()
	}
	accepted := 0
	for range 20 {
		switch err := <-errs; {
		case err == nil:
			accepted++
		case !errors.Is(err, ErrAnswered):
			t.Error(err)
		}
	}
	if _, err := wait(t, f); err != nil || accepted != 1 || len(s.asked()) != 1 {
		t.Errorf("%d accepted, %d requests, error %v", accepted, len(s.asked()), err)
	}
}

func TestCheckApp(t *testing.T) {
	for name, c := range map[string]struct {
		id, secret string
		field      string
		problem    AppProblem
	}{
		"local":             {testClientID, testSecret, "", ""},
		"from the Market":   {"app.655f1c2d8a1b37.42180155", testSecret, "", ""},
		"white space":       {" \t" + testClientID + "\n", "\u200b" + testSecret + "\r\n", "", ""},
		"quotes":            {"“" + testClientID + "”", "'" + testSecret + "'", "", ""},
		"nothing":           {"", "", "client_id", AppEmpty},
		"no secret":         {testClientID, " ", "client_secret", AppEmpty},
		"swapped":           {testSecret, testClientID, "client_id", AppSwapped},
		"id twice":          {testClientID, testClientID, "client_secret", AppSwapped},
		"webhook":           {"https://portal.demo.example/rest/1/abcdef0123456789/", testSecret, "client_id", AppAddress},
		"address as secret": {testClientID, "https://portal.demo.example/", "client_secret", AppAddress},
		"hidden secret":     {testClientID, "••••••••••", "client_secret", AppMasked},
		"asterisks":         {testClientID, "**********", "client_secret", AppMasked},
		"id cut":            {"local.655f1c2d8a1b37", testSecret, "client_id", AppShape},
		"id not hex":        {"local.655f1c2d8a1bxx.42180155", testSecret, "client_id", AppShape},
		"other kind":        {"cloud.655f1c2d8a1b37.42180155", testSecret, "client_id", AppShape},
		"secret cut":        {testClientID, testSecret[:20], "client_secret", AppShape},
		"secret with signs": {testClientID, testSecret[:40] + "!?", "client_secret", AppShape},
	} {
		t.Run(name, func(t *testing.T) {
			app, err := CheckApp(c.id, c.secret)
			if c.field == "" {
				if err != nil || !strings.HasSuffix(app.ClientID, ".42180155") || app.ClientSecret.Reveal() != testSecret {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var got *AppError
			if !errors.As(err, &got) || got.Field != c.field || got.Problem != c.problem {
				t.Fatalf("error %v, want %s of %s", err, c.problem, c.field)
			}
			if strings.Contains(err.Error(), testSecret) {
				t.Error("the error shows the secret")
			}
		})
	}
}
