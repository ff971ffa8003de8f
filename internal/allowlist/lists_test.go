package allowlist_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/requirements"
)

// vendor serves the lists of addresses.
type vendor struct {
	bodies map[string]string // by URL; others are unreachable
	asked  int
}

func (v *vendor) Do(r *http.Request) (*http.Response, error) {
	v.asked++
	body, ok := v.bodies[r.URL.String()]
	if !ok {
		return nil, io.EOF
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestFetch(t *testing.T) {
	cis, world := bitrix.Feed(bitrix.CIS), bitrix.Feed(bitrix.World)
	good := map[string]string{cis: `{"nodes":["198.51.100.21"]}`, world: `{"nodes":["203.0.113.121"]}`}
	for name, c := range map[string]struct {
		change  func(*allowlist.Options)
		bodies  map[string]string
		old     bool // a good list of CIS is in the cache, two days old
		offline bool
		asked   int
		regions string // of the lists, a * behind an old one
		err     error
	}{
		"no request for handlers on the internet": {change: func(o *allowlist.Options) { o.Handlers = requirements.Internet }, bodies: good},
		"nor on an isolated portal":               {change: func(o *allowlist.Options) { o.Handlers = requirements.Custom }, bodies: good},
		"nor without the events":                  {change: func(o *allowlist.Options) { o.Packs = []bitrix.Pack{bitrix.PackREST} }, bodies: good},
		"one region":                              {bodies: good, asked: 1, regions: "cis"},
		"both":                                    {change: func(o *allowlist.Options) { o.Region = "" }, bodies: good, asked: 2, regions: "cis world"},
		"the requirements say where": {change: func(o *allowlist.Options) {
			o.Handlers, o.Requirements = "", &requirements.Requirements{Handlers: requirements.LAN}
		}, bodies: good, asked: 1, regions: "cis"},
		"unreachable":              {asked: 1, err: feed.ErrUnreachable},
		"unreachable, an old one":  {old: true, asked: 1, regions: "cis*", err: feed.ErrUnreachable},
		"no list, an old one":      {bodies: map[string]string{cis: "<html>"}, old: true, asked: 1, regions: "cis*", err: feed.ErrInvalid},
		"offline, an old one":      {bodies: good, old: true, offline: true, regions: "cis*"},
		"offline, none":            {bodies: good, offline: true},
		"one of two can't be read": {change: func(o *allowlist.Options) { o.Region = "" }, bodies: map[string]string{world: good[world]}, asked: 2, regions: "world", err: feed.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.old {
				before := &feed.Fetcher{Client: &vendor{bodies: good}, Dir: dir, Now: func() time.Time { return noon.Add(-48 * time.Hour) }}
				if _, err := before.Fetch(t.Context(), bitrix.CIS); err != nil {
					t.Fatal(err)
				}
			}
			o := options()
			o.Handlers, o.Lists = requirements.LAN, nil
			if c.change != nil {
				c.change(&o)
			}
			v := &vendor{bodies: c.bodies}
			f := &feed.Fetcher{Client: v, Dir: dir, Now: func() time.Time { return noon }}
			lists, err := allowlist.Fetch(context.Background(), f, o, c.offline)
			if !errors.Is(err, c.err) {
				t.Errorf("error %v, expected %v", err, c.err)
			}
			var regions []string
			for _, l := range lists {
				mark := ""
				if noon.Sub(l.Fetched) > time.Hour {
					mark = "*"
				}
				regions = append(regions, string(l.Region)+mark)
			}
			if got := strings.Join(regions, " "); got != c.regions {
				t.Errorf("lists %q, expected %q", got, c.regions)
			}
			if v.asked != c.asked {
				t.Errorf("asked %d times, expected %d", v.asked, c.asked)
			}
			o.Lists = lists
			r := rules(t, o)
			if missing := o.NeedsLists() && len(lists) < max(1, strings.Count(c.regions, " ")+1); (len(r.Missing) > 0) != (missing || name == "one of two can't be read") {
				t.Errorf("missing %v", r.Missing)
			}
		})
	}
}

// Without a list the rules have no addresses and block nothing.
func TestNoListNoProtection(t *testing.T) {
	for _, missing := range []string{"all", "one of two"} {
		o := options()
		o.Handlers = requirements.LAN
		if o.Region = ""; missing == "all" {
			o.Lists = nil
		} else {
			o.Lists = o.Lists[:1]
		}
		r := rules(t, o)
		for _, e := range allowlist.Equipments() {
			text := write(t, r, e, allowlist.Add, "en")
			for _, word := range []string{"drop", "DROP", "deny ", "reject"} {
				for line := range strings.Lines(text) {
					if !strings.HasPrefix(strings.TrimSpace(line), "#") && strings.Contains(line, word) {
						t.Errorf("%s, %s missing: %s", e, missing, line)
					}
				}
			}
			if e != allowlist.CSV && e != allowlist.JSON && !strings.Contains(text, "There is no list") {
				t.Errorf("%s, %s missing: the comment is missing", e, missing)
			}
			// If the script can fill it, the empty list is written.
			filled := slices.Contains([]allowlist.Equipment{allowlist.Nftables, allowlist.IPSet, allowlist.IPTables, allowlist.Firewalld, allowlist.MikroTik}, e)
			if filled && !regexp.MustCompile(`(?m)^[^#]*(nodes|NODES)`).MatchString(text) {
				t.Errorf("%s, %s missing: no list that could be refreshed", e, missing)
			}
		}
	}
}
