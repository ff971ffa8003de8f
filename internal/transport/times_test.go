package transport

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestTimes(t *testing.T) {
	// A delay begins after its measurement, so that it isn't shortened on a busy computer.
	const delay = 100 * time.Millisecond
	config := testCA.server("portal.test")
	slowHandshake := func(conn net.Conn, done <-chan struct{}) {
		first := make([]byte, 1)
		if _, err := conn.Read(first); err != nil {
			return
		}
		time.Sleep(delay)
		withTLS(config, serveHTTP(hello))(&tunnel{Conn: conn, in: io.MultiReader(bytes.NewReader(first), conn)}, done)
	}
	slowAnswer := func(wrote <-chan struct{}) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			<-wrote
			time.Sleep(delay)
			hello(w, r)
		}
	}
	slowBody := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		time.Sleep(delay)
	}
	slowName := func(string, dnsmessage.Type) (dnsmessage.RCode, []netip.Addr, bool) {
		time.Sleep(delay / 2) // for each of two questions, one after the other
		return dnsmessage.RCodeSuccess, []netip.Addr{netip.MustParseAddr("127.0.0.1")}, true
	}
	always := func(serve func(net.Conn, <-chan struct{})) func(<-chan struct{}) func(net.Conn, <-chan struct{}) {
		return func(<-chan struct{}) func(net.Conn, <-chan struct{}) { return serve }
	}
	type field func(Times) int64
	for name, c := range map[string]struct {
		serve func(wrote <-chan struct{}) func(net.Conn, <-chan struct{})
		zone  dnsZone
		plain bool
		slow  field
	}{
		"look-up":   {serve: always(withTLS(config, serveHTTP(hello))), zone: slowName, slow: func(t Times) int64 { return t.DNS }},
		"handshake": {serve: always(slowHandshake), slow: func(t Times) int64 { return t.TLS }},
		"answer": {serve: func(wrote <-chan struct{}) func(net.Conn, <-chan struct{}) {
			return withTLS(config, serveHTTP(slowAnswer(wrote)))
		}, slow: func(t Times) int64 { return t.Wait }},
		"answer, plain http": {serve: func(wrote <-chan struct{}) func(net.Conn, <-chan struct{}) { return serveHTTP(slowAnswer(wrote)) }, plain: true, slow: func(t Times) int64 { return t.Wait }},
		"body":               {serve: always(withTLS(config, serveHTTP(slowBody))), slow: func(t Times) int64 { return t.Total }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrote := make(chan struct{})
			addr := listen(t, c.serve(wrote))
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
			request, _ := http.NewRequestWithContext(watch.Watch(closedWhenWritten(t.Context(), wrote), func() { sent++ }), http.MethodGet, address, nil)
			start := time.Now()
			response, err := New(o).HTTPClient().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
			times, took := watch.Stop(), time.Since(start)
			if got := c.slow(times); got < delay.Milliseconds()-1 || got > took.Milliseconds()+1 {
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

// Connecting to a name server is a part of the look-up.
func TestTimesOfLookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var watch Stopwatch
		trace := httptrace.ContextClientTrace(watch.Watch(t.Context(), nil))
		connect := func(d time.Duration) {
			trace.ConnectStart("", "")
			time.Sleep(d)
			trace.ConnectDone("", "", nil)
		}
		trace.DNSStart(httptrace.DNSStartInfo{})
		connect(20 * time.Millisecond)
		time.Sleep(10 * time.Millisecond)
		trace.DNSDone(httptrace.DNSDoneInfo{})
		connect(40 * time.Millisecond)
		if got, want := watch.Stop(), (Times{DNS: 30, Connect: 40, Total: 70}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

// closedWhenWritten closes wrote after traces added to the returned context have seen that the request was written.
func closedWhenWritten(ctx context.Context, wrote chan<- struct{}) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(wrote) }})
}

// If the answer comes before the whole request is written, Wait isn't measured from the zero time.
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
