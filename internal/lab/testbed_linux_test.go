package lab

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/simportal"

	"golang.org/x/sys/unix"
)

// Names and addresses. They are reserved for documentation; simportal's hosts have the addresses that simportal gives them.
const (
	portalName = "portal.demo.example"
	appName    = "app.demo.example"
	aiaName    = "aia.demo.example"

	computer4      = "198.51.100.2"
	computer6      = "2001:db8:1::2"
	resolver4      = "198.51.100.53"
	portal4        = "203.0.113.10"
	portal6        = "2001:db8::10"
	private4       = "192.168.10.20" // of the portal in its own network
	authCIS4       = "203.0.113.20"
	authWld4       = "203.0.113.21"
	feedCIS4       = "203.0.113.30"
	feedWld4       = "203.0.113.31"
	aia4           = "203.0.113.40"
	doh4           = "203.0.113.53"
	handler4       = "203.0.113.60"
	events4        = "203.0.113.61"
	eventsPrivate4 = "192.168.10.61" // of a handler that is known in its own network only
	queue4         = "198.51.100.21" // one of its list
	unused4        = "203.0.113.99"  // unassigned
	gateway4       = "192.0.2.1"     // of all hosts but the portal
	uplink4        = "192.0.2.2"
	siteGate4      = "192.0.2.3" // the portal's gateway: the inner side of uplink
)

// hosts are the namespaces and their addresses. The router between them is "internet"; "uplink" is between it and the portal.
var hosts = map[string][]string{
	"computer": {computer4, computer6},
	"resolver": {resolver4},
	"auth":     {authCIS4, authWld4},
	"queue":    {queue4, feedCIS4, feedWld4, aia4, doh4}, // the first is the source of its calls
	"handler":  {handler4, events4},
	"portal":   {portal4, portal6},
}

// testbed is the network of one scenario with its programs.
type testbed struct {
	t    *testing.T
	name string // prefix of its namespaces
	dir  string
	sim  *simportal.Sim

	certificate, roots string         // files: the portal's, with its key; the public roots
	trusted            *x509.CertPool // by the portal
	session            []string       // environment of the computer's user, if there is one
	signedIn           time.Time      // time of the sign-in
	requestLog         string         // log file of the server in front of the handler; "" for none
}

func (w *testbed) ns(host string) string { return w.name + "-" + host }

// run runs shell commands on a host.
func (w *testbed) run(host string, commands ...string) string {
	w.t.Helper()
	out, err := w.command(host, "sh", "-ec", strings.Join(commands, "\n")).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s: %v\n%s\n%s", host, err, strings.Join(commands, "\n"), out)
	}
	return string(out)
}

func (w *testbed) command(host, name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", w.ns(host), name}, args...)...)
}

// nft loads rules on a host, into a chain of the given hook ("forward", "input", "output") or into "prerouting" for nat.
func (w *testbed) nft(host, hook string, rules ...string) {
	w.t.Helper()
	kind, priority := "filter", "filter"
	switch hook {
	case "prerouting":
		kind, priority = "nat", "dstnat"
	case "postrouting":
		kind, priority = "nat", "srcnat"
	}
	text := fmt.Sprintf("table inet lab { chain %s { type %s hook %s priority %s;\n%s\n}\n}\n", hook, kind, hook, priority, strings.Join(rules, "\n"))
	w.run(host, "nft -f - <<'END'\n"+text+"END")
}

