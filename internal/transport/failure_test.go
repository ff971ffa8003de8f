package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"boxready/internal/simtest/testenv"

	"golang.org/x/net/dns/dnsmessage"
)

// testTimeout is the time-out of operations that never finish.
const testTimeout = 150 * time.Millisecond

// failureCase is a way in which a request fails.
type failureCase struct {
	serve   func(net.Conn, <-chan struct{}) // serves every connection; nil: refused
	options Options                         // besides that
	address string                          // https://portal.test/ if empty
	cancel  bool                            // after testTimeout, instead of a deadline
	failure Failure
	stage   Stage
}

func failureCases(t *testing.T) map[string]failureCase {
	const plain = "http://portal.test/?code=s3cret"
	secure := func(serve func(net.Conn, <-chan struct{})) func(net.Conn, <-chan struct{}) {
		return withTLS(testCA.server("portal.test"), serve)
	}
	old, private, demanding, silentSuites := testCA.server("portal.test"), newAuthority().server("portal.test"), testCA.server("portal.test"), testCA.server("portal.test")
	old.MaxVersion = tls.VersionTLS11
	old.MinVersion = tls.VersionTLS10
	demanding.ClientAuth, demanding.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
	silentSuites.MaxVersion, silentSuites.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}
	lateDemand := testCA.server("portal.test")
	lateDemand.ClientAuth = tls.RequireAnyClientCert
	asked := func(zone dnsZone) Options { return Options{Resolver: resolver(t, zone)} }
	at := func(addr ...string) Options {
		return Options{Resolver: resolver(t, hosts(map[string][]string{"portal.test": addr}))}
	}
	noRoute := NoRoute
	if !online() {
		noRoute = NoNetwork
	}
	failed := NameFailed
	if !online() {
		failed = NoNetwork
	}
	return map[string]failureCase{
		"name doesn't exist":            {options: asked(always(dnsmessage.RCodeNameError)), failure: NameUnknown, stage: StageDNS},
		"name without addresses":        {options: asked(always(dnsmessage.RCodeSuccess)), failure: NameUnknown, stage: StageDNS},
		"resolver fails":                {options: asked(always(dnsmessage.RCodeServerFailure)), failure: failed, stage: StageDNS},
		"resolver refuses":              {options: asked(always(dnsmessage.RCodeRefused)), failure: failed, stage: StageDNS},
		"resolver is silent":            {options: asked(never), failure: Timeout, stage: StageDNS},
		"resolver is not there":         {options: Options{Resolver: resolverAt(fmt.Sprintf("127.0.0.1:%d", closedPort(t)))}, failure: failed, stage: StageDNS},
		"cancelled at the look-up":      {options: asked(never), cancel: true, failure: Cancelled, stage: StageDNS},
		"port closed":                   {failure: Refused, stage: StageTCP},
		"no route":                      {options: at("224.0.0.1"), failure: noRoute, stage: StageTCP},
		"refused, and no route":         {options: at("127.0.0.1", "224.0.0.1"), address: fmt.Sprintf("https://portal.test:%d/", closedPort(t)), failure: Refused, stage: StageTCP},
		"silent at the handshake":       {serve: silent, failure: Timeout, stage: StageTLS},
		"cancelled at the handshake":    {serve: silent, cancel: true, failure: Cancelled, stage: StageTLS},
		"reset at the handshake":        {serve: reset, failure: Reset, stage: StageTLS},
		"end at the handshake":          {serve: answerWith(""), failure: Closed, stage: StageTLS},
		"HTTP on the TLS port":          {serve: answerWith("HTTP/1.1 400 Bad Request\r\n\r\n"), failure: NotTLS, stage: StageTLS},
		"unknown authority":             {serve: withTLS(private, silent), failure: Certificate, stage: StageTLS},
		"certificate of another name":   {serve: withTLS(testCA.server("other.test"), silent), failure: Certificate, stage: StageTLS},
		"expired certificate":           {serve: withTLS(testCA.serverUntil(time.Now().Add(-time.Minute), "portal.test"), silent), failure: Certificate, stage: StageTLS},
		"TLS 1.1":                       {serve: withTLS(old, silent), failure: TLSFailed, stage: StageTLS},
		"no suite in common":            {serve: withTLS(silentSuites, silent), failure: TLSFailed, stage: StageTLS},
		"client certificate":            {serve: withTLS(demanding, silent), failure: TLSFailed, stage: StageTLS},
		"client certificate in TLS 1.3": {serve: withTLS(lateDemand, silent), failure: TLSFailed, stage: StageHTTP},
		"silent at the answer":          {serve: secure(silent), failure: Timeout, stage: StageHTTP},
		"cancelled at the answer":       {serve: secure(silent), cancel: true, failure: Cancelled, stage: StageHTTP},
		"reset at the answer":           {serve: secure(reset), failure: Reset, stage: StageHTTP},
		"end at the answer":             {serve: secure(answerWith("")), failure: Closed, stage: StageHTTP},
		"end in the header":             {serve: secure(answerWith("HTTP/1.1 200 OK\r\nServer: x\r\n")), failure: Closed, stage: StageHTTP},
		"end in a header's name":        {serve: secure(answerWith("HTTP/1.1 200 OK\r\nServ")), failure: Other, stage: StageHTTP},
		"end in the body":               {serve: secure(answerWith("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")), failure: Closed, stage: StageHTTP},
		"end in a chunk":                {serve: secure(answerWith("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf")), failure: Closed, stage: StageHTTP},
		"not HTTP":                      {serve: secure(answerWith("SSH-2.0-OpenSSH_9.6\r\n")), failure: Other, stage: StageHTTP},
		"header without end":            {serve: secure(flood), failure: Other, stage: StageHTTP},
		"a byte at a time":              {serve: secure(drip("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")), failure: Timeout, stage: StageHTTP},
		"plain, port closed":            {address: plain, failure: Refused, stage: StageTCP},
		"plain, silent":                 {address: plain, serve: silent, failure: Timeout, stage: StageHTTP},
		"plain, TLS only":               {address: plain, serve: withTLS(testCA.server("portal.test"), silent), failure: Closed, stage: StageHTTP},
		"plain, reset":                  {address: plain, serve: reset, failure: Reset, stage: StageHTTP},
		"plain, end":                    {address: plain, serve: answerWith(""), failure: Closed, stage: StageHTTP},
		"plain, name doesn't exist":     {address: plain, options: asked(always(dnsmessage.RCodeNameError)), failure: NameUnknown, stage: StageDNS},
	}
}

