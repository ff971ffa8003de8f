package transport

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestTimes(t *testing.T) {
	const delay = 500 * time.Millisecond // long, so that a busy computer stays within the 30 %
	wait := func(conn net.Conn, next func(net.Conn, <-chan struct{}), done <-chan struct{}) {
		time.Sleep(delay)
		next(conn, done)
	}
	slowAnswer := func(w http.ResponseWriter, r *http.Request) { time.Sleep(delay); hello(w, r) }
	slowBody := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		time.Sleep(delay)
	}
	slowName := func(string, dnsmessage.Type) (dnsmessage.RCode, []netip.Addr, bool) {
		time.Sleep(delay / 2) // for each of two questions, one after the other
		return dnsmessage.RCodeSuccess, []netip.Addr{netip.MustParseAddr("127.0.0.1")}, true
	}
	config := testCA.server("portal.test")
	type field func(Times) int64
	for name, c := range map[string]struct {
		serve func(net.Conn, <-chan struct{})
		zone  dnsZone
		plain bool
		slow  field
	}{
		"look-up":            {serve: withTLS(config, serveHTTP(hello)), zone: slowName, slow: func(t Times) int64 { return t.DNS }},
		"handshake":          {serve: func(c net.Conn, d <-chan struct{}) { wait(c, withTLS(config, serveHTTP(hello)), d) }, slow: func(t Times) int64 { return t.TLS }},
		"answer":             {serve: withTLS(config, serveHTTP(slowAnswer)), slow: func(t Times) int64 { return t.Wait }},
		"answer, plain http": {serve: serveHTTP(slowAnswer), plain: true, slow: func(t Times) int64 { return t.Wait }},
		"body":               {serve: withTLS(config, serveHTTP(slowBody)), slow: func(t Times) int64 { return t.Total }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := listen(t, c.serve)
			o := Options{Roots: testCA.pool(), ConnectTo: connectTo(addr)}
			if c.zone != nil {
				o.ConnectTo = []Override{{Host: "portal.test", Addr: "front.test", AddrPort: int(addr.Port())}}
				o.Resolver = resolver(t, c.zone)
			}
			address := "https://portal.test/"
			if c.plain {
				address = "http://portal.test/"
			}
			var watch Stopwatch
			sent := 0
			request, _ := http.NewRequestWithContext(watch.Watch(t.Context(), func() { sent++ }), http.MethodGet, address, nil)
			start := time.Now()
			response, err := New(o).HTTPClient().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
			times, took := watch.Stop(), time.Since(start)
			if got := c.slow(times); got < 7*delay.Milliseconds()/10 || got > took.Milliseconds()+1 {
				t.Errorf("%d ms, want about %v, in all it took %v: %+v", got, delay, took, times)
			}
			if sum := times.DNS + times.Connect + times.TLS + times.Wait; sum > times.Total+1 {
				t.Errorf("%d ms in all stages: %+v", sum, times)
			}
			if sent != 1 {
				t.Errorf("sent %d times", sent)
			}
		})
	}
}

// An answer may come before the request is out; there is no time from zero then.
func TestTimesOfEarlyAnswer(t *testing.T) {
	addr := listen(t, func(conn net.Conn, done <-chan struct{}) {
		conn.Read(make([]byte, 1<<10))
		io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
		<-done
	})
	var watch Stopwatch
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	request, _ := http.NewRequestWithContext(watch.Watch(ctx, nil), http.MethodPost, "http://portal.test/", io.LimitReader(endless{}, 64<<20))
	response, err := New(Options{ConnectTo: connectTo(addr)}).HTTPClient().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if times := watch.Stop(); times.Wait > times.Total {
		t.Errorf("%+v", times)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return copy(b, strings.Repeat("x", len(b))), nil }
