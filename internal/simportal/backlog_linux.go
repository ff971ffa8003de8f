package simportal

import (
	"net"
	"syscall"
)

// shrinkBacklog gives the listener a queue of one connection; it reports whether it could.
func shrinkBacklog(ln net.Listener) bool {
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		return false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	var listenErr error
	err = raw.Control(func(fd uintptr) { listenErr = syscall.Listen(int(fd), 0) })
	return err == nil && listenErr == nil
}
