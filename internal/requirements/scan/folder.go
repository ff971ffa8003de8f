package scan

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// DirFS is a folder of this computer, without some of what is in it. Other than os.DirFS, it opens files whatever the bytes of
// their names.
type DirFS struct {
	Dir     string
	Without []string // paths of files and folders, as in Place
}

// Open opens a file by its path below the folder.
func (d DirFS) Open(name string) (fs.File, error) {
	return os.Open(d.path(name)) // #nosec G304 -- a file of the folder that the user named
}

// Stat describes a file.
func (d DirFS) Stat(name string) (fs.FileInfo, error) { return os.Stat(d.path(name)) }

// ReadDir lists a folder.
func (d DirFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(d.path(name))
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return slices.Contains(d.Without, path.Join(name, e.Name())) }), err
}

func (d DirFS) path(name string) string { return filepath.Join(d.Dir, filepath.FromSlash(name)) }
