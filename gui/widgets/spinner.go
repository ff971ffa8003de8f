package widgets

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
)

// spinner is an arc that goes round while something is under way. Each step repaints the window, which costs a computer without
// a graphics card. So the steps are few, and follow from the time of day: all spinners share them, and are painted together. A
// spinner turns from when it is painted until it no longer is; where the processor draws the window, it stands still.
type spinner struct {
	widget.BaseWidget
	step    int64
	painted bool            // since the last step
	turning *fyne.Animation // nil if it is stopped
}

const (
	spinnerSteps = 8 // in a turn
	spinnerStep  = 500 * time.Millisecond
)

func newSpinner() *spinner {
	s := &spinner{}
	s.ExtendBaseWidget(s)
	return s
}

// Visible is what Fyne asks whenever it paints.
func (s *spinner) Visible() bool {
	visible := s.BaseWidget.Visible()
	if s.painted = visible; visible {
		s.start()
	}
	return visible
}

func (s *spinner) start() {
	if s.turning != nil || style.IsPlain() {
		return
	}
	s.turning = fyne.NewAnimation(time.Hour, func(done float32) {
		if done < 1 { // the end of a repetition is no step
			s.turn(time.Now())
		}
	})
	s.turning.Curve, s.turning.RepeatCount = fyne.AnimationLinear, fyne.AnimationRepeatForever
	s.turning.Start()
}

// turn makes the step of this time, unless it is made already.
func (s *spinner) turn(now time.Time) {
	step := now.UnixMilli() / spinnerStep.Milliseconds()
	switch {
	case step == s.step:
	case !s.painted:
		s.stop()
	default:
		s.step, s.painted = step, false
		s.Refresh()
	}
}

func (s *spinner) angle() float32 { return float32(s.step%spinnerSteps) * 360 / spinnerSteps }

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
	r.arc.StartAngle, r.arc.EndAngle = r.s.angle(), r.s.angle()+110
	r.track.Refresh()
	r.arc.Refresh()
}
