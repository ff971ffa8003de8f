package checks_test

import (
	"slices"
	"testing"
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
