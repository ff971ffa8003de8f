package instance

import (
	"os"

	"golang.org/x/sys/unix"
)

func runtimeFolder() string { return os.Getenv("XDG_RUNTIME_DIR") }

func peer(fd int) (uid uint32, err error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return c.Uid, nil
}
