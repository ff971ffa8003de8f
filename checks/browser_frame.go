package checks

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"boxready/internal/transport"
)

// Causes of application-frame.
const (
	FrameBlocked  Cause = "frame-blocked"
	FrameNotHTTPS Cause = "frame-not-https"
	FrameCookie   Cause = "frame-cookie"
)

// A file is untrusted input, so the number of pages and of redirects is limited.
const (
	maxFramePages = 5
	maxFrameHops  = 4
)

// FramesFacts are what a browser on this computer would meet where the portal shows an application's pages in a frame. The portal
// opens them with a POST that has a token; here they are only requested, with GET.
type FramesFacts struct {
	At      time.Time   `json:"at"`
	Portal  string      `json:"portal" hide:"host"`
	Pages   []FramePage `json:"pages"`
	LeftOut int         `json:"left_out,omitempty"` // pages beyond those
}

// FramePage is one page, the last one if its own host redirects to others.
type FramePage struct {
	Page       string       `json:"page" hide:"host"` // without its query
	HostAnswer              // of the last one; none for a page over http, which isn't requested
	Frame      *FrameFacts  `json:"frame,omitempty"`
	Cookies    []PageCookie `json:"cookies,omitempty"` // that browsers don't send from a frame of another site
}

// PageCookie is a cookie that a page sets, without its value.
type PageCookie struct {
	Name     string `json:"name" hide:"text"`
	SameSite string `json:"same_site,omitempty"` // "lax", "strict", "none"; "" if not said, which means lax
	Secure   bool   `json:"secure"`
}

// Public returns the values that identify nobody.
func (f *FramesFacts) Public() (values []string) {
	for _, p := range f.Pages {
		if p.TLS != nil {
			values = append(values, p.TLS.public()...)
		}
	}
	return values
}

// framePages are the pages that the owner or the requirements name, up to the limit, and the number of others.
func (t *Target) framePages() (pages []string, leftOut int) {
	pages = t.required().Pages
	if t.Page != "" {
		pages = []string{t.Page}
	}
	most := min(len(pages), maxFramePages)
	return pages[:most], len(pages) - most
}

// shownPage is a page's address without its query, which may hold secrets. It stands in command lines, and a file of requirements is
// untrusted, so what shells read as the end of a command is escaped.
func shownPage(page *url.URL) string {
	shown := (&url.URL{Scheme: page.Scheme, Host: page.Host, Path: page.Path}).String()
	return short(strings.NewReplacer("$", "%24", "&", "%26", ";", "%3B").Replace(shown))
}

func missingPage(t *Target) Reason {
	if pages, _ := t.framePages(); len(pages) == 0 {
		return NeedsPage
	}
	return ""
}

func observeFrames(ctx context.Context, env *Env) (*FramesFacts, error) {
	f := &FramesFacts{At: env.now().UTC(), Portal: env.target.Address.String()}
	portal, err := url.Parse(f.Portal)
	if err != nil {
		return nil, err
	}
	pages, leftOut := env.target.framePages()
	f.Pages, f.LeftOut = make([]FramePage, len(pages)), leftOut
	parallelN(len(pages), func(i int) {
		page, err := url.Parse(pages[i])
		if err != nil {
			f.Pages[i].fail(err)
			return
		}
		f.Pages[i].Page = shownPage(page)
		if page.Scheme == "https" {
			f.Pages[i].fail(env.openFrame(ctx, page, portal, &f.Pages[i]))
		}
	})
	return f, nil
}

// openFrame requests a page and follows redirects within its host: nobody was shown another one.
func (env *Env) openFrame(ctx context.Context, page, portal *url.URL, p *FramePage) error {
	for range maxFrameHops {
		var next *url.URL
		var answer HostAnswer
		err := env.getPage(ctx, page, &answer, func(response *http.Response) {
			p.addCookies(response.Cookies(), page, portal)
			p.Frame = nil
			// For a redirect or an error, browsers show no page of the application's.
			if response.StatusCode >= 200 && response.StatusCode < 300 {
				p.Frame = framing(response.Header, page, portal)
			}
			if to, err := response.Location(); err == nil && response.StatusCode >= 300 && response.StatusCode < 400 && sameOrigin(to, page) {
				next = to
			}
		})
		p.HostAnswer = answer
		if err != nil || next == nil {
			return err
		}
		page = next
	}
	return nil
}

