package gui_test

import (
	"testing"
)

func allowlistStates() []pageState {
	broken := func(t *testing.T) setup { return setup{checker: &scripted{outcome: played(t, "auth-server")}} }
	opened := func(r *rig) {
		r.check("portal.example.ru")
		r.pump("the end of the run", r.verdictShown)
		r.openSection("allowlist")
	}
	return []pageState{
		{"allowlist", broken, func(r *rig) {
			opened(r)
			r.option(r.say("window.allowlist.both", nil), r.say("allowlist.region.cis", nil))
			r.option(r.say("window.allowlist.none", nil), r.say("allowlist.equipment.mikrotik.name", nil))
		}},
		{"allowlist details", broken, func(r *rig) {
			opened(r)
			r.tap(r.say("window.allowlist.details", nil))
		}},
	}
}