func newTestbed(t *testing.T, name string) *testbed {
	w := &testbed{t: t, name: name, dir: t.TempDir()}
	for _, dir := range []string{w.dir, filepath.Dir(w.dir)} { // daemons drop root privileges
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	var batch bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&batch, format+"\n", args...) }
	all := []string{"internet", "uplink"}
	for host := range hosts {
		all = append(all, host)
	}
	for _, host := range all {
		line("netns add %s", w.ns(host))
	}
	t.Cleanup(func() {
		for _, host := range all {
			if out, err := exec.Command("ip", "netns", "del", w.ns(host)).CombinedOutput(); err != nil {
				t.Errorf("remove the namespace of %s: %v %s", host, err, out)
			}
		}
	})
	ip(t, batch.String())
	for _, host := range all {
		w.run(host, "ip link set lo up; echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; "+
			"echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter")
	}
	for i, router := range []string{"internet", "uplink"} { // source address of their ICMPv6
		ip(t, fmt.Sprintf("addr add 2001:db8:ffff::%d dev lo\n", i+1), "-n", w.ns(router))
	}
	w.connect("internet", "uplink", gateway4)
	for host, addresses := range hosts {
		router, gateway := "internet", gateway4
		if host == "portal" {
			router, gateway = "uplink", siteGate4
			var far bytes.Buffer
			for _, a := range addresses {
				fmt.Fprintf(&far, "route add %s dev uplink%s\n", a, via(a, uplink4, "fe80::2"))
			}
			ip(t, far.String(), "-n", w.ns("internet"))
		}
		w.connect(router, host, gateway, addresses...)
	}
	return w
}

func via(address, v4, v6 string) string {
	if strings.Contains(address, ":") {
		return " via " + v6
	}
	return " via " + v4 + " onlink"
}

// connect connects a host to its router by an interface named like the host on the router and "cable" on the host. Without addresses the host is a
// router itself.
func (w *testbed) connect(router, host, gateway string, addresses ...string) {
	w.t.Helper()
	ip(w.t, fmt.Sprintf("link add %s netns %s type veth peer name cable netns %s\n", host, w.ns(router), w.ns(host)))
	var near, far bytes.Buffer
	fmt.Fprintf(&near, "addr add %s/32 dev %s\naddr add %s/64 dev %s nodad\nlink set %s up\n", gateway, host, "fe80::"+gateway[len("192.0.2."):], host, host)
	own := addresses
	if len(addresses) == 0 {
		own = []string{uplink4}
		fmt.Fprint(&far, "addr add fe80::2/64 dev cable nodad\n")
	}
	for _, a := range own {
		nodad := ""
		if strings.Contains(a, ":") {
			nodad = " nodad"
		}
		fmt.Fprintf(&far, "addr add %s dev cable%s\n", a, nodad)
		fmt.Fprintf(&near, "route add %s dev %s\n", a, host)
	}
	fmt.Fprintf(&far, "link set cable up\nroute add default via %s dev cable onlink\nroute add default via fe80::%s dev cable\n", gateway, gateway[len("192.0.2."):])
	ip(w.t, near.String(), "-n", w.ns(router))
	ip(w.t, far.String(), "-n", w.ns(host))
}

func ip(t *testing.T, batch string, args ...string) {
	t.Helper()
	cmd := exec.Command("ip", append(args, "-batch", "-")...)
	cmd.Stdin = strings.NewReader(batch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v %s in\n%s", args, err, out, batch)
	}
}

// within runs f on a thread in a host's namespace; sockets created by f stay in that namespace.
func (w *testbed) within(host string, f func() error) error {
	runtime.LockOSThread()
	here, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer here.Close()
	there, err := os.Open("/run/netns/" + w.ns(host))
	if err != nil {
		return err
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the namespace of %s: %w", host, err)
	}
	result := f()
	if err := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("leave the namespace of %s: %w", host, err) // the thread stays locked and ends with the goroutine
	}
	runtime.UnlockOSThread()
	return result
}

func (w *testbed) listen(host, address string) (ln net.Listener, err error) {
	err = w.within(host, func() error { ln, err = net.Listen("tcp", address); return err })
	return ln, err
}

// dial connects from a host to an IP address.
func (w *testbed) dial(ctx context.Context, host, network, address string) (conn net.Conn, err error) {
	err = w.within(host, func() error { conn, err = (&net.Dialer{}).DialContext(ctx, network, address); return err })
	return conn, err
}

