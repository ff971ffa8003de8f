package gui

import (
	"context"
	"errors"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/app"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/oauthflow"
)

// signInPage shows the portal's saved credentials, takes a webhook, and opens the guide through the sign-in, see guide.go.
type signInPage struct {
	scaffold
	dialogs *dialogs
	runs    *runner
	nav     navigator
	session *model.Session // that is shown
	reading bool           // the keyring is being asked
	done    string         // what was done last, in words

	webhook, id, secret, code field

	guided  bool // the guide is shown
	menu    oauthflow.Menu
	attempt *attempt        // to sign in; nil if there is none
	ended   *oauthflow.Flow // the last one, whose page can still be loaded again; nil if there was none

	// Of the content that is shown.
	builtFrom signInState
	opened    bool // the page was opened and nothing on it has had the focus yet
	countdown *widgets.Text

	chosenMenu fyne.Focusable
}

// field is what was typed or pasted, and what is wrong with it.
type field struct{ text, mistake string }

const (
	// More than any key has, and than any answer of a portal.
	maxKey  = 512
	maxCode = 8192
)

// signInState is the state that the page is built from, without what is typed.
type signInState struct {
	session  *model.Session
	keys     *app.Keys
	reading  bool
	guided   bool
	stage    attemptStage
	noAnswer bool
}

func (p *signInPage) state() signInState {
	c := signInState{session: p.session, keys: p.session.Keys, reading: p.reading, guided: p.guided}
	if p.attempt != nil {
		c.stage, c.noAnswer = p.attempt.stage, p.attempt.noAnswer(p.params.Now())
	}
	return c
}

func (p *signInPage) build() fyne.CanvasObject {
	p.root = widgets.Stack()
	p.builtFrom = signInState{}
	if p.menu == "" {
		p.menu = oauthflow.MenuDevops
	}
	p.switchTo(p.model.Current)
	p.fill()
	return p.root
}

// switchTo shows another portal. What was typed for the previous one is cleared.
func (p *signInPage) switchTo(s *model.Session) {
	if p.session != s {
		p.session, p.guided, p.done = s, false, ""
		p.webhook, p.id, p.secret, p.code = field{}, field{}, field{}, field{}
	}
	if s.Keys == nil && !p.reading {
		p.read()
	}
}

// refresh rebuilds the page only if its state has changed: the user may be typing.
func (p *signInPage) refresh() {
	p.switchTo(p.model.Current)
	if p.builtFrom != p.state() {
		p.fill()
	} else if p.countdown != nil {
		p.countdown.SetText(p.attempt.left(p.environment))
	}
}

func (p *signInPage) initialFocus() fyne.Focusable {
	p.opened = p.focus == nil
	return p.focus
}

// fill rebuilds the content.
func (p *signInPage) fill() {
	focused := p.fyne.Canvas().Focused() != nil && p.builtFrom.session != nil || p.opened
	if p.builtFrom.guided != p.guided {
		p.page = nil // another one begins at its top
	}
	p.builtFrom, p.focus, p.countdown = p.state(), nil, nil
	var head fyne.CanvasObject = title(p.say("section.sign-in", nil))
	var content []fyne.CanvasObject
	if p.guided {
		head, content = p.guide()
	} else {
		content = p.overview()
	}
	p.setContent(head, content...)
	if focused && p.focus != nil && p.dialogs.popup == nil {
		p.opened = false
		p.focusOn(p.focus)
	}
}

// entry is a field with its name above and its mistake below, which check returns while the user types.
func (p *signInPage) entry(f *field, name string, hidden bool, most int, check func(string) string, submit func()) (*widgets.Entry, fyne.CanvasObject) {
	return f.entry(name, hidden, most, check, submit, func() { p.page.Refit() })
}

// entry is as above; refit is called when the mistake appears or disappears.
func (f *field) entry(name string, hidden bool, most int, check func(string) string, submit, refit func()) (*widgets.Entry, fyne.CanvasObject) {
	e := widgets.NewEntry("", most)
	e.Password = hidden
	e.Text = f.text
	mistake := widgets.NewText(f.mistake, widgets.Font{Color: widgets.Danger})
	mistake.Hidden = f.mistake == ""
	e.OnChanged = func(text string) {
		f.text, f.mistake = text, ""
		if check != nil && text != "" {
			f.mistake = check(text)
		}
		if mistake.Hidden != (f.mistake == "") || mistake.Text() != f.mistake {
			mistake.SetText(f.mistake)
			mistake.Hidden = f.mistake == ""
			refit()
		}
	}
	e.OnSubmitted = func(string) { submit() }
	return e, widgets.Column(4, widgets.NewText(name, widgets.Font{Color: widgets.Muted}), e, mistake)
}

