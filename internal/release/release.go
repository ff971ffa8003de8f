// Package release asks whether there is a newer BoxReady. Nobody calls it unless a person said so, and the address that is asked
// is the packager's: a program that was built without one asks nothing.
package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/mod/semver"
)

// ErrNoFeed means that the packager named no address.
var ErrNoFeed = errors.New("no address of releases was set when this program was built")

// Release is what a feed tells: the newest version, and where people find it.
type Release struct {
	Version string `json:"version"` // semantic, without "v"
	Page    string `json:"page"`    // https; "" if the feed names none
}

const (
	maxBytes     = 64 << 10
	maxRedirects = 5 // as from "the newest" to a release, and on to where files are kept
)

// Newest asks the feed at an https address for the newest version. The request says nothing about this computer but the name and
// version of the program. client need not follow redirects; they are followed as long as they lead to https.
func Newest(ctx context.Context, client *http.Client, feed string) (Release, error) {
	if feed == "" {
		return Release{}, ErrNoFeed
	}
	r, err := newest(ctx, client, feed)
	if err != nil {
		return Release{}, fmt.Errorf("ask %s for the newest version: %w", feed, err)
	}
	return r, nil
}

func newest(ctx context.Context, client *http.Client, feed string) (r Release, err error) {
	at, err := url.Parse(feed)
	if err != nil {
		return r, err
	}
	following := *client
	following.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		if to.URL.Scheme != "https" || len(via) > maxRedirects {
			return errors.New("a redirect that isn't followed")
		}
		return nil
	}
	if at.Scheme != "https" {
		return r, errors.New("it isn't https")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, feed, nil)
	if err != nil {
		return r, err
	}
	response, err := following.Do(request)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return r, fmt.Errorf("it answered %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBytes+1))
	if err != nil {
		return r, err
	}
	if len(body) > maxBytes {
		return r, errors.New("the answer is too long")
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, err
	}
	if !semver.IsValid("v" + r.Version) {
		return r, errors.New("the answer names no version")
	}
	// It is shown to people, who will open it.
	if page, err := url.Parse(r.Page); err != nil || page.Scheme != "https" || page.Host == "" || page.User != nil {
		r.Page = ""
	} else {
		r.Page = page.String()
	}
	return r, nil
}

// Newer tells whether r comes after a version; one that isn't semantic comes before all others.
func (r Release) Newer(than string) bool {
	return semver.Compare("v"+r.Version, "v"+strings.TrimPrefix(than, "v")) > 0
}
