package checks

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"boxready/internal/portal"
	"boxready/internal/transport"
)

func TestJudgeBody(t *testing.T) {
	plain := saysError(401, "NO_AUTH_FOUND", "Wrong authorization data")
	facts := func(answers ...*Exchange) *BodyFacts {
		f := &BodyFacts{Plain: *plain}
		for i, x := range answers {
			f.Large = append(f.Large, LargeAnswer{MiB: []int{2, 12}[i], Answer: *x})
		}
		return f
	}
	const tooLarge, odd = "notice body-too-large server-admin", "unknown unexpected-answer server-admin"
	judge(t, BodySizeCheck, append([]verdict{
		{"both get through", facts(plain, plain), nil, results("ok")},
		{"nginx refuses the first", facts(page(413)), nil, results(tooLarge)},
		{"nginx refuses the second", facts(plain, page(413)), nil, results(tooLarge)},
		{"an empty 413", facts(plain, &Exchange{Status: 413, Form: portal.FormEmpty}), nil, results(tooLarge)},
		{"IIS refuses with 404.13", facts(page(404)), nil, results(tooLarge)},
		{"a gateway gives up", facts(page(502)), nil, results(tooLarge)},
		{"reset", facts(plain, failedWith(transport.Reset)), nil, results(tooLarge)},
		{"closed", facts(failedWith(transport.Closed)), nil, results(tooLarge)},
		{"the second takes too long to send", facts(plain, failedWith(transport.Timeout)), nil, results("unknown timeout server-admin")},
		{"another refusal of the portal", facts(saysError(401, "INVALID_REQUEST", "")), nil, results("ok")},
		{"a failure of the portal", facts(saysError(500, "ERROR_CORE", "SQL query error!")), nil, results("unknown refused-with-code server-admin")},
		{"the portal's limit", facts(plain, saysError(503, "QUERY_LIMIT_EXCEEDED", "")), nil, results("skipped because rate-limit")},
		{"a limit in front of the portal", facts(plain, page(429)), nil, results("skipped because rate-limit")},
		{"200 page", facts(page(200)), nil, results(odd)},
		{"a redirect", facts(redirects(302, "https://portal.example/")), nil, results(odd)},
		{"nothing was sent", facts(), nil, results(odd)},
	}, commonFailures(ServerAdmin, func(x *Exchange) Facts { return facts(plain, x) })...))
}

func TestJudgeFrames(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	secure := func(change func(*TLSSeen)) *TLSSeen { return trustedTLS(now, change) }
	page := func(change func(*FramePage)) *FramesFacts {
		p := FramePage{Page: "https://app.example/", HostAnswer: HostAnswer{TLS: secure(nil), Status: 200}, Frame: &FrameFacts{AllowsPortal: true}}
		if change != nil {
			change(&p)
		}
		return &FramesFacts{At: now, Portal: "https://portal.example", Pages: []FramePage{p}}
	}
	failing := func(f transport.Failure) *FramesFacts {
		return page(func(p *FramePage) { p.HostAnswer = HostAnswer{Layer: transport.StageTCP, Failure: f}; p.Frame = nil })
	}
	cookie := func(c PageCookie) func(*FramePage) { return func(p *FramePage) { p.Cookies = []PageCookie{c} } }
	const blocked, notHTTPS, cookies = "problem frame-blocked vendor", "problem frame-not-https vendor", "notice frame-cookie vendor"
	const odd = "unknown unexpected-answer vendor"
	both := page(func(p *FramePage) { p.Frame = &FrameFacts{Options: []string{"deny"}}; cookie(PageCookie{Name: "s"})(p) })
	judge(t, ApplicationFrame, []verdict{
		{"shown", page(nil), nil, results("ok")},
		{"forbids frames", page(func(p *FramePage) { p.Frame = &FrameFacts{Options: []string{"deny"}} }), nil, results(blocked)},
		{"forbids this portal", page(func(p *FramePage) { p.Frame = &FrameFacts{Ancestors: []string{"'self'"}} }), nil, results(blocked)},
		{"forbids frames, and a cookie", both, nil, results(blocked, cookies)},
		{"over http", page(func(p *FramePage) { *p = FramePage{Page: "http://app.example/"} }), nil, results(notHTTPS)},
		{"redirects to http", page(func(p *FramePage) { p.Status, p.Frame, p.Location = 302, nil, "http://app.example" }), nil, results(notHTTPS)},
		{"redirects to another host", page(func(p *FramePage) { p.Status, p.Frame, p.Location = 302, nil, "https://login.example" }), nil, results(odd)},
		{"expired", page(func(p *FramePage) { p.TLS = secure(func(s *TLSSeen) { s.Chain[0].NotAfter = now.AddDate(0, 0, -1) }) }), nil, results(notHTTPS)},
		{"of another host", page(func(p *FramePage) { p.TLS = secure(func(s *TLSSeen) { s.Trust.NameMatches = false }) }), nil, results(notHTTPS)},
		{"an authority nobody knows: browsers may know it", page(func(p *FramePage) { p.TLS = secure(func(s *TLSSeen) { s.Trust.Public = false }) }), nil, results("ok")},
		{"no TLS at all", failing(transport.NotTLS), nil, results(notHTTPS)},
		{"refused", failing(transport.Refused), nil, results(odd)},
		{"our time-out", failing(transport.Timeout), nil, results("unknown timeout vendor")},
		{"this computer is offline", failing(transport.NoNetwork), nil, results("unknown no-network you")},
		{"an error page says nothing", page(func(p *FramePage) { p.Status, p.Frame = 404, nil }), nil, results(odd)},
		{"GET is not allowed", page(func(p *FramePage) { p.Status, p.Frame = 405, nil }), nil, results(odd)},
		{"a cookie without SameSite", page(cookie(PageCookie{Name: "PHPSESSID", Secure: true})), nil, results(cookies)},
		{"no pages", &FramesFacts{}, nil, results("ok")},
	})
}

