package portal

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"boxready/internal/bitrix"
	"boxready/internal/secret"
)

func respond(status int, body io.Reader, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(body)}
}

func read(t testing.TB, body string, header ...string) Reply {
	t.Helper()
	r, err := ReadReply(respond(200, strings.NewReader(body), header...))
	if err != nil && r.Form != FormCutOff {
		t.Fatalf("ReadReply: %v", err)
	}
	return r
}

func TestReadReplyForms(t *testing.T) {
	const (
		ok     = `{"result":true,"time":{"start":1}}`
		notice = "<br />\n<b>Warning</b>: Undefined array key \"x\" in <b>/home/bitrix/www/bitrix/php_interface/init.php</b> on line <b>3</b><br />\n"
	)
	for name, c := range map[string]struct {
		body          string
		form          Form
		before, after string
		bom           bool
		result        string
	}{
		"result":                   {body: ok, form: FormJSON, result: "true"},
		"white space":              {body: "\n\r\n " + ok + "\n", form: FormJSON, result: "true"},
		"byte order mark":          {body: "\ufeff" + ok, form: FormJSON, bom: true, result: "true"},
		"two byte order marks":     {body: "\ufeff\ufeff" + ok, form: FormJSON, bom: true, result: "true"},
		"notice before":            {body: notice + ok, form: FormJSON, before: strings.TrimSpace(notice), result: "true"},
		"mark and notice":          {body: "\ufeff" + notice + ok, form: FormJSON, bom: true, before: strings.TrimSpace(notice), result: "true"},
		"notice behind":            {body: ok + notice, form: FormJSON, after: strings.TrimSpace(notice), result: "true"},
		"notices around":           {body: notice + ok + notice, form: FormJSON, before: strings.TrimSpace(notice), after: strings.TrimSpace(notice), result: "true"},
		"page behind":              {body: ok + "<html></html>", form: FormJSON, after: "<html></html>", result: "true"},
		"page before":              {body: "<html><body>x</body></html>" + ok, form: FormJSON, before: "<html><body>x</body></html>", result: "true"},
		"script before":            {body: `<script>x={"error":"no"}</script>` + ok, form: FormJSON, before: `<script>x={"error":"no"}</script>`, result: "true"},
		"braces before":            {body: "array { {} {a:1} {\"x\":[1 } " + ok, form: FormJSON, before: "array { {} {a:1} {\"x\":[1 }", result: "true"},
		"twice":                    {body: ok + `{"result":2}`, form: FormJSON, after: `{"result":2}`, result: "true"},
		"mark inside":              {body: "x\ufeff" + ok, form: FormJSON, before: "x\ufeff", result: "true"},
		"null":                     {body: `{"result":null}`, form: FormJSON, result: "null"},
		"empty list":               {body: `{"result":[],"total":0}`, form: FormJSON, result: "[]"},
		"duplicate keys":           {body: `{"result":1,"result":2}`, form: FormJSON, result: "2"},
		"escaped key":              {body: `{"\u0072esult":1}`, form: FormJSON, result: "1"},
		"spaced":                   {body: "{ \"result\" :\t{\"a\" : [ 1 , {} ] } , \"x\":-1.5e+3 }", form: FormJSON, result: `{"a" : [ 1 , {} ] }`},
		"not UTF-8 inside":         {body: "{\"result\":\"caf\xe9\"}", form: FormJSON, result: `"cafй"`},
		"deep":                     {body: `{"error":"X","result":` + strings.Repeat("[", 3<<20) + strings.Repeat("]", 3<<20) + `}`, form: FormJSON},
		"deep and cut off":         {body: `{"result":` + strings.Repeat(`{"a":`, 1<<20), form: FormCutOff},
		"empty":                    {body: "", form: FormEmpty},
		"only white space":         {body: " \r\n\t", form: FormEmpty},
		"only a byte order mark":   {body: "\ufeff", form: FormEmpty, bom: true},
		"page":                     {body: "<!DOCTYPE html><html><title>Login</title></html>", form: FormHTML},
		"page with objects":        {body: `<html><script>BX.message({"error":"x"}); x={"result":1}</script></html>`, form: FormHTML},
		"page without end":         {body: `<HTML><body><div data-x='{"error":"x"}'>`, form: FormHTML},
		"fragment":                 {body: "<h1>503 Service Unavailable</h1>", form: FormHTML},
		"notice alone":             {body: notice, form: FormHTML},
		"text":                     {body: "Not found", form: FormText},
		"XML":                      {body: `<?xml version="1.0"?><response><error>X</error></response>`, form: FormText},
		"binary":                   {body: "\x00\x01\xfe\xff", form: FormText},
		"broken object":            {body: `{"a":1,}`, form: FormText},
		"errors of broken objects": {body: `{"a":{"error":"x"},oops}`, form: FormText},
		"control character":        {body: "{\"result\":\"\n\"}", form: FormText},
		"other object":             {body: `{"status":"ok"}`, form: FormOtherJSON},
		"empty object":             {body: `{}`, form: FormOtherJSON},
		"list":                     {body: `[{"error":"x"}]`, form: FormOtherJSON},
		"string":                   {body: `"x"`, form: FormOtherJSON},
		"number":                   {body: `0`, form: FormOtherJSON},
		"no end":                   {body: `{"result":{"a":{"error":"x"}`, form: FormCutOff},
		"no end of string":         {body: `{"result":"abc`, form: FormCutOff},
		"no end of escape":         {body: `{"result":"abc\u00`, form: FormCutOff},
		"no end of word":           {body: `{"result":tru`, form: FormCutOff},
		"no end of list":           {body: `[1,2`, form: FormCutOff},
		"notice and no end":        {body: notice + `{"result":{"a":`, form: FormCutOff},
		"log line":                 {body: "[2026-01-02] failed", form: FormText},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ReadReply(respond(200, strings.NewReader(c.body), "Content-Type", "text/html"))
			if (err != nil) != (c.form == FormCutOff) || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("error %v", err)
			}
			if r.Form != c.form || r.BOM != c.bom || string(r.Before) != c.before || string(r.After) != c.after {
				t.Errorf("form %s, BOM %v, before %q, after %.100q", r.Form, r.BOM, r.Before, r.After)
			}
			if c.result != "" && string(r.Result) != c.result || c.form != FormJSON && r.Result != nil {
				t.Errorf("result %.100q", r.Result)
			}
			if polluted := c.form == FormJSON && (c.before != "" || c.after != "" || c.bom); r.Polluted() != polluted {
				t.Errorf("Polluted: %v", r.Polluted())
			}
			if string(r.Body) != c.body {
				t.Errorf("body %.100q", r.Body)
			}
		})
	}
}

