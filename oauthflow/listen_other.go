//go:build !windows

package oauthflow

import "syscall"

// exclusive has nothing to do here: only Windows lets a second program listen on a port that is taken.
func exclusive(_, _ string, _ syscall.RawConn) error { return nil }
