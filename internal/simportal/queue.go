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

// queue is the cloud event queue: it calls the handlers of events that the authorization server gives it, on loopback none that isn't
// simulated. A call that fails isn't repeated, and a handler that is slow is called less often
// (https://apidocs.bitrix24.com/api-reference/events/index.html); how much less nobody says.
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

// onlineEvent is an event on its way.
type onlineEvent struct {
	f       *faultSet
	address string // of the portal, as it reports itself
	handler string
	user    *User
	form    url.Values // event, data, ts
}

// sendOnline is the end of a hit in which an event was fired: the answer is on its way already, and what becomes of the event
// nobody tells the portal.
func (s *Sim) sendOnline(c *call, name string, data *array) {
	for i, b := range s.Bound() {
		if b.Offline || b.Event != name {
			continue
		}
		user := c.auth.user
		if b.User != "0" {
			user = userByID(b.User)
		}
		e := onlineEvent{c.f, ownAddress(c.hit), b.Handler, user, url.Values{"event": {name}, "event_handler_id": {strconv.Itoa(i + 1)},
			"ts": {strconv.FormatInt(s.portalNow(c.f).Unix(), 10)}}}
		flattenInto(e.form, "data", data)
		s.goRun(func() { s.handOver(e) })
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

// handOver is the portal's rest.event.call to the authorization server. Whatever fails, fails in silence.
func (s *Sim) handOver(e onlineEvent) {
	if e.f.any("portal-not-registered", "app-missing", "app-inactive") != "" {
		return
	}
	s.report(e.address)
	if s.callAuthServer(s.ctx, e.f, methodEvent, s.opt.Blackhole) != lineUp || e.f.on("event-not-handed-over") {
		return
	}
	if s.admitPortal(e.f, e.address) != nil {
		return
	}
	s.addTokens(e)
	wait := queueDelay
	if e.f.on("event-queue-late") {
		wait = queueLate
	}
	if e.f.on("event-queue-stopped") || !s.wait(s.ctx, wait) {
		return
	}
	s.deliver(e)
	if e.f.on("event-delivered-twice") {
		s.deliver(e)
	}
}

// addTokens is what the authorization server adds: who gets the event may act for the user for an hour.
func (s *Sim) addTokens(e onlineEvent) {
	expires := s.authNow(e.f).Add(tokenLife)
	server := bitrix.AuthServer(s.region)
	for name, value := range map[string]string{
		"access_token": s.newToken(&token{user: e.user, expires: expires, fresh: true}), "expires": strconv.FormatInt(expires.Unix(), 10), "expires_in": "3600",
		"scope": strings.Join(e.f.inv.granted, ","), "domain": strings.TrimPrefix(strings.TrimPrefix(e.address, "https://"), "http://"),
		"server_endpoint": server + "/rest/", "status": "L", "client_endpoint": s.HeldAddress() + "/rest/", "member_id": s.account.memberID, "user_id": e.user.ID,
		"application_token": s.account.applicationToken,
	} {
		e.form.Set("auth["+name+"]", value)
	}
}

// deliver calls the handler when its host's turn has come.
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
	if e.f.on("event-body-lost") {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(e.form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	way := s.opt.Queue
	if way == nil {
		way = s.queueWay(e.f)
		from := s.QueueAddresses()[0]
		if e.f.on("event-from-elsewhere") {
			from = addrElsewhere
		}
		r.Header.Set(forwarded, from)
	}
	client := &http.Client{Transport: way, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// queueWay leads to simulated handlers, and to nothing else.
func (s *Sim) queueWay(f *faultSet) http.RoundTripper {
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

// handlerAt is where the queue finds a handler's host, "" for nowhere.
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
