// Package history keeps the last runs against each portal on this computer, to show what changed since. It keeps no secrets, is
// bounded, and can be deleted.
package history

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/atomicfile"
	"boxready/internal/lazyregexp"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/secret"
)

// Limits per portal.
const (
	MaxRuns  = 20
	MaxBytes = 8 << 20
)

// ErrTooBig means that one run is larger than MaxBytes and isn't kept.
var ErrTooBig = errors.New("the run is too large to be kept")

// Store is where runs are kept. Files that aren't runs, or are damaged, are ignored.
type Store struct {
	Dir string // its own folder; "" keeps nothing
}

// Run is a kept run.
type Run struct {
	Started time.Time
	Verdict checks.Verdict
	Counts  map[checks.State]int
	path    string
}

// Add keeps a run and deletes the oldest ones beyond the limits. A value with one of the secrets is left out. The error is a
// *report.LeakError, ErrTooBig or a *report.SaveError.
func (s *Store) Add(d report.Document, secrets ...secret.String) error {
	if s.Dir == "" {
		return nil
	}
	var data bytes.Buffer
	if err := report.WriteJSON(&data, d, false); err != nil {
		return err
	}
	if data.Len() > MaxBytes {
		return ErrTooBig
	}
	clean, err := report.Blank(data.Bytes(), secrets...)
	if err != nil {
		return err
	}
	folder := s.folder(d.Portal)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the history's folder: %w", err)
	}
	err = report.WriteFile(filepath.Join(folder, d.Started.UTC().Format(nameFormat)), func(w io.Writer) error {
		_, err := w.Write(clean)
		return err
	})
	if err != nil {
		return err
	}
	if err := keepIdentity(folder, d); err != nil {
		return err
	}
	return s.prune(folder)
}

// identityFile has a portal's address and its member_id, a line each. It goes with the portal's runs.
const identityFile = "identity"

const maxIdentity = 1 << 10 // bytes

var memberID = lazyregexp.New(`^[0-9a-fA-F]{32}$`)

// keepIdentity notes the portal's member_id, if the run saw it.
func keepIdentity(folder string, d report.Document) error {
	for _, r := range d.Results {
		if id := checks.MemberID(r.Facts); memberID().MatchString(id) {
			return report.WriteFile(filepath.Join(folder, identityFile), func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s\n%s\n", d.Portal, id)
				return err
			})
		}
	}
	return nil
}

// Known returns the portals with runs of which one saw the member_id. What can't be read is left out.
func (s *Store) Known() []checks.KnownPortal {
	if s.Dir == "" {
		return nil
	}
	folders, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil
	}
	var known []checks.KnownPortal
	for _, folder := range folders {
		file := filepath.Join(s.Dir, folder.Name(), identityFile)
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() || info.Size() > maxIdentity {
			continue
		}
		data, err := os.ReadFile(file) // #nosec G304 -- in the history's own folder
		if err != nil {
			continue
		}
		lines := strings.Split(string(data), "\n")
		if len(lines) < 2 || !memberID().MatchString(lines[1]) {
			continue
		}
		if address, err := portal.ParseAddress(lines[0]); err == nil && address.String() == lines[0] {
			known = append(known, checks.KnownPortal{Address: lines[0], MemberID: lines[1]})
		}
	}
	return known
}

// Names sort by time.
const nameFormat = "20060102T150405.000Z.json"

// folder is a portal's. The checksum distinguishes names that are equal on some systems.
func (s *Store) folder(portal string) string {
	sum := sha256.Sum256([]byte(portal))
	return filepath.Join(s.Dir, fmt.Sprintf("%s-%x", report.FileName(portal), sum[:4]))
}

// files returns a portal's runs, the newest first.
func files(folder string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	var found []fs.FileInfo
	for _, entry := range slices.Backward(entries) { // sorted by name
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && strings.HasSuffix(info.Name(), ".json") {
			found = append(found, info)
		}
	}
	return found, nil
}

