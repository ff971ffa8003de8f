// Package store saves what BoxReady needs at the next start, except secrets: settings, and for every portal its address and the
// last run's results. They are JSON files in the user's configuration folder, with mode 0600.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"boxready/internal/atomicfile"
)

// Settings are what the owner chose. The zero value has the defaults.
type Settings struct {
	Language string   `json:"language,omitempty"` // "" for the system's
	Look     string   `json:"look,omitempty"`     // "light", "dark" or "contrast"; "" for the system's
	Scale    float32  `json:"scale,omitempty"`    // of everything in the window; 0 for the system's
	Renderer string   `json:"renderer,omitempty"` // opengl.Renderer that draws the window from the next start on
	Region   string   `json:"region,omitempty"`   // of the portals' licences, bitrix.Region; "" if not known
	Network  Network  `json:"network,omitzero"`
	Hide     []string `json:"hide,omitempty"` // what a report for support doesn't show, report.Category
	Window   Window   `json:"window,omitzero"`
	Unfolded []string `json:"unfolded,omitempty"` // what the owner left unfolded
	Folder   string   `json:"folder,omitempty"`   // in which a file was saved or chosen last
}

// Window is where the window was and what it showed when it was closed last.
type Window struct {
	Width   float32 `json:"width,omitempty"` // in Fyne's units; 0 before the first start
	Height  float32 `json:"height,omitempty"`
	Place   *Place  `json:"place,omitempty"`   // nil if it isn't known
	Section string  `json:"section,omitempty"` // that was open
}

// Place is where a window's content begins, in the units of the operating system.
type Place struct {
	X int `json:"x"`
	Y int `json:"y"`
}

// IsUnfolded reports whether the owner left something unfolded.
func (s Settings) IsUnfolded(id string) bool { return slices.Contains(s.Unfolded, id) }

// SetUnfolded records whether the owner left something unfolded.
func (s *Settings) SetUnfolded(id string, unfolded bool) {
	others := slices.DeleteFunc(slices.Clone(s.Unfolded), func(other string) bool { return other == id })
	if unfolded {
		others = append(others, id)
	}
	s.Unfolded = others
}

// Network is what the owner chose for the network rules. The zero value has the defaults.
type Network struct {
	Handlers  string   `json:"handlers,omitempty"`  // where they run, requirements.Handlers; "" as the requirements say
	Equipment string   `json:"equipment,omitempty"` // allowlist.Equipment; "" for the letter alone
	Packs     []string `json:"packs,omitempty"`     // bitrix.Pack; nil for what applications need
}

// Store is safe for concurrent use.
type Store struct {
	dir string // "" saves nothing

	// Held during a change and its write. It is locked before mu, which isn't held while writing.
	writing    sync.Mutex
	unreadable map[string]bool // files that are kept aside before they are written

	mu       sync.Mutex
	settings Settings
	portals  []Portal // the one used last first
}

const (
	settingsFile = "settings.json"
	portalsFile  = "portals.json"
)

// Open reads a folder. A file that is missing or unreadable is ignored: the program can start without it. An unreadable one is renamed
// by KeepAside, or when it would be overwritten: it may be a newer version's, or somebody can still read something in it.
func Open(dir string) *Store {
	s := &Store{dir: dir, unreadable: map[string]bool{}}
	if s.read(settingsFile, &s.settings) != nil {
		s.settings, s.unreadable[settingsFile] = Settings{}, true
	}
	var portals portalsFileForm
	if s.read(portalsFile, &portals) == nil {
		s.portals = portals.Portals
	} else {
		s.unreadable[portalsFile] = true
	}
	return s
}

// Settings returns the settings.
func (s *Store) Settings() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings
}

// SetSettings changes the settings in memory; Save writes them.
func (s *Store) SetSettings(change func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.settings)
}

// Save writes the settings.
func (s *Store) Save() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.write(settingsFile, s.Settings())
}

func (s *Store) read(name string, into any) error {
	if s.dir == "" {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(s.dir, name)) // #nosec G304 -- one of two names in the program's own folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what was kept: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// write replaces a file atomically, so that an interrupted write leaves the old one.
func (s *Store) write(name string, v any) error {
	if s.dir == "" {
		return nil
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	if _, err := s.aside(name); err != nil {
		return err
	}
	if err := atomicfile.Keep(filepath.Join(s.dir, name), append(data, '\n')); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}

// KeepAside renames the files that Open could not read and returns their new paths, so that somebody can be told; "" for one that was
// read, or that can't be renamed yet: that is tried again before it is written.
func (s *Store) KeepAside() (settings, portals string) {
	s.writing.Lock()
	defer s.writing.Unlock()
	settings, _ = s.aside(settingsFile)
	portals, _ = s.aside(portalsFile)
	return settings, portals
}

// aside renames a file that Open could not read; path is "" if there is no such file.
func (s *Store) aside(name string) (path string, err error) {
	if !s.unreadable[name] {
		return "", nil
	}
	path, err = atomicfile.Aside(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) { // it has gone since
		path, err = "", nil
	}
	if err != nil {
		return "", fmt.Errorf("keep the unreadable %s aside: %w", name, err)
	}
	s.unreadable[name] = false
	return path, nil
}
