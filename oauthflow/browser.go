package oauthflow

import (
	"os"
	"os/exec"
	"runtime"
)

// openers are what github.com/pkg/browser tries on desktops other than Windows and macOS.
var openers = []string{"xdg-open", "x-www-browser", "www-browser"}

// FindBrowser tells whether this computer seems to have something that opens addresses; the error is ErrNoBrowser. That there
// is one doesn't mean that it works.
func FindBrowser() error {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return nil
	}
	// Without a display an opener starts, finds no browser and ends; $BROWSER may be one for the terminal.
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" && os.Getenv("BROWSER") == "" {
		return ErrNoBrowser
	}
	for _, name := range openers {
		if _, err := exec.LookPath(name); err == nil {
			return nil
		}
	}
	return ErrNoBrowser
}
