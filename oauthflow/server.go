package oauthflow

import (
	"io"
	"log"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

const (
	// The page with the outcome.
	outcomePath   = Path + "/outcome"
	headerTimeout = 5 * time.Second
	// Enough for the query, and for cookies that other programs set on 127.0.0.1.
	maxHeader = 16 << 10
)

// newServer returns the loopback server.
func newServer(f *Flow, host string) *http.Server {
	s := &http.Server{
		Handler:                      callbackHandler{f, host},
		ReadHeaderTimeout:            headerTimeout,
		ReadTimeout:                  2 * headerTimeout,
		WriteTimeout:                 exchangeTimeout + 10*time.Second, // the page waits for the exchange
		MaxHeaderBytes:               maxHeader,
		ErrorLog:                     log.New(io.Discard, "", 0), // it would contain untrusted input
		DisableGeneralOptionsHandler: true,
	}
	s.SetKeepAlivesEnabled(false)
	return s
}

// callbackHandler takes the portal's answer. All other requests are refused and don't change the flow: any program and any web
// page on this computer can send them.
type callbackHandler struct {
	flow *Flow
	host string // as bound
}

func (s callbackHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page := s.flow.options.Page
	refuse := func(status int) { page.write(w, status, page.Waiting, s.flow.options.Portal, nil) }
	switch peer, err := netip.ParseAddrPort(r.RemoteAddr); {
	case err != nil || !peer.Addr().Unmap().IsLoopback():
		refuse(http.StatusForbidden)
		return
	case r.Host != s.host: // another name that resolves to this address (DNS rebinding)
		refuse(http.StatusBadRequest)
		return
	case r.URL.EscapedPath() == outcomePath && r.Method == http.MethodGet && s.flow.isAnswered():
		s.outcome(w, r)
		return
	case r.URL.EscapedPath() != Path:
		refuse(http.StatusNotFound)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(http.StatusMethodNotAllowed)
		return
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(http.StatusBadRequest)
		return
	}
	a, err := readAnswer(q, s.flow.secrets()...)
	if err != nil || !sameState(q.Get("state"), s.flow.state.Reveal()) {
		if err == nil && (a.denied != nil || !a.code.IsZero()) {
			select {
			case s.flow.otherwise <- struct{}{}:
			default:
			}
		}
		refuse(http.StatusBadRequest)
		return
	}
	// A second tab or a reload repeats the answer; it gets the outcome of the first one.
	s.flow.callback(a)
	// Code and state don't stay in the browser's history.
	s.flow.sentTo.Do(func() { close(s.flow.redirected) })
	h := w.Header()
	h.Set("Location", outcomePath)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}

// outcome waits for the flow's outcome and shows it. It can be loaded again until the flow is closed.
func (s callbackHandler) outcome(w http.ResponseWriter, r *http.Request) {
	page := s.flow.options.Page
	select {
	case <-s.flow.done:
	case <-r.Context().Done():
		return
	}
	defer s.flow.seen.Do(func() { close(s.flow.shown) })
	if _, err := s.flow.outcome(); err != nil {
		page.write(w, http.StatusOK, page.Failed, s.flow.options.Portal, err)
		return
	}
	page.write(w, http.StatusOK, page.Done, s.flow.options.Portal, nil)
}
