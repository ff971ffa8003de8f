package model_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/letter"
	"boxready/internal/report"
	"boxready/internal/serverprobe"
	"boxready/internal/simportal"
	"boxready/internal/simtest"
	"boxready/internal/view"
	"boxready/internal/words"
)

// The authorization servers of both regions.
const (
	authCIS   = "oauth.bitrix24.tech"
	authWorld = "oauth.bitrix.info"
)

// probed is the answer of a server probe about the authorization servers; unreached ones refuse the connection.
func probed(by serverprobe.Kind, sapi string, reached bool) *serverprobe.Probe {
	p := &serverprobe.Probe{Kinds: []serverprobe.Kind{by}, Answer: serverprobe.Answer{Kind: by, Nonce: "abcdefgh12345678", PortalHost: simHost, Names: []string{simHost},
		Time: time.Now().UTC().Truncate(time.Second), SAPI: sapi, Loaded: by == serverprobe.PHP, Proxies: &serverprobe.Proxies{}}}
	for _, host := range []string{authCIS, authWorld} {
		h := serverprobe.Host{By: by, Host: host, Port: 443, InUse: by == serverprobe.PHP && host == authCIS, DNS: "ok", TCP: "failed", TCPError: "111 Connection refused", HTTP: &serverprobe.HTTP{}}
		if reached {
			h.TCP, h.TCPError, h.TLS, h.HTTP = "ok", "", "ok", &serverprobe.HTTP{Status: 400, TookMS: 80, Error: "invalid_request"}
		}
		p.Hosts = append(p.Hosts, h)
	}
	return p
}

func notRegistered(p *serverprobe.Probe) *serverprobe.Probe {
	p.Registration = &serverprobe.Registration{Server: "https://" + authCIS}
	return p
}

func ownEvents(p *serverprobe.Probe) *serverprobe.Probe {
	p.Handlers = &serverprobe.Handlers{Authorization: []serverprobe.Handler{{Module: "rest", Class: `Bitrix\Rest\OAuth\Auth`}, {Module: "rest", Class: `Bitrix\Rest\APAuth\Auth`}},
		Events: []serverprobe.Handler{{Module: "demo.events", Class: `Demo\Events\Provider`}}}
	p.Setup = &serverprobe.Setup{}
	return p
}

const simHost = "portal.demo.example"

