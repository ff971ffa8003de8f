package portal

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"boxready/internal/bitrix"
)

// replyWith is the reply that a client reads.
func replyWith(t testing.TB, status int, header http.Header, body string) *Reply {
	t.Helper()
	if header == nil {
		header = http.Header{}
	}
	r, err := ReadReply(&http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))})
	if err != nil && r.Form != FormCutOff {
		t.Fatal(err)
	}
	return &r
}

var (
	productHeader = http.Header{"X-Powered-Cms": {"Bitrix Site Manager (abc)"}}
	restHeader    = http.Header{"Access-Control-Allow-Origin": {"*"}, "Access-Control-Allow-Headers": {"origin, content-type, accept"}}
)

func TestSourceOf(t *testing.T) {
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	const nginx404 = "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center><hr><center>nginx</center></body></html>"
	const exception = "A error occurred during execution of this script. You can turn on extended error reporting in .settings.php file."
	const login = `<form><input type="password" name="USER_PASSWORD"><img src="/bitrix/tools/captcha.php"></form>`
	for _, c := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   Source
	}{
		{"own code", 401, nil, `{"error":"NO_AUTH_FOUND"}`, Source{ByREST, "", ""}},
		{"own code in small letters", 401, nil, `{"error":"no_auth_found"}`, Source{ByREST, "", ""}},
		{"code of REST 3.0", 400, nil, `{"error":{"code":"BITRIX_REST_V3_EXCEPTION_NEWEXCEPTION","message":"x"}}`, Source{ByREST, "", ""}},
		{"shared code with the product's description", 401, nil, `{"error":"INVALID_REQUEST","error_description":"Https required."}`, Source{ByREST, "", ""}},
		{"shared code alone", 400, nil, `{"error":"invalid_request","error_description":"Missing parameter: client_id"}`, Source{ByIdentityProvider, "", ""}},
		{"shared code beside a sign", 400, restHeader, `{"error":"invalid_request"}`, Source{ByREST, "", ""}},
		{"unknown code beside a sign", 400, productHeader, `{"error":"SOMETHING_NEW"}`, Source{ByREST, "", ""}},
		{"unknown code beside a cookie", 400, header("Set-Cookie", "BITRIX_SM_GUEST_ID=1; path=/"), `{"error":"SOMETHING_NEW"}`, Source{ByREST, "", ""}},
		{"unknown code beside the development server's sign", 400, header("X-DevSrv-CMS", "Bitrix"), `{"error":"SOMETHING_NEW"}`, Source{ByREST, "", ""}},
		{"unknown code alone", 400, nil, `{"error":"SOMETHING_NEW"}`, Source{ByOther, "", ""}},
		{"error of another program", 404, nil, `{"timestamp":"2026-01-01T00:00:00.000+00:00","status":404,"error":"Not Found","path":"/rest/app.info"}`, Source{ByOther, "", ""}},
		{"another origin may read", 404, header("Access-Control-Allow-Origin", "*"), `{"error":"Not Found"}`, Source{ByOther, "", ""}},
		{"result with time", 200, nil, `{"result":true,"time":{"start":1,"finish":2}}`, Source{ByREST, "", ""}},
		{"result without time", 200, nil, `{"result":true}`, Source{ByOther, "", ""}},
		{"result without time beside a sign", 200, productHeader, `{"result":true}`, Source{ByREST, "", ""}},
		{"other JSON", 200, nil, `{"status":"ok"}`, Source{ByOther, "", ""}},

		{"PHP source", 200, nil, "<?php\ninclude_once($_SERVER['DOCUMENT_ROOT'].'/x');", Source{ByWebServer, KindPHPSource, ""}},
		{"PHP source with the short tag", 200, nil, "<?include_once($_SERVER['DOCUMENT_ROOT'].'/x');", Source{ByWebServer, KindPHPSource, ""}},
		{"XML is no PHP", 200, nil, `<?xml version="1.0"?><a/>`, Source{ByOther, "", ""}},
		{"no input file", 404, header("X-Powered-By", "PHP/8.1"), "No input file specified.\n", Source{ByPHP, KindScriptRefused, ""}},
		{"script refused", 403, nil, "Access denied.\n", Source{ByPHP, KindScriptRefused, ""}},
		{"script not found", 404, nil, "File not found.\n", Source{ByPHP, KindScriptRefused, ""}},
		{"the same words in a page", 404, nil, "<p>File not found.</p>", Source{ByOther, "", ""}},
		{"plain http to an https port", 400, nil, "<html><center>The plain HTTP request was sent to HTTPS port</center></html>", Source{ByWebServer, KindWrongScheme, ""}},
		{"nginx", 404, nil, nginx404, Source{ByWebServer, "", ""}},
		{"Apache", 404, nil, "<p>The requested URL was not found on this server.</p><address>Apache/2.4</address>", Source{ByWebServer, "", ""}},
		{"the portal's own 404", 404, productHeader, "<html>404</html>", Source{ByProduct, "", ""}},
		{"the core failed", 500, productHeader, exception, Source{ByProduct, KindException, ""}},
		{"an old core failed", 200, nil, exception, Source{ByProduct, KindException, ""}},

		{"login form", 200, productHeader, login, Source{ByProduct, KindLogin, ""}},
		{"somebody's login form", 200, nil, login, Source{ByOther, KindLogin, ""}},
		{"redirect to a captcha", 302, header("Location", "https://portal.example/showcaptcha?retpath=x"), "", Source{ByEdge, KindBrowserCheck, "Yandex SmartCaptcha"}},
		{"Cloudflare's challenge", 403, header("Cf-Mitigated", "challenge", "Cf-Ray", "8c0"), "<html>Just a moment...</html>", Source{ByEdge, KindBrowserCheck, "Cloudflare"}},
		{"a captcha", 200, nil, `<div class="g-recaptcha"></div>`, Source{ByEdge, KindBrowserCheck, ""}},
		{"Cloudflare's 526", 526, header("Cf-Ray", "8c0", "Server", "cloudflare"), "<html>526: Invalid SSL certificate</html>", Source{ByEdge, KindOriginError, "Cloudflare"}},
		{"502 of Qrator", 502, header("Server", "QRATOR"), "<html>502</html>", Source{ByEdge, KindOriginError, "Qrator"}},
		{"502 behind Cloudflare", 502, header("Cf-Ray", "8c0"), "<html>502</html>", Source{ByOther, "", ""}},
		{"Cloudflare blocks", 403, header("Cf-Ray", "8c0"), "<html>Sorry</html>", Source{ByEdge, KindBlocked, "Cloudflare"}},
		{"a page of nobody", 401, header("Server", "nginx"), "<html><body>Sorry</body></html>", Source{ByOther, "", ""}},
		{"nothing", 200, nil, "", Source{ByOther, "", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := SourceOf(Request{Path: MethodPath("app.info")}, replyWith(t, c.status, c.header, c.body)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	for body, want := range map[string]Speaker{`{"error":"wrong_client"}`: ByAuthServer, `{"error":"Not found"}`: ByOther, `{"error":"NO_AUTH_FOUND"}`: ByREST, "": ByOther} {
		if got := SourceOf(Request{Path: TokenPage}, replyWith(t, 404, nil, body)); got.Speaker != want {
			t.Errorf("%s at the token page is said by %s, want %s", body, got.Speaker, want)
		}
	}
}

// FuzzSourceOf finds answers that pass for the rest module's without a code of its own, a sign of the product, or a result with its
// time.
func FuzzSourceOf(f *testing.F) {
	for _, body := range []string{`{"error":"NO_AUTH_FOUND"}`, `{"error":"Not Found"}`, `{"result":1,"time":{}}`, `{"error":{"code":"x"}}`, "<?php", "No input file specified.", "<html>", ""} {
		f.Add(404, "", "", body)
		f.Add(302, "X-Powered-CMS", "Bitrix Site Manager", body)
	}
	f.Fuzz(func(t *testing.T, status int, name, value, body string) {
		header := http.Header{}
		header.Set(name, value)
		r, _ := ReadReply(&http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))})
		v := SourceOf(Request{Path: MethodPath("app.info")}, &r)
		own := r.Error != nil && bitrix.IsOwnError(r.Error.Code, r.Error.Description)
		if v.Speaker == ByREST && !own && !r.hasProductSign() && (r.Result == nil || r.Time == nil) {
			t.Errorf("%q passes for the rest module's", body)
		}
		if v.Speaker == "" || v.Speaker == ByAuthServer {
			t.Errorf("%q: speaker %q", body, v.Speaker)
		}
	})
}
