package app

import (
	"context"
	"sync"
	"time"

	"boxready/checks"
)

// slots limit how many runs are made at once.
type slots chan struct{}

// silent is how long a run holds its slot while nothing happens in it. A portal that doesn't answer costs nothing but time, so it doesn't
// hold up the others.
const silent = 300 * time.Millisecond

// slot is a run's place, and an observer of the run.
type slot struct {
	timer *time.Timer
	free  func() // gives the place back, once
}

// take waits for a slot. The caller frees it when the run has ended.
func (s slots) take(ctx context.Context) (*slot, error) {
	select {
	case s <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	free := sync.OnceFunc(func() { <-s })
	timer := time.AfterFunc(silent, free)
	return &slot{timer, func() { timer.Stop(); free() }}, nil
}

// Started notes that something happens.
func (s *slot) Started(checks.ID) { s.timer.Reset(silent) }

// Finished notes that something happens.
func (s *slot) Finished(checks.ID, []checks.Result) { s.timer.Reset(silent) }
