package assets

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Compressed, because hardly anybody reads them, and they repeat one another: it saves a hundredth of the program.
//
//go:embed licences.json.gz
var licences []byte

// Licence is that of one thing that BoxReady is made of.
type Licence struct {
	Module string // "go" for Go itself
	Text   string
}

// Licences are those of everything that is linked into BoxReady on any system, with or without the window, in the order of the modules' names.
func Licences() (all []Licence, err error) {
	text, err := unpack(licences)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read the licences: %w", err)
	}
	return all, nil
}

// WriteLicences writes all of them.
func WriteLicences(w io.Writer) error {
	all, err := Licences()
	if err != nil {
		return err
	}
	for _, l := range all {
		if _, err := fmt.Fprintf(w, "%s\n%s\n\n%s\n", l.Module, strings.Repeat("=", len(l.Module)), l.Text); err != nil {
			return err
		}
	}
	return nil
}
