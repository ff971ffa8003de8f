package schedule

import (
	"os/exec"
	"syscall"
)

// hideConsole keeps a tool's console from flashing up: the window's program has none to share.
func hideConsole(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{HideWindow: true} }
