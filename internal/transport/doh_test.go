package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestLookupPublic(t *testing.T) {
	const first, second = "dns.google", "common.dot.dns.yandex.net"
	found := hosts(map[string][]string{
		"portal.test": {"203.0.113.7", "203.0.113.5", "2001:db8::1"}, "six.test": {"2001:db8::1"}, "four.test": {"203.0.113.5"}, "nowhere.test": {},
	})
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); io.WriteString(w, body) }
	}
	serve := func(zone dnsZone) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			packet, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "application/dns-message")
			w.Write(zone.reply(packet))
		}
	}
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.test/", http.StatusTemporaryRedirect)
	}
	failed := NameFailed
	if !online() {
		failed = NoNetwork
	}
	for name, c := range map[string]struct {
		servers  map[string]http.HandlerFunc // by host; missing ones refuse connections
		host     string
		want     string // addresses
		resolver string
		failure  Failure
		asked    []string
	}{
		"all addresses":     {map[string]http.HandlerFunc{first: serve(found)}, "portal.test", "203.0.113.5 203.0.113.7 2001:db8::1", first, "", []string{first, first}},
		"IPv4 only":         {map[string]http.HandlerFunc{first: serve(found)}, "four.test", "203.0.113.5", first, "", []string{first, first}},
		"IPv6 only":         {map[string]http.HandlerFunc{first: serve(found)}, "six.test", "2001:db8::1", first, "", []string{first, first}},
		"no such name":      {map[string]http.HandlerFunc{first: serve(found), second: serve(found)}, "other.test", "", first, NameUnknown, []string{first}},
		"no addresses":      {map[string]http.HandlerFunc{first: serve(found), second: serve(found)}, "nowhere.test", "", first, NameUnknown, []string{first, first}},
		"first not there":   {map[string]http.HandlerFunc{second: serve(found)}, "four.test", "203.0.113.5", second, "", []string{second, second}},
		"first fails":       {map[string]http.HandlerFunc{first: serve(always(dnsmessage.RCodeServerFailure)), second: serve(found)}, "four.test", "203.0.113.5", second, "", []string{first, second, second}},
		"first is a page":   {map[string]http.HandlerFunc{first: answer(200, "<html>blocked"), second: serve(found)}, "four.test", "203.0.113.5", second, "", []string{first, second, second}},
		"first sends 403":   {map[string]http.HandlerFunc{first: answer(403, ""), second: serve(found)}, "four.test", "203.0.113.5", second, "", []string{first, second, second}},
		"first is empty":    {map[string]http.HandlerFunc{first: answer(200, ""), second: serve(found)}, "four.test", "203.0.113.5", second, "", []string{first, second, second}},
		"first is endless":  {map[string]http.HandlerFunc{first: answer(200, strings.Repeat("x", 1<<20)), second: serve(found)}, "four.test", "203.0.113.5", second, "", []string{first, second, second}},
		"first redirects":   {map[string]http.HandlerFunc{first: redirect, second: serve(found)}, "four.test", "203.0.113.5", second, "", []string{first, second, second}},
		"both fail":         {map[string]http.HandlerFunc{first: serve(always(dnsmessage.RCodeServerFailure)), second: serve(always(dnsmessage.RCodeRefused))}, "four.test", "", "", failed, []string{first, second}},
		"neither is there":  {nil, "four.test", "", "", failed, nil},
		"not a name at all": {map[string]http.HandlerFunc{first: serve(found), second: serve(found)}, strings.Repeat("a", 300), "", "", failed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var asked []string
			o := Options{Roots: testCA.pool(), Version: "test"}
			for _, host := range []string{first, second} {
				port := closedPort(t)
				if handler := c.servers[host]; handler != nil {
					port = int(listen(t, withTLS(testCA.server(host), serveHTTP(func(w http.ResponseWriter, r *http.Request) {
						mu.Lock()
						asked = append(asked, host)
						mu.Unlock()
						if got := r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + r.UserAgent(); got != "POST /dns-query application/dns-message BoxReady/test" {
							t.Errorf("asked %q", got)
						}
						handler(w, r)
					}))).Port())
				}
				o.ConnectTo = append(o.ConnectTo, Override{Host: host, Port: 443, Addr: "127.0.0.1", AddrPort: port})
			}
			addrs, resolver, err := New(o).LookupPublic(t.Context(), c.host)
			if got := strings.Trim(fmt.Sprint(addrs), "[]"); got != c.want || resolver != c.resolver {
				t.Errorf("%q of %q, want %q of %q", got, resolver, c.want, c.resolver)
			}
			if FailureOf(err) != c.failure || err != nil && StageOf(err) != StageDNS {
				t.Errorf("failure %q: %v", FailureOf(err), err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(asked, c.asked) {
				t.Errorf("asked %v, want %v", asked, c.asked)
			}
		})
	}
}

