package checks

import (
	"context"
	"sync"
	"time"

	"boxready/internal/feed"
	"boxready/internal/flight"
	"boxready/internal/transport"
)

// Shared is what runs against several portals ask once for all of them: how far this computer gets to the vendor's hosts has
// nothing to do with any one portal. An answer serves for ten minutes, a failure for one, which is how often the vendor wants its
// list of addresses to be asked for. It is safe for concurrent use.
type Shared struct {
	net    *transport.Net
	feed   *feed.Fetcher
	ctx    context.Context
	stop   context.CancelFunc
	asking sync.WaitGroup
	mu     sync.Mutex
	hosts  map[string]*sharedHost
}

type sharedHost struct {
	call  *flight.Call[HostSeen]
	until time.Time // not to be read before the call has ended
}

const (
	answerServes  = 10 * time.Minute
	failureServes = time.Minute
)

// NewShared returns one that knows nothing yet. It asks until ctx is done or it is closed: what the run that wanted to know first
// gives up on is still good for the others. feedCache is as in Target.
func NewShared(ctx context.Context, n *transport.Net, feedCache string) *Shared {
	s := &Shared{net: n, feed: &feed.Fetcher{Client: n.HTTPClient(), Dir: feedCache, KeepFailures: true}, hosts: map[string]*sharedHost{}}
	s.ctx, s.stop = context.WithCancel(ctx)
	return s
}

// Close gives up what is still being asked, and waits until it has ended.
func (s *Shared) Close() {
	s.stop()
	s.asking.Wait()
}

// host asks the host at address once for all who want to know.
func (s *Shared) host(ctx context.Context, address string) HostSeen {
	seen, err := s.call(address).Wait(ctx)
	if err != nil { // the run has ended
		return HostSeen{Host: address, At: time.Now().UTC(), Layer: transport.StageDNS, Failure: transport.FailureOf(err)}
	}
	return seen
}

// call returns the request to the host at address: one that still serves, or a new one.
func (s *Shared) call(address string) *flight.Call[HostSeen] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.hosts[address]; h != nil {
		select {
		case <-h.call.Done():
			if time.Now().Before(h.until) {
				return h.call
			}
		default:
			return h.call
		}
	}
	h := &sharedHost{}
	s.hosts[address] = h
	h.call = flight.Go(&s.asking, func() HostSeen {
		serves := failureServes
		defer func() { h.until = time.Now().Add(serves) }()
		seen := s.requestHost(s.ctx, address)
		if seen.Layer == "" {
			serves = answerServes
		}
		return seen
	})
	return h.call
}
