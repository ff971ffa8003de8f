package vault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Keyrings have no common way to list their entries, so the portals' names are
// stored in entries of their own: plain lines, so that damage loses only the lines
// it affects, in as many pages as keep each below the limit. A change is one write
// of one page.
//
// A name is added before its account and removed after it, so that every stored
// secret is listed.

const (
	indexHeader = "portals known to BoxReady"
	maxPages    = 100 // thousands of portals
)

func indexKey(page int) string {
	if page == 0 {
		return "portals"
	}
	return fmt.Sprintf("portals %d", page+1)
}

func readIndex(b Backend) ([][]string, error) {
	var pages [][]string
	for len(pages) < maxPages {
		text, err := b.Get(indexKey(len(pages)))
		if errors.Is(err, ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		var names []string
		for line := range strings.Lines(text) {
			if name := strings.TrimSpace(line); isPortal(name) {
				names = append(names, name)
			}
		}
		pages = append(pages, names)
	}
	return pages, nil
}

func pageText(names []string) string {
	return indexHeader + "\n" + strings.Join(names, "\n")
}

// addToIndex puts a portal's name on the first page that has room.
func addToIndex(b Backend, portal string) error {
	// Another process may overwrite the page between two steps. Reading it again
	// does not rule that out, but the next Save repairs it, and every renewed
	// token is saved.
	const tries = 4 // the last only reads
	before := ""
	for try := range tries {
		pages, err := readIndex(b)
		if err != nil {
			return err
		}
		if slices.Contains(slices.Concat(pages...), portal) {
			return nil
		}
		if now := fmt.Sprint(pages); try == tries-1 || try > 0 && now == before {
			return errNotWritten // not overwritten: the prompt was dismissed
		} else {
			before = now
		}
		at := slices.IndexFunc(pages, func(names []string) bool { return len(pageText(names))+1+len(portal) < limit })
		if at < 0 {
			at = len(pages)
			if at == maxPages {
				return &Error{Reason: TooBig, Err: errors.New("too many portals")}
			}
			pages = append(pages, nil)
		}
		if err := b.Set(indexKey(at), pageText(append(pages[at], portal))); err != nil {
			return err
		}
	}
	return nil
}

// removeFromIndex removes names from their pages.
func removeFromIndex(b Backend, gone ...string) error {
	pages, err := readIndex(b)
	if err != nil {
		return err
	}
	// From the end, so that empty pages can be deleted.
	for at := len(pages) - 1; at >= 0; at-- {
		kept := slices.DeleteFunc(slices.Clone(pages[at]), func(name string) bool { return slices.Contains(gone, name) })
		switch {
		case len(kept) == len(pages[at]):
			continue
		case len(kept) == 0 && at == len(pages)-1:
			err = b.Delete(indexKey(at))
			pages = pages[:at]
		default:
			err = b.Set(indexKey(at), pageText(kept))
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}
