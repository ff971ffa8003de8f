package transport

import (
	"context"
	"sync"
	"time"
)

// The product's activity control bans an address from 15 hits in 10 seconds on (by default, see "Контроль активности" in
// the course for administrators); BoxReady stays below that in every mode.
const (
	paceRequests = 12
	// The limit is about arrival at the portal; the 0.2 s are for what the network adds to and takes from a gap.
	paceWindow = 10*time.Second + 200*time.Millisecond
	paceAtOnce = 4
)

// Pacer keeps the requests to one portal within the etiquette: at most 12 in any 10 seconds and 4 at once.
type Pacer struct {
	slots chan struct{}

	mu   sync.Mutex
	sent []time.Time // within the window, oldest first
}

// NewPacer returns a pacer for one portal.
func NewPacer() *Pacer { return &Pacer{slots: make(chan struct{}, paceAtOnce)} }

// Begin waits for a free slot and for the window. The caller calls the returned function when the answer is in.
func (p *Pacer) Begin(ctx context.Context) (end func(), err error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	end = sync.OnceFunc(func() { <-p.slots })
	if err := p.Count(ctx); err != nil {
		end()
		return nil, err
	}
	return end, nil
}

// Count waits until one more request may be sent and counts it. It is called by itself for a request that
// net/http sends a second time on its own.
func (p *Pacer) Count(ctx context.Context) error {
	for {
		wait := p.take(time.Now())
		if wait == 0 {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *Pacer) take(now time.Time) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.sent) > 0 && now.Sub(p.sent[0]) >= paceWindow {
		p.sent = p.sent[1:]
	}
	if len(p.sent) >= paceRequests {
		return paceWindow - now.Sub(p.sent[0])
	}
	p.sent = append(p.sent, now)
	return 0
}