// flood is a header without end.
func flood(conn net.Conn, done <-chan struct{}) {
	conn.Read(make([]byte, 1<<10))
	if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n"); err != nil {
		return
	}
	for i := 0; ; i++ {
		if _, err := fmt.Fprintf(conn, "X-%d: %s\r\n", i, strings.Repeat("x", 1000)); err != nil {
			return
		}
	}
}

func drip(text string) func(net.Conn, <-chan struct{}) {
	return func(conn net.Conn, done <-chan struct{}) {
		conn.Read(make([]byte, 1<<10))
		for i := 0; ; i++ {
			if _, err := conn.Write([]byte{text[i%len(text)]}); err != nil {
				return
			}
			select {
			case <-time.After(10 * time.Millisecond):
			case <-done:
				return
			}
		}
	}
}

func TestFailures(t *testing.T) {
	produced := map[Failure]bool{}
	for name, s := range failureCases(t) {
		produced[s.failure] = true
		t.Run(name, func(t *testing.T) {
			if name == "resolver is not there" {
				testenv.NotOnWindows(t, "a closed UDP port isn't reported to Go's programs")
			}
			o := s.options
			o.Roots = testCA.pool()
			switch {
			case s.serve != nil:
				o.ConnectTo = connectTo(listen(t, s.serve))
			case o.Resolver == nil:
				o.ConnectTo = connectTo(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(closedPort(t))))
			}
			if s.address == "" {
				s.address = "https://portal.test/"
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if s.cancel {
				time.AfterFunc(testTimeout, cancel)
			} else if s.failure == Timeout {
				ctx, cancel = context.WithTimeout(ctx, testTimeout)
				defer cancel()
			}
			start := time.Now()
			_, _, err := getIn(ctx, New(o), s.address)
			if got := FailureOf(err); got != s.failure {
				t.Errorf("failure %q, want %q: %v", got, s.failure, err)
			}
			if err != nil && StageOf(err) != s.stage {
				t.Errorf("stage %q, want %q: %v", StageOf(err), s.stage, err)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	// The others have tests of their own below and in proxy_test.go.
	for _, f := range []Failure{Timeout, Cancelled, NameUnknown, Refused, Reset, Closed, Certificate, NotTLS, TLSFailed, Other} {
		if !produced[f] {
			t.Errorf("nothing produced %q", f)
		}
	}
}

// Errors that loopback can't produce, and those of Windows.
func TestFailureOf(t *testing.T) {
	dial := func(number syscall.Errno) error {
		return &url.Error{Op: "Get", URL: "https://portal.test/", Err: atStage(StageTCP, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", number)})}
	}
	noRoute, failed := NoRoute, NameFailed
	if !online() {
		noRoute, failed = NoNetwork, NoNetwork
	}
	for name, c := range map[string]struct {
		err  error
		want Failure
	}{
		"none":                          {nil, ""},
		"host unreachable":              {dial(syscall.EHOSTUNREACH), Unreachable},
		"host down":                     {dial(syscall.EHOSTDOWN), Unreachable},
		"net unreachable":               {dial(syscall.ENETUNREACH), noRoute},
		"net down":                      {dial(syscall.ENETDOWN), noRoute},
		"no IPv6":                       {dial(syscall.EAFNOSUPPORT), noRoute},
		"own firewall":                  {dial(syscall.EPERM), noRoute},
		"timed out":                     {dial(syscall.ETIMEDOUT), Timeout},
		"broken pipe":                   {dial(syscall.EPIPE), Reset},
		"Windows, refused":              {dial(10061), Refused},
		"Windows, reset":                {dial(10054), Reset},
		"Windows, aborted":              {dial(10053), Reset},
		"Windows, timed out":            {dial(10060), Timeout},
		"Windows, net down":             {dial(10050), noRoute},
		"Windows, net unreachable":      {dial(10051), noRoute},
		"Windows, host down":            {dial(10064), Unreachable},
		"Windows, host unreachable":     {dial(10065), Unreachable},
		"Windows, no such address here": {dial(10049), noRoute},
		"Windows, no IPv6":              {dial(10047), noRoute},
		"Windows, own firewall":         {dial(10013), noRoute},
		"too many files":                {dial(syscall.EMFILE), NoFiles},
		"too many files in the system":  {dial(syscall.ENFILE), NoFiles},
		"too many files at the look-up": {&net.DNSError{Err: "dial udp 192.0.2.1:53: socket: too many open files", Name: "portal.test"}, NoFiles},
		"too many files for the proxy":  {&ProxyError{Err: dial(syscall.EMFILE)}, NoFiles},
		"too many files, and refused":   {errors.Join(dial(syscall.ECONNREFUSED), dial(syscall.EMFILE)), NoFiles},
		"no free port":                  {fmt.Errorf("%w: %w", errNoPort, dial(syscall.EADDRNOTAVAIL)), NoPort},
		"no such address here":          {dial(syscall.EADDRNOTAVAIL), noRoute},
		"no memory":                     {dial(syscall.ENOMEM), NoMemory},
		"no buffers":                    {dial(syscall.ENOBUFS), NoMemory},
		"Windows, too many sockets":     {dial(10024), NoFiles},
		"Windows, no free port":         {dial(10048), NoPort},
		"Windows, no buffers":           {dial(10055), NoMemory},
		"unknown number":                {dial(4242), Other},
		"name look-up timed out":        {&net.DNSError{Err: "i/o timeout", IsTimeout: true}, failed},
		"all addresses: refused counts": {errors.Join(dial(syscall.ENETUNREACH), dial(syscall.ECONNREFUSED)), Refused},
		"kept connection closed":        {&url.Error{Op: "Post", URL: "https://portal.test/", Err: errors.New("http: server closed idle connection")}, Closed},
		"used after its end":            {net.ErrClosed, Closed},
		"wrong name":                    {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}, Certificate},
		"something":                     {errors.New("something"), Other},
	} {
		t.Run(name, func(t *testing.T) {
			if got := FailureOf(c.err); got != c.want {
				t.Errorf("FailureOf = %q, want %q", got, c.want)
			}
		})
	}
}

// The error has only its text. It occurs when the connection ends after net/http has chosen it.
func TestClosedIdle(t *testing.T) {
	var watch Stopwatch
	ctx := watch.Watch(t.Context(), func() { time.Sleep(testTimeout) })
	request, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://portal.test/", strings.NewReader("a=b"))
	response, err := New(Options{ConnectTo: connectTo(listen(t, closeAtOnce))}).HTTPClient().Do(request)
	if err == nil {
		response.Body.Close()
		t.Fatal("an answer")
	}
	if FailureOf(err) != Closed || !closedIdle(err) {
		t.Errorf("failure %q: %v", FailureOf(err), err)
	}
}

// TestRouterRefuses asserts that a router's error isn't taken for a missing local route.
func TestRouterRefuses(t *testing.T) {
	for _, said := range []error{syscall.ENETUNREACH, syscall.EACCES} {
		if got := FailureOf(atStage(StageTCP, fmt.Errorf("%w: %w", errByRouter, said))); got != Unreachable {
			t.Errorf("%v of a router is %q", said, got)
		}
	}
	for address, want := range map[string]bool{"127.0.0.1:443": true, "224.0.0.1:443": false} {
		if got := hasRoute(netip.MustParseAddrPort(address)); got != want {
			t.Errorf("a route to %s: %t", address, got)
		}
	}
}
