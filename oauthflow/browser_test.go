package oauthflow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"boxready/internal/bitrix"
	"boxready/internal/secret"
	"boxready/internal/simportal"
	"boxready/internal/simtest/browser"
)

// browserEnv is a simulated portal with its authorization server, and one browser.
type browserEnv struct {
	sim     *simportal.Sim
	app     App
	client  *http.Client // reaches the authorization servers
	listen  string       // the loopback address in the application's card
	browser context.Context
}

func newBrowserEnv(t *testing.T) *browserEnv {
	t.Helper()
	w := &browserEnv{listen: strings.TrimSuffix(ownLoopback(), "0") + fmt.Sprint(Port)}
	var err error
	if w.sim, err = simportal.Start(simportal.Options{Login: true, RedirectURI: "http://" + w.listen + Path}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.sim.Close)
	grant := w.sim.IssueGrant(simportal.TokenValid)
	if w.app, err = CheckApp(grant.ClientID, grant.ClientSecret); err != nil {
		t.Fatal(err)
	}
	w.client = simClient(t, w.sim)
	rules := []string{"MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1", "EXCLUDE " + strings.TrimSuffix(w.listen, ":"+fmt.Sprint(Port))}
	for _, line := range w.sim.ConnectTo() {
		if target, ok := strings.CutPrefix(line, w.sim.Host()+":443:"); ok {
			rules = slices.Insert(rules, 0, "MAP "+w.sim.Host()+":443 "+target)
		}
	}
	w.browser = browser.Start(t, chromedp.WindowSize(900, 640), chromedp.IgnoreCertErrors, chromedp.Flag("disable-quic", true),
		// So that going back asks the portal again; chromedp loses pages that come out of that cache.
		chromedp.Flag("disable-features", "BackForwardCache"),
		chromedp.Flag("host-resolver-rules", strings.Join(rules, ", ")))
	return w
}

// browserSignIn is one sign-in in the browser, with a clean profile.
type browserSignIn struct {
	tab
	*browserEnv
	flow   *Flow
	before int // length of the simulated portal's log at the start
}

func (w *browserEnv) begin(t *testing.T, page Page, change func(*Options), faults ...string) *browserSignIn {
	t.Helper()
	if err := w.sim.SetFaults(faults...); err != nil {
		t.Fatal(err)
	}
	o := Options{
		Portal: address(t, w.sim.Host()), Confirmed: true, App: w.app, Server: ChooseServer(w.client, "", ""), Listen: w.listen, Page: page,
		OpenBrowser: func(string) error { return nil },
	}
	if change != nil {
		change(&o)
	}
	f, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return &browserSignIn{newTab(t, w.browser, chromedp.WithNewBrowserContext()), w, f, len(w.sim.Log())}
}

// authorize opens the portal's page and signs in there.
func (v *browserSignIn) authorize(login string) {
	v.t.Helper()
	v.do(chromedp.Navigate(v.flow.URL()))
	v.tab.signIn(login)
}

func (b tab) signIn(login string) {
	b.t.Helper()
	users := simportal.Users()
	user := users[slices.IndexFunc(users, func(u simportal.User) bool { return u.Login == login })]
	b.do(
		chromedp.SendKeys(chromedp.CSS("[name=USER_LOGIN]"), user.Login), chromedp.SendKeys(chromedp.CSS("[name=USER_PASSWORD]"), user.Password),
		chromedp.Click(chromedp.CSS("[name=Login]")),
	)
}

// tokenRequests counts the token requests to authorization servers in this sign-in.
func (v *browserSignIn) tokenRequests() int {
	n := 0
	for _, r := range v.sim.Log()[v.before:] {
		if strings.HasPrefix(r.Server, "auth-") && r.Path == "/oauth/token/" {
			n++
		}
	}
	return n
}

func (v *browserSignIn) expectSuccess() Token {
	v.t.Helper()
	token, err := wait(v.t, v.flow)
	if err != nil || token.Access.IsZero() || token.Refresh.IsZero() {
		v.t.Errorf("outcome: %v", err)
	}
	if n := v.tokenRequests(); n != 1 {
		v.t.Errorf("%d requests to the authorization server", n)
	}
	return token
}

func (v *browserSignIn) expectWaiting() {
	v.t.Helper()
	select {
	case <-v.flow.Done():
		_, err := v.flow.outcome()
		v.t.Fatalf("the flow ended: %v", err)
	default: // a later answer that succeeds proves that it was waiting
	}
}

// tab is one tab of the browser.
type tab struct {
	t        *testing.T
	ctx      context.Context
	closeTab context.CancelFunc
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
	ctx, cancel := context.WithTimeout(b.ctx, testTimeout)
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
	ctx, cancel := context.WithTimeout(b.ctx, testTimeout)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// expectPage waits for a page of the loopback server and compares its heading.
func (b tab) expectPage(want string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS("main h1")))
	if got := read(b, chromedp.Text(chromedp.CSS("main h1"))); got != want {
		b.t.Fatalf("the page says %q, want %q", got, want)
	}
}

