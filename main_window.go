//go:build !nogui

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/driver"
	"github.com/adrg/xdg"
	"github.com/go-gl/glfw/v3.3/glfw"
	"github.com/jeandeaual/go-locale"
	"github.com/pkg/browser"
	"golang.org/x/term"

	"boxready/checks"
	"boxready/cli"
	"boxready/gui"
	_ "boxready/gui/discardlog"
	"boxready/gui/store"
	"boxready/internal/allowlist"
	"boxready/internal/app"
	"boxready/internal/crash"
	"boxready/internal/feed"
	"boxready/internal/instance"
	"boxready/internal/opengl"
	"boxready/internal/renewal"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"
	"boxready/internal/simportal"
	"boxready/internal/words"
)

const appID = "dev.boxready.BoxReady"

func init() { openWindow = window }

// window opens the window if the arguments ask for it, or are files for it. If that fails, it shows the error and alternatives.
func window(ctx context.Context, version string, args []string, unused *renewal.Error) (cli.Exit, bool) {
	faults, demoWanted := demoFaults(args)
	files := instance.Files(args)
	if len(args) > 0 && !demoWanted && files == nil && !slices.Equal(args, []string{rendererArgument}) {
		return 0, false
	}
	s := start{version: version, args: args, unused: unused, demo: demoWanted, faults: faults, store: store.Open(app.ConfigFolder())}
	if wanted := opengl.Given(); wanted != opengl.Automatic {
		s.wanted, s.last = wanted, wanted == opengl.Software
	} else {
		s.wanted = opengl.Renderer(s.store.Settings().Renderer)
	}
	if slices.Equal(args, []string{rendererArgument}) {
		return s.printRenderer(), true
	}
	if unknown := unknownFault(faults); unknown != "" {
		s.say("cli.bad-fault", checks.Args{"value": unknown})
		return cli.ExitUsage, true
	}
	if !display() {
		s.sayNone("display", "")
		// On a terminal the command line asks.
		asked := len(args) == 0 && term.IsTerminal(int(os.Stdin.Fd()))
		return cli.ExitCouldNot, !asked
	}
	if !demoWanted {
		var handed bool
		// If another window can't be detected, this is one more.
		if s.first, handed, _ = instance.Start(ctx, files); handed {
			return cli.ExitOK, true
		}
		defer func() { s.first.Close() }()
	}
	crashes, err := crash.Watch(app.CacheFolder())
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // the window works without it
	}
	s.crashes = crashes
	s.renderer = opengl.Choose(s.wanted, opengl.Installed(), s.crashed(opengl.Graphics))
	if s.crashed(s.renderer) {
		crashes.Opened(string(s.renderer)) // the next start tries again
		s.sayNone("crashed", crashes.Path())
		return cli.ExitCouldNot, true
	}
	if s.another() && !opengl.Driver() && s.restart() {
		return cli.ExitOK, true
	}
	if s.renderer == opengl.Software { // with a graphics card, Fyne's loop stays as it is
		s.rest = newRest()
	}
	w, err := s.open()
	if err != nil {
		s.opened()
		if !s.restart() {
			s.sayNone("failed", err.Error())
			return cli.ExitCouldNot, true
		}
		return cli.ExitOK, true
	}
	if files != nil {
		w.Open(files)
	}
	if s.first != nil {
		s.first.Serve(func(files []string) {
			fyne.Do(func() { w.Fyne().(driver.NativeWindow).RunNative(raise) })
			w.Open(files)
		})
	}
	time.AfterFunc(2*time.Second, debug.FreeOSMemory) // memory used to open the window and draw its icon
	// Fyne paints the first frame before it looks at its queue at this time.
	time.AfterFunc(250*time.Millisecond, func() { fyne.Do(s.opened) })
	context.AfterFunc(ctx, func() { fyne.Do(s.app.Quit) }) // Fyne itself knows no SIGHUP
	s.rest.start()
	s.app.Run()
	s.rest.stop()
	s.opened()
	w.Close()
	return cli.ExitOK, true
}

