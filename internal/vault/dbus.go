//go:build linux || freebsd || netbsd || openbsd || dragonfly

package vault

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// reasonOfDBus sorts D-Bus errors by their names.
func reasonOfDBus(err error) (Reason, bool) {
	name := ""
	if said := (*dbus.Error)(nil); errors.As(err, &said) {
		name = said.Name
	} else if said := (dbus.Error{}); errors.As(err, &said) {
		name = said.Name
	}
	switch name {
	case "":
		if errors.Is(err, dbus.ErrClosed) {
			return Absent, true
		}
		return "", false
	case "org.freedesktop.Secret.Error.IsLocked":
		return Locked, true
	case "org.freedesktop.Secret.Error.NoSuchObject",
		"org.freedesktop.DBus.Error.ServiceUnknown",
		"org.freedesktop.DBus.Error.NameHasNoOwner",
		"org.freedesktop.DBus.Error.NoServer",
		"org.freedesktop.DBus.Error.Disconnected",
		// Something answers to the name, but it is no Secret Service.
		"org.freedesktop.DBus.Error.UnknownObject",
		"org.freedesktop.DBus.Error.UnknownInterface",
		"org.freedesktop.DBus.Error.UnknownMethod":
		return Absent, true
	case "org.freedesktop.DBus.Error.NoReply",
		"org.freedesktop.DBus.Error.Timeout",
		"org.freedesktop.DBus.Error.TimedOut":
		return Timeout, true
	}
	if strings.HasPrefix(name, "org.freedesktop.DBus.Error.Spawn.") {
		return Absent, true // the service is installed, but would not start
	}
	return "", false
}

// findBus fails where there is no session bus. The library would then start
// one of its own, which stays behind and has no keyring.
func findBus() error {
	const variable = "DBUS_SESSION_BUS_ADDRESS"
	if address := os.Getenv(variable); address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return nil
	}
	// Where everybody but the library looks; the variable makes it look there too.
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		socket := filepath.Join(dir, "bus")
		if _, err := os.Stat(socket); err == nil { // #nosec G703 -- the session's own variable, and it is only looked at
			return os.Setenv(variable, "unix:path="+dbus.EscapeBusAddressValue(socket))
		}
	}
	// This looks where the library looks, and leaves in the variable what it finds.
	bus, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return err
	}
	return bus.Close()
}

// explain tells a Secret Service that has nothing to unlock from a locked one;
// the library says the same of both.
func explain(err error) error {
	const quick = 3 * time.Second // it asks for nothing that could show a prompt
	if err == nil || reasonOf(err) != Locked {
		return err
	}
	bus, busErr := dbus.SessionBus()
	if busErr != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), quick)
	defer cancel()
	var path dbus.ObjectPath
	service := bus.Object("org.freedesktop.secrets", "/org/freedesktop/secrets")
	asked := service.CallWithContext(ctx, "org.freedesktop.Secret.Service.ReadAlias", 0, "default").Store(&path)
	if asked == nil && path == "/" {
		return &Error{Reason: Absent, Err: errors.New("the Secret Service has no default collection")}
	}
	return err
}
