package portal

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/lazyregexp"
	"boxready/internal/untrusted"
)

// Speaker is the program that made an answer. What it says is believed only about itself.
type Speaker string

// The speakers.
const (
	ByREST             Speaker = "rest-module"
	ByAuthServer       Speaker = "authorization-server" // through the portal's own /oauth/token/
	ByProduct          Speaker = "product"              // a page of Bitrix24 itself
	ByPHP              Speaker = "php-fpm"
	ByWebServer        Speaker = "web-server"
	ByEdge             Speaker = "edge" // a CDN, a DDoS filter or a web application firewall
	ByIdentityProvider Speaker = "identity-provider"
	ByOther            Speaker = "other" // another program, or it doesn't say
)

// AnswerKind is what a known answer of such a program means.
type AnswerKind string

// The kinds.
const (
	KindPHPSource     AnswerKind = "php-source"     // the script's text instead of its output
	KindScriptRefused AnswerKind = "script-refused" // PHP-FPM finds or runs no script
	KindWrongScheme   AnswerKind = "wrong-scheme"   // plain http where https is spoken, or the reverse
	KindOriginError   AnswerKind = "origin-error"   // an edge can't use the server behind it
	KindBrowserCheck  AnswerKind = "browser-check"  // a captcha, or a script that only browsers run
	KindBlocked       AnswerKind = "blocked"        // a filter refuses the request
	KindException     AnswerKind = "exception"      // the product's core failed
	KindLogin         AnswerKind = "login"          // a form with a password
)

// Source is who made an answer and what it is known to mean.
type Source struct {
	Speaker Speaker
	Kind    AnswerKind // "" for nothing in particular
	Product string     // that made it, as people call it; "" if it doesn't say
}

// sign identifies a speaker. All of its parts that are given must match.
type sign struct {
	speaker    Speaker
	kind       AnswerKind
	product    string
	status     []int // none: any
	from       int   // the lowest status
	header     string
	value      func() *regexp.Regexp // of that header, or of the body without one
	everything bool                  // the whole body must be the text
}

var (
	anything = lazyregexp.New(`.`)
	// Statuses with which something in front of a portal refuses a request. Ours are small: 413 is a server that accepts no bodies.
	refusing    = []int{http.StatusForbidden, http.StatusNotAcceptable, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests}
	redirecting = []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}
	checking    = []int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable}
	// Cloudflare's own, about the server behind it.
	// https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
	cloudflareErrors = []int{520, 521, 522, 523, 524, 525, 526, 527, 530}
)

