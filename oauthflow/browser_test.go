package oauthflow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browserPortal is a portal with a login page, as the browser sees it.
type browserPortal struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	callback string   // the return address in the application's card
	mode     string   // "", denied, other portal
	codes    []string // to be given out, in order
	given    int
	seen     []string // addresses and bodies
}

const loginPage = `<!doctype html><title>Bitrix24</title><form method="post" action="%s">
<input id="login" name="USER_LOGIN"><input id="password" name="USER_PASSWORD" type="password"><button id="enter">Log in</button></form>`

func (p *browserPortal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, r.Method+" "+r.URL.String()+" "+r.Form.Encode()+" "+r.Referer())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if r.URL.Path != "/oauth/authorize/" {
		http.NotFound(w, r)
		return
	}
	if r.URL.Query().Get("client_id") != testClientID {
		fmt.Fprint(w, "Application was not found.")
		return
	}
	if r.PostForm.Get("USER_PASSWORD") == "right" {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Path: "/", Secure: true, HttpOnly: true})
	} else if _, err := r.Cookie("session"); err != nil {
		fmt.Fprintf(w, loginPage, html.EscapeString(r.URL.RequestURI()))
		return
	}
	if p.mode == "denied" {
		fmt.Fprint(w, `<title>Error</title><p id="error">ERROR_OAUTH: Application not installed</p>`) // and nothing else happens
		return
	}
	domain := r.Host
	if p.mode == "other portal" {
		domain = "copy.demo.example"
	}
	code := p.codes[min(p.given, len(p.codes)-1)]
	p.given++
	answer := url.Values{
		"code": {code}, "state": {r.URL.Query().Get("state")}, "domain": {domain}, "member_id": {"0123456789abcdef0123456789abcdef"},
		"scope": {"user_basic,crm"}, "server_domain": {"oauth.bitrix.info"},
	}
	http.Redirect(w, r, p.callback+"?"+answer.Encode(), http.StatusFound)
}

// chromium returns a context in which every tab belongs to one headless browser, and nothing but the portal can be reached.
func chromium(t *testing.T, portal *browserPortal) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no browser, but the tests have to run in one here: %v", err)
		}
		t.Skipf("NOT TESTED IN A REAL BROWSER: %v (apt-get install chromium)", err)
	}
	_, port, err := net.SplitHostPort(portal.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.Env("TMPDIR="+t.TempDir()), chromedp.WindowSize(900, 640), chromedp.WSURLReadTimeout(patience),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("no-proxy-server", true),
		// So that going back asks the portal again; chromedp loses pages that come out of that cache.
		chromedp.Flag("disable-features", "BackForwardCache"),
		chromedp.Flag("host-resolver-rules", "MAP "+testPortal+":443 127.0.0.1:"+port+", MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // its context must have no deadline
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// tab is one tab of the browser.
type tab struct {
	t      *testing.T
	ctx    context.Context
	closes context.CancelFunc
}

func newTab(t *testing.T, parent context.Context, options ...chromedp.ContextOption) tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return tab{t, ctx, cancel}
}

func (b tab) try(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := b.try(steps...); err != nil {
		b.t.Fatal(err)
	}
}

func read[T any](b tab, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b tab) logIn() {
	b.t.Helper()
	b.do(
		chromedp.SendKeys(chromedp.CSS("#login"), "admin"), chromedp.SendKeys(chromedp.CSS("#password"), "right"),
		chromedp.Click(chromedp.CSS("#enter")),
	)
}

// lands waits for a page of the loopback server and compares its heading.
func (b tab) lands(want string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS("main h1")))
	if got := read(b, chromedp.Text(chromedp.CSS("main h1"))); got != want {
		b.t.Fatalf("the page says %q, want %q", got, want)
	}
}

// shoot saves what the tab shows, for people to look at.
func (b tab) shoot(name string) {
	b.t.Helper()
	picture := read(b, chromedp.CaptureScreenshot())
	if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
		b.t.Errorf("screenshot %s: %v", name, err)
	}
	dir := filepath.Join("..", "build", "screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "landing-"+name+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b tab) scheme(s string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s}},
		})
		return err
	}))
}

