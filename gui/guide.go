package gui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/words"
	"boxready/oauthflow"
)

// attempt is one attempt to sign in through the browser.
type attempt struct {
	session *model.Session
	access  Access
	app     oauthflow.App
	region  *app.RegionChoice
	cancel  func()
	stage   attemptStage
	flow    *oauthflow.Flow // while it waits for the browser
	begun   time.Time       // when waiting began
	ends    time.Time
	pasting bool
	asking  bool            // for the region, so that what was pasted can be used
	other   bool            // the browser brought the answer to another attempt
	err     error           // why it failed
	token   oauthflow.Token // that could not be saved
}

type attemptStage string

const (
	checkingAddress  attemptStage = "looking"
	waitingForPortal attemptStage = "waiting"
	savingSignIn     attemptStage = "keeping"
	signInFailed     attemptStage = "failed"
	signInNotSaved   attemptStage = "unkept" // it worked, but could not be saved
)

// noAnswer reports whether to explain why there may be no answer.
func (a *attempt) noAnswer(now time.Time) bool {
	return a.stage == waitingForPortal && now.Sub(a.begun) >= oauthflow.NoAnswerAfter
}

// left is a text with the remaining time.
func (a *attempt) left(w *environment) string {
	left := max(0, a.ends.Sub(w.params.Now()).Round(time.Second))
	return w.say("sign-in.waiting", checks.Args{"left": fmt.Sprintf("%d:%02d", int(left.Minutes()), int(left.Seconds())%60)})
}

// guide builds the page that guides through the sign-in.
func (p *signInPage) guide() (head fyne.CanvasObject, content []fyne.CanvasObject) {
	_, head = p.backHead(p.say("sign-in.browser", nil), p.leaveGuide)
	register := p.registerCard()
	p.focus = p.chosenMenu
	keys := p.keysCard()
	if a := p.attempt; a != nil && a.session == p.session {
		return head, []fyne.CanvasObject{p.attemptCard(a), keys, register} // its buttons are in sight in any window
	}
	if r, found := p.session.SignInObstacle(); found {
		content = append(content, p.obstacleCard(r))
	}
	return head, append(content, register, keys)
}

// obstacleCard says that a sign-in will fail, and why.
func (p *signInPage) obstacleCard(r checks.Result) fyne.CanvasObject {
	row := widgets.NewRow(widgets.RowContent{Sign: style.Notice, Title: p.words.Finding(r, p.session.Target.Address.Display()).Title,
		Detail: p.say("sign-in.obstacle-"+string(r.Check), nil), Chevron: widgets.Navigates}, func() { p.nav.showResult(r, "") })
	return widgets.Card(row.Object)
}

// leaveGuide shows the overview again. An attempt that is under way is cancelled.
func (p *signInPage) leaveGuide() {
	p.cancelAttempt()
	p.guided = false
	p.refresh()
}

// cancelAttempt cancels the attempt.
func (p *signInPage) cancelAttempt() {
	if p.attempt != nil {
		p.attempt.cancel()
		p.attempt = nil
	}
}

// escape cancels the attempt, or leaves the guide.
func (p *signInPage) escape() {
	switch {
	case p.attempt != nil:
		p.cancelAttempt()
		p.refresh()
	case p.guided:
		p.leaveGuide()
	}
}

// registerCard explains how to register the application on the portal.
func (p *signInPage) registerCard() fyne.CanvasObject {
	address := p.session.Target.Address
	menus := widgets.Flow(8)
	for _, menu := range oauthflow.Menus() {
		chip := widgets.NewChip(func() {
			p.menu = menu
			p.fill()
			p.focusOn(p.chosenMenu)
		})
		chip.Set("", p.words.Say("sign-in.register."+string(menu)+".name", nil), menu == p.menu)
		menus.Add(chip.Object)
		if menu == p.menu {
			p.chosenMenu, _ = chip.Object.(fyne.Focusable)
		}
	}
	page := p.menu.Applications(address)
	values := map[string]value{
		"page":       {page, func() { p.dialogs.openURL(page) }},
		"address":    {p.runs.accessOf(p.session).ReturnAddress(), nil},
		"permission": {strings.Join(oauthflow.Permissions(), ", "), nil},
	}
	lines := []fyne.CanvasObject{heading(p.say("sign-in.register", nil)), menus}
	return widgets.Card(widgets.Column(10, append(lines, p.steps("sign-in.register."+string(p.menu), values)...)...))
}

