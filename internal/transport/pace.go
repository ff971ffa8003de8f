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

	mu      sync.Mutex
	sent    []time.Time // within the window, oldest first
	pending int         // turns begun for requests that didn't go out so far
}

// NewPacer returns a pacer for one portal.
func NewPacer() *Pacer { return &Pacer{slots: make(chan struct{}, paceAtOnce)} }

// Pacer returns the pacer for the portal at host. Runs one after another share it, so that a user who checks again at once
// doesn't exceed the limit either.
func (n *Net) Pacer(host string) *Pacer {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.pacers[host] == nil {
		n.pacers[host] = NewPacer()
	}
	return n.pacers[host]
}

// Begin waits for a free slot and for room in the window. The caller ends the turn when the answer is in.
func (p *Pacer) Begin(ctx context.Context) (*Turn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		wait := p.reserve(time.Now())
		if wait == 0 {
			return &Turn{pacer: p}, nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			<-p.slots
			return nil, ctx.Err()
		}
	}
}

func (p *Pacer) reserve(now time.Time) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.sent) > 0 && now.Sub(p.sent[0]) >= paceWindow {
		p.sent = p.sent[1:]
	}
	// There are fewer pending turns than the window has room for, so a full window has a request to wait for.
	if len(p.sent)+p.pending >= paceRequests {
		return paceWindow - now.Sub(p.sent[0])
	}
	p.pending++
	return 0
}

// Turn is the permission to send one request.
type Turn struct {
	pacer *Pacer
	// guarded by the pacer's lock
	sent, ended bool
}

// Sent tells that the request goes out now. Only from here on it counts: a connection may take seconds, and what
// the portal sees is when the request arrives. A request that goes out again counts again.
func (t *Turn) Sent() {
	p := t.pacer
	p.mu.Lock()
	defer p.mu.Unlock()
	if !t.sent && !t.ended {
		p.pending--
	}
	t.sent = true
	p.sent = append(p.sent, time.Now())
}

// End frees the slot; a turn that sent nothing leaves no trace. To end a turn twice is harmless.
func (t *Turn) End() {
	p := t.pacer
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.ended {
		return
	}
	t.ended = true
	if !t.sent {
		p.pending--
	}
	<-p.slots
}