// daemon starts a program in the foreground on a host, waits until it accepts connections at address, and kills its process group
// at the end of the scenario.
func (w *testbed) daemon(host, address string, argv ...string) {
	w.t.Helper()
	cmd := w.command(host, argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var output lockedBuffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	w.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		if w.t.Failed() {
			w.t.Logf("%s said:\n%s", argv[0], output.String())
		}
	})
	for range 600 {
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
		conn, err := w.dial(ctx, host, "tcp", address)
		cancel()
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			w.t.Fatalf("%s ended:\n%s", strings.Join(argv, " "), output.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	w.t.Fatalf("%s doesn't listen at %s:\n%s", argv[0], address, output.String())
}

// awaitTLS waits until a server completes a handshake: Apache listens before it has read its configuration for the second time,
// and closes what has come by then.
func (w *testbed) awaitTLS(host, address string) {
	w.t.Helper()
	for range 600 {
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
		conn, err := w.dial(ctx, host, "tcp", address)
		if err == nil {
			err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx)
			conn.Close()
		}
		cancel()
		if err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.t.Fatalf("no TLS at %s", address)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}
func (b *lockedBuffer) String() string { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// write makes a file in the scenario's folder from a text in which {DIR}, {CERT} and {ROOTS} stand for paths.
func (w *testbed) write(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	text = strings.NewReplacer("{DIR}", w.dir, "{CERT}", w.certificate, "{ROOTS}", w.roots).Replace(text)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// read returns a file in the scenario's folder.
func (w *testbed) read(name string) []byte {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

// resolve starts the resolver with the real addresses of all hosts, but own for the portal unless nil, and with zone, a part
// of unbound's configuration.
func (w *testbed) resolve(own []string, zone string) {
	if own == nil {
		own = hosts["portal"]
	}
	var truth strings.Builder
	for name, addresses := range map[string][]string{
		portalName: own, "www." + portalName: {portal4}, appName: {handler4}, simportal.HandlerHost: {events4}, aiaName: {aia4}, "dns.google": {doh4}, "common.dot.dns.yandex.net": {doh4},
		hostname(bitrix.AuthServer(bitrix.CIS)): {authCIS4}, hostname(bitrix.AuthServer(bitrix.World)): {authWld4},
		hostname(bitrix.Feed(bitrix.CIS)): {feedCIS4}, hostname(bitrix.Feed(bitrix.World)): {feedWld4},
	} {
		for _, a := range addresses {
			kind := "A"
			if strings.Contains(a, ":") {
				kind = "AAAA"
			}
			fmt.Fprintf(&truth, "  local-data: \"%s. %s %s\"\n", name, kind, a)
		}
	}
	w.daemon("resolver", resolver4+":53", "unbound", "-d", "-p", "-c", w.write("unbound.conf", `server:
  directory: "{DIR}"
  chroot: ""
  username: ""
  use-syslog: no
  interface: `+resolver4+`
  access-control: 0.0.0.0/0 allow
  module-config: "iterator"
  do-not-query-localhost: no
  local-zone: "." static
`+truth.String()+zone+`
remote-control:
  control-enable: no
`))
}

func hostname(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		panic(err)
	}
	return u.Hostname()
}

// simulate starts the portal and all vendor hosts, each in its namespace. front means that another program runs in front of the
// portal, which then listens on 127.0.0.1:8080 of its namespace only.
func (w *testbed) simulate(o simportal.Options, front bool, egress func(*http.Transport)) {
	w.t.Helper()
	where := map[string][2]string{
		"portal": {"portal", ":443"}, "portal-http": {"portal", ":80"}, "auth-cis": {"auth", authCIS4 + ":443"}, "auth-world": {"auth", authWld4 + ":443"},
		"feed-cis": {"queue", feedCIS4 + ":443"}, "feed-world": {"queue", feedWld4 + ":443"}, "aia": {"queue", aia4 + ":80"},
		"doh": {"queue", doh4 + ":443"}, "app": {"handler", handler4 + ":443"},
	}
	if front {
		where["portal"], where["portal-http"] = [2]string{"portal", "127.0.0.1:8443"}, [2]string{"portal", "127.0.0.1:8080"}
	}
	o.BehindProxy = front
	o.Listen = func(server string) (net.Listener, error) {
		at, ok := where[server]
		if !ok {
			return nil, nil
		}
		return w.listen(at[0], at[1])
	}
	public := x509.NewCertPool()
	w.trusted = x509.NewCertPool()
	transportAt := w.transportAt("portal", w.trusted)
	if egress != nil {
		egress(transportAt)
	}
	o.Egress, o.AuthServerTimeout, o.Queue = transportAt, 6*time.Second, w.transportAt("queue", public)
	sim, err := simportal.Start(o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(sim.Close)
	w.sim = sim
	public.AppendCertsFromPEM(sim.RootsPEM())
	w.trusted.AppendCertsFromPEM(sim.RootsPEM())
	w.roots = w.write("roots.pem", string(sim.RootsPEM()))
	certificate, err := sim.CertificatePEM()
	if err != nil {
		w.t.Fatal(err)
	}
	w.certificate = w.write("portal.pem", string(certificate))
}

// transportAt returns a transport that connects from a host.
func (w *testbed) transportAt(host string, trusted *x509.CertPool) *http.Transport {
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return w.dial(ctx, host, network, resolver4+":53")
	}}
	return &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: trusted},
		DialContext: func(ctx context.Context, network, hostport string) (net.Conn, error) {
			name, port, err := net.SplitHostPort(hostport)
			if err != nil {
				return nil, err
			}
			found, err := resolver.LookupNetIP(ctx, "ip4", name)
			if err != nil {
				return nil, err
			}
			return w.dial(ctx, host, network, net.JoinHostPort(found[0].Unmap().String(), port))
		},
	}
}

