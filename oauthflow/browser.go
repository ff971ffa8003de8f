package oauthflow

import (
	"errors"
	"os"
	"os/exec"
	"runtime"

	"github.com/pkg/browser"
)

// ErrNoBrowser means that this computer has nothing that opens addresses, or no screen to open one on.
var ErrNoBrowser = errors.New("no browser found")

func init() {
	// What a browser prints is not BoxReady's output. nil means the null device; a pipe of ours would break under the
	// browser when BoxReady ends.
	browser.Stdout, browser.Stderr = nil, nil
}

// ProbeBrowser tells, without opening anything, whether there is something that opens addresses. nil proves nothing.
func ProbeBrowser() error {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return nil // they always have something
	}
	// Without a screen, a browser for terminals would take over ours. BROWSER is what remote shells of editors set.
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
