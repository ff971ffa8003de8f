package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"boxready/internal/atomicfile"
	"boxready/internal/lazyregexp"
)

// SaveReason is why a report could not be saved: a stable code.
type SaveReason string

// The reasons.
const (
	SaveFormat   SaveReason = "format"    // unknown extension; .zip, .html, .json and .txt are known
	SaveNoLetter SaveReason = "no-letter" // letter.txt was asked for, and there is no letter
	SaveNoFolder SaveReason = "no-folder" // no such folder
	SaveReadOnly SaveReason = "read-only" // no permission to write there
	SaveDiskFull SaveReason = "disk-full"
	SaveTooLong  SaveReason = "too-long" // the name
	SaveBadName  SaveReason = "bad-name" // reserved on Windows, or with characters that it doesn't allow
	SaveInUse    SaveReason = "in-use"   // another program has the file open
	SaveOther    SaveReason = "failed"
)

// SaveError means that a report could not be saved.
type SaveError struct {
	Reason SaveReason
	Path   string
	Err    error // of the system; nil if the name is invalid
}

func (e *SaveError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("save %s: %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("save %s: %v", e.Path, e.Err)
}

func (e *SaveError) Unwrap() error { return e.Err }

// Save makes a report and saves it; see Bundle.Save. The error is a *SaveError, a *LeakError, or an error of BoxReady's own.
func (p *Reporter) Save(path string, c Contents) (string, error) {
	if err := CheckPath(path); err != nil {
		return "", err
	}
	b, err := p.Bundle(c)
	if err != nil {
		return "", err
	}
	return b.Save(path)
}

// Save saves the bundle atomically: readers see the whole file or none, also after a loss of power. The extension selects what is
// saved: .zip everything, .html, .json and .txt that file alone; a file of the bundle by its own name is that file. In a folder
// the bundle gets its own name. An earlier file stays: the new one is "NAME (2).zip" then. It returns the path of the report.
func (b *Bundle) Save(path string) (string, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, b.Name)
	}
	if err := CheckPath(path); err != nil {
		return "", err
	}
	name := singleFile(path)
	if name == "" {
		return writeNew(path, b.WriteZip)
	}
	data := b.File(name)
	if data == nil {
		return "", &SaveError{SaveNoLetter, path, nil}
	}
	return writeNew(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// singleFile is the file of a bundle that a path selects; "" is all of them.
func singleFile(path string) string {
	base := strings.ToLower(filepath.Base(path))
	if slices.Contains([]string{LetterFile, HiddenFile, LogFile}, base) {
		return base
	}
	return map[string]string{".html": HTMLFile, ".json": JSONFile, ".txt": SummaryFile}[filepath.Ext(base)]
}

// Names that Windows reserves for devices, whatever follows the first dot, and characters invalid in names there.
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
var (
	deviceName = lazyregexp.New(`(?i)^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|$)`)
	noName     = lazyregexp.New(`[<>:"|?*\x00-\x1f]|[. ]$`)
)

// CheckPath checks, before a run, whether a report can be saved under that name. The error is a *SaveError.
func CheckPath(path string) error {
	if err := checkName(path, runtime.GOOS); err != nil {
		return err
	}
	switch info, err := os.Stat(filepath.Dir(path)); {
	case err != nil:
		return &SaveError{reasonOf(err), path, err}
	case !info.IsDir():
		return &SaveError{SaveNoFolder, path, nil}
	}
	return nil
}

func checkName(path, system string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	base := filepath.Base(path)
	if system == "windows" && (deviceName().MatchString(base) || noName().MatchString(base)) {
		return &SaveError{SaveBadName, path, nil}
	}
	if extension := strings.ToLower(filepath.Ext(base)); singleFile(path) == "" && extension != ".zip" {
		return &SaveError{SaveFormat, path, nil}
	}
	return nil
}

// WriteFile atomically replaces a file by what write writes. Only its owner may read it. The error is a *SaveError.
func WriteFile(path string, write func(io.Writer) error) error {
	if err := atomicfile.Write(path, write); err != nil {
		return &SaveError{reasonOf(err), path, err}
	}
	return nil
}

// writeNew atomically writes a file where there is none: under path, or else under the first of "NAME (2).zip", "NAME (3).zip" and so
// on that is free. It returns its path. The error is a *SaveError.
func writeNew(path string, write func(io.Writer) error) (string, error) {
	file, err := atomicfile.Prepare(path, write)
	if err != nil {
		return "", &SaveError{reasonOf(err), path, err}
	}
	at, err := reserve(path)
	if err != nil {
		file.Discard()
		return "", &SaveError{reasonOf(err), path, err}
	}
	if err := file.Publish(at); err != nil {
		os.Remove(at)
		return "", &SaveError{reasonOf(err), at, err}
	}
	return at, nil
}

// reserve makes an empty file, so that no other process takes its name before the file is renamed to it.
func reserve(path string) (string, error) {
	for n := 1; ; n++ {
		at := numbered(path, n)
		file, err := os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304 -- the user names it
		switch {
		case err == nil:
			return at, file.Close()
		case !errors.Is(err, fs.ErrExist):
			return "", err
		}
	}
}

// numbered is the n-th name for a file, as browsers number downloads. BoxReady's files keep their double extension.
func numbered(path string, n int) string {
	if n == 1 {
		return path
	}
	extension := filepath.Ext(path)
	if double := ".boxready" + extension; strings.HasSuffix(path, double) {
		extension = double
	}
	return fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(path, extension), n, extension)
}

func reasonOf(err error) SaveReason {
	for reason, codes := range systemErrors {
		if slices.ContainsFunc(codes, func(code error) bool { return errors.Is(err, code) }) {
			return reason
		}
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return SaveReadOnly
	case errors.Is(err, fs.ErrNotExist):
		return SaveNoFolder
	default:
		return SaveOther
	}
}
