package words

import (
	"fmt"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/yamlfile"
)

// RequirementsError says what is wrong with a file of requirements, with its place in front as compilers write it.
func (w *Texts) RequirementsError(e *yamlfile.Error) string {
	return fileError(e, w.Say("requirements.error."+e.Code, checks.Args(e.Args)))
}

// PortalsError says what is wrong with a list of portals, like RequirementsError.
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
