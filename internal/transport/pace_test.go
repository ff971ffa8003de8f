package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPacer(t *testing.T) {
	const second = time.Second
	for name, c := range map[string]struct {
		requests      int
		dial, answer  func(i int) time.Duration
		least, atMost time.Duration // the whole
	}{
		"few":              {requests: 12, dial: fixed(0), answer: fixed(0)},
		"one too many":     {requests: 13, dial: fixed(0), answer: fixed(0), least: paceWindow, atMost: paceWindow},
		"three windows":    {requests: 36, dial: fixed(0), answer: fixed(0), least: 2 * paceWindow, atMost: 2 * paceWindow},
		"four at once":     {requests: 12, dial: fixed(0), answer: fixed(second), least: 3 * second, atMost: 3 * second},
		"slow connections": {requests: 40, dial: every(3, 8*second), answer: fixed(0)},
		"one slow, 11 not": {requests: 30, dial: only(0, 9*second), answer: fixed(0)},
		"all kinds":        {requests: 100, dial: random(5 * second), answer: random(3 * second)},
		"slow answers":     {requests: 20, dial: fixed(0), answer: fixed(60 * second)},
		"slow to connect":  {requests: 16, dial: fixed(30 * second), answer: fixed(0)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, start := NewPacer(), time.Now()
				var mu sync.Mutex
				var sent []time.Time
				var now, most int
				var wg sync.WaitGroup
				for i := range c.requests {
					wg.Go(func() {
						turn, err := p.Begin(t.Context())
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						now++
						most = max(most, now)
						mu.Unlock()
						time.Sleep(c.dial(i))
						turn.Sent()
						mu.Lock()
						sent = append(sent, time.Now())
						mu.Unlock()
						time.Sleep(c.answer(i))
						mu.Lock()
						now--
						mu.Unlock()
						turn.End()
					})
				}
				wg.Wait()
				if most > paceAtOnce {
					t.Errorf("%d at once", most)
				}
				slices.SortFunc(sent, time.Time.Compare)
				for i := range sent[:max(len(sent)-paceRequests, 0)] {
					if gap := sent[i+paceRequests].Sub(sent[i]); gap < 10*second {
						t.Errorf("13 requests in %v from %v on", gap, sent[i].Sub(start))
					}
				}
				if took := time.Since(start); took < c.least || c.atMost > 0 && took > c.atMost {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func fixed(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

func random(limit time.Duration) func(int) time.Duration {
	return func(int) time.Duration { return rand.N(limit) }
}

func every(n int, d time.Duration) func(int) time.Duration {
	return func(i int) time.Duration {
		if i%n == 0 {
			return d
		}
		return 0
	}
}

func only(n int, d time.Duration) func(int) time.Duration {
	return func(i int) time.Duration {
		if i == n {
			return d
		}
		return 0
	}
}

func begin(t *testing.T, p *Pacer, n int) []*Turn {
	t.Helper()
	turns := make([]*Turn, n)
	for i := range turns {
		var err error
		if turns[i], err = p.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return turns
}

func TestPacerCancel(t *testing.T) {
	for name, c := range map[string]struct {
		fill func(*testing.T, *Pacer)
	}{
		"waiting for a slot": {func(t *testing.T, p *Pacer) { begin(t, p, paceAtOnce) }},
		"waiting for the window": {func(t *testing.T, p *Pacer) {
			for range paceRequests {
				turn := begin(t, p, 1)[0]
				turn.Sent()
				turn.End()
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, start := NewPacer(), time.Now()
				c.fill(t, p)
				busy := len(p.slots)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := p.Begin(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Begin: %v", err)
				}
				if took := time.Since(start); took != time.Second {
					t.Errorf("returned after %v", took)
				}
				if len(p.slots) != busy {
					t.Errorf("%d slots are taken, were %d", len(p.slots), busy)
				}
			})
		})
	}
}

func TestTurn(t *testing.T) {
	for name, c := range map[string]struct {
		use  func(*Turn)
		wait time.Duration // of the 13th, when 12 turns went like this
	}{
		"sent":        {func(t *Turn) { t.Sent(); t.End() }, paceWindow},
		"ended twice": {func(t *Turn) { t.Sent(); t.End(); t.End() }, paceWindow},
		"never sent":  {func(t *Turn) { t.End(); t.End() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, start := NewPacer(), time.Now()
				for range paceRequests {
					c.use(begin(t, p, 1)[0])
				}
				last := begin(t, p, paceAtOnce) // all slots are free again
				if took := time.Since(start); took != c.wait {
					t.Errorf("waited %v, want %v", took, c.wait)
				}
				for _, turn := range last {
					turn.End()
				}
				if p.pending != 0 || len(p.slots) != 0 {
					t.Errorf("%d turns pending, %d slots taken", p.pending, len(p.slots))
				}
			})
		})
	}
	t.Run("sent twice counts twice", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p, start := NewPacer(), time.Now()
			for range paceRequests / 2 {
				turn := begin(t, p, 1)[0]
				turn.Sent()
				turn.Sent()
				turn.End()
			}
			begin(t, p, 1)[0].End()
			if took := time.Since(start); took != paceWindow {
				t.Errorf("waited %v", took)
			}
		})
	})
}

// TestPause asserts that only waiting for the limit is a pause.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer()
		for range paceRequests - 1 {
			turn := begin(t, p, 1)[0]
			turn.Sent()
			turn.End()
		}
		if pause := p.Pause(); pause != 0 {
			t.Errorf("a pause of %v with room in the window", pause)
		}
		last := begin(t, p, 1)[0]
		last.Sent()
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = p.Begin(ctx) })
		synctest.Wait()
		if pause := p.Pause(); pause != 0 {
			t.Errorf("a pause of %v while the portal works at a request", pause)
		}
		time.Sleep(3 * time.Second)
		last.End()
		if pause, want := p.Pause(), paceWindow-3*time.Second; pause != want {
			t.Errorf("a pause of %v, want %v", pause, want)
		}
		cancel()
		wg.Wait()
		if pause := p.Pause(); pause != 0 {
			t.Errorf("a pause of %v without a waiting request", pause)
		}
	})
}
