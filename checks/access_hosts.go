package checks

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"boxready/internal/requirements"
	"boxready/internal/transport"
)

// Causes of application-hosts.
const (
	HostUnreachable Cause = "host-unreachable"
	HandlerTLS      Cause = "handler-tls"
	HandlerPrivate  Cause = "handler-private"
)

// A file is untrusted input, so the number of hosts to ask and the time for each are limited.
const (
	maxAppHosts    = 20
	appHostsAtOnce = 4
	appHostTimeout = 10 * time.Second
)

// HostsFacts are what this computer observes of the hosts that the requirements name.
type HostsFacts struct {
	At       time.Time             `json:"at"`
	Portal   string                `json:"portal" hide:"host"` // which shows the application's pages
	Handlers requirements.Handlers `json:"handlers,omitempty"` // where they run, if known
	Hosts    []AppHost             `json:"hosts"`              // in the order of the requirements
	LeftOut  int                   `json:"left_out,omitempty"` // hosts beyond those
}

// AppHost is one of an application's hosts. One that only connects to the portal isn't asked: it need not accept connections.
type AppHost struct {
	Host       string                   `json:"host" hide:"host"`
	Port       int                      `json:"port"`
	Directions []requirements.Direction `json:"directions"`
	HostAnswer                          // to GET /
}

// HostAnswer is how one of an application's hosts answers this computer.
type HostAnswer struct {
	Given     bool              `json:"given,omitempty"`             // the user gave the address; nothing was resolved
	Proxy     string            `json:"proxy,omitempty" hide:"host"` // in between; it resolves the name
	Addresses []netip.Addr      `json:"addresses,omitempty" hide:"ip"`
	Layer     transport.Stage   `json:"layer,omitempty"` // where it failed; none when the host answered
	Failure   transport.Failure `json:"failure,omitempty"`
	TLS       *TLSSeen          `json:"tls,omitempty"`
	Status    int               `json:"status,omitempty"`
	Location  string            `json:"location,omitempty" hide:"host"` // scheme and host that it redirects to
	Times     *transport.Times  `json:"times,omitempty"`
}

// Public returns the values that identify nobody.
func (f *HostsFacts) Public() (values []string) {
	for _, h := range f.Hosts {
		if h.TLS != nil {
			values = append(values, h.TLS.public()...)
		}
	}
	return values
}

// handlers is where the application's handlers run, "" if not known.
func (t *Target) handlers() requirements.Handlers {
	return cmp.Or(t.Handlers, t.required().Handlers)
}

// appHosts returns the hosts that the requirements name, each once, up to the limit, and the number of others.
func (t *Target) appHosts() (hosts []AppHost, leftOut int) {
	for _, r := range t.required().Hosts {
		i := slices.IndexFunc(hosts, func(h AppHost) bool { return h.Host == r.Host && h.Port == r.Port })
		if i < 0 {
			i = len(hosts)
			hosts = append(hosts, AppHost{Host: r.Host, Port: r.Port})
		}
		if h := &hosts[i]; !h.is(r.Direction) {
			h.Directions = append(h.Directions, r.Direction)
		}
	}
	most := min(len(hosts), maxAppHosts)
	return hosts[:most], len(hosts) - most
}