// signs are looked up in this order, the first that matches decides. Some products put their header into every answer, so a status
// is part of their signs.
var signs = []sign{
	{speaker: ByWebServer, kind: KindPHPSource, value: lazyregexp.New(`^\s*<\?(php|=|\s*(include|require|define|\$))`)},
	{speaker: ByPHP, kind: KindScriptRefused, everything: true, value: lazyregexp.New(`^(No input file specified|File not found|Access denied)\.$`)},
	{speaker: ByWebServer, kind: KindWrongScheme, status: []int{400, 497}, value: lazyregexp.New(`(?i)plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled|sent an HTTP request to an HTTPS server`)},
	{speaker: ByWebServer, kind: KindWrongScheme, from: 500, value: lazyregexp.New(`(?i)wrong version number|packet length too long|record overflow`)},
	{speaker: ByProduct, kind: KindException, value: lazyregexp.New(`A error occurred during execution of this script`)},

	{speaker: ByEdge, kind: KindBrowserCheck, product: "Cloudflare", header: "Cf-Mitigated", value: lazyregexp.New(`(?i)challenge`)},
	{speaker: ByEdge, kind: KindBrowserCheck, product: "Cloudflare", status: checking, value: lazyregexp.New(`_cf_chl_`)}, // other scripts of its stand in every page
	{speaker: ByEdge, kind: KindBrowserCheck, product: "DDoS-Guard", value: lazyregexp.New(`(?i)/\.well-known/ddos-guard/|ddos-guard/js-challenge`)},
	{speaker: ByEdge, kind: KindBrowserCheck, product: "Qrator", value: lazyregexp.New(`(?i)/__qrator/`)},
	{speaker: ByEdge, kind: KindOriginError, product: "Imperva", from: 500, value: lazyregexp.New(`(?i)incapsula incident id`)},
	{speaker: ByEdge, kind: KindBlocked, product: "Imperva", from: 400, value: lazyregexp.New(`(?i)incapsula incident id`)},
	{speaker: ByEdge, kind: KindBrowserCheck, product: "Imperva", value: lazyregexp.New(`_Incapsula_Resource`)},
	{speaker: ByEdge, kind: KindBrowserCheck, product: "Sucuri", value: lazyregexp.New(`(?i)sucuri_cloudproxy_js`)},
	{speaker: ByEdge, kind: KindBrowserCheck, product: "Yandex SmartCaptcha", value: lazyregexp.New(`(?i)/showcaptcha`)},
	{speaker: ByEdge, kind: KindBrowserCheck, status: redirecting, value: lazyregexp.New(`(?i)[?&/]captcha`)},

	{speaker: ByEdge, kind: KindOriginError, product: "Cloudflare", status: cloudflareErrors, header: "Cf-Ray", value: anything},
	{speaker: ByEdge, kind: KindOriginError, product: "Cloudflare", from: 500, value: lazyregexp.New(`(?i)cf-error-details|cloudflare-nginx|<center>cloudflare</center>`)},
	{speaker: ByEdge, kind: KindOriginError, product: "Amazon CloudFront", from: 500, header: "X-Cache", value: lazyregexp.New(`(?i)error from cloudfront`)},
	{speaker: ByEdge, kind: KindOriginError, product: "Akamai", from: 500, header: "Server", value: lazyregexp.New(`(?i)^akamaighost`)},
	{speaker: ByEdge, kind: KindOriginError, product: "Qrator", from: 500, header: "Server", value: lazyregexp.New(`(?i)^qrator`)},
	{speaker: ByEdge, kind: KindOriginError, product: "DDoS-Guard", from: 500, header: "Server", value: lazyregexp.New(`(?i)^ddos-guard`)},
	{speaker: ByEdge, kind: KindOriginError, product: "Variti", from: 500, header: "Server", value: lazyregexp.New(`(?i)^variti`)},
	{speaker: ByEdge, kind: KindOriginError, product: "StormWall", from: 500, header: "Server", value: lazyregexp.New(`(?i)^stormwall`)},

	{speaker: ByEdge, kind: KindBlocked, product: "Cloudflare", status: refusing, header: "Cf-Ray", value: anything},
	{speaker: ByEdge, kind: KindBlocked, product: "Imperva", status: refusing, header: "X-Iinfo", value: anything},
	{speaker: ByEdge, kind: KindBlocked, product: "Sucuri", status: refusing, header: "X-Sucuri-Id", value: anything},
	{speaker: ByEdge, kind: KindBlocked, product: "Qrator", status: refusing, header: "Server", value: lazyregexp.New(`(?i)^qrator`)},
	{speaker: ByEdge, kind: KindBlocked, product: "DDoS-Guard", status: refusing, header: "Server", value: lazyregexp.New(`(?i)^ddos-guard`)},
	{speaker: ByEdge, kind: KindBlocked, product: "Variti", status: refusing, header: "Server", value: lazyregexp.New(`(?i)^variti`)},
	{speaker: ByEdge, kind: KindBlocked, product: "StormWall", status: refusing, header: "Server", value: lazyregexp.New(`(?i)^stormwall`)},
	{speaker: ByEdge, kind: KindBlocked, product: "ModSecurity", from: 400, value: lazyregexp.New(`(?i)mod_?security|not acceptable!`)},
	{speaker: ByEdge, kind: KindBlocked, product: "F5 BIG-IP ASM", from: 400, value: lazyregexp.New(`(?i)the requested url was rejected\. please consult`)},
	{speaker: ByEdge, kind: KindBlocked, product: "FortiWeb", from: 400, value: lazyregexp.New(`(?i)fortiweb|fortigate|attack id\s*:`)},
	{speaker: ByEdge, kind: KindBlocked, product: "Wallarm", from: 400, value: lazyregexp.New(`(?i)wallarm`)},
	{speaker: ByProduct, kind: KindBlocked, product: "Bitrix Proactive Filter", from: 400, value: lazyregexp.New(`(?i)security_403|bitrix[^<]{0,40}(proactive|security)`)},

	// A form with a password may have a captcha too, so it comes before the captchas that any page can embed.
	{kind: KindLogin, value: lazyregexp.New(`(?i)<input[^>]+type\s*=\s*["']?password`)},
	{speaker: ByEdge, kind: KindBrowserCheck, value: lazyregexp.New(`(?i)[hg]-(re)?captcha|recaptcha/api\.js|hcaptcha\.com|smartcaptcha`)},

	{speaker: ByWebServer, from: 300, value: webServerPage},
}

// webServerPage matches the pages that web servers have built in.
var webServerPage = lazyregexp.New(`(?i)<center>(nginx|openresty|angie|tengine)|<address>Apache|was not found on this server|<h2>404 - File or directory not found|Proudly powered by LiteSpeed`)

