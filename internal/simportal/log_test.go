package simportal_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	s := faulty(t)
	c := client(t, s)
	at := "https://" + s.Host() + "/rest/app.info"
	asks := []request{
		{url: at + "?auth=q1&bx24_request_id=id-1"},
		{url: at + "?access_token=q2"},
		{url: at, kind: form, body: "auth=f1&access_token=f2&x=1"},
		{url: at, kind: jsonKind, body: `{"auth":"j1","access_token":"j2"}`},
		{url: at, kind: jsonKind, body: `{"auth":{"access_token":"j3"}}`},
		{url: at, kind: "multipart/form-data; boundary=b", body: "--b\r\nContent-Disposition: form-data; name=\"auth\"\r\n\r\nm1\r\n--b--\r\n"},
		{url: at, header: map[string]string{"Authorization": "bearer h1"}},
		{url: "http://" + s.Host() + "/rest/app.info?auth=p1"},
		{url: "https://oauth.bitrix24.tech/oauth/token/"},
		{url: "https://oauth.bitrix.info/oauth/token/"},
		{url: "https://repos.1c-bitrix.ru/webhook/app.json"},
		{url: "https://dl.bitrix24.com/webhook/app-world.json"},
		{url: "http://aia.demo.example/intermediate.der"},
		{method: "POST", url: at},
		{url: "https://" + s.Host() + "/rest/batch", kind: form, body: "cmd%5Ba%5D=profile%3Fx%3D1%26auth%3Db1"},
		{url: "https://" + s.Host() + "/rest/batch", kind: jsonKind, body: `{"cmd":{"a":"profile?auth=b2"}}`},
		{url: at, header: map[string]string{"Referer": at + "?auth=r1"}},
	}
	for _, q := range asks {
		if r := ask(t, c, q); r.err != nil {
			t.Fatal(r.err)
		}
	}
	want := []struct{ server, tokens string }{
		{"portal", "q1"}, {"portal", "q2"}, {"portal", "f1 f2"}, {"portal", "j1 j2"}, {"portal", "j3"}, {"portal", "m1"}, {"portal", "h1"},
		{"portal-http", "p1"}, {"auth-cis", ""}, {"auth-world", ""}, {"feed-cis", ""}, {"feed-world", ""}, {"aia", ""}, {"portal", ""},
		{"portal", "b1"}, {"portal", "b2"}, {"portal", "r1"},
	}
	log := s.Log()
	if len(log) != len(want) {
		t.Fatalf("%d requests, want %d", len(log), len(want))
	}
	for i, w := range want {
		r := log[i]
		slices.Sort(r.Tokens)
		if r.Server != w.server || strings.Join(r.Tokens, " ") != w.tokens {
			t.Errorf("%d: %s with %v, want %s with %s", i, r.Server, r.Tokens, w.server, w.tokens)
		}
		if r.Conn == 0 || r.Status == 0 || r.Proto != "HTTP/1.1" || r.At.IsZero() {
			t.Errorf("%d: incomplete: %+v", i, r)
		}
		if r.TLS != (w.server != "portal-http" && w.server != "aia") || r.TLS && r.SNI != r.Host {
			t.Errorf("%d: TLS %v, SNI %q, host %q", i, r.TLS, r.SNI, r.Host)
		}
	}
	first := log[0]
	if first.RequestID != "id-1" || first.Method != http.MethodGet || first.Path != "/rest/app.info" || first.RawQuery != "auth=q1&bx24_request_id=id-1" || first.Status != 401 {
		t.Errorf("first: %+v", first)
	}
	if first.Conn != log[1].Conn || first.Conn == log[7].Conn {
		t.Error("numbers of connections are wrong")
	}
	if string(log[2].Body) != asks[2].body {
		t.Errorf("body %q", log[2].Body)
	}
	log[0].Tokens[0] = "changed"
	if s.Log()[0].Tokens[0] != "q1" {
		t.Error("the log is not a copy")
	}
}

func TestLogTruncatesBodies(t *testing.T) {
	s := faulty(t)
	if r := post(t, s, "/rest/app.info", form, "x="+strings.Repeat("a", 1<<20)); r.code() != "NO_AUTH_FOUND" {
		t.Fatalf("got %+v", r)
	}
	if n := len(s.Log()[0].Body); n != 64<<10 {
		t.Errorf("kept %d bytes", n)
	}
}

func TestLogOfProxyAndDoH(t *testing.T) {
	s := faulty(t)
	proxied(401, nil)(t, s)
	dnsSays("Success", []string{"203.0.113.10", "2001:db8::10"}, "same")(t, s)
	var got []string
	for _, r := range s.Log() {
		switch r.Server {
		case "proxy":
			got = append(got, r.Method+" "+r.Host)
		case "doh":
			got = append(got, r.Method+" "+r.Question)
		}
	}
	want := []string{"CONNECT " + s.Host() + ":443", "GET A " + s.Host(), "POST A " + s.Host()}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
