package app

import (
	"path/filepath"
	"time"

	"boxready/internal/report"
	"boxready/internal/report/history"
)

// History is where the last runs against each portal are kept, below the folder for cached data; "" keeps none.
func History(cache string) *history.Store {
	if cache == "" {
		return &history.Store{}
	}
	return &history.Store{Dir: filepath.Join(cache, "runs")}
}

// SinceGood compares a run with the last one before it in which all was well: when that began, and how many findings are new or worse since.
// The time is zero if none is kept or can be read, or all is well now.
func SinceGood(kept *history.Store, now report.Document) (good time.Time, added, worse int) {
	if now.Verdict.Good() {
		return good, 0, 0
	}
	before, err := kept.Before(now.Portal, now.Started, true)
	if err != nil || before == nil {
		return good, 0, 0
	}
	changes := report.Compare(before.Document, now)
	added = len(changes.New)
	return before.Started, added, len(changes.Worse()) - added
}
