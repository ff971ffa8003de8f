package report

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// systemVersion is Windows' own number: its marketing name is the same for different builds, or not that of the build.
func systemVersion() string {
	const workstation = 1 // VER_NT_WORKSTATION
	v := windows.RtlGetVersion()
	server := ""
	if v.ProductType != workstation {
		server = "Server "
	}
	return fmt.Sprintf("%s%d.%d.%d", server, v.MajorVersion, v.MinorVersion, v.BuildNumber)
}
