// Package notify shows notifications of the desktop, with what the system has for it: no part of BoxReady has to go on running. Titles
// and texts are plain: nothing in them is markup or a command, whatever they contain.
package notify

import (
	"boxready/internal/untrusted"
)

// appID names the program: its icon and desktop entry, as the packages install them, and the sender for Windows.
const appID = "dev.boxready.BoxReady"

// maxText is in characters; desktops show about three lines.
const maxText = 400

// clean makes a text safe to show, and as short as it can be shown.
func clean(text string) string { return untrusted.Truncate(untrusted.Text(text), maxText) }
