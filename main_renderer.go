package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// rendererArgument has the program with the window print how OpenGL names what would draw it. A driver that crashes then is no
// crash of the self-test.
const rendererArgument = "--renderer"

// displayCheck is the self-test's check of the display; nil if there is no program with a window here, or no display for it.
func displayCheck() func(context.Context) (string, error) {
	program, err := os.Executable()
	if err != nil || !display() {
		return nil
	}
	if openWindow == nil {
		program = filepath.Join(filepath.Dir(program), "boxready.exe") // beside the program for Windows' console
		if info, err := os.Stat(program); runtime.GOOS != "windows" || err != nil || !info.Mode().IsRegular() {
			return nil
		}
	}
	return func(ctx context.Context) (string, error) {
		out, err := exec.CommandContext(ctx, program, rendererArgument).Output() // #nosec G204 -- this program, or the one installed with it
		name := strings.TrimSpace(string(out))
		if err == nil && name == "" {
			err = errors.New("the window's program named no renderer")
		}
		return name, err
	}
}

// display reports whether there is a display for a window.
func display() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	return slices.ContainsFunc([]string{"DISPLAY", "WAYLAND_DISPLAY"}, func(name string) bool { return os.Getenv(name) != "" })
}
