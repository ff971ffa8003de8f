package gui_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"go.uber.org/goleak"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/gui/widgets"
	"boxready/internal/portal"
	"boxready/internal/report/history"
	"boxready/internal/simtest/testenv"
	"boxready/internal/words"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400)       // fonts and shaped texts last, and are marked for nothing again and again
	debug.SetMemoryLimit(3 << 30) // what Fyne's test driver caches grows to one
	goleak.VerifyTestMain(testenv.M{M: m})
}

// testWindow is a window without a display. The test's goroutine is its Fyne thread: functions that other goroutines want to run
// there are queued until the test runs them.
type testWindow struct {
	t       testing.TB
	app     fyne.App
	w       *gui.Window
	store   *store.Store
	history *history.Store // nil for none
	checker *fakeChecker
	queue   chan func()
	clock   *clock
	timed   bool
	longest time.Duration // of the functions that ran on the Fyne thread while timed
	opened  chan string   // addresses that the browser was asked to open
}

type setup struct {
	lang     string // "ru" by default
	look     string
	size     fyne.Size // 1040×720 by default
	scale    float32
	store    *store.Store
	checker  *fakeChecker
	access   gui.Access
	crashes  gui.Crashes
	scaled   func(float32)
	proxy    func(string) string
	selfTest func(context.Context) *checks.Outcome
	demo     func([]string) (gui.Demo, error)
	openURL  func(string) error
	settings store.Settings
	inDemo   bool
	screen   gui.Screen
	asLast   bool              // the window opens in the size that is saved
	with     func(*gui.Params) // sets what only few tests need
}

func open(t testing.TB, s setup) *testWindow {
	t.Helper()
	if s.lang == "" {
		s.lang = "ru"
	}
	if s.size.IsZero() {
		s.size = fyne.NewSize(1040, 720)
	}
	if s.store == nil {
		s.store = store.Open("")
	}
	if s.checker == nil {
		s.checker = &fakeChecker{}
	}
	s.settings.Language, s.settings.Look = s.lang, s.look
	s.store.SetSettings(func(to *store.Settings) { *to = s.settings })
	r := &testWindow{t: t, app: test.NewTempApp(t), store: s.store, checker: s.checker, queue: make(chan func(), 100000), clock: newClock(), opened: make(chan string, 10)}
	if s.openURL == nil {
		s.openURL = func(address string) error { r.opened <- address; return nil }
	}
	if s.scaled == nil {
		s.scaled = func(float32) {}
	}
	params := gui.Params{
		Crashes: s.crashes, SetScale: s.scaled, Proxy: s.proxy, SelfTest: s.selfTest,
		Folders: []gui.Folder{{Holds: "settings", Path: "/home/somebody/.config/boxready"}},
		App:     r.app, Version: "0.1.0-test", Versions: map[string]string{"go": "go1.27.3", "fyne.io/fyne/v2": "v2.7.1"}, Checker: s.checker, Access: s.access, StartDemo: s.demo, Demo: s.inDemo, Store: s.store, OpenURL: s.openURL,
		Do: func(f func()) { r.queue <- f }, Now: r.clock.now, Tick: r.clock.tick, Lists: noLists, Screen: s.screen, Downloads: "/home/somebody/Downloads",
	}
	if s.with != nil {
		s.with(&params)
	}
	w, err := gui.New(params)
	if err != nil {
		t.Fatal(err)
	}
	r.w, r.history = w, params.History
	t.Cleanup(w.Close)
	if s.scale != 0 {
		w.Fyne().Canvas().(test.WindowlessCanvas).SetScale(s.scale)
	}
	if !s.asLast {
		w.Fyne().Resize(s.size)
	}
	return r
}

// waitUntil runs what is queued for the Fyne thread until done returns true. what names that in a failure.
func (r *testWindow) waitUntil(what string, done func() bool) {
	r.t.Helper()
	late := time.After(time.Minute)
	for !done() {
		select {
		case f := <-r.queue:
			r.time(f)
		case <-time.After(5 * time.Millisecond): // done may also become true elsewhere
			r.clock.fire(250 * time.Millisecond)
		case <-late:
			r.t.Fatalf("timed out waiting for %s; the window shows:\n%s", what, strings.Join(r.texts(), "\n"))
		}
	}
}

