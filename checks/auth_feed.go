package checks

import (
	"context"
	"errors"
	"net/http"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/transport"
)

// Causes of queue-feed.
const (
	FeedUnreachable Cause = "feed-unreachable"
	FeedInvalid     Cause = "feed-invalid"
)

// FeedFacts are the results of fetching the event queue's address lists.
type FeedFacts struct {
	Feeds []FeedSeen `json:"feeds"`
}

// FeedSeen is one list.
type FeedSeen struct {
	Region  bitrix.Region     `json:"region"`
	URL     string            `json:"url"`
	Nodes   []string          `json:"nodes,omitempty"`
	At      time.Time         `json:"at"`
	Fetched *time.Time        `json:"fetched,omitempty"`
	Status  int               `json:"status,omitempty"` // HTTP, of the answer with the list, however old, or without one
	Cached  bool              `json:"cached,omitempty"` // from an earlier run within ten minutes
	Failure transport.Failure `json:"failure,omitempty"`
	Invalid bool              `json:"invalid,omitempty"`
	Times   *transport.Times  `json:"times,omitempty"` // none: nothing was asked
}

func observeFeed(ctx context.Context, env *Env) (*FeedFacts, error) {
	regions := env.target.regions()
	f := &FeedFacts{Feeds: make([]FeedSeen, len(regions))}
	parallelN(len(regions), func(i int) { f.Feeds[i] = env.shared.fetchFeed(ctx, regions[i]) })
	return f, nil
}

func (s *Shared) fetchFeed(ctx context.Context, region bitrix.Region) FeedSeen {
	seen := FeedSeen{Region: region, URL: bitrix.Feed(region), At: time.Now().UTC()}
	list, err := s.feed.Fetch(ctx, region)
	if !list.Cached {
		seen.Times = &transport.Times{Total: transport.Since(seen.At)}
	}
	if failed, ok := errors.AsType[*feed.Error](err); ok {
		seen.Status = failed.Status
	}
	switch {
	case err == nil:
		seen.Fetched, seen.Cached, seen.Status = &list.Fetched, list.Cached, http.StatusOK // feed accepts no other
		for _, node := range list.Nodes {
			seen.Nodes = append(seen.Nodes, node.String())
		}
	case errors.Is(err, feed.ErrInvalid):
		seen.Invalid = true
	default:
		seen.Failure = transport.FailureOf(err)
	}
	return seen
}

func judgeFeed(f *FeedFacts, seen FactsByCheck) []Result {
	var invalid, dead *FeedSeen
	for i := range f.Feeds {
		switch feed := &f.Feeds[i]; {
		case feed.Invalid:
			invalid = feed
		case feed.Failure != "":
			dead = feed
		default:
			return ok() // one of the two regions is enough
		}
	}
	switch {
	case len(f.Feeds) == 0:
		return one(unknown(UnexpectedAnswer, You))
	case invalid != nil:
		return one(notice(FeedInvalid, You).with(Args{"url": invalid.URL}))
	case factsOf[VendorFacts](seen, AuthServerFromComputer).allUnreachable():
		return skipped(AuthServerFromComputer)
	case dead.Failure.Exhausted():
		return one(requestFailed(dead.Failure))
	default:
		return one(notice(FeedUnreachable, You).with(Args{"url": dead.URL, "failure": string(dead.Failure)}))
	}
}
