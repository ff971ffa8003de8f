package crash

import "golang.org/x/sys/windows"

// messageBox shows a system dialog, which needs no OpenGL. A program started by a double click has no console.
func messageBox(title, text string) {
	caption, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return // contains a NUL, which no text has
	}
	message, err := windows.UTF16PtrFromString(text)
	if err != nil {
		return
	}
	_, _ = windows.MessageBox(0, message, caption, windows.MB_OK|windows.MB_ICONWARNING|windows.MB_SETFOREGROUND)
}
