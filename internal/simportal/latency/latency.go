// Package latency has listeners whose connections have a round-trip time, for tests and benchmarks with a simulated portal on loopback.
package latency

import (
	"net"
	"os"
	"sync"
	"time"
)

// Listen returns a function for simportal.Options.Listen: every server listens on loopback, and each of its connections has the
// round-trip time rtt, the TCP handshake included.
func Listen(rtt time.Duration) func(server string) (net.Listener, error) {
	return func(string) (net.Listener, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		return &listener{TCPListener: l.(*net.TCPListener), rtt: rtt, open: map[*delayed]struct{}{}}, nil
	}
}

type listener struct {
	*net.TCPListener
	rtt     time.Duration
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
	open   map[*delayed]struct{}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	d := &delayed{Conn: c, tcp: c, half: l.rtt / 2, established: time.Now().Add(l.rtt), changed: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	l.open[d] = struct{}{}
	l.running.Go(d.receive)
	l.running.Go(func() {
		d.send()
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, d)
	})
	return d, nil
}

// Close stops listening, cuts every connection at once, also those that are closed and have data under way, and waits for their
// goroutines.
func (l *listener) Close() error {
	err := l.TCPListener.Close()
	l.mu.Lock()
	l.closed = true
	for d := range l.open {
		_ = d.tcp.Close()
		d.fail(net.ErrClosed)
	}
	l.mu.Unlock()
	l.running.Wait()
	return err
}

// delayed is the server's end of a connection with a round-trip time. What arrives is read half a round trip later, and not before
// the TCP handshake, one round trip, would have ended; what is written is sent half a round trip later.
type delayed struct {
	net.Conn    // without the methods of tcp that would bypass the delay
	tcp         *net.TCPConn
	half        time.Duration
	established time.Time // when the client's end knows of the connection

	mu            sync.Mutex
	changed       chan struct{} // closed and replaced on every change
	in, out       []parcel
	outBytes      int
	closing       bool // no more writes
	gone          error
	readDeadline  time.Time
	writeDeadline time.Time
}

type parcel struct {
	at   time.Time
	data []byte
	err  error
	act  func()
}

// queueLimit limits the bytes under way to a client that does not read.
const queueLimit = 1 << 20

func (d *delayed) signal() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// await waits for a change or for the earliest of the given times; zero times are ignored.
func await(changed <-chan struct{}, times ...time.Time) {
	var first time.Time
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if first.IsZero() {
		<-changed
		return
	}
	t := time.NewTimer(time.Until(first))
	defer t.Stop()
	select {
	case <-changed:
	case <-t.C:
	}
}

// receive moves data from the socket into the incoming queue.
func (d *delayed) receive() {
	for {
		buf := make([]byte, 16<<10)
		n, err := d.tcp.Read(buf)
		at := time.Now()
		if at.Before(d.established) {
			at = d.established
		}
		at = at.Add(d.half)
		d.mu.Lock()
		if n > 0 {
			d.in = append(d.in, parcel{at: at, data: buf[:n]})
		}
		if err != nil {
			d.in = append(d.in, parcel{at: at, err: err})
		}
		d.signal()
		d.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// send moves data from the outgoing queue into the socket.
func (d *delayed) send() {
	for {
		d.mu.Lock()
		if d.gone != nil {
			d.mu.Unlock()
			return
		}
		if len(d.out) == 0 {
			changed := d.changed
			d.mu.Unlock()
			await(changed)
			continue
		}
		p := d.out[0]
		if time.Now().Before(p.at) {
			changed := d.changed
			d.mu.Unlock()
			await(changed, p.at)
			continue
		}
		d.out = d.out[1:]
		d.outBytes -= len(p.data)
		d.signal()
		d.mu.Unlock()
		if p.act != nil {
			p.act()
			if p.err != nil {
				d.fail(p.err)
			}
			continue
		}
		if _, err := d.tcp.Write(p.data); err != nil {
			_ = d.tcp.Close()
			d.fail(err)
		}
	}
}

func (d *delayed) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone == nil {
		d.gone = err
	}
	d.signal()
}

// Read implements net.Conn.
func (d *delayed) Read(p []byte) (int, error) {
	for {
		d.mu.Lock()
		now := time.Now()
		switch {
		case d.closing:
			d.mu.Unlock()
			return 0, net.ErrClosed
		case !d.readDeadline.IsZero() && !now.Before(d.readDeadline):
			d.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			d.mu.Unlock()
			return 0, nil
		}
		var due time.Time
		if len(d.in) > 0 {
			head := &d.in[0]
			if !now.Before(head.at) {
				defer d.mu.Unlock()
				if head.err != nil {
					return 0, head.err
				}
				n := copy(p, head.data)
				if head.data = head.data[n:]; len(head.data) == 0 {
					d.in = d.in[1:]
				}
				return n, nil
			}
			due = head.at
		} else if d.gone != nil {
			defer d.mu.Unlock()
			return 0, d.gone
		}
		changed, deadline := d.changed, d.readDeadline
		d.mu.Unlock()
		await(changed, due, deadline)
	}
}

// Write implements net.Conn.
func (d *delayed) Write(p []byte) (int, error) {
	for {
		d.mu.Lock()
		switch {
		case d.gone != nil:
			defer d.mu.Unlock()
			return 0, d.gone
		case d.closing:
			d.mu.Unlock()
			return 0, net.ErrClosed
		case !d.writeDeadline.IsZero() && !time.Now().Before(d.writeDeadline):
			d.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case d.outBytes < queueLimit:
			d.out = append(d.out, parcel{at: time.Now().Add(d.half), data: append([]byte(nil), p...)})
			d.outBytes += len(p)
			d.signal()
			d.mu.Unlock()
			return len(p), nil
		}
		changed, deadline := d.changed, d.writeDeadline
		d.mu.Unlock()
		await(changed, deadline)
	}
}

// later puts an action at the end of the outgoing queue; a non-nil err ends the queue after it.
func (d *delayed) later(act func(), err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone != nil {
		return d.gone
	}
	d.out = append(d.out, parcel{at: time.Now().Add(d.half), act: act, err: err})
	d.signal()
	return nil
}

// Close implements net.Conn: what was written still arrives.
func (d *delayed) Close() error {
	d.mu.Lock()
	if d.closing {
		d.mu.Unlock()
		return net.ErrClosed
	}
	d.closing = true
	d.signal()
	d.mu.Unlock()
	if err := d.later(func() { _ = d.tcp.Close() }, net.ErrClosed); err != nil {
		return d.tcp.Close()
	}
	return nil
}

// CloseWrite ends the outgoing data after what was written.
func (d *delayed) CloseWrite() error {
	return d.later(func() { _ = d.tcp.CloseWrite() }, nil)
}

// SetLinger takes effect after what was written, before a later Close.
func (d *delayed) SetLinger(sec int) error {
	return d.later(func() { _ = d.tcp.SetLinger(sec) }, nil)
}

// SetDeadline implements net.Conn.
func (d *delayed) SetDeadline(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readDeadline, d.writeDeadline = t, t
	d.signal()
	return nil
}

// SetReadDeadline implements net.Conn.
func (d *delayed) SetReadDeadline(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readDeadline = t
	d.signal()
	return nil
}

// SetWriteDeadline implements net.Conn.
func (d *delayed) SetWriteDeadline(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writeDeadline = t
	d.signal()
	return nil
}
