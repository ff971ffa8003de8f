// Package discardlog discards what is logged, from before Fyne is initialised: Fyne logs then that a system has no language, which
// most servers have not (C.UTF-8), whether a window is wanted or not. Packages are initialised in the order of their paths as far
// as what they import allows, so this one comes first.
package discardlog

import (
	"io"
	"log"
)

func init() { log.SetOutput(io.Discard) }