// start is the data for opening the window.
type start struct {
	version string
	args    []string
	unused  *renewal.Error // why the kept catalogue isn't used
	demo    bool
	faults  []string // of the simulated portal; nil for the window's choice
	store   *store.Store
	crashes crash.Log
	app     fyne.App
	screen  *screen
	rest    *rest

	first    *instance.First // nil for one window of several
	wanted   opengl.Renderer
	renderer opengl.Renderer
	last     bool // this is the start with the software OpenGL, after which there is no other
}

var errNoWindow = errors.New("the system gave no window")

// open opens the window. Fyne fails in four ways: it panics without a working display; it logs that there is no OpenGL, and
// continues without a window; it panics if OpenGL is too old for its shaders; and a broken driver kills the program, which the
// next start detects.
func (s *start) open() (w *gui.Window, err error) {
	if !s.demo { // which may run beside the window
		s.crashes.Opening(string(s.renderer))
	}
	if s.renderer == opengl.Software {
		if err := opengl.Load(); err != nil {
			return nil, err
		}
	}
	// Opening a window makes little garbage.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	said, before := &strings.Builder{}, log.Writer()
	log.SetOutput(said)
	defer func() {
		log.SetOutput(before)
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
		if err == nil {
			_, _ = io.WriteString(os.Stderr, said.String())
		} else if cause := crash.Cause(said.String()); cause != "" {
			err = errors.New(cause)
		}
	}()
	if w, err = s.make(); err != nil {
		return nil, err
	}
	w.Fyne().Show()
	shown := false
	w.Fyne().(driver.NativeWindow).RunNative(func(context any) {
		switch c := context.(type) {
		case driver.X11WindowContext:
			shown = c.WindowHandle != 0
		case driver.WaylandWindowContext:
			shown = c.WaylandSurface != 0
		case driver.WindowsWindowContext:
			shown = c.HWND != 0
		case driver.MacWindowContext:
			shown = c.NSWindow != 0
		}
	})
	if !shown {
		return nil, errNoWindow
	}
	s.screen.renderer = readRenderer(w.Fyne())
	w.Shown()
	return w, nil
}

// make makes the window with its dependencies.
func (s *start) make() (*gui.Window, error) {
	s.setScale(s.store.Settings().Scale)
	s.app = fyneapp.NewWithID(appID)
	if runtime.GOOS != "darwin" { // where Fyne needs to find its own app again, and no window is painted by the processor
		s.app = calmApp{s.app}
		fyne.SetCurrentApp(s.app)
	}
	var w *gui.Window // before the first run
	a, err := app.New(app.Options{Version: s.version, Cache: app.CacheFolder(), Config: app.ConfigFolder(), KeptAside: func(path string) { w.KeptAside(path) }})
	if err != nil {
		return nil, err
	}
	var folders []gui.Folder
	for holds, path := range map[string]string{"settings": app.ConfigFolder(), "crashes": filepath.Dir(s.crashes.Path())} {
		if filepath.IsAbs(path) {
			folders = append(folders, gui.Folder{Holds: holds, Path: path})
		}
	}
	slices.SortFunc(folders, func(a, b gui.Folder) int { return strings.Compare(b.Holds, a.Holds) })
	s.screen = &screen{}
	if s.renderer == opengl.Software {
		s.screen.renderer = opengl.InstalledName
	}
	w, err = gui.New(gui.Params{
		Screen:     s.screen,
		App:        s.app,
		Version:    s.version,
		Unused:     s.unused,
		Checker:    a,
		Access:     a,
		StartDemo:  func(faults []string) (gui.Demo, error) { return startDemo(faults, s.version) },
		Demo:       s.demo,
		DemoFaults: s.faults,
		Store:      s.store,
		OpenURL:    browser.OpenURL,
		Notify:     func(title, text string) { s.app.SendNotification(fyne.NewNotification(title, text)) },
		Languages:  languages(),
		SetScale:   s.setScale,
		Renderers:  s.renderers(),
		Proxy:      a.ProxyName,
		SelfTest:   func(ctx context.Context) *checks.Outcome { return a.SelfTest(ctx, s.screen.shownBy, nil) },
		Folders:    folders,
		Crashes:    s.crashes,
		Lists:      lists(a),
		RunProbe:   runProbe(a),
		History:    app.History(app.CacheFolder()),
		Downloads:  downloads(),
		Idle:       debug.FreeOSMemory,
		Drafts:     below(app.CacheFolder(), "letters"),
		Do:         s.rest.do,

		Schedules: app.NewSchedules(),

		Console:      console(),
		DownloadPage: downloadPage(a),
	})
	if err == nil {
		s.screen.window = w.Fyne()
	}
	return w, err
}

