package feed

import (
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"boxready/internal/atomicfile"
	"boxready/internal/bitrix"
)

const (
	cacheSchema = 1
	// Generous: the largest list, 4096 networks of IPv6, takes a fifth of it.
	maxCacheBytes = maxBytes
)

// A cacheFile is the file of one region's list.
type cacheFile struct {
	Schema  int       `json:"schema"`
	URL     string    `json:"url"`
	Fetched time.Time `json:"fetched,omitzero"`
	Nodes   []string  `json:"nodes,omitempty"`
	// Refused is the last answer that gave no list, if it is newer than the
	// list. Kept so that runs one after another do not ask more often than one
	// long run does.
	Refused *cachedError `json:"refused,omitempty"`
}

type cachedError struct {
	When    time.Time `json:"when"`
	Status  int       `json:"status"`
	Head    string    `json:"head,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Network string    `json:"network,omitempty"` // text of the network's error, for ErrUnreachable
}

func (f *Fetcher) cachePath(r bitrix.Region) string {
	return filepath.Join(f.Dir, "feed-"+string(r)+".json")
}

// load takes over what the cache file knows and s does not. A file that is
// damaged, or of another program or address, is as good as none: the next good
// list replaces it. The caller holds f.mu.
func (f *Fetcher) load(r bitrix.Region, s *state) {
	if f.Dir == "" {
		return
	}
	file, err := readCache(f.cachePath(r))
	if err != nil || file.Schema != cacheSchema || file.URL != bitrix.Feed(r) {
		return
	}
	if file.Fetched.After(s.good.Fetched) {
		// The file is checked like an answer: firewall rules come of it.
		if nodes, err := parseNodes(file.Nodes); err == nil {
			s.good = List{Region: r, URL: file.URL, Nodes: nodes, Fetched: file.Fetched}
		}
	}
	if c := file.Refused; c != nil && c.Status != 0 && c.When.After(s.good.Fetched) &&
		(s.refused == nil || c.When.After(s.refused.When)) {
		s.refused = &Error{
			Kind: ErrInvalid, URL: file.URL, When: c.When, Status: c.Status, Head: c.Head, Reason: c.Reason,
		}
		if c.Network != "" {
			s.refused.Kind, s.refused.Err = ErrUnreachable, errors.New(c.Network)
		}
	}
}

func readCache(path string) (cacheFile, error) {
	var file cacheFile
	f, err := os.Open(path) // #nosec G304 -- a region's name in the program's own folder
	if err != nil {
		return file, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCacheBytes))
	if err != nil {
		return file, err
	}
	err = json.Unmarshal(data, &file)
	return file, err
}

// save writes what s knows, whole or not at all. Its failure is no failure of
// the fetch. The caller holds f.mu.
func (f *Fetcher) save(r bitrix.Region, s *state) {
	if f.Dir == "" {
		return
	}
	file := cacheFile{Schema: cacheSchema, URL: bitrix.Feed(r), Fetched: s.good.Fetched, Nodes: texts(s.good.Nodes)}
	if e := s.refused; e != nil {
		file.Refused = &cachedError{When: e.When, Status: e.Status, Head: e.Head, Reason: e.Reason}
		if e.Err != nil {
			file.Refused.Network = e.Err.Error()
		}
	}
	data, err := json.MarshalIndent(file, "", " ")
	if err != nil {
		return
	}
	_ = atomicfile.Keep(f.cachePath(r), append(data, '\n'))
}

func texts(nodes []netip.Prefix) []string {
	list := make([]string, len(nodes))
	for i, p := range nodes {
		list[i] = p.String()
	}
	return list
}