// advance advances the clock and runs the functions of the tickers that fire: one ticker after another, since the window queues
// functions that come together as one.
func (r *testWindow) advance(d time.Duration) {
	r.t.Helper()
	late := time.After(time.Minute)
	for _, ticker := range r.clock.advance(d) {
		for fired := r.clock.fireOne(ticker); fired && r.clock.has(ticker); { // it is gone once it was stopped
			select {
			case f := <-r.queue:
				f()
				fired = false
			case <-time.After(5 * time.Millisecond):
			case <-late:
				r.t.Fatal("a tick was lost")
			}
		}
	}
	r.runQueued()
}

// runQueued runs what is queued for the Fyne thread now.
func (r *testWindow) runQueued() {
	for {
		select {
		case f := <-r.queue:
			r.time(f)
		default:
			return
		}
	}
}

// time runs f as on the Fyne thread and, while timed, records how long it takes.
func (r *testWindow) time(f func()) {
	if !r.timed {
		f()
		return
	}
	start := threadTime()
	f()
	r.longest = max(r.longest, threadTime()-start)
}

// threadTime is the time that the thread has run; its processor time on Linux.
var threadTime = func() time.Duration { return time.Since(time.Time{}) }

func (r *testWindow) canvas() fyne.Canvas { return r.w.Fyne().Canvas() }

// walk visits all visible objects with their places; under an open overlay, only those of the overlay.
func (r *testWindow) walk(visit func(o fyne.CanvasObject, at fyne.Position, clip rect) (deeper bool)) {
	root := r.canvas().Content()
	if over := r.canvas().Overlays().Top(); over != nil {
		root = over
	}
	walk(root, fyne.Position{}, rect{fyne.Position{}, r.canvas().Size()}, visit)
}

type rect struct {
	at   fyne.Position
	size fyne.Size
}

func (r rect) right() float32  { return r.at.X + r.size.Width }
func (r rect) bottom() float32 { return r.at.Y + r.size.Height }

func (r rect) cut(by rect) rect {
	x, y := max(r.at.X, by.at.X), max(r.at.Y, by.at.Y)
	return rect{fyne.NewPos(x, y), fyne.NewSize(max(0, min(r.right(), by.right())-x), max(0, min(r.bottom(), by.bottom())-y))}
}

func walk(o fyne.CanvasObject, at fyne.Position, clip rect, visit func(fyne.CanvasObject, fyne.Position, rect) bool) {
	if o == nil || !o.Visible() {
		return
	}
	at = at.Add(o.Position())
	if _, ok := o.(*container.Scroll); ok {
		clip = clip.cut(rect{at, o.Size()})
	}
	if !visit(o, at, clip) {
		return
	}
	switch o := o.(type) {
	case *fyne.Container:
		for _, inside := range o.Objects {
			walk(inside, at, clip, visit)
		}
	case fyne.Widget:
		for _, inside := range test.WidgetRenderer(o).Objects() {
			walk(inside, at, clip, visit)
		}
	}
}

// texts are all visible texts, each as one piece even where it wraps.
func (r *testWindow) texts() (texts []string) {
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if text, ok := textOf(o); ok {
			if text != "" {
				texts = append(texts, text)
			}
			return false
		}
		return true
	})
	return texts
}

func textOf(o fyne.CanvasObject) (string, bool) {
	switch o := o.(type) {
	case *widgets.Text:
		return o.Text(), true
	case *widget.Label:
		return o.Text, true
	case interface{ SelectedText() string }:
		if e, ok := o.(interface{ Text() string }); ok {
			return e.Text(), true
		}
	case *widget.RichText:
		return o.String(), true
	case *canvas.Text:
		return o.Text, true
	}
	return "", false
}

func (r *testWindow) says(text string) bool {
	return slices.ContainsFunc(r.texts(), func(t string) bool { return strings.Contains(t, text) })
}

