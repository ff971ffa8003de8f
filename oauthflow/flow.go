package oauthflow

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"boxready/internal/portal"
	"boxready/internal/secret"
)

const (
	defaultTimeout = 5 * time.Minute
	// A code is valid for 30 s; a longer exchange can't succeed.
	exchangeTimeout = 25 * time.Second
	// How long Close lets the browser fetch the landing page.
	closeTimeout = time.Second
)

// Options say how to sign in.
type Options struct {
	Portal portal.Address
	// Confirmed says that the owner confirmed Portal as the address that employees and applications use, and that it was checked
	// against the token rule: its certificate verifies, it sees https, and no redirect leads to another host. Opening the sign-in
	// makes the portal report the address to the authorization server as its own.
	Confirmed bool
	App       App
	// Server returns the authorization server that redeems the code. host is what the portal's answer names, if it is one of
	// the known ones, otherwise "". An error ends the flow; see ErrRegionUnknown and ChooseServer. It must not
	// block: a code is valid for 30 s.
	Server func(host string) (AuthServer, error)
	// Listen is host:port on loopback; that of ReturnAddress if empty.
	Listen string
	// PasteOnly says that the answer will be pasted, because the port can't be bound. Nothing listens then: the browser is
	// redirected to a URL that it can't open, and that URL is the answer.
	PasteOnly bool
	// Page holds the texts of the landing page.
	Page Page
	// Timeout is how long the user has; five minutes if zero.
	Timeout time.Duration
	// OpenBrowser opens an address; the system's browser if nil. It may block for as long as the browser runs.
	OpenBrowser func(url string) error
}

// Flow is one attempt to sign in. Close it.
type Flow struct {
	options  Options
	state    secret.String
	address  string
	server   *http.Server // nil if the answer will be pasted
	deadline time.Time

	ctx       context.Context // ends with Close, and with Start's context
	cancel    context.CancelFunc
	work      sync.WaitGroup
	done      chan struct{} // closed when the outcome is set
	otherwise chan struct{} // see OtherState

	redirected chan struct{} // closed when the browser is sent to the page with the outcome
	sentTo     sync.Once
	shown      chan struct{} // closed when the browser has fetched it
	seen       sync.Once

	closeOnce sync.Once

	mu         sync.Mutex
	answered   bool // an answer was taken, or the flow ended
	token      Token
	err        error
	browserErr error
}

// Start listens on the loopback port and waits for the portal's answer, until the deadline, the end of ctx or Close. It opens
// no browser, but the port is bound when it returns. The error is a *PortError if it can't be bound, and portal.ErrTokenRule
// if the portal's address isn't confirmed or is an IP address.
func Start(ctx context.Context, o Options) (*Flow, error) {
	_, isIP := o.Portal.IP()
	switch {
	case o.Portal.Host == "":
		return nil, errors.New("start a sign-in: no portal")
	case !o.Confirmed, isIP:
		return nil, fmt.Errorf("start a sign-in: %w", portal.ErrTokenRule)
	case o.App.ClientID == "" || o.App.ClientSecret.IsZero():
		return nil, errors.New("start a sign-in: no application")
	case o.Server == nil:
		return nil, errors.New("start a sign-in: no authorization server")
	}
	if o.PasteOnly {
		return serve(ctx, o, nil), nil
	}
	ln, err := listen(ctx, o.Listen)
	if err != nil {
		return nil, err
	}
	return serve(ctx, o, ln), nil
}

// serve starts a flow on a listener; nil if the answer will be pasted.
func serve(ctx context.Context, o Options, ln net.Listener) *Flow {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.OpenBrowser == nil {
		o.OpenBrowser = openSystemBrowser
	}
	f := &Flow{options: o, state: newState(), address: ReturnAddress(), deadline: time.Now().Add(o.Timeout), done: make(chan struct{}), otherwise: make(chan struct{}, 1),
		redirected: make(chan struct{}), shown: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancel(ctx)
	if ln != nil {
		host := ln.Addr().String()
		f.address, f.server = "http://"+host+Path, newServer(f, host)
		f.work.Go(func() { _ = f.server.Serve(ln) }) // it ends when the listener is closed
	}
	f.work.Go(f.watch)
	return f
}

// newState returns 256 random bits. PKCE is not used, because Bitrix24 is not known to accept it.
func newState() secret.String {
	random := make([]byte, 32)
	rand.Read(random) // never fails
	return secret.New(base64.RawURLEncoding.EncodeToString(random))
}

// watch ends the flow when no answer comes.
func (f *Flow) watch() {
	timer := time.NewTimer(f.options.Timeout)
	defer timer.Stop()
	select {
	case <-f.done:
	case <-timer.C:
		f.giveUp(ErrTimeout)
	case <-f.ctx.Done():
		f.giveUp(context.Cause(f.ctx))
	}
}

// secrets must not appear in any text that is shown: a portal knows its applications' secrets, and its answers may quote them.
func (f *Flow) secrets() []secret.String {
	return []secret.String{f.options.App.ClientSecret, f.state}
}

// URL is the address to open in a browser. It contains the state: show it to the user, don't log it.
func (f *Flow) URL() string {
	// Neither response_type nor redirect_uri nor scope: the portal doesn't read them.
	query := url.Values{"client_id": {f.options.App.ClientID}, "state": {f.state.Reveal()}}
	return f.options.Portal.String() + "/oauth/authorize/?" + query.Encode()
}

// ReturnAddress is the redirect URI of this flow.
func (f *Flow) ReturnAddress() string { return f.address }

// Deadline is when the flow gives up waiting for an answer.
func (f *Flow) Deadline() time.Time { return f.deadline }

// Done is closed when the flow has ended.
func (f *Flow) Done() <-chan struct{} { return f.done }

// OtherState receives when the browser brings the answer to another attempt, or one with a forged state. The flow goes on waiting.
func (f *Flow) OtherState() <-chan struct{} { return f.otherwise }

// OpenBrowser starts opening the address in the browser and returns at once. Whether a browser opened can't be known, so the
// address has to be shown too. It may be called again.
func (f *Flow) OpenBrowser() {
	// Not among f.work: the call may last as long as the browser does.
	go func() {
		err := f.options.OpenBrowser(f.URL())
		f.mu.Lock()
		defer f.mu.Unlock()
		f.browserErr = secret.URLError(err)
	}()
}

// BrowserError is the error of the last attempt to open the browser, such as ErrNoBrowser. nil doesn't mean that one opened.
func (f *Flow) BrowserError() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.browserErr
}

