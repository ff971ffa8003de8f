package transport

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// Times is how long the stages of one request took, in milliseconds. Zero means that the stage did not happen, as on a
// connection that was open already.
type Times struct {
	DNS     int64 `json:"dns,omitempty"`
	Connect int64 `json:"connect,omitempty"`
	TLS     int64 `json:"tls,omitempty"`
	Wait    int64 `json:"wait,omitempty"` // from the request's last byte to the answer's first
	Total   int64 `json:"total"`
}

// Since is the time from start in milliseconds.
func Since(start time.Time) int64 { return time.Since(start).Milliseconds() }

// Stopwatch takes the times of one request. Its hooks may still run when the request has returned.
type Stopwatch struct {
	mu                              sync.Mutex
	start, dns, connect, tls, wrote time.Time
	times                           Times
	connections                     int
}

// Watch returns a context that makes net/http report to the stopwatch. again, if not nil, is called before the request
// goes out on its second and any later connection, that is when net/http repeats it on its own.
func (s *Stopwatch) Watch(ctx context.Context, again func()) context.Context {
	s.start = time.Now()
	mark := func(t *time.Time) func() {
		return func() { s.mu.Lock(); *t = time.Now(); s.mu.Unlock() }
	}
	take := func(from *time.Time, into *int64) {
		s.mu.Lock()
		*into = Since(*from)
		s.mu.Unlock()
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { mark(&s.dns)() },
		DNSDone:           func(httptrace.DNSDoneInfo) { take(&s.dns, &s.times.DNS) },
		ConnectStart:      func(string, string) { mark(&s.connect)() },
		ConnectDone:       func(string, string, error) { take(&s.connect, &s.times.Connect) },
		TLSHandshakeStart: mark(&s.tls),
		TLSHandshakeDone:  func(tls.ConnectionState, error) { take(&s.tls, &s.times.TLS) },
		GotConn: func(httptrace.GotConnInfo) {
			s.mu.Lock()
			s.connections++
			repeated := s.connections > 1
			s.mu.Unlock()
			if repeated && again != nil {
				again()
			}
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { mark(&s.wrote)() },
		GotFirstResponseByte: func() { take(&s.wrote, &s.times.Wait) },
	})
}

// Stop returns the times taken; call it when the answer has been read.
func (s *Stopwatch) Stop() Times {
	s.mu.Lock()
	defer s.mu.Unlock()
	times := s.times
	times.Total = Since(s.start)
	return times
}
