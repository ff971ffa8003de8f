package checks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"boxready/internal/portal"
	"boxready/internal/transport"

	"github.com/google/go-cmp/cmp"
)

// TestDeadAddresses uses fake time: the durations are exact.
func TestDeadAddresses(t *testing.T) {
	const never, quick = time.Hour, 20 * time.Millisecond
	type address struct {
		after   time.Duration
		refuses bool
	}
	open, silent, refusing := address{quick, false}, address{never, false}, address{quick, true}
	attempt := func(i int, failure transport.Failure, took time.Duration) TCPAttempt {
		return TCPAttempt{Address: string(rune('a' + i)), Failure: failure, TookMS: took.Milliseconds()}
	}
	for name, c := range map[string]struct {
		addresses []address
		released  time.Duration // when the other checks begin
		connected []string
		ended     time.Duration
		want      []TCPAttempt
	}{
		"one":         {[]address{open}, quick, []string{"a"}, quick, []TCPAttempt{attempt(0, "", quick)}},
		"both open":   {[]address{open, {50 * time.Millisecond, false}}, 50 * time.Millisecond, []string{"a", "b"}, 50 * time.Millisecond, []TCPAttempt{attempt(0, "", quick), attempt(1, "", 50*time.Millisecond)}},
		"one refuses": {[]address{refusing, open}, quick, []string{"b"}, quick, []TCPAttempt{attempt(0, transport.Refused, quick), attempt(1, "", quick)}},
		"the first is silent": {[]address{silent, open}, quick + equals, []string{"b"}, deadAfter,
			[]TCPAttempt{attempt(0, transport.Timeout, deadAfter), attempt(1, "", quick)}},
		"the last is silent": {[]address{open, open, silent}, quick + equals, []string{"a", "b"}, deadAfter,
			[]TCPAttempt{attempt(0, "", quick), attempt(1, "", quick), attempt(2, transport.Timeout, deadAfter)}},
		"a lost SYN is sent again": {[]address{open, {time.Second + quick, false}}, quick + equals, []string{"a"}, time.Second + quick,
			[]TCPAttempt{attempt(0, "", quick), attempt(1, "", time.Second+quick)}},
		"a slow line": {[]address{{900 * time.Millisecond, false}, {2 * time.Second, true}}, 1800 * time.Millisecond, []string{"a"}, 2 * time.Second,
			[]TCPAttempt{attempt(0, "", 900*time.Millisecond), attempt(1, transport.Refused, 2*time.Second)}},
		"none answers": {[]address{{8 * time.Second, true}, refusing}, 8 * time.Second, nil, 8 * time.Second,
			[]TCPAttempt{attempt(0, transport.Refused, 8*time.Second), attempt(1, transport.Refused, quick)}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				run, stop := context.WithCancel(t.Context())
				env := newEnv(run, transport.New(transport.Options{}), Target{})
				defer env.close()
				defer stop()
				var endpoints []endpoint
				for i, a := range c.addresses {
					endpoints = append(endpoints, endpoint{address: string(rune('a' + i)), dial: func(ctx context.Context) (net.Conn, error) {
						select {
						case <-time.After(a.after):
						case <-ctx.Done():
							return nil, ctx.Err()
						}
						if a.refuses {
							return nil, syscall.ECONNREFUSED
						}
						here, there := net.Pipe()
						t.Cleanup(func() { there.Close() })
						return here, nil
					}})
				}
				start := time.Now()
				f := &TCPFacts{Attempts: env.connect(t.Context(), endpoints)}
				if took := time.Since(start); took != c.released {
					t.Errorf("the other checks wait %s, want %s", took, c.released)
				}
				var connected []string
				for _, to := range env.connections {
					connected = append(connected, to.endpoint.address)
				}
				if diff := cmp.Diff(c.connected, connected); diff != "" {
					t.Errorf("connections (-want +got):\n%s", diff)
				}
				known := len(f.Attempts)
				whole := observeSilent(t.Context(), env, f)
				if took := time.Since(start); took != c.ended {
					t.Errorf("it took %s, want %s", took, c.ended)
				}
				if diff := cmp.Diff(c.want, whole.Attempts); diff != "" {
					t.Errorf("attempts (-want +got):\n%s", diff)
				}
				if len(f.Attempts) != known {
					t.Error("facts that others read were changed")
				}
				if len(connected) > 0 {
					if conn := <-env.connections[0].spare; conn == nil {
						t.Error("no spare connection")
					} else {
						conn.Close()
					}
				}
			})
		})
	}
}

