package checks

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"boxready/internal/portal"
	"boxready/internal/transport"
)

// Causes of portal-redirect.
const (
	RedirectDropsPost Cause = "redirect-drops-post"
	RedirectWrongPort Cause = "redirect-wrong-port"
	RedirectLosesPath Cause = "redirect-loses-path"
	RedirectOtherHost Cause = "redirect-other-host"
	RedirectLoop      Cause = "redirect-loop"
)

// RedirectFacts are the redirects of the portal's two ports.
type RedirectFacts struct {
	HTTPS *Exchange `json:"https"`
	// The addresses that lead back to one of them.
	HTTPSLoop []string `json:"https_loop,omitempty" hide:"host"`
	// The other host that is reached only through redirects within the portal's own.
	HTTPSLeadsTo string `json:"https_leads_to,omitempty" hide:"host"`

	// None if the portal isn't on port 443, or a proxy would answer in its stead: then http proves nothing.
	HTTP        *Exchange `json:"http,omitempty"`
	HTTPLoop    []string  `json:"http_loop,omitempty" hide:"host"`
	HTTPLeadsTo string    `json:"http_leads_to,omitempty" hide:"host"`
	HTTPProxy   string    `json:"http_proxy,omitempty" hide:"host"`
}

// Redirects to the same host are followed this far to see whether they end.
const maxHops = 4

func observeRedirect(ctx context.Context, env *Env) (*RedirectFacts, error) {
	f := &RedirectFacts{}
	plain, proxy, err := env.asksPlain()
	if err != nil {
		return f, err
	}
	f.HTTPProxy = proxy
	parallel(func() {
		f.HTTPS, f.HTTPSLoop, f.HTTPSLeadsTo = env.redirect(ctx, routeRequest)
	}, func() {
		if plain {
			f.HTTP, f.HTTPLoop, f.HTTPLeadsTo = env.redirect(ctx, plainRequest)
		}
	})
	return f, nil
}

// asksPlain reports whether port 80 is asked, and the proxy on the way there.
func (env *Env) asksPlain() (asks bool, proxy string, err error) {
	via, err := env.net.ProxyFor("http", env.target.Address.Host, 80)
	return err == nil && via == nil && env.target.Address.Port == 443, transport.ProxyName(via), err
}

func (env *Env) redirect(ctx context.Context, r portal.Request) (x *Exchange, loop []string, leadsTo string) {
	answer := env.ask(ctx, r)
	if x = env.exchange(r, answer); x.redirects() && !x.shownToBrowsers() && x.OtherHost == "" {
		loop, leadsTo = env.follow(ctx, r, answer)
	}
	return x, loop, leadsTo
}

// follow follows redirects within the portal's host. It returns their addresses if they lead back to an earlier one or don't
// end, and the other host if they leave. http leading to https is the ordinary end of a redirect on port 80.
func (env *Env) follow(ctx context.Context, r portal.Request, a portal.Answer) (trail []string, leadsTo string) {
	visited := map[string]bool{env.locate(r): true}
	startedPlain := r.Plain
	for range maxHops {
		target, err := location(r, a, env.target.Address)
		if err != nil {
			return nil, "?"
		}
		if other := otherHost(target, env.target.Address); other != "" {
			return nil, short(other)
		}
		if a.Header.Get("Location") == "" || !env.ownPort(target) || leadsToLogin(target) || startedPlain && target.Scheme == "https" {
			return nil, ""
		}
		r = portal.Request{HTTPMethod: http.MethodGet, Path: target.Path, Query: target.Query(), Plain: target.Scheme == "http", Timeout: hopTimeout, Unmarked: true}
		here := env.locate(r)
		trail = append(trail, here)
		if visited[here] {
			return trail, ""
		}
		visited[here] = true
		if a = env.client.Do(ctx, r); a.Err != nil || a.Status < 300 || a.Status >= 400 {
			return nil, ""
		}
	}
	return trail, ""
}

const hopTimeout = 8 * time.Second

// ownPort reports whether u is one of the portal's two ports.
func (env *Env) ownPort(u *url.URL) bool {
	return env.target.Address.SameHost(u) && (u.Scheme == "http" && transport.PortOf(u) == 80 || u.Scheme == "https" && transport.PortOf(u) == env.target.Address.Port)
}

