package simportal

import (
	"net"
	"os"
	"sync"
	"time"
)

// delayed is the server's end of a connection over a long line. What arrives is seen
// half a round trip later, and nothing can have been sent before the TCP handshake,
// one round trip, was over; what is written leaves half a round trip later. A client
// on loopback that starts talking at once so sees the connection cost one round trip
// more, as it would far away.
type delayed struct {
	net.Conn
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
	done          once
}

type parcel struct {
	at   time.Time
	data []byte
	err  error
	act  func()
}

// queueLimit bounds what is under way to a client that does not read.
const queueLimit = 1 << 20

func newDelayed(c net.Conn, rtt time.Duration) *delayed {
	return &delayed{Conn: c, half: rtt / 2, established: time.Now().Add(rtt), changed: make(chan struct{})}
}

func (d *delayed) signal() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// await waits for a change or for the earliest of the given times, zero ones left out.
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

// receive moves what the socket gives into the incoming line.
func (d *delayed) receive() {
	for {
		buf := make([]byte, 16<<10)
		n, err := d.Conn.Read(buf)
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

// send moves the outgoing line into the socket.
func (d *delayed) send() {
	defer d.done.run()
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
		if _, err := d.Conn.Write(p.data); err != nil {
			_ = d.Conn.Close()
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

// later puts an action at the end of the outgoing line; err, if given, ends the line after it.
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
	if err := d.later(func() { _ = d.Conn.Close() }, net.ErrClosed); err != nil {
		return d.Conn.Close()
	}
	return nil
}

func (d *delayed) closeWrite() error {
	return d.later(func() {
		if tcp, ok := d.Conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
	}, nil)
}

func (d *delayed) reset() {
	_ = d.later(func() {
		if tcp, ok := d.Conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = d.Conn.Close()
	}, net.ErrClosed)
}

func (d *delayed) kill() { d.fail(errKilled) }

func (d *delayed) onDone(f func()) { d.done.add(f) }

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
