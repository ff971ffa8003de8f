package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/gui/style"
	"boxready/gui/widgets"
)

// scaffold is what every page has: a head that stays, and content below it that scrolls.
type scaffold struct {
	*environment

	// Of the content that is shown.
	root    *fyne.Container
	page    *widgets.Page
	focus   fyne.Focusable // gets the focus when the page is opened
	waiting []*widgets.Row // show that something is under way
}

const (
	// gutter is the distance between a page's content and the window's edges.
	gutter = 20
	// widest is a page's column: in a wide window, what belongs together would be far apart.
	widest = 960
)

// setContent shows a head with content below it, scrolled as far as what was shown before.
func (s *scaffold) setContent(head fyne.CanvasObject, content ...fyne.CanvasObject) {
	offset := float32(0)
	if s.page != nil {
		offset = s.page.Offset()
	}
	s.page = widgets.NewPage(widgets.Limit(widest, widgets.Pad(2, gutter, gutter, gutter, widgets.Column(14, content...))))
	widgets.Replace(s.root, widgets.Below(widgets.Limit(widest, widgets.Pad(gutter, gutter, 12, gutter, head)), s.page))
	s.page.SetOffset(offset)
}

// title is the head of a section.
func title(text string) fyne.CanvasObject {
	return widgets.NewText(text, widgets.Font{Size: style.SizeTitle, Bold: true})
}

// backHead is the head of what was opened from a section, with the button that leads back.
func (s *scaffold) backHead(text string, back func()) (*widgets.Button, fyne.CanvasObject) {
	button := widgets.NewButton(s.say("finding.back", nil), style.Icon("chevron-left", theme.ColorNameForeground), back)
	return button, widgets.Beside(12, false, button, widgets.NewText(text, widgets.Font{Size: theme.SizeNameSubHeadingText, Bold: true, Selectable: true}), nil)
}

func (s *scaffold) initialFocus() fyne.Focusable { return s.focus }

func (s *scaffold) scrollPages(n float32) { s.page.ScrollPages(n) }

// wait is a row with a spinner, which is stopped when the content is replaced.
func (s *scaffold) wait(content widgets.RowContent) fyne.CanvasObject {
	content.Sign = style.Waiting
	row := widgets.NewRow(content, nil)
	s.waiting = append(s.waiting, row)
	return row.Object
}

// stopAnimations stops the animations of content that is no longer shown.
func (s *scaffold) stopAnimations() {
	for _, row := range s.waiting {
		row.Stop()
	}
	s.waiting = nil
}
