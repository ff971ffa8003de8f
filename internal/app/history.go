package app

import (
	"path/filepath"

	"boxready/internal/report/history"
)

// History is where runs are kept below a cache folder; "" keeps none.
func History(cache string) *history.Store {
	if cache == "" {
		return &history.Store{}
	}
	return &history.Store{Dir: filepath.Join(cache, "runs")}
}
