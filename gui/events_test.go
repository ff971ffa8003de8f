package gui_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/internal/app"
	"boxready/internal/portal"
	"boxready/internal/receiver"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// signedIn is an Access with a saved sign-in.
type signedIn struct{ gui.Access }

func (signedIn) FinishRenewals() <-chan struct{} { return closedChannel() }

func (signedIn) ReturnAddress() string { return oauthflow.ReturnAddress() }

func (signedIn) Keys(_ context.Context, a portal.Address) app.Keys {
	return app.Keys{Account: oauthflow.Account{Portal: a, ClientID: "local.655f1c2d8a1b37.42180155"}, SignIn: oauthflow.NewSource(oauthflow.SourceOptions{}), Place: vault.InKeyring}
}

// eventRun sets up a window with a saved sign-in, and the course of the test event of a run.
type eventRun struct {
	arrives bool
	at      chan checks.LegName // receives the legs as they begin; unless it is nil, the run waits for the test at each
}

func (p eventRun) setup(t *testing.T) setup {
	began := newClock().now()
	leg := func(name checks.LegName, state checks.LegState, took int64) checks.Leg {
		l := checks.Leg{Name: name, State: state, Began: began, TookMS: took}
		if name == checks.LegTravel {
			l.LimitMS = 120000
		}
		return l
	}
	legs := []checks.Leg{leg(checks.LegMailbox, checks.LegDone, 120), leg(checks.LegBind, checks.LegDone, 80), leg(checks.LegFire, checks.LegDone, 60)}
	facts := &checks.DeliveryFacts{Receiver: "https://events.vendor.example", LimitMS: 120000, WaitedMS: 120000,
		Steps: []checks.EventStep{{Method: "event.test", Exchange: checks.Exchange{Status: 200, Form: portal.FormJSON}}}}
	if p.arrives {
		facts.Legs = append(legs, leg(checks.LegTravel, checks.LegDone, 2400), leg(checks.LegUnbind, checks.LegDone, 90))
		facts.Arrival = &checks.Arrival{TookMS: 2400, From: netip.MustParseAddr("203.0.113.61"), Queue: receiver.Listed}
	} else {
		facts.Legs = append(legs, leg(checks.LegTravel, checks.LegFailed, 120000), leg(checks.LegUnbind, checks.LegDone, 90))
	}
	before := replayed(t, "auth-server")
	kept := store.Open("")
	if err := kept.SetKeys("https://portal.example.ru", true); err != nil {
		t.Fatal(err)
	}
	return setup{store: kept, access: signedIn{}, checker: &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
		o := before(target)
		if target.Receiver != "" && slices.Contains(target.Consents, checks.EventTest) {
			o.Results = append(o.Results, byID(t, checks.EventDelivery).Judge(facts, checks.FactsByCheck{})...)
		}
		return o
	}, tell: func(ctx context.Context, id checks.ID, o checks.Observer) {
		if id != checks.EventDelivery {
			return
		}
		for _, l := range facts.Legs {
			under := l
			under.State, under.TookMS = checks.LegUnderWay, 0
			o.(checks.LegWatcher).Leg(id, under)
			if p.at != nil {
				select {
				case <-ctx.Done():
				case p.at <- l.Name:
				}
			}
			o.(checks.LegWatcher).Leg(id, l)
		}
	}}}
}

// onEventsPage checks a portal and opens the section.
func (r *testWindow) onEventsPage() {
	r.t.Helper()
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	r.openSection("events")
}

// sendEvent names a receiver and agrees.
func (r *testWindow) sendEvent() {
	r.t.Helper()
	r.entryAfter(r.say("window.events.receiver", nil))
	r.typeIn("https://events.vendor.example")
	r.key(fyne.KeyReturn)
	r.tap(r.say("window.consent.yes", nil))
}

func eventsStates() []pageState {
	with := func(p eventRun) func(*testing.T) setup { return p.setup }
	sent := func(r *testWindow) {
		r.onEventsPage()
		r.sendEvent()
		r.waitUntil("the event's way", func() bool { return r.says(r.say("window.events.way", nil)) && r.verdictOver() })
	}
	return []pageState{
		{"events", with(eventRun{}), func(r *testWindow) { r.onEventsPage() }},
		{"events question", with(eventRun{}), func(r *testWindow) {
			r.onEventsPage()
			r.entryAfter(r.say("window.events.receiver", nil))
			r.typeIn("https://events.vendor.example")
			r.key(fyne.KeyReturn)
		}},
		{"events on the way", func(t *testing.T) setup { return eventRun{at: make(chan checks.LegName)}.setup(t) }, func(r *testWindow) {
			r.onEventsPage()
			r.sendEvent()
			r.waitUntil("the way to begin", func() bool { return r.says(r.say("window.events.way", nil)) })
			r.advance(3 * time.Second)
		}},
		{"events arrived", with(eventRun{arrives: true}), sent},
		{"events lost", with(eventRun{}), sent},
	}
}

// verdictOver reports whether no run is under way on the page of events.
func (r *testWindow) verdictOver() bool { return r.says(r.say("window.events.begin", nil)) }

func TestEventsNeedASignIn(t *testing.T) {
	s := eventRun{}.setup(t)
	s.store = store.Open("")
	s.access = &fakeAccess{keys: app.Keys{Place: vault.InKeyring}}
	r := open(t, s)
	r.mustNotSay("События")
	r.onEventsPage()
	r.mustSay("Нужен вход на портал")
	r.mustNotSay("Адрес приёмника")
	r.tap("Вход и вебхук")
	r.mustSay("Вход через браузер")
}

