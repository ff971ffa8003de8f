package requirements

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"boxready/assets"
)

// Entry is a file of the library: requirements of one common kind of application.
type Entry struct {
	ID           string // e.g. crm-sync
	File         []byte // contents
	Requirements *Requirements
}

// Library returns the files of the library, sorted by ID.
func Library() []Entry { return library() }

// FromLibrary returns the requirements of the library file with that ID.
func FromLibrary(id string) (*Requirements, bool) {
	for _, e := range library() {
		if e.ID == id {
			return e.Requirements, true
		}
	}
	return nil, false
}

var library = sync.OnceValue(func() []Entry {
	names, err := fs.Glob(assets.Requirements, "requirements/*"+Extension)
	var entries []Entry
	for _, name := range names {
		var data []byte
		if data, err = assets.Requirements.ReadFile(name); err != nil {
			break
		}
		var r *Requirements
		if r, err = Read(name, data); err != nil {
			break
		}
		r.BuiltIn = true
		entries = append(entries, Entry{strings.TrimSuffix(path.Base(name), Extension), data, r})
	}
	if err != nil {
		// The files are part of the program and tests read all of them.
		panic(fmt.Sprintf("requirements: read the library: %v", err))
	}
	return entries
})