func TestInBrowser(t *testing.T) {
	portal := &browserPortal{t: t}
	portal.Server = serveTLS(portal)
	defer portal.Close()
	browser := chromium(t, portal)

	// begin starts a flow whose application's card has its return address, and a clean profile to sign in with.
	begin := func(t *testing.T, page Page, mode string) (*fakeServer, *Flow, tab) {
		s := newFakeServer(t)
		f := start(t, s, func(o *Options) { o.Page = page })
		portal.mu.Lock()
		defer portal.mu.Unlock()
		portal.callback, portal.mode, portal.codes, portal.given = f.ReturnAddress(), mode, []string{testCode, "5ec0nd" + testCode}, 0
		return s, f, newTab(t, browser, chromedp.WithNewBrowserContext())
	}
	succeeded := func(t *testing.T, s *fakeServer, f *Flow) {
		t.Helper()
		if token, err := wait(t, f); err != nil || token.Access.Reveal() != "access-1" {
			t.Errorf("outcome: %v", err)
		}
		if n := len(s.asked()); n != 1 {
			t.Errorf("%d requests to the authorization server", n)
		}
	}
	waiting := func(t *testing.T, f *Flow) {
		t.Helper()
		select {
		case <-f.Done():
			_, err := f.outcome()
			t.Fatalf("the flow ended: %v", err)
		default: // that it is answered later on shows that it was waiting
		}
	}

	for _, page := range []Page{pageIn(t, "ru"), pageIn(t, "en")} {
		t.Run("success in "+page.Lang, func(t *testing.T) {
			s, f, b := begin(t, page, "")
			b.scheme("light")
			b.do(chromedp.Navigate(f.URL()))
			b.logIn()
			b.lands(page.Done.Title)
			succeeded(t, s, f)
			if got := read(b, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("h1")).fontSize`)); got != "24px" {
				t.Errorf("the heading's size is %s: the policy keeps the style out", got)
			}
			b.shoot("done-" + page.Lang)
			b.scheme("dark")
			b.shoot("done-" + page.Lang + "-dark")
		})
		t.Run("other portal in "+page.Lang, func(t *testing.T) {
			s, f, b := begin(t, page, "other portal")
			b.scheme("light")
			b.do(chromedp.Navigate(f.URL()))
			b.logIn()
			b.lands(page.Failed.Title)
			b.shoot("failed-" + page.Lang)
			b.scheme("dark")
			b.shoot("failed-" + page.Lang + "-dark")
			b.do(chromedp.EmulateViewport(360, 640))
			b.shoot("failed-" + page.Lang + "-narrow")
			if _, err := wait(t, f); !errors.Is(err, ErrOtherPortal) || len(s.asked()) != 0 {
				t.Errorf("outcome: %v", err)
			}
		})
		t.Run("not the answer in "+page.Lang, func(t *testing.T) {
			_, f, b := begin(t, page, "")
			b.scheme("light")
			b.do(chromedp.Navigate(f.ReturnAddress() + "?code=" + testCode + "&state=wrong"))
			b.lands(page.Waiting.Title)
			b.shoot("waiting-" + page.Lang)
			waiting(t, f)
		})
	}
	t.Run("denied", func(t *testing.T) {
		_, f, b := begin(t, englishPage(), "denied")
		b.do(chromedp.Navigate(f.URL()))
		b.logIn()
		b.do(chromedp.WaitVisible(chromedp.CSS("#error")))
		waiting(t, f) // the portal keeps it to itself
		portal.mu.Lock()
		portal.mode = "" // the administrator installs the application, the user tries again
		portal.mu.Unlock()
		b.do(chromedp.Navigate(f.URL()))
		b.lands(englishPage().Done.Title)
		if _, err := wait(t, f); err != nil {
			t.Error(err)
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		s, f, b := begin(t, englishPage(), "")
		b.do(chromedp.Navigate(f.URL()), chromedp.SendKeys(chromedp.CSS("#password"), "wrong"), chromedp.Click(chromedp.CSS("#enter")))
		b.do(chromedp.WaitVisible(chromedp.CSS("#enter")))
		waiting(t, f)
		b.do(chromedp.Navigate(f.URL()))
		b.logIn()
		b.lands(englishPage().Done.Title)
		succeeded(t, s, f)
	})
	t.Run("reload and back", func(t *testing.T) {
		s, f, b := begin(t, englishPage(), "")
		b.do(chromedp.Navigate(f.URL()))
		b.logIn()
		b.lands(englishPage().Done.Title)
		b.do(chromedp.Reload())
		b.lands(englishPage().Done.Title)
		b.do(chromedp.NavigateBack()) // to the portal, which knows the user by now and sends the browser here with another code
		b.lands(englishPage().Done.Title)
		b.do(chromedp.Navigate(f.URL())) // once more from the start
		b.lands(englishPage().Done.Title)
		succeeded(t, s, f)
		portal.mu.Lock()
		defer portal.mu.Unlock()
		if portal.given != 3 {
			t.Errorf("the portal gave %d codes", portal.given)
		}
	})
	t.Run("second tab", func(t *testing.T) {
		s, f, first := begin(t, englishPage(), "")
		second := newTab(t, first.ctx)
		first.do(chromedp.Navigate(f.URL()))
		second.do(chromedp.Navigate(f.URL()))
		second.logIn()
		second.lands(englishPage().Done.Title)
		first.logIn()
		first.lands(englishPage().Done.Title)
		succeeded(t, s, f)
	})
	t.Run("favicon", func(t *testing.T) {
		s, f, b := begin(t, englishPage(), "")
		origin := strings.TrimSuffix(f.ReturnAddress(), Path)
		response := read(b, chromedp.NavigateResponse(origin+"/favicon.ico"))
		if response == nil || response.Status != 404 {
			t.Errorf("answer: %+v", response)
		}
		waiting(t, f)
		b.do(chromedp.Navigate(f.URL()))
		b.logIn()
		b.lands(englishPage().Done.Title)
		succeeded(t, s, f)
	})
	t.Run("closed tab", func(t *testing.T) {
		s, f, b := begin(t, englishPage(), "")
		b.do(chromedp.Navigate(f.URL()))
		b.closes()
		waiting(t, f)
		again := newTab(t, browser, chromedp.WithNewBrowserContext())
		again.do(chromedp.Navigate(f.URL()))
		again.logIn()
		again.lands(englishPage().Done.Title)
		succeeded(t, s, f)
	})
	t.Run("tab closed during the exchange", func(t *testing.T) {
		s, f, b := begin(t, englishPage(), "")
		arrived, release := make(chan struct{}), make(chan struct{})
		var once atomic.Bool
		s.answer = func(http.ResponseWriter, *http.Request) bool {
			if once.CompareAndSwap(false, true) {
				close(arrived)
				<-release
			}
			return false
		}
		b.do(chromedp.Navigate(f.URL()))
		b.logIn()
		<-arrived
		b.closes()
		close(release)
		succeeded(t, s, f)
	})
	t.Run("hostile page", func(t *testing.T) {
		// Any web page can make the browser send requests here.
		s, f, b := begin(t, englishPage(), "")
		hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			target := html.EscapeString(f.ReturnAddress() + "?code=evil&state=evil&error=x")
			fmt.Fprintf(w, `<title>x</title><img src="%s"><iframe src="%s"></iframe><form method="post" action="%s" id="f"></form><p id="end">x</p>`, target, target, target)
		}))
		defer hostile.Close()
		b.do(chromedp.Navigate(hostile.URL), chromedp.WaitVisible(chromedp.CSS("#end")))
		waiting(t, f)
		b.do(chromedp.Navigate(f.URL()))
		b.logIn()
		b.lands(englishPage().Done.Title)
		succeeded(t, s, f)
	})

	portal.mu.Lock()
	defer portal.mu.Unlock()
	for _, seen := range portal.seen {
		for _, s := range []string{testSecret, testCode, "access-1", "refresh-1"} {
			if strings.Contains(seen, s) {
				t.Errorf("the portal was given a secret: %s", seen)
			}
		}
	}
}
