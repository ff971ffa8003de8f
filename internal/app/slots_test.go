package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"boxready/checks"
)

func TestSlots(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(*slot)
		want time.Duration // until another run has the slot
	}{
		{"it ends", func(s *slot) { time.Sleep(100 * time.Millisecond); s.free() }, 100 * time.Millisecond},
		{"nothing happens", func(s *slot) { time.Sleep(time.Minute); s.free() }, silent},
		{"something happens", func(s *slot) {
			for range 4 {
				time.Sleep(200 * time.Millisecond)
				s.Started(checks.PortalTLS)
				s.Finished(checks.PortalTCP, nil)
			}
			s.free()
		}, 800 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				places := make(slots, 1)
				first, err := places.take(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				go c.run(first)
				start := time.Now()
				second, err := places.take(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(start); waited != c.want {
					t.Errorf("waited %s, want %s", waited, c.want)
				}
				time.Sleep(2 * time.Minute) // the first gives nothing back that the second has
				second.free()
				if len(places) != 0 {
					t.Errorf("%d slots are taken at the end", len(places))
				}
			})
		})
	}
}

func TestWaitingForASlotEndsWithTheRun(t *testing.T) {
	places := make(slots, 1)
	places <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := places.take(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}
