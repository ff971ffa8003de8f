package simportal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"boxready/internal/bitrix"
)

// queue is the cloud event queue: it calls the handlers of events from the authorization server, on loopback only
// simulated ones. A failed call isn't repeated, and a slow handler is called less often
// (https://apidocs.bitrix24.com/api-reference/events/index.html); how much less is not documented.
type queue struct {
	mu   sync.Mutex
	next map[string]time.Time // when a host may be called again
}

const (
	queueDelay   = 20 * time.Millisecond
	queueLate    = 2 * time.Second // with the fault
	slowHandler  = time.Second
	handlerPause = 3 * time.Second // after a call that was slow or failed
	handlerLimit = 10 * time.Second
)

// onlineEvent is an online event being delivered.
type onlineEvent struct {
	faults  *faultSet
	address string // of the portal, as reported by it
	handler string
	user    *User
	form    url.Values // event, data, ts
}

// sendOnline sends an event to its online handlers after the request that fired it. The portal's answer doesn't wait for that, and nothing tells
// the portal whether the event arrived.
func (s *Sim) sendOnline(c *call, name string, data *array) {
	for i, b := range s.Bindings() {
		if b.Offline || b.Event != name {
			continue
		}
		user := c.auth.user
		if b.User != "0" {
			user = userByID(b.User)
		}
		e := onlineEvent{c.faults, ownAddress(c.request), b.Handler, user, url.Values{"event": {name}, "event_handler_id": {strconv.Itoa(i + 1)},
			"ts": {strconv.FormatInt(s.portalNow(c.faults).Unix(), 10)}}}
		flattenInto(e.form, "data", data)
		s.goRun(func() { s.sendToAuthServer(e) })
	}
}

func flattenInto(form url.Values, name string, v any) {
	a, ok := v.(*array)
	if !ok {
		form.Set(name, phpText(v))
		return
	}
	for _, key := range a.keys {
		flattenInto(form, name+"["+key+"]", a.get(key))
	}
}

// sendToAuthServer is the portal's rest.event.call to the authorization server. No error is reported anywhere.
func (s *Sim) sendToAuthServer(e onlineEvent) {
	if e.faults.any("portal-not-registered", "app-missing", "app-inactive") != "" {
		return
	}
	s.report(e.address)
	if s.callAuthServer(s.ctx, e.faults, methodEvent, s.opt.AuthServerTimeout) != callOK || e.faults.on("event-not-handed-over") {
		return
	}
	if s.checkPortal(e.faults, e.address) != nil {
		return
	}
	s.addTokens(e)
	wait := queueDelay
	if e.faults.on("event-queue-late") {
		wait = queueLate
	}
	if e.faults.on("event-queue-stopped") || !s.wait(s.ctx, wait) {
		return
	}
	s.deliver(e)
	if e.faults.on("event-delivered-twice") {
		s.deliver(e)
	}
}

// addTokens adds what the authorization server adds to an event, including a token of the user for an hour.
func (s *Sim) addTokens(e onlineEvent) {
	expires := s.authNow(e.faults).Add(tokenLife)
	server := bitrix.AuthServer(s.region)
	for name, value := range map[string]string{
		"access_token": s.newToken(&token{user: e.user, expires: expires, fresh: true}), "expires": strconv.FormatInt(expires.Unix(), 10), "expires_in": "3600",
		"scope": strings.Join(e.faults.inv.granted, ","), "domain": strings.TrimPrefix(strings.TrimPrefix(e.address, "https://"), "http://"),
		"server_endpoint": server + "/rest/", "status": "L", "client_endpoint": s.RegisteredAddress() + "/rest/", "member_id": s.account.memberID, "user_id": e.user.ID,
		"application_token": s.account.applicationToken,
	} {
		e.form.Set("auth["+name+"]", value)
	}
}

// deliver calls the handler, after a pause if its host was slow.
func (s *Sim) deliver(e onlineEvent) {
	u, err := url.Parse(e.handler)
	if err != nil {
		return
	}
	s.queue.mu.Lock()
	pause := time.Until(s.queue.next[u.Host])
	s.queue.mu.Unlock()
	if pause > 0 && !s.wait(s.ctx, pause) {
		return
	}
	begin := time.Now()
	status, err := s.callHandler(e, u)
	if err != nil || status >= 300 || time.Since(begin) > slowHandler {
		s.queue.mu.Lock()
		s.queue.next[u.Host] = time.Now().Add(handlerPause)
		s.queue.mu.Unlock()
	}
}

func (s *Sim) callHandler(e onlineEvent, u *url.URL) (status int, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, handlerLimit)
	defer cancel()
	method := http.MethodPost
	if e.faults.on("event-body-lost") {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(e.form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	transport := s.opt.Queue
	if transport == nil {
		transport = s.queueTransport(e.faults)
		from := s.QueueAddresses()[0]
		if e.faults.on("event-from-elsewhere") {
			from = addrOther
		}
		r.Header.Set(forwardedFor, from)
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// queueTransport connects to simulated handlers and to no other host.
func (s *Sim) queueTransport(f *faultSet) http.RoundTripper {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.RootsPEM())
	return &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}, DialContext: func(ctx context.Context, network, hostPort string) (net.Conn, error) {
		at := s.handlerAt(f, hostPort)
		if at == "" {
			return nil, fmt.Errorf("no simulated handler at %s", hostPort)
		}
		return (&net.Dialer{}).DialContext(ctx, network, at)
	}}
}

// handlerAt returns the loopback address of a handler's host, "" if there is none.
func (s *Sim) handlerAt(f *faultSet, hostPort string) string {
	if f.on("event-queue-shut-out") {
		return s.at.refused
	}
	switch hostPort {
	case HandlerHost + ":443":
		if f.on("receiver-private") {
			return ""
		}
		return s.eventsAt(f)
	case appHost + ":443":
		return s.appAt(f)
	}
	return ""
}
