package gui_test

import (
	"path/filepath"
	"testing"
	"time"

	"boxready/gui"
	"boxready/internal/report/history"
)

// withHistory is a window that keeps runs.
func withHistory(t *testing.T) setup {
	kept := &history.Store{Dir: filepath.Join(t.TempDir(), "history")}
	return setup{checker: &scripted{outcome: played(t, "auth-server")}, with: func(p *gui.Params) { p.History = kept }}
}

func reportStates() []pageState {
	opened := func(r *rig) {
		r.check("portal.example.ru")
		r.pump("the end of the run", r.verdictShown)
		r.openSection("report")
		r.pumpUntilSays("summary.txt")
	}
	return []pageState{
		{"report", withHistory, func(r *rig) {
			opened(r)
			r.tap(r.say("window.report.hide-names", nil))
			r.pumpUntilSays("portal-1")
		}},
		{"report saving", withHistory, func(r *rig) {
			opened(r)
			r.tap(r.say("window.report.save", nil))
		}},
	}
}

var _ = time.Now
