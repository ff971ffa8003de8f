package feed

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"boxready/internal/bitrix"
	"boxready/internal/flight"
	"boxready/internal/simtest/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.M{M: m}) }

const goodBody = `{"nodes":["203.0.113.11","203.0.113.10"]}`

var goodNodes = prefixes("203.0.113.10/32", "203.0.113.11/32")

func prefixes(list ...string) []netip.Prefix {
	var p []netip.Prefix
	for _, s := range list {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}

var comparePrefixes = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

// A clock stands still until it is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A vendor stands for the vendor's servers: whatever is asked for comes to one
// handler, which can be replaced.
type vendor struct {
	server *httptest.Server
	asked  atomic.Int32
	mu     sync.Mutex
	serve  http.HandlerFunc
}

func newVendor(t *testing.T, serve http.HandlerFunc) *vendor {
	v := &vendor{serve: serve}
	v.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.asked.Add(1)
		v.mu.Lock()
		serve := v.serve
		v.mu.Unlock()
		serve(w, r)
	}))
	t.Cleanup(func() {
		v.server.Client().CloseIdleConnections()
		v.server.Close()
	})
	return v
}

func (v *vendor) set(serve http.HandlerFunc) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.serve = serve
}

func (v *vendor) Do(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	to, err := url.Parse(v.server.URL)
	if err != nil {
		return nil, err
	}
	r.URL.Scheme, r.URL.Host = to.Scheme, to.Host
	return v.server.Client().Do(r)
}

// wantAsked fails the test if the vendor was not asked exactly n times.
func (v *vendor) wantAsked(t *testing.T, n int) {
	t.Helper()
	if got := int(v.asked.Load()); got != n {
		t.Errorf("the vendor was asked %d times, want %d", got, n)
	}
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func packed(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(text)
	z.Close()
	return b.Bytes()
}

func TestFetch(t *testing.T) {
	v := newVendor(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/webhook/app.json" || r.URL.RawQuery != "" {
			t.Errorf("asked for %s %s", r.Method, r.URL)
		}
		io.WriteString(w, goodBody)
	})
	c := newClock()
	f := &Fetcher{Client: v, Dir: t.TempDir(), Now: c.Now}
	if _, ok := f.LastGood(bitrix.CIS); ok {
		t.Error("a list before the first one")
	}
	got, err := f.Fetch(t.Context(), bitrix.CIS)
	if err != nil {
		t.Fatal(err)
	}
	want := List{Region: bitrix.CIS, URL: "https://repos.1c-bitrix.ru/webhook/app.json", Nodes: goodNodes, Fetched: c.Now()}
	if diff := cmp.Diff(want, got, comparePrefixes); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}

	got.Nodes[0] = netip.MustParsePrefix("198.51.100.1/32") // must not reach the cache
	c.Add(10*time.Minute - time.Second)
	want.Cached = true
	got, err = f.Fetch(t.Context(), bitrix.CIS)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, comparePrefixes); diff != "" {
		t.Errorf("cached (-want +got):\n%s", diff)
	}
	v.wantAsked(t, 1)

	c.Add(time.Second)
	got, err = f.Fetch(t.Context(), bitrix.CIS)
	if err != nil || got.Cached || !got.Fetched.Equal(c.Now()) {
		t.Errorf("after ten minutes: %+v, %v", got, err)
	}
	v.wantAsked(t, 2)
}

func TestRegionsAreApart(t *testing.T) {
	v := newVendor(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "app-world.json") {
			io.WriteString(w, `{"nodes":["198.51.100.1"]}`)
			return
		}
		io.WriteString(w, goodBody)
	})
	f := &Fetcher{Client: v, Dir: t.TempDir(), Now: newClock().Now}
	for r, want := range map[bitrix.Region]string{bitrix.CIS: "203.0.113.10/32", bitrix.World: "198.51.100.1/32"} {
		if got, err := f.Fetch(t.Context(), r); err != nil || got.Nodes[0].String() != want || got.Region != r {
			t.Errorf("%s: %+v, %v", r, got, err)
		}
	}
	v.wantAsked(t, 2)
	if _, err := f.Fetch(t.Context(), "moon"); err == nil {
		t.Error("a list for a region that does not exist")
	}
	if _, ok := f.LastGood("moon"); ok {
		t.Error("a last list for a region that does not exist")
	}
	v.wantAsked(t, 2)
}

