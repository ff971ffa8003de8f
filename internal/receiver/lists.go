package receiver

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/feed"
)

const (
	listsFresh = 10 * time.Minute
	listsRetry = time.Minute
)

// Lists are the event queue's addresses of both regions. The zero value knows none.
type Lists struct {
	mu    sync.RWMutex
	known map[bitrix.Region][]netip.Prefix
}

// Keep fetches the lists, and anew as often as their publisher asks for, until ctx is done.
func (l *Lists) Keep(ctx context.Context, fetcher *feed.Fetcher) {
	for {
		wait := listsFresh
		for _, region := range bitrix.Regions() {
			list, err := fetcher.Fetch(ctx, region)
			if err != nil {
				wait = listsRetry // an older list does until then
				continue
			}
			l.mu.Lock()
			if l.known == nil {
				l.known = map[bitrix.Region][]netip.Prefix{}
			}
			l.known[region] = list.Nodes
			l.mu.Unlock()
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// Listing tells whether an address is the queue's. That it isn't can be said only if all lists are known.
func (l *Lists) Listing(a netip.Addr) Listing {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, nodes := range l.known {
		if slices.ContainsFunc(nodes, func(p netip.Prefix) bool { return p.Contains(a) }) {
			return Listed
		}
	}
	if len(l.known) < len(bitrix.Regions()) {
		return Unsure
	}
	return Unlisted
}
