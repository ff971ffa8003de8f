package assets

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

//go:embed licences
var licences embed.FS

// Licence is that of one thing that BoxReady is made of.
type Licence struct {
	Module string // "go" for Go itself
	Text   string
}

// Licences are those of everything that is linked into BoxReady on any system, with or without the window.
func Licences() (all []Licence, err error) {
	err = fs.WalkDir(licences, "licences", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := licences.ReadFile(path)
		all = append(all, Licence{strings.TrimSuffix(strings.TrimPrefix(path, "licences/"), ".txt"), string(text)})
		return err
	})
	return all, err
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
