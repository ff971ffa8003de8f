package gui

import (
	"slices"
	"testing"
)

// TestWhatWaitsIsRunTogether: between two functions that Fyne's loop is given, it may paint a frame.
func TestWhatWaitsIsRunTogether(t *testing.T) {
	var given []func()
	tasks := newTasks(func(f func()) { given = append(given, f) }, newTicker)
	var ran []int
	for i := range 3 {
		tasks.do(func() {
			ran = append(ran, i)
			if i == 0 {
				tasks.do(func() { ran = append(ran, 9) }) // which is for the next time
			}
		})
	}
	if len(given) != 1 {
		t.Fatalf("Fyne is given %d functions", len(given))
	}
	given[0]()
	if !slices.Equal(ran, []int{0, 1, 2}) || len(given) != 2 {
		t.Fatalf("%v have run, Fyne is given %d functions", ran, len(given))
	}
	given[1]()
	tasks.do(func() { ran = append(ran, 10) })
	tasks.do(func() { tasks.cancel() })
	tasks.do(func() { t.Error("something runs when the window is closed") })
	given[2]()
	if !slices.Equal(ran, []int{0, 1, 2, 9, 10}) {
		t.Errorf("%v have run", ran)
	}
}
