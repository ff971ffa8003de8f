package transport

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// Times is how long the stages of one request took, in milliseconds. Zero means that the stage did not happen, as on an open
// connection.
type Times struct {
	DNS     int64 `json:"dns,omitempty"`
	Connect int64 `json:"connect,omitempty"`
	TLS     int64 `json:"tls,omitempty"`
	Wait    int64 `json:"wait,omitempty"` // from the request's last byte to the answer's first
	Total   int64 `json:"total"`
}

// Since is the time from start in milliseconds.
func Since(start time.Time) int64 { return time.Since(start).Milliseconds() }

// Stopwatch measures the times of one request. Its hooks may still run after the request has returned.
type Stopwatch struct {
	mu                      sync.Mutex
	start                   time.Time
	dns, connect, tls, wait stageTimer
}

// stageTimer sums the durations of a stage. A stage may happen more than once: a name has several addresses, and net/http reports
// a handshake again for a connection that has finished it already.
type stageTimer struct {
	from  time.Time // zero when the stage isn't running
	total time.Duration
}

func (l *stageTimer) begin() { l.from = time.Now() }

func (l *stageTimer) end() {
	if !l.from.IsZero() {
		l.total += time.Since(l.from)
		l.from = time.Time{}
	}
}

// Watch returns a context that makes net/http report to the stopwatch. sending, if not nil, is called each time
// when a connection is ready and the request is about to be sent on it.
func (s *Stopwatch) Watch(ctx context.Context, sending func()) context.Context {
	s.start = time.Now()
	locked := func(change func()) {
		s.mu.Lock()
		defer s.mu.Unlock()
		change()
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { locked(s.dns.begin) },
		DNSDone:  func(httptrace.DNSDoneInfo) { locked(s.dns.end) },
		ConnectStart: func(string, string) {
			locked(func() {
				if s.dns.from.IsZero() { // otherwise it is Go's resolver that connects to a name server
					s.connect.begin()
				}
			})
		},
		ConnectDone:       func(string, string, error) { locked(s.connect.end) },
		TLSHandshakeStart: func() { locked(s.tls.begin) },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { locked(s.tls.end) },
		GotConn: func(httptrace.GotConnInfo) {
			if sending != nil {
				sending()
			}
			locked(s.wait.begin)
		},
		// An answer may come before the whole request is sent; the stage that begins here then has no end and doesn't count.
		WroteRequest:         func(httptrace.WroteRequestInfo) { locked(s.wait.begin) },
		GotFirstResponseByte: func() { locked(s.wait.end) },
	})
}

// Stop returns the times taken; call it when the answer has been read.
func (s *Stopwatch) Stop() Times {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Times{
		DNS: s.dns.total.Milliseconds(), Connect: s.connect.total.Milliseconds(), TLS: s.tls.total.Milliseconds(),
		Wait: s.wait.total.Milliseconds(), Total: Since(s.start),
	}
}