// TestInferencesInAllFormats asserts that what follows from several facts of one run is said in the window, the text, the page, the
// summary and the letter, in every language, and agrees with who is asked to fix it. A run for it sends no more than another.
func TestInferencesInAllFormats(t *testing.T) {
	if testing.Short() {
		t.Skip("a run against each combination takes a while")
	}
	for _, c := range []struct {
		name    string
		faults  []string
		with    []string
		breaks  bool // the connection to the authorization server breaks off before the real token arrives
		probe   *serverprobe.Probe
		outside []string // faults of a run from outside; nil: none was made
		want    string
		owner   checks.Owner
	}{
		{name: "the connection breaks off", breaks: true, with: []string{"sign-in"}, want: "unstable", owner: checks.NetworkAdmin},
		{name: "the portal's PHP got through", faults: []string{"auth-server-unreachable"}, probe: probed(serverprobe.PHP, "fpm-fcgi", true), want: "unstable-since-probe", owner: checks.NetworkAdmin},
		{name: "PHP on the command line gets through", faults: []string{"auth-server-unreachable"}, probe: probed(serverprobe.PHP, "cli", true), want: "php-of-web-server", owner: checks.ServerAdmin},
		{name: "the shell gets through", faults: []string{"auth-server-unreachable"}, with: []string{"webhook"}, probe: probed(serverprobe.Shell, "", true), want: "php-settings", owner: checks.ServerAdmin},
		{name: "PowerShell gets through", faults: []string{"auth-server-unreachable"}, probe: probed(serverprobe.PowerShell, "", true), want: "php-settings", owner: checks.ServerAdmin},
		{name: "not registered, no way", faults: []string{"portal-not-registered"}, probe: probed(serverprobe.PHP, "fpm-fcgi", false), want: "register-later", owner: checks.NetworkAdmin},
		{name: "not registered, the way is open", faults: []string{"portal-not-registered"}, probe: probed(serverprobe.PHP, "fpm-fcgi", true), want: "registration-refused", owner: checks.PortalAdmin},
		{name: "not registered, both say", faults: []string{"portal-not-registered"}, probe: notRegistered(probed(serverprobe.PHP, "fpm-fcgi", true)), want: "registration-refused", owner: checks.PortalAdmin},
		{name: "webhook works", faults: []string{"auth-server-unreachable"}, with: []string{"webhook"}, want: "between", owner: checks.NetworkAdmin},
		{name: "webhook works, a fresh token fails", faults: []string{"signed-in-auth-server-unreachable"}, with: []string{"webhook"}, want: "between", owner: checks.NetworkAdmin},
		{name: "webhook works, one host is silent here", faults: []string{"auth-server-unreachable", "auth-host-unreachable-world"}, with: []string{"webhook"}, want: "not-the-portal", owner: checks.NetworkAdmin},
		{name: "this computer gets through", faults: []string{"auth-server-unreachable"}, want: "answers-here", owner: checks.NetworkAdmin},
		{name: "nobody gets through", faults: []string{"auth-server-unreachable", "auth-host-unreachable-all"}, want: "silent-for-both", owner: checks.NetworkAdmin},
		{name: "the server is cut off", faults: []string{"auth-server-unreachable"}, probe: probed(serverprobe.PHP, "fpm-fcgi", false), want: "server-cut-off", owner: checks.NetworkAdmin},
		{name: "the server is cut off, and this computer", faults: []string{"auth-server-unreachable", "auth-host-unreachable-all"}, probe: probed(serverprobe.PHP, "fpm-fcgi", false), want: "silent-for-both", owner: checks.NetworkAdmin},
		{name: "the queue isn't let in", faults: []string{"event-queue-shut-out"}, want: "queue", owner: checks.NetworkAdmin},
		{name: "the portal has its own events", faults: []string{"event-queue-shut-out"}, probe: ownEvents(probed(serverprobe.PHP, "fpm-fcgi", true)), want: "event-provider", owner: checks.PortalAdmin},
		{name: "the portal records no event", faults: []string{"event-not-recorded"}, want: "inside-portal", owner: checks.ServerAdmin},
		{name: "only the handler", faults: []string{"app-tls-self-signed"}, with: []string{"sign-in", "deep", "event-test", "receiver"}, want: "only-handler", owner: checks.Vendor},
		{name: "only from here", faults: []string{"tcp-refused"}, outside: []string{}, want: "only-from-here", owner: checks.NetworkAdmin},
		{name: "only from outside", outside: []string{"tcp-refused"}, want: "only-from-outside", owner: checks.NetworkAdmin},
		{name: "only the webhook", faults: []string{"webhook-rejected"}, with: []string{"sign-in", "deep"}, want: "only-webhook", owner: checks.PortalAdmin},
		{name: "only the user", faults: []string{"user-inactive"}, want: "only-application", owner: checks.PortalAdmin},
		{name: "a certificate comes first", faults: []string{"tls-expired", "auth-server-unreachable"}, with: []string{"webhook", "deep"}, want: "", owner: checks.ServerAdmin},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o, sim := runFor(t, c.faults, c.with, c.breaks, c.probe, c.outside)
			inferred := view.Of(o.Results).Inference()
			if inferred.ID != c.want {
				t.Fatalf("%q follows, expected %q", inferred.ID, c.want)
			}
			assertTokenRule(t, sim, o)
			if next := view.Of(o.Results).Next(o.Verdict); next.Owner != c.owner {
				t.Errorf("%q has to act, expected %q", next.Owner, c.owner)
			}
			for _, lang := range words.Languages() {
				w, err := words.New(lang)
				if err != nil {
					t.Fatal(err)
				}
				if c.want == "" {
					if verdict := sessionOf(o).Verdict(w, time.Now()); verdict.Inference != "" {
						t.Errorf("%s: the card says %q", lang, verdict.Inference)
					}
					continue
				}
				for where, text := range facesOf(t, w, o, inferred) {
					if text = spaced(text); !strings.Contains(text, spaced(inferred.Text(w))) {
						t.Errorf("%s: not in the %s:\n%s", lang, where, text)
					}
				}
			}
		})
	}
}

