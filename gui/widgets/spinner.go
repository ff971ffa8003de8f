package widgets

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
)

// spinner is an arc that goes round while something is under way. It must be stopped when it is no longer shown: each step
// repaints the window, which costs a computer without a graphics card.
type spinner struct {
	widget.BaseWidget
	angle   float32
	turning *fyne.Animation // nil if it is stopped
}

const (
	spinnerSteps = 12 // in a turn
	spinnerTurn  = time.Second
)

func newSpinner() *spinner {
	s := &spinner{}
	s.ExtendBaseWidget(s)
	return s
}

func (s *spinner) start() {
	if s.turning != nil {
		return
	}
	s.turning = fyne.NewAnimation(spinnerTurn, func(done float32) {
		if angle := float32(int(done*spinnerSteps)%spinnerSteps) * 360 / spinnerSteps; angle != s.angle {
			s.angle = angle
			s.Refresh()
		}
	})
	s.turning.Curve, s.turning.RepeatCount = fyne.AnimationLinear, fyne.AnimationRepeatForever
	s.turning.Start()
}

func (s *spinner) stop() {
	if s.turning != nil {
		s.turning.Stop()
		s.turning = nil
	}
}

func (s *spinner) CreateRenderer() fyne.WidgetRenderer {
	r := &spinnerRenderer{s: s, track: &canvas.Arc{EndAngle: 360, CutoutRatio: 0.74}, arc: &canvas.Arc{CutoutRatio: 0.74}}
	r.Refresh()
	return r
}

type spinnerRenderer struct {
	s          *spinner
	track, arc *canvas.Arc
}

func (r *spinnerRenderer) Destroy()                     { r.s.stop() }
func (r *spinnerRenderer) MinSize() fyne.Size           { return fyne.Size{} }
func (r *spinnerRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.track, r.arc} }

func (r *spinnerRenderer) Layout(size fyne.Size) {
	r.track.Resize(size)
	r.arc.Resize(size)
}

func (r *spinnerRenderer) Refresh() {
	r.track.FillColor, r.arc.FillColor = theme.Color(theme.ColorNameInputBorder), theme.Color(style.ColorAccented)
	r.arc.StartAngle, r.arc.EndAngle = r.s.angle, r.s.angle+110
	r.track.Refresh()
	r.arc.Refresh()
}
