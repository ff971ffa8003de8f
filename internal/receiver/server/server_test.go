package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"boxready/internal/receiver"
	"boxready/internal/simtest/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.M{M: m}) }

const public = "https://events.example"

// clock is one that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// testServer is a server and its clients, without a network.
type testServer struct {
	t     *testing.T
	clock *clock
	log   *bytes.Buffer
	*Server
}

func newTestServer(t *testing.T, change ...func(*Options)) *testServer {
	t.Helper()
	h := &testServer{t: t, clock: &clock{now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}, log: &bytes.Buffer{}}
	o := Options{Public: public, Now: h.clock.Now, Log: slog.New(slog.NewTextHandler(&locked{w: h.log}, nil)), Queue: func(a netip.Addr) receiver.Listing {
		if a == netip.MustParseAddr("198.51.100.21") {
			return receiver.Listed
		}
		return receiver.Unlisted
	}}
	for _, c := range change {
		c(&o)
	}
	var err error
	if h.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	return h
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// clientTransport sends requests to the server from an address.
type clientTransport struct {
	*testServer
	address string
}

func (f clientTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(f.address), 40000).String()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result(), nil
}

func (h *testServer) client(address string) *receiver.Client {
	return &receiver.Client{HTTP: &http.Client{Transport: clientTransport{h, address}}, Public: public}
}