func TestInvalidAnswers(t *testing.T) {
	many := `{"nodes":["203.0.113.1"` + strings.Repeat(`,"203.0.113.1"`, maxNodes) + `]}`
	raw := func(encoding string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", encoding)
			w.Write(body)
		}
	}
	for name, c := range map[string]struct {
		serve  http.HandlerFunc
		status int
		reason string
		head   string
	}{
		"status":             {answer(503, "busy"), 503, "status 503", "busy"},
		"status of a filter": {answer(403, "<html>"+strings.Repeat("x", 1000)), 403, "status 403", "<html>" + strings.Repeat("x", 194)},
		"status, long body":  {answer(502, strings.Repeat("y", 2*maxBytes)), 502, "status 502", strings.Repeat("y", 200)},
		"redirect without a target": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotModified)
		}, 304, "status 304", ""},
		"html":             {answer(200, "<html>log in</html>"), 200, "not a JSON object", "<html>log in</html>"},
		"empty":            {answer(200, ""), 200, "not a JSON object", ""},
		"not UTF-8":        {answer(200, "\xff\xfe{"), 200, "not a JSON object", "\uFFFD{"},
		"no nodes":         {answer(200, `{"NODES":["203.0.113.1"]}`), 200, `no "nodes"`, `{"NODES":["203.0.113.1"]}`},
		"too large":        {answer(200, goodBody+strings.Repeat(" ", maxBytes)), 200, "more than 1 MiB", goodBody + strings.Repeat(" ", 200-len(goodBody))},
		"too many":         {answer(200, many), 200, "4097 nodes, more than 4096", many[:200]},
		"private":          {answer(200, `{"nodes":["192.168.0.1"]}`), 200, "node 0, 192.168.0.1/32, is private", `{"nodes":["192.168.0.1"]}`},
		"gzip bomb":        {raw("gzip", packed(bytes.Repeat([]byte(" "), 20*maxBytes))), 200, "more than 1 MiB", strings.Repeat(" ", 200)},
		"damaged gzip":     {raw("gzip", packed([]byte(goodBody))[:len(packed([]byte(goodBody)))-4]), 200, "damaged gzip", goodBody},
		"no gzip at all":   {raw("gzip", []byte(goodBody)), 200, "damaged gzip", ""},
		"unknown encoding": {raw("br", []byte("?")), 200, `unknown encoding "br"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, c.serve)
			f := &Fetcher{Client: v, Dir: t.TempDir(), Now: newClock().Now}
			_, err := f.Fetch(t.Context(), bitrix.CIS)
			e, ok := errors.AsType[*Error](err)
			if !ok || !errors.Is(err, ErrInvalid) || errors.Is(err, ErrUnreachable) {
				t.Fatalf("got %v", err)
			}
			want := &Error{
				Kind: ErrInvalid, URL: bitrix.Feed(bitrix.CIS), When: newClock().Now(),
				Status: c.status, Reason: c.reason, Head: c.head,
			}
			if diff := cmp.Diff(*want, *e, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidAnswers(t *testing.T) {
	ones := goodBody + strings.Repeat(" ", maxBytes-len(goodBody)) // exactly at the limit
	for name, serve := range map[string]http.HandlerFunc{
		"one byte at a time": func(w http.ResponseWriter, _ *http.Request) {
			for _, b := range []byte(goodBody) {
				w.Write([]byte{b})
				w.(http.Flusher).Flush()
			}
		},
		"gzip": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.Errorf("accepts %q", r.Header.Get("Accept-Encoding"))
			}
			w.Header().Set("Content-Encoding", "GZip")
			w.Write(packed([]byte(ones)))
		},
		"the largest":     answer(200, ones),
		"byte order mark": answer(200, "\uFEFF"+goodBody),
		"more fields":     answer(200, `{"version":2,"nodes":["203.0.113.11","203.0.113.10","203.0.113.11"],"ttl":null}`),
	} {
		t.Run(name, func(t *testing.T) {
			f := &Fetcher{Client: newVendor(t, serve)}
			got, err := f.Fetch(t.Context(), bitrix.World)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(goodNodes, got.Nodes, comparePrefixes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if age := time.Since(got.Fetched); age < 0 || age > time.Minute {
				t.Errorf("fetched %v ago by the system's clock", age)
			}
		})
	}
}

func TestPauseAfterInvalidAnswer(t *testing.T) {
	v := newVendor(t, answer(200, "<html>"))
	c := newClock()
	dir := t.TempDir()
	f := &Fetcher{Client: v, Dir: dir, Now: c.Now}
	_, first := f.Fetch(t.Context(), bitrix.CIS)
	v.set(answer(200, goodBody))

	c.Add(59 * time.Second)
	if _, err := f.Fetch(t.Context(), bitrix.CIS); err != first {
		t.Errorf("within a minute: %v, want the same as before: %v", err, first)
	}
	if _, err := f.Fetch(t.Context(), bitrix.World); err != nil {
		t.Errorf("the other region: %v", err)
	}
	// Another run of the program must keep the pause, too.
	again := &Fetcher{Client: v, Dir: dir, Now: c.Now}
	_, err := again.Fetch(t.Context(), bitrix.CIS)
	want, _ := errors.AsType[*Error](first)
	got, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("another run: %v", err)
	}
	if diff := cmp.Diff(*want, *got, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("another run (-want +got):\n%s", diff)
	}
	if err.Error() != first.Error() {
		t.Errorf("another run says %q, not %q", err, first)
	}
	v.wantAsked(t, 2)

	c.Add(time.Second)
	if _, err := again.Fetch(t.Context(), bitrix.CIS); err != nil {
		t.Errorf("after a minute: %v", err)
	}
	v.wantAsked(t, 3)
	if got, err := f.Fetch(t.Context(), bitrix.CIS); err != nil || !got.Cached {
		t.Errorf("the first run does not see the other's list: %+v, %v", got, err)
	}
	v.wantAsked(t, 3)
}

func TestUnreachable(t *testing.T) {
	cause := errors.New("no route")
	asked := 0
	f := &Fetcher{Dir: t.TempDir(), Now: newClock().Now, Client: doerFunc(func(r *http.Request) (*http.Response, error) {
		asked++
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: cause}
	})}
	for range 3 { // nobody was reached, so there is no pause
		_, err := f.Fetch(t.Context(), bitrix.CIS)
		if !errors.Is(err, ErrUnreachable) || errors.Is(err, ErrInvalid) || !errors.Is(err, cause) {
			t.Fatalf("got %v", err)
		}
		if want := "fetch https://repos.1c-bitrix.ru/webhook/app.json: no route"; err.Error() != want {
			t.Errorf("got %q", err)
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}

// The server was reached, so it is left alone for a minute, but nothing is
// known to be wrong with the list.
func TestAnswerBreaksOff(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"plain": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"nodes":["203.0.113.1"`)
		},
		"gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(packed([]byte(goodBody))[:30])
		},
		"inside the gzip header": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(packed([]byte(goodBody))[:3])
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, serve)
			c := newClock()
			dir := t.TempDir()
			f := &Fetcher{Client: v, Dir: dir, Now: c.Now}
			_, err := f.Fetch(t.Context(), bitrix.CIS)
			if !errors.Is(err, ErrUnreachable) || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			c.Add(59 * time.Second)
			if _, again := f.Fetch(t.Context(), bitrix.CIS); again != err {
				t.Errorf("within a minute: %v", again)
			}
			other := &Fetcher{Client: v, Dir: dir, Now: c.Now}
			if _, again := other.Fetch(t.Context(), bitrix.CIS); !errors.Is(again, ErrUnreachable) || again.Error() != err.Error() {
				t.Errorf("another run: %v", again)
			}
			v.wantAsked(t, 1)
		})
	}
}