// TestLateAddress asserts that nobody waits for an address that connects later than another one, that a bad certificate of it is found
// nevertheless, and that it isn't waited for any longer than it is looked at. The time is fake.
func TestLateAddress(t *testing.T) {
	const quick = 20 * time.Millisecond
	for name, c := range map[string]struct {
		after time.Duration // of the second address
		whole time.Duration // when portal-tls is final
		want  []string      // its results in the end
	}{
		"as soon":  {quick, quick, results("problem tls-expired server-admin")},
		"later":    {quick + lateConnection/2, quick + lateConnection/2, results("problem tls-expired server-admin")},
		"too late": {quick + 2*lateConnection, quick + lateConnection, results("ok")},
		"never":    {time.Hour, quick + lateConnection, results("ok")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := time.Now()
				root := issue(t, nil, "Root", true, now.Add(-days), now.Add(days))
				roots := x509.NewCertPool()
				roots.AddCert(root.cert)
				address, err := portal.ParseAddress("portal.example")
				if err != nil {
					t.Fatal(err)
				}
				var served sync.WaitGroup
				defer served.Wait()
				run, stop := context.WithCancel(t.Context())
				env := newEnv(run, transport.New(transport.Options{Roots: roots}), Target{Address: address, OneConnection: true})
				defer env.close()
				defer stop()
				server := func(after time.Duration, until time.Time) func(context.Context) (net.Conn, error) {
					leaf := issue(t, root, "portal.example", false, now.Add(-days), until)
					return func(ctx context.Context) (net.Conn, error) {
						select {
						case <-time.After(after):
						case <-ctx.Done():
							return nil, ctx.Err()
						}
						here, there := net.Pipe()
						served.Go(func() {
							defer there.Close()
							conn := tls.Server(there, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.cert.Raw}, PrivateKey: leaf.key}}})
							if conn.Handshake() == nil {
								_, _ = conn.Read(make([]byte, 1)) // until the client closes
							}
						})
						return here, nil
					}
				}
				env.connect(run, []endpoint{{address: "a", dial: server(quick, now.Add(days))}, {address: "b", dial: server(c.after, now.Add(-time.Hour))}})
				f, err := observeTLS(run, env)
				if err != nil {
					t.Fatal(err)
				}
				if took, limit := time.Since(now), quick+equals; took > limit {
					t.Errorf("the other checks wait %s, at most %s is wanted", took, limit)
				}
				begun := len(f.Addresses)
				whole := observeLateTLS(run, env, f)
				if took := time.Since(now); took != c.whole {
					t.Errorf("it is final after %s, want %s", took, c.whole)
				}
				if len(f.Addresses) != begun {
					t.Error("facts that others read were changed")
				}
				var got []string
				for _, r := range find(t, PortalTLS).Judge(whole, nil) {
					got = append(got, written(PortalTLS, r))
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("results (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestCutOff(t *testing.T) {
	const public, private = "203.0.113.10", "192.168.10.20"
	host := func(layer transport.Stage, failure transport.Failure) HostSeen {
		return HostSeen{Layer: layer, Failure: failure}
	}
	silent, refused := host(transport.StageTCP, transport.Timeout), host(transport.StageTCP, transport.Refused)
	for name, c := range map[string]struct {
		address string
		failure transport.Failure
		vendor  []HostSeen
		want    bool
	}{
		"all are silent":                   {public, transport.Timeout, []HostSeen{silent, silent}, true},
		"all refuse":                       {public, transport.Refused, []HostSeen{refused}, true},
		"the portal alone is silent":       {public, transport.Timeout, []HostSeen{{}, {}}, false},
		"one of the others answers":        {public, transport.Timeout, []HostSeen{silent, {}}, false},
		"the portal refuses, others don't": {public, transport.Refused, []HostSeen{silent, silent}, false},
		"the others have no name":          {public, transport.Timeout, []HostSeen{host(transport.StageDNS, transport.NameFailed)}, false},
		"a portal of one's own network":    {private, transport.Timeout, []HostSeen{silent, silent}, false},
		"IPv6 alone":                       {"2001:db8::10", transport.Timeout, []HostSeen{silent}, false},
		"nobody to ask":                    {public, transport.Timeout, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cutOff([]TCPAttempt{{Address: c.address, Failure: c.failure}}, func() []HostSeen { return c.vendor }); got != c.want {
				t.Errorf("cut off: %t, want %t", got, c.want)
			}
		})
	}
}
