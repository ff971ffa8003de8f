//go:build !nogui

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"fyne.io/fyne/v2/app"
	"github.com/jeandeaual/go-locale"
	"github.com/pkg/browser"

	"boxready/checks"
	"boxready/cli"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/internal/demo"
	"boxready/internal/transport"
)

const appID = "dev.boxready.BoxReady"

func init() { openWindow = window }

// window opens the window if the command line asks for it and there is a display.
func window(_ context.Context, version string, args []string) (cli.Exit, bool) {
	demoWanted := len(args) > 0 && args[0] == "--demo"
	if len(args) > 0 && !demoWanted || !display() {
		return 0, false
	}
	languages, _ := locale.GetLanguages() // without any, the texts' first language
	w, err := gui.New(gui.Params{
		App:       app.NewWithID(appID),
		Version:   version,
		Checker:   checker{transport.New(transport.Options{Proxy: transport.SystemProxy(), Version: version})},
		StartDemo: func(faults []string) (gui.Demo, error) { return startDemo(faults, version) },
		Demo:      demoWanted,
		Store:     store.Open(settingsFolder()),
		OpenURL:   browser.OpenURL,
		Languages: languages,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return cli.ExitCouldNot, true
	}
	w.Fyne().ShowAndRun()
	w.Close()
	return cli.ExitOK, true
}

// display tells whether a window could be seen.
func display() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	return slices.ContainsFunc([]string{"DISPLAY", "WAYLAND_DISPLAY"}, func(name string) bool { return os.Getenv(name) != "" })
}

// checker makes runs over one way out, so that they share the portal's pace.
type checker struct{ net *transport.Net }

func (c checker) Run(ctx context.Context, t checks.Target, o checks.Observer) *checks.Outcome {
	return checks.Run(ctx, c.net, t, o)
}

func (c checker) Again(ctx context.Context, before *checks.Outcome, id checks.ID, o checks.Observer) *checks.Outcome {
	return checks.Again(ctx, c.net, before, id, o)
}

func startDemo(faults []string, version string) (gui.Demo, error) {
	simulated, err := demo.Start(faults)
	if err != nil {
		return gui.Demo{}, err
	}
	target, err := simulated.Target(version)
	if err != nil {
		simulated.Close()
		return gui.Demo{}, err
	}
	way, err := simulated.Way(version)
	if err != nil {
		simulated.Close()
		return gui.Demo{}, err
	}
	return gui.Demo{Checker: checker{transport.New(way)}, Target: target, Close: simulated.Close}, nil
}

// settingsFolder is where settings are kept; "" if the system names none.
func settingsFolder() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "boxready")
}