// mustSay waits for each text, which may come from background work.
func (r *testWindow) mustSay(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		r.waitUntil(fmt.Sprintf("%q", text), func() bool { return r.says(text) })
	}
}

func (r *testWindow) mustNotSay(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if r.says(text) {
			r.t.Errorf("the window says %q", text)
		}
	}
}

// find returns the innermost tappable object with this text on it.
func (r *testWindow) find(text string) fyne.Tappable {
	r.t.Helper()
	var found fyne.Tappable
	var pressable []fyne.Tappable
	var visit func(o fyne.CanvasObject)
	visit = func(o fyne.CanvasObject) {
		if o == nil || !o.Visible() || found != nil {
			return
		}
		tappable, ok := o.(fyne.Tappable)
		if ok {
			pressable = append(pressable, tappable)
			defer func() { pressable = pressable[:len(pressable)-1] }()
		}
		if said, ok := textOf(o); ok && strings.Contains(said, text) && len(pressable) > 0 {
			found = pressable[len(pressable)-1]
			return
		}
		for _, inside := range children(o) {
			visit(inside)
		}
	}
	root := r.canvas().Content()
	if over := r.canvas().Overlays().Top(); over != nil {
		root = over
	}
	visit(root)
	if found == nil {
		r.t.Fatalf("nothing with %q can be pressed; the window shows:\n%s", text, strings.Join(r.texts(), "\n"))
	}
	return found
}

func children(o fyne.CanvasObject) []fyne.CanvasObject {
	switch o := o.(type) {
	case *fyne.Container:
		return o.Objects
	case fyne.Widget:
		return test.WidgetRenderer(o).Objects()
	}
	return nil
}

// tap presses the object with this text on it, with the mouse.
func (r *testWindow) tap(text string) {
	r.t.Helper()
	test.Tap(r.find(text))
	r.runQueued()
}

// key presses a key as the driver does: the focused widget gets it, or else the window.
func (r *testWindow) key(name fyne.KeyName) {
	defer r.runQueued()
	e := &fyne.KeyEvent{Name: name}
	if f := r.canvas().Focused(); f != nil {
		if k, ok := f.(desktop.Keyable); ok {
			k.KeyDown(e)
		}
		f.TypedKey(e)
		if k, ok := r.canvas().Focused().(desktop.Keyable); ok {
			k.KeyUp(e)
		}
		return
	}
	r.canvas().OnTypedKey()(e)
}

// keyHeld repeats a key that has been held down since before.
func (r *testWindow) keyHeld(name fyne.KeyName) {
	defer r.runQueued()
	r.canvas().Focused().TypedKey(&fyne.KeyEvent{Name: name})
}

// shortcut presses keys as the driver does: a disabled widget with a text gets nothing but Copy.
func (r *testWindow) shortcut(s fyne.Shortcut) {
	if d, ok := r.canvas().Focused().(interface {
		fyne.Disableable
		SelectedText() string
	}); ok && d.Disabled() && s.ShortcutName() != "Copy" {
		return
	}
	if f, ok := r.canvas().Focused().(fyne.Shortcutable); ok {
		f.TypedShortcut(s)
		return
	}
	r.canvas().(fyne.Shortcutable).TypedShortcut(s)
}

func (r *testWindow) ctrl(name fyne.KeyName) {
	r.shortcut(&desktop.CustomShortcut{KeyName: name, Modifier: fyne.KeyModifierControl})
}

// typeIn types into the focused widget.
func (r *testWindow) typeIn(text string) {
	r.t.Helper()
	f := r.canvas().Focused()
	if f == nil {
		r.t.Fatal("nothing has the focus")
	}
	for _, c := range text {
		f.TypedRune(c)
	}
}

// check types an address, presses Enter, and doesn't confirm the address.
func (r *testWindow) check(address string) {
	r.t.Helper()
	r.typeIn(address)
	r.key(fyne.KeyReturn)
	if no := r.say("window.confirm.no", nil); r.says(no) {
		r.tap(no)
	}
}