// TokenPage is the portal's page that relays the authorization server's answer about a grant.
const TokenPage = "/oauth/token/" // #nosec G101 -- a path

// SourceOf says who made the reply to a request. A redirect's address counts as its body.
func SourceOf(asked Request, r *Reply) Source {
	if speaker := JSONSpeaker(asked, r); speaker != "" {
		return Source{Speaker: speaker}
	}
	product := r.hasProductSign()
	if r.Form == FormTooBig || r.Form == FormCutOff { // nothing follows from a part of an answer
		return Source{Speaker: speakerOfPage(product)}
	}
	page := r.text
	if len(page) == 0 {
		page = r.Body
	}
	text, redirects := string(untrusted.Prefix(page, MaxPage)), r.Status >= 300 && r.Status < 400
	if redirects {
		text = r.Header.Get("Location")
	}
	// Another program's answer went through the edge, which marks or extends it.
	behind := !redirects && (product || r.Form == FormJSON || r.Form == FormOtherJSON || webServerPage().MatchString(text))
	for _, s := range signs {
		if !s.matches(r, text) || product && s.speaker != ByProduct && s.kind == "" || behind && s.marksAll() {
			continue
		}
		return Source{Speaker: cmp.Or(s.speaker, speakerOfPage(product)), Kind: s.kind, Product: s.product}
	}
	if !product && r.Error != nil && slices.Contains(rfc6749Codes, r.Error.Code) {
		return Source{Speaker: ByIdentityProvider}
	}
	return Source{Speaker: speakerOfPage(product)}
}

func speakerOfPage(product bool) Speaker {
	if product {
		return ByProduct
	}
	return ByOther
}

// JSONSpeaker is who made a reply of the portal's REST interface; "" for all other replies, which only SourceOf tells apart.
func JSONSpeaker(asked Request, r *Reply) Speaker {
	switch {
	case r.Form != FormJSON:
	case asked.Path == TokenPage && r.Error != nil && bitrix.IsAuthServerError(r.Error.Code, r.Error.Description, r.hasProductSign()):
		return ByAuthServer
	case r.fromREST():
		return ByREST
	}
	return ""
}

// MaxPage is the size of a page's beginning that identifies it.
const MaxPage = 64 << 10

// rfc6749Codes are those of RFC 6749, section 5.2, which any identity provider sends.
var rfc6749Codes = []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}

// marksAll reports whether an edge puts the sign into answers of what is behind it, too: headers, and scripts in pages.
func (s *sign) marksAll() bool {
	return s.speaker == ByEdge && (s.header != "" || s.kind == KindBrowserCheck)
}

func (s *sign) matches(r *Reply, text string) bool {
	if s.status != nil && !slices.Contains(s.status, r.Status) || r.Status < s.from {
		return false
	}
	if s.header != "" {
		return s.value().MatchString(r.Header.Get(s.header))
	}
	if s.everything {
		text = strings.TrimSpace(text)
	}
	return s.value().MatchString(text)
}

// fromREST reports whether JSON with an error or a result is the rest module's own.
func (r *Reply) fromREST() bool {
	switch {
	case r.Error != nil:
		return r.Error.Code != "" && bitrix.IsOwnError(r.Error.Code, r.Error.Description) || r.hasProductSign()
	case r.Result != nil:
		return r.Time != nil || r.hasProductSign()
	}
	return false
}

// hasProductSign reports whether headers show that Bitrix24 made the reply: its core's own, the cookies of its sessions, or the
// headers that its rest module sends for browsers of other sites.
func (r *Reply) hasProductSign() bool {
	h := r.Header
	if strings.HasPrefix(h.Get("X-Powered-CMS"), "Bitrix") || h.Get("X-DevSrv-CMS") == "Bitrix" || r.hasRESTHeaders() {
		return true
	}
	return slices.ContainsFunc(h.Values("Set-Cookie"), func(c string) bool { return strings.HasPrefix(c, "BITRIX_SM_") })
}

// hasRESTHeaders reports whether the headers are those that the rest module adds to every answer, to OPTIONS too.
func (r *Reply) hasRESTHeaders() bool {
	return r.Header.Get("Access-Control-Allow-Origin") == "*" &&
		r.Header.Get("Access-Control-Allow-Headers") == "origin, content-type, accept"
}

// ShowsREST reports whether the answer to OPTIONS is the rest module's: it is empty, with headers of its own.
func (r *Reply) ShowsREST() bool { return r.Status == http.StatusOK && r.hasRESTHeaders() }