func TestReadReplyErrors(t *testing.T) {
	for name, c := range map[string]struct {
		body, code, description string
		v3, none                bool
	}{
		"string":                   {body: `{"error":"NO_AUTH_FOUND","error_description":"Wrong authorization data"}`, code: "NO_AUTH_FOUND", description: "Wrong authorization data"},
		"no description":           {body: `{"error":"expired_token"}`, code: "expired_token"},
		"description null":         {body: `{"error":"X","error_description":null}`, code: "X"},
		"description number":       {body: `{"error":"X","error_description":7}`, code: "X", description: "7"},
		"description object":       {body: `{"error":"X","error_description":{"a":1}}`, code: "X", description: `{"a":1}`},
		"description list":         {body: `{"error":"X","error_description":[]}`, code: "X"},
		"description with control": {body: `{"error":"X","error_description":"a\u001b[31m\nb"}`, code: "X", description: "a\ufffd[31m b"},
		"description with secret":  {body: `{"error":"X","error_description":"no /rest/1/abcdef123456/x"}`, code: "X", description: "no /rest/1/•••/x"},
		"number":                   {body: `{"error":401}`, code: "401"},
		"float":                    {body: `{"error":401.0}`, code: "401"},
		"number as string":         {body: `{"error":"0","error_description":"failed"}`, code: "0", description: "failed"},
		"true":                     {body: `{"error":true,"error_description":"failed"}`, code: "true", description: "failed"},
		"empty":                    {body: `{"error":"","error_description":"failed"}`, description: "failed"},
		"empty alone":              {body: `{"error":""}`},
		"empty beside result":      {body: `{"error":"","result":[]}`, none: true},
		"empty beside null":        {body: `{"error":"","result":null}`, none: true},
		"empty, null, described":   {body: `{"error":"","result":null,"error_description":"failed"}`, description: "failed"},
		"false beside result":      {body: `{"error":false,"error_description":"","result":1}`, none: true},
		"zero beside result":       {body: `{"error":0,"result":1}`, none: true},
		"list beside result":       {body: `{"error":[],"result":1}`, none: true},
		"object beside result":     {body: `{"error":{},"result":1}`, none: true},
		"null alone":               {body: `{"error":null}`, none: true},
		"error beside result":      {body: `{"error":"X","result":[]}`, code: "X"},
		"list":                     {body: `{"error":["X","Y"]}`, code: "X"},
		"list of objects":          {body: `{"error":[{"code":"X","message":"m"}]}`, code: "X", description: "m", v3: true},
		"REST 3.0":                 {body: `{"error":{"code":"BITRIX_REST_V3_EXCEPTIONS_ACCESSDENIEDEXCEPTION","message":"Access denied.","validation":[{"message":"m","field":"f"}]}}`, code: "BITRIX_REST_V3_EXCEPTIONS_ACCESSDENIEDEXCEPTION", description: "Access denied.", v3: true},
		"REST 3.0, numeric":        {body: `{"error":{"code":0,"message":"m"}}`, code: "0", description: "m", v3: true},
		"REST 3.0, bare":           {body: `{"error":{"message":{"x":1}}}`, description: `{"x":1}`, v3: true},
		"REST 3.0, code only":      {body: `{"error":"BITRIX_REST_V3_EXCEPTION_RATELIMITEXCEPTION"}`, code: "BITRIX_REST_V3_EXCEPTION_RATELIMITEXCEPTION", v3: true},
		"spaces":                   {body: `{"error":" X \n"}`, code: "X"},
		"behind a notice":          {body: "<b>Notice</b>: x {$y}\n" + `{"error":"X"}`, code: "X"},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, c.body)
			if r.Form != FormJSON {
				t.Fatalf("form %s", r.Form)
			}
			if c.none {
				if r.Error != nil {
					t.Errorf("an error: %#v", r.Error)
				}
				return
			}
			want := &Error{Code: c.code, Description: c.description, Status: 200, V3: c.v3}
			if r.Error == nil || *r.Error != *want {
				t.Errorf("got %#v, want %#v", r.Error, want)
			}
		})
	}
}

