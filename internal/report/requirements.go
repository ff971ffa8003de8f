package report

import (
	"fmt"

	"boxready/checks"
	"boxready/internal/requirements"
)

// RequirementsError says what is wrong with a file of requirements, with its place in front as compilers write it.
func (w *Words) RequirementsError(e *requirements.Error) string {
	place := printable(e.File)
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", place, e.Line, e.Column)
	}
	return place + ": " + w.Say("requirements.error."+e.Code, checks.Args(e.Args))
}
