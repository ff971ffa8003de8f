package transport

import (
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// unresponsivePort is a port whose accept queue is full, so that a connection is neither made nor refused.
func unresponsivePort(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(name.(*syscall.SockaddrInet4).Port))
	for range 4 {
		conn, err := net.DialTimeout("tcp", addr.String(), testTimeout)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Skip("the queue of a listening socket doesn't fill up here")
	return addr
}

func TestUnresponsivePort(t *testing.T) {
	addr := unresponsivePort(t)
	for name, address := range map[string]string{"https": "https://portal.test/", "http": "http://portal.test/"} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, _, err := get(t, New(Options{ConnectTo: connectTo(addr)}), address, testTimeout)
			if FailureOf(err) != Timeout || StageOf(err) != StageTCP {
				t.Errorf("failure %q at stage %q: %v", FailureOf(err), StageOf(err), err)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	t.Run("proxy", func(t *testing.T) {
		_, _, err := get(t, viaProxy(t, "http://"+addr.String()), "https://portal.test/", testTimeout)
		if FailureOf(err) != Timeout || StageOf(err) != StageProxy {
			t.Errorf("failure %q at stage %q: %v", FailureOf(err), StageOf(err), err)
		}
	})
	t.Run("the next address answers", func(t *testing.T) {
		open := listenOn(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), addr.Port()).String(), serveHTTP(hello))
		n := New(Options{Resolver: resolver(t, hosts(map[string][]string{"portal.test": {"127.0.0.1", "127.0.0.2"}}))})
		start := time.Now()
		conn, err := n.Dial(t.Context(), "portal.test", int(open.Port()))
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if took := time.Since(start); took < attemptDelay || took > perAddressTimeout {
			t.Errorf("took %v", took)
		}
	})
}
