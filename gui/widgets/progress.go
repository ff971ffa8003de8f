package widgets

import (
	"fyne.io/fyne/v2"

	"boxready/gui/style"

	"fyne.io/fyne/v2/theme"
)

// Progress is a thin bar that fills from left to right.
type Progress struct {
	Group
	done        float32 // from 0 to 1
	track, fill *Backdrop
}

const progressHeight = 4

// NewProgress returns an empty one.
func NewProgress() *Progress {
	p := &Progress{track: NewBackdrop(style.ColorBorder, ""), fill: NewBackdrop(theme.ColorNamePrimary, "")}
	p.track.Radius, p.fill.Radius = progressHeight/2, progressHeight/2
	p.init(p, &fyne.Container{Layout: progressLayout{p}, Objects: []fyne.CanvasObject{p.track, p.fill}})
	return p
}

// Set shows how much is done, from 0 to 1.
func (p *Progress) Set(done float32) {
	p.done = max(0, min(done, 1))
	p.relayout()
}

type progressLayout struct{ *Progress }

func (l progressLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	l.track.Resize(size)
	l.fill.Resize(fyne.NewSize(size.Width*l.done, size.Height))
}

func (progressLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(60, progressHeight) }
