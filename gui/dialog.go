package gui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/checks"
	"boxready/gui/widgets"
)

// dialogs are shown over the pages: questions, messages, and choices of files.
type dialogs struct {
	*environment
	popup       *widget.PopUp  // nil if none is open
	focusBefore fyne.Focusable // had the focus before the popup was opened
	fit         func()         // fits the popup to its content
	onDismiss   func()         // called when the popup is closed without an answer; may be nil
	chooser     *chooser       // nil if none is open
}

// question is something that is answered with yes or no.
type question struct {
	title string
	text  string // what a yes does, in one sentence
	more  string // another sentence; "" for none
	small string // a muted line below, e.g. the portal; "" for none
	yes   string // the button's label
	// deletes is true if a yes can't be taken back: then no has the focus.
	deletes bool
}

// confirm asks a question. Esc is no.
func (d *dialogs) confirm(q question, yes func()) {
	agree := widgets.NewPrimary(q.yes, nil, func() {
		d.onDismiss = nil
		d.closeDialog()
		yes()
	})
	agree.Deliberate = true
	no := widgets.NewButton(d.say("consent.no", nil), nil, d.closeDialog)
	lines := []fyne.CanvasObject{heading(q.title), widgets.NewText(q.text, widgets.Font{Selectable: true})}
	if q.more != "" {
		lines = append(lines, widgets.NewText(q.more, widgets.Font{Selectable: true}))
	}
	if q.small != "" {
		lines = append(lines, widgets.NewText(q.small, widgets.Font{Color: widgets.Muted, Selectable: true}))
	}
	focus := agree
	if q.deletes {
		focus = no
	}
	d.showDialog(widgets.Column(12, append(lines, widgets.Flow(8, agree, no))...), focus)
}

// showMessage shows something that can be selected and copied.
func (d *dialogs) showMessage(title, text string) {
	done := widgets.NewPrimary(d.say("close", nil), nil, d.closeDialog)
	copies := d.copyButton("filter.copy-plain", func() string { return text })
	d.showDialog(widgets.Column(12, heading(title), widgets.NewText(text, widgets.Font{Selectable: true}), widgets.Flow(8, done, copies)), done)
}

func heading(text string) fyne.CanvasObject {
	return widgets.NewText(text, widgets.Font{Size: theme.SizeNameSubHeadingText, Bold: true})
}

// showDialog shows content over the window, with the focus on one of its buttons. Esc closes it.
func (d *dialogs) showDialog(content *fyne.Container, focus fyne.Focusable) {
	d.showDialogUpTo(520, content, focus)
}

// showDialogUpTo is showDialog with another maximum width.
func (d *dialogs) showDialogUpTo(width float32, content *fyne.Container, focus fyne.Focusable) {
	d.closeDialog()
	canvas := d.fyne.Canvas()
	d.focusBefore = canvas.Focused()
	page := widgets.NewPage(widgets.Pad(12, 14, 12, 14, content))
	var shown fyne.CanvasObject = page
	if d.plain { // there is no shadow around it
		shown = widgets.Bordered(shown)
	}
	d.popup = widget.NewModalPopUp(shown, canvas)
	d.fit = func() {
		width := min(width, canvas.Size().Width-40)
		d.popup.Resize(fyne.NewSize(width, min(widgets.Fit(content, width-36)+34, canvas.Size().Height-40)))
		page.Refit()
	}
	d.fit()
	d.popup.Show()
	canvas.Focus(focus)
}

func (d *dialogs) closeDialog() {
	if d.popup == nil {
		return
	}
	d.popup.Hide()
	d.popup, d.fit = nil, func() {}
	if f := d.onDismiss; f != nil {
		d.onDismiss = nil
		f()
	}
	if d.focusBefore != nil {
		d.fyne.Canvas().Focus(d.focusBefore)
	}
}

// confirmConsent asks for a consent that a check needs.
func (d *dialogs) confirmConsent(c checks.Consent, yes func()) {
	key := "consent." + string(c)
	d.confirm(question{
		title: d.words.Say(key+".title", nil), text: d.words.Say(key+".text", nil),
		small: d.say("consent.portal", checks.Args{"portal": d.model.Current.Target.Address.Display()}), yes: d.say("consent.yes", nil),
	}, yes)
}

// openURL opens an address in the browser; if that fails, it shows the address.
func (d *dialogs) openURL(address string) {
	d.background(func(context.Context) func() {
		if d.params.OpenURL(address) == nil {
			return nil
		}
		return func() { d.showMessage(d.say("no-browser", nil), address) }
	})
}