func TestEventsAskForEachReceiver(t *testing.T) {
	r := open(t, eventRun{arrives: true}.setup(t))
	r.onEventsPage()
	r.entryAfter("Адрес приёмника")
	for _, wrong := range []string{"events", "http://events.vendor.example", "https://portal.example.ru/x", "https://a:b@events.vendor.example"} {
		r.shortcut(&fyne.ShortcutSelectAll{})
		r.typeIn(wrong)
		r.key(fyne.KeyReturn)
		r.mustSay("Адрес приёмника начинается с https://")
		r.entryAfter("Адрес приёмника")
	}
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.typeIn("https://events.vendor.example")
	r.key(fyne.KeyReturn)
	r.mustSay("Отправить пробное событие на events.vendor.example?", "токен доступа", "ONAPPTEST", "https://portal.example.ru")
	r.key(fyne.KeyEscape)
	if n := len(r.checker.asked()); n != 1 {
		t.Fatalf("%d runs although nobody agreed", n)
	}
	r.tap("Отправить событие…")
	r.tap("Да, проверить")
	r.waitUntil("the end of the run", func() bool {
		return len(r.checker.asked()) == 2 && r.says("Путь события") && r.verdictOver()
	})
	asked := r.checker.asked()[1]
	if asked.Receiver != "https://events.vendor.example" || !slices.Contains(asked.Consents, checks.EventTest) {
		t.Errorf("the run was made with %q, %v", asked.Receiver, asked.Consents)
	}
	r.mustSay("2,4 с", "0,1 с", "дошло до")

	// The consent was for this run only.
	r.ctrl(fyne.Key1)
	r.key(fyne.KeyF5)
	r.waitUntil("a third run", func() bool { return len(r.checker.asked()) == 3 && r.verdictShown() })
	if again := r.checker.asked()[2]; again.Receiver != "" || slices.Contains(again.Consents, checks.EventTest) {
		t.Error("another event is sent although nobody agreed")
	}
}

func TestLegsAreShownLive(t *testing.T) {
	p := eventRun{at: make(chan checks.LegName)}
	r := open(t, p.setup(t))
	r.onEventsPage()
	r.sendEvent()
	r.mustSay("Приёмник выдаёт одноразовый адрес")
	r.advance(2 * time.Second)
	r.mustSay("Событие идёт", "2 с", "Проверяем…")
	for range 3 {
		<-p.at
	}
	r.mustSay("2 с, ждём до 120 с")
	r.advance(30 * time.Second)
	r.mustSay("32 с, ждём до 120 с")
	r.ctrl(fyne.Key1)
	r.mustSay("Событие идёт через сервер авторизации")
	r.mustNotSay("32 с, отвечает медленно")
	r.key(fyne.KeyEscape)
	r.mustSay("Проверка остановлена")
}

func TestLostEvent(t *testing.T) {
	r := open(t, eventRun{}.setup(t))
	r.onEventsPage()
	r.sendEvent()
	title := r.title(checks.EventDelivery, checks.EventNotDelivered)
	r.mustSay(title)
	r.mustSay("120,0 с")
	r.tap(title)
	r.mustSay("С чего начать")
}

// TestLocalEventTest asserts that the test that needs no receiver begins after the owner's consent, and sends nothing to a receiver.
func TestLocalEventTest(t *testing.T) {
	r := open(t, eventRun{}.setup(t))
	r.onEventsPage()
	before := len(r.checker.asked())
	r.mustSay(r.say("window.events.local", nil), r.say("window.events.delivery", nil))
	r.tap(r.say("window.consent.event-test", nil))
	r.mustSay(r.say("consent.event-test.title", nil))
	if len(r.checker.asked()) != before {
		t.Fatal("a run began before the consent")
	}
	r.tap(r.say("window.consent.yes", nil))
	r.waitUntil("the run", func() bool { return len(r.checker.asked()) == before+1 && !r.says(r.say("window.check.stop", nil)) })
	if target := r.checker.asked()[before]; target.Receiver != "" || !slices.Contains(target.Consents, checks.EventTest) {
		t.Errorf("the run's target: receiver %q, %v", target.Receiver, target.Consents)
	}
}

// TestApplicationPage asserts that the events section checks the page that the owner names, that page alone, and keeps it for later runs.
func TestApplicationPage(t *testing.T) {
	r := open(t, eventRun{}.setup(t))
	r.onEventsPage()
	for _, wrong := range []string{"", "app.vendor.example/x y", "ftp://app.vendor.example/", "https://a:b@app.vendor.example/"} {
		r.entryAfter("Адрес страницы")
		r.shortcut(&fyne.ShortcutSelectAll{})
		r.typeIn(wrong)
		r.key(fyne.KeyReturn)
		r.mustSay("Нужен адрес страницы")
	}
	if n := len(r.checker.madeAgain()); n != 0 {
		t.Fatalf("%d checks of no page", n)
	}
	r.entryAfter("Адрес страницы")
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.typeIn("https://App.vendor.example/start?token=1#top")
	r.key(fyne.KeyReturn)
	r.waitUntil("the check of the page", func() bool { return len(r.checker.madeAgain()) == 2 && r.verdictOver() })
	if again := r.checker.madeAgain(); !slices.Equal(again, []checks.ID{checks.ApplicationFrame, checks.BrowserLibrary}) {
		t.Errorf("made again: %v", again)
	}
	r.openSection("check")
	r.tap(r.say("window.header.again", nil))
	r.waitUntil("another run", func() bool { return len(r.checker.asked()) == 2 })
	if page := r.checker.asked()[1].Page; page != "https://app.vendor.example/start?token=1" {
		t.Errorf("the run is about %q", page)
	}
}
