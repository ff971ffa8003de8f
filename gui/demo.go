package gui

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
)

// scenarios are the choices of faults of the simulated portal: the text "demo.scenario."+id describes one, the faults are
// internal/simportal's.
var scenarios = []struct {
	id     string
	faults []string
}{
	{"auth-server", []string{"auth-server-unreachable", "tls-expires-soon"}},
	{"healthy", nil},
	{"tls-incomplete-chain", []string{"tls-incomplete-chain"}},
	{"tls-expired", []string{"tls-expired"}},
	{"dns-not-found", []string{"dns-not-found"}},
	{"tcp-timeout", []string{"tcp-timeout"}},
	{"rest-blocked", []string{"rest-blocked-modsecurity"}},
	{"redirect-drops-post", []string{"redirect-drops-post"}},
	{"https-not-seen", []string{"https-not-seen"}},
	{"licence-rejected", []string{"licence-rejected"}},
	{"body-filtered", []string{"body-filtered"}},
	{"several", []string{"tls-expires-soon", "clock-off", "auth-header-stripped", "body-filtered"}},
}

// startDemo opens the simulated portal with these faults and checks it.
func (w *Window) startDemo(faults []string) {
	if w.demoStarting {
		return
	}
	w.demoStarting = true
	w.demoFaults = faults
	old := w.runs.demo
	if s := w.model.Current; s != nil && s.Demo && w.runs.stop[s] != nil {
		w.runs.stop[s]()
	}
	w.background(func(context.Context) func() {
		demo, err := w.params.StartDemo(faults)
		if old != nil {
			old.Close()
		}
		if err == nil {
			w.atClose(demo.Close)
		}
		return func() { w.demoStarted(demo, err) }
	})
}

func (w *Window) demoStarted(demo Demo, err error) {
	w.demoStarting, w.runs.demo = false, nil
	if err != nil {
		w.leaveDemo()
		w.dialogs.showMessage(w.say("demo.failed-title", nil), w.say("demo.failed", nil))
		return
	}
	w.runs.demo = &demo
	s := &model.Session{Target: demo.Target, Given: demo.Target.Requirements, Demo: true}
	w.model.Replace(s)
	w.checkPage.reset()
	w.rebuild()
	w.runs.run(s)
}

// leaveDemo ends the simulated portal and shows the first page.
func (w *Window) leaveDemo() {
	if s := w.model.Current; s != nil && s.Demo {
		if w.runs.stop[s] != nil {
			w.runs.stop[s]()
		}
		w.model.Forget(s.Target.Address.String())
	}
	if old := w.runs.demo; old != nil {
		w.runs.demo = nil
		w.background(func(context.Context) func() {
			old.Close()
			return nil
		})
	}
	w.checkPage.reset()
	w.rebuild()
}

// demoBanner marks the portal as simulated, and offers other faults; nil outside the demo.
func (w *Window) demoBanner() fyne.CanvasObject {
	if w.model.Current == nil || !w.model.Current.Demo {
		return nil
	}
	var names []string
	chosen := ""
	for _, s := range scenarios {
		name := w.say("demo.scenario."+s.id, nil)
		names = append(names, name)
		if slices.Equal(s.faults, w.demoFaults) {
			chosen = name
		}
	}
	if chosen == "" { // as on the command line
		chosen = strings.Join(w.demoFaults, ", ")
		names = append(names, chosen)
	}
	choice := widgets.NewSelect(names, chosen, func(name string) {
		if i := slices.Index(names, name); i < len(scenarios) {
			w.startDemo(scenarios[i].faults)
		}
	})
	label := widgets.NewText(w.say("demo.fault", nil), widgets.Font{OneLine: true})
	line := widgets.BesideOrBelow(10, 220, widgets.Beside(8, false, label, choice, nil), widgets.NewButton(w.say("demo.leave", nil), nil, w.leaveDemo))
	return widgets.Banner(style.ColorChosen, widgets.Column(8, widgets.NewText(w.say("demo.banner", nil), widgets.Font{Bold: true}), line))
}
