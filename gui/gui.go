// Package gui is BoxReady's window. It shows what the model holds and calls what it was given; it never touches the network
// or the keyring itself, and nothing in it blocks the Fyne thread: see do.go.
//
// One file per page. A page rebuilds its content whenever it is shown or the language changes, so lasting state belongs
// in the model.
package gui

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/store"
	"boxready/gui/style"
	"boxready/internal/allowlist"
	"boxready/internal/feed"
	"boxready/internal/opengl"
	"boxready/internal/renewal"
	"boxready/internal/report/history"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"
	"boxready/internal/words"
)

// Params are the window's dependencies and options.
type Params struct {
	App     fyne.App
	Version string         // of BoxReady
	Unused  *renewal.Error // why the kept catalogue isn't used; nil if it is, or there is none
	Checker Checker
	Access  Access // nil without a way to sign in
	// StartDemo starts the simulated portal with these faults. nil if there is none.
	StartDemo func(faults []string) (Demo, error)
	// Demo opens the window on the simulated portal with DemoFaults; nil for the first of the choices.
	Demo       bool
	DemoFaults []string
	Store      *store.Store
	OpenURL    func(address string) error            // in the browser; may block
	Notify     func(title, text string)              // as the system notifies; may block; nil if it doesn't
	Languages  []string                              // of the system, in the order of preference
	SetScale   func(factor float32)                  // of everything in the window, from the next change of the theme on; nil if it can't be set
	Screen     Screen                                // nil if nothing is known about it
	Proxy      func(address string) string           // the system's on the way to an address, "" for none; may block
	SelfTest   func(context.Context) *checks.Outcome // of what BoxReady needs on this computer; called off the Fyne thread
	Renderers  *Renderers                            // that can be chosen; nil if there is one only
	Folders    []Folder
	Crashes    Crashes // nil if crash reports are not kept
	// Lists gets the event queue's addresses that rules for o need, see allowlist.Fetch. It is called off the Fyne thread; nil
	// if that isn't offered.
	Lists func(ctx context.Context, o allowlist.Options) ([]feed.List, error)
	// RunProbe runs a script for PHP on a portal's server over SSH, see serverprobe.RunPHP; ask asks for the password. It is called
	// off the Fyne thread; nil if that isn't offered.
	RunProbe func(ctx context.Context, server serverprobe.Server, script string, ask func(context.Context) (secret.String, error)) ([]byte, error)
	// Console is the path of the static program for the command line; "" if none is installed in the window's folder. DownloadPage asks for the address of the page from which BoxReady can be downloaded; it is called off the Fyne thread;
	// nil if that isn't known.
	Console      string
	DownloadPage func(context.Context) (string, error)
	History      *history.Store // of runs; its methods are called off the Fyne thread
	Downloads    string         // the folder in which files are saved and chosen first
	Schedules    Schedules      // nil if daily checks are not offered
	Drafts       string         // the folder of letters that the mail program is asked to open; "" for the system's temporary one
	Idle         func()         // called off the Fyne thread a while after the last run was over; nil for nothing

	// Versions that the window shows of Go, as "go", and of modules by their paths, instead of those that the program was built with. A
	// test is not always built with the versions of its modules.
	Versions map[string]string

	Do   func(func())                                   // onto the Fyne thread; nil: fyne.Do
	Now  func() time.Time                               // nil: time.Now
	Tick func(time.Duration) (<-chan time.Time, func()) // and how to stop it; nil: time.NewTicker
}

// Checker makes runs. Its methods are called off the Fyne thread.
type Checker interface {
	Run(context.Context, checks.Target, checks.Observer) *checks.Outcome
	// Again repeats some checks of a finished run.
	Again(ctx context.Context, before *checks.Outcome, o checks.Observer, ids ...checks.ID) *checks.Outcome

	// Acknowledged returns the findings that don't count; the others keep one, or make it count again.
	Acknowledged() []checks.Acknowledgement
	Acknowledge(context.Context, checks.Acknowledgement) error
	Unacknowledge(ctx context.Context, portal string, check checks.ID, cause checks.Cause) (found bool, err error)
}

// Renderers are what can draw the window from the next start on.
type Renderers struct {
	Choices  []string // as in store.Settings; their names are the texts "window.settings.renderer-"
	TryAgain func()   // forgets that one crashed
}

// Demo is a simulated portal.
type Demo struct {
	Checker
	Access Access
	Lists  func(ctx context.Context, o allowlist.Options) ([]feed.List, error)
	Target checks.Target
	Sample Sample
	Close  func() // may be called again
}

// Sample is example input for a simulated portal: its credentials, which are no secrets, its server's answer, and a receiver of its
// test events.
type Sample struct{ ClientID, ClientSecret, Webhook, ServerAnswer, Receiver string }

// Window is BoxReady's window.
type Window struct {
	*environment
	dialogs *dialogs
	runs    *runner
	sweep   *sweep
	frame   *frame

	checkPage        *checkPage
	signInPage       *signInPage
	settingsPage     *settingsPage
	requirementsPage *requirementsPage
	allowlistPage    *allowlistPage
	lettersPage      *lettersPage
	serverPage       *serverPage
	eventsPage       *eventsPage
	reportPage       *reportPage
	reportsPage      *reportsPage

	demoFaults   []string
	demoStarting bool
	closing      bool // but a sign-in is being renewed
	impatient    bool // it was closed once more
	behind       bool // another program has the input focus
}

