// Package atomicfile writes files so that a reader, a crash or a loss of power at any time leaves the former file or the whole new
// one. Only their owner may read the files. Errors are the system's.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Write replaces a file by what write writes.
func Write(path string, write func(io.Writer) error) error {
	f, err := Prepare(path, write)
	if err != nil {
		return err
	}
	return f.Publish(path)
}

// Keep replaces a file, and makes its folder if there is none.
func Keep(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// File is a complete file under a temporary name.
type File struct{ temporary string }

// Prepare writes the content of a file at path to a temporary file in the same folder. Publish or Discard has to follow.
func Prepare(path string, write func(io.Writer) error) (f File, err error) {
	// Checked here because the temporary file has another name.
	if _, err := os.Lstat(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return File{}, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".boxready-*") // made with mode 0600
	if err != nil {
		return File{}, err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	buffered := bufio.NewWriter(file)
	if err = write(buffered); err != nil {
		return File{}, err
	}
	if err = buffered.Flush(); err != nil {
		return File{}, err
	}
	// Otherwise the file may be empty after a loss of power.
	if err = file.Sync(); err != nil {
		return File{}, err
	}
	return File{file.Name()}, file.Close()
}

// Discard removes a prepared file.
func (f File) Discard() { os.Remove(f.temporary) }

// Publish renames a prepared file, over another one if there is one. If that fails, it is removed.
func (f File) Publish(path string) error {
	err := os.Rename(f.temporary, path)
	// Windows refuses while somebody reads the file.
	for pause := time.Millisecond; err != nil && runtime.GOOS == "windows" && pause < 200*time.Millisecond; pause *= 2 {
		time.Sleep(pause)
		err = os.Rename(f.temporary, path)
	}
	if err != nil {
		f.Discard()
		return err
	}
	// The new name has to survive a loss of power as well. Not every system can sync folders, and the file is complete without it.
	if folder, err := os.Open(filepath.Dir(path)); err == nil { // #nosec G304 -- the folder of a file that was just written
		_ = folder.Sync()
		folder.Close()
	}
	return nil
}

// Aside renames a file that can't be used, so that it is neither lost nor read again, and returns its new name.
func Aside(path string) (string, error) {
	aside := path + ".unreadable"
	for n := 2; ; n++ {
		if _, err := os.Lstat(aside); err != nil { // it doesn't exist; otherwise neither can the file be renamed
			return aside, os.Rename(path, aside)
		}
		aside = fmt.Sprintf("%s.unreadable-%d", path, n)
	}
}