// screen is what GLFW, the library below Fyne, tells about the screen. It is used on the main thread.
type screen struct {
	window   fyne.Window
	glfw     *glfw.Window // nil before the first use
	renderer string       // what draws the window, as OpenGL names it; it doesn't change once the window is shown
}

func (s *screen) Renderer() string { return s.renderer }

// shownBy is the self-test's check of the display: the window is open.
func (s *screen) shownBy(context.Context) (string, error) { return s.renderer, nil }

// shown is the window as GLFW knows it; nil if there is none. Fyne doesn't give it away, but makes it the current one.
func (s *screen) shown() *glfw.Window {
	if w, ok := s.window.(interface{ RunWithContext(func()) }); ok && s.glfw == nil {
		w.RunWithContext(func() { s.glfw = glfw.GetCurrentContext() })
	}
	return s.glfw
}

// places reports whether windows have places: Wayland doesn't tell them.
func (s *screen) places() (has bool) {
	s.window.(driver.NativeWindow).RunNative(func(context any) {
		_, wayland := context.(driver.WaylandWindowContext)
		has = !wayland
	})
	return has && s.shown() != nil
}

// monitorAt is the monitor that has a point in its room for windows; nil if none has.
func monitorAt(x, y int) *glfw.Monitor {
	for _, m := range glfw.GetMonitors() {
		left, top, width, height := m.GetWorkarea()
		if x >= left && x < left+width && y >= top && y < top+height {
			return m
		}
	}
	return nil
}

func (s *screen) Room() (width, height int) {
	w := s.shown()
	if w == nil {
		return 0, 0
	}
	on := glfw.GetPrimaryMonitor()
	if s.places() {
		if m := monitorAt(w.GetPos()); m != nil {
			on = m
		}
	}
	if on == nil {
		return 0, 0
	}
	_, _, width, height = on.GetWorkarea()
	left, top, right, bottom := w.GetFrameSize()
	return width - left - right, height - top - bottom
}

func (s *screen) Place() *store.Place {
	if !s.places() {
		return nil
	}
	x, y := s.glfw.GetPos()
	return &store.Place{X: x, Y: y}
}

func (s *screen) Move(to store.Place) {
	if !s.places() {
		return
	}
	if monitorAt(to.X, to.Y) != nil { // otherwise it has been unplugged
		s.glfw.SetPos(to.X, to.Y)
	}
}

// calmApp is Fyne's app whose widgets don't animate: a cursor that fades repaints the window most of the time, which takes a
// fifth of a processor without a graphics card.
type calmApp struct{ fyne.App }

func (a calmApp) Settings() fyne.Settings { return calmSettings{a.App.Settings()} }

type calmSettings struct{ fyne.Settings }

func (calmSettings) ShowAnimations() bool { return false }

// raise restores a minimized window; Fyne's own method doesn't on Windows.
func raise(context any) {
	if c, ok := context.(driver.WindowsWindowContext); ok {
		instance.Restore(c.HWND)
	}
}