// locate is the address of a request without its query, except parameters that identify pages.
func (env *Env) locate(r portal.Request) string {
	scheme := "https"
	if r.Plain {
		scheme = "http"
	}
	query := url.Values{}
	for name, values := range r.Query {
		if name != "bx24_request_id" {
			query[name] = values
		}
	}
	return (&url.URL{Scheme: scheme, Host: env.target.Address.Host, Path: r.Path, RawQuery: query.Encode()}).String()
}

func judgeRedirect(f *RedirectFacts, _ FactsByCheck) []Result {
	if f.HTTPS == nil || f.HTTPS.Failure != "" {
		return skipped(RESTRoute)
	}
	var results []Result
	other, otherLocation := cmp.Or(f.HTTPS.OtherHost, f.HTTPSLeadsTo), f.HTTPS.Location
	switch x := f.HTTPS; {
	case !x.redirects() || x.shownToBrowsers():
		other = ""
	case x.wrongPort():
		results = append(results, wrongPort("https", x))
	case f.HTTPSLoop != nil:
		results = append(results, problem(RedirectLoop, ServerAdmin).with(Args{"port": "https", "trail": f.HTTPSLoop}))
	case x.Status == http.StatusMovedPermanently || x.Status == http.StatusFound || x.Status == http.StatusSeeOther:
		results = append(results, problem(RedirectDropsPost, ServerAdmin).with(Args{"status": x.Status, "location": x.Location}))
	case other == "":
		// A redirect that keeps the POST on the same host: whether an application follows it is its own matter.
		results = append(results, unknown(UnexpectedAnswer, ServerAdmin).with(answerArgs(x)))
	}
	if f.HTTP != nil {
		switch x := f.HTTP; {
		case x.wrongPort() && !f.HTTPS.wrongPort():
			results = append(results, wrongPort("http", x))
		case f.HTTPLoop != nil && f.HTTPSLoop == nil:
			results = append(results, notice(RedirectLoop, ServerAdmin).with(Args{"port": "http", "trail": f.HTTPLoop}))
		case x.losesPath():
			results = append(results, notice(RedirectLosesPath, ServerAdmin).with(Args{"location": x.Location}))
		}
		if other == "" && f.HTTP.redirects() {
			other, otherLocation = cmp.Or(f.HTTP.OtherHost, f.HTTPLeadsTo), f.HTTP.Location
		}
	}
	if other != "" {
		results = append(results, notice(RedirectOtherHost, PortalAdmin).with(Args{"other": other, "location": otherLocation}))
	}
	return orOK(results)
}

// shownToBrowsers reports whether a redirect leads to a page for people, which is rest-route's finding.
func (x *Exchange) shownToBrowsers() bool {
	return x.LoginRedirect || x.Kind == portal.KindBrowserCheck
}

func wrongPort(asked string, x *Exchange) Result {
	return problem(RedirectWrongPort, ServerAdmin).with(Args{"port": asked, "location": x.Location})
}

// target is where a redirect within the portal's host leads, other than to a sign-in page; nil for any other answer.
func (x *Exchange) target() *url.URL {
	if !x.redirects() || x.OtherHost != "" || x.shownToBrowsers() {
		return nil
	}
	u, err := url.Parse(x.Location)
	if err != nil {
		return nil
	}
	return u
}

// wrongPort reports whether a redirect names a port that speaks the other protocol, which needs no request to be known.
func (x *Exchange) wrongPort() bool {
	u := x.target()
	return u != nil && (u.Scheme == "https" && transport.PortOf(u) == 80 || u.Scheme == "http" && transport.PortOf(u) == 443)
}

// losesPath reports whether a redirect from http to https leads to another path than the one that was asked for.
func (x *Exchange) losesPath() bool {
	u := x.target()
	return u != nil && u.Scheme == "https" && !x.wrongPort() && !strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), plainRequest.Path)
}

// leavesHost reports whether a redirect on either port leads to another host: then no token may be sent.
func (f *RedirectFacts) leavesHost() bool {
	return f.HTTPS != nil && f.HTTPS.OtherHost != "" || f.HTTP != nil && f.HTTP.OtherHost != "" || f.HTTPSLeadsTo != "" || f.HTTPLeadsTo != ""
}
