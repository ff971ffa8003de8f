package receiver

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often may be asked. Whoever waits for an event asks about once a second; a mailbox is needed once in a run.
const (
	perSource, perSourceAtOnce     = 20, 200
	mailboxEvery, mailboxesAtOnce  = 5 * time.Second, 20
	altogether, altogetherAtOnce   = 1000, 2000
	maxSources                     = 20_000
	sourceIdle                     = 10 * time.Minute // after it a source has all its turns back
	ipv6SourceBits, ipv4SourceBits = 64, 32
)

// limits are the turns of those who ask, by address. Their number is bounded: a stranger with many addresses makes others'
// turns come back early, and no more.
type limits struct {
	now func() time.Time

	mu      sync.Mutex
	all     *rate.Limiter
	sources map[netip.Prefix]*turns
}

type turns struct {
	requests, mailboxes *rate.Limiter
	used                time.Time
}

// allow takes a turn of from's. The queue's addresses have as many as all together.
func (l *limits) allow(from netip.Addr, queue func(netip.Addr) Listing) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.all == nil {
		l.all, l.sources = rate.NewLimiter(altogether, altogetherAtOnce), map[netip.Prefix]*turns{}
	}
	return (l.of(from, now).requests.AllowN(now, 1) || queue(from) == Listed) && l.all.AllowN(now, 1)
}

// allowMailbox takes one of the turns for mailboxes; call it after allow.
func (l *limits) allowMailbox(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	return l.of(from, now).mailboxes.AllowN(now, 1)
}

// of are the turns of an address. The caller holds l.mu.
func (l *limits) of(from netip.Addr, now time.Time) *turns {
	source := sourceOf(from)
	t := l.sources[source]
	if t == nil {
		l.makeRoom()
		t = &turns{requests: rate.NewLimiter(perSource, perSourceAtOnce), mailboxes: rate.NewLimiter(rate.Every(mailboxEvery), mailboxesAtOnce)}
		l.sources[source] = t
	}
	t.used = now
	return t
}

// sourceOf is what counts as one source; one for all addresses that aren't valid.
func sourceOf(from netip.Addr) netip.Prefix {
	bits := ipv4SourceBits
	if from.Is6() {
		bits = ipv6SourceBits // who has one IPv6 address has 2^64
	}
	source, _ := from.Prefix(bits)
	return source
}

// makeRoom lets some source's turns come back early where there are too many. Looking for who hasn't asked for long takes time,
// which strangers must not be able to ask for.
func (l *limits) makeRoom() {
	for source := range l.sources { // in no order that anybody could foresee
		if len(l.sources) < maxSources {
			return
		}
		delete(l.sources, source)
	}
}

// tidy forgets who hasn't asked for long. The caller holds l.mu.
func (l *limits) tidy(now time.Time) {
	for source, t := range l.sources {
		if now.Sub(t.used) > sourceIdle {
			delete(l.sources, source)
		}
	}
}

// source is the address that a request came from: the connection's or, of a proxy that is believed, the one that it says it
// was asked by. Proxies add to the list at its end, so what stands further in front may be anybody's invention.
func (s *Server) source(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	from := peer.Addr().Unmap().WithZone("")
	for _, text := range slices.Backward(strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")) {
		if !s.believed(from) {
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

func (s *Server) believed(proxy netip.Addr) bool {
	return slices.ContainsFunc(s.o.Proxies, func(p netip.Prefix) bool { return p.Contains(proxy) })
}