// resolving returns a command that runs a program with the lab's resolver.
func (w *testbed) resolving(argv ...string) []string {
	w.t.Helper()
	return append([]string{"sh", "-ec", `mount --bind "$0" /etc/resolv.conf; exec "$@"`, w.write("resolv.conf", "nameserver "+resolver4+"\n")}, argv...)
}

// boxready returns the program's command on the computer.
func (w *testbed) boxready(program string, env []string, args ...string) *exec.Cmd {
	w.t.Helper()
	argv := w.resolving(append([]string{program}, args...)...)
	cmd := w.command("computer", argv[0], argv[1:]...)
	cmd.Env = slices.Concat([]string{"HOME=" + w.dir, "PATH=" + os.Getenv("PATH")}, w.session, env)
	return cmd
}

// check runs the program on the computer. Its exit code is part of the result.
func (w *testbed) check(program string, env []string, flags ...string) (stdout []byte, exit int) {
	w.t.Helper()
	cmd := w.boxready(program, env, append([]string{"check", portalName, "--format", "json", "--public-roots", w.roots}, flags...)...)
	var out, output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &output
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		w.t.Fatal(err)
	}
	if exit = cmd.ProcessState.ExitCode(); exit < 0 || exit == 1 || exit == 2 {
		w.t.Fatalf("boxready ended with %d: %s", exit, output.String())
	}
	return out.Bytes(), exit
}

// delayRelay is a relay on a host that delays every connection and every byte.
func (w *testbed) delayRelay(host, listen, to string, late time.Duration) {
	w.t.Helper()
	ln, err := w.listen(host, listen)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close()
				time.Sleep(late)
				out, err := w.dial(context.Background(), host, "tcp", to)
				if err != nil {
					return
				}
				defer out.Close()
				done := make(chan struct{}, 2)
				go func() { copyDelayed(out, in, late/2); done <- struct{}{} }()
				go func() { copyDelayed(in, out, late/2); done <- struct{}{} }()
				<-done
			}()
		}
	}()
}

// copyDelayed copies data with a delay.
func copyDelayed(to io.Writer, from io.Reader, late time.Duration) {
	type piece struct {
		at   time.Time
		data []byte
	}
	pieces := make(chan piece, 1024)
	go func() {
		defer close(pieces)
		for {
			buffer := make([]byte, 16<<10)
			n, err := from.Read(buffer)
			if n > 0 {
				pieces <- piece{time.Now().Add(late), buffer[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		time.Sleep(time.Until(p.at))
		if _, err := to.Write(p.data); err != nil {
			for range pieces { // lets the reader end
			}
			return
		}
	}
}
