package checks

import (
	"context"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

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
		"the first is silent": {[]address{silent, open}, quick + lateConnection, []string{"b"}, silence,
			[]TCPAttempt{attempt(0, transport.Timeout, silence), attempt(1, "", quick)}},
		"the last is silent": {[]address{open, open, silent}, quick + lateConnection, []string{"a", "b"}, silence,
			[]TCPAttempt{attempt(0, "", quick), attempt(1, "", quick), attempt(2, transport.Timeout, silence)}},
		"a lost SYN is sent again": {[]address{open, {time.Second + quick, false}}, quick + lateConnection, []string{"a"}, time.Second + quick,
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
