// Package quiet keeps Fyne from complaining on standard error about a system without a language, as most servers are (C.UTF-8):
// it does so when the program starts, whether a window is wanted or not. Packages are initialised in the order of their paths
// as far as what they import allows, so this one comes first.
package quiet

import (
	"io"
	"log"
)

func init() { log.SetOutput(io.Discard) }
