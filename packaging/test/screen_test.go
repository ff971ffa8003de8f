//go:build linux

package dist

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// screen is a new X server with a home folder.
type screen struct {
	command
	home string
}

func newScreen(t *testing.T, options ...string) *screen {
	t.Helper()
	return screenOf(t, "Xvfb", append([]string{"-screen", "0", "1280x800x24"}, options...)...)
}

// screenOf starts a server.
func screenOf(t *testing.T, program string, options ...string) *screen {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	server := exec.Command(program, append([]string{"-displayfd", "3", "-nolisten", "tcp"}, options...)...)
	server.ExtraFiles = []*os.File{write}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	write.Close()
	number, err := io.ReadAll(io.LimitReader(read, 8))
	if err != nil && len(number) == 0 {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	s := &screen{home: home}
	s.env = []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + home, "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=", "XDG_DATA_HOME=",
		"DISPLAY=:" + strings.TrimSpace(string(number)), "WAYLAND_DISPLAY=", "LC_ALL=C.UTF-8", "LANG=C.UTF-8"}
	return s
}

// window waits for a window.
func (s *screen) window(t *testing.T, name string) (id string) {
	t.Helper()
	defer func() {
		if id == "" {
			s.saveScreenshot(t, "failed")
		}
	}()
	until(t, "a window", func() bool {
		id, _, _ = strings.Cut(s.run(t, "xdotool", "search", "--onlyvisible", "--name", name).out, "\n")
		return id != ""
	})
	return id
}

// screenshot returns the screen's picture when it isn't empty: three bytes per pixel.
func (s *screen) screenshot(t *testing.T) string {
	t.Helper()
	until(t, "a picture", func() bool { return s.colours(t) > 20 })
	return s.pixels(t)
}

func (s *screen) pixels(t *testing.T) string {
	t.Helper()
	return s.must(t, "import", "-window", "root", "-depth", "8", "rgb:-")
}

// changed reports whether the screen differs from before by more than a blinking cursor.
func (s *screen) changed(t *testing.T, before string) bool {
	t.Helper()
	now, differ := s.pixels(t), 0
	for i := range min(len(now), len(before)) {
		if now[i] != before[i] {
			differ++
		}
	}
	return differ > len(before)/100
}

// colours counts the colours on the screen.
func (s *screen) colours(t *testing.T) int {
	t.Helper()
	pixels, colours := s.pixels(t), map[string]bool{}
	for i := 0; i+3 <= len(pixels); i += 3 {
		colours[pixels[i:i+3]] = true
	}
	return len(colours)
}

// saveScreenshot saves a picture in the folder of the other screenshots.
func (s *screen) saveScreenshot(t *testing.T, name string) {
	t.Helper()
	dir := filepath.Join("..", "..", "build", "screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.must(t, "import", "-window", "root", filepath.Join(dir, "dist-"+name+".png"))
}
