package model

import (
	"time"

	"boxready/internal/view"
	"boxready/internal/words"
)

// Endings returns a row for each thing that ends, the earliest first, with what to do about those that are near; soon reports whether
// something should be done about one of them by now. There is none before the run is over.
func (s *Session) Endings(w *words.Texts, now time.Time) (rows []Row, soon bool) {
	if s.Outcome == nil || s.Running {
		return nil, false
	}
	for _, e := range view.Endings(s.Outcome.Results, now) {
		row := Row{Key: join(" ", "ending", e.What, e.Name, e.At.String()), Title: e.Text(w, now)}
		if e.Near(now) {
			row.Detail = e.Advice(w, now)
		}
		if e.Soon(now) {
			row.Sign, soon = Notice, true
		}
		rows = append(rows, row)
	}
	return rows, soon
}