// clock is a fake clock that only the test advances.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	ticks map[chan time.Time]*ticking
}

type ticking struct {
	every, next time.Duration
}

func newClock() *clock {
	return &clock{at: time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC), ticks: map[chan time.Time]*ticking{}}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) tick(d time.Duration) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.ticks[ch] = &ticking{every: d, next: d}
	return ch, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.ticks, ch)
	}
}

// running is the number of tickers.
func (c *clock) running() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.ticks)
}

// fire lets the tickers of an interval fire, without moving the time.
func (c *clock) fire(every time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ch, t := range c.ticks {
		if t.every == every {
			c.send(ch)
		}
	}
}

// fireOne lets a ticker fire; false if it was stopped, or hasn't been heard since it fired last.
func (c *clock) fireOne(ch chan time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ticks[ch] != nil && c.send(ch)
}

func (c *clock) send(ch chan time.Time) bool {
	select {
	case ch <- c.at:
		return true
	default:
		return false
	}
}

func (c *clock) has(ch chan time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ticks[ch] != nil
}

// advance moves the time and returns the tickers that are due. Each fires once at most, as after the computer was suspended.
func (c *clock) advance(d time.Duration) (due []chan time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	for ch, t := range c.ticks {
		if t.next -= d; t.next <= 0 {
			t.next = t.every
			due = append(due, ch)
		}
	}
	return due
}

// fakeChecker is a Checker whose runs have outcomes that the test sets.
type fakeChecker struct {
	outcome func(checks.Target) *checks.Outcome
	// gate is called before each check is finished; nil for nothing. A run ends early when its context does.
	gate func(ctx context.Context, id checks.ID)
	// tell reports a check's progress to the observer; nil for nothing.
	tell func(ctx context.Context, id checks.ID, o checks.Observer)

	mu      sync.Mutex
	targets []checks.Target
	again   []checks.ID
	known   []checks.Acknowledgement
}

func (s *fakeChecker) Acknowledged() []checks.Acknowledgement {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.known)
}

func (s *fakeChecker) Acknowledge(_ context.Context, a checks.Acknowledgement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.Reason == unkept {
		return errors.New("not kept")
	}
	s.known = append(s.known, a)
	return nil
}

// unkept is a reason that can't be kept.
const unkept = "unkept"

func (s *fakeChecker) Unacknowledge(_ context.Context, portal string, check checks.ID, cause checks.Cause) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.known)
	s.known = slices.DeleteFunc(s.known, func(a checks.Acknowledgement) bool { return a.Portal == portal && a.Check == check && a.Cause == cause })
	return len(s.known) < before, nil
}

func (s *fakeChecker) Run(ctx context.Context, target checks.Target, o checks.Observer) *checks.Outcome {
	s.mu.Lock()
	s.targets = append(s.targets, target)
	s.mu.Unlock()
	outcome := s.outcome(target)
	var order []checks.ID
	results := map[checks.ID][]checks.Result{}
	for _, r := range outcome.Results {
		if results[r.Check] == nil {
			order = append(order, r.Check)
		}
		results[r.Check] = append(results[r.Check], r)
	}
	for _, id := range order {
		o.Started(id)
		if s.tell != nil {
			s.tell(ctx, id, o)
		}
		if s.gate != nil {
			s.gate(ctx, id)
		}
		if ctx.Err() != nil {
			results[id] = []checks.Result{{Check: id, State: checks.Unknown, Cause: checks.Cancelled, Owner: checks.You, Vantage: checks.FromComputer}}
		}
		o.Finished(id, results[id])
	}
	outcome.Results = nil
	for _, id := range order {
		outcome.Results = append(outcome.Results, results[id]...)
	}
	return outcome
}

func (s *fakeChecker) Again(ctx context.Context, before *checks.Outcome, o checks.Observer, ids ...checks.ID) *checks.Outcome {
	after := before
	for _, id := range ids {
		s.mu.Lock()
		s.again = append(s.again, id)
		s.mu.Unlock()
		if o != nil {
			o.Started(id)
		}
		if s.gate != nil {
			s.gate(ctx, id)
		}
		after = s.outcome(before.Target)
		if o != nil {
			o.Finished(id, slices.DeleteFunc(slices.Clone(after.Results), func(r checks.Result) bool { return r.Check != id }))
		}
	}
	return after
}

