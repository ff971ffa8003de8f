//go:build linux

package notify

import (
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"boxready/internal/simtest/testenv"

	"github.com/godbus/dbus/v5"
)

// server is a notification server that records what it is asked to show.
type server struct {
	mu    sync.Mutex
	can   []string
	shown [][2]string // summary and body
}

func (s *server) GetCapabilities() ([]string, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.can, nil
}

func (s *server) Notify(name string, _ uint32, icon, summary, body string, actions []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = append(s.shown, [2]string{summary, body})
	if entry, _ := hints["desktop-entry"].Value().(string); name != "BoxReady" || icon != appID || entry != appID || len(actions) > 0 {
		return 0, dbus.NewError("org.example.Unexpected", nil)
	}
	return uint32(len(s.shown)), nil // #nosec G115 -- a few
}

// session starts a bus of the test's own, and connects to it.
func session(t *testing.T) *dbus.Conn {
	t.Helper()
	runtime, err := os.MkdirTemp("", "boxready") // sockets' paths must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runtime) })
	address := testenv.StartSession(t, exec.Command, append(os.Environ(), "XDG_RUNTIME_DIR="+runtime), "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	return bus
}

func TestShow(t *testing.T) {
	bus := session(t)
	if err := Show(t.Context(), "title", "text"); err == nil {
		t.Error("no error without a notification server")
	}
	s := &server{can: []string{"body", "body-markup"}}
	if err := bus.Export(s, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.RequestName("org.freedesktop.Notifications", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	const text = "a <b>\n& c\x1b"
	if err := Show(t.Context(), "BoxReady: портал & co", text); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.can = []string{"body"}
	s.mu.Unlock()
	if err := Show(t.Context(), "x", text); err != nil {
		t.Fatal(err)
	}
	want := [][2]string{{"BoxReady: портал & co", "a &lt;b&gt;\n&amp; c\uFFFD"}, {"x", "a <b>\n& c\uFFFD"}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.shown, want) {
		t.Errorf("shown: %q", s.shown)
	}
}

func TestShowWithoutSession(t *testing.T) {
	if err := Show(t.Context(), "title", "text"); err == nil {
		t.Error("no error without a session")
	}
}
