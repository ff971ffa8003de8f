package server

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/receiver"
)

const (
	refreshInterval = 10 * time.Minute
	retryInterval   = time.Minute
)

// Lists are the event queue's addresses of both regions. The zero value knows none.
type Lists struct {
	mu    sync.RWMutex
	known map[bitrix.Region][]netip.Prefix
}

// Keep fetches the lists, again as often as their publisher asks for, until ctx is done.
func (l *Lists) Keep(ctx context.Context, fetcher *feed.Fetcher) {
	for {
		wait := refreshInterval
		for _, region := range bitrix.Regions() {
			list, err := fetcher.Fetch(ctx, region)
			if err != nil {
				wait = retryInterval // the older list is used until then
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

// Listing tells whether an address is the queue's: Unlisted only if the lists of all regions are known.
func (l *Lists) Listing(a netip.Addr) receiver.Listing {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, nodes := range l.known {
		if slices.ContainsFunc(nodes, func(p netip.Prefix) bool { return p.Contains(a) }) {
			return receiver.Listed
		}
	}
	if len(l.known) < len(bitrix.Regions()) {
		return receiver.Unsure
	}
	return receiver.Unlisted
}
