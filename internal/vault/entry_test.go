package vault

import (
	"errors"
	"strings"
	"testing"
	"time"

	"boxready/internal/secret"
)

func TestSize(t *testing.T) {
	expires := time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC)
	// What all accounts here have in common, the access token excluded.
	bare := Account{Portal: testPortal, Refresh: secret.New("r")}
	empty, err := encode(bare)
	if err != nil {
		t.Fatal(err)
	}
	// sized returns a text of n bytes in the entry.
	sized := func(letter string, n int) string {
		return strings.Repeat(letter, n/len(letter)) + strings.Repeat("x", n%len(letter))
	}
	withExpires := len(`,"access_token":"","expires":1772370000`)
	for _, letter := range []string{"x", "ж", "𝄞"} {
		for size, c := range map[int]struct{ kept, dropped bool }{2559: {true, false}, 2560: {false, true}, 2561: {false, true}} {
			a := bare
			a.Access, a.Expires = secret.New(sized(letter, size-len(empty)-withExpires)), expires
			text, err := encode(a)
			if err != nil {
				t.Fatalf("%d bytes of %s: %v", size, letter, err)
			}
			if (len(text) == size) != c.kept || (text == empty) != c.dropped {
				t.Errorf("%d bytes of %s became %d", size, letter, len(text))
			}
			if back, err := decode(testPortal, text); err != nil || back.Access.IsZero() != c.dropped || back.Expires.IsZero() != c.dropped {
				t.Errorf("%d bytes of %s came back with %v, %v", size, letter, back.Expires, err)
			}

			a = bare
			a.Refresh = secret.New(sized(letter, size-len(empty)+1))
			text, err = encode(a)
			if c.kept && (err != nil || len(text) != size) || !c.kept && !errors.Is(err, TooBig) {
				t.Errorf("refresh token, %d bytes of %s: %d, %v", size, letter, len(text), err)
			}
			if err := Memory().Save(t.Context(), a); !c.kept && !errors.Is(err, TooBig) {
				t.Errorf("saved %d bytes of %s: %v", size, letter, err)
			}
		}
	}
}

func TestMarkupIsNotEscaped(t *testing.T) {
	text, err := encode(Account{Portal: testPortal, Access: secret.New("<&>")})
	if err != nil || !strings.Contains(text, "<&>") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestDecode(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"this version":   {`{"v":1,"refresh_token":"s3cr3t"}`, nil},
		"another field":  {`{"v":1,"refresh_token":"s3cr3t","more":[1]}`, nil},
		"newer":          {`{"v":2,"refresh_token":["s3cr3t"]}`, ErrNewer},
		"no version":     {`{"refresh_token":"s3cr3t"}`, ErrDamaged},
		"odd version":    {`{"v":-1,"refresh_token":"s3cr3t"}`, ErrDamaged},
		"empty":          {``, ErrDamaged},
		"cut off":        {`{"v":1,"refresh_token":"s3cr3t`, ErrDamaged},
		"another type":   {`{"v":1,"refresh_token":1234567}`, ErrDamaged},
		"something else": {`s3cr3t`, ErrDamaged},
		"server by http": {`{"v":1,"refresh_token":"s3cr3t","server":"http://h"}`, ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.held[testPortal] = c.text
			k := NewKeyring(Options{Backend: f})
			a, err := k.Load(t.Context(), testPortal)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "1234567")) {
				t.Errorf("the error contains the secret: %v", err)
			}
			if want := map[bool]string{true: "s3cr3t"}[c.want == nil]; a.Refresh.Reveal() != want {
				t.Error("read another token")
			}
			if err := k.Save(t.Context(), full(testPortal)); err != nil {
				t.Errorf("not replaced: %v", err)
			}
			f.held[testPortal] = c.text
			if list, err := k.List(t.Context()); err != nil || len(list) != 1 {
				t.Errorf("list %v, %v: it could not be deleted", list, err)
			}
			if err := k.Delete(t.Context(), testPortal); err != nil {
				t.Errorf("delete: %v", err)
			}
		})
	}
}

func TestInvalid(t *testing.T) {
	for name, change := range map[string]func(*Account){
		"no portal":          func(a *Account) { a.Portal = "" },
		"no scheme":          func(a *Account) { a.Portal = "portal.example" },
		"http":               func(a *Account) { a.Portal = "http://portal.example" },
		"a path":             func(a *Account) { a.Portal = "https://portal.example/" },
		"a webhook":          func(a *Account) { a.Portal = "https://portal.example/rest/1/s3cr3t/" },
		"a password":         func(a *Account) { a.Portal = "https://me:s3cr3t@portal.example" },
		"upper case":         func(a *Account) { a.Portal = "https://Portal.example" },
		"the usual port":     func(a *Account) { a.Portal = "https://portal.example:443" },
		"a line more":        func(a *Account) { a.Portal = "https://portal.example\ns3cr3t" },
		"too long":           func(a *Account) { a.Portal = "https://" + strings.Repeat("s3cr3t.", 60) + "example" },
		"server by http":     func(a *Account) { a.Server = "http://oauth.example" },
		"webhook by http":    func(a *Account) { a.Webhook = secret.New("http://portal.example/rest/1/s3cr3t/") },
		"secret not UTF-8":   func(a *Account) { a.ClientSecret = secret.New("s3cr3t\xff") },
		"member id not UTF8": func(a *Account) { a.MemberID = "\xff" },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			k := NewKeyring(Options{Backend: f})
			a := full(testPortal)
			change(&a)
			err := k.Save(t.Context(), a)
			if !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("save: %v", err)
			}
			if a.Portal != testPortal {
				_, loadErr := k.Load(t.Context(), a.Portal)
				for _, err := range []error{loadErr, k.Delete(t.Context(), a.Portal)} {
					if !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), "s3cr3t") {
						t.Errorf("load, delete: %v", err)
					}
				}
			}
			if len(f.calls) > 0 {
				t.Errorf("the keyring was called: %d times", len(f.calls))
			}
		})
	}
	for _, portal := range []string{testPortal, "https://10.0.0.1", "https://[2001:db8::1]:8443", "https://b_24", "https://xn--80avnko.xn--p1ai:8443"} {
		if !isPortal(portal) {
			t.Errorf("%s is refused", portal)
		}
	}
}

func FuzzDecode(f *testing.F) {
	text, _ := encode(full(testPortal))
	f.Add(text)
	f.Add(`{"v":2}`)
	f.Add(`{"v":1,"saved":-9223372036854775808}`)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := decode(testPortal, text)
		if err != nil {
			return
		}
		again, err := encode(a)
		if errors.Is(err, TooBig) {
			return
		}
		if err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
		back, err := decode(testPortal, again)
		if err != nil {
			t.Fatalf("what was written can't be read: %v", err)
		}
		if back.Access.IsZero() { // left out, or never there
			a.Access, a.Expires, back.Expires = secret.String{}, time.Time{}, time.Time{}
		}
		if field := difference(a, back); field != "" {
			t.Errorf("%s changed", field)
		}
	})
}
