package notify

import (
	"context"
	"fmt"
	"os/exec"
)

// Show shows a notification.
func Show(ctx context.Context, title, text string) error {
	if err := exec.CommandContext(ctx, "/usr/bin/osascript", appleScript(title, text)...).Run(); err != nil { // #nosec G204 -- the system's own program
		return fmt.Errorf("show a notification: %w", err)
	}
	return nil
}