func TestReadReplyWindows1251(t *testing.T) {
	body, err := charmap.Windows1251.NewEncoder().String(`{"error":"ERROR_OAUTH","error_description":"Исчерпан выделенный дисковый ресурс."}`)
	if err != nil {
		t.Fatal(err)
	}
	r := read(t, body)
	if r.Form != FormJSON || !r.NotUTF8 || r.Error == nil || r.Error.Code != "ERROR_OAUTH" || r.Error.Description != "Исчерпан выделенный дисковый ресурс." {
		t.Errorf("%s, NotUTF8 %v, %#v", r.Form, r.NotUTF8, r.Error)
	}
	if !strings.Contains(r.Excerpt(secret.Masker()), "Исчерпан") || string(r.Body) != body {
		t.Errorf("excerpt %q", r.Excerpt(secret.Masker()))
	}
	// One character cut in two is not another encoding.
	r = read(t, "{\"result\":\"Привет\xd0\"}")
	if !r.NotUTF8 || !strings.Contains(r.Excerpt(secret.Masker()), "Привет") {
		t.Errorf("NotUTF8 %v, excerpt %q", r.NotUTF8, r.Excerpt(secret.Masker()))
	}
}

func TestReadReplyExtras(t *testing.T) {
	r := read(t, `{"result":[],"next":"50","total":120.0,"time":{"start":1767225600.5,"finish":"1767225601","duration":0.5,"processing":0,"date_start":"2026-01-01T03:00:00+03:00"}}`)
	if r.Next == nil || *r.Next != 50 || r.Total == nil || *r.Total != 120 {
		t.Errorf("next %v, total %v", r.Next, r.Total)
	}
	want := ServerTime{Start: time.Unix(1767225600, 5e8).UTC(), Finish: time.Unix(1767225601, 0).UTC(), Duration: 500 * time.Millisecond}
	if r.Time == nil || *r.Time != want {
		t.Errorf("time %+v, want %+v", r.Time, want)
	}
	r = read(t, `{"result":[],"next":false,"total":[],"time":{"start":"x","finish":-1,"duration":1e300,"date_start":"2026-01-01T03:00:00+03:00"}}`)
	if r.Next != nil || r.Total != nil || r.Time == nil || *r.Time != (ServerTime{Start: time.Unix(1767225600, 0).UTC()}) {
		t.Errorf("next %v, total %v, time %+v", r.Next, r.Total, r.Time)
	}
	for _, body := range []string{`{"result":1}`, `{"result":1,"time":null}`, `{"result":1,"time":[]}`, `{"result":1,"time":5}`} {
		if r := read(t, body); r.Time != nil {
			t.Errorf("%s: time %+v", body, r.Time)
		}
	}
}

