package checks

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/simtest/browser"

	"github.com/chromedp/chromedp"
)

// frameCookies are cookies that a page sets, and whether a browser sends them with what a frame on another site asks for.
var frameCookies = []struct {
	name, attributes string
	kept             bool
}{
	{"plain", "", false},
	{"secure", "Secure", false},
	{"lax", "SameSite=Lax; Secure", false},
	{"strict", "SameSite=Strict; Secure", false},
	{"none", "SameSite=None", false},
	{"none-secure", "SameSite=None; Secure", true},
	{"none-secure-lower-case", "samesite=none; secure; httponly", true},
	{"none-secure-until-later", "SameSite=None; Secure; Max-Age=600; Path=/", true},
	{"__Host-none-secure", "Path=/; SameSite=None; Secure", true},
	{"partitioned", "SameSite=None; Secure; Partitioned", true},
	{"none-then-lax", "SameSite=None; SameSite=Lax; Secure", false},
	{"lax-then-none", "SameSite=Lax; SameSite=None; Secure", true},
	{"unknown-value", "SameSite=Sometimes; Secure", false},
}

// TestCookiesInChromiumFrames asserts that application-frame names exactly the cookies that a real browser loses in a frame, on
// another site and on the portal's own.
func TestCookiesInChromiumFrames(t *testing.T) {
	const portalURL = "https://portal.example"
	for _, c := range []struct {
		name, page string
		lost       func(attributes string, kept bool) bool
	}{
		{"other site", "https://app.vendor.example", func(_ string, kept bool) bool { return !kept }},
		{"same site", "https://app.portal.example", func(string, bool) bool { return false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			page, portal := mustParseURL(t, c.page+"/set"), mustParseURL(t, portalURL)
			seen := make(chan []string, 1)
			server := httptest.NewTLSServer(framedPages(page.Host, seen))
			defer server.Close()
			chromium := startChromium(t, "MAP * "+server.Listener.Addr().String())
			if err := chromedp.Do(chromium, chromedp.Navigate(portalURL)); err != nil {
				t.Fatal(err)
			}
			var sent []string
			select {
			case sent = <-seen:
			case <-time.After(30 * time.Second):
				t.Fatal("the frame wasn't loaded")
			}

			set := httptest.NewRecorder()
			framedPages(page.Host, nil).ServeHTTP(set, &http.Request{Method: http.MethodGet, Host: page.Host, URL: page})
			p := FramePage{Page: c.page, HostAnswer: HostAnswer{Status: http.StatusOK}, Frame: &FrameFacts{AllowsPortal: true}}
			p.addCookies(set.Result().Cookies(), page, portal)
			var named []string
			for _, r := range judgeFrames(&FramesFacts{At: time.Now(), Portal: portalURL, Pages: []FramePage{p}}, nil) {
				if r.Cause == FrameCookie {
					named = r.Args["why"].([]string)
				}
			}
			for _, cookie := range frameCookies {
				if page.Host == "app.portal.example" && cookie.attributes == "SameSite=None" {
					continue // refused without Secure wherever the page is opened: no matter of the frame
				}
				arrives, isNamed, want := slices.Contains(sent, cookie.name), slices.Contains(named, cookie.name), c.lost(cookie.attributes, cookie.kept)
				if arrives == want {
					t.Errorf("%s (%s): the browser sent it: %t", cookie.name, cookie.attributes, arrives)
				}
				if isNamed != want {
					t.Errorf("%s (%s): the check names it: %t", cookie.name, cookie.attributes, isNamed)
				}
			}
		})
	}
}

// framedPages serves a page with a frame, and on host the page in that frame: /set sets the cookies, and /seen, to which it leads,
// sends the names of those that came back.
func framedPages(host string, seen chan<- []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch {
		case r.Host != host:
			_, _ = w.Write([]byte(`<iframe src="https://` + host + `/set"></iframe>`))
		case r.URL.Path == "/set":
			for _, c := range frameCookies {
				w.Header().Add("Set-Cookie", strings.TrimSuffix(c.name+"=1; "+c.attributes, "; "))
			}
			_, _ = w.Write([]byte(`<script>location = "/seen"</script>`))
		case r.URL.Path == "/seen":
			names := []string{}
			for _, c := range r.Cookies() {
				names = append(names, c.Name)
			}
			select {
			case seen <- names:
			default:
			}
		}
	})
}

func mustParseURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// startChromium starts a browser; rules lead its requests to the test's server, whose certificate it doesn't verify.
func startChromium(t *testing.T, rules string) context.Context {
	t.Helper()
	profile := t.TempDir()
	// Debian's Chromium, unlike others, has no third-party cookies at all unless the profile allows them.
	if err := os.MkdirAll(filepath.Join(profile, "Default"), 0o700); err != nil {
		t.Fatal(err)
	}
	preferences := []byte(`{"profile":{"cookie_controls_mode":0,"block_third_party_cookies":false}}`)
	if err := os.WriteFile(filepath.Join(profile, "Default", "Preferences"), preferences, 0o600); err != nil {
		t.Fatal(err)
	}
	return browser.Start(t, chromedp.UserDataDir(profile), chromedp.IgnoreCertErrors, chromedp.Flag("host-resolver-rules", rules))
}
