package crash

import (
	"fmt"
	"io"
	"regexp"
)

// causeLogged matches what Fyne logs when it can't open a window, with the cause on the next line, or GLFW below it. Fyne logs other
// errors with causes before, e.g. that a system has no language.
var causeLogged = regexp.MustCompile(`(?:Fyne error: +(?:window creation error|failed to initialise GLFW)\r?\n.*Cause|PlatformError): *(.+)`)

// Cause finds in what was logged why there is no window; "" if it doesn't say.
func Cause(logged string) string {
	if cause := causeLogged.FindStringSubmatch(logged); cause != nil {
		return cause[1]
	}
	return ""
}

// Say shows a text without BoxReady's window: as a line on stderr, and on Windows also in a message box, which blocks until it is
// closed.
func Say(stderr io.Writer, title, text string) {
	fmt.Fprintln(stderr, text)
	messageBox(title, text)
}

// Ask is Say with a question at the end of the text. On Windows the message box has buttons for yes and no; elsewhere nobody is
// asked, and the answer is no.
func Ask(stderr io.Writer, title, text string) bool {
	fmt.Fprintln(stderr, text)
	return questionBox(title, text)
}
