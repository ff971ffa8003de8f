// Package release asks for the newest version of BoxReady. It is called only with the user's consent, and the address is set by
// the packager: a program built without one sends no request.
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

// ErrNoFeed means that the program was built without an address.
var ErrNoFeed = errors.New("no address of releases was set when this program was built")

// Release is a feed's content: the newest version, and its page.
type Release struct {
	Version string `json:"version"` // semantic, without "v"
	Page    string `json:"page"`    // https; "" if the feed names none
}

const (
	maxBytes     = 64 << 10
	maxRedirects = 5 // as from "latest" to a release, and on to the file host
)

// Newest asks the feed, an https URL, for the newest version. The request contains nothing about this computer but the program's
// name and version. Redirects to https are followed, whatever client's own policy.
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
	withRedirects := *client
	withRedirects.CheckRedirect = func(to *http.Request, via []*http.Request) error {
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
	response, err := withRedirects.Do(request)
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
	// It is shown as a link.
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
