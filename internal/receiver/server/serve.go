package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Limits for clients that are slow, send much or hold many connections.
const (
	headerTimeout     = 5 * time.Second
	requestTimeout    = 10 * time.Second
	idleTimeout       = 30 * time.Second
	maxHeader         = 8 << 10
	maxConns          = 2000
	maxConnsPerSource = 50 // of one address, except trusted proxies
	shutdownTimeout   = 5 * time.Second
)

// Serve answers on ln until ctx is done, over TLS if config isn't nil, and closes ln. It returns nil when it was asked to end.
func (s *Server) Serve(ctx context.Context, ln net.Listener, config *tls.Config) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, DisableGeneralOptionsHandler: true,
		ErrorLog: log.New(io.Discard, "", 0), // it would quote untrusted input
	}
	// The queue and proxies need HTTP/1 only.
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	ln = &limitedListener{Listener: ln, exempt: s.trusted, open: map[source]int{}}
	if config != nil {
		ln = tls.NewListener(ln, config)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	tick := time.NewTicker(cleanupInterval)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("serve: %w", err)
		case <-tick.C:
			s.cleanUp()
		case <-ctx.Done():
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
			defer cancel()
			if err := server.Shutdown(grace); err != nil {
				_ = server.Close()
			}
			if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve: %w", err)
			}
			return nil
		}
	}
}

// cleanUp removes what has expired, and logs in one line how many requests were refused: a line for each would let anybody fill
// the disk.
func (s *Server) cleanUp() {
	now := s.o.Now()
	s.mu.Lock()
	s.removeExpired(now)
	open := len(s.boxes)
	s.mu.Unlock()
	s.limit.mu.Lock()
	s.limit.forgetIdle(now)
	s.limit.mu.Unlock()
	if n := s.refused.Swap(0); n > 0 {
		s.o.Log.Info("requests refused", "number", n, "mailboxes", open)
	}
}

// limitedListener is a listener that limits the number of connections, in all and for each address. One too many is closed at once.
type limitedListener struct {
	net.Listener
	exempt func(netip.Addr) bool

	mu    sync.Mutex
	total int
	open  map[source]int
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
		addr := from.Addr().Unmap()
		if l.acquire(addr) {
			return &countedConn{Conn: conn, release: sync.OnceFunc(func() { l.release(addr) })}, nil
		}
		_ = conn.Close()
	}
}

func (l *limitedListener) acquire(addr netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	sources := sourcesOf(addr)
	full := func(s source) bool { return l.open[s] >= maxConnsPerSource*s.share }
	if l.total >= maxConns || slices.ContainsFunc(sources, full) && !l.exempt(addr) {
		return false
	}
	l.total++
	for _, s := range sources {
		l.open[s]++
	}
	return true
}

func (l *limitedListener) release(addr netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	for _, s := range sourcesOf(addr) {
		if l.open[s]--; l.open[s] == 0 {
			delete(l.open, s)
		}
	}
}

type countedConn struct {
	net.Conn
	release func()
}

func (c *countedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