// sayNone says why there is no window, and what works without one. detail is the system's message.
func (s *start) sayNone(reason, detail string) {
	command := "boxready check portal.example.com"
	if runtime.GOOS == "windows" {
		command = "boxready-cli check portal.example.com" // this program has no console
	}
	if s.demo {
		command = "boxready demo --check"
	}
	args := checks.Args{"detail": detail, "command": command}
	text, program := s.text("window.none."+reason, args), console()
	if program == "" {
		crash.Say(os.Stderr, "BoxReady", text)
	} else if crash.Ask(os.Stderr, "BoxReady", text+"\n\n"+s.text("window.none.console", args)) {
		_ = browser.OpenURL(program) // as a double click does
	}
}

// say prints a text.
func (s *start) say(key string, args checks.Args) {
	crash.Say(os.Stderr, "BoxReady", s.text(key, args))
}

// text is a text in the owner's language.
func (s *start) text(key string, args checks.Args) string {
	lang := words.Languages()[0]
	for _, l := range append([]string{s.store.Settings().Language}, languages()...) {
		if slices.Contains(words.Languages(), l) {
			lang = l
			break
		}
	}
	words, err := words.New(lang)
	if err != nil {
		return err.Error()
	}
	return words.Say(key, args)
}

// languages are that of the environment and those of the system, in the order of preference.
func languages() (languages []string) {
	if lang := os.Getenv(cli.LangVariable); lang != "" {
		languages = append(languages, strings.ToLower(lang))
	}
	locales, err := locale.GetLocales()
	if err != nil {
		return languages // if there are none: the texts' first language
	}
	for _, l := range locales {
		language, _, _ := strings.Cut(strings.ReplaceAll(l, "_", "-"), "-")
		languages = append(languages, strings.ToLower(language))
	}
	return languages
}

// setScale makes everything in the window larger, the next time that Fyne looks; 0 leaves it to the system.
func (s *start) setScale(scale float32) {
	if scale > 0 {
		os.Setenv("FYNE_SCALE", strconv.FormatFloat(float64(scale), 'f', 2, 32))
	}
}

// lists gets the event queue's addresses.
func lists(a *app.App) func(context.Context, allowlist.Options) ([]feed.List, error) {
	return func(ctx context.Context, o allowlist.Options) ([]feed.List, error) { return a.Lists(ctx, o, false) }
}

// runProbe runs a script on a portal's server over SSH.
func runProbe(a *app.App) func(context.Context, serverprobe.Server, string, func(context.Context) (secret.String, error)) ([]byte, error) {
	return func(ctx context.Context, server serverprobe.Server, script string, ask func(context.Context) (secret.String, error)) ([]byte, error) {
		return a.RunProbe(ctx, app.SSH{Server: server, Password: ask}, script)
	}
}

func startDemo(faults []string, version string) (gui.Demo, error) {
	d, err := app.StartDemo(version, faults)
	if err != nil {
		return gui.Demo{}, err
	}
	sim := d.Portal.Sim
	grant := sim.IssueGrant(simportal.TokenValid)
	answer, err := d.Portal.ServerAnswer()
	if err != nil {
		d.Portal.Close()
		return gui.Demo{}, err
	}
	return gui.Demo{
		Checker: d, Access: d, Lists: lists(d.App), Target: d.Target, Close: d.Portal.Close,
		Sample: gui.Sample{ClientID: grant.ClientID, ClientSecret: grant.ClientSecret, Webhook: sim.Webhook(), ServerAnswer: answer, Receiver: d.Portal.Receiver()},
	}, nil
}

// below is a folder in another; "" if there is none.
func below(folder, name string) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, name)
}

// console is the program for a console that is installed beside this one, "" if there is none. Other systems than Windows have one
// program, which needs a screen's libraries.
func console() string {
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	path := filepath.Join(filepath.Dir(program), "boxready-cli.exe")
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return path
}

// downloadPage asks for the page of the newest version; nil if this program was built without an address to ask.
func downloadPage(a *app.App) func(context.Context) (string, error) {
	if releases == "" {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		newest, err := a.NewestRelease(ctx, releases)
		return newest.Page, err
	}
}

// downloads is the user's folder for downloads, or the home folder.
func downloads() string {
	for _, dir := range []string{xdg.UserDirs.Download, xdg.Home} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
	}
	return ""
}
