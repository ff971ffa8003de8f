package instance

import (
	"os"

	"golang.org/x/sys/unix"
)

// runtimeFolder is per user on macOS.
func runtimeFolder() string { return os.TempDir() }

func peer(fd int) (uid uint32, err error) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return c.Uid, nil
}