func TestFrameCookies(t *testing.T) {
	for _, c := range []struct {
		name, page, cookie string
		want               int
	}{
		{"not said", "https://app.example/", "s=1; Secure", 1},
		{"lax", "https://app.example/", "s=1; SameSite=Lax; Secure", 1},
		{"none", "https://app.example/", "s=1; SameSite=None; Secure", 0},
		{"none, but not secure", "https://app.example/", "s=1; SameSite=None", 1},
		{"deleted", "https://app.example/", "s=; Max-Age=0", 0},
		{"on the portal", "https://portal.company.ru/local/app/", "s=1", 0},
		{"of the portal's site", "https://app.company.ru/", "s=1", 0},
		{"of another company in the same zone", "https://app.other.ru/", "s=1", 1},
		{"of another customer of one provider", "https://other.github.io/", "s=1", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			page, err := url.Parse(c.page)
			if err != nil {
				t.Fatal(err)
			}
			var p FramePage
			response := http.Response{Header: http.Header{"Set-Cookie": {c.cookie}}}
			p.addCookies(response.Cookies(), page, &url.URL{Scheme: "https", Host: "portal.company.ru"})
			if len(p.Cookies) != c.want {
				t.Errorf("got %v", p.Cookies)
			}
		})
	}
}

func TestJudgeLibrary(t *testing.T) {
	const unreachable = "notice vendor-host-unreachable network-admin"
	facts := func(hosts ...HostSeen) *LibraryFacts { return &LibraryFacts{Hosts: hosts} }
	loads := HostSeen{Host: "api.bitrix24.tech", Status: 200}
	refused := HostSeen{Host: "api.bitrix24.com", Layer: transport.StageTCP, Failure: transport.Refused}
	judge(t, BrowserLibrary, []verdict{
		{"both load", facts(loads, loads), nil, results("ok")},
		{"one is enough while the region isn't known", facts(refused, loads), nil, results("ok")},
		{"neither loads", facts(refused, refused), nil, results(unreachable)},
		{"the certificate is replaced", facts(HostSeen{Layer: transport.StageTLS, Failure: transport.Certificate, Interceptor: "Fortinet"}), nil, results(unreachable)},
		{"an error", facts(HostSeen{Status: 403}), nil, results(unreachable)},
		{"too many open files here", facts(refused, HostSeen{Layer: transport.StageDNS, Failure: transport.NoFiles}), nil, results("unknown no-network you")},
		{"nothing was asked", facts(), nil, results("unknown unexpected-answer network-admin")},
	})
}

func TestShownPage(t *testing.T) {
	for page, want := range map[string]string{
		"https://app.example/crm/?token=secret#part": "https://app.example/crm/",
		"https://app.example/;reboot":                "https://app.example/%3Breboot",
		"https://app.example/$(id)&x`id`|y":          "https://app.example/%24%28id%29%26x%60id%60%7Cy",
		"https://app.example:8443":                   "https://app.example:8443",
	} {
		u, err := url.Parse(page)
		if err != nil {
			t.Fatal(err)
		}
		if got := shownPage(u); got != want {
			t.Errorf("%s is shown as %s, want %s", page, got, want)
		}
		target := Target{Page: page}
		if given := target.Given(); len(given) != 1 || given[0] != "app "+want {
			t.Errorf("%s is given as %q", page, given)
		}
	}
}

// TestManyHeaders asserts that thousands of headers of a page don't become as many facts.
func TestManyHeaders(t *testing.T) {
	page, portal := &url.URL{Scheme: "https", Host: "app.example"}, &url.URL{Scheme: "https", Host: "portal.example.org"}
	header := http.Header{}
	p := &FramePage{}
	var cookies []*http.Cookie
	for i := range 3000 {
		header.Add("Content-Security-Policy", fmt.Sprintf("frame-ancestors https://%d.example", i))
		header.Add("X-Frame-Options", fmt.Sprint("option", i))
		cookies = append(cookies, &http.Cookie{Name: fmt.Sprint("c", i)})
	}
	f := framing(header, page, portal)
	p.addCookies(cookies, page, portal)
	if len(f.Ancestors) != maxShown+1 || f.Ancestors[maxShown] != "…" || len(f.Options) != maxShown+1 || len(p.Cookies) != maxShown+1 || p.Cookies[maxShown].Name != "…" {
		t.Errorf("%d ancestors, %d options, %d cookies", len(f.Ancestors), len(f.Options), len(p.Cookies))
	}
	if f.AllowsPortal {
		t.Error("the policies that aren't shown count, too")
	}
	header.Set("Content-Security-Policy", strings.Repeat("frame-ancestors *,", 3000)+"frame-ancestors 'none'")
	if framing(header, page, portal).AllowsPortal {
		t.Error("the last policy forbids it")
	}
}
