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
	"regexp"
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
	"boxready/internal/report/history"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"
	"boxready/internal/simportal"
	"boxready/internal/words"
)

const appID = "dev.boxready.BoxReady"

func init() { openWindow = window }

// window opens the window if the command line asks for it, or names files for it. Where none can be opened, it says so, and what to do instead.
func window(ctx context.Context, version string, args []string) (cli.Exit, bool) {
	demoWanted := len(args) > 0 && args[0] == "--demo"
	files := instance.Files(args)
	if len(args) > 0 && !demoWanted && files == nil {
		return 0, false
	}
	s := start{version: version, demo: demoWanted, store: store.Open(app.Folder(os.UserConfigDir))}
	if !display() {
		s.say("window.none.display", "")
		// Whoever looks at a terminal is asked there.
		asked := len(args) == 0 && term.IsTerminal(int(os.Stdin.Fd()))
		return cli.ExitCouldNot, !asked
	}
	var first *instance.First
	if !demoWanted {
		var handed bool
		// Where it can't be told whether there is another window, this is one more.
		if first, handed, _ = instance.Start(ctx, files); handed {
			return cli.ExitOK, true
		}
		defer first.Close()
	}
	crashes, err := crash.Watch(app.CacheFolder())
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // the window works without
	}
	s.crashes = crashes
	if last, err := crashes.Report(); err == nil && last != nil && last.Opening {
		crashes.Opened() // the next start tries again
		s.say("window.none.crashed", crashes.Path())
		return cli.ExitCouldNot, true
	}
	w, err := s.open()
	if err != nil {
		s.say("window.none.failed", err.Error())
		return cli.ExitCouldNot, true
	}
	if files != nil {
		w.Open(files)
	}
	if first != nil {
		first.Serve(func(files []string) {
			fyne.Do(func() { w.Fyne().(driver.NativeWindow).RunNative(raise) })
			w.Open(files)
		})
	}
	time.AfterFunc(2*time.Second, debug.FreeOSMemory) // what it took to open the window, and to draw its icon
	s.app.Run()
	w.Close()
	return cli.ExitOK, true
}

// start is what a start of the window knows.
type start struct {
	version string
	demo    bool
	store   *store.Store
	crashes crash.Log
	app     fyne.App
}

// reasonLogged is what Fyne, or what it stands on, logs when there is no window.
var reasonLogged = regexp.MustCompile(`(?:Cause|PlatformError): *(.+)`)

var errNoWindow = errors.New("the system gave no window")

// open opens the window. Fyne tells in four ways that it can't: it panics without a display that answers; it logs that there is
// no OpenGL, and goes on without a window; it panics when the OpenGL is too old for its shaders; and a broken driver kills the
// program, which the next start sees.
func (s *start) open() (w *gui.Window, err error) {
	s.crashes.Opening()
	defer s.crashes.Opened()
	// Nothing of what it takes to open a window becomes garbage soon.
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
		} else if cause := reasonLogged.FindStringSubmatch(said.String()); cause != nil {
			err = errors.New(cause[1])
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
	return w, nil
}

// make makes the window with all that it may use.
func (s *start) make() (*gui.Window, error) {
	s.setScale(s.store.Settings().Scale)
	s.app = fyneapp.NewWithID(appID)
	a, err := app.New(app.Options{Version: s.version, Cache: app.CacheFolder()})
	if err != nil {
		return nil, err
	}
	var folders []gui.Folder
	for holds, path := range map[string]string{"settings": app.Folder(os.UserConfigDir), "crashes": filepath.Dir(s.crashes.Path())} {
		if filepath.IsAbs(path) {
			folders = append(folders, gui.Folder{Holds: holds, Path: path})
		}
	}
	slices.SortFunc(folders, func(a, b gui.Folder) int { return strings.Compare(b.Holds, a.Holds) })
	return gui.New(gui.Params{
		App:       s.app,
		Version:   s.version,
		Checker:   a,
		Access:    a,
		StartDemo: func(faults []string) (gui.Demo, error) { return startDemo(faults, s.version) },
		Demo:      s.demo,
		Store:     s.store,
		OpenURL:   browser.OpenURL,
		Languages: languages(),
		SetScale:  s.setScale,
		Proxy:     a.ProxyName,
		SelfTest:  func(ctx context.Context) *checks.Outcome { return a.SelfTest(ctx, windowShown, nil) },
		Folders:   folders,
		Crashes:   s.crashes,
		Lists:     lists(a),
		RunProbe:  runProbe(a),
		History:   &history.Store{Dir: below(app.CacheFolder(), "runs")},
		Downloads: downloads(),
	})
}

// raise brings back a window that was put away; Fyne's own way to the front leaves it where it is, on Windows.
func raise(context any) {
	if c, ok := context.(driver.WindowsWindowContext); ok {
		instance.Restore(c.HWND)
	}
}

// say tells in the owner's language why there is no window. detail is what the system said.
func (s *start) say(key, detail string) {
	lang := words.Languages()[0]
	for _, l := range append([]string{s.store.Settings().Language}, languages()...) {
		if slices.Contains(words.Languages(), l) {
			lang = l
			break
		}
	}
	words, err := words.New(lang)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	command := "boxready check portal.example.com"
	if runtime.GOOS == "windows" {
		command = "boxready-cli check portal.example.com" // this one has no console
	}
	if s.demo {
		command = "boxready demo --check"
	}
	crash.Say(os.Stderr, "BoxReady", words.Say(key, checks.Args{"detail": detail, "command": command}))
}

// languages are those of the system, in the order of preference.
func languages() (languages []string) {
	locales, err := locale.GetLocales()
	if err != nil {
		return nil // as on a system that was not set up: the texts' first language
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

// display tells whether a window could be seen.
func display() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	return slices.ContainsFunc([]string{"DISPLAY", "WAYLAND_DISPLAY"}, func(name string) bool { return os.Getenv(name) != "" })
}

// windowShown is the self-test's question whether a window can be opened: the one that asks is there.
func windowShown(context.Context) error { return nil }

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

// downloads is where people look for what they saved last.
func downloads() string {
	for _, dir := range []string{xdg.UserDirs.Download, xdg.Home} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
	}
	return ""
}