func compressed(t testing.TB, how string, body string) string {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "zlib":
		w = zlib.NewWriter(&out)
	case "flate":
		w, _ = flate.NewWriter(&out, flate.BestSpeed)
	}
	io.WriteString(w, body)
	w.Close()
	return out.String()
}

func TestReadReplyCompressed(t *testing.T) {
	const ok = `{"result":"compressed, and long enough to be cut off in its middle"}`
	zipped := compressed(t, "gzip", ok)
	damaged := []byte(zipped)
	damaged[len(damaged)-6] ^= 1 // the checksum
	bomb := compressed(t, "gzip", strings.Repeat(" ", 10<<20))
	for name, c := range map[string]struct {
		body     string
		encoding []string
		form     Form
	}{
		"gzip":                  {zipped, []string{"gzip"}, FormJSON},
		"gzip in capitals":      {zipped, []string{"X-GZIP"}, FormJSON},
		"gzip, not declared":    {zipped, nil, FormJSON},
		"gzip, not done":        {ok, []string{"gzip"}, FormJSON},
		"gzip and text behind":  {zipped + "<b>Warning</b>", []string{"gzip"}, FormJSON},
		"gzip in two parts":     {compressed(t, "gzip", ok[:9]) + compressed(t, "gzip", ok[9:]), []string{"gzip"}, FormJSON},
		"gzip twice":            {compressed(t, "gzip", zipped), []string{"gzip, gzip"}, FormJSON},
		"gzip twice, one line":  {compressed(t, "gzip", zipped), []string{"gzip"}, FormJSON},
		"gzip twice, two lines": {compressed(t, "gzip", zipped), []string{"gzip", "gzip"}, FormJSON},
		"deflate":               {compressed(t, "zlib", ok), []string{"deflate"}, FormJSON},
		"deflate, bare":         {compressed(t, "flate", ok), []string{"deflate"}, FormJSON},
		"deflate, not done":     {ok, []string{"deflate"}, FormJSON},
		"identity":              {ok, []string{"identity"}, FormJSON},
		"empty":                 {"", []string{"gzip"}, FormEmpty},
		"gzip cut off":          {zipped[:40], []string{"gzip"}, FormCutOff},
		"gzip header cut off":   {zipped[:5], []string{"gzip"}, FormCutOff},
		"gzip end cut off":      {zipped[:len(zipped)-4], []string{"gzip"}, FormCutOff},
		"deflate cut off":       {compressed(t, "zlib", ok)[:40], []string{"deflate"}, FormCutOff},
		"deflate bare cut off":  {compressed(t, "flate", ok)[:40], []string{"deflate"}, FormCutOff},
		"gzip damaged":          {string(damaged), []string{"gzip"}, FormBadEncoding},
		"unknown":               {"\x1b\x00\x00", []string{"br"}, FormBadEncoding},
		"three times":           {ok, []string{"gzip, gzip, gzip"}, FormBadEncoding},
		"bomb":                  {bomb, []string{"gzip"}, FormTooBig},
		"bomb, not declared":    {bomb, nil, FormTooBig},
		"bomb in a bomb":        {compressed(t, "gzip", bomb), []string{"gzip", "gzip"}, FormTooBig},
		"deflate bomb":          {compressed(t, "zlib", strings.Repeat(" ", 10<<20)), []string{"deflate"}, FormTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			var header []string
			for _, e := range c.encoding {
				header = append(header, "Content-Encoding", e)
			}
			r, err := ReadReply(respond(200, strings.NewReader(c.body), header...))
			if (err != nil) != (c.form == FormCutOff) || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("error %v", err)
			}
			if r.Form != c.form || len(r.Body) > MaxBody {
				t.Errorf("form %s, %d bytes", r.Form, len(r.Body))
			}
			if c.form == FormJSON && !strings.Contains(string(r.Result), "compressed") {
				t.Errorf("result %q", r.Result)
			}
		})
	}
}

