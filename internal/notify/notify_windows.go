package notify

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Show shows a toast.
func Show(ctx context.Context, title, text string) error {
	// By its path: another PowerShell that may come first can't use the system's notifications.
	program := filepath.Join(os.Getenv("SystemRoot"), "System32", "WindowsPowerShell", "v1.0", "powershell.exe")
	c := exec.CommandContext(ctx, program, powerShell(toast(title, text))...) // #nosec G204 G702 -- the system's own program; the texts are in base64
	c.SysProcAttr = &syscall.SysProcAttr{HideWindow: true}
	if err := c.Run(); err != nil {
		return fmt.Errorf("show a notification: %w", err)
	}
	return nil
}
