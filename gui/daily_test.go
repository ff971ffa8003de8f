package gui_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/internal/app"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/report/history"
	"boxready/internal/schedule"
	"boxready/internal/words"
)

var _ gui.Schedules = app.Schedules{}

// fakeSchedules keeps daily checks in memory.
type fakeSchedules struct {
	mu      sync.Mutex
	list    []app.Daily
	refuses error
}

func (f *fakeSchedules) List(context.Context) ([]app.Daily, error) { return f.now(), nil }

func (f *fakeSchedules) now() []app.Daily {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

func (f *fakeSchedules) Set(_ context.Context, d app.Daily, _ *words.Texts) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuses != nil {
		return "", f.refuses
	}
	f.list = append(slices.DeleteFunc(f.list, func(other app.Daily) bool { return other.Portal == d.Portal }), d)
	return "", nil
}

func (f *fakeSchedules) Off(_ context.Context, address portal.Address) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuses != nil {
		return true, f.refuses
	}
	f.list = slices.DeleteFunc(f.list, func(d app.Daily) bool { return d.Portal == address })
	return true, nil
}

func (f *fakeSchedules) Withdraw(_ context.Context, address portal.Address, _ *words.Texts) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		f.list[i].Deep = f.list[i].Deep && f.list[i].Portal != address
	}
	return f.refuses
}