// endless is a body without end that counts what was read of it.
type endless struct {
	text   string
	chunk  string
	read   int
	closed bool
}

func (e *endless) Read(b []byte) (int, error) {
	if e.chunk == "" {
		e.chunk = strings.Repeat(e.text, 64<<10)
	}
	n := copy(b, e.chunk[e.read%len(e.text):])
	e.read += n
	return n, nil
}

func (e *endless) Close() error { e.closed = true; return nil }

func TestReadReplyEndless(t *testing.T) {
	for _, text := range []string{"{", `{"a":`, `{"error":"x"}`, "<script></script>", "<", "\xff", "\ufeff"} {
		body := &endless{text: text}
		r, err := ReadReply(&http.Response{StatusCode: 200, Body: body})
		if err != nil || r.Form != FormTooBig || len(r.Body) > MaxBody || body.read > MaxBody+1<<20 || !body.closed {
			t.Errorf("%q: %v, %s, %d bytes of %d, closed %v", text, err, r.Form, len(r.Body), body.read, body.closed)
		}
		// The same, just small enough to be parsed: a search that isn't linear
		// would not return.
		r, err = ReadReply(respond(200, io.LimitReader(&endless{text: text}, MaxBody)))
		if r.Form == FormTooBig || (err != nil) != (r.Form == FormCutOff) {
			t.Errorf("%q: %v, %s", text, err, r.Form)
		}
		r.Excerpt(secret.Masker())
	}
}

// serveRaw answers one request with raw bytes, then calls end.
func serveRaw(t *testing.T, answer string, end func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.Read(make([]byte, 4096))
		io.WriteString(conn, answer)
		end(conn)
	}()
	return "http://" + listener.Addr().String()
}