// screenshot saves what the tab shows, to be looked at.
func (b tab) screenshot(name string) {
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
	w := newBrowserEnv(t)
	english := pageIn(t, "en")

	for _, page := range []Page{pageIn(t, "ru"), english} {
		t.Run("success in "+page.Lang, func(t *testing.T) {
			v := w.begin(t, page, nil)
			v.scheme("light")
			v.authorize("admin")
			v.expectPage(page.Done.Title)
			if token := v.expectSuccess(); token.UserID != "1" || token.Portal != "https://"+w.sim.Host()+"/rest/" {
				t.Errorf("%+v", token)
			}
			if got := read(v.tab, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("h1")).fontSize`)); got != "24px" {
				t.Errorf("the heading's size is %s: the policy blocks the style", got)
			}
			v.screenshot("done-" + page.Lang)
			v.scheme("dark")
			v.screenshot("done-" + page.Lang + "-dark")
		})
		t.Run("refused in "+page.Lang, func(t *testing.T) {
			v := w.begin(t, page, func(o *Options) { o.App.ClientSecret = secret.New(testSecret) })
			v.scheme("light")
			v.authorize("admin")
			v.expectPage(page.Failed.Title)
			v.screenshot("failed-" + page.Lang)
			v.scheme("dark")
			v.screenshot("failed-" + page.Lang + "-dark")
			v.do(chromedp.EmulateViewport(360, 640))
			v.screenshot("failed-" + page.Lang + "-narrow")
			if _, err := wait(t, v.flow); !errors.Is(err, ErrInvalidClient) {
				t.Errorf("outcome: %v", err)
			}
		})
		t.Run("not the answer in "+page.Lang, func(t *testing.T) {
			v := w.begin(t, page, nil)
			v.scheme("light")
			v.do(chromedp.Navigate(v.flow.ReturnAddress() + "?code=" + testCode + "&state=wrong"))
			v.expectPage(page.Waiting.Title)
			v.screenshot("waiting-" + page.Lang)
			v.expectWaiting()
		})
	}
	t.Run("code for another portal", func(t *testing.T) {
		v := w.begin(t, english, func(o *Options) { o.Portal = address(t, "copy.demo.example") })
		v.do(chromedp.Navigate(strings.Replace(v.flow.URL(), "copy.demo.example", w.sim.Host(), 1)))
		v.signIn("admin")
		v.expectPage(english.Failed.Title)
		if _, err := wait(t, v.flow); !errors.Is(err, ErrOtherPortal) || v.tokenRequests() != 0 {
			t.Errorf("outcome: %v, %d requests", err, v.tokenRequests())
		}
	})
	t.Run("denied", func(t *testing.T) {
		v := w.begin(t, english, nil, "authorize-error")
		v.authorize("admin")
		v.do(chromedp.WaitVisible(chromedp.Search("//p[contains(., 'Application not installed')]")))
		v.expectWaiting()                         // the portal shows the error and does not redirect
		if err := w.sim.SetFaults(); err != nil { // the administrator installs the application, the user tries again
			t.Fatal(err)
		}
		v.do(chromedp.Navigate(v.flow.URL()))
		v.expectPage(english.Done.Title)
		v.expectSuccess()
	})
	t.Run("wrong user", func(t *testing.T) {
		v := w.begin(t, english, nil)
		v.authorize("pavel") // a dismissed user
		v.do(chromedp.WaitVisible(chromedp.Search("//p[contains(., 'Incorrect login')]")))
		v.expectWaiting()
		v.signIn("ivan") // no administrator, but may sign in
		v.expectPage(english.Done.Title)
		if token := v.expectSuccess(); token.UserID != "7" {
			t.Errorf("the token is of user %s", token.UserID)
		}
	})
	t.Run("code in a box", func(t *testing.T) {
		var region bitrix.Region
		v := w.begin(t, english, func(o *Options) {
			o.Server = func(host string) (AuthServer, error) { return ChooseServer(w.client, "", region)(host) }
		}, "authorize-code-box")
		v.authorize("admin")
		v.do(chromedp.WaitVisible(chromedp.CSS("h1")))
		// A bare code names no authorization server.
		code := read(v.tab, chromedp.Text(chromedp.CSS("h1")))
		if err := v.flow.Paste(code); !errors.Is(err, ErrRegionUnknown) {
			t.Errorf("pasting without the region: %v", err)
		}
		region = bitrix.CIS
		if err := v.flow.Paste(code); err != nil {
			t.Errorf("pasting: %v", err)
		}
		v.expectSuccess()
	})
	t.Run("empty box", func(t *testing.T) {
		v := w.begin(t, english, nil, "authorize-empty-box")
		v.authorize("admin")
		v.do(chromedp.WaitReady(chromedp.CSS("h1")))
		var failed *PasteError
		if err := v.flow.Paste(read(v.tab, chromedp.TextContent(chromedp.CSS("h1")))); !errors.As(err, &failed) || failed.Problem != PasteEmpty {
			t.Errorf("pasting: %v", err)
		}
		v.expectWaiting()
	})
	t.Run("reload and back", func(t *testing.T) {
		v := w.begin(t, english, nil)
		v.authorize("admin")
		v.expectPage(english.Done.Title)
		v.do(chromedp.Reload())
		v.expectPage(english.Done.Title)
		v.do(chromedp.NavigateBack()) // to the portal, which redirects the signed-in user with another code
		v.expectPage(english.Done.Title)
		v.do(chromedp.Navigate(v.flow.URL())) // once more from the start
		v.expectPage(english.Done.Title)
		v.expectSuccess()
	})
	t.Run("second tab", func(t *testing.T) {
		v := w.begin(t, english, nil)
		second := newTab(t, v.ctx)
		v.do(chromedp.Navigate(v.flow.URL()))
		second.do(chromedp.Navigate(v.flow.URL()))
		second.signIn("admin")
		second.expectPage(english.Done.Title)
		v.signIn("admin")
		v.expectPage(english.Done.Title)
		v.expectSuccess()
	})
	t.Run("favicon", func(t *testing.T) {
		v := w.begin(t, english, nil)
		response := read(v.tab, chromedp.NavigateResponse("http://"+w.listen+"/favicon.ico"))
		if response == nil || response.Status != 404 {
			t.Errorf("answer: %+v", response)
		}
		v.expectWaiting()
		v.authorize("admin")
		v.expectPage(english.Done.Title)
		v.expectSuccess()
	})
	t.Run("closed tab", func(t *testing.T) {
		v := w.begin(t, english, nil)
		v.do(chromedp.Navigate(v.flow.URL()))
		v.closeTab()
		v.expectWaiting()
		v.tab = newTab(t, w.browser, chromedp.WithNewBrowserContext())
		v.authorize("admin")
		v.expectPage(english.Done.Title)
		v.expectSuccess()
	})
	t.Run("tab closed during the exchange", func(t *testing.T) {
		arrived, release := make(chan struct{}), make(chan struct{})
		v := w.begin(t, english, func(o *Options) {
			o.Server = ChooseServer(doerFunc(func(r *http.Request) (*http.Response, error) {
				close(arrived)
				<-release
				return w.client.Do(r)
			}), "", "")
		})
		v.authorize("admin")
		<-arrived
		v.closeTab()
		close(release)
		v.expectSuccess()
	})
	t.Run("browser that can't start", func(t *testing.T) {
		broken := filepath.Join(t.TempDir(), "chromium")
		tried := make(chan struct{})
		v := w.begin(t, english, func(o *Options) {
			o.OpenBrowser = func(address string) error {
				defer close(tried)
				return exec.Command(broken, address).Run()
			}
		})
		v.flow.OpenBrowser()
		<-tried
		v.authorize("admin") // the address was shown too, and is opened by hand
		v.expectPage(english.Done.Title)
		v.expectSuccess()
		if text := fmt.Sprint(v.flow.BrowserError()); strings.Contains(text, v.flow.state.Reveal()) {
			t.Error("the error shows the state")
		}
	})
	t.Run("hostile page", func(t *testing.T) {
		// Any web page can make the browser send requests here.
		v := w.begin(t, english, nil)
		hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			target := html.EscapeString(v.flow.ReturnAddress() + "?code=evil&state=evil&error=x")
			fmt.Fprintf(w, `<title>x</title><img src="%s"><iframe src="%s"></iframe><form method="post" action="%s" id="f"></form><p id="end">x</p>`, target, target, target)
		}))
		defer hostile.Close()
		v.do(chromedp.Navigate(hostile.URL), chromedp.WaitVisible(chromedp.CSS("#end")))
		v.expectWaiting()
		v.authorize("admin")
		v.expectPage(english.Done.Title)
		v.expectSuccess()
	})

	w.assertTokenRule(t)
}

// assertTokenRule asserts that no request to the portal carried a secret or token, and that it reported its own address only.
func (w *browserEnv) assertTokenRule(t *testing.T) {
	t.Helper()
	var secrets []string
	for _, r := range w.sim.Log() {
		if q, _ := url.ParseQuery(r.RawQuery); strings.HasPrefix(r.Server, "auth-") {
			secrets = append(secrets, q.Get("client_secret"), q.Get("code"))
		}
	}
	if len(secrets) == 0 {
		t.Fatal("the authorization server was not asked at all")
	}
	for _, r := range w.sim.Log() {
		if strings.HasPrefix(r.Server, "auth-") {
			continue
		}
		for _, value := range secrets {
			if strings.Contains(fmt.Sprint(r.Path, r.RawQuery, r.Header, string(r.Body)), value) {
				t.Errorf("%s %s was given a secret", r.Server, r.Path)
			}
		}
		if len(r.Tokens) > 0 {
			t.Errorf("%s %s was given a token", r.Server, r.Path)
		}
	}
	for _, reported := range w.sim.ReportedAddresses() {
		if reported != "https://"+w.sim.Host() {
			t.Errorf("the portal reported itself as %s", reported)
		}
	}
}