func TestLastGoodOutlivesFailures(t *testing.T) {
	v := newVendor(t, answer(200, goodBody))
	c := newClock()
	dir := t.TempDir()
	f := &Fetcher{Client: v, Dir: dir, Now: c.Now}
	first, err := f.Fetch(t.Context(), bitrix.CIS)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []http.HandlerFunc{answer(500, ""), answer(200, `{"nodes":[]}`), answer(200, "")} {
		v.set(bad)
		c.Add(20 * time.Minute)
		if _, err := f.Fetch(t.Context(), bitrix.CIS); !errors.Is(err, ErrInvalid) {
			t.Errorf("got %v", err)
		}
		first.Cached = true
		for name, f := range map[string]*Fetcher{"same": f, "next": {Client: v, Dir: dir, Now: c.Now}} {
			got, ok := f.LastGood(bitrix.CIS)
			if diff := cmp.Diff(first, got, comparePrefixes); !ok || diff != "" {
				t.Errorf("%s run: %v (-want +got):\n%s", name, ok, diff)
			}
		}
	}
	// A run that has not read the file fails: the list in it must stay.
	v.set(answer(500, ""))
	c.Add(time.Hour)
	if _, err := (&Fetcher{Client: v, Dir: dir, Now: c.Now}).Fetch(t.Context(), bitrix.CIS); err == nil {
		t.Error("no error")
	}
	if _, ok := (&Fetcher{Dir: dir}).LastGood(bitrix.CIS); !ok {
		t.Error("the last good list is lost")
	}
}

