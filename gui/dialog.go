package gui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/checks"
	"boxready/gui/widgets"
)

// question is something that is answered with yes or no.
type question struct {
	title string
	text  string // what happens then, in one honest sentence
	more  string // and another; "" for none
	small string // what it is about; "" for nothing more
	yes   string // the word on the button
}

// ask asks a question. Esc is no.
func (w *Window) ask(q question, yes func()) {
	agree := widgets.NewPrimary(q.yes, nil, func() {
		w.closeDialog()
		yes()
	})
	no := widgets.NewButton(w.say("consent.no", nil), nil, w.closeDialog)
	lines := []fyne.CanvasObject{heading(q.title), widgets.NewText(q.text, widgets.Font{Selectable: true})}
	if q.more != "" {
		lines = append(lines, widgets.NewText(q.more, widgets.Font{Selectable: true}))
	}
	if q.small != "" {
		lines = append(lines, widgets.NewText(q.small, widgets.Font{Color: widgets.Muted, Selectable: true}))
	}
	w.showDialog(widgets.Column(12, append(lines, widgets.Flow(8, agree, no))...), no)
}

// tell says something that can be selected and copied.
func (w *Window) tell(title, text string) {
	done := widgets.NewPrimary(w.say("close", nil), nil, w.closeDialog)
	copies := w.copyButton("filter.copy-plain", func() string { return text })
	w.showDialog(widgets.Column(12, heading(title), widgets.NewText(text, widgets.Font{Selectable: true}), widgets.Flow(8, done, copies)), done)
}

func heading(text string) fyne.CanvasObject {
	return widgets.NewText(text, widgets.Font{Size: theme.SizeNameSubHeadingText, Bold: true})
}

// showDialog shows content over the window, with the focus on one of its buttons. Esc closes it.
func (w *Window) showDialog(content *fyne.Container, focus fyne.Focusable) {
	w.showDialogUpTo(520, content, focus)
}

// showDialogUpTo is showDialog with another width at most.
func (w *Window) showDialogUpTo(width float32, content *fyne.Container, focus fyne.Focusable) {
	w.closeDialog()
	canvas := w.fyne.Canvas()
	w.focusBefore = canvas.Focused()
	page := widgets.NewPage(widgets.Pad(12, 14, 12, 14, content))
	w.dialog = widget.NewModalPopUp(page, canvas)
	w.fitDialog = func() {
		width := min(width, canvas.Size().Width-40)
		w.dialog.Resize(fyne.NewSize(width, min(widgets.Fit(content, width-36)+34, canvas.Size().Height-40)))
		page.Refit()
	}
	w.fitDialog()
	w.dialog.Show()
	canvas.Focus(focus)
}

func (w *Window) closeDialog() {
	if w.dialog == nil {
		return
	}
	w.dialog.Hide()
	w.dialog, w.fitDialog = nil, func() {}
	if f := w.unanswered; f != nil {
		w.unanswered = nil
		f()
	}
	if w.focusBefore != nil {
		w.fyne.Canvas().Focus(w.focusBefore)
	}
}

// consent asks for one of the yeses that a check needs.
func (w *Window) consent(c checks.Consent, yes func()) {
	key := "consent." + string(c)
	w.ask(question{
		title: w.words.Say(key+".title", nil), text: w.words.Say(key+".text", nil),
		small: w.say("consent.portal", checks.Args{"portal": w.model.Current.Target.Address.Display()}), yes: w.say("consent.yes", nil),
	}, yes)
}

// browse opens an address in the browser; where that fails, it says the address.
func (w *Window) browse(address string) {
	w.background(func(context.Context) func() {
		if w.p.OpenURL(address) == nil {
			return nil
		}
		return func() { w.tell(w.say("no-browser", nil), address) }
	})
}