func (s *fakeChecker) asked() []checks.Target {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.targets)
}

func (s *fakeChecker) madeAgain() []checks.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.again)
}

// replayed returns outcomes in which every check judges facts from a file.
func replayed(t testing.TB, name string) func(checks.Target) *checks.Outcome {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "runs", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept []struct {
		Check   checks.ID
		Because checks.ID
		Facts   json.RawMessage
		TookMS  int `json:"took_ms"`
	}
	if err := json.Unmarshal(data, &kept); err != nil {
		t.Fatal(err)
	}
	return func(target checks.Target) *checks.Outcome {
		seen := checks.FactsByCheck{}
		made := map[checks.ID]bool{}
		start := time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC)
		o := &checks.Outcome{Target: target, Started: start, Finished: start.Add(11 * time.Second)}
		for _, k := range kept {
			c := byID(t, k.Check)
			made[k.Check] = true
			took := time.Duration(k.TookMS) * time.Millisecond
			if k.Because != "" {
				o.Results = append(o.Results, checks.Result{Check: k.Check, State: checks.Skipped, Because: k.Because, Vantage: c.Vantage, Took: took})
				continue
			}
			facts, err := c.UnmarshalFacts(k.Facts)
			if err != nil {
				t.Fatal(err)
			}
			seen[k.Check] = facts
			for _, r := range c.Judge(facts, seen) {
				r.Took = took
				o.Results = append(o.Results, r)
			}
		}
		for _, c := range checks.Catalog() {
			if !made[c.ID] {
				reason := checks.NeedsCredential
				if c.Consent == checks.ContentFilter {
					reason = checks.NeedsConsentFilter
				} else if c.Consent == checks.Deep {
					reason = checks.NeedsConsentDeep
				}
				o.NotChecked = append(o.NotChecked, checks.NotChecked{Check: c.ID, Reason: reason})
			}
		}
		o.NotChecked = append(o.NotChecked, checks.NotChecked{Check: "portal-from-internet", Reason: checks.NeedsOutsideRun})
		o.Verdict = verdictOf(o.Results)
		return o
	}
}

func verdictOf(results []checks.Result) checks.Verdict {
	verdict := checks.NoObstacle
	for _, r := range results {
		switch {
		case r.State == checks.Problem:
			return checks.NotReady
		case r.State == checks.Unknown && len(r.Affects) > 0:
			verdict = checks.Unsure
		}
	}
	return verdict
}