func TestClockSetBack(t *testing.T) {
	v := newVendor(t, answer(200, goodBody))
	c := newClock()
	f := &Fetcher{Client: v, Dir: t.TempDir(), Now: c.Now}
	if _, err := f.Fetch(t.Context(), bitrix.CIS); err != nil {
		t.Fatal(err)
	}
	c.Add(-24 * time.Hour)
	if got, err := f.Fetch(t.Context(), bitrix.CIS); err != nil || got.Cached || !got.Fetched.Equal(c.Now()) {
		t.Errorf("a list from the future is given: %+v, %v", got, err)
	}
	if got, err := f.Fetch(t.Context(), bitrix.CIS); err != nil || !got.Cached {
		t.Errorf("the new list is not: %+v, %v", got, err)
	}
	v.wantAsked(t, 2)
}

func TestCacheFile(t *testing.T) {
	v := newVendor(t, answer(200, goodBody))
	dir := filepath.Join(t.TempDir(), "made", "when needed")
	f := &Fetcher{Client: v, Dir: dir, Now: newClock().Now}
	if _, err := f.Fetch(t.Context(), bitrix.CIS); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "feed-cis.json" {
		t.Errorf("files: %v", entries)
	}
	if info, err := entries[0].Info(); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != fs.FileMode(0o600) {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "feed-cis.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "schema": 1,
 "url": "https://repos.1c-bitrix.ru/webhook/app.json",
 "fetched": "2026-09-01T12:00:00Z",
 "nodes": [
  "203.0.113.10/32",
  "203.0.113.11/32"
 ]
}
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestForeignCacheFile(t *testing.T) {
	const head = `{"schema":1,"url":"https://repos.1c-bitrix.ru/webhook/app.json","fetched":"2026-09-01T12:00:00Z",`
	for name, content := range map[string]string{
		"empty":            "",
		"cut off":          head + `"nodes":["203`,
		"another program":  `[1,2,3]`,
		"no list":          head + `"nodes":null}`,
		"private address":  head + `"nodes":["10.0.0.1/32"]}`,
		"no address":       head + `"nodes":["everybody"]}`,
		"another schema":   strings.Replace(head, ":1,", ":2,", 1) + `"nodes":["203.0.113.1/32"]}`,
		"another address":  strings.Replace(head, "repos", "other", 1) + `"nodes":["203.0.113.1/32"]}`,
		"no time":          `{"schema":1,"url":"https://repos.1c-bitrix.ru/webhook/app.json","nodes":["203.0.113.1/32"]}`,
		"no status":        head + `"refused":{"when":"2026-09-01T12:00:00Z"}}`,
		"binary":           "\x00\x01\x02",
		"larger than read": strings.Repeat(" ", maxCacheBytes) + head + `"nodes":["203.0.113.1/32"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer(200, goodBody))
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "feed-cis.json"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			f := &Fetcher{Client: v, Dir: dir, Now: newClock().Now}
			if got, ok := f.LastGood(bitrix.CIS); ok {
				t.Errorf("taken for a list: %+v", got)
			}
			if got, err := f.Fetch(t.Context(), bitrix.CIS); err != nil || got.Cached {
				t.Errorf("%+v, %v", got, err)
			}
			if got, err := (&Fetcher{Client: v, Dir: dir, Now: newClock().Now}).Fetch(t.Context(), bitrix.CIS); err != nil || !got.Cached {
				t.Errorf("not replaced: %+v, %v", got, err)
			}
			v.wantAsked(t, 1)
		})
	}
}

func TestCacheThatCannotBeWritten(t *testing.T) {
	v := newVendor(t, answer(200, goodBody))
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := &Fetcher{Client: v, Dir: file, Now: newClock().Now} // a file where the folder should be
	for range 2 {
		if got, err := f.Fetch(t.Context(), bitrix.CIS); err != nil || len(got.Nodes) != 2 {
			t.Errorf("%+v, %v", got, err)
		}
	}
	v.wantAsked(t, 1)

	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "feed-cis.json"), 0o700); err != nil { // a folder where the file should be
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "feed-cis.json", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f = &Fetcher{Client: v, Dir: dir, Now: newClock().Now}
	if _, err := f.Fetch(t.Context(), bitrix.CIS); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("temporary files are left: %v", entries)
	}
}

func TestOneRequestForMany(t *testing.T) {
	const callers = 20
	for name, c := range map[string]struct {
		body string
		want error
	}{"good": {goodBody, nil}, "bad": {"<html>", ErrInvalid}} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			v := newVendor(t, func(w http.ResponseWriter, _ *http.Request) {
				<-release
				io.WriteString(w, c.body)
			})
			f := &Fetcher{Client: v, Dir: t.TempDir(), Now: newClock().Now}
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					list, err := f.Fetch(t.Context(), bitrix.CIS)
					if !errors.Is(err, c.want) || err == nil && len(list.Nodes) != 2 {
						t.Errorf("%+v, %v", list, err)
					}
				})
			}
			waitFor(t, func() bool { return f.waiting(bitrix.CIS) == callers })
			close(release)
			wg.Wait()
			v.wantAsked(t, 1)
		})
	}
}

// waiting returns how many callers share the request under way.
func (f *Fetcher) waiting(r bitrix.Region) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.state(r).call; c != nil {
		return c.waiting
	}
	return 0
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited too long")
		}
	}
}

func TestCancelOneOfTwo(t *testing.T) {
	release := make(chan struct{})
	v := newVendor(t, func(w http.ResponseWriter, _ *http.Request) {
		<-release
		io.WriteString(w, goodBody)
	})
	f := &Fetcher{Client: v, Now: newClock().Now}
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := f.Fetch(ctx, bitrix.CIS); first <- err }()
	waitFor(t, func() bool { return f.waiting(bitrix.CIS) == 1 })
	go func() { _, err := f.Fetch(t.Context(), bitrix.CIS); second <- err }()
	waitFor(t, func() bool { return f.waiting(bitrix.CIS) == 2 })
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) || !errors.Is(err, ErrUnreachable) {
		t.Errorf("who left: %v", err)
	}
	close(release)
	if err := <-second; err != nil {
		t.Errorf("who stayed: %v", err)
	}
	v.wantAsked(t, 1)
}

func TestCancelAll(t *testing.T) {
	v := newVendor(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	f := &Fetcher{Client: v, Dir: t.TempDir(), Now: newClock().Now}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := f.Fetch(ctx, bitrix.CIS); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrUnreachable) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if _, err := f.Fetch(ctx, bitrix.CIS); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	v.wantAsked(t, 1)

	v.set(answer(200, goodBody))
	if _, err := f.Fetch(t.Context(), bitrix.CIS); err != nil {
		t.Errorf("after a cancelled one: %v", err)
	}
	// What is in the cache needs no time.
	if got, err := f.Fetch(ctx, bitrix.CIS); err != nil || !got.Cached {
		t.Errorf("from the cache: %+v, %v", got, err)
	}
}

// Whoever comes while an abandoned request is ending must learn whether the
// server had answered it, and not ask a second time within the minute.
func TestCancelWhileReading(t *testing.T) {
	reading := make(chan struct{})
	v := newVendor(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"nodes":[`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ending, release := make(chan struct{}), make(chan struct{})
	f := &Fetcher{Now: newClock().Now, Client: doerFunc(func(r *http.Request) (*http.Response, error) {
		resp, err := v.Do(r)
		if err == nil {
			resp.Body = &slowEnd{ReadCloser: resp.Body, ending: ending, release: release}
			close(reading)
		}
		return resp, err
	})}
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := f.Fetch(ctx, bitrix.CIS); first <- err }()
	<-reading
	waitFor(t, func() bool { return f.waiting(bitrix.CIS) == 1 })
	cancel()
	<-ending
	go func() { _, err := f.Fetch(t.Context(), bitrix.CIS); second <- err }()
	late, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := f.Fetch(late, bitrix.CIS); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who could not wait: %v", err)
	}
	close(release)
	for _, c := range []chan error{first, second} {
		if err := <-c; !errors.Is(err, ErrUnreachable) {
			t.Errorf("got %v", err)
		}
	}
	v.wantAsked(t, 1)
}

