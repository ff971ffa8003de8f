package testenv

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// SecretService is the name that a keyring has on the bus.
const SecretService = "org.freedesktop.secrets"

// A bus that starts nothing by itself, so that only what the test has started answers.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

// The session lives as long as its standard input, and so no longer than the test program.
const sessionScript = `daemon=
if [ -n "$KEYRING_PASSWORD" ]; then
  printf %s "$KEYRING_PASSWORD" | gnome-keyring-daemon --foreground --unlock --components=secrets >&2 & daemon=$!
fi
echo ready
cat >/dev/null
if [ -n "$daemon" ]; then kill "$daemon"; wait "$daemon"; fi`

// What has to come at once, on a machine that may have a lot else to do.
const sessionTimeout = 2 * time.Minute

// A Command makes a command: exec.Command, or one that runs it in a namespace.
type Command func(name string, args ...string) *exec.Cmd

// StartSession starts a session bus of the test's own, with a login keyring that the password opened, or without a keyring if
// there is no password. env is the session's environment; its XDG_RUNTIME_DIR, whose path must be short, gets the bus's socket.
// It returns the bus's address. Where a program is missing the test is skipped, or fails with CI=true.
func StartSession(t testing.TB, command Command, env []string, password string) (address string) {
	t.Helper()
	programs := []string{"dbus-run-session", "dbus-daemon"}
	if password != "" {
		programs = append(programs, "gnome-keyring-daemon")
	}
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			Missing(t, "with a real session bus: %s is missing; Debian has it in gnome-keyring and dbus-daemon", program)
		}
	}
	runtime := ""
	for _, variable := range env {
		if value, ok := strings.CutPrefix(variable, "XDG_RUNTIME_DIR="); ok {
			runtime = value
		}
	}
	socket, config := filepath.Join(runtime, "bus"), filepath.Join(t.TempDir(), "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, socket), 0o600); err != nil {
		t.Fatal(err)
	}
	session := command("dbus-run-session", "--config-file="+config, "--", "sh", "-c", sessionScript)
	session.Env = append(slices.Clone(env), "KEYRING_PASSWORD="+password)
	var stderr bytes.Buffer
	session.Stderr, session.WaitDelay = &stderr, sessionTimeout
	input, err := session.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := session.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = session.Wait()
		if t.Failed() {
			t.Logf("the session's standard error: %s", stderr.String())
		}
	})
	if _, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		t.Fatalf("no session bus: %v", err)
	}
	address = "unix:path=" + socket
	if password != "" {
		waitForKeyring(t, address)
	}
	return address
}

func waitForKeyring(t testing.TB, address string) {
	t.Helper()
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	for start := time.Now(); time.Since(start) < sessionTimeout; time.Sleep(10 * time.Millisecond) {
		there := false
		if err := bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, SecretService).Store(&there); err != nil {
			t.Fatal(err)
		}
		if there {
			return
		}
	}
	t.Fatal("the keyring daemon did not start")
}