// overview shows the saved credentials, and the two ways to get one.
func (p *signInPage) overview() []fyne.CanvasObject {
	k := p.session.Keys
	if k == nil {
		row := widgets.NewRow(widgets.RowContent{Sign: style.Waiting, Title: p.say("sign-in.reading", nil), Detail: p.say("sign-in.reading-detail", nil)}, nil)
		return []fyne.CanvasObject{widgets.Card(row.Object)}
	}
	var cards []fyne.CanvasObject
	a := p.attempt // to sign in again with the saved application
	if a != nil && a.session != p.session {
		a = nil
	}
	if a == nil && (k.Account.SignedIn() || k.Account.Webhook || k.Err != nil || p.done != "") {
		cards = append(cards, p.keptCard(k))
	}
	if a == nil || a.stage == signInFailed {
		cards = append(cards, p.signInCard(k))
	}
	if a != nil {
		cards = slices.Insert(cards, 0, p.attemptCard(a))
	}
	return append(cards, p.webhookCard(k))
}

// keptCard lists the saved credentials, what is wrong with them first.
func (p *signInPage) keptCard(k *app.Keys) fyne.CanvasObject {
	var lines []fyne.CanvasObject
	if k.Err != nil {
		lines = append(lines, p.unread(k)...)
	}
	if p.done != "" {
		check := widgets.NewPrimary(p.say("sign-in.check", nil), nil, func() {
			p.done = ""
			p.nav.openSection("check")
			p.runs.run(p.session)
		})
		p.focus = check
		lines = append(lines, widgets.BesideOrBelow(10, 240, widgets.NewText(p.done, widgets.Font{Bold: true, Selectable: true}), check))
	}
	kept := func(content widgets.RowContent, tapped func(), remove string, question question, yes func(context.Context, Access, portal.Address) error) {
		button := widgets.NewButton(remove, nil, func() { p.dialogs.confirm(question, func() { p.removeSaved(yes) }) })
		lines = append(lines, widgets.BesideOrBelow(8, 260, widgets.NewRow(content, tapped).Object, button))
	}
	args := checks.Args{"portal": p.session.Target.Address.Display(), "application": k.Account.ClientID, "ends": k.Account.Ends}
	if k.Account.SignedIn() {
		content, show := p.signInRow(args)
		kept(content, show, p.say("sign-in.sign-out", nil), question{
			title: p.say("sign-in.sign-out-title", args), text: p.say("sign-in.sign-out-text", nil), yes: p.say("sign-in.sign-out-yes", nil), deletes: true,
		}, func(ctx context.Context, a Access, address portal.Address) error { return a.SignOut(ctx, address) })
	}
	if k.Account.Webhook {
		kept(widgets.RowContent{Sign: style.OK, Title: p.say("sign-in.webhook-kept", nil)}, nil, p.say("sign-in.remove", nil), question{
			title: p.say("sign-in.remove-title", args), text: p.say("sign-in.remove-text", nil), yes: p.say("sign-in.remove", nil), deletes: true,
		}, func(ctx context.Context, a Access, address portal.Address) error {
			return a.RemoveWebhook(ctx, address)
		})
	}
	return widgets.Card(widgets.Column(8, lines...))
}

// signInRow is the row of the saved sign-in. If the last run saw that it is refused, it says that and opens the result.
func (p *signInPage) signInRow(args checks.Args) (content widgets.RowContent, show func()) {
	if r, refused := p.session.SignInRefused(); refused {
		f := p.words.Finding(r, p.session.Target.Address.Display())
		content = widgets.RowContent{Sign: style.Problem, Title: f.Title, Detail: p.say("sign-in.application", args), Chevron: widgets.Navigates}
		return content, func() { p.nav.showResult(r, "") }
	}
	detail := p.say("sign-in.application", args)
	if ends, _ := args["ends"].(time.Time); !ends.IsZero() {
		detail = p.say("sign-in.application-until", args)
	}
	return widgets.RowContent{Sign: style.OK, Title: p.say("sign-in.signed-in", nil), Detail: detail}, nil
}

