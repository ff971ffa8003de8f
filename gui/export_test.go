package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/internal/words"
)

// Scenarios are the choices of the demo: the name of each and its faults behind it.
func Scenarios() (list [][]string) {
	for _, s := range scenarios {
		list = append(list, append([]string{s.id}, s.faults...))
	}
	return list
}

// Drop drops files on the window, which Fyne's test driver can't.
func (w *Window) Drop(paths ...string) {
	var files []fyne.URI
	for _, path := range paths {
		files = append(files, storage.NewFileURI(path))
	}
	w.dropped(fyne.Position{}, files)
}

// CloseButton closes the window as its frame's button does, which Fyne's test driver can't.
func (w *Window) CloseButton() { w.close() }

// Closed reports whether the window was closed.
func (w *Window) Closed() bool { return w.ctx.Err() != nil }

// TakeServerAnswer and TakeOutside are called when a file has been chosen in Fyne's dialog.
func (w *Window) TakeServerAnswer(path string) { w.serverPage.takeFile(path) }
func (w *Window) TakeOutside(path string)      { w.serverPage.takeOutside(path) }

// HasSection reports whether a section is there.
func (w *Window) HasSection(id string) bool { return w.hasSection(id) }

// OpenSection opens a section as other pages do.
func (w *Window) OpenSection(id string) { w.openSection(id) }

// Counted reports a check's progress as a run's goroutine does.
func (w *Window) Counted(id checks.ID, done, total int) {
	observer{w.runs, w.model.Current}.Progress(id, done, total)
}

// OpenLetter opens the letter to an owner, as a finding and the verdict do.
func (w *Window) OpenLetter(to checks.Owner) { w.openLetter(to) }

// ShowOutcome shows a portal as after a run.
func (w *Window) ShowOutcome(o *checks.Outcome) *model.Session {
	s := w.model.Open(o.Target.Address)
	s.Target, s.Demo, s.Loaded = o.Target, false, true
	s.End(o, false)
	w.checkPage.reset()
	w.frame.show("check")
	return s
}

// ShowResult shows a result with all of its parts.
func (w *Window) ShowResult(r checks.Result) {
	w.model.Current.Unfolded = map[model.FindingPart]bool{model.OtherSteps: true, model.Evidence: true}
	w.showResult(r, "")
}

// ShowEveryResult shows the current portal's results one after the other, with all of their parts.
func (w *Window) ShowEveryResult(shown func()) {
	for _, r := range w.model.Current.Results() {
		w.ShowResult(r)
		shown()
	}
}

// RunsUnderWay is how many portals are being checked.
func (w *Window) RunsUnderWay() int { return len(w.runs.stop) }

// EndAgain shows the outcome of checks made again that were over before the window could show that they began.
func (w *Window) EndAgain(o *checks.Outcome) {
	s := w.model.Current
	s.BeginAgain(w.params.Now(), 1)
	s.End(o, false)
	w.changed()
}

// Settled reports whether all that follows from the last run by itself is shown: a run that is kept changes the page again when it has
// been compared with the former ones.
func (w *Window) Settled() bool {
	s := w.model.Current
	kept := s != nil && s.Outcome != nil && s.Opened == nil && !s.Demo && !s.Stopped && s.Outcome.Verdict != checks.NotSeen
	return !w.refreshing && (!kept || s.Since != nil)
}

// Place is where the window is: the section, and whether a dialog is open.
func (w *Window) Place() (section string, dialog bool) { return w.frame.open, w.dialogs.shown() }

// Back closes dialogs and returns to the check.
func (w *Window) Back() {
	w.dialogs.closeDialog()
	if c := w.dialogs.chooser; c != nil {
		c.Dismiss()
	}
	w.frame.show("check")
}

// HasRemedy reports whether the window knows an action; offered, whether it has a button for it.
func HasRemedy(a words.Action) (known, offered bool) {
	r, known := remedies()[a]
	return known, r.do != nil
}

// OpenPortal opens a portal, as the list of portals does.
func (w *Window) OpenPortal(address string) { w.openPortal(address) }

// OpenGuide opens the guide through the sign-in, as other pages do.
func (w *Window) OpenGuide() { w.openGuide() }

// Compare compares the report that is shown with another one, as when that was chosen in Fyne's dialog.
func (w *Window) Compare(file string) { w.compareWith(file) }
