package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"boxready/internal/receiver"
)

// Rates of requests per second. A client that waits for an event asks about once a second, and needs one mailbox in a run.
const (
	sourceRate, sourceBurst        = 20, 200
	mailboxInterval, mailboxBurst  = 5 * time.Second, 20
	totalRate, totalBurst          = 1000, 2000
	maxSources                     = 20_000
	sourceIdle                     = 10 * time.Minute // after it the limits of a source are full again
	ipv6SourceBits, ipv4SourceBits = 64, 32
)

// limits are the rate limits of clients, by address. Their number is bounded: a client with many addresses makes the limits of
// others start afresh early, and no more.
type limits struct {
	now func() time.Time

	mu      sync.Mutex
	all     *rate.Limiter
	sources map[netip.Prefix]*sourceLimits
}

type sourceLimits struct {
	requests, mailboxes *rate.Limiter
	used                time.Time
}

// allow tells whether a request of from is within the limits. The queue's addresses have the limit of all together only.
func (l *limits) allow(from netip.Addr, queue func(netip.Addr) receiver.Listing) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.all == nil {
		l.all, l.sources = rate.NewLimiter(totalRate, totalBurst), map[netip.Prefix]*sourceLimits{}
	}
	return (l.of(from, now).requests.AllowN(now, 1) || queue(from) == receiver.Listed) && l.all.AllowN(now, 1)
}

// allowMailbox is allow for one more mailbox; call it after allow.
func (l *limits) allowMailbox(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	return l.of(from, now).mailboxes.AllowN(now, 1)
}

// of returns the limits of an address. The caller holds l.mu.
func (l *limits) of(from netip.Addr, now time.Time) *sourceLimits {
	source := sourceOf(from)
	t := l.sources[source]
	if t == nil {
		l.evict()
		t = &sourceLimits{requests: rate.NewLimiter(sourceRate, sourceBurst), mailboxes: rate.NewLimiter(rate.Every(mailboxInterval), mailboxBurst)}
		l.sources[source] = t
	}
	t.used = now
	return t
}

// sourceOf is what counts as one source; one for all addresses that aren't valid.
func sourceOf(from netip.Addr) netip.Prefix {
	bits := ipv4SourceBits
	if from.Is6() {
		bits = ipv6SourceBits // the owner of one IPv6 address has 2^64
	}
	source, _ := from.Prefix(bits)
	return source
}

// evict forgets some sources where there are too many. To search for idle ones takes time, which clients must not be able to cause.
func (l *limits) evict() {
	for source := range l.sources { // in an order that nobody can predict
		if len(l.sources) < maxSources {
			return
		}
		delete(l.sources, source)
	}
}

// forgetIdle removes sources that have not asked for long. The caller holds l.mu.
func (l *limits) forgetIdle(now time.Time) {
	for source, t := range l.sources {
		if now.Sub(t.used) > sourceIdle {
			delete(l.sources, source)
		}
	}
}

// source is the address that a request came from: the connection's or, of a trusted proxy, the one that it adds to the end of
// X-Forwarded-For. What stands further in front may be forged.
func (s *Server) source(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	from := peer.Addr().Unmap().WithZone("")
	for _, text := range slices.Backward(strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")) {
		if !s.trusted(from) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			break
		}
		from = next.Unmap().WithZone("")
	}
	return from
}

func (s *Server) trusted(proxy netip.Addr) bool {
	return slices.ContainsFunc(s.o.Proxies, func(p netip.Prefix) bool { return p.Contains(proxy) })
}
