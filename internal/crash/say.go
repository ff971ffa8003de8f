package crash

import (
	"fmt"
	"io"
)

// Say tells people something without BoxReady's own window: a line on standard error, which is stderr, and on Windows a message
// box, which waits until it is closed.
func Say(stderr io.Writer, title, text string) {
	fmt.Fprintln(stderr, text)
	box(title, text)
}
