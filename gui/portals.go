package gui

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/store"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/portal"
)

// portalsPage lists the portals that were checked on this computer.
type portalsPage struct {
	scaffold
	dialogs *dialogs
	runs    *runner
	portals portalOpener
	list    *fyne.Container
}

func (p *portalsPage) build() fyne.CanvasObject {
	p.list = widgets.Column(0)
	p.fill()
	fresh := widgets.NewButton(p.say("portals.new", nil), nil, p.portals.newPortal)
	head := widgets.BesideOrBelow(10, 160, title(p.say("portals.title", nil)), fresh)
	p.root = widgets.Stack()
	p.setContent(head, widgets.NewText(p.say("portals.explain", nil), widgets.Font{Color: widgets.Muted}), widgets.Card(p.list))
	return p.root
}

func (p *portalsPage) fill() {
	p.list.Objects = nil
	for i, past := range p.params.Store.Portals() {
		if i > 0 {
			p.list.Add(widgets.Line())
		}
		forget := widgets.NewLowEmphasis(p.say("portals.forget", nil), nil, func() { p.forget(past) })
		p.list.Add(widgets.BesideOrBelow(8, 260, portalRow(p.environment, past, p.portals.openPortal), forget))
	}
	if p.list.Objects == nil {
		p.list.Add(widgets.NewText(p.say("portals.empty", nil), widgets.Font{Color: widgets.Muted}))
	}
}

// initialFocus leaves the focus where it is.
func (p *portalsPage) initialFocus() fyne.Focusable { return p.fyne.Canvas().Focused() }

// refresh shows what has changed in the model.
func (p *portalsPage) refresh() {
	p.fill()
	p.page.Refit()
}

// portalRow is a portal with its last verdict; pressing it opens the portal.
func portalRow(w *environment, past store.Portal, open func(address string)) fyne.CanvasObject {
	sign, verdict := model.PastVerdict(w.words, past.Verdict)
	content := widgets.RowContent{Sign: style.Sign(sign), Title: displayAddress(past.Address), Detail: verdict, Chevron: widgets.Navigates}
	if past.Verdict != "" {
		content.Aside = model.When(w.words, past.Checked)
		if n := past.Count(checks.Problem); n > 0 {
			content.Detail += " · " + w.words.Count("window.portals.problems", n)
		}
	}
	if s := w.model.Session(past.Address); s != nil && s.Running {
		content.Sign, content.Detail = style.Waiting, w.say("portals.running", nil)
	}
	return widgets.NewRow(content, func() { open(past.Address) }).Object
}

// displayAddress formats a saved address without https://.
func displayAddress(address string) string {
	if a, err := portal.ParseAddress(address); err == nil {
		return strings.TrimPrefix(a.Display(), "https://")
	}
	return address
}

// openPortal opens a portal's session.
func (w *Window) openPortal(address string) {
	parsed, err := portal.ParseAddress(address)
	if err != nil {
		return // the saved address is damaged
	}
	w.closeReport()
	w.leaveDemo()
	w.model.Open(parsed)
	w.checkPage.reset()
	w.frame.show("check")
}

// newPortal lets the owner type another address.
func (w *Window) newPortal() {
	w.closeReport()
	w.leaveDemo()
	w.model.Current = nil
	w.checkPage.reset()
	w.frame.show("check")
}

func (p *portalsPage) forget(past store.Portal) {
	args := checks.Args{"portal": displayAddress(past.Address)}
	p.dialogs.confirm(question{title: p.say("portals.forget-title", args), text: p.say("portals.forget-text", args), yes: p.say("portals.forget-yes", nil)}, func() {
		if s := p.model.Session(past.Address); s != nil && p.runs.stop[s] != nil {
			p.runs.stop[s]()
		}
		p.model.Forget(past.Address)
		p.background(func(context.Context) func() {
			_ = p.params.Store.Forget(past.Address) // as with saveRun
			if p.params.History != nil {
				_ = p.params.History.Delete(past.Address)
			}
			return p.portals.rebuild
		})
	})
}

// recent are the portals that were checked last; nil if there are none.
func (p *checkPage) recent(n int) fyne.CanvasObject {
	portals := p.params.Store.Portals()
	if len(portals) == 0 {
		return nil
	}
	lines := []fyne.CanvasObject{widgets.Pad(2, 8, 6, 8, widgets.NewText(p.say("check.recent", nil), widgets.Font{Size: style.SizeSmall, Color: widgets.Muted, Bold: true}))}
	for i, past := range portals[:min(n, len(portals))] {
		if i > 0 {
			lines = append(lines, widgets.Line())
		}
		lines = append(lines, portalRow(p.environment, past, p.portals.openPortal))
	}
	return widgets.Card(widgets.Column(0, lines...))
}