// keysCard takes the application's keys, and begins the sign-in.
func (p *signInPage) keysCard() fyne.CanvasObject {
	_, idField := p.entry(&p.id, p.say("sign-in.client-id", nil), false, maxKey, func(text string) string { return p.appMistake(text, validSecret) }, p.tryToBegin)
	_, secretField := p.entry(&p.secret, p.say("sign-in.client-secret", nil), true, maxKey, func(text string) string { return p.appMistake(validID, text) }, p.tryToBegin)
	lines := []fyne.CanvasObject{heading(p.say("sign-in.paste-keys", nil)), idField, secretField}
	if k := p.session.Keys; k != nil {
		lines = append(lines, p.place(k))
	}
	buttons := widgets.Flow(8)
	if p.attempt == nil || p.attempt.stage == signInFailed {
		begin := widgets.NewPrimary(p.say("sign-in.open-browser", nil), nil, p.tryToBegin)
		buttons.Add(begin)
		if p.attempt != nil {
			p.focus = begin
		}
	}
	if p.session.Demo {
		buttons.Add(widgets.NewLowEmphasis(p.say("sign-in.sample", nil), nil, func() {
			p.id, p.secret = field{text: p.runs.demo.Sample.ClientID}, field{text: p.runs.demo.Sample.ClientSecret}
			p.fill()
		}))
	}
	if len(buttons.Objects) > 0 {
		lines = append(lines, buttons)
	}
	return widgets.Card(widgets.Column(10, lines...))
}

// CheckApp stops at the first mistake, so each value is checked together with a valid other one.
var (
	validID     = "local.00000000000000.00000000"
	validSecret = strings.Repeat("0", 50)
)

// appMistake says what is wrong with an application's keys; "" for nothing.
func (p *signInPage) appMistake(id, secret string) string {
	_, err := oauthflow.CheckApp(id, secret)
	var wrong *oauthflow.AppError
	if !errors.As(err, &wrong) {
		return ""
	}
	return words.UpperFirst(p.words.Say("sign-in.app-"+string(wrong.Problem), checks.Args{"field": p.words.Say("sign-in.field-"+wrong.Field, nil)}))
}

// tryToBegin begins to sign in if the keys are well-formed and the owner confirms the address.
func (p *signInPage) tryToBegin() {
	if p.attempt != nil && p.attempt.stage != signInFailed {
		return
	}
	p.id.mistake, p.secret.mistake = p.appMistake(p.id.text, validSecret), p.appMistake(validID, p.secret.text)
	application, err := oauthflow.CheckApp(p.id.text, p.secret.text)
	if err != nil {
		p.fill()
		return
	}
	p.confirmBegin(application)
}

// confirmBegin begins to sign in with an application, unless the owner is to be asked first: about the address, or because the last
// run saw that it will fail.
func (p *signInPage) confirmBegin(application oauthflow.App) {
	a := &attempt{session: p.session, access: p.runs.accessOf(p.session), app: application, region: app.NewRegionChoice(p.session.Target.Region)}
	begin := func() { p.begin(a, false) }
	if r, found := p.session.SignInObstacle(); found {
		begin = func() {
			p.dialogs.confirm(question{title: p.words.Finding(r, p.session.Target.Address.Display()).Title,
				text: p.say("sign-in.obstacle-"+string(r.Check), nil), yes: p.say("sign-in.anyway", nil)}, func() { p.begin(a, false) })
		}
	}
	if p.session.Agreed(checks.Deep) {
		begin()
		return
	}
	args := checks.Args{"portal": p.session.Target.Address.Display()}
	p.dialogs.confirm(question{title: p.say("sign-in.confirm-title", nil), text: p.words.Say("sign-in.confirm", args), yes: p.say("sign-in.confirm-yes", nil)}, func() {
		p.session.Allow(checks.Deep)
		begin()
	})
}

