package app

import (
	"path/filepath"

	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/report/history"
)

// History is where runs are kept below a cache folder; "" keeps none.
func History(cache string) *history.Store {
	if cache == "" {
		return &history.Store{}
	}
	return &history.Store{Dir: filepath.Join(cache, "runs")}
}

// LastRun is the newest kept run against a portal, nil if there is none.
func LastRun(cache string, address portal.Address) (*report.Saved, error) {
	return History(cache).Last(address.String())
}