// addCookies adds those that browsers don't send with what a frame on another site asks for (RFC 6265bis, 5.2): without
// SameSite=None and Secure. One that the page deletes doesn't count.
func (p *FramePage) addCookies(cookies []*http.Cookie, page, portal *url.URL) {
	if sameSite(page, portal) {
		return
	}
	for _, c := range cookies {
		if c.SameSite == http.SameSiteNoneMode && c.Secure || c.MaxAge < 0 || slices.ContainsFunc(p.Cookies, func(o PageCookie) bool { return o.Name == c.Name }) {
			continue
		}
		if len(p.Cookies) >= maxShown { // the list ends with an ellipsis, as those of headers do
			p.Cookies = append(p.Cookies[:maxShown], PageCookie{Name: "…"})
			return
		}
		said := map[http.SameSite]string{http.SameSiteLaxMode: "lax", http.SameSiteStrictMode: "strict", http.SameSiteNoneMode: "none"}[c.SameSite]
		p.Cookies = append(p.Cookies, PageCookie{Name: short(c.Name), SameSite: said, Secure: c.Secure})
	}
}

// sameSite reports whether browsers take two addresses for one site: the same scheme and registrable domain.
func sameSite(a, b *url.URL) bool {
	if strings.EqualFold(a.Hostname(), b.Hostname()) {
		return a.Scheme == b.Scheme
	}
	first, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(a.Hostname()))
	if err != nil { // an IP address, or a name without a dot
		return false
	}
	second, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(b.Hostname()))
	return err == nil && a.Scheme == b.Scheme && first == second
}

// Reasons of application-frame besides failures and causes of portal-tls.
const (
	whyHTTP         = "http"
	whyToHTTP       = "redirects-to-http"
	whyFrameOptions = "x-frame-options"
	whyAncestors    = "frame-ancestors"
)

func judgeFrames(f *FramesFacts, _ FactsByCheck) []Result {
	var results []Result
	add := func(r Result, page, why string) {
		i := slices.IndexFunc(results, func(o Result) bool { return o.Cause == r.Cause })
		if i < 0 {
			i = len(results)
			at := "" // for commands; in a saved report the page is untrusted, too
			if u, err := url.Parse(page); err == nil {
				u.Scheme = "https"
				at = shownPage(u)
			}
			results = append(results, r.with(Args{"pages": []string(nil), "why": []string(nil), "url": at}))
		}
		args := results[i].Args
		args["pages"], args["why"] = append(args["pages"].([]string), page), append(args["why"].([]string), why)
	}
	for i := range f.Pages {
		p := &f.Pages[i]
		if why := p.notHTTPS(f.At); why != "" {
			add(problem(FrameNotHTTPS, Vendor), p.Page, why)
			continue
		}
		switch {
		case p.Failure != "":
			add(p.unanswered(), p.Page, p.why())
			continue
		case p.Frame == nil:
			add(unknown(UnexpectedAnswer, Vendor).with(Args{"status": p.Status, "location": p.Location}), p.Page, whyUnusable)
		case !p.Frame.AllowsPortal && p.Frame.Ancestors != nil:
			add(problem(FrameBlocked, Vendor), p.Page, whyAncestors)
		case !p.Frame.AllowsPortal:
			add(problem(FrameBlocked, Vendor), p.Page, whyFrameOptions)
		}
		for _, c := range p.Cookies {
			add(notice(FrameCookie, Vendor), p.Page, c.Name)
		}
	}
	return about(orOK(results), Args{"asked": len(f.Pages), "left": f.LeftOut})
}

// notHTTPS is why browsers can't open the page over https, or "": a page over https shows none over http, and no certificate that
// anybody refuses.
func (p *FramePage) notHTTPS(at time.Time) string {
	switch {
	case strings.HasPrefix(p.Page, "http:"):
		return whyHTTP
	case strings.HasPrefix(p.Location, "http:"):
		return whyToHTTP
	case p.Failure == transport.NotTLS:
		return string(p.Failure)
	case p.TLS == nil:
		return ""
	}
	for _, r := range p.TLS.certificateFaults(at) {
		if slices.Contains(refusedByBrowsers, r.Cause) {
			return string(r.Cause)
		}
	}
	return ""
}

