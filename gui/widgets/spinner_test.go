package widgets

import (
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"boxready/gui/style"
)

// TestSpinnersStepTogether lets spinners that began at different times turn for ten seconds, at the rate of a screen.
func TestSpinnersStepTogether(t *testing.T) {
	test.NewTempApp(t)
	begin := time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC)
	spinners := []*spinner{newSpinner(), newSpinner(), newSpinner(), newSpinner()}
	frames := 0 // in which something has changed
	for frame := range 600 {
		now := begin.Add(time.Duration(frame) * time.Second / 60)
		changed := false
		for i, s := range spinners {
			if frame < 7*i {
				continue
			}
			before := s.step
			s.Visible() // as when it is painted
			s.turn(now)
			if s.step != before && before != 0 {
				changed = true
			}
			if s.step != spinners[0].step {
				t.Fatalf("at %v, spinner %d is at step %d, the first at %d", now, i, s.step, spinners[0].step)
			}
		}
		if changed {
			frames++
		}
	}
	if frames < 18 || frames > 20 {
		t.Errorf("%d frames in 10 s, 2 a second expected", frames)
	}
}

// TestSpinnerStopsWhenItIsNotPainted takes a spinner off the window without stopping it, as a page does that is replaced.
func TestSpinnerStopsWhenItIsNotPainted(t *testing.T) {
	test.NewTempApp(t)
	s, now := newSpinner(), time.Now()
	s.Visible()
	if s.turning == nil {
		t.Fatal("it doesn't turn when it is painted")
	}
	for range 3 {
		now = now.Add(spinnerStep)
		s.turn(now)
	}
	if s.turning != nil {
		t.Error("it turns on though nothing paints it")
	}
	if s.Visible(); s.turning == nil {
		t.Error("it doesn't turn when it is painted again")
	}
	s.Hide()
	s.Visible()
	now = now.Add(spinnerStep)
	s.turn(now)
	if s.turning != nil {
		t.Error("it turns on though it is hidden")
	}
}

// TestSpinnerStandsStillWhereTheProcessorDraws: each of its steps would paint a frame.
func TestSpinnerStandsStillWhereTheProcessorDraws(t *testing.T) {
	app := test.NewTempApp(t)
	plain := true
	app.Settings().SetTheme(style.Theme{Plain: &plain})
	s := newSpinner()
	if s.Visible(); s.turning != nil {
		t.Error("it turns")
	}
	plain = false
	if s.Visible(); s.turning == nil {
		t.Error("it stands still with a graphics card, too")
	}
	s.stop()
}
