// Package crash is for the moments when BoxReady has no window to speak through: what the runtime prints when the program dies
// goes into a file, which the next start offers, and that a window can't be opened is said where people look.
package crash

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"
)

const (
	reportFile  = "crash.txt"
	openingFile = "opening"
	// More than that is never needed to tell what happened; the beginning tells it.
	maxReport = 256 << 10
)

// Log is the file that the runtime writes to when the program dies. The zero value keeps nothing.
type Log struct{ dir string }

// Report is what an earlier BoxReady left behind when it died.
type Report struct {
	Text string // the runtime's own
	When time.Time
	// Opening says that it died while it opened its window, as with a broken graphics driver.
	Opening bool
}

// Watch has the runtime write into a folder when the program dies. If that can't be, the error says why, and the log keeps
// nothing. Several BoxReadys share one file: each writes at its end.
func Watch(dir string) (Log, error) {
	l := Log{dir}
	if err := l.watch(); err != nil {
		return Log{}, fmt.Errorf("have crashes written to %s: %w", l.Path(), err)
	}
	return l, nil
}

func (l Log) watch() error {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(l.Path(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close() // the runtime has one of its own
	return debug.SetCrashOutput(file, debug.CrashOptions{})
}

// Path is the file's, "" if there is none.
func (l Log) Path() string {
	if l.dir == "" {
		return ""
	}
	return filepath.Join(l.dir, reportFile)
}

// Report returns what is in the file; nil if that is nothing.
func (l Log) Report() (*Report, error) {
	if l.dir == "" {
		return nil, nil
	}
	file, err := os.Open(l.Path())
	if err != nil {
		return nil, fmt.Errorf("read the last crash: %w", err)
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the last crash: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxReport))
	if err != nil {
		return nil, fmt.Errorf("read the last crash: %w", err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	mark, err := os.Stat(l.mark())
	// A mark that is younger than the crash belongs to a BoxReady that is opening its window right now.
	opening := err == nil && !mark.ModTime().After(about.ModTime())
	return &Report{Text: string(bytes.ToValidUTF8(text, []byte("?"))), When: about.ModTime(), Opening: opening}, nil
}

// Delete empties the file; crashes to come are written all the same.
func (l Log) Delete() error {
	if l.dir == "" {
		return nil
	}
	if err := os.Truncate(l.Path(), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete the last crash: %w", err)
	}
	return nil
}

func (l Log) mark() string { return filepath.Join(l.dir, openingFile) }

// Opening notes that the window is about to be opened, until Opened.
func (l Log) Opening() {
	if l.dir != "" {
		_ = os.WriteFile(l.mark(), nil, 0o600) // without a note the next start just tries again
	}
}

// Opened says that the window is open, or that it was told that it can't be.
func (l Log) Opened() {
	if l.dir != "" {
		_ = os.Remove(l.mark())
	}
}