// begin starts or repeats an attempt. With paste, the owner will paste the answer.
func (p *signInPage) begin(a *attempt, paste bool) {
	ctx, cancel := context.WithCancel(p.ctx)
	stopTicking := p.every(time.Second, p.changed)
	stop := func() {
		cancel()
		stopTicking()
	}
	a.cancel, a.stage, a.err, a.pasting, a.asking, p.attempt, p.code = stop, checkingAddress, nil, paste, false, a, field{}
	wanted := app.SignIn{Portal: a.session.Target.Address, App: a.app, Region: a.region, PasteOnly: paste, Page: p.words.SignInPage()}
	prepared := a.session.SignInPrepared(p.params.Now())
	earlier := p.ended
	p.background(func(context.Context) func() {
		if earlier != nil {
			earlier.Close() // it has the port
		}
		if !prepared {
			if err := a.access.MaySignIn(ctx, checks.Target{Address: wanted.Portal}, nil); err != nil {
				return func() { p.failed(a, err) }
			}
		}
		flow, err := a.access.StartSignIn(ctx, wanted)
		if err != nil {
			return func() { p.failed(a, err) }
		}
		p.do(func() { p.waiting(a, flow) })
		select {
		case <-flow.OtherState():
			p.do(func() { p.otherState(a) })
		case <-flow.Done():
		case <-ctx.Done():
		}
		token, err := flow.Wait(ctx)
		if ctx.Err() != nil {
			flow.Close()
			return func() { p.failed(a, err) }
		}
		return func() {
			p.closeLater(flow)
			if err != nil {
				p.failed(a, err)
			} else {
				p.saveSignIn(a, token)
			}
		}
	})
	p.showAttempt()
}

// showAttempt shows the state of the attempt, unless another section is open.
func (p *signInPage) showAttempt() {
	if p.nav.isOpen("sign-in") {
		p.refresh()
		if p.guided {
			p.page.SetOffset(0) // the attempt is shown first
		}
	}
}

func (p *signInPage) waiting(a *attempt, flow *oauthflow.Flow) {
	if p.attempt != a {
		return
	}
	a.stage, a.flow, a.begun = waitingForPortal, flow, p.params.Now()
	a.ends = a.begun.Add(time.Until(flow.Deadline()))
	flow.OpenBrowser()
	p.showAttempt()
}

// reloadable is how long the browser can load the page with the outcome again.
const reloadable = 30 * time.Second

// closeLater closes a flow when nobody is likely to look at its page any more, or with the window.
func (p *signInPage) closeLater(flow *oauthflow.Flow) {
	p.ended = flow
	p.background(func(ctx context.Context) func() {
		select {
		case <-time.After(reloadable):
		case <-ctx.Done():
		}
		flow.Close()
		return nil
	})
}

func (p *signInPage) otherState(a *attempt) {
	a.other = true
	if p.attempt == a && p.nav.isOpen("sign-in") {
		p.fill()
	}
}

func (p *signInPage) failed(a *attempt, err error) {
	if p.attempt != a {
		return
	}
	a.cancel()
	a.stage, a.flow, a.err = signInFailed, nil, err
	p.showAttempt()
}

// saveSignIn saves the token.
func (p *signInPage) saveSignIn(a *attempt, token oauthflow.Token) {
	if p.attempt != a {
		return
	}
	a.cancel()
	a.stage, a.flow, a.token = savingSignIn, nil, token
	p.background(func(ctx context.Context) func() {
		address := a.session.Target.Address
		if err := a.access.SaveSignIn(ctx, address, a.app, token); err != nil {
			return func() {
				a.stage, a.err = signInNotSaved, err
				p.showAttempt()
			}
		}
		k := a.access.Keys(ctx, address)
		return func() {
			if p.attempt == a {
				p.attempt, p.guided, p.id, p.secret = nil, false, field{}, field{}
			}
			p.signedIn(a.session, k)
		}
	})
	p.showAttempt()
}

