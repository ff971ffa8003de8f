package checks

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/simtest/ways"
	"boxready/internal/transport"
	"boxready/oauthflow"
)

// fillTexts sets everything in v that can hold a text.
func fillTexts(v reflect.Value, text func() string) {
	switch v.Interface().(type) {
	case time.Time:
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.MustParseAddr("fe80::1").WithZone(text())))
		return
	case json.RawMessage:
		quoted, _ := json.Marshal(text())
		v.SetBytes(quoted)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text())
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillTexts(v.Elem(), text)
	case reflect.Interface:
		v.Set(reflect.ValueOf(text()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillTexts(v.Index(0), text)
		fillTexts(v.Index(1), text)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillTexts(key, text)
		fillTexts(value, text)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fillTexts(v.Field(i), text)
			}
		}
	}
}

// TestFactsAndValuesAreRedacted puts the webhook's code in every way of writing into every field of the facts of every check, and into
// the values for sentences, and searches the results.
func TestFactsAndValuesAreRedacted(t *testing.T) {
	target, _ := targetWithSecrets(t)
	code := target.Webhook.Code.Reveal()
	for _, c := range slices.Concat(Catalog(), SelfCatalog()) {
		if reflect.TypeOf(c.NewFacts()).Elem().NumField() == 0 {
			continue
		}
		var stubs []*Check
		var written []string
		for _, way := range slices.Sorted(maps.Keys(ways.All)) {
			w := ways.All[way](code)
			written = append(written, w)
			facts := c.NewFacts()
			fillTexts(reflect.ValueOf(facts).Elem(), func() string { return "x " + w + " y" })
			args := Args{"text": w, "list": []string{w, "fine"}, "map": map[string]any{w: []any{w}}, "number": 7}
			stubs = append(stubs, stub(ID(way), fine, observes(func(context.Context, *Env) (Facts, error) { return facts, nil }),
				judges(func(got Facts, _ FactsByCheck) []Result { return one(Result{State: OK, Args: args, Facts: got}) })))
		}
		env := newEnv(t.Context(), transport.New(transport.Options{}), target)
		outcome := runCatalog(t.Context(), env, stubs, nil)
		env.close()
		for i, r := range outcome.Results {
			data, err := json.Marshal([]any{r.Facts, r.Args})
			if err != nil {
				t.Fatal(err)
			}
			quoted, _ := json.Marshal(written[i])
			if found := strings.Trim(string(quoted), `"`); strings.Contains(string(data), found) || strings.Contains(string(data), code[:12]) {
				t.Errorf("%s: %s: %s", c.ID, stubs[i].ID, data)
			}
			if r.Args["number"] != 7 || r.Args["list"].([]string)[1] != "fine" {
				t.Errorf("other values changed: %v", r.Args)
			}
		}
	}
}

// TestFactsWithoutSecretsStay asserts that facts are the same pointer if there is nothing to replace, and that what is shared with another
// check isn't changed if there is.
func TestFactsWithoutSecretsStay(t *testing.T) {
	target, secrets := targetWithSecrets(t)
	env := newEnv(t.Context(), transport.New(transport.Options{}), target)
	defer env.close()
	clean := &Exchange{Request: "POST /rest/app.info", At: time.Now()}
	if got := redacted[Facts](env, clean); got != Facts(clean) {
		t.Error("facts without a secret were copied")
	}
	shared := &Exchange{Error: secrets[0]}
	got := redacted(env, &RouteFacts{Options: shared})
	if shared.Error != secrets[0] || got.Options.Error != "•••" {
		t.Errorf("shared %q, own %q", shared.Error, got.Options.Error)
	}
}

// TestLiveSecretsAreKnown asserts that the redaction knows what became a secret during the run: a renewed token, those that another
// process saved, and the password of a proxy that was asked for.
func TestLiveSecretsAreKnown(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"access_token":"access-renewed-0123456789","refresh_token":"refresh-renewed-0123456789","expires_in":3600}`)
	}))
	defer server.Close()
	saved := oauthflow.Token{Access: secret.New("access-of-another-process"), Refresh: secret.New("refresh-of-another-process"), Server: server.URL}
	source := oauthflow.NewSource(oauthflow.SourceOptions{App: oauthflow.App{ClientID: "local.1", ClientSecret: secret.New("client-secret-0123456789")},
		Server: oauthflow.AuthServer{URL: server.URL, HTTP: server.Client()},
		Token:  oauthflow.Token{Access: secret.New("access-at-the-start-01234"), Refresh: secret.New("refresh-at-the-start-01234"), Server: server.URL},
		Load:   func(context.Context) (oauthflow.Token, error) { return saved, nil }})
	n := transport.New(transport.Options{Proxy: func(*url.URL) (*url.URL, error) { return url.Parse("http://user:proxy-password-1@proxy.example:3128") }})
	target := Target{SignIn: source, Address: portal.Address{Host: "portal.example", Port: 443}}
	env := newEnv(t.Context(), n, target)
	defer env.close()
	if _, err := source.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := n.ProxyFor("https", "portal.example", 443); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"access-at-the-start-01234", "refresh-at-the-start-01234", "access-of-another-process", "refresh-of-another-process",
		"access-renewed-0123456789", "refresh-renewed-0123456789", "client-secret-0123456789", "proxy-password-1", env.inventedToken().Value.Reveal()} {
		if got := redacted(env, &Exchange{Body: "it is " + s}); got.Body != "it is •••" {
			t.Errorf("%s: %q", s, got.Body)
		}
	}
}