func byID(t testing.TB, id checks.ID) *checks.Check {
	t.Helper()
	for _, c := range checks.Catalog() {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no check %q", id)
	return nil
}

func mustParse(t testing.TB, address string) portal.Address {
	t.Helper()
	a, err := portal.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// words are the texts in the window's language.
func (r *testWindow) words() *words.Texts {
	r.t.Helper()
	lang := r.store.Settings().Language
	if loaded[lang] == nil {
		words, err := words.New(lang)
		if err != nil {
			r.t.Fatal(err)
		}
		loaded[lang] = words
	}
	return loaded[lang]
}

var loaded = map[string]*words.Texts{}

func (r *testWindow) say(key string, args checks.Args) string { return r.words().Say(key, args) }

// title is that of a finding whose title is the same whatever was seen.
func (r *testWindow) title(id checks.ID, cause checks.Cause) string {
	return r.say(string(id)+"."+string(cause)+".title", nil)
}

// verdictShown reports whether the verdict of a finished run is shown, and nothing that would change the page is still to come.
func (r *testWindow) verdictShown() bool {
	if !r.w.Settled() {
		return false
	}
	codes := []string{"token-not-sent", "not-signed-in", "this-webhook", "this-user", "this-application"}
	for _, v := range checks.Verdicts() {
		codes = append(codes, string(v))
	}
	for _, code := range codes {
		if r.says(r.say("verdict."+code+".title", nil)) {
			return true
		}
	}
	return r.says(r.say("window.verdict.stopped.title", nil))
}

// all returns the tappable objects with exactly this text on them.
func (r *testWindow) all(text string) (found []fyne.Tappable) {
	var visit func(o fyne.CanvasObject, around fyne.Tappable)
	visit = func(o fyne.CanvasObject, around fyne.Tappable) {
		if o == nil || !o.Visible() {
			return
		}
		if p, ok := o.(fyne.Tappable); ok {
			around = p
		}
		if said, ok := textOf(o); ok && said == text && around != nil && !slices.Contains(found, around) {
			found = append(found, around)
			return
		}
		for _, inside := range children(o) {
			visit(inside, around)
		}
	}
	root := r.canvas().Content()
	if over := r.canvas().Overlays().Top(); over != nil {
		root = over
	}
	visit(root, nil)
	return found
}

func (r *testWindow) tapOn(p fyne.Tappable) {
	test.Tap(p)
	r.runQueued()
}

// arrow presses an arrow of the connection picture.
func (r *testWindow) arrow(i int) {
	r.t.Helper()
	if folded := r.say("window.picture", nil); r.says(folded) {
		r.tap(folded)
	}
	found := false
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if c, ok := o.(*widgets.Connections); ok {
			found = true
			test.Tap(c.Buttons()[i])
			r.runQueued()
		}
		return !found
	})
	if !found {
		r.t.Fatal("there is no connection picture")
	}
}

// step presses a step on the rail; 0 is the first.
func (r *testWindow) step(i int) {
	r.t.Helper()
	var rail *widgets.Rail
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if found, ok := o.(*widgets.Rail); ok {
			rail = found
		}
		return rail == nil
	})
	if rail == nil {
		r.t.Fatal("there is no rail")
	}
	test.Tap(rail.Buttons()[i])
	r.runQueued()
}

// openSection opens a section from the list, or from the menu where the window is narrow.
func (r *testWindow) openSection(id string) {
	r.t.Helper()
	name := r.say("window.section."+id, nil)
	if id == "sign-in" || r.canvas().Size().Width < 600 { // opened by other pages, and from a menu
		r.w.OpenSection(id)
		r.runQueued()
		return
	}
	entry := func() (found fyne.Tappable) {
		for _, o := range r.all(name) {
			if item, ok := o.(*widgets.NavItem); ok {
				found = item
			}
		}
		return found
	}
	if entry() == nil {
		r.tap(r.say("window.section.more", nil))
	}
	if entry() == nil {
		r.t.Fatalf("there is no section %s", name)
	}
	r.tapOn(entry())
}

// blockAt returns a gate that blocks one check until its run ends.
func blockAt(at checks.ID) func(context.Context, checks.ID) {
	return func(ctx context.Context, id checks.ID) {
		if id == at {
			<-ctx.Done()
		}
	}
}

// storeWithPortals is a store with four portals.
func storeWithPortals(t *testing.T) *store.Store {
	t.Helper()
	s := store.Open("")
	when := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	for i, p := range []store.Portal{
		{Address: "https://portal.example.ru", Verdict: checks.NotReady, Results: []store.Past{
			{Check: checks.PortalTLS, State: checks.Problem, Cause: checks.TLSExpired}, {Check: checks.PortalDNS, State: checks.OK}}},
		{Address: "https://b24.example.com:8443", Verdict: checks.NoObstacle, Results: []store.Past{{Check: checks.PortalTLS, State: checks.OK}}},
		{Address: "https://a-portal-with-a-rather-long-name.department.company.example.org", Verdict: checks.Unsure},
		{Address: "https://never.example.org"},
	} {
		if p.Verdict != "" {
			p.Checked = when.Add(time.Duration(i) * time.Hour)
		}
		if err := s.Remember(p); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// option opens the select that shows a text, and chooses an option.
func (r *testWindow) option(shown, option string) {
	r.t.Helper()
	r.tap(shown)
	r.tap(option)
}

func contains(text, part string) bool { return strings.Contains(text, part) }
