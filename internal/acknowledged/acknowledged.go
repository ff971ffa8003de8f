// Package acknowledged keeps the findings that somebody acknowledged, in a file of the owner's, and reads such files of others.
//
// The file is JSON, see assets/schema/acknowledged.schema.json: {"boxready": 1, "acknowledged": [{"portal", "check", "cause", "state",
// "about", "reason", "until", "made"}]}. Portal, check, cause and reason have to be there. Without a state the acknowledgement covers
// every state, without a list of what the finding is about anything, and without a day it has no end.
package acknowledged

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"boxready/checks"
	"boxready/internal/atomicfile"
	"boxready/internal/filelock"
	"boxready/internal/lazyregexp"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/untrusted"
)

// Limits of a file.
const (
	MaxReason   = 500     // runes
	maxBytes    = 4 << 20 // of the file
	maxEntries  = 10_000
	maxSubjects = 5000
)

// DateFormat is how the day is written from which a finding counts again: at its beginning, as on the clock of the reading computer.
const DateFormat = time.DateOnly

// Error is why a file can't be read, with the line of the mistake; 0 if it is about the whole file.
type Error struct {
	Line int
	Key  string // of the value that is wrong or missing; "" if the file has another form or is too large
	Err  error  // may be nil
}

func (e *Error) Error() string {
	return fmt.Sprintf("read acknowledged findings: line %d: %s: %v", e.Line, cmp.Or(e.Key, "form"), e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// entry is the form of an acknowledgement in the file.
type entry struct {
	Portal string       `json:"portal"`
	Check  checks.ID    `json:"check"`
	Cause  checks.Cause `json:"cause"`
	State  checks.State `json:"state,omitempty"`
	About  []string     `json:"about"`
	Reason string       `json:"reason"`
	Until  string       `json:"until,omitempty"`
	Made   time.Time    `json:"made,omitzero"`
}

type file struct {
	BoxReady     int             `json:"boxready"`
	Acknowledged json.RawMessage `json:"acknowledged"`
}

const version = 1

// ReadFile reads a file, which may be anybody's. The error is an *Error, or the system's.
func ReadFile(path string) ([]checks.Acknowledgement, error) {
	f, err := os.Open(path) // #nosec G304 -- the user names it, or it is the owner's own
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, err
	}
	return read(data)
}

func read(data []byte) ([]checks.Acknowledgement, error) {
	if len(data) > maxBytes {
		return nil, &Error{Err: errors.New("too large")}
	}
	var whole file
	if err := strict(data).Decode(&whole); err != nil || whole.BoxReady != version {
		return nil, &Error{Line: 1, Err: cmp.Or(err, errors.New("not a file of acknowledged findings"))}
	}
	begin := bytes.Index(data, whole.Acknowledged)
	line := func(offset int64) int { return 1 + bytes.Count(data[:begin+int(offset)], []byte("\n")) }
	list := strict(whole.Acknowledged)
	if token, err := list.Token(); err != nil || token != json.Delim('[') {
		return nil, &Error{Line: 1, Key: "acknowledged", Err: err}
	}
	var all []checks.Acknowledgement
	for list.More() {
		var e entry
		err := list.Decode(&e)
		at := line(list.InputOffset())
		if err == nil && len(all) == maxEntries {
			err = errors.New("too many")
		}
		if err != nil {
			return nil, &Error{Line: at, Err: err}
		}
		a, wrong := e.acknowledgement()
		if wrong != "" {
			return nil, &Error{Line: at, Key: wrong}
		}
		all = append(all, a)
	}
	return all, nil
}

func strict(data []byte) *json.Decoder {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder
}

var isCode = lazyregexp.New(`^[a-z0-9-]{1,64}$`)

// acknowledgement returns the key of what is wrong, or "". Codes of other versions are accepted, and cover nothing.
func (e *entry) acknowledgement() (a checks.Acknowledgement, wrong string) {
	address, err := portal.ParseAddress(e.Portal)
	reason := Reason(e.Reason)
	switch {
	case err != nil:
		return a, "portal"
	case !isCode().MatchString(string(e.Check)):
		return a, "check"
	case !isCode().MatchString(string(e.Cause)):
		return a, "cause"
	case e.State != "" && !slices.Contains([]checks.State{checks.Notice, checks.Unknown, checks.Problem}, e.State):
		return a, "state"
	case len(e.About) > maxSubjects:
		return a, "about"
	case reason == "" || utf8.RuneCountInString(reason) > MaxReason:
		return a, "reason"
	}
	a = checks.Acknowledgement{Portal: address.String(), Check: e.Check, Cause: e.Cause, State: e.State, Subjects: e.About, Reason: reason, Made: e.Made}
	if e.Until != "" {
		if a.Until, err = time.ParseInLocation(DateFormat, e.Until, time.Local); err != nil {
			return a, "until"
		}
	}
	return a, ""
}

// Reason is a reason as it is kept and shown: one line, without a webhook's code or a token.
func Reason(text string) string { return strings.TrimSpace(secret.Mask(untrusted.Line(text))) }

// IsTooLong reports whether a reason, as Reason returns it, has more than MaxReason runes; masked, whether only because of what
// masks the secrets in what was written.
func IsTooLong(reason, written string) (tooLong, masked bool) {
	tooLong = utf8.RuneCountInString(reason) > MaxReason
	return tooLong, tooLong && utf8.RuneCountInString(untrusted.Line(written)) <= MaxReason
}

func write(all []checks.Acknowledgement) ([]byte, error) {
	entries := []entry{}
	for _, a := range all {
		e := entry{Portal: a.Portal, Check: a.Check, Cause: a.Cause, State: a.State, About: a.Subjects, Reason: a.Reason, Made: a.Made.UTC().Truncate(time.Second)}
		if !a.Until.IsZero() {
			e.Until = a.Until.Local().Format(DateFormat)
		}
		entries = append(entries, e)
	}
	list, err := json.Marshal(entries)
	if err != nil {
		return nil, fmt.Errorf("write acknowledged findings: %w", err)
	}
	data, err := json.MarshalIndent(file{version, list}, "", "  ")
	return append(data, '\n'), err
}

// FileName is the name of the owner's own file.
const FileName = "acknowledged.json"

// Store is the owner's own file. It is safe for concurrent use, by several processes as well.
type Store struct {
	dir string

	mu     sync.Mutex
	memory []checks.Acknowledgement // without a folder
}

// Open returns the store in a folder; without one it is in memory.
func Open(dir string) *Store { return &Store{dir: dir} }

// AsideError means that the file could not be read, and was renamed.
type AsideError struct {
	Path string // that it has now
	Err  error
}

func (e *AsideError) Error() string { return fmt.Sprintf("kept aside as %s: %v", e.Path, e.Err) }

func (e *AsideError) Unwrap() error { return e.Err }

// All returns all acknowledgements, in the order in which they were made. The error is an *AsideError if the file was unreadable, or
// the system's.
func (s *Store) All() (all []checks.Acknowledgement, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all, err = s.read(); !isBad(err) {
		return all, err
	}
	err = s.locked(context.Background(), func() (err error) {
		all, err = s.readOrKeepAside() // another process may have done so
		return err
	})
	return all, err
}

func (s *Store) path() string { return filepath.Join(s.dir, FileName) }

func (s *Store) read() ([]checks.Acknowledgement, error) {
	if s.dir == "" {
		return slices.Clone(s.memory), nil
	}
	all, err := ReadFile(s.path())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return all, err
}

// isBad reports whether the content of a file is the error: another one, of the system, may be over soon.
func isBad(err error) bool {
	_, bad := errors.AsType[*Error](err)
	return bad
}

// readOrKeepAside is called with the lock.
func (s *Store) readOrKeepAside() ([]checks.Acknowledgement, error) {
	all, err := s.read()
	if !isBad(err) {
		return all, err
	}
	aside, failed := atomicfile.Aside(s.path())
	if failed != nil {
		return nil, fmt.Errorf("read acknowledged findings: %w", errors.Join(err, failed))
	}
	return nil, &AsideError{aside, err}
}

// locked calls f while no other process changes the file.
func (s *Store) locked(ctx context.Context, f func() error) error {
	lock, err := filelock.Folder(s.dir).Lock(ctx, FileName+".lock")
	if err != nil {
		return fmt.Errorf("wait for another process: %w", err)
	}
	defer lock.Close()
	return f()
}

// Add keeps an acknowledgement, instead of the former one of the same finding.
func (s *Store) Add(ctx context.Context, a checks.Acknowledgement) error {
	return s.change(ctx, func(all []checks.Acknowledgement) []checks.Acknowledgement {
		return append(without(all, a.Portal, a.Check, a.Cause), a)
	})
}

// Remove deletes the acknowledgement of a finding, and reports whether there was one.
func (s *Store) Remove(ctx context.Context, portal string, check checks.ID, cause checks.Cause) (found bool, err error) {
	err = s.change(ctx, func(all []checks.Acknowledgement) []checks.Acknowledgement {
		left := without(all, portal, check, cause)
		found = len(left) < len(all)
		return left
	})
	return found && err == nil, err
}

func without(all []checks.Acknowledgement, portal string, check checks.ID, cause checks.Cause) []checks.Acknowledgement {
	return slices.DeleteFunc(slices.Clone(all), func(a checks.Acknowledgement) bool { return a.Portal == portal && a.Check == check && a.Cause == cause })
}

func (s *Store) change(ctx context.Context, change func([]checks.Acknowledgement) []checks.Acknowledgement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locked(ctx, func() error {
		all, err := s.readOrKeepAside()
		if err != nil {
			return err
		}
		if all = change(all); s.dir == "" {
			s.memory = all
			return nil
		}
		data, err := write(all)
		if err != nil {
			return err
		}
		if _, err := read(data); err != nil { // a file with one that can't be read would be kept aside with all of them
			return fmt.Errorf("keep acknowledged findings: %w", err)
		}
		if err := atomicfile.Keep(s.path(), data); err != nil {
			return fmt.Errorf("keep acknowledged findings: %w", err)
		}
		return nil
	})
}
