// Package feed reads the list of addresses that Bitrix24's event queue calls
// the handlers of applications from. The vendor publishes one list per region
// and asks that it be read every five to ten minutes and never more than once a
// minute (https://apidocs.bitrix24.com/settings/cloud-and-on-premise/network-access.html);
// the package keeps to that, checks what it gets, and remembers the last list
// that was good, because firewall rules are made from it.
package feed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/flight"
)

const (
	freshFor   = 10 * time.Minute // how long a good list is given without asking again
	pauseAfter = time.Minute      // how long an answer that was no list is given again
	maxBytes   = 1 << 20          // of an answer, packed and unpacked
	maxNodes   = 4096
	headBytes  = 200 // of a bad answer, kept for the report
)

// A List is one region's list of addresses, as the vendor publishes it.
type List struct {
	Region  bitrix.Region
	URL     string
	Nodes   []netip.Prefix // sorted, without doubles, never empty; a single address is a /32 or /128
	Fetched time.Time      // when the vendor's server gave it
	Cached  bool           // given from memory or disk, nobody was asked
}

var (
	// ErrUnreachable is matched by errors of a connection that failed, broke
	// off or was cancelled. They say nothing about the list.
	ErrUnreachable = errors.New("list of addresses is unreachable")
	// ErrInvalid is matched by errors of an answer that is no list of
	// addresses, often one written by a proxy or a filter on the way.
	ErrInvalid = errors.New("answer is not a list of addresses")
)

// An Error says what became of one attempt to fetch a list.
type Error struct {
	Kind   error     // ErrUnreachable or ErrInvalid
	URL    string    // what was asked for
	When   time.Time // end of the attempt
	Status int       // HTTP status, 0 if there was no answer
	Head   string    // first 200 bytes of the answer's body, what is not UTF-8 replaced
	Reason string    // what is wrong with the answer, short English
	Err    error     // the network's error; nil for ErrInvalid
}

func (e *Error) Error() string {
	switch {
	case e.Err != nil:
		return fmt.Sprintf("fetch %s: %v", e.URL, e.Err)
	case e.Reason != "":
		return fmt.Sprintf("fetch %s: %v: %s", e.URL, e.Kind, e.Reason)
	}
	return fmt.Sprintf("fetch %s: %v", e.URL, e.Kind)
}

// Unwrap lets errors.Is find the kind and the network's error.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// A Doer sends one HTTP request; *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// A Fetcher fetches lists and remembers them. Its fields must not change after
// first use and it must not be copied, but any number of goroutines may use it
// at once.
type Fetcher struct {
	Client Doer             // required
	Dir    string           // folder of the cache, made when needed; "" keeps lists in memory only
	Now    func() time.Time // nil means time.Now
	// Timeout is for one request, until the end of its answer; 0: none.
	Timeout time.Duration
	// KeepFailures gives the error of a server that can't be reached again for
	// a minute too: many runs one after another need not all wait for it.
	KeepFailures bool

	mu     sync.Mutex
	states map[bitrix.Region]*state
}

// state is what is known about one list.
type state struct {
	good    List   // zero if there was none
	refused *Error // last attempt that is to be remembered, if it gave no list
	call    *call  // attempt under way
}

// call is one request that any number of callers wait for.
type call struct {
	*flight.Call[outcome]
	waiting int
	cancel  context.CancelFunc
}

type outcome struct {
	list List
	err  *Error
}

// Fetch returns the list of region r: one from the cache if it is younger than
// ten minutes, otherwise a new one. Callers at the same time share one request.
//
// Errors are of type *Error and match ErrUnreachable or ErrInvalid, except for
// a region that does not exist. For a minute after an answer that gave no list
// its error is given again, so that the server is not asked more than once a
// minute. The last good list stays, and LastGood returns it. A cache that
// cannot be read or written is no error: the list is then kept in memory.
func (f *Fetcher) Fetch(ctx context.Context, r bitrix.Region) (List, error) {
	address := bitrix.Feed(r)
	if address == "" {
		return List{}, fmt.Errorf("fetch list of addresses: no region %q", r)
	}
	f.mu.Lock()
	s := f.state(r)
	for s.call != nil && s.call.waiting == 0 {
		// Everybody who waited for it has left, so it is being cancelled.
		// Whether the server answered it must be known before asking again.
		done := s.call.Done()
		f.mu.Unlock()
		select {
		case <-done:
		case <-ctx.Done():
			return List{}, &Error{Kind: ErrUnreachable, URL: address, When: f.now(), Err: ctx.Err()}
		}
		f.mu.Lock()
	}
	now := f.now()
	if s.call == nil && !within(now, s.good.Fetched, freshFor) {
		f.load(r, s) // another process may have asked since
	}
	if within(now, s.good.Fetched, freshFor) {
		list := s.good.copied()
		f.mu.Unlock()
		return list, nil
	}
	if s.refused != nil && within(now, s.refused.When, pauseAfter) {
		err := s.refused
		f.mu.Unlock()
		return List{}, err
	}
	if err := ctx.Err(); err != nil {
		f.mu.Unlock()
		return List{}, &Error{Kind: ErrUnreachable, URL: address, When: now, Err: err}
	}
	if s.call == nil {
		// The request must outlive the caller that happened to be first if
		// others wait for it, so it ends when the last of them has left.
		callCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		s.call = &call{cancel: cancel}
		s.call.Call = flight.Go(nil, func() outcome {
			defer cancel()
			return f.run(callCtx, r, s)
		})
	}
	c := s.call
	c.waiting++
	f.mu.Unlock()

	got, err := c.Wait(ctx)
	if err != nil {
		f.mu.Lock()
		c.waiting--
		last := c.waiting == 0
		f.mu.Unlock()
		if !last {
			return List{}, &Error{Kind: ErrUnreachable, URL: address, When: f.now(), Err: ctx.Err()}
		}
		c.cancel()
		// Wait, so that no goroutine outlives Fetch. What came in the last
		// moment is as good as at any other.
		got, _ = c.Wait(context.Background())
		if got.err != nil && got.err.Status == 0 {
			return List{}, &Error{Kind: ErrUnreachable, URL: address, When: got.err.When, Err: ctx.Err()}
		}
	}
	if got.err != nil {
		return List{}, got.err
	}
	got.list.Nodes = slices.Clone(got.list.Nodes)
	return got.list, nil
}

