package gui_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/internal/access"
	"boxready/internal/allowlist"
	"boxready/internal/feed"
	"boxready/internal/portal"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// noLists is a vendor who gives no addresses.
func noLists(context.Context, allowlist.Options) ([]feed.List, error) {
	return nil, feed.ErrUnreachable
}

const telephony = `boxready: 1
application: {name: Звонок+, vendor: ООО «Связь», support: https://vendor.example}
scopes: [crm, telephony]
methods: [crm.item.list, telephony.externalcall.register, booking.v1.booking.add, crm.iten.list]
events: [ONCRMDEALADD]
modules: {crm: ">=23.300.0"}
hosts:
  - {host: app.vendor.example, port: 443, direction: portal-to-app}
  - {host: calls.vendor.example, port: 8443, direction: browser-to-app}
handlers: {where: internet}
`

// file is a file of requirements in a folder of the test's own.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// doorkeeper is an access that holds a webhook for every portal.
type doorkeeper struct{ gui.Access }

func (doorkeeper) ReturnAddress() string { return oauthflow.ReturnAddress() }

func (doorkeeper) Keys(_ context.Context, a portal.Address) access.Keys {
	webhook, err := portal.ParseWebhook(a.String() + "/rest/1/abcdefgh12345678/")
	if err != nil {
		panic(err)
	}
	return access.Keys{Account: oauthflow.Account{Portal: a, Webhook: true}, Webhook: &webhook, Place: vault.InKeyring}
}

// withWebhook is a store of somebody who keeps a webhook for portal.example.ru.
func withWebhook(t testing.TB) *store.Store {
	t.Helper()
	s := store.Open("")
	if err := s.SetKeys("https://portal.example.ru", true); err != nil {
		t.Fatal(err)
	}
	return s
}

// inventoried are outcomes in which the portal has also said what it has: crm of an old version, and no booking or telephony.
func inventoried(t *testing.T, outcome func(checks.Target) *checks.Outcome) func(checks.Target) *checks.Outcome {
	t.Helper()
	yes, no := true, false
	return func(target checks.Target) *checks.Outcome {
		o := outcome(target)
		if target.Webhook == nil || target.Requirements == nil {
			return o
		}
		facts := &checks.ModulesFacts{Credential: checks.ByWebhook, Provided: []string{"crm", "user", "task"}, Granted: []string{"crm"}}
		facts.Required = checks.Required{Scopes: target.Requirements.Scopes, Methods: target.Requirements.Methods, Events: target.Requirements.Events, Modules: map[string]string{}}
		for _, m := range target.Requirements.Modules {
			facts.Required.Modules[m.Name] = m.AtLeast
		}
		for _, name := range target.Requirements.Methods {
			seen := checks.MethodSeen{Name: strings.ToLower(name), Existing: &no, Available: &no}
			if name == "crm.item.list" || name == "profile" || name == "user.get" {
				seen.Existing, seen.Available = &yes, &yes
			}
			facts.Methods = append(facts.Methods, seen)
		}
		seen := checks.Seen{checks.RequiredModules: facts}
		for _, id := range []checks.ID{checks.RequiredModules, checks.RequiredMethods, checks.RequiredScopes} {
			c := byID(t, id)
			var own checks.Facts = facts
			if id != checks.RequiredModules {
				own = c.NewFacts()
			}
			o.Results = append(o.Results, c.Judge(own, seen)...)
		}
		o.Verdict = verdictOf(o.Results)
		return o
	}
}

// comparing is the window of somebody with a webhook whose portal says what it has.
func comparing(t *testing.T) setup {
	return setup{store: withWebhook(t), access: doorkeeper{}, checker: &scripted{outcome: inventoried(t, played(t, "auth-server"))}}
}

func requirementsStates() []pageState {
	plain := func(*testing.T) setup { return setup{} }
	chosen := func(r *rig) {
		r.w.Drop(file(r.t, "calls.boxready.yaml", telephony))
		r.pumpUntilSays("Звонок+")
	}
	compared := func(r *rig) {
		r.check("portal.example.ru")
		r.pump("the end of the run", r.verdictShown)
		chosen(r)
		r.tap(r.say("window.requirements.compare", nil))
		r.pumpUntilSays(r.say("window.requirements.something-missing", nil))
	}
	look := func(r *rig) {
		r.openSection("requirements")
		r.tap(r.say("window.catalogue.open", nil))
		r.typeIn("crm.item")
	}
	return []pageState{
		{"requirements empty", plain, func(r *rig) { r.openSection("requirements") }},
		{"requirements wrong", plain, func(r *rig) {
			r.w.Drop(file(r.t, "broken.boxready.yaml", "boxready: 1\napplication: {name: X}\nmetods: [a]\nhosts: [{host: 'https://x', port: 99999, direction: up}]\n"))
			r.pumpUntilSays("broken.boxready.yaml:3")
		}},
		{"requirements chosen", plain, chosen},
		{"requirements", comparing, compared},
		{"catalogue", plain, look},
		{"catalogue entry", comparing, func(r *rig) {
			compared(r)
			look(r)
			r.key(fyne.KeyReturn)
		}},
	}
}