// HostsToAsk returns the hosts, as host:port, that a run against t contacts because the requirements name them. Whoever starts it
// should see them first.
func (t *Target) HostsToAsk() (names []string) {
	hosts, _ := t.appHosts()
	for _, h := range hosts {
		if h.asked() {
			names = append(names, h.name())
		}
	}
	pages, _ := t.framePages()
	if t.Page != "" { // which the owner typed
		pages = nil
	}
	for _, address := range pages {
		page, err := url.Parse(address)
		if err != nil || page.Scheme != "https" {
			continue
		}
		if name := net.JoinHostPort(page.Hostname(), portOf(page)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (h *AppHost) name() string                     { return net.JoinHostPort(h.Host, strconv.Itoa(h.Port)) }
func (h *AppHost) is(d requirements.Direction) bool { return slices.Contains(h.Directions, d) }
func (h *AppHost) asked() bool {
	return h.is(requirements.PortalToApp) || h.is(requirements.BrowserToApp)
}

// address is the URL of the host's root page; http on port 80 only.
func (h *AppHost) address() *url.URL {
	if h.Port == 80 {
		return &url.URL{Scheme: "http", Host: h.name(), Path: "/"}
	}
	return &url.URL{Scheme: "https", Host: h.name(), Path: "/"}
}

func observeHosts(ctx context.Context, env *Env) (*HostsFacts, error) {
	f := &HostsFacts{At: env.now().UTC(), Portal: env.target.Address.String(), Handlers: env.target.handlers()}
	f.Hosts, f.LeftOut = env.target.appHosts()
	slots := make(chan struct{}, appHostsAtOnce)
	parallelN(len(f.Hosts), func(i int) {
		if h := &f.Hosts[i]; h.asked() {
			slots <- struct{}{}
			defer func() { <-slots }()
			h.fail(env.getPage(ctx, h.address(), &h.HostAnswer, nil))
		}
	})
	return f, nil
}

func (a *HostAnswer) fail(err error) {
	if err != nil {
		a.Layer, a.Failure = transport.StageOf(err), transport.FailureOf(err)
	}
}

// getPage resolves the page's host and requests the page, once, without anything that identifies the sender. read, if not nil, gets
// the response, whose body isn't read.
func (env *Env) getPage(ctx context.Context, page *url.URL, a *HostAnswer, read func(*http.Response)) error {
	host, port := page.Hostname(), transport.PortOf(page)
	var sending func()
	if host == env.target.Address.Host { // an application that runs on the portal
		turn, err := env.pacer.Begin(ctx)
		if err != nil {
			return err
		}
		defer turn.End()
		sending = turn.Sent
	}
	ctx, cancel := context.WithTimeout(ctx, env.net.Timeout(appHostTimeout))
	defer cancel()
	proxy, err := env.net.ProxyFor(page.Scheme, host, port)
	if err != nil {
		return err
	}
	if proxy != nil {
		a.Proxy = transport.ProxyName(proxy)
	} else if a.Given = env.net.Overridden(host, port); !a.Given {
		if a.Addresses, err = env.net.Lookup(ctx, host); err != nil {
			return err
		}
	}
	return env.openPage(ctx, page, a, sending, read)
}

func (env *Env) openPage(ctx context.Context, page *url.URL, a *HostAnswer, sending func(), read func(*http.Response)) error {
	var encrypted atomic.Pointer[tls.ConnectionState]
	config := env.tlsConfig()
	config.VerifyConnection = func(state tls.ConnectionState) error {
		encrypted.Store(&state)
		return nil
	}
	client := env.net.HTTPClientWith(config)
	defer client.CloseIdleConnections()
	var watch transport.Stopwatch
	request, err := http.NewRequestWithContext(watch.Watch(ctx, sending), http.MethodGet, page.String(), nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	times := watch.Stop()
	a.Times = &times
	if state := encrypted.Load(); state != nil {
		a.TLS = &TLSSeen{Protocol: tls.VersionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite)}
		for _, cert := range state.PeerCertificates {
			a.TLS.Chain = append(a.TLS.Chain, describe(cert))
		}
		a.TLS.Interceptor, a.TLS.NationalCA = nameIn(a.TLS.Chain, interceptors), nameIn(a.TLS.Chain, nationalCAs)
		// The issuer isn't fetched: the owner wasn't shown that address.
		a.TLS.Trust = env.examineOffline(state.PeerCertificates, page.Hostname(), nil)
	}
	if err != nil {
		return err
	}
	defer response.Body.Close() // the page isn't read
	a.Status = response.StatusCode
	if to, err := response.Location(); err == nil && a.Status >= 300 && a.Status < 400 {
		a.Location = short((&url.URL{Scheme: to.Scheme, Host: to.Host}).String())
	}
	if read != nil {
		read(response)
	}
	return nil
}

// hostFault is what is wrong with one host.
type hostFault struct {
	cause Cause
	why   string // a transport.Failure, a Cause of portal-tls, or one of the codes below
	sure  bool
}

// Reasons besides failures and causes of portal-tls.
const (
	whyPrivate  = "private-address"
	whyNoDot    = "no-dot"
	whyUnusable = "no-usable-answer"
)

func judgeHosts(f *HostsFacts, _ FactsByCheck) []Result {
	results, found := []Result(nil), map[Cause]*Result{}
	var order []Cause
	args := Args{"handlers": string(f.Handlers), "asked": f.count((*AppHost).asked), "others": f.count(func(h *AppHost) bool { return !h.asked() }), "left": f.LeftOut}
	for i := range f.Hosts {
		h := &f.Hosts[i]
		for _, fault := range f.faults(h) {
			r := found[fault.cause]
			if r == nil {
				r = &Result{State: Unknown, Cause: fault.cause, Owner: Vendor, Args: Args{"hosts": []string(nil), "why": []string(nil)}}
				found[fault.cause] = r
				order = append(order, fault.cause)
			}
			if slices.Contains(CommonCauses(), fault.cause) {
				*r = requestFailed(transport.Failure(fault.why))
				continue
			}
			if fault.sure && r.State == Unknown { // proved faults replace unproved ones
				r.State, r.Args = Problem, Args{"hosts": []string(nil), "why": []string(nil)}
			}
			if fault.sure == (r.State == Problem) {
				if r.Args["hosts"].([]string) == nil {
					r.Args["url"] = strings.Replace(h.address().String(), ":443/", "/", 1) // of the first one, for commands that try it
				}
				r.Args["hosts"], r.Args["why"] = append(r.Args["hosts"].([]string), h.name()), append(r.Args["why"].([]string), fault.why)
			}
		}
	}
	for _, cause := range order {
		results = append(results, found[cause].with(Args{"sure": found[cause].State == Problem}))
	}
	return about(orOK(results), args)
}

func (f *HostsFacts) count(of func(*AppHost) bool) (n int) {
	for i := range f.Hosts {
		if of(&f.Hosts[i]) {
			n++
		}
	}
	return n
}

// faults returns a host's faults as seen from here. Handlers are called by the event queue; a portal with event providers of its
// own (custom) calls them itself, and its roots aren't known.
func (f *HostsFacts) faults(h *AppHost) (faults []hostFault) {
	if !h.asked() {
		return nil
	}
	addFault := func(sure bool, cause Cause, why string) { faults = append(faults, hostFault{cause, why, sure}) }
	called := h.is(requirements.PortalToApp)
	inside := f.Handlers == requirements.LAN || f.Handlers == requirements.Custom

	private := h.private()
	if called && !inside && private != "" {
		addFault(true, HandlerPrivate, private)
	}
	if h.Failure != "" {
		return append(faults, h.unreached(inside || private != "")...)
	}
	if h.TLS != nil {
		for _, r := range h.TLS.certificateFaults(f.At) {
			anybody := slices.Contains(refusedByBrowsers, r.Cause)
			switch {
			case r.Cause == TLSIntercepted:
				addFault(false, HandlerTLS, string(r.Cause))
			case r.State == Problem && (anybody || called && f.Handlers != requirements.Custom):
				addFault(true, HandlerTLS, string(r.Cause))
			}
		}
	}
	return faults
}

// refusedByBrowsers are a certificate's faults with which no browser shows a page in a frame. It may trust a company's authority.
var refusedByBrowsers = []Cause{TLSExpired, TLSNotYetValid, TLSWrongHost, TLSWeakCertificate}

// private is why the host can't be resolved outside the network, or "".
func (h *AppHost) private() string {
	if addr, err := netip.ParseAddr(h.Host); err == nil {
		if !isPublic(addr) {
			return whyPrivate
		}
		return ""
	}
	switch {
	case !strings.Contains(h.Host, "."):
		return whyNoDot
	case len(h.Addresses) == 0, slices.ContainsFunc(h.Addresses, isPublic), slices.ContainsFunc(h.Addresses, isSinkhole):
		return ""
	default:
		return whyPrivate
	}
}

// unreached returns what a failed request proves. A host inside a network can be judged only from inside.
func (h *AppHost) unreached(inside bool) []hostFault {
	why := string(h.Failure)
	if h.Failure == transport.Other {
		why = whyUnusable
	}
	cause, _ := causeOf(h.Failure)
	switch {
	case cause != UnexpectedAnswer && cause != TimedOut: // the failure is this computer's
		return []hostFault{{cause, why, false}}
	case h.Failure == transport.NotTLS || h.Failure == transport.TLSFailed:
		// The only reason may be a cipher suite that Go doesn't have.
		return []hostFault{{HandlerTLS, why, h.Failure == transport.NotTLS}}
	}
	proof := slices.Contains([]transport.Failure{transport.NameUnknown, transport.Refused, transport.Reset, transport.Closed}, h.Failure)
	return []hostFault{{HostUnreachable, why, proof && !inside && !slices.ContainsFunc(h.Addresses, isSinkhole)}}
}
