package gui_test

import (
	"errors"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/widgets"
	"boxready/internal/demo"
	"boxready/internal/transport"
)

// fakeDemo fakes simulated portals, whose runs have fixed outcomes.
type fakeDemo struct {
	t       *testing.T
	started chan []string
	closed  chan []string
	fail    error
}

func newFakeDemo(t *testing.T) *fakeDemo {
	return &fakeDemo{t: t, started: make(chan []string, 10), closed: make(chan []string, 10)}
}

func (p *fakeDemo) start(faults []string) (gui.Demo, error) {
	p.started <- faults
	if p.fail != nil {
		return gui.Demo{}, p.fail
	}
	checker := broken(p.t)
	if faults == nil {
		checker.outcome = withFixed(checker.outcome, checks.AuthServerFromPortal, checks.PortalTLS)
	}
	return gui.Demo{Checker: checker, Target: checks.Target{Address: mustParse(p.t, "portal.demo.example")}, Close: func() { p.closed <- faults }}, nil
}

const demoBanner = "Учебный портал: всё, что вы видите, происходит на этом компьютере"

func TestDemo(t *testing.T) {
	p := newFakeDemo(t)
	r := open(t, setup{demo: p.start})
	r.tap("Посмотреть на учебном портале")
	r.mustSay(notReady)
	r.mustSay(demoBanner, "portal.demo.example", "Нет связи с сервером авторизации, и скоро истечёт сертификат")
	if faults := <-p.started; !slices.Contains(faults, "auth-server-unreachable") {
		t.Errorf("started with %v", faults)
	}
	if len(r.checker.asked()) > 0 {
		t.Error("the real checker was used")
	}
	r.tap(noServer)
	r.mustSay(demoBanner)
	r.tap("Письмо администратору сети…")
	r.tap("Скопировать")
	if letter := r.app.Clipboard().Content(); !contains(letter, "Это учебный портал") {
		t.Errorf("the letter doesn't say that it is an exercise:\n%s", letter)
	}
	r.key(fyne.KeyEscape)

	r.choose("Что на нём сломано", "Ничего")
	r.mustSay("Портал и сервер авторизации связаны")
	r.mustSay(demoBanner)
	if faults := <-p.closed; !slices.Contains(faults, "auth-server-unreachable") {
		t.Errorf("closed: %v", faults)
	}
	r.tap("Закрыть учебный портал")
	r.mustNotSay(demoBanner, "portal.demo.example")
	r.mustSay("Будут ли работать приложения")
	<-p.closed
	if kept := r.store.Portals(); len(kept) > 0 {
		t.Errorf("the simulated portal is kept: %+v", kept)
	}
}

func TestDemoFromTheCommandLine(t *testing.T) {
	p := newFakeDemo(t)
	r := open(t, setup{demo: p.start, inDemo: true})
	r.mustSay(notReady)
	r.mustSay(demoBanner)
	if e, ok := r.canvas().Focused().(*widgets.Entry); ok {
		t.Errorf("the focus is in the field for an address, which can't be changed: %v", e.Text)
	}
	r.key(fyne.KeyF5)
	r.mustSay(notReady)
}

func TestDemoFailsToStart(t *testing.T) {
	p := newFakeDemo(t)
	p.fail = errors.New("no port is free")
	r := open(t, setup{demo: p.start})
	r.tap("Посмотреть на учебном портале")
	r.mustSay("Учебный портал не запустился")
	r.mustNotSay("no port is free")
	r.key(fyne.KeyEscape)
	r.mustSay("Будут ли работать приложения")
}

func TestDemoIsClosedWithTheWindow(t *testing.T) {
	p := newFakeDemo(t)
	r := open(t, setup{demo: p.start, inDemo: true})
	r.mustSay(notReady)
	r.w.Close()
	select {
	case <-p.closed:
	default:
		t.Error("the simulated portal goes on")
	}
}

// TestDemoScenarios runs every scenario against a real simulated portal.
func TestDemoScenarios(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the slowest fault")
	}
	for _, scenario := range gui.Scenarios() {
		t.Run(scenario[0], func(t *testing.T) {
			simulated, err := demo.Start(scenario[1:])
			if err != nil {
				t.Fatal(err)
			}
			defer simulated.Close()
			target, err := simulated.Target("test")
			if err != nil {
				t.Fatal(err)
			}
			way, err := simulated.Way("test")
			if err != nil {
				t.Fatal(err)
			}
			outcome := checks.Run(t.Context(), transport.New(way), target, nil)
			findings := 0
			for _, r := range outcome.Results {
				if r.State == checks.Problem || r.State == checks.Notice {
					findings++
				}
			}
			if (findings == 0) != (len(scenario) == 1) || findings < len(scenario)-1 {
				t.Errorf("%d findings of %v", findings, scenario[1:])
			}
		})
	}
}
