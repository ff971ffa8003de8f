package transport

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"boxready/internal/filelock"
)

// The product's activity control bans an address at 15 requests in 10 seconds (by default, see "Контроль активности" in
// the course for administrators); BoxReady stays below that in every mode.
const (
	paceRequests = 12
	// The portal counts arrivals, which are between sending and answer. The 0.2 s allow for a clock in whole seconds.
	paceWindow = 10*time.Second + 200*time.Millisecond
	paceAtOnce = 4
)

// Pacer limits the requests to one portal: at most 12 in any 10 seconds and 4 at once.
type Pacer struct {
	slots  chan struct{}
	window time.Duration
	shared *sharedPace // nil: other processes aren't known

	mu      sync.Mutex
	sent    []*sentRequest // that may have arrived within the window
	pending int            // turns begun, request not sent yet
	waiting int            // callers of Begin, for room in the window
	paused  time.Duration  // for which the window has delayed requests so far
	until   time.Time      // end of the last such delay
	others  time.Time      // until when other processes' requests fill the window
}

// sentRequest is a request that was sent.
type sentRequest struct {
	place    string    // in the window that processes share, "" for none
	answered time.Time // zero until answered
}

// NewPacer returns a pacer for one portal.
func NewPacer() *Pacer { return newPacer(paceWindow, nil) }

func newPacer(window time.Duration, shared *sharedPace) *Pacer {
	return &Pacer{slots: make(chan struct{}, paceAtOnce), window: window, shared: shared}
}

// Pacer returns the pacer for the portal at host. Successive runs share it, and with Options.Locks other processes, so that checking
// again at once doesn't exceed the limit either.
func (n *Net) Pacer(host string) *Pacer {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if n.shared.pacers[host] == nil {
		var others *sharedPace
		if n.locks != "" {
			others = &sharedPace{folder: n.locks, name: filelock.Name("pace", host), window: n.window}
		}
		n.shared.pacers[host] = newPacer(n.window, others)
	}
	return n.shared.pacers[host]
}

// Begin waits for a free slot and for room in the window. The caller ends the turn when the answer has been read.
func (p *Pacer) Begin(ctx context.Context) (*Turn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		place, wait := p.reserve(time.Now())
		if wait == 0 {
			return &Turn{pacer: p, place: place}, nil
		}
		select {
		case <-time.After(wait):
			p.addWaiting(-1)
		case <-ctx.Done():
			p.addWaiting(-1)
			<-p.slots
			return nil, ctx.Err()
		}
	}
}

func (p *Pacer) addWaiting(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting += n
}

// Pause is how long the limit still delays requests; 0 if none waits, or if the portal may still be processing one.
func (p *Pacer) Pause() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == 0 || p.pending > 0 || slices.ContainsFunc(p.sent, func(s *sentRequest) bool { return s.answered.IsZero() }) {
		return 0
	}
	now := time.Now()
	return max(p.untilRoom(now), p.others.Sub(now))
}

// reserve takes a place in the window, with a name if processes share it; otherwise it returns how long to wait, and counts the caller
// as waiting.
func (p *Pacer) reserve(now time.Time) (place string, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait = p.untilRoom(now); wait == 0 {
		place, wait = p.shared.reserve()
		p.others = now.Add(wait)
	}
	if wait > 0 {
		p.waiting++
		from, until := later(now, p.until), later(now.Add(wait), p.until)
		p.paused, p.until = p.paused+until.Sub(from), until
	} else {
		p.pending++
	}
	return place, wait
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Paused is for how long the limit has delayed requests since the pacer was made, a delay under way included to its end.
func (p *Pacer) Paused() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paused
}

// untilRoom is how long the window stays full; 0 if it isn't.
func (p *Pacer) untilRoom(now time.Time) time.Duration {
	first := p.window
	p.sent = slices.DeleteFunc(p.sent, func(s *sentRequest) bool {
		if s.answered.IsZero() {
			return false
		}
		left := p.window - now.Sub(s.answered)
		if left > 0 {
			first = min(first, left)
		}
		return left <= 0
	})
	// At most paceAtOnce are unanswered or pending, so a full window has an answered one to wait for.
	if len(p.sent)+p.pending >= paceRequests {
		return first
	}
	return 0
}

// Turn is the permission to send one request.
type Turn struct {
	pacer *Pacer
	place string // in the window that processes share
	// guarded by the pacer's lock
	sent  []*sentRequest // more than one if it was sent again
	ended bool
}

// Sent records that the request is sent now. It counts from here on, because the portal counts arrivals and connecting may take
// seconds. A request that is sent again counts again.
func (t *Turn) Sent() {
	p := t.pacer
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.sent == nil && !t.ended {
		p.pending--
	}
	s := &sentRequest{place: t.place}
	if t.place != "" {
		if t.sent != nil {
			s.place = rand.Text()
		}
		p.shared.mark(s.place)
	}
	if t.ended {
		s.answered = time.Now()
	}
	t.sent, p.sent = append(t.sent, s), append(p.sent, s)
}

// End frees the slot; a turn that sent nothing does not count. End is idempotent.
func (t *Turn) End() {
	p := t.pacer
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.ended {
		return
	}
	t.ended = true
	if t.sent == nil {
		p.pending--
		p.shared.release(t.place)
	}
	for _, s := range t.sent {
		s.answered = time.Now()
		if s.place != "" {
			p.shared.mark(s.place)
		}
	}
	<-p.slots
}
