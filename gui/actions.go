package gui

import (
	"context"
	"path/filepath"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/internal/app"
	"boxready/internal/requirements"
	"boxready/internal/serverprobe"
	"boxready/internal/words"
)

// remedy is what the window does for an action of a step.
type remedy struct {
	do    func(f *findingPage, s *model.Session, r checks.Result)
	where string                      // the section that it needs, "" for none
	when  func(s *model.Session) bool // nil: always
}

// remedies have the actions of steps; their buttons are labelled by window.action. An action without do needs no button in a
// window that is open.
func remedies() map[words.Action]remedy {
	return map[words.Action]remedy{
		words.CheckAgain:     {do: func(f *findingPage, s *model.Session, _ checks.Result) { f.list.runs.recheck(s, f.check) }},
		words.ConsentDeep:    {do: func(f *findingPage, s *model.Session, _ checks.Result) { f.list.askToConfirm(s, true) }},
		words.ConsentFilter:  {do: consent(checks.ContentFilter)},
		words.ConsentEvent:   {do: consent(checks.EventTest)},
		words.ConsentBody:    {do: consent(checks.BodySize)},
		words.ConsentSame:    {do: consent(checks.SameIdentity)},
		words.ConfirmAddress: {do: confirmAddress},
		words.TestDelivery:   {do: open("events"), where: "events"},
		words.EnterSignIn:    {do: func(f *findingPage, _ *model.Session, _ checks.Result) { f.list.nav.openGuide() }, where: "sign-in"},
		words.EnterWebhook:   {do: open("sign-in"), where: "sign-in"},
		words.TrustRoot:      {do: trustRoot, when: notDemo},
		words.CorrectAddress: {do: func(f *findingPage, _ *model.Session, _ checks.Result) { f.list.editAddress() }, when: notDemo},
		words.CheckOther:     {do: openOther, when: notDemo},
		words.ServerProbe:    {do: probe(serverprobe.PHP), where: "server"},
		words.ServerNetwork:  {do: probe(serverprobe.Shell), where: "server"},
		words.PasteProbe:     {do: probe(""), where: "server"},
		words.OutsideRun:     {do: openOutside, where: "server"},
		words.OutsideResult:  {do: openOutside, where: "server"},
		words.HandlersLAN:    {do: handlersLAN},
		words.AllowlistLAN:   {do: func(f *findingPage, _ *model.Session, _ checks.Result) { f.list.nav.openAllowlist(requirements.LAN) }, where: "allowlist"},
		words.SelfTest:       {do: open("settings")},
		words.SaveReport:     {do: open("report"), where: "report"},
		words.TextMode:       {},
	}
}

// offers reports whether the window has a button for an action.
func (f *findingPage) offers(s *model.Session, a words.Action) bool {
	r := remedies()[a]
	return r.do != nil && !s.ReadOnly() && (r.where == "" || f.list.nav.hasSection(r.where)) && (r.when == nil || r.when(s))
}

func notDemo(s *model.Session) bool { return !s.Demo }

func open(section string) func(*findingPage, *model.Session, checks.Result) {
	return func(f *findingPage, _ *model.Session, _ checks.Result) { f.list.nav.openSection(section) }
}

func probe(kind serverprobe.Kind) func(*findingPage, *model.Session, checks.Result) {
	return func(f *findingPage, _ *model.Session, _ checks.Result) { f.list.nav.openProbe(kind) }
}

func openOutside(f *findingPage, _ *model.Session, _ checks.Result) { f.list.nav.openOutside() }

// openOther opens the portal under the address that a result names.
func openOther(f *findingPage, _ *model.Session, r checks.Result) {
	if other, ok := r.Args["other"].(string); ok {
		f.list.portals.openPortal(other)
	}
}

func consent(c checks.Consent) func(*findingPage, *model.Session, checks.Result) {
	return func(f *findingPage, s *model.Session, _ checks.Result) { f.list.runs.askAndRun(s, c) }
}

// confirmAddress lets a run send tokens to the portal although the authorization server holds another address.
func confirmAddress(f *findingPage, s *model.Session, _ checks.Result) {
	f.list.dialogs.confirmConsent(checks.Deep, func() {
		s.Target.Moved = true
		f.list.runs.run(s, checks.Deep)
	})
}

// handlersLAN begins a run that takes the applications' handlers for servers in the portal's network.
func handlersLAN(f *findingPage, s *model.Session, _ checks.Result) {
	s.Target.Handlers = requirements.LAN
	f.list.runs.run(s)
}

// trustRoot lets the owner choose a root that the applications' servers trust, and begins a run.
func trustRoot(f *findingPage, s *model.Session, _ checks.Result) {
	d := f.list.dialogs
	d.pickFile(f.say("action.trust", nil), []string{".pem", ".crt", ".cer"}, func(path string) {
		d.background(func(context.Context) func() {
			roots, err := app.ReadRoots(path)
			return func() {
				if err != nil {
					d.showMessage(f.say("action.bad-root", nil), f.say("action.bad-root-text", checks.Args{"file": filepath.Base(path)}))
					return
				}
				s.Target.Trust = roots
				f.list.runs.run(s)
			}
		})
	})
}

// openProbe opens the script for the portal's server; kind is "" for the one that was shown last.
func (w *Window) openProbe(kind serverprobe.Kind) {
	if kind != "" {
		w.serverPage.kind = kind
	}
	w.openSection("server")
}

// openOutside opens the run from the internet.
func (w *Window) openOutside() {
	w.openSection("server")
	w.serverPage.showOutside()
}

// openAllowlist opens the rules for the network, for handlers in a place.
func (w *Window) openAllowlist(handlers requirements.Handlers) {
	w.allowlistPage.loadChosen()
	w.allowlistPage.chosen.Handlers = string(handlers)
	w.allowlistPage.saveChosen()
	w.openSection("allowlist")
}