// New makes the window; show it with Fyne's Show. When the program ends, Close waits for its background work.
func New(p Params) (*Window, error) {
	if p.Do == nil {
		p.Do = fyneDo
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Tick == nil {
		p.Tick = newTicker
	}
	e := &environment{tasks: newTasks(p.Do, p.Tick), params: p, model: &model.Model{}}
	w := &Window{environment: e, dialogs: &dialogs{environment: e}}
	w.runs = &runner{environment: e, dialogs: w.dialogs, stop: map[*model.Session]func(){}}
	w.sweep = &sweep{runs: w.runs}
	w.runs.over = w.sweep.finished
	w.makePages()
	e.refresh = func() { w.frame.refresh() }
	w.runs.saved = w.reportPage.historyChanged
	w.plain = p.Screen != nil && opengl.IsSoftware(p.Screen.Renderer())
	lang := w.language()
	loaded := async(func() (*words.Texts, error) { return words.New(lang) })
	w.applyTheme()
	fonts := async(loadFonts)
	w.fyne = p.App.NewWindow("BoxReady")
	_, _ = fonts()
	words, err := loaded()
	if err != nil {
		return nil, err
	}
	if err := w.setLanguage(words); err != nil {
		return nil, err
	}
	// Rendering the icon is slow, and the window can open without it.
	p.App.Lifecycle().SetOnStarted(func() {
		w.after(time.Second, func() { w.fyne.SetIcon(style.Icon("boxready", style.ColorAccented)) })
	})
	w.fyne.SetCloseIntercept(w.close)
	w.fyne.SetOnClosed(w.closed)
	w.watchFocus()
	w.fyne.SetMaster()
	w.fyne.SetPadded(false)
	w.fyne.Resize(w.firstSize())
	w.fyne.SetOnDropped(w.dropped)
	w.addKeys()
	if portals := p.Store.Portals(); len(portals) > 0 {
		w.checkPage.typed = displayAddress(portals[0].Address)
	}
	w.rebuild()
	if p.Demo {
		faults := p.DemoFaults
		if faults == nil {
			faults = scenarios[0].faults
		}
		w.startDemo(faults)
	}
	w.forgetLostFolder()
	w.takeOverRuns()
	w.offerCrash()
	w.keepAside()
	return w, nil
}

// keepAside says which of the window's own files could not be read: their settings or portals would be missed.
func (w *Window) keepAside() {
	w.background(func(context.Context) func() {
		settings, portals := w.params.Store.KeepAside()
		if settings+portals == "" {
			return nil
		}
		return func() {
			var said []string
			for _, file := range []struct{ key, path string }{{"settings", settings}, {"portals", portals}} {
				if file.path != "" {
					said = append(said, w.say("unreadable."+file.key, checks.Args{"file": file.path}))
				}
			}
			w.dialogs.showMessage(w.say("unreadable.title", nil), strings.Join(said, "\n\n"))
		}
	})
}

func (w *Window) makePages() {
	s := scaffold{environment: w.environment}
	w.checkPage = &checkPage{scaffold: s, dialogs: w.dialogs, runs: w.runs, nav: w, portals: w}
	w.requirementsPage = &requirementsPage{scaffold: s, dialogs: w.dialogs, runs: w.runs, nav: w}
	w.allowlistPage = &allowlistPage{scaffold: s, dialogs: w.dialogs, runs: w.runs}
	w.lettersPage = &lettersPage{scaffold: s, dialogs: w.dialogs, nav: w, network: w.allowlistPage}
	w.serverPage = &serverPage{scaffold: s, dialogs: w.dialogs, runs: w.runs, nav: w}
	w.eventsPage = &eventsPage{scaffold: s, dialogs: w.dialogs, runs: w.runs, nav: w}
	w.reportPage = &reportPage{scaffold: s, dialogs: w.dialogs, runs: w.runs, nav: w, options: w.allowlistPage.options}
	w.reportsPage = &reportsPage{scaffold: s, reports: w, order: model.ByDate}
	w.signInPage = &signInPage{scaffold: s, dialogs: w.dialogs, runs: w.runs, nav: w}
	w.settingsPage = &settingsPage{scaffold: s, dialogs: w.dialogs, nav: w, setLanguage: w.setLanguage, rebuild: w.rebuild, showKeys: w.showKeys}
}

// loadFonts loads the fonts that every page needs. It may be called from any goroutine: measuring a text touches nothing but
// Fyne's cache of fonts, which has a lock.
func loadFonts() (struct{}, error) {
	for _, bold := range []bool{false, true} {
		fyne.MeasureText("B", 14, fyne.TextStyle{Bold: bold})
	}
	return struct{}{}, nil
}

// Fyne is the window as Fyne knows it.
func (w *Window) Fyne() fyne.Window { return w.fyne }

// rebuild rebuilds everything in the window, in another language or with other sections.
func (w *Window) rebuild() {
	w.dialogs.closeDialog()
	open := w.settings().Window.Section
	if w.frame != nil {
		open = w.frame.open
		w.frame.page().stopAnimations()
	}
	w.frame = newFrame(w, w.sections())
	if banner := w.demoBanner(); banner != nil {
		w.frame.banner.Objects = []fyne.CanvasObject{banner}
	} else if banner := w.reportBanner(); banner != nil {
		w.frame.banner.Objects = []fyne.CanvasObject{banner}
	}
	if !w.hasSection(open) {
		open = "check"
	}
	w.fyne.SetContent(w.frame.object)
	w.frame.show(open)
}
