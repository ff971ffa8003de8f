//go:build !linux && !windows

package report

import "syscall"

func systemVersion() string {
	version, err := syscall.Sysctl("kern.osproductversion") // of macOS 10.13.4 and newer
	if err != nil {
		return ""
	}
	return version
}
