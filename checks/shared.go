package checks

import (
	"context"
	"sync"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/transport"
)

// Shared is what runs against several portals ask once for all of them: how far this computer gets to the vendor's hosts has
// nothing to do with any one portal. An answer serves for ten minutes, a failure for one, which is how often the vendor wants its
// list of addresses to be asked for. It is safe for concurrent use.
type Shared struct {
	net   *transport.Net
	feed  *feed.Fetcher
	ctx   context.Context
	stop  context.CancelFunc
	hosts memo[HostSeen]
	feeds memo[FeedSeen]
}

const (
	answerServes  = 10 * time.Minute
	failureServes = time.Minute
)

// NewShared returns one that knows nothing yet. It asks until ctx is done or it is closed: what the run that wanted to know first
// gives up on is still good for the others. feedCache is as in Target.
func NewShared(ctx context.Context, n *transport.Net, feedCache string) *Shared {
	s := &Shared{net: n, feed: &feed.Fetcher{Client: n.HTTPClient(), Dir: feedCache, Now: time.Now}}
	s.ctx, s.stop = context.WithCancel(ctx)
	return s
}

// Close gives up what is still being asked, and waits until it has ended.
func (s *Shared) Close() {
	s.stop()
	s.hosts.asking.Wait()
	s.feeds.asking.Wait()
}

// host asks the host at address once for all who want to know.
func (s *Shared) host(ctx context.Context, address string) HostSeen {
	seen, err := s.hosts.get(ctx, address, func() (HostSeen, bool) {
		seen := s.knock(s.ctx, address)
		return seen, seen.Layer == ""
	})
	if err != nil { // the run has ended
		return HostSeen{Host: address, At: time.Now().UTC(), Layer: transport.StageDNS, Failure: transport.FailureOf(err)}
	}
	return seen
}

// list fetches the event queue's list of addresses once for all who want to know.
func (s *Shared) list(ctx context.Context, region bitrix.Region) (FeedSeen, error) {
	return s.feeds.get(ctx, string(region), func() (FeedSeen, bool) {
		seen := s.fetchFeed(s.ctx, region)
		return seen, seen.Failure == "" && !seen.Invalid
	})
}

// memo keeps what was asked.
type memo[T any] struct {
	asking sync.WaitGroup
	mu     sync.Mutex
	kept   map[string]*kept[T]
}

type kept[T any] struct {
	done  chan struct{} // closed when the rest is set
	value T
	crash *crash
	until time.Time
}

// get returns what is kept under key, or asks. The error is that of ctx.
func (m *memo[T]) get(ctx context.Context, key string, ask func() (value T, good bool)) (T, error) {
	k := m.begin(key, ask)
	select {
	case <-k.done:
		k.crash.rethrow()
		return k.value, nil
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (m *memo[T]) begin(key string, ask func() (value T, good bool)) *kept[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.kept[key]; k != nil {
		select {
		case <-k.done:
			if time.Now().Before(k.until) {
				return k
			}
		default:
			return k
		}
	}
	if m.kept == nil {
		m.kept = map[string]*kept[T]{}
	}
	k := &kept[T]{done: make(chan struct{})}
	m.kept[key] = k
	m.asking.Go(func() {
		defer close(k.done)
		serves := failureServes
		k.crash = caught(func() {
			var good bool
			if k.value, good = ask(); good {
				serves = answerServes
			}
		})
		k.until = time.Now().Add(serves)
	})
	return k
}