// slowEnd is a body that takes its time to be closed.
type slowEnd struct {
	io.ReadCloser
	ending, release chan struct{}
}

func (b *slowEnd) Close() error {
	close(b.ending)
	<-b.release
	return b.ReadCloser.Close()
}

func TestPanicOfTheClient(t *testing.T) {
	calm := false
	f := &Fetcher{Now: newClock().Now, Client: doerFunc(func(*http.Request) (*http.Response, error) {
		if calm {
			return nil, io.EOF
		}
		panic("out of order")
	})}
	if got := flight.Catch(func() { f.Fetch(t.Context(), bitrix.CIS) }); got == nil || got.Value != "out of order" {
		t.Errorf("panic %v", got)
	}
	calm = true
	if _, err := f.Fetch(t.Context(), bitrix.CIS); !errors.Is(err, io.EOF) {
		t.Errorf("afterwards: %v", err)
	}
}

// TestKeepFailures asserts that a server that can't be reached is asked again after a minute only, if that is wanted.
func TestKeepFailures(t *testing.T) {
	for keep, want := range map[bool]int{false: 3, true: 2} {
		c, asked := newClock(), 0
		f := &Fetcher{Now: c.Now, Dir: t.TempDir(), KeepFailures: keep, Client: doerFunc(func(*http.Request) (*http.Response, error) {
			asked++
			return nil, io.EOF
		})}
		for _, pause := range []time.Duration{0, pauseAfter - time.Second, time.Second} {
			c.Add(pause)
			if _, err := f.Fetch(t.Context(), bitrix.CIS); !errors.Is(err, ErrUnreachable) || !errors.Is(err, io.EOF) {
				t.Errorf("keeping failures: %v: %v", keep, err)
			}
		}
		if asked != want {
			t.Errorf("keeping failures: %v: asked %d times, expected %d", keep, asked, want)
		}
		if files, _ := os.ReadDir(f.Dir); len(files) != 0 {
			t.Errorf("an attempt without an answer was written down: %v", files)
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]*Error{
		"fetch u: answer is not a list of addresses: status 503": {Kind: ErrInvalid, URL: "u", Reason: "status 503"},
		"fetch u: answer is not a list of addresses":             {Kind: ErrInvalid, URL: "u"},
		"fetch u: EOF": {Kind: ErrUnreachable, URL: "u", Err: io.EOF},
	} {
		if e.Error() != want {
			t.Errorf("got %q, want %q", e.Error(), want)
		}
	}
	if s := fmt.Sprint(error(&Error{Kind: ErrInvalid, Head: "body"})); strings.Contains(s, "body") {
		t.Errorf("the answer's text is in the message: %q", s)
	}
}