func address(t *testing.T, text string) portal.Address {
	t.Helper()
	a, err := portal.ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// readyWith is a window on a portal that is ready.
func readyWith(t *testing.T, f *fakeSchedules, s setup) *testWindow {
	t.Helper()
	s.checker, s.with = readyPortal(t), func(p *gui.Params) { p.Schedules = f }
	r := open(t, s)
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	return r
}

func TestCheckEveryDay(t *testing.T) {
	f := &fakeSchedules{}
	r := readyWith(t, f, setup{settings: store.Settings{Region: "cis"}})
	offer := r.say("window.daily.offer", nil)
	r.mustSay(offer)
	r.tap(offer)
	r.mustSay("Во сколько проверять portal.example.ru каждый день?", "только пока вы в системе")
	r.mustNotSay(offer, r.say("window.daily.sign-in", nil)) // nothing is saved that could be used
	r.key(fyne.KeyEscape)
	r.mustSay(offer)
	if len(f.now()) > 0 {
		t.Errorf("set without a yes: %+v", f.now())
	}
	r.tap(offer)
	r.option("9:00", "18:00")
	r.tap(r.say("window.daily.yes", nil))
	r.mustSay("Каждый день в 18:00, пока вы в системе")
	if f, change := r.canvas().Focused(), r.find(r.say("window.daily.change", nil)); f != change.(fyne.Focusable) {
		t.Errorf("the focus is on %v", f)
	}
	r.mustNotSay(offer)
	want := app.Daily{Portal: address(t, "portal.example.ru"), Time: schedule.Time{Hour: 18}, Flags: []string{"--region", "cis"}}
	if got := f.now(); len(got) != 1 || got[0].Portal != want.Portal || got[0].Time != want.Time || got[0].Deep || got[0].SignedIn || !slices.Equal(got[0].Flags, want.Flags) {
		t.Errorf("set %+v", got)
	}
	r.tap(r.say("window.daily.change", nil))
	r.option("18:00", "7:00")
	r.tap(r.say("window.daily.yes", nil))
	r.mustSay("Каждый день в 7:00")
	r.tap(r.say("window.daily.off", nil))
	r.mustSay(offer)
	if len(f.now()) > 0 {
		t.Errorf("left: %+v", f.now())
	}
}

func TestCheckEveryDayRefused(t *testing.T) {
	f := &fakeSchedules{refuses: &schedule.ToolError{Tool: "schtasks", Output: "Доступ запрещён\x1b", Err: os.ErrPermission}}
	r := readyWith(t, f, setup{})
	r.mustSay(r.say("window.daily.offer", nil))
	r.tap(r.say("window.daily.offer", nil))
	r.tap(r.say("window.daily.yes", nil))
	r.mustSay("Планировщик системы отказал: Доступ запрещён")
	f.mu.Lock()
	f.refuses = schedule.ErrNone
	f.mu.Unlock()
	r.tap(r.say("window.daily.yes", nil))
	r.mustSay("пользовательский systemd недоступен")
	r.mustNotSay("crontab")
	f.mu.Lock()
	f.refuses = nil
	f.mu.Unlock()
	r.tap(r.say("window.daily.yes", nil))
	r.mustSay(r.say("window.daily.off", nil))
	r.mustNotSay("недоступен")
	f.mu.Lock()
	f.refuses = &schedule.ToolError{Tool: "schtasks", Output: "Доступ запрещён", Err: os.ErrPermission}
	f.mu.Unlock()
	r.tap(r.say("window.daily.off", nil))
	r.mustSay("Планировщик системы отказал: Доступ запрещён")
}

func TestCheckEveryDayWithConsents(t *testing.T) {
	s := store.Open("")
	const saved = "https://portal.example.ru"
	for _, err := range []error{s.Remember(store.Portal{Address: saved, Verdict: checks.Ready}), s.SetConfirmed(saved, true), s.SetKeys(saved, true)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f := &fakeSchedules{}
	r := open(t, setup{store: s, with: func(p *gui.Params) { p.Schedules = f }})
	r.openSection("settings")
	r.mustSay(r.say("window.daily.title", nil), r.say("window.daily.offer", nil))
	r.tap(r.say("window.daily.offer", nil))
	r.tap(r.say("window.daily.sign-in", nil))
	r.tap(r.say("window.daily.yes", nil))
	r.mustSay("с сохранённым входом")
	if got := f.now(); len(got) != 1 || !got[0].Deep || !got[0].SignedIn {
		t.Fatalf("set %+v", got)
	}
	// The confirmation of the address holds for the daily check, too.
	r.tap(r.say("window.confirmed.withdraw", nil))
	r.waitUntil("the consent to be gone", func() bool { return !f.now()[0].Deep })
	r.openSection("portals")
	r.tap(r.say("window.portals.forget", nil))
	forget := r.all(r.say("window.portals.forget-yes", nil)) // the popup around it has the word as well
	r.tapOn(forget[len(forget)-1])
	r.waitUntil("the daily check to be gone", func() bool { return len(f.now()) == 0 })
}

// TestRunsOfSchedulerAreSeen asserts that the window shows the verdicts of runs that were made without it, but none of a run that
// didn't see the portal.
func TestRunsOfSchedulerAreSeen(t *testing.T) {
	s, kept := storeWithPortals(t), &history.Store{Dir: t.TempDir()}
	var order []string
	for _, p := range s.Portals() {
		order = append(order, p.Address)
	}
	later := time.Date(2026, 11, 22, 9, 1, 0, 0, time.UTC)
	for address, verdict := range map[string]checks.Verdict{"https://portal.example.ru": checks.Ready, "https://b24.example.com:8443": checks.NotSeen} {
		d := report.Document{Schema: 1, Tool: report.Tool{Name: "boxready"}, Portal: address, Started: later, Finished: later, Verdict: verdict, NotChecked: []report.NotChecked{},
			Results: []report.Entry{{Check: checks.PortalTLS, State: checks.OK, Facts: &checks.TLSFacts{}}}}
		if err := kept.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	r := open(t, setup{store: s, with: func(p *gui.Params) { p.History = kept }})
	r.mustSay("Приложения будут работать")
	for i, p := range s.Portals() {
		if p.Address != order[i] {
			t.Errorf("%s is number %d now", p.Address, i)
		}
	}
	if p, _ := s.Portal("https://portal.example.ru"); p.Verdict != checks.Ready || !p.Checked.Equal(later) || p.Count(checks.Problem) != 0 {
		t.Errorf("saved: %+v", p)
	}
	if p, _ := s.Portal("https://b24.example.com:8443"); p.Verdict != checks.NoObstacle {
		t.Errorf("saved: %+v", p)
	}
}

func TestNoDailyCheckOfDemo(t *testing.T) {
	r := open(t, setup{demo: demoOf(t, readyPortal(t)), inDemo: true, with: func(p *gui.Params) { p.Schedules = &fakeSchedules{} }})
	r.waitUntil("the end of the run", r.verdictShown)
	r.mustSay("Приложения будут работать")
	r.mustNotSay(r.say("window.daily.offer", nil))
}

// TestDailyCheckIsDrawn measures the states that differ.
func TestDailyCheckIsDrawn(t *testing.T) {
	for _, look := range []string{"light", "dark"} {
		for name, drive := range map[string]func(r *testWindow){
			"offered":  func(r *testWindow) {},
			"question": func(r *testWindow) { r.tap(r.say("window.daily.offer", nil)) },
			"on": func(r *testWindow) {
				r.tap(r.say("window.daily.offer", nil))
				r.tap(r.say("window.daily.yes", nil))
				r.mustSay(r.say("window.daily.change", nil))
			},
		} {
			t.Run(look+"/"+name, func(t *testing.T) {
				s := store.Open("")
				if err := s.SetKeys("https://portal.example.ru", true); err != nil {
					t.Fatal(err)
				}
				r := readyWith(t, &fakeSchedules{}, setup{look: look, store: s})
				r.mustSay(r.say("window.daily.offer", nil))
				drive(r)
				if dir := os.Getenv("DAILY_PICTURES"); dir != "" {
					writePNG(t, dir+"/"+look+"-"+name+".png", r.canvas().Capture())
				}
				r.assertContrast(4.5)
				r.assertKeyboardReachesEverything()
				r.assertNoTextIsCutOrOverlaps()
			})
		}
	}
}
