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

// reasonOfDBus classifies D-Bus errors by their names.
func reasonOfDBus(err error) (Reason, bool) {
	name := ""
	if dbusErr := (*dbus.Error)(nil); errors.As(err, &dbusErr) {
		name = dbusErr.Name
	} else if dbusErr := (dbus.Error{}); errors.As(err, &dbusErr) {
		name = dbusErr.Name
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
		// The owner of the name is no Secret Service.
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
		return Absent, true // the service is installed, but did not start
	}
	return "", false
}

// findBus fails if there is no session bus. The library would then start one,
// which has no keyring and is never stopped.
func findBus() error {
	const variable = "DBUS_SESSION_BUS_ADDRESS"
	if address := os.Getenv(variable); address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return nil
	}
	// The standard place, which the library uses only if the variable names it.
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		socket := filepath.Join(dir, "bus")
		if _, err := os.Stat(socket); err == nil { // #nosec G703 -- the session's own variable, and it is only checked
			return os.Setenv(variable, "unix:path="+dbus.EscapeBusAddressValue(socket))
		}
	}
	// This searches as the library does, and sets the variable to what it finds.
	bus, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return err
	}
	return bus.Close()
}

// distinguishLocked returns Absent for a Secret Service without a default
// collection; the library reports it as locked.
func distinguishLocked(err error) error {
	const timeout = 3 * time.Second // this call never prompts
	if err == nil || reasonOf(err) != Locked {
		return err
	}
	bus, busErr := dbus.SessionBus()
	if busErr != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var path dbus.ObjectPath
	service := bus.Object("org.freedesktop.secrets", "/org/freedesktop/secrets")
	asked := service.CallWithContext(ctx, "org.freedesktop.Secret.Service.ReadAlias", 0, "default").Store(&path)
	if asked == nil && path == "/" {
		return &Error{Reason: Absent, Err: errors.New("the Secret Service has no default collection")}
	}
	return err
}

// unlocked fails unless the collection that the library uses is unlocked. The library itself would prompt.
func unlocked(ctx context.Context) error {
	const timeout = 3 * time.Second // this call never prompts, but it may start the service
	if err := findBus(); err != nil {
		return err
	}
	bus, err := dbus.SessionBus()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for _, collection := range []dbus.ObjectPath{"/org/freedesktop/secrets/collection/login", "/org/freedesktop/secrets/aliases/default"} {
		locked := true
		err = bus.Object("org.freedesktop.secrets", collection).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
			"org.freedesktop.Secret.Collection", "Locked").Store(&locked)
		switch {
		case err != nil:
		case locked:
			return &Error{Reason: Locked}
		default:
			return nil
		}
	}
	return err
}
