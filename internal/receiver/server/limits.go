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
	sourceRate, sourceBurst       = 20, 200
	mailboxInterval, mailboxBurst = 5 * time.Second, 20
	totalRate, totalBurst         = 1000, 2000
	maxSources                    = 20_000
	sourceIdle                    = 10 * time.Minute // after it the limits of a source are full again

	// The owner of one IPv6 address has 2^64, and a site 2^16 networks of them (RFC 6177). All of these together get some times the
	// limits of one.
	ipv4Bits, ipv6Bits, ipv6SiteBits = 32, 64, 48
	siteShare                        = 4
)

// source is what counts as one client; the zero value for all addresses that aren't valid.
type source struct {
	netip.Prefix
	share int // how many times the limits of one client it has
}

// sourcesOf are those that an address belongs to, the widest first.
func sourcesOf(from netip.Addr) []source {
	within := func(bits, share int) source {
		prefix, _ := from.Prefix(bits)
		return source{prefix, share}
	}
	if from.Is6() {
		return []source{within(ipv6SiteBits, siteShare), within(ipv6Bits, 1)}
	}
	return []source{within(ipv4Bits, 1)}
}

// limits are the rate limits of clients, by address. Their number is bounded: a client with many addresses makes the limits of
// others start afresh early, and no more.
type limits struct {
	now func() time.Time

	mu      sync.Mutex
	all     *rate.Limiter
	sources map[source]*sourceLimits
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
		l.all, l.sources = rate.NewLimiter(totalRate, totalBurst), map[source]*sourceLimits{}
	}
	own := l.allowEach(from, now, func(t *sourceLimits) *rate.Limiter { return t.requests })
	return (own || queue(from) == receiver.Listed) && l.all.AllowN(now, 1)
}

// allowEach tells whether an address is within a limit of each source that it belongs to, and only then counts against them: what one
// client is refused takes nothing from its neighbours. Where a wider source isn't within its limit, the narrower ones aren't remembered:
// there may be any number of them. The caller holds l.mu.
func (l *limits) allowEach(from netip.Addr, now time.Time, limit func(*sourceLimits) *rate.Limiter) bool {
	var all []*rate.Limiter
	for _, s := range sourcesOf(from) {
		one := limit(l.of(s, now))
		if one.TokensAt(now) < 1 {
			return false
		}
		all = append(all, one)
	}
	for _, one := range all {
		one.AllowN(now, 1)
	}
	return true
}

// allowMailbox is allow for one more mailbox; call it after allow.
func (l *limits) allowMailbox(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.allowEach(from, l.now(), func(t *sourceLimits) *rate.Limiter { return t.mailboxes })
}

// of returns the limits of a source. The caller holds l.mu.
func (l *limits) of(s source, now time.Time) *sourceLimits {
	t := l.sources[s]
	if t == nil {
		l.evict()
		t = &sourceLimits{requests: rate.NewLimiter(rate.Limit(sourceRate*s.share), sourceBurst*s.share),
			mailboxes: rate.NewLimiter(rate.Every(mailboxInterval/time.Duration(s.share)), mailboxBurst*s.share)}
		l.sources[s] = t
	}
	t.used = now
	return t
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