func (s *Store) prune(folder string) error {
	kept, err := files(folder)
	if err != nil {
		return err
	}
	var bytes int64
	for i, info := range kept {
		if bytes += info.Size(); i < MaxRuns && bytes <= MaxBytes {
			continue
		}
		path, forget := filepath.Join(folder, info.Name()), os.Remove
		if _, err := report.Read(path); err != nil { // it may be a newer version's, or somebody can still read something in it
			forget = func(path string) error { _, err := atomicfile.Aside(path); return err }
		}
		if err := forget(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("forget an old run: %w", err)
		}
	}
	return nil
}

// Runs returns a portal's runs, the newest first. portal is its address as in a report.
func (s *Store) Runs(portal string) (runs []Run, err error) {
	err = s.each(portal, time.Time{}, func(saved *report.Saved, path string) (goOn bool) {
		runs = append(runs, Run{saved.Started, saved.Verdict, saved.Counts, path})
		return true
	})
	return runs, err
}

// each calls f with a portal's runs after a time, the newest first, as long as it returns true. Those that can't be read are left out.
func (s *Store) each(portal string, after time.Time, f func(saved *report.Saved, path string) (goOn bool)) error {
	if s.Dir == "" {
		return nil
	}
	folder := s.folder(portal)
	found, err := files(folder)
	if err != nil {
		return err
	}
	for _, info := range found {
		if !after.IsZero() && info.Name() <= after.UTC().Format(nameFormat) {
			break
		}
		path := filepath.Join(folder, info.Name())
		if saved, err := report.Read(path); err == nil && saved.Portal == portal && !f(saved, path) {
			break
		}
	}
	return nil
}

// Load reads a run. The error is a *report.ReadError.
func (s *Store) Load(r Run) (*report.Saved, error) { return report.Read(r.path) }

// Last returns the newest kept run of a portal, or nil.
func (s *Store) Last(portal string) (*report.Saved, error) {
	return s.After(portal, time.Time{})
}

// Before returns the newest kept run of a portal that began before a time; of those in which nothing wrong was seen, if good is true;
// nil for none.
func (s *Store) Before(portal string, at time.Time, good bool) (*report.Saved, error) {
	return s.newest(portal, time.Time{}, func(saved *report.Saved) bool { return saved.Started.Before(at) && (!good || saved.Verdict.Good()) })
}

// After returns the newest run of a portal that started after a time, or nil. It reads no older ones.
func (s *Store) After(portal string, t time.Time) (*report.Saved, error) {
	return s.newest(portal, t, func(*report.Saved) bool { return true })
}

// newest returns the newest run after a time that is wanted, or nil.
func (s *Store) newest(portal string, after time.Time, wanted func(*report.Saved) bool) (found *report.Saved, err error) {
	err = s.each(portal, after, func(saved *report.Saved, _ string) (goOn bool) {
		if wanted(saved) {
			found = saved
		}
		return found == nil
	})
	return found, err
}

// LastPortal returns the portal of the newest kept run; "" if there is none.
func (s *Store) LastPortal() (string, error) {
	if s.Dir == "" {
		return "", nil
	}
	folders, err := os.ReadDir(s.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the history: %w", err)
	}
	portal, newest := "", ""
	for _, folder := range folders {
		found, err := files(filepath.Join(s.Dir, folder.Name()))
		if err != nil {
			continue // not one of ours
		}
		for _, info := range found {
			if info.Name() <= newest {
				break
			}
			if saved, err := report.Read(filepath.Join(s.Dir, folder.Name(), info.Name())); err == nil {
				portal, newest = saved.Portal, info.Name()
				break
			}
		}
	}
	return portal, nil
}

// Delete deletes all runs of a portal.
func (s *Store) Delete(portal string) error {
	if s.Dir == "" {
		return nil
	}
	return removeAll(s.folder(portal))
}

// Clear deletes all runs.
func (s *Store) Clear() error {
	if s.Dir == "" {
		return nil
	}
	return removeAll(s.Dir)
}

func removeAll(folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("delete the history: %w", err)
	}
	return nil
}