// If the resolvers' own names don't exist, nothing is known about the host.
func TestLookupPublicResolversUnknown(t *testing.T) {
	n := New(Options{Resolver: resolver(t, always(dnsmessage.RCodeNameError))})
	_, _, err := n.LookupPublic(t.Context(), "portal.test")
	if got := FailureOf(err); got == NameUnknown || got == "" {
		t.Errorf("failure %q: %v", got, err)
	}
}

func TestLookupPublicCancel(t *testing.T) {
	n := New(Options{ConnectTo: connectTo(listen(t, silent))})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(testTimeout, cancel)
	start := time.Now()
	_, _, err := n.LookupPublic(ctx, "portal.test")
	if !errors.Is(err, context.Canceled) || time.Since(start) > time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func TestLookup(t *testing.T) {
	zone := hosts(map[string][]string{
		"portal.test": {"2001:db8::1", "203.0.113.7", "203.0.113.5", "203.0.113.7", "2001:db8::1"},
		"six.test":    {"2001:db8::1"},
	})
	// A lame server: one of the two questions fails.
	half := func(name string, kind dnsmessage.Type) (dnsmessage.RCode, []netip.Addr, bool) {
		if kind == dnsmessage.TypeAAAA {
			return dnsmessage.RCodeServerFailure, nil, true
		}
		return zone(name, kind)
	}
	for name, c := range map[string]struct {
		zone       dnsZone
		host, want string
	}{
		"IPv4 first, none twice": {zone, "portal.test", "203.0.113.7 203.0.113.5 2001:db8::1"},
		"only AAAA":              {zone, "six.test", "2001:db8::1"},
		"AAAA fails":             {half, "portal.test", "203.0.113.7 203.0.113.5"},
		"literal IPv4":           {never, "203.0.113.5", "203.0.113.5"},
		"literal IPv6":           {never, "2001:db8::1", "2001:db8::1"},
		"literal with a zone":    {never, "fe80::1%lo", "fe80::1%lo"},
	} {
		t.Run(name, func(t *testing.T) {
			addrs, err := New(Options{Resolver: resolver(t, c.zone)}).Lookup(t.Context(), c.host)
			if got := strings.Trim(fmt.Sprint(addrs), "[]"); err != nil || len(addrs) != len(strings.Fields(c.want)) {
				t.Errorf("%q, want %q, %v", got, c.want, err)
			}
			seen6 := false
			for _, addr := range addrs {
				if !strings.Contains(c.want, addr.String()) || seen6 && addr.Is4() {
					t.Errorf("%v, want %q", addrs, c.want)
				}
				seen6 = seen6 || addr.Is6()
			}
		})
	}
	t.Run("the system's", func(t *testing.T) {
		addrs, err := New(Options{}).Lookup(t.Context(), "localhost")
		if err != nil || !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return a.IsLoopback() }) {
			t.Errorf("%v, %v", addrs, err)
		}
	})
	t.Run("a silent resolver is given up", func(t *testing.T) {
		if testing.Short() {
			t.Skip("waits for it")
		}
		t.Parallel()
		start := time.Now()
		_, err := New(Options{Resolver: resolver(t, never)}).Lookup(t.Context(), "portal.test")
		if got := FailureOf(err); got != NameFailed && got != NoNetwork {
			t.Errorf("failure %q: %v", got, err)
		}
		if took := time.Since(start); took > lookupTimeout+time.Second {
			t.Errorf("took %v", took)
		}
		var dns *net.DNSError
		if !errors.As(err, &dns) {
			t.Errorf("%T", err)
		}
	})
}