// unanswered is the result for a page that didn't answer: application-hosts tells what that proves about its host.
func (p *FramePage) unanswered() Result {
	r := requestFailed(p.Failure)
	r.Owner = cmp.Or(r.Owner, Vendor)
	return r
}

// why is the failure, in the words of application-hosts.
func (p *FramePage) why() string {
	if p.Failure == transport.Other {
		return whyUnusable
	}
	return string(p.Failure)
}

// FrameFacts are a page's response headers about frames, and whether the portal may show it in one.
type FrameFacts struct {
	Options      []string `json:"x_frame_options,omitempty" hide:"text"`
	Ancestors    []string `json:"frame_ancestors,omitempty" hide:"text"` // sources in the first such directive of each policy
	AllowsPortal bool     `json:"allows_portal"`
}

// framing reads the headers of a page for a frame in the portal, as browsers do: frame-ancestors of the Content-Security-Policy
// (w3.org/TR/CSP3, 6.4.2) and, only where no policy has it, X-Frame-Options (html.spec.whatwg.org, 7.6).
func framing(header http.Header, page, portal *url.URL) *FrameFacts {
	f := &FrameFacts{AllowsPortal: true}
	policies := strings.Split(strings.Join(header.Values("Content-Security-Policy"), ","), ",")
	for _, policy := range policies {
		sources, has := frameAncestors(policy)
		if !has {
			continue
		}
		f.Ancestors = addShown(f.Ancestors, strings.Join(sources, " "))
		f.AllowsPortal = f.AllowsPortal && slices.ContainsFunc(sources, func(s string) bool { return matches(strings.ToLower(s), page, portal) })
	}
	options := map[string]bool{}
	for _, value := range strings.Split(strings.Join(header.Values("X-Frame-Options"), ","), ",") {
		if value = strings.ToLower(strings.TrimSpace(value)); value != "" && !options[value] {
			options[value] = true
			f.Options = addShown(f.Options, value)
		}
	}
	if f.Ancestors == nil {
		meant := options["deny"] || options["allowall"] || options["sameorigin"]
		f.AllowsPortal = !(len(options) > 1 && meant || options["deny"] || options["sameorigin"] && !sameOrigin(page, portal))
	}
	return f
}

// maxShown is how many of each kind of header are facts: there may be thousands in 64 KiB.
const maxShown = 50

// addShown adds a text to a list, which ends with an ellipsis where it is cut.
func addShown(list []string, text string) []string {
	switch {
	case len(list) < maxShown:
		return append(list, short(text))
	case len(list) == maxShown:
		return append(list, "…")
	}
	return list
}

// frameAncestors returns the sources of a policy's directive; a second one of that name doesn't count.
func frameAncestors(policy string) (sources []string, has bool) {
	for _, directive := range strings.Split(policy, ";") {
		if words := strings.Fields(directive); len(words) > 0 && strings.EqualFold(words[0], "frame-ancestors") {
			return words[1:], true
		}
	}
	return nil, false
}

// matches reports whether a source, in lower case, includes the portal, which uses https.
func matches(source string, page, portal *url.URL) bool {
	switch source {
	case "*", "https:", "http:": // http means https too
		return true
	case "'self'":
		return sameOrigin(page, portal)
	}
	scheme, rest, named := strings.Cut(source, "://")
	if !named {
		scheme, rest = page.Scheme, source
	}
	if scheme != "https" && scheme != "http" {
		return false
	}
	rest, _, _ = strings.Cut(rest, "/")
	host, port := rest, ""
	if colon := strings.LastIndexByte(rest, ':'); colon > strings.LastIndexByte(rest, ']') {
		host, port = rest[:colon], rest[colon+1:]
	}
	has := portOf(portal)
	// The standard port of http means that of https too.
	if port != "*" && port != has && !(has == "443" && (port == "" || port == "80" && scheme == "http")) {
		return false
	}
	suffix, wildcard := strings.CutPrefix(host, "*")
	if wildcard {
		return suffix == "" || strings.HasPrefix(suffix, ".") && strings.HasSuffix(portal.Hostname(), suffix)
	}
	return strings.Trim(host, "[]") == portal.Hostname()
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	default:
		return "443"
	}
}
