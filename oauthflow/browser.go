package oauthflow

import (
	"errors"
	"os"
	"os/exec"
	"runtime"

	"github.com/pkg/browser"
)

// ErrNoBrowser means that this computer has no program that opens URLs, or no display.
var ErrNoBrowser = errors.New("no browser found")

func init() {
	// A browser's output is not BoxReady's. nil means the null device; a pipe would break when BoxReady ends before the
	// browser.
	browser.Stdout, browser.Stderr = nil, nil
}

// ProbeBrowser returns ErrNoBrowser if no URL can be opened. It opens nothing; nil is no proof that a browser will open.
func ProbeBrowser() error {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return nil // part of the system
	}
	// Without a display, a text browser would take over the terminal. Remote shells of editors set BROWSER.
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" && os.Getenv("BROWSER") == "" {
		return ErrNoBrowser
	}
	for _, opener := range []string{"xdg-open", "x-www-browser", "www-browser"} {
		if _, err := exec.LookPath(opener); err == nil {
			return nil
		}
	}
	return ErrNoBrowser
}

// openSystemBrowser opens an address as the desktop would.
func openSystemBrowser(address string) error {
	if err := ProbeBrowser(); err != nil {
		return err
	}
	return browser.OpenURL(address)
}
