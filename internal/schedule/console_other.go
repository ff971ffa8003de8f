//go:build !windows

package schedule

import "os/exec"

func hideConsole(*exec.Cmd) {}