// LastGood returns the last good list of region r, however old, and whether
// there is one. It asks nobody.
func (f *Fetcher) LastGood(r bitrix.Region) (List, bool) {
	if bitrix.Feed(r) == "" {
		return List{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.state(r)
	f.load(r, s)
	if s.good.Fetched.IsZero() {
		return List{}, false
	}
	return s.good.copied(), true
}

// run makes a request and keeps what came of it.
func (f *Fetcher) run(ctx context.Context, r bitrix.Region, s *state) outcome {
	var (
		nodes []netip.Prefix
		err   *Error
	)
	panicked := flight.Catch(func() {
		limited, cancel := ctx, context.CancelFunc(func() {})
		if f.Timeout > 0 {
			limited, cancel = context.WithTimeout(ctx, f.Timeout)
		}
		defer cancel()
		nodes, err = f.ask(limited, bitrix.Feed(r))
	})

	f.mu.Lock()
	defer f.mu.Unlock()
	s.call = nil
	panicked.Rethrow()
	now := f.now()
	if err == nil {
		s.good, s.refused = List{Region: r, URL: bitrix.Feed(r), Nodes: nodes, Fetched: now}, nil
		f.save(r, s)
		return outcome{list: s.good}
	}
	err.When = now
	switch {
	case err.Status != 0: // answered, so it counts against the vendor's limit
		f.load(r, s) // a good list of another process must not be lost
		s.refused = err
		f.save(r, s)
	case f.KeepFailures && ctx.Err() == nil:
		s.refused = err
	}
	return outcome{err: err}
}

// ask makes one request.
func (f *Fetcher) ask(ctx context.Context, address string) ([]netip.Prefix, *Error) {
	fail := func(err error) *Error {
		if u, ok := err.(*url.Error); ok {
			err = u.Err // the address is in Error already
		}
		return &Error{Kind: ErrUnreachable, URL: address, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fail(err)
	}
	req.Header.Set("Accept", "application/json")
	// Said explicitly, so that net/http leaves unpacking, and its limit, to us.
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := f.Client.Do(req)
	if err != nil {
		return nil, fail(err)
	}
	defer resp.Body.Close()

	body, reason, err := readBody(resp)
	invalid := func(reason string) *Error {
		return &Error{Kind: ErrInvalid, URL: address, Status: resp.StatusCode, Head: head(body), Reason: reason}
	}
	switch {
	case resp.StatusCode != http.StatusOK: // said before anything that is wrong with the body
		return nil, invalid(fmt.Sprintf("status %d", resp.StatusCode))
	case err != nil:
		e := fail(fmt.Errorf("read answer: %w", err))
		e.Status, e.Head = resp.StatusCode, head(body)
		return nil, e
	case reason != "":
		return nil, invalid(reason)
	}
	nodes, err := parse(body)
	if err != nil {
		return nil, invalid(err.Error())
	}
	return nodes, nil
}

func (f *Fetcher) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// state returns what is known about r. The caller holds f.mu.
func (f *Fetcher) state(r bitrix.Region) *state {
	if f.states == nil {
		f.states = make(map[bitrix.Region]*state)
	}
	if f.states[r] == nil {
		f.states[r] = new(state)
	}
	return f.states[r]
}

// within reports whether now is in the given time after start. A start in the
// future is that of a clock since corrected and counts for nothing.
func within(now, start time.Time, limit time.Duration) bool {
	age := now.Sub(start)
	return !start.IsZero() && age >= 0 && age < limit
}

func (l List) copied() List {
	l.Nodes = slices.Clone(l.Nodes)
	l.Cached = true
	return l
}
