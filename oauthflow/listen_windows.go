package oauthflow

import "syscall"

// SO_EXCLUSIVEADDRUSE, which the syscall package lacks.
const exclusiveAddrUse = ^syscall.SO_REUSEADDR

// exclusive keeps other programs from taking over the port that this one listens on, which Windows allows by default.
func exclusive(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(syscall.Handle(fd), syscall.SOL_SOCKET, exclusiveAddrUse, 1)
	})
	if err != nil {
		return err
	}
	return failed
}
