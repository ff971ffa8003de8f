package crash

import "golang.org/x/sys/windows"

const (
	noticeStyle = windows.MB_OK | windows.MB_ICONWARNING | windows.MB_SETFOREGROUND
	askingStyle = windows.MB_YESNO | windows.MB_ICONWARNING | windows.MB_SETFOREGROUND
	answerYes   = 6 // IDYES
)

func messageBox(title, text string) { showBox(title, text, noticeStyle) }

func questionBox(title, text string) bool { return showBox(title, text, askingStyle) == answerYes }

// showBox shows a system dialog, which needs no OpenGL. A program started by a double click has no console.
func showBox(title, text string, style uint32) (answer int32) {
	caption, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return 0 // contains a NUL, which no text has
	}
	message, err := windows.UTF16PtrFromString(text)
	if err != nil {
		return 0
	}
	answer, _ = windows.MessageBox(0, message, caption, style)
	return answer
}
