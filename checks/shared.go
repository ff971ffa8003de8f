package checks

import (
	"context"
	"sync"
	"time"

	"boxready/internal/feed"
	"boxready/internal/flight"
	"boxready/internal/transport"
)

// Shared has what runs against several portals have in common: the catalogue, and requests that are made only once. This computer's
// connections to the vendor's hosts have nothing to do with any one portal. An answer is cached for ten minutes, a failure for one, which is how often the vendor
// wants its list of addresses to be fetched. It is safe for concurrent use.
type Shared struct {
	net     *transport.Net
	catalog []*Check
	slow    map[ID]bool // see waitsForTokens
	feed    *feed.Fetcher
	ctx     context.Context
	stop    context.CancelFunc
	asking  sync.WaitGroup
	mu      sync.Mutex
	hosts   map[string]*sharedHost
}

type sharedHost struct {
	call  *flight.Call[HostSeen]
	until time.Time // read it only after the call has ended
}

const (
	answerServes  = 10 * time.Minute
	failureServes = time.Minute
)

// NewShared returns an empty Shared. Its requests last until ctx is done or it is closed, even if the run that started them is
// cancelled: others may need them. feedCache is as in Target.
func NewShared(ctx context.Context, n *transport.Net, feedCache string) *Shared {
	s := &Shared{net: n, catalog: Catalog(), feed: &feed.Fetcher{Client: n.HTTPClient(), Dir: feedCache, Timeout: n.Timeout(vendorTimeout), KeepFailures: true}, hosts: map[string]*sharedHost{}}
	s.slow = waitsForTokens(s.catalog)
	s.ctx, s.stop = context.WithCancel(ctx)
	return s
}

// Close cancels pending requests, and waits until they have ended.
func (s *Shared) Close() {
	s.stop()
	s.asking.Wait()
}

// host requests address once for all callers.
func (s *Shared) host(ctx context.Context, address string) HostSeen {
	seen, err := s.call(address).Wait(ctx)
	if err != nil { // the run has ended
		return HostSeen{Host: address, At: time.Now().UTC(), Layer: transport.StageDNS, Failure: transport.FailureOf(err)}
	}
	return seen
}

// call returns the request to the host at address: a cached or a new one.
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
