package app

import (
	"path/filepath"

	"boxready/internal/report/history"
)

// History is where the last runs against each portal are kept, below the folder for cached data; "" keeps none.
func History(cache string) *history.Store {
	if cache == "" {
		return &history.Store{}
	}
	return &history.Store{Dir: filepath.Join(cache, "runs")}
}
