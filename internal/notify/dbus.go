//go:build linux || freebsd || netbsd || openbsd || dragonfly

package notify

import (
	"context"
	"fmt"
	"html"
	"slices"

	"github.com/godbus/dbus/v5"
)

// Show shows a notification through the Desktop Notifications Specification. It fails where no desktop is running.
func Show(ctx context.Context, title, text string) error {
	bus, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("find the session bus: %w", err)
	}
	defer bus.Close()
	if err := bus.Auth(nil); err != nil {
		return fmt.Errorf("connect to the session bus: %w", err)
	}
	if err := bus.Hello(); err != nil {
		return fmt.Errorf("connect to the session bus: %w", err)
	}
	const service = "org.freedesktop.Notifications"
	server := bus.Object(service, "/org/freedesktop/Notifications")
	var can []string
	if err := server.CallWithContext(ctx, service+".GetCapabilities", 0).Store(&can); err != nil {
		return fmt.Errorf("ask the notification server: %w", err)
	}
	if text = clean(text); slices.Contains(can, "body-markup") {
		text = html.EscapeString(text)
	}
	hints := map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant(appID), "urgency": dbus.MakeVariant(byte(1))}
	const serversTimeout = int32(-1)
	if err := server.CallWithContext(ctx, service+".Notify", 0, "BoxReady", uint32(0), appID, clean(title), text, []string{}, hints, serversTimeout).Err; err != nil {
		return fmt.Errorf("show a notification: %w", err)
	}
	return nil
}
