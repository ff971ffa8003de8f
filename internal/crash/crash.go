// Package crash reports failures without a window: what the runtime prints in a crash is written to a file, which the next start
// shows, and that a window can't be opened is reported on standard error or in a message box.
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
	reportFile = "crash.txt"
	// openingFile begins the name of a mark; what draws the window ends it.
	openingFile = "opening-"
	// Bytes that are read; the cause is at the beginning.
	maxReport = 256 << 10
)

// Log is the file that the runtime writes crashes to. The zero value does nothing.
type Log struct{ dir string }

// Report is what earlier crashes wrote.
type Report struct {
	Text string // the runtime's own
	When time.Time
}

// Watch makes the runtime write crashes to a file in dir. With an error, the log is the zero value. Several processes share one
// file: each appends to it.
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
	defer file.Close() // the runtime duplicates it
	return debug.SetCrashOutput(file, debug.CrashOptions{})
}

// Path is the file's path; "" for the zero value.
func (l Log) Path() string {
	if l.dir == "" {
		return ""
	}
	return filepath.Join(l.dir, reportFile)
}

// Report returns what is in the file; nil if it is empty.
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
	return &Report{Text: string(bytes.ToValidUTF8(text, []byte("?"))), When: about.ModTime()}, nil
}

// Delete empties the file; later crashes are still written.
func (l Log) Delete() error {
	if l.dir == "" {
		return nil
	}
	if err := os.Truncate(l.Path(), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete the last crash: %w", err)
	}
	return nil
}

func (l Log) mark(renderer string) string { return filepath.Join(l.dir, openingFile+renderer) }

// Opening marks that the window is about to be opened and drawn by a renderer, until Opened. Only one process at a time may do so.
func (l Log) Opening(renderer string) {
	if l.dir != "" {
		_ = os.WriteFile(l.mark(renderer), nil, 0o600) // without the mark the next start tries again
	}
}

// Opened removes the mark: the window is painted, the failure was shown, or the renderer shall be tried again.
func (l Log) Opened(renderer string) {
	if l.dir != "" {
		_ = os.Remove(l.mark(renderer))
	}
}

// Unopened reports whether the program ended between Opening and Opened, as with a broken graphics driver. alone is true if no other
// process can be opening its window now; otherwise only a crash that was written since counts.
func (l Log) Unopened(renderer string, alone bool) bool {
	if l.dir == "" {
		return false
	}
	mark, err := os.Stat(l.mark(renderer))
	if err != nil || alone {
		return err == nil
	}
	report, err := os.Stat(l.Path())
	return err == nil && report.Size() > 0 && !mark.ModTime().After(report.ModTime())
}
