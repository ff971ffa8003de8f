package words

import (
	"fmt"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/yamlfile"
)

// RequirementsError translates an error in a file of requirements, with its position first as in compilers' messages.
func (w *Texts) RequirementsError(e *yamlfile.Error) string {
	return fileError(e, w.Say("requirements.error."+e.Code, checks.Args(e.Args)))
}

// PortalsError translates an error in a list of portals, like RequirementsError.
func (w *Texts) PortalsError(e *yamlfile.Error) string {
	if text, ok := w.find("portals.error."+e.Code, checks.Args(e.Args)); ok {
		return fileError(e, text)
	}
	return w.RequirementsError(e)
}

func fileError(e *yamlfile.Error, text string) string {
	place := untrusted.Line(e.File)
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", place, e.Line, e.Column)
	}
	return place + ": " + text
}