func TestReadReplyTransportFaults(t *testing.T) {
	reset := func(c net.Conn) {
		time.Sleep(50 * time.Millisecond) // the client has read what there is
		c.(*net.TCPConn).SetLinger(0)
	}
	hang := func(c net.Conn) { c.Read(make([]byte, 1)) }
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n"
	for name, c := range map[string]struct {
		answer string
		end    func(net.Conn)
		want   error
	}{
		"early end":            {head + "\r\n" + `{"result":`, func(net.Conn) {}, io.ErrUnexpectedEOF},
		"early end, whole":     {head + "\r\n" + `{"result":1}`, func(net.Conn) {}, io.ErrUnexpectedEOF},
		"early end, no body":   {head + "\r\n", func(net.Conn) {}, io.ErrUnexpectedEOF},
		"early end of a chunk": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"re", func(net.Conn) {}, io.ErrUnexpectedEOF},
		"reset":                {head + "\r\n" + `{"result":1`, reset, syscall.ECONNRESET},
		"time-out":             {head + "\r\n" + `{"result":1`, hang, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
			defer cancel()
			request, _ := http.NewRequestWithContext(ctx, "GET", serveRaw(t, c.answer, c.end), nil)
			transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
			response, err := transport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			r, err := ReadReply(response)
			if r.Form != FormCutOff || !errors.Is(err, c.want) || r.Result != nil || r.Error != nil {
				t.Errorf("%s, %v", r.Form, err)
			}
		})
	}
}

func TestReadReplyServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(401)
		io.WriteString(w, `{"error":"NO_AUTH_FOUND"}`)
	}))
	defer server.Close()
	response, err := http.Post(server.URL, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReadReply(response)
	if err != nil || r.Status != 401 || r.Error == nil || r.Error.Status != 401 || !errors.Is(r.Error, ErrNoAuthFound) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestExcerpt(t *testing.T) {
	known := secret.New("wonderful-secret")
	for name, c := range map[string]struct{ body, want string }{
		"short":         {"Not found", "Not found"},
		"control":       {"a\r\n\tb\x1b[31mc\x00d\u202ee", "a   b\ufffd[31mc\ufffdd\ufffde"},
		"mark":          {"\ufeffx", "x"},
		"long":          {strings.Repeat("a", 500), strings.Repeat("a", 200)},
		"rune boundary": {"a" + strings.Repeat("ы", 300), "a" + strings.Repeat("ы", 99)},
		"credential":    {`{"access_token":"abc"}`, `{"access_token":"•••"}`},
		"known":         {"x wonderful-secret y", "x ••• y"},
		"known at edge": {strings.Repeat("a", 195) + " wonderful-secret", strings.Repeat("a", 195) + " •"},
		"known cut off": {"x wonderful-s", "x •••"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := read(t, c.body).Excerpt(secret.Masker(known)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := (Reply{Body: []byte("made by hand")}).Excerpt(secret.Masker()); got != "made by hand" {
		t.Errorf("got %q", got)
	}
}

func TestValues(t *testing.T) {
	type values struct {
		I Int
		B Bool
		M Map[Int]
	}
	for name, c := range map[string]struct {
		in   string
		want values
		bad  bool
	}{
		"plain":         {in: `{"I":5,"B":true,"M":{"a":1}}`, want: values{5, true, Map[Int]{"a": 1}}},
		"strings":       {in: `{"I":"-5","B":"true","M":{"a":"1"}}`, want: values{-5, true, Map[Int]{"a": 1}}},
		"floats":        {in: `{"I":5.0,"B":1,"M":[7,"8"]}`, want: values{5, true, Map[Int]{"0": 7, "1": 8}}},
		"letters":       {in: `{"I":" 5 ","B":"Y","M":[]}`, want: values{5, true, Map[Int]{}}},
		"nothing":       {in: `{"I":null,"B":null,"M":null}`, want: values{0, false, Map[Int]{}}},
		"empty":         {in: `{"I":"","B":"","M":{}}`, want: values{0, false, Map[Int]{}}},
		"no":            {in: `{"I":false,"B":"N"}`, want: values{0, false, nil}},
		"zero":          {in: `{"I":0,"B":"0"}`, want: values{}},
		"exponent":      {in: `{"I":1e3}`, want: values{I: 1000}},
		"largest":       {in: `{"I":9223372036854775807}`, want: values{I: 9223372036854775807}},
		"fraction":      {in: `{"I":1.5}`, bad: true},
		"too large":     {in: `{"I":1e30}`, bad: true},
		"word":          {in: `{"I":"x"}`, bad: true},
		"object as int": {in: `{"I":{}}`, bad: true},
		"other as bool": {in: `{"B":"maybe"}`, bad: true},
		"list as bool":  {in: `{"B":[]}`, bad: true},
		"text as map":   {in: `{"M":"x"}`, bad: true},
		"bad value":     {in: `{"M":["x"]}`, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			var got values
			err := json.Unmarshal([]byte(c.in), &got)
			if (err != nil) != c.bad {
				t.Fatalf("error %v", err)
			}
			if c.bad {
				return
			}
			a, _ := json.Marshal(got)
			b, _ := json.Marshal(c.want)
			if !bytes.Equal(a, b) {
				t.Errorf("got %s, want %s", a, b)
			}
		})
	}
}

func FuzzReadReply(f *testing.F) {
	for _, s := range []string{
		`{"result":{"a":[1,"x",null]},"next":50,"total":"120","time":{"start":1.5}}`,
		`{"error":{"code":"BITRIX_REST_V3_EXCEPTIONS_X","message":"m"}}`,
		"\ufeff<b>Warning</b>: x in y\n{\"error\":\"\",\"error_description\":[]}<br>",
		"<html><script>x={\"error\":1}</script></html>", `{"result":[{"a":`,
	} {
		f.Add([]byte(s), "")
	}
	f.Add([]byte(compressed(f, "gzip", `{"result":1}`)), "gzip")
	f.Add([]byte(compressed(f, "zlib", `{"result":1}`)), "deflate")
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		r, err := ReadReply(respond(200, bytes.NewReader(body), "Content-Encoding", encoding))
		if (err != nil) != (r.Form == FormCutOff) {
			t.Errorf("%s, %v", r.Form, err)
		}
		if r.Form == "" || len(r.Body) > MaxBody {
			t.Errorf("form %q, %d bytes", r.Form, len(r.Body))
		}
		if (r.Result != nil || r.Error != nil) && r.Form != FormJSON {
			t.Errorf("%s has a result or an error", r.Form)
		}
		if r.Result != nil && !json.Valid(r.Result) {
			t.Errorf("result isn't JSON: %q", r.Result)
		}
		// What encoding/json accepts is accepted, with the same result.
		var envelope map[string]json.RawMessage
		if text := bytes.TrimSpace(r.text); r.Form != FormCutOff && r.Form != FormTooBig && r.Form != FormBadEncoding && json.Unmarshal(text, &envelope) == nil && envelope != nil {
			if isEnvelope(envelope) != (r.Form == FormJSON) || r.Form == FormJSON && !bytes.Equal(envelope["result"], r.Result) {
				t.Errorf("%s, result %q; encoding/json reads %q", r.Form, r.Result, envelope["result"])
			}
			if r.Before != nil || r.After != nil {
				t.Errorf("pure JSON is called polluted: %q, %q", r.Before, r.After)
			}
		}
		excerpt := r.Excerpt(secret.Masker())
		if len(excerpt) > excerptLen || !utf8.ValidString(excerpt) || strings.ContainsFunc(excerpt, unicode.IsControl) {
			t.Errorf("excerpt %q", excerpt)
		}
		if r.Error != nil {
			if text := r.Error.Error(); text == "" || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("error %q", text)
			}
			bitrix.MeaningOf(r.Error.Code, r.Error.Description, bitrix.AtRoute)
		}
		ReadBatch(r)
	})
}
