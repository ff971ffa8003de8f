package crash

import (
	"fmt"
	"io"
)

// Say shows a text without BoxReady's window: as a line on stderr, and on Windows also in a message box, which blocks until it is
// closed.
func Say(stderr io.Writer, title, text string) {
	fmt.Fprintln(stderr, text)
	messageBox(title, text)
}
