package report

import (
	"strings"
	"time"
)

// Baseline is what changed since an earlier run, in the JSON of a run that was compared with it. Something got worse if New or Worse
// have anything.
type Baseline struct {
	Started   time.Time     `json:"started"`   // of the earlier run
	New       []Delta       `json:"new"`       // notices and problems that were not there before
	Worse     []Delta       `json:"worse"`     // those that are more severe, or about more
	Better    []Delta       `json:"better"`    // findings that are less severe, or about less
	Changed   []Delta       `json:"changed"`   // findings that are neither, for instance about another certificate
	Gone      []Delta       `json:"gone"`      // findings that are no longer there
	Revealed  []Delta       `json:"revealed"`  // notices and problems that the earlier run could not have seen
	Unseen    []Delta       `json:"unseen"`    // findings that this run could not see, and what it could not tell
	Coincides []Coincidence `json:"coincides"` // facts that changed as well
}

// Baseline returns the changes since an earlier run that began at this time.
func (c *Changes) Baseline(started time.Time) *Baseline {
	return &Baseline{started.UTC(), c.New, c.changed(1), c.changed(-1), c.changed(0), c.Fixed, c.Revealed, c.Unseen, c.Coincides}
}

// worse are the codes of what got worse.
func (b *Baseline) worse() (codes []string) {
	if b == nil {
		return nil
	}
	for _, list := range [][]Delta{b.New, b.Worse} {
		for _, d := range list {
			codes = append(codes, string(d.Check)+"/"+string(d.Cause))
		}
	}
	return codes
}

// HidesPortal reports whether a token stands for the portal's name in a report.
func (s *Document) HidesPortal() bool {
	host, _, _ := strings.Cut(strings.TrimPrefix(s.Portal, "https://"), ":")
	return host != "" && token().FindString(host) == host
}

// SamePortal reports whether two runs are about the same portal, as far as its name isn't hidden.
func SamePortal(a, b Document) bool {
	return a.Portal == b.Portal || a.HidesPortal() || b.HidesPortal()
}