// unread says that the saved credentials could not be read, and why.
func (p *signInPage) unread(k *app.Keys) []fyne.CanvasObject {
	again := widgets.NewPrimary(p.say("sign-in.retry", nil), nil, p.readAgain)
	p.focus = again
	buttons := []fyne.CanvasObject{again}
	if problem := app.AccountProblem(k.Err); problem == app.AccountDamaged || problem == app.AccountNewer {
		buttons = append(buttons, widgets.NewButton(p.say("sign-in.forget", nil), nil, func() {
			p.removeSaved(func(ctx context.Context, a Access, address portal.Address) error { return a.Forget(ctx, address) })
		}))
	}
	row := widgets.NewRow(widgets.RowContent{Sign: style.Notice, Title: p.say("sign-in.unread", nil), Detail: p.keyringProblem(k.Err)}, nil)
	return []fyne.CanvasObject{row.Object, widgets.Pad(0, 8, 4, 36, widgets.Flow(8, buttons...))}
}

// removeSaved removes saved credentials with work, and shows what is left.
func (p *signInPage) removeSaved(work func(context.Context, Access, portal.Address) error) {
	s, a := p.session, p.runs.accessOf(p.session)
	p.done = ""
	p.reading = true
	p.background(func(ctx context.Context) func() {
		err := work(ctx, a, s.Target.Address)
		k := a.Keys(ctx, s.Target.Address)
		if err != nil && app.AccountProblem(err) != app.AccountMissing {
			k.Err = err
		}
		return func() { p.showCredentials(s, k) }
	})
	p.refresh()
}

// read reads the saved credentials.
func (p *signInPage) read() {
	p.reading = true
	s, a := p.session, p.runs.accessOf(p.session)
	p.background(func(ctx context.Context) func() {
		k := a.Keys(ctx, s.Target.Address)
		return func() { p.showCredentials(s, k) }
	})
}

func (p *signInPage) readAgain() {
	p.session.Keys = nil
	p.refresh()
}

// showCredentials shows the saved credentials.
func (p *signInPage) showCredentials(s *model.Session, k app.Keys) {
	p.reading = false
	p.runs.useCredentials(s, k)
	p.changed()
}

// signInCard offers the guide, or to sign in again with the saved application.
func (p *signInPage) signInCard(k *app.Keys) fyne.CanvasObject {
	var buttons []fyne.CanvasObject
	text := p.say("sign-in.browser-text", nil)
	button := func(make func(string, fyne.Resource, func()) *widgets.Button, key string, tapped func()) {
		b := make(p.say(key, nil), nil, tapped)
		buttons = append(buttons, b)
		if p.focus == nil {
			p.focus = b
		}
	}
	_, refused := p.session.SignInRefused()
	switch {
	case !k.Account.SignedIn() && k.Err != nil: // what is saved may be read yet
		button(widgets.NewButton, "sign-in.begin", p.showGuide)
	case !k.Account.SignedIn():
		button(widgets.NewPrimary, "sign-in.begin", p.showGuide)
	case p.keptApp() == nil:
		button(widgets.NewButton, "sign-in.begin-again", p.showGuide)
	default:
		text = p.say("sign-in.again-text", checks.Args{"application": k.Account.ClientID})
		again := widgets.NewButton
		if refused {
			again = widgets.NewPrimary
		}
		button(again, "sign-in.again", func() { p.confirmBegin(*p.keptApp()) })
		button(widgets.NewLowEmphasis, "sign-in.other-application", p.showGuide)
	}
	return widgets.Card(widgets.Column(10, heading(p.say("sign-in.browser", nil)),
		widgets.NewText(text, widgets.Font{Color: widgets.Muted, Selectable: true}), widgets.Flow(8, buttons...)))
}

// keptApp is the saved application, to sign in with once more; nil if there is none, or if its identity is what was refused.
func (p *signInPage) keptApp() *oauthflow.App {
	k := p.session.Keys
	if k == nil || k.SignIn == nil || k.SignIn.App().ClientID == "" {
		return nil
	}
	if r, refused := p.session.SignInRefused(); refused && (r.Cause == checks.ClientInvalid || r.Cause == checks.AppUnknown) {
		return nil
	}
	kept := k.SignIn.App()
	return &kept
}