func (h *testServer) open(nonce string) *receiver.Opened {
	h.t.Helper()
	m, err := h.client("192.0.2.1").Open(h.t.Context(), nonce)
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

func (h *testServer) read(m *receiver.Opened) receiver.Mail {
	h.t.Helper()
	mail, err := h.client("192.0.2.1").Read(h.t.Context(), m)
	if err != nil {
		h.t.Fatal(err)
	}
	return mail
}

// send is the queue.
func (h *testServer) send(address, kind, body string) int {
	h.t.Helper()
	response, err := (&http.Client{Transport: clientTransport{h, "198.51.100.21"}}).Post(address, kind, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	return response.StatusCode
}

const form = "application/x-www-form-urlencoded"

func event(nonce, token string) string {
	return url.Values{"event": {"ONAPPTEST"}, "event_handler_id": {"12"}, "data[QUERY][boxready]": {nonce}, "data[LANGUAGE_ID]": {"ru"}, "ts": {"1764072000"},
		"auth[access_token]": {token}, "auth[application_token]": {"app" + token}, "auth[domain]": {"portal.example"}}.Encode()
}

func TestMail(t *testing.T) {
	h := newTestServer(t)
	m := h.open("nonce")
	if got := h.read(m); got != (receiver.Mail{}) {
		t.Errorf("a new mailbox holds %+v", got)
	}
	for _, step := range []struct {
		what   string
		kind   string
		body   string
		status int
		want   receiver.Mail
	}{
		{"another event", form, event("another", "t1"), 200, receiver.Mail{Others: 1}},
		{"no nonce", form, "event=ONAPPTEST", 200, receiver.Mail{Others: 2}},
		{"JSON", "application/json", `{"event":"ONAPPTEST"}`, 415, receiver.Mail{Others: 2, Refused: 1}},
		{"too big", form, strings.Repeat("x", maxBody+1), 413, receiver.Mail{Others: 2, Refused: 2}},
		{"the one", form + "; charset=UTF-8", event("nonce", "t2"), 200, receiver.Mail{Event: &receiver.Event{Queue: receiver.Listed}, Others: 2, Refused: 2}},
		{"the same again", form, event("nonce", "t2"), 200, receiver.Mail{Event: &receiver.Event{Queue: receiver.Listed}, Copies: 1, Others: 2, Refused: 2}},
		{"a forged one", form, event("nonce", "t3"), 200, receiver.Mail{Event: &receiver.Event{Queue: receiver.Listed}, Copies: 1, Others: 3, Refused: 2}},
		{"the biggest", form, event("x", "t") + "&" + strings.Repeat("y", maxBody-1-len(event("x", "t"))), 200, receiver.Mail{Event: &receiver.Event{Queue: receiver.Listed}, Copies: 1, Others: 4, Refused: 2}},
	} {
		if status := h.send(m.Address, step.kind, step.body); status != step.status {
			t.Errorf("%s: status %d, expected %d", step.what, status, step.status)
		}
		got := h.read(m)
		if e := got.Event; e != nil {
			if e.From.String() != "198.51.100.21" || e.AgeMS != 0 || e.Queue != step.want.Event.Queue {
				t.Errorf("%s: %+v", step.what, e)
			}
			got.Event = step.want.Event
		}
		if got != step.want {
			t.Errorf("%s: %+v, expected %+v", step.what, got, step.want)
		}
	}
	h.clock.advance(1500 * time.Millisecond)
	if got := h.read(m); got.Event.AgeMS != 1500 {
		t.Errorf("age %d", got.Event.AgeMS)
	}
	c := h.client("192.0.2.1")
	if err := c.Close(t.Context(), m); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(t.Context(), m); !errors.Is(err, receiver.ErrForgotten) {
		t.Errorf("a closed mailbox: %v", err)
	}
	if status := h.send(m.Address, form, event("nonce", "t2")); status != 404 {
		t.Errorf("a closed mailbox takes events: %d", status)
	}
}

func TestMailboxesExpire(t *testing.T) {
	h := newTestServer(t)
	m, key := h.open("nonce"), h.open("other").Key
	c := h.client("192.0.2.1")
	if _, err := c.Read(t.Context(), &receiver.Opened{ID: m.ID, Key: key}); !errors.Is(err, receiver.ErrForgotten) {
		t.Errorf("another's key: %v", err)
	}
	if status := h.send(receiver.MailboxAddress(public, "boxready-"+strings.Repeat("a", 26)), form, event("nonce", "t")); status != 404 {
		t.Errorf("a wrong mailbox: %d", status)
	}
	h.clock.advance(defaultLifetime - time.Millisecond)
	h.read(m)
	h.clock.advance(time.Millisecond)
	if _, err := c.Read(t.Context(), m); !errors.Is(err, receiver.ErrForgotten) {
		t.Errorf("after its time: %v", err)
	}
	h.cleanUp()
	if len(h.boxes)+len(h.order) != 0 {
		t.Errorf("%d mailboxes, %d in order are kept", len(h.boxes), len(h.order))
	}
	// A restart loses the mailboxes, and nothing else.
	m = h.open("nonce")
	again := newTestServer(t)
	if _, err := again.client("192.0.2.1").Read(t.Context(), m); !errors.Is(err, receiver.ErrForgotten) {
		t.Errorf("after a restart: %v", err)
	}
	again.send(again.open("nonce").Address, form, event("nonce", "t"))
	if h.hashOf("t") == again.hashOf("t") {
		t.Error("two processes have the same key")
	}
}

func (h *testServer) hashOf(s string) string {
	sum := h.hash([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestTooManyDeliveries(t *testing.T) {
	h := newTestServer(t)
	m := h.open("nonce")
	h.send(m.Address, form, event("nonce", "t"))
	for range maxDeliveries - 1 {
		h.send(m.Address, form, event("x", "t"))
	}
	if status := h.send(m.Address, form, event("nonce", "t")); status != 429 {
		t.Errorf("status %d", status)
	}
	if got := h.read(m); got.Event == nil || got.Others != maxDeliveries-1 {
		t.Errorf("%+v", got)
	}
	for range 10 {
		h.send(m.Address+"x", form, event("nonce", "t"))
	}
	h.cleanUp()
	if lines := strings.Count(h.log.String(), "\n"); lines != 3 {
		t.Errorf("%d lines in the log for a mailbox, an event and much noise:\n%s", lines, h.log)
	}
}

// TestManyMailboxes fills the service, has an event come to each mailbox, and asserts that memory stays flat.
func TestManyMailboxes(t *testing.T) {
	h := newTestServer(t, func(o *Options) { o.Log = nil })
	source := func(i int) string { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String() }
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var all []*receiver.Opened
	for i := range defaultMailboxes {
		h.clock.advance(time.Millisecond)
		m, err := h.client(source(i)).Open(t.Context(), "nonce")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	newest, err := h.client(source(defaultMailboxes)).Open(t.Context(), "nonce")
	if err != nil {
		t.Fatalf("the oldest, to which nothing was sent, doesn't make room: %v", err)
	}
	if _, err := h.client("192.0.2.1").Read(t.Context(), all[0]); !errors.Is(err, receiver.ErrForgotten) {
		t.Errorf("the oldest: %v", err)
	}
	all[0] = newest
	full := heap()
	body := event("nonce", "t") + "&pad=" + strings.Repeat("x", 32<<10)
	for _, m := range all {
		if h.clock.advance(time.Millisecond); h.send(m.Address, form, body) != 200 {
			t.Fatal("an event isn't taken")
		}
	}
	if _, err := h.client("192.0.2.2").Open(t.Context(), "nonce"); !errors.Is(err, receiver.ErrBusy) {
		t.Errorf("one more than are in use: %v", err)
	}
	if grown := int64(heap()) - int64(full); grown > 2<<20 {
		t.Errorf("%d KiB more after an event for each", grown>>10)
	}
	if used := (full - min(before, full)) >> 20; used > 32 {
		t.Errorf("%d mailboxes take %d MiB", defaultMailboxes, used)
	}
	for i := range 2 * defaultMailboxes { // come and go
		h.clock.advance(20 * time.Millisecond)
		m := &all[i*7%defaultMailboxes]
		c := h.client(source(i % 5000))
		if err := c.Close(t.Context(), *m); err != nil {
			t.Fatal(err)
		}
		var err error
		if *m, err = c.Open(t.Context(), "nonce"); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.order) > 2*len(h.boxes)+64 {
		t.Errorf("%d are remembered for %d mailboxes", len(h.order), len(h.boxes))
	}
	h.clock.advance(defaultLifetime + sourceIdle + time.Minute)
	h.cleanUp()
	all = nil
	if left := int64(heap()) - int64(before); left > 4<<20 {
		t.Errorf("%d KiB are left when all is over", left>>10)
	}
	runtime.KeepAlive(h)
}

// TestNoSourceFillsTheService has one source, of one address or of a whole site, do what it likes: others keep what they opened and get
// more, and what is counted stays true.
func TestNoSourceFillsTheService(t *testing.T) {
	const all, each = 60, 5
	for name, hostile := range map[string]func(*mathrand.Rand) netip.Addr{
		"one address": func(*mathrand.Rand) netip.Addr { return netip.MustParseAddr("192.0.2.1") },
		"one network": func(r *mathrand.Rand) netip.Addr {
			return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(r.Uint32()), 9: byte(r.Uint32())})
		},
		"one site": func(r *mathrand.Rand) netip.Addr {
			return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 6: byte(r.Uint32()), 7: byte(r.Uint32()), 15: byte(r.Uint32())})
		},
	} {
		for seed := range uint64(10) {
			r := mathrand.New(mathrand.NewPCG(seed, 1))
			h := newTestServer(t, func(o *Options) { o.Log, o.Mailboxes, o.PerSource = nil, all, each })
			made := 0
			open := func(owner netip.Addr) *mailbox {
				made++
				h.clock.advance(time.Millisecond)
				b := &mailbox{id: sha256.Sum256(fmt.Append(nil, made)), created: h.clock.Now(), owner: owner}
				if !h.add(b) {
					return nil
				}
				return b
			}
			var honest, theirs []*mailbox
			for range 500 {
				switch n := r.IntN(10); {
				case n == 0 && len(honest) < all/2:
					b := open(netip.AddrFrom4([4]byte{10, 0, 0, byte(len(honest))}))
					if b == nil {
						t.Fatalf("%s: nobody else gets in", name)
					}
					honest = append(honest, b)
				case n == 1 && len(theirs) > 0:
					theirs[r.IntN(len(theirs))].deliveries++
				case n == 2 && len(theirs) > 0:
					h.remove(theirs[r.IntN(len(theirs))])
				default:
					if b := open(hostile(r)); b != nil {
						theirs = append(theirs, b)
					}
				}
				counted := map[source]int{}
				for _, b := range h.boxes {
					for _, s := range sourcesOf(b.owner) {
						counted[s]++
					}
				}
				if !maps.Equal(counted, h.opened) || len(h.boxes) > all {
					t.Fatalf("%s: %v are counted as %v", name, counted, h.opened)
				}
				for s, n := range counted {
					if n > each*s.share {
						t.Fatalf("%s: %v has %d", name, s, n)
					}
				}
				for _, b := range honest {
					if b.closed {
						t.Fatalf("%s: somebody else's mailbox made room", name)
					}
				}
			}
		}
	}
}

func TestRateLimits(t *testing.T) {
	h := newTestServer(t)
	count := func(address string, ask func(c *receiver.Client) error) (n int) {
		for ; n < 500; n++ {
			if errors.Is(ask(h.client(address)), receiver.ErrBusy) {
				return n
			}
		}
		return n
	}
	open := func(c *receiver.Client) error { _, err := c.Open(t.Context(), "nonce"); return err }
	m := h.open("nonce")
	look := func(c *receiver.Client) error { _, err := c.Read(t.Context(), m); return err }
	for _, c := range []struct {
		name, address string
		ask           func(*receiver.Client) error
		want          int
	}{
		{"mailboxes", "192.0.2.9", open, mailboxBurst},
		{"others still get some", "192.0.2.10", open, mailboxBurst},
		{"questions", "192.0.2.11", look, sourceBurst},
		{"of IPv6", "2001:db8::1", look, sourceBurst},
		{"of the same network", "2001:db8::ffff:1", look, 0},
		{"of the next", "2001:db8:0:1::1", look, sourceBurst},
		{"of the third", "2001:db8:0:2::1", look, sourceBurst},
		{"of the fourth", "2001:db8:0:3::1", look, sourceBurst},
		{"of the same site", "2001:db8:0:4::1", look, 0},
		{"of another site", "2001:db8:1::1", look, sourceBurst},
		{"of the queue", "198.51.100.21", look, 500},
	} {
		if n := count(c.address, c.ask); n != c.want {
			t.Errorf("%s: %d, expected %d", c.name, n, c.want)
		}
	}
	h.clock.advance(mailboxInterval)
	if n := count("192.0.2.9", open); n != 1 {
		t.Errorf("%d mailboxes after %s", n, mailboxInterval)
	}
	h.clock.advance(time.Minute)
	if n := count("198.51.100.21", look) + count("192.0.2.77", look) + count("192.0.2.78", look); n > totalBurst {
		t.Errorf("%d altogether", n)
	}
	h.clock.advance(time.Hour)
	for i := range maxSources + 5000 {
		h.clock.advance(time.Millisecond)
		_ = look(h.client(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String()))
	}
	if n := len(h.limit.sources); n > maxSources {
		t.Errorf("%d sources are remembered", n)
	}
}

func TestSource(t *testing.T) {
	h := newTestServer(t, func(o *Options) {
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
	for name, c := range map[string]struct {
		peer string
		said []string
		want string
	}{
		"no header":               {"192.0.2.1:1", nil, "192.0.2.1"},
		"an untrusted client":     {"192.0.2.1:1", []string{"198.51.100.21"}, "192.0.2.1"},
		"the proxy":               {"10.0.0.1:1", []string{"198.51.100.21"}, "198.51.100.21"},
		"the proxy, of IPv6":      {"[::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		"an IPv4 address in IPv6": {"[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.21"}, "198.51.100.21"},
		"two proxies":             {"10.0.0.1:1", []string{"198.51.100.21, 10.0.0.2"}, "198.51.100.21"},
		"two headers":             {"10.0.0.1:1", []string{"203.0.113.9", "198.51.100.21"}, "198.51.100.21"},
		"a forged list":           {"10.0.0.1:1", []string{"198.51.100.21, 192.0.2.7"}, "192.0.2.7"},
		"rubbish":                 {"10.0.0.1:1", []string{"198.51.100.21, x"}, "10.0.0.1"},
		"the proxy itself":        {"10.0.0.1:1", nil, "10.0.0.1"},
		"empty":                   {"10.0.0.1:1", []string{""}, "10.0.0.1"},
		"with a zone":             {"10.0.0.1:1", []string{"fe80::1%eth0"}, "fe80::1"},
		"no address at all":       {"@", []string{"198.51.100.21"}, "invalid IP"},
	} {
		if got := h.source(&http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.said}}); got.String() != c.want {
			t.Errorf("%s: %s, expected %s", name, got, c.want)
		}
	}
}

// oddToken is one of characters that have to be written differently nearly everywhere.
func oddToken() string { return rand.Text() + `+/=%&"<>\~'#?.;: ` + rand.Text() }

// TestNoTokenIsKept sends tokens in every way that somebody may, and looks for them in all that comes out: answers, the log, files.
func TestNoTokenIsKept(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Chdir(folder)
	h := newTestServer(t)
	var tokens []string
	var said bytes.Buffer
	tell := func(r *http.Request) {
		response, err := clientTransport{h, "198.51.100.21"}.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&said, response.StatusCode, response.Header)
		_, _ = io.Copy(&said, response.Body)
	}
	m := h.open("nonce")
	for i := range 20 {
		token := oddToken()
		if i%2 == 0 {
			b := make([]byte, 35)
			_, _ = rand.Read(b)
			token = hex.EncodeToString(b)
		}
		tokens = append(tokens, token)
		address := m.Address
		if i%5 == 4 {
			address += "x" // wrong mailbox
		}
		post := func(url, kind, body string) *http.Request {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", kind)
			return r
		}
		tell(post(address, form, event("nonce", token)))
		tell(post(address, form, event(token, token)))
		tell(post(address, "application/json", `{"auth":"`+token+`"}`))
		tell(post(address+"?auth="+url.QueryEscape(token), form, event("x", token)))
		tell(post(public+"/mailbox/"+url.PathEscape(token), form, event("x", token)))
		tell(post(public+receiver.MailboxesPath, form, "expect="+url.QueryEscape(token)))
		with := post(public+receiver.MailboxesPath+"/"+m.ID, form, "")
		with.Method = http.MethodGet
		with.Header.Set("Authorization", "Bearer "+token)
		with.Header.Set("Cookie", token)
		with.Header.Set("X-Forwarded-For", token)
		with.Header.Set("User-Agent", token)
		tell(with)
		big := post(address, form, event("x", token)+strings.Repeat("x", maxBody))
		tell(big)
	}
	mail, err := h.client("192.0.2.1").Read(t.Context(), m)
	fmt.Fprintf(&said, "%+v %v %+v", mail, err, mail.Event)
	h.cleanUp()
	said.Write(h.log.Bytes())
	if !strings.Contains(said.String(), "event arrived") || !strings.Contains(said.String(), "requests refused") {
		t.Fatal("nothing was logged")
	}
	err = filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if path != folder {
			t.Errorf("a file was written: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	text := said.String()
	for _, token := range tokens {
		for _, half := range []string{token[:len(token)/2], token[len(token)/2:]} {
			for _, way := range []string{half, url.QueryEscape(half), url.PathEscape(half), hex.EncodeToString([]byte(half))} {
				if strings.Contains(text, way) {
					t.Fatalf("%q was said", way)
				}
			}
		}
	}
	if strings.Contains(h.log.String(), m.ID) || strings.Contains(h.log.String(), m.Key.Reveal()) {
		t.Error("a mailbox's name is in the log")
	}
}

// TestFormIsCleared asserts that what was read of an event is cleared from memory.
func TestFormIsCleared(t *testing.T) {
	body := []byte(event("nonce", "token-of-the-event"))
	fields := values(body, nonceKey, tokenKey)
	if string(fields[0]) != "nonce" || string(fields[1]) != "token-of-the-event" {
		t.Fatalf("%q", fields)
	}
	clear(body)
	if bytes.Contains(fields[1], []byte("token")) {
		t.Error("the token was copied")
	}
}

func TestConcurrentClients(t *testing.T) {
	h := newTestServer(t, func(o *Options) { o.Mailboxes = 50 })
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			c := h.client(fmt.Sprintf("192.0.2.%d", i))
			for n := range 20 {
				m, err := c.Open(context.Background(), "nonce")
				if err != nil {
					continue
				}
				h.send(m.Address, form, event("nonce", fmt.Sprint(n)))
				if mail, err := c.Read(context.Background(), m); err != nil || mail.Event == nil {
					t.Errorf("%+v, %v", mail, err)
				}
				if n%2 == 0 {
					_ = c.Close(context.Background(), m)
				}
				h.clock.advance(time.Second)
				h.cleanUp()
			}
		})
	}
	wg.Wait()
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"", "a=1", "expect=%41+b&expect=c", "data%5BQUERY%5D%5Bboxready%5D=x&auth[access_token]=%zz", "&&=&a", "%65xpect=1", "expect", "expect=%2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		want, err := url.ParseQuery(string(body))
		got := values(bytes.Clone(body), "expect", nonceKey, tokenKey)
		if err != nil {
			return // what is escaped wrongly stays as it is
		}
		for i, key := range []string{"expect", nonceKey, tokenKey} {
			if (got[i] == nil) != (want[key] == nil) || got[i] != nil && string(got[i]) != want[key][0] {
				t.Errorf("%q: %s is %q, expected %q", body, key, got[i], want[key])
			}
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add("POST", "/mailbox/x", form, []byte("a=b"))
	f.Add("GET", "/v1/mailboxes/..", "", []byte(nil))
	f.Fuzz(func(t *testing.T, method, path, kind string, body []byte) {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		s, err := New(Options{Public: public})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, &http.Request{Method: method, URL: u, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), RemoteAddr: "192.0.2.1:1"})
		if !slices.Contains([]int{200, 201, 400, 404, 405, 413, 415}, w.Code) || w.Header().Get("Location") != "" {
			t.Errorf("%s %s: %d %v", method, path, w.Code, w.Header())
		}
	})
}
