package simportal

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// listener hands out numbered connections that Close can cut, delayed if the
// simulation has a latency.
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
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			_ = c.Close()
			continue
		}
		if sc := l.sim.newConn(tcp); sc != nil {
			return sc, nil
		}
	}
}

// conn is one accepted TCP connection.
type conn struct {
	net.Conn // the TCP connection, or a delayed one around it
	tcp      *net.TCPConn
	delay    *delayed // nil without latency
	sim      *Sim
	id       int
}

func (s *Sim) newConn(tcp *net.TCPConn) *conn {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = tcp.Close()
		return nil
	}
	s.nextConn++
	c := &conn{Conn: tcp, tcp: tcp, sim: s, id: s.nextConn}
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	if s.opt.Latency > 0 {
		c.delay = newDelayed(tcp, s.opt.Latency)
		c.Conn = c.delay
		s.goRun(c.delay.receive)
		s.goRun(c.delay.send)
	}
	return c
}

// Connections is how many connections the simulation has accepted, those included on which nothing was asked.
func (s *Sim) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nextConn
}

// Close closes the connection after what was written has left.
func (c *conn) Close() error {
	c.sim.mu.Lock()
	delete(c.sim.conns, c)
	if c.delay != nil && !c.sim.closed {
		// What is under way has still to arrive; Close of the simulation must find the connection until then.
		c.sim.conns[c] = struct{}{}
		c.delay.onDone(func() {
			c.sim.mu.Lock()
			delete(c.sim.conns, c)
			c.sim.mu.Unlock()
		})
	}
	c.sim.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite is what the HTTP server uses to end an answer without a reset.
func (c *conn) CloseWrite() error {
	if c.delay != nil {
		return c.delay.closeWrite()
	}
	return c.tcp.CloseWrite()
}

// reset ends the connection with a TCP reset.
func (c *conn) reset() {
	if c.delay != nil {
		c.delay.reset()
		return
	}
	_ = c.tcp.SetLinger(0)
	_ = c.tcp.Close()
}

// kill cuts the connection at once.
func (c *conn) kill() {
	_ = c.tcp.Close()
	if c.delay != nil {
		c.delay.kill()
	}
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

// discardLog keeps broken handshakes off the terminal of the demo.
func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

// reservePort returns an address that refuses connections for as long as the
// simulation runs: the local end of a connection to nowhere in particular. A port
// that was merely closed could be given to somebody else.
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

// silentPort returns an address where a connection attempt gets no answer.
func (s *Sim) silentPort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.onClose(func() { _ = ln.Close() })
	if !shrinkBacklog(ln) {
		return silentElsewhere, nil
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
	return silentElsewhere, nil
}

// silentElsewhere is an address set aside for documentation: packets to it go nowhere.
const silentElsewhere = "192.0.2.1:443"

var errKilled = errors.New("simulation closed")

// once is a list of functions run a single time, late additions at once.
type once struct {
	mu   sync.Mutex
	done bool
	fs   []func()
}

func (o *once) add(f func()) {
	o.mu.Lock()
	if !o.done {
		o.fs = append(o.fs, f)
		o.mu.Unlock()
		return
	}
	o.mu.Unlock()
	f()
}

func (o *once) run() {
	o.mu.Lock()
	fs := o.fs
	o.done, o.fs = true, nil
	o.mu.Unlock()
	for _, f := range fs {
		f()
	}
}
