package vault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Keyrings can't be asked what they hold, not through one interface, so the
// portals' names are kept in entries of their own: plain lines, so that damage
// costs no more than the lines it affects, and as many pages as it takes for each
// to stay below the limit. A change is one write of one page.
//
// A name comes before its account and goes after it, so that no secret is ever
// kept that the list does not know of.

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
	// Another BoxReady may write its own name over ours between two steps. To
	// look again does not rule that out, but what it misses the next Save
	// repairs, and every token that is renewed is saved.
	const tries = 4 // the last only looks
	former := ""
	for try := range tries {
		pages, err := readIndex(b)
		if err != nil {
			return err
		}
		if slices.Contains(slices.Concat(pages...), portal) {
			return nil
		}
		if now := fmt.Sprint(pages); try == tries-1 || try > 0 && now == former {
			return errNotKept // nobody wrote over it: prompts are dismissed
		} else {
			former = now
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

// removeFromIndex takes names off the pages they are on.
func removeFromIndex(b Backend, gone ...string) error {
	pages, err := readIndex(b)
	if err != nil {
		return err
	}
	// From the end, so that pages that are left empty can go.
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