// Paste takes what the user copied from the browser: the code that the portal shows, or the whole address that the portal
// redirected to. An error means that the flow goes on waiting: *PasteError, *OtherPortalError, *DeniedError,
// ErrRegionUnknown or ErrAnswered. Otherwise Wait returns the outcome.
func (f *Flow) Paste(pasted string) error {
	a, err := readPaste(pasted, f.state.Reveal(), f.options.Portal, f.secrets()...)
	if err != nil {
		return err
	}
	server, err := f.options.Server(a.server())
	if err != nil {
		return err
	}
	if !f.take(func() (Token, error) { return f.redeem(server, a) }) {
		return ErrAnswered
	}
	return nil
}

// Wait returns the flow's outcome. If ctx ends first, the flow goes on. It may be called more than once.
func (f *Flow) Wait(ctx context.Context) (Token, error) {
	select {
	case <-f.done:
		return f.outcome()
	default:
	}
	select {
	case <-f.done:
		return f.outcome()
	case <-ctx.Done():
		return Token{}, context.Cause(ctx)
	}
}

// Close ends the flow, with context.Canceled if it has no outcome yet, and frees the port. A landing page that is being
// sent is completed first.
func (f *Flow) Close() {
	f.closeOnce.Do(func() {
		f.mu.Lock() // no new work from here on, see take
		f.cancel()
		f.mu.Unlock()
		<-f.done
		defer f.work.Wait()
		if f.server == nil {
			return
		}
		ctx, stop := context.WithTimeout(context.Background(), closeTimeout)
		defer stop()
		select {
		case <-f.redirected: // and the browser is about to fetch the page
			select {
			case <-f.shown:
			case <-ctx.Done():
			}
		default:
		}
		if f.server.Shutdown(ctx) != nil {
			_ = f.server.Close()
		}
	})
}

// callback takes the answer that came through the browser.
func (f *Flow) callback(a answer) {
	f.take(func() (Token, error) {
		if a.denied != nil {
			return Token{}, a.denied
		}
		if err := a.check(f.options.Portal); err != nil {
			return Token{}, err
		}
		if a.code.IsZero() {
			return Token{}, ErrNoCode
		}
		server, err := f.options.Server(a.server())
		if err != nil {
			return Token{}, err
		}
		return f.redeem(server, a)
	})
}

// redeem exchanges the code. Neither a closed browser nor the deadline interrupts it.
func (f *Flow) redeem(server AuthServer, a answer) (Token, error) {
	ctx, cancel := context.WithTimeout(f.ctx, exchangeTimeout)
	defer cancel()
	return server.Exchange(ctx, f.options.App, a.code)
}

// isAnswered reports whether an answer was taken.
func (f *Flow) isAnswered() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answered
}

// take starts redeem, whose result becomes the flow's outcome. It returns false if the flow has an answer already.
func (f *Flow) take(redeem func() (Token, error)) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answered || f.ctx.Err() != nil {
		return false
	}
	f.answered = true
	f.work.Go(func() {
		token, err := redeem()
		f.end(token, err)
	})
	return true
}

func (f *Flow) giveUp(err error) {
	f.mu.Lock()
	late := f.answered
	f.answered = true
	f.mu.Unlock()
	if !late {
		f.end(Token{}, err)
	}
}

// end sets the outcome. It is called once, after answered was set.
func (f *Flow) end(token Token, err error) {
	f.mu.Lock()
	f.token, f.err = token, err
	f.mu.Unlock()
	close(f.done)
}

func (f *Flow) outcome() (Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.token, f.err
}
