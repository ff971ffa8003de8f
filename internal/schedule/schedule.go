// Package schedule lets the operating system's own scheduler run a command every day, as the current user: a timer of systemd, a task
// of the Windows Task Scheduler, or an agent of launchd. It keeps no record of its own: what is scheduled is read back from the
// scheduler's files.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"time"
	"unicode"

	"boxready/internal/atomicfile"
)

// Job is a command that is run once a day.
type Job struct {
	Name        string // of its files: ASCII letters, digits, dots and hyphens
	Description string // one line, for the scheduler's own tools
	Time        Time
	Command     []string // the program's absolute path, and its arguments
}

// Time is a time of day, of the local clock.
type Time struct{ Hour, Minute int }

// ParseTime reads 9:00 or 09:00; false for anything else.
func ParseTime(text string) (Time, bool) {
	t, err := time.Parse("15:04", text)
	return Time{t.Hour(), t.Minute()}, err == nil
}

func (t Time) String() string { return fmt.Sprintf("%d:%02d", t.Hour, t.Minute) }

// ErrNone means that there is no scheduler here that the user may use.
var ErrNone = errors.New("no scheduler")

// ErrCommand means that a command can't be written into a scheduler's files.
var ErrCommand = errors.New("the command has control characters")

// ToolError means that a scheduler's tool failed.
type ToolError struct {
	Tool   string // its name
	Output string // what it said, untrusted
	Err    error
}

func (e *ToolError) Error() string { return fmt.Sprintf("run %s: %v", e.Tool, e.Err) }

func (e *ToolError) Unwrap() error { return e.Err }

// Run runs a scheduler's tool and returns what it says. The error is a *ToolError, which is exec.ErrNotFound without the tool.
type Run func(ctx context.Context, name string, args ...string) (output string, err error)

// Scheduler is the system's scheduler for one user.
type Scheduler interface {
	// Set schedules a job, in the place of one with the same name, which stays if that fails. The error is ErrNone, ErrCommand, a
	// *ToolError or a file's.
	Set(ctx context.Context, j Job) error
	// Remove removes a job. The error is a *ToolError or a file's.
	Remove(ctx context.Context, name string) error
	// Jobs returns the jobs that Set made for this user; only systemd gives their descriptions back. What has another form is left
	// out. The error is a *ToolError or a file's.
	Jobs(ctx context.Context) ([]Job, error)
	// Place is where a job can be seen: a file, or its name in the scheduler.
	Place(name string) string
}

// System is the scheduler of this computer.
func System() Scheduler {
	switch runtime.GOOS {
	case "windows":
		sid := ""
		if u, err := user.Current(); err == nil {
			sid = u.Uid
		}
		return Windows{User: sid, Run: run, Now: time.Now}
	case "darwin":
		home, _ := os.UserHomeDir() // without one the folder can't be made
		return Launchd{Dir: filepath.Join(home, "Library", "LaunchAgents"), UID: os.Getuid(), Run: run}
	default:
		config, _ := os.UserConfigDir()
		return Systemd{Dir: filepath.Join(config, "systemd", "user"), Run: run}
	}
}

// toolTimeout is for a tool that hangs.
const toolTimeout = 30 * time.Second

func run(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, toolTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...) // #nosec G204 -- one of the schedulers' tools
	hideConsole(c)
	out, err := c.CombinedOutput()
	if err != nil {
		return string(out), &ToolError{name, string(out), err}
	}
	return string(out), nil
}

// prefix begins the names of all files and tasks.
const prefix = "boxready-"

// check refuses what would end a line of a file early.
func (j Job) check() error {
	for _, text := range append([]string{j.Name, j.Description}, j.Command...) {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return ErrCommand
		}
	}
	return nil
}

// remember returns a function that puts files back as they are now.
func remember(paths ...string) (restore func() error, err error) {
	before := map[string][]byte{} // nil for a file that isn't there
	for _, path := range paths {
		if before[path], err = os.ReadFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // #nosec G304 -- a scheduler's file
			return nil, fmt.Errorf("read what was scheduled before: %w", err)
		}
	}
	return func() (err error) {
		for path, data := range before {
			if data == nil {
				err = errors.Join(err, remove(path))
			} else {
				err = errors.Join(err, atomicfile.Keep(path, data))
			}
		}
		return err
	}, nil
}

// remove removes a file, if it is there.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// between returns what stands between each two marks in a text.
func between(text, begin, end string) (found []string) {
	for {
		_, rest, ok := strings.Cut(text, begin)
		if !ok {
			return found
		}
		inside, after, ok := strings.Cut(rest, end)
		if !ok {
			return found
		}
		found, text = append(found, inside), after
	}
}
