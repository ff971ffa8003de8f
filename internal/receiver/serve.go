package receiver

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
	"sync"
	"time"
)

// Who is slow, says much or holds many connections isn't waited for.
const (
	headerTimeout  = 5 * time.Second
	requestTimeOut = 10 * time.Second
	idleTimeout    = 30 * time.Second
	maxHeader      = 8 << 10
	maxConns       = 2000
	maxConnsEach   = 50 // of one address, but for proxies that are believed
	goodbye        = 5 * time.Second
)

// Serve answers on ln until ctx is done, over TLS if config isn't nil, and closes ln. It returns nil when it was asked to end.
func (s *Server) Serve(ctx context.Context, ln net.Listener, config *tls.Config) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeOut, WriteTimeout: requestTimeOut, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, DisableGeneralOptionsHandler: true,
		ErrorLog: log.New(io.Discard, "", 0), // it quotes strangers
	}
	// HTTP/1 is all that the queue and proxies need.
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	ln = &fewConns{Listener: ln, exempt: s.believed, open: map[netip.Prefix]int{}}
	if config != nil {
		ln = tls.NewListener(ln, config)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("serve: %w", err)
		case <-tick.C:
			s.keepHouse()
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
			defer cancel()
			if err := server.Shutdown(last); err != nil {
				_ = server.Close()
			}
			if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve: %w", err)
			}
			return nil
		}
	}
}

// keepHouse forgets what is over, and says in one line what was refused: a line for each would let anybody fill the disk.
func (s *Server) keepHouse() {
	now := s.o.Now()
	s.mu.Lock()
	s.tidy(now)
	open := len(s.boxes)
	s.mu.Unlock()
	s.limit.mu.Lock()
	s.limit.tidy(now)
	s.limit.mu.Unlock()
	if n := s.refused.Swap(0); n > 0 {
		s.o.Log.Info("requests refused", "number", n, "mailboxes", open)
	}
}

// fewConns is a listener whose connections are limited, altogether and for each address. One too many is closed at once.
type fewConns struct {
	net.Listener
	exempt func(netip.Addr) bool

	mu   sync.Mutex
	all  int
	open map[netip.Prefix]int
}

func (l *fewConns) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
		addr := from.Addr().Unmap()
		if l.enter(addr) {
			return &counted{Conn: conn, leave: sync.OnceFunc(func() { l.leave(addr) })}, nil
		}
		_ = conn.Close()
	}
}

func (l *fewConns) enter(addr netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= maxConns || l.open[sourceOf(addr)] >= maxConnsEach && !l.exempt(addr) {
		return false
	}
	l.all++
	l.open[sourceOf(addr)]++
	return true
}

func (l *fewConns) leave(addr netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	source := sourceOf(addr)
	if l.open[source]--; l.open[source] == 0 {
		delete(l.open, source)
	}
}

type counted struct {
	net.Conn
	leave func()
}

func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