// facesOf is what each format says of an outcome.
func facesOf(t *testing.T, w *words.Texts, o *checks.Outcome, inferred view.Inference) map[string]string {
	t.Helper()
	reporter := &report.Reporter{Words: w, Version: "test", System: "Linux"}
	bundle, err := reporter.Bundle(report.Contents{Outcome: o})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := reporter.WriteText(&text, o, report.Style{}); err != nil {
		t.Fatal(err)
	}
	card := sessionOf(o).Verdict(w, time.Now())
	if who := w.Code("verdict.owner.", string(inferred.Owner), ""); !strings.HasPrefix(card.Owner, who) {
		t.Errorf("the card says %q, expected %q", card.Owner, who)
	}
	said := map[string]string{
		"window":  card.Inference,
		"text":    text.String(),
		"page":    html.UnescapeString(string(bundle.File(report.HTMLFile))),
		"summary": string(bundle.File(report.SummaryFile)),
	}
	l, err := sessionOf(o).Letter(w, "test", inferred.Owner, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if n := letter.CountWords(l.Body); n > letter.MaxWords {
		t.Errorf("the letter to %s has %d words", inferred.Owner, n)
	}
	said["letter"] = l.Whole() // with too many words, the sentence is attached
	if inferred.Owner != inferred.About.Owner {
		said["letter"] = l.Body
		if letter, err := sessionOf(o).Letter(w, "test", inferred.About.Owner, nil, ""); err != nil || strings.Contains(letter.Whole(), w.Finding(inferred.About, "").Title) {
			t.Errorf("%s is asked to do what most likely is the job of %s: %v", inferred.About.Owner, inferred.Owner, err)
		}
	}
	return said
}

// runFor makes a run against a simulated portal.
func runFor(t *testing.T, faults, with []string, breaks bool, probe *serverprobe.Probe, outside []string) (*checks.Outcome, *simportal.Sim) {
	t.Helper()
	var target checks.Target
	options := simportal.Options{Faults: faults, Answer: func(w http.ResponseWriter, r simportal.Request) bool {
		if !breaks || r.Server != "portal" || !slices.Contains(r.Tokens, target.SignIn.Held().Access.Reveal()) {
			return false
		}
		w.Header().Set("X-Powered-CMS", "Bitrix Site Manager")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"CONNECTION_ERROR","error_description":"Error connecting to authorization server"}`)
		return true
	}}
	scale := simtest.Shorten(&options)
	p := simtest.Simulate(t, options, append(slices.Clone(with), "deep")...)
	p.PaceWindow, p.TimeoutScale = simtest.Fast, scale
	target = p.Target()
	target.Region = "" // both hosts are asked
	if simtest.EventLost(faults...) {
		target.EventWait = time.Second
	}
	target.ServerProbe = probe
	if outside != nil {
		target.Outside = runOutside(t, outside)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return checks.Run(ctx, p.Net(), target, nil), p.Sim
}

func runOutside(t *testing.T, faults []string) *checks.Outside {
	t.Helper()
	p := simtest.Start(t, faults, "dns")
	p.PaceWindow = simtest.Fast
	there := checks.Run(t.Context(), p.Net(), p.Target(), nil)
	o := &checks.Outside{Made: there.Started}
	for _, r := range there.Results {
		data, err := json.Marshal(r.Facts)
		if err != nil {
			t.Fatal(err)
		}
		r.Facts = json.RawMessage(data)
		o.Results = append(o.Results, r)
	}
	return o
}

// assertTokenRule asserts that tokens went to nobody but the portal, by https and under its own name, and made it report no other
// address.
func assertTokenRule(t *testing.T, sim *simportal.Sim, o *checks.Outcome) {
	t.Helper()
	for _, r := range sim.Log() {
		if len(r.Tokens) > 0 && r.Server != "events" && !strings.HasPrefix(r.Server, "auth-") && !(r.Server == "portal" && r.TLS && r.Host == sim.Host()) {
			t.Errorf("a token went to %s (host %s, TLS %t)", r.Server, r.Host, r.TLS)
		}
	}
	for _, address := range sim.ReportedAddresses() {
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host != o.Target.Address.Host {
			t.Errorf("the portal reported %q as its address", address)
		}
	}
}
