package crash

import "golang.org/x/sys/windows"

// box shows a message in a window of the system's own, which needs no OpenGL. A BoxReady that was double-clicked has no console.
func box(title, text string) {
	caption, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return // with a NUL in it, which no text of ours has
	}
	message, err := windows.UTF16PtrFromString(text)
	if err != nil {
		return
	}
	_, _ = windows.MessageBox(0, message, caption, windows.MB_OK|windows.MB_ICONWARNING|windows.MB_SETFOREGROUND)
}