// signedIn goes on with what only a sign-in shows: it checks the portal, and asks for attention, which the browser has.
func (p *signInPage) signedIn(s *model.Session, k app.Keys) {
	if k.Err != nil || s.Running {
		p.finished(s)
		p.showCredentials(s, k)
		return
	}
	p.done = ""
	p.showCredentials(s, k)
	if p.session == s && p.nav.isOpen("sign-in") {
		p.nav.openSection("check")
	}
	p.runs.run(s)
	p.nav.callAttention(p.say("sign-in.signed-in", nil), p.say("sign-in.goes-on", checks.Args{"portal": s.Target.Address.Display()}))
}

// attemptCard shows the state of the attempt.
func (p *signInPage) attemptCard(a *attempt) fyne.CanvasObject {
	cancel := widgets.NewButton(p.say("sign-in.cancel", nil), nil, p.escape)
	switch a.stage {
	case checkingAddress:
		p.focus = cancel
		return p.attemptLines(style.Waiting, p.say("sign-in.looking", nil), nil, cancel)
	case savingSignIn:
		return p.attemptLines(style.Waiting, p.say("sign-in.keeping", nil), p.texts(p.say("sign-in.reading-detail", nil)))
	case signInNotSaved:
		again := widgets.NewPrimary(p.say("sign-in.retry", nil), nil, func() { p.saveSignIn(a, a.token) })
		p.focus = again
		return p.attemptLines(style.Notice, p.say("sign-in.unkept", nil), p.texts(p.keyringProblem(a.err)), again, cancel)
	case waitingForPortal:
		return p.waitingCard(a, cancel)
	default:
		return p.failedCard(a)
	}
}

func (p *signInPage) texts(texts ...string) (lines []fyne.CanvasObject) {
	for _, text := range texts {
		if text != "" {
			lines = append(lines, widgets.NewText(text, widgets.Font{Selectable: true}))
		}
	}
	return lines
}

func (p *signInPage) attemptLines(sign style.Sign, title string, lines []fyne.CanvasObject, buttons ...fyne.CanvasObject) fyne.CanvasObject {
	headline := widgets.NewText(title, widgets.Font{Bold: true, Selectable: true})
	p.countdown = headline
	if p.attempt.stage != waitingForPortal {
		p.countdown = nil
	}
	lines = append([]fyne.CanvasObject{headline}, lines...)
	if len(buttons) > 0 {
		lines = append(lines, widgets.Pad(4, 0, 0, 0, widgets.Flow(8, buttons...)))
	}
	return widgets.Card(widgets.Beside(12, true, widgets.SmallSign(sign), widgets.Column(8, lines...), nil))
}

func (p *signInPage) waitingCard(a *attempt, cancel *widgets.Button) fyne.CanvasObject {
	lines := p.texts(p.say("sign-in.waiting-text", nil))
	if a.session.Demo {
		lines = p.texts(p.say("sign-in.waiting-demo", nil))
	}
	if err := a.flow.BrowserError(); err != nil {
		key := "sign-in.browser-failed"
		if errors.Is(err, oauthflow.ErrNoBrowser) {
			key = "sign-in.no-browser"
		}
		lines = append(lines, p.texts(p.say(key, nil))...)
	}
	if a.other {
		lines = append(lines, p.texts(p.say("sign-in.other-state", nil))...)
	}
	address := widgets.Inset(widgets.NewText(a.flow.URL(), widgets.Font{Size: style.SizeSmall, Mono: true, Selectable: true}))
	lines = append(lines, address)
	again := widgets.NewButton(p.say("sign-in.open-again", nil), nil, a.flow.OpenBrowser)
	copies := p.copyButton("sign-in.copy-address", a.flow.URL)
	p.focus = again
	buttons := []fyne.CanvasObject{again, copies}
	if !a.pasting {
		buttons = append(buttons, widgets.NewButton(p.say("sign-in.paste", nil), nil, func() {
			a.pasting = true
			p.fill()
			p.focusOn(p.focus)
		}))
	} else {
		e, entry := p.entry(&p.code, p.say("sign-in.code", nil), false, maxCode, nil, func() { p.paste(a) })
		p.focus = e
		lines = append(lines, entry, widgets.Flow(8, widgets.NewPrimary(p.say("sign-in.take-code", nil), nil, func() { p.paste(a) })))
		if a.asking {
			lines = append(lines, p.askForRegion(a, func() { p.paste(a) })...)
		}
	}
	lines = append(lines, widgets.Pad(4, 0, 0, 0, widgets.Flow(8, append(buttons, cancel)...)))
	if a.noAnswer(p.params.Now()) { // below the buttons, which stay where they are
		lines = append(lines, p.noAnswerReasons(a)...)
	}
	return p.attemptLines(style.Waiting, a.left(p.environment), lines)
}

