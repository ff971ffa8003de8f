package simportal

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// listener accepts numbered connections that Sim.Close can close.
type listener struct {
	net.Listener
	sim *Sim
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, ok := c.(tcpConn)
		if !ok {
			_ = c.Close()
			continue
		}
		if sc := l.sim.newConn(tcp); sc != nil {
			return sc, nil
		}
	}
}

// tcpConn is what the servers use of a *net.TCPConn.
type tcpConn interface {
	net.Conn
	CloseWrite() error
	SetLinger(sec int) error
}

// conn is one accepted TCP connection.
type conn struct {
	tcpConn
	sim *Sim
	id  int
}

func (s *Sim) newConn(tcp tcpConn) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = tcp.Close()
		return nil
	}
	s.nextConn++
	c := &conn{tcpConn: tcp, sim: s, id: s.nextConn}
	s.conns[c] = struct{}{}
	return c
}

// Connections returns how many connections the simulation has accepted, including those without a request.
func (s *Sim) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nextConn
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.sim.mu.Lock()
	delete(c.sim.conns, c)
	c.sim.mu.Unlock()
	return c.tcpConn.Close()
}

// reset ends the connection with a TCP reset.
func (c *conn) reset() {
	_ = c.SetLinger(0)
	_ = c.tcpConn.Close()
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = t.NetConn()
	}
	return context.WithValue(ctx, connKey{}, c)
}

// connOf is the connection that a request came on; nil for one that was not accepted here.
func connOf(r *http.Request) *conn {
	c, _ := r.Context().Value(connKey{}).(*conn)
	return c
}

// discardLog drops the server's messages about failed handshakes.
func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

// reservePort returns an address that refuses connections for as long as the
// simulation runs: the local address of an open client connection. The system
// could assign a port that was merely closed to another program.
func (s *Sim) reservePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.onClose(func() { _ = ln.Close() })
	out, err := (&net.Dialer{Timeout: 5 * time.Second}).Dial("tcp", ln.Addr().String())
	if err != nil {
		return "", err
	}
	in, err := ln.Accept()
	if err != nil {
		_ = out.Close()
		return "", err
	}
	s.onClose(func() {
		_ = out.Close()
		_ = in.Close()
	})
	return out.LocalAddr().String(), nil
}

// silentPort returns an address where connection attempts time out.
func (s *Sim) silentPort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.onClose(func() { _ = ln.Close() })
	if !shrinkBacklog(ln) {
		return unroutableAddress, nil
	}
	// Nobody accepts: once the queue is full, the system drops further attempts.
	const enough = 16
	for range enough {
		c, err := net.DialTimeout("tcp", ln.Addr().String(), 100*time.Millisecond)
		if err != nil {
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				return ln.Addr().String(), nil
			}
			return "", err
		}
		s.onClose(func() { _ = c.Close() })
	}
	return unroutableAddress, nil
}

// unroutableAddress is an address set aside for documentation: packets to it go nowhere.
const unroutableAddress = "192.0.2.1:443"
