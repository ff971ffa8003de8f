package checks

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

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
		f.Ancestors = append(f.Ancestors, short(strings.Join(sources, " ")))
		f.AllowsPortal = f.AllowsPortal && slices.ContainsFunc(sources, func(s string) bool { return matches(strings.ToLower(s), page, portal) })
	}
	options := map[string]bool{}
	for _, value := range strings.Split(strings.Join(header.Values("X-Frame-Options"), ","), ",") {
		if value = strings.ToLower(strings.TrimSpace(value)); value != "" && !options[value] {
			options[value] = true
			f.Options = append(f.Options, short(value))
		}
	}
	if f.Ancestors == nil {
		meant := options["deny"] || options["allowall"] || options["sameorigin"]
		f.AllowsPortal = !(len(options) > 1 && meant || options["deny"] || options["sameorigin"] && !sameOrigin(page, portal))
	}
	return f
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