// noAnswerReasons say why there may be no answer.
func (p *signInPage) noAnswerReasons(a *attempt) []fyne.CanvasObject {
	lines := p.texts(p.words.Say("sign-in.silence", nil))
	for _, reason := range oauthflow.NoAnswerReasons() {
		text := p.words.Say("sign-in.silence-"+string(reason), checks.Args{"address": a.flow.ReturnAddress()})
		lines = append(lines, widgets.Beside(6, true, widgets.NewText("•", widgets.Font{OneLine: true}), widgets.NewText(text, widgets.Font{Selectable: true}), nil))
	}
	return lines
}

// paste takes what the owner copied from the browser.
func (p *signInPage) paste(a *attempt) {
	flow, text := a.flow, p.code.text
	if flow == nil {
		return
	}
	p.background(func(context.Context) func() {
		err := flow.Paste(text)
		return func() {
			if p.attempt != a || a.stage != waitingForPortal {
				return
			}
			a.asking = errors.Is(err, oauthflow.ErrRegionUnknown)
			p.code.mistake = p.pasteMistake(err)
			if p.nav.isOpen("sign-in") {
				p.fill()
			}
		}
	})
}

func (p *signInPage) pasteMistake(err error) string {
	var wrong *oauthflow.PasteError
	switch {
	case err == nil, errors.Is(err, oauthflow.ErrAnswered), errors.Is(err, oauthflow.ErrRegionUnknown):
		return ""
	case errors.As(err, &wrong):
		return p.words.Say("sign-in.paste-"+string(wrong.Problem), nil)
	default:
		return strings.Join(p.reason(err), " ")
	}
}

// reason says why a sign-in failed, with the server's error code and description.
func (p *signInPage) reason(err error) []string {
	return []string{p.words.Say("sign-in-page.reason-"+string(oauthflow.ReasonOf(err)), nil), oauthflow.Detail(err)}
}

// failedCard says why it failed, and what can be done.
func (p *signInPage) failedCard(a *attempt) fyne.CanvasObject {
	var (
		blocked *app.BlockedError
		port    *oauthflow.PortError
	)
	switch {
	case errors.As(a.err, &blocked):
		f := p.words.Finding(blocked.Result, a.session.Target.Address.Display())
		show := widgets.NewButton(p.say("sign-in.show-check", nil), nil, func() {
			p.nav.openSection("check")
			if a.session.Outcome == nil {
				p.runs.run(a.session)
			}
		})
		return p.attemptLines(style.Problem, p.say("sign-in.blocked", nil), p.texts(f.Title+".", f.Saw, p.say("sign-in.blocked-why", nil)), show)
	case errors.As(a.err, &port):
		paste := widgets.NewPrimary(p.say("sign-in.go-on-pasting", nil), nil, func() { p.begin(a, true) })
		p.focus = paste
		text := p.words.Say("sign-in.port-"+string(port.Reason), checks.Args{"port": oauthflow.Port})
		return p.attemptLines(style.Notice, p.say("sign-in.no-port", nil), p.texts(text), paste)
	case errors.Is(a.err, oauthflow.ErrRegionUnknown):
		return p.attemptLines(style.Unknown, p.say("sign-in.failed", nil), p.askForRegion(a, func() { p.begin(a, false) }))
	default:
		return p.attemptLines(style.Problem, p.say("sign-in.failed", nil), p.texts(p.reason(a.err)...))
	}
}

// askForRegion asks where the application's authorization server is.
func (p *signInPage) askForRegion(a *attempt, then func()) []fyne.CanvasObject {
	buttons := widgets.Flow(8)
	for _, region := range bitrix.Regions() {
		buttons.Add(widgets.NewButton(p.say("region."+string(region), nil), nil, func() {
			a.region.Set(region)
			then()
		}))
	}
	return append(p.texts(p.say("sign-in.which-region", nil)), buttons)
}
