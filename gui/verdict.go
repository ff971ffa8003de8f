package gui

import (
	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/words"
)

// verdictCard shows the verdict, and the one thing to do next.
type verdictCard struct {
	object             fyne.CanvasObject
	p                  *checkPage
	sign               *widgets.Sign
	title, text, owner *widgets.Text
	inference, apart   *widgets.Text
	proved             *fyne.Container
	progress           *widgets.Progress
	buttons            *fyne.Container
	buttonLine         *fyne.Container
	links              *fyne.Container // below the buttons
	primary            *widgets.Button // nil if there is nothing to do
	shown, before      model.Verdict
}

// ended reports whether the run has ended since the verdict was shown before.
func (v *verdictCard) ended() bool {
	return v.before.Running && !v.shown.Running
}

func newVerdictCard(p *checkPage) *verdictCard {
	v := &verdictCard{p: p, sign: widgets.NewSign("", 26), proved: widgets.Column(4), progress: widgets.NewProgress(), buttons: widgets.Flow(8),
		title:     widgets.NewText("", widgets.Font{Size: style.SizeTitle, Bold: true, Selectable: true}),
		text:      widgets.NewText("", widgets.Font{Selectable: true}),
		inference: widgets.NewText("", widgets.Font{Selectable: true}),
		apart:     widgets.NewText("", widgets.Font{Color: widgets.Muted, Selectable: true}),
		owner:     widgets.NewText("", widgets.Font{Color: widgets.Muted, Selectable: true})}
	v.links = widgets.Column(0)
	v.buttonLine = widgets.Pad(5, 0, 0, 0, widgets.Column(4, v.buttons, v.links))
	lines := widgets.Column(6, v.title, v.text, v.inference, v.owner, v.proved, v.apart, v.progress, v.buttonLine)
	v.object = widgets.Card(widgets.Beside(14, true, v.sign, lines, nil))
	return v
}

func (v *verdictCard) set(to model.Verdict) {
	v.sign.Set(style.Sign(to.Sign))
	v.title.SetText(to.Title)
	show := func(t *widgets.Text, text string) {
		t.SetText(text)
		t.Hidden = text == ""
	}
	show(v.text, to.Text)
	show(v.inference, to.Inference)
	show(v.owner, to.Owner)
	show(v.apart, to.Apart)
	v.progress.Hidden = !to.Running
	v.progress.Set(to.Done)
	if v.buttons.Objects == nil || to.Next.Action != v.shown.Next.Action || to.Button != v.shown.Button || to.Running != v.shown.Running || len(to.Proved) != len(v.shown.Proved) {
		v.proved.Objects = nil
		for _, line := range to.Proved {
			v.proved.Add(widgets.Beside(8, true, widgets.NewSign(style.OK, 16), widgets.NewText(line, widgets.Font{Selectable: true}), nil))
		}
		v.proved.Hidden = len(to.Proved) == 0
		v.setButtons(to)
	}
	v.before, v.shown = v.shown, to
	widgets.Relayout(v.buttons)
}

func (v *verdictCard) setButtons(to model.Verdict) {
	p := v.p
	v.primary, v.buttons.Objects, v.links.Objects = nil, []fyne.CanvasObject{}, nil
	if to.Button != "" {
		v.primary = widgets.NewPrimary(to.Button, nil, func() { p.act(v.shown.Next) })
		v.buttons.Add(v.primary)
	}
	s := p.model.Current
	v.buttonLine.Hidden = s.Outcome == nil || s.Running
	if v.buttonLine.Hidden {
		return
	}
	switch to.Next.Action {
	case words.EnterSignIn:
		v.links.Add(widgets.TextLink(p.say("next.webhook", nil), func() { p.nav.openSection("sign-in") }))
	case words.CheckAgain:
		if s.Outcome.Verdict == checks.NotSeen && !s.Demo {
			v.buttons.Add(widgets.NewButton(p.say("next.correct-address", nil), nil, p.editAddress))
		}
	case words.CorrectAddress:
		v.buttons.Add(widgets.NewButton(p.say("header.again", nil), nil, p.checkAgain))
	}
	if to.Next.Action == words.SaveReport && !s.Demo && !s.ReadOnly() {
		switch offer, below := p.daily.objects(s.Target.Address); {
		case offer != nil:
			v.buttons.Add(offer)
		case below != nil:
			v.links.Add(below)
		}
	}
	if to.Next.Action != words.SaveReport {
		v.buttons.Add(widgets.NewButton(p.say("header.report", nil), nil, func() { p.nav.openSection("report") }))
	}
}
