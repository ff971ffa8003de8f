package checks_test

import (
	"slices"
	"testing"

	"boxready/internal/requirements"
)

// TestLargeRequests asserts which large requests a run sends: without consent none; with it two at most, without credentials, one
// after the other, and after everything else.
func TestLargeRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		faults []string
		with   []string
		sizes  []int // in MiB
		want   []string
	}{
		{"no consent", nil, []string{"deep", "content-filter"}, nil, nil},
		{"healthy", nil, []string{"body-size"}, []int{2, 12}, nil},
		{"with everything else", nil, []string{"body-size", "sign-in", "webhook", "event-test", "content-filter"}, []int{2, 12}, nil},
		{"refused", []string{"body-too-large"}, []string{"deep"}, []int{2}, []string{"body-size/body-too-large"}},
		{"cut off", []string{"body-too-large-closed"}, nil, []int{2, 12}, []string{"body-size/body-too-large"}},
		{"behind a broken route", []string{"rest-module-missing"}, []string{"body-size"}, nil, []string{"rest-route/rest-module-missing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := scenario{faults: c.faults, with: c.with}.execute(t)
			var sizes []int
			for _, r := range p.toPortal() {
				switch {
				case r.Size > 1<<20:
					sizes = append(sizes, int(r.Size>>20))
					if len(r.Tokens) > 0 || r.Path != "/rest/app.info" {
						t.Errorf("%s has %d tokens", r.Path, len(r.Tokens))
					}
				case sizes != nil:
					t.Errorf("%s %s comes after a large request", r.Method, r.Path)
				}
			}
			if !slices.Equal(sizes, c.sizes) {
				t.Errorf("large requests: %d MiB, want %d", sizes, c.sizes)
			}
			if found := p.causes(); !slices.Equal(found, c.want) {
				t.Errorf("found %v, want %v", found, c.want)
			}
		})
	}
}

// TestFrames asserts what a run with an application's page requests besides: the page once, without credentials, and the script
// of each region that is possible; without a page nothing.
func TestFrames(t *testing.T) {
	t.Parallel()
	page := &requirements.Requirements{Pages: []string{"https://app.demo.example/crm/?member_id=1"}}
	for _, c := range []struct {
		name         string
		faults       []string
		requirements *requirements.Requirements
		pages        int
		scripts      int
		want         []string
	}{
		{"no page", nil, nil, 0, 0, nil},
		{"a page", nil, page, 1, 2, nil},
		{"forbids frames", []string{"app-frame-options"}, page, 1, 2, []string{"application-frame/frame-blocked"}},
		{"redirects to http, which isn't followed", []string{"app-frame-http"}, page, 1, 2, []string{"application-frame/frame-not-https"}},
		{"over http, which isn't asked", nil, &requirements.Requirements{Pages: []string{"http://app.demo.example/"}}, 0, 2, []string{"application-frame/frame-not-https"}},
		{"a broken portal changes nothing", []string{"rest-module-missing"}, page, 1, 2, []string{"rest-route/rest-module-missing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := scenario{faults: c.faults, requirements: c.requirements, with: []string{"webhook", "sign-in"}}.execute(t)
			pages := p.asked("app")
			if len(pages) != c.pages {
				t.Errorf("%d requests to the application, want %d", len(pages), c.pages)
			}
			for _, r := range pages {
				if r.Method != "GET" || len(r.Tokens) > 0 || r.Path != "/crm/" || len(r.Header.Values("Cookie")) > 0 {
					t.Errorf("the application got %s %s with %d tokens", r.Method, r.Path, len(r.Tokens))
				}
			}
			if scripts := p.asked("library"); len(scripts) != c.scripts {
				t.Errorf("%d requests for the script, want %d", len(scripts), c.scripts)
			}
			if found := p.causes(); !slices.Equal(found, c.want) {
				t.Errorf("found %v, want %v", found, c.want)
			}
		})
	}
}
