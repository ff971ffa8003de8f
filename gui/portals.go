package gui

import (
	"context"
	"slices"
	"time"

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
	sweep   *sweep
	portals portalOpener

	// Of the content that is shown.
	list  *fyne.Container
	lines map[string]portalLine // by address
	all   *widgets.Button       // checks all portals, or stops that
	state *widgets.Text         // of that
}

func (p *portalsPage) build() fyne.CanvasObject {
	p.list, p.lines = widgets.Column(0), map[string]portalLine{}
	p.all = widgets.NewButton("", nil, nil)
	p.state = widgets.NewText("", widgets.Font{Color: widgets.Muted})
	p.fill()
	fresh := widgets.NewButton(p.say("portals.new", nil), nil, p.portals.newPortal)
	head := widgets.BesideOrBelow(10, 160, title(p.say("portals.title", nil)), widgets.Beside(8, false, p.all, fresh, nil))
	p.root = widgets.Stack()
	p.setContent(head, widgets.NewText(p.say("portals.explain", nil), widgets.Font{Color: widgets.Muted}), p.state, widgets.Card(p.list))
	return p.root
}

// shown are the portals in the order of the list, which stays while all are checked.
func (p *portalsPage) shown() []store.Portal {
	portals := p.params.Store.Portals()
	if p.sweep.running() {
		place := func(past store.Portal) int { return slices.Index(p.sweep.order, past.Address) }
		slices.SortStableFunc(portals, func(a, b store.Portal) int { return place(a) - place(b) })
	}
	return portals
}

// fill shows the portals; lines that are there already, and may have the focus, get what has changed.
func (p *portalsPage) fill() {
	portals := p.shown()
	p.fillAll(portals)
	var objects []fyne.CanvasObject
	for i, past := range portals {
		if i > 0 {
			objects = append(objects, widgets.Line())
		}
		line, ok := p.lines[past.Address]
		if content := p.content(past); ok {
			line.row.Set(content)
		} else {
			forget := widgets.NewLowEmphasis(p.say("portals.forget", nil), nil, func() { p.forget(past) })
			line.row = widgets.NewRow(content, func() { p.portals.openPortal(past.Address) })
			line.object = widgets.BesideOrBelow(8, 260, line.row.Object, forget)
			p.lines[past.Address] = line
		}
		objects = append(objects, line.object)
	}
	if objects == nil {
		objects = append(objects, widgets.NewText(p.say("portals.empty", nil), widgets.Font{Color: widgets.Muted}))
	}
	p.list.Objects = objects
	widgets.Relayout(p.list)
}

// portalLine is a line of the list: a portal, and the button that forgets it.
type portalLine struct {
	row    *widgets.Row
	object fyne.CanvasObject
}

// fillAll shows how far the check of all portals is.
func (p *portalsPage) fillAll(portals []store.Portal) {
	s := p.sweep
	p.all.Hidden = len(portals) < 2 && !s.running()
	args := checks.Args{"done": s.done, "total": len(s.order)}
	label, state, tapped := "portals.check-all", "", func() {
		var addresses []string
		for _, past := range portals {
			addresses = append(addresses, past.Address)
		}
		s.start(addresses)
	}
	switch {
	case s.running():
		label, state, tapped = "portals.check-all-stop", p.say("portals.check-all-progress", args), s.stop
	case s.stopped:
		state = p.say("portals.check-all-stopped", args)
	case s.order != nil:
		state = p.words.Count("window.portals.check-all-done", s.done)
	}
	p.all.SetText(p.say(label, nil))
	p.all.OnTapped = tapped
	p.state.SetText(state)
	p.state.Hidden = state == ""
}

// content is the row of a portal.
func (p *portalsPage) content(past store.Portal) widgets.RowContent {
	content := portalContent(p.environment, past)
	switch {
	case content.Sign == style.Waiting:
	case slices.Contains(p.sweep.queue, past.Address):
		content.Detail = p.say("portals.queued", nil)
	case slices.Contains(p.sweep.skipped, past.Address):
		content.Detail = p.say("portals.check-all-skipped", nil)
	}
	return content
}

// initialFocus leaves the focus where it is.
func (p *portalsPage) initialFocus() fyne.Focusable { return p.fyne.Canvas().Focused() }

// refresh shows what has changed in the model.
func (p *portalsPage) refresh() {
	p.fill()
	p.page.Refit()
}

// portalContent is a portal with its last verdict.
func portalContent(w *environment, past store.Portal) widgets.RowContent {
	sign, verdict := model.PastVerdict(w.words, past.Verdict)
	content := widgets.RowContent{Sign: style.Sign(sign), Title: displayAddress(past.Address), Detail: verdict, Chevron: widgets.Navigates}
	if past.Verdict != "" {
		content.Aside = model.When(w.words, past.Checked)
		if n := past.Count(checks.Problem); n > 0 && past.Verdict != checks.NotSeen { // which says nothing about the portal
			content.Detail += " · " + w.words.Count("window.portals.problems", n)
		}
	}
	if s := w.model.Session(past.Address); s != nil && s.Running {
		content.Sign, content.Detail = style.Waiting, w.say("portals.running", nil)
	}
	return content
}

// takeOverRuns takes over the last verdicts of portals that were checked without the window: every day by the system's scheduler, for
// instance. A run that didn't see the portal says nothing about it.
func (w *Window) takeOverRuns() {
	portals := w.params.Store.Portals()
	if w.params.History == nil || len(portals) == 0 {
		return
	}
	w.background(func(context.Context) func() {
		some := false
		for _, past := range portals {
			saved, err := w.params.History.After(past.Address, past.Checked)
			if err != nil || saved == nil || saved.Verdict == checks.NotSeen {
				continue // as without a history
			}
			p := store.Portal{Address: past.Address, Checked: saved.Finished.UTC().Truncate(time.Second), Verdict: saved.Verdict}
			for _, e := range saved.Results {
				p.Results = append(p.Results, store.Past{Check: e.Check, State: e.State, Cause: e.Cause, Acknowledged: e.Acknowledged != nil})
			}
			some = w.params.Store.Update(p) == nil || some // as with saveRun
		}
		if !some {
			return nil
		}
		return func() {
			if w.model.Current == nil { // the last portals stand below the address
				w.checkPage.refill()
			}
			w.changed()
		}
	})
}

// displayAddress formats a saved address without https://.
func displayAddress(address string) string {
	if a, err := portal.ParseAddress(address); err == nil {
		return a.Name()
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
	p.dialogs.confirm(question{title: p.say("portals.forget-title", args), text: p.say("portals.forget-text", args), yes: p.say("portals.forget-yes", nil), deletes: true}, func() {
		if s := p.model.Session(past.Address); s != nil && p.runs.stop[s] != nil {
			p.runs.stop[s]()
		}
		p.model.Forget(past.Address)
		p.background(func(ctx context.Context) func() {
			_ = p.params.Store.Forget(past.Address) // as with saveRun
			off := p.dropDaily(ctx, past.Address)
			if p.params.History != nil {
				_ = p.params.History.Delete(past.Address)
			}
			return func() {
				p.portals.rebuild()
				if off != nil {
					p.dialogs.showMessage(p.say("daily.title", nil), p.dailyProblem(off))
				}
			}
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
		lines = append(lines, widgets.NewRow(portalContent(p.environment, past), func() { p.portals.openPortal(past.Address) }).Object)
	}
	return widgets.Card(widgets.Column(0, lines...))
}