// finished says that something was saved for a portal, if that one is still shown.
func (p *signInPage) finished(s *model.Session) {
	if p.session == s {
		p.done = p.say("sign-in.done", nil)
	}
}

// showGuide opens the guide in this section.
func (p *signInPage) showGuide() {
	p.guided = true
	p.refresh()
	p.focusOn(p.focus)
}

// openGuide opens the section with the guide, or with the saved application to sign in with again.
func (p *signInPage) openGuide() {
	p.switchTo(p.model.Current)
	unread := p.session.Keys != nil && p.session.Keys.Err != nil
	p.guided = !unread && p.keptApp() == nil
	p.nav.openSection("sign-in")
}

// webhookCard takes a webhook.
func (p *signInPage) webhookCard(k *app.Keys) fyne.CanvasObject {
	address := p.session.Target.Address
	check := func(text string) string {
		_, mistake := p.readWebhook(text)
		return mistake
	}
	_, entry := p.entry(&p.webhook, p.say("sign-in.webhook-address", nil), true, maxKey, check, p.saveWebhook)
	buttons := []fyne.CanvasObject{widgets.NewButton(p.say("sign-in.save", nil), nil, p.saveWebhook)}
	if p.session.Demo {
		buttons = append(buttons, widgets.NewLowEmphasis(p.say("sign-in.sample", nil), nil, func() {
			p.webhook = field{text: p.runs.demo.Sample.Webhook}
			p.fill()
		}))
	}
	pages := widgets.Flow(8)
	for _, menu := range oauthflow.Menus() {
		pages.Add(widgets.NewLowEmphasis(p.say("sign-in.open-"+string(menu), nil), theme.ComputerIcon(), func() { p.dialogs.openURL(menu.Webhooks(address)) }))
	}
	return widgets.Card(widgets.Column(10, heading(p.say("sign-in.webhook", nil)),
		widgets.NewText(p.say("sign-in.webhook-text", nil), widgets.Font{Color: widgets.Muted, Selectable: true}),
		widgets.NewText(p.say("sign-in.webhook-how", nil), widgets.Font{Selectable: true}),
		pages, entry, p.place(k), widgets.Flow(8, buttons...)))
}

// readWebhook reads what was pasted as the portal's webhook, or says what is wrong with it.
func (p *signInPage) readWebhook(text string) (portal.Webhook, string) {
	webhook, err := app.ParseWebhook(secret.New(text), p.session.Target.Address)
	if bad, ok := errors.AsType[*app.InputError](err); ok {
		key := map[app.InputCode]string{app.NoWebhook: "no-webhook", app.WebhookHTTP: "webhook-http", app.OtherWebhook: "other-portal"}[bad.Code]
		return webhook, p.say("sign-in."+key, checks.Args{"portal": bad.Args["other"]})
	}
	return webhook, ""
}

func (p *signInPage) saveWebhook() {
	webhook, mistake := p.readWebhook(p.webhook.text)
	if mistake != "" {
		p.webhook.mistake = mistake
		p.fill()
		return
	}
	s, a := p.session, p.runs.accessOf(p.session)
	p.webhook, p.reading = field{}, true
	p.background(func(ctx context.Context) func() {
		err := a.SaveWebhook(ctx, webhook)
		k := a.Keys(ctx, s.Target.Address)
		return func() {
			if err != nil {
				k.Err = err
			} else {
				p.finished(s)
			}
			p.showCredentials(s, k)
		}
	})
	p.refresh()
}

// place shows where credentials are stored; if not in the keyring, why, with a button to retry.
func (p *signInPage) place(k *app.Keys) fyne.CanvasObject {
	if k.Unkept == nil {
		return widgets.NewText(p.say("sign-in.place", checks.Args{"place": p.words.Say("sign-in.place-"+k.Place.Keeper(), nil)}), widgets.Font{Color: widgets.Muted})
	}
	row := widgets.NewRow(widgets.RowContent{Sign: style.Notice, Title: p.say("sign-in.memory", nil), Detail: p.keyringProblem(k.Unkept), LowEmphasis: true}, nil)
	return widgets.BesideOrBelow(8, 260, row.Object, widgets.NewButton(p.say("sign-in.retry", nil), nil, p.readAgain))
}

// keyringProblem says what is wrong with the keyring.
func (p *signInPage) keyringProblem(err error) string {
	return model.KeyringProblem(p.words, p.session.Target.Address, err)
}
