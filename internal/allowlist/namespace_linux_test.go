package allowlist_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/requirements"
)

// Rules are loaded into new network namespaces, never into that of the machine.

// roleVariable makes the test program one end of a connection in a namespace, see TestMain.
const roleVariable = "BOXREADY_TEST_ROLE"

func init() { runHelper = role }

// inNamespace returns a command in a new network namespace.
func inNamespace(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	cmd.SysProcAttr = attr
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin", "LC_ALL=C.UTF-8")
	return cmd
}

// needsNamespace skips a test if namespaces can't be created.
func needsNamespace(t testing.TB, programs ...string) {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	needs(t, programs...)
	if out, err := inNamespace("true").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("NOT TESTED: no network namespace: %v %s", err, out)
		}
		t.Skipf("NOT TESTED: no network namespace: %v %s", err, out)
	}
}

// shell runs a script in a new namespace.
func shell(t testing.TB, script string) string {
	t.Helper()
	out, err := inNamespace("sh", "-euc", script).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s\nin\n%s", err, out, script)
	}
	return string(out)
}

// scenario has the commands of one kind of firewall.
type scenario struct {
	Setup, Remove, Refresh, Drops []string // shell commands; Drops prints how many packets were dropped
	Feed                          string   // folder that is served as the vendor's
}

const (
	feedPort = 8780
	before4  = "198.51.100.21"
	net4     = "198.51.100.77" // within a listed network
	after4   = "203.0.113.5"   // listed later
	other4   = "192.0.2.99"
	before6  = "2001:db8::21"
	after6   = "2001:db8::5"
	other6   = "2001:db8::99"
)

// The rules accept listed clients, block all others on the handlers' port, and affect no other port; the refresh script
// updates the list, and an invalid list changes nothing.
func TestRulesInANamespace(t *testing.T) {
	needsNamespace(t, "ip", "nft", "iptables", "ip6tables", "ipset", "python3")
	for _, e := range []allowlist.Equipment{allowlist.Nftables, allowlist.IPSet, allowlist.IPTables} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			o := options()
			o.Handlers = requirements.LAN
			o.Lists = []feed.List{{Region: bitrix.CIS, URL: fmt.Sprintf("http://127.0.0.1:%d/nodes.json", feedPort), Fetched: noon,
				Nodes: []netip.Prefix{netip.MustParsePrefix(before4 + "/32"), netip.MustParsePrefix("198.51.100.64/26"), netip.MustParsePrefix(before6 + "/128")}}}
			r := rules(t, o)
			files := map[allowlist.Part]string{}
			for _, part := range []allowlist.Part{allowlist.Add, allowlist.Refresh, allowlist.Remove} {
				files[part] = filepath.Join(dir, e.FileName(part))
				if err := os.WriteFile(files[part], []byte(write(t, r, e, part, "ru")), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := scenario{Feed: filepath.Join(dir, "feed"), Refresh: []string{"python3 " + files[allowlist.Refresh]}}
			if err := os.Mkdir(s.Feed, 0o700); err != nil {
				t.Fatal(err)
			}
			ipt := []string{"iptables -nvxL BOXREADY | awk '/DROP/{n+=$1} END{print n+0}'", "ip6tables -nvxL BOXREADY | awk '/DROP/{n+=$1} END{print n+0}'"}
			switch e {
			case allowlist.Nftables:
				s.Setup = []string{"nft -f " + files[allowlist.Add], "nft -f " + files[allowlist.Add]} // twice is as good as once
				s.Remove = []string{"nft -f " + files[allowlist.Remove]}
				s.Drops = []string{"nft list table inet boxready | sed -n 's/.*counter packets \\([0-9]*\\).*/\\1/p'"}
			case allowlist.IPSet:
				s.Setup = append([]string{"ipset restore < " + files[allowlist.Add]}, comments(t, files[allowlist.Add])...)
				s.Remove = append(comments(t, files[allowlist.Remove]), "ipset restore < "+files[allowlist.Remove], "test -z \"$(ipset list -n)\"")
				s.Drops = ipt
			case allowlist.IPTables:
				load := "iptables-restore -n < " + files[allowlist.Add] + "; ip6tables-restore -n < " + files[allowlist.Add]
				s.Setup = []string{load, load}
				s.Remove = []string{"sh " + files[allowlist.Remove], "test -z \"$(iptables -S | grep BOXREADY)$(ip6tables -S | grep BOXREADY)\""}
				s.Drops = ipt
			}
			data, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			cmd := inNamespace(os.Args[0])
			cmd.Env = append(cmd.Env, roleVariable+"=server", "SCENARIO="+string(data))
			cmd.Env = append(cmd.Env, "http_proxy=", "https_proxy=", "HTTP_PROXY=", "HTTPS_PROXY=")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// comments returns the commands in a file's comments.
func comments(t *testing.T, file string) (commands []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if command, ok := strings.CutPrefix(line, "#   "); ok {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	return commands
}

func run(commands ...string) string {
	var all bytes.Buffer
	for _, c := range commands {
		out, err := exec.Command("sh", "-ec", c).CombinedOutput()
		if err != nil {
			panic(fmt.Sprintf("%s: %v\n%s", c, err, out))
		}
		all.Write(out)
	}
	return all.String()
}

// role runs the test program as one end of the connection.
func role(name string) {
	if name == "client" {
		client()
		return
	}
	var s scenario
	if err := json.Unmarshal([]byte(os.Getenv("SCENARIO")), &s); err != nil {
		panic(err)
	}
	host := newHost()
	host.runScenario(s)
}

// host is the handlers' server: one end of a veth pair.
type host struct {
	in    io.Writer
	out   *bufio.Reader
	drops []string
}

func newHost() *host {
	peer := exec.Command(os.Args[0])
	peer.Env = append(os.Environ(), roleVariable+"=client")
	peer.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	peer.Stderr = os.Stderr
	in, err := peer.StdinPipe()
	if err != nil {
		panic(err)
	}
	out, err := peer.StdoutPipe()
	if err != nil {
		panic(err)
	}
	if err := peer.Start(); err != nil {
		panic(err)
	}
	h := &host{in: in, out: bufio.NewReader(out)}
	h.ask("ready") // the peer has its namespace
	run("ip link set lo up", "ip link add here type veth peer name there netns "+strconv.Itoa(peer.Process.Pid),
		"ip addr add 192.0.2.1/24 dev here", "ip -6 addr add 2001:db8:1::1/64 dev here nodad", "ip link set here up",
		"ip route add 198.51.100.0/24 dev here", "ip route add 203.0.113.0/24 dev here")
	h.ask("up")
	run("ip -6 route add 2001:db8::/64 dev here")
	for _, port := range []string{"443", "22"} {
		for _, network := range []string{"tcp4", "tcp6"} {
			l, err := net.Listen(network, ":"+port)
			if err != nil {
				panic(err)
			}
			go serve(l)
		}
	}
	return h
}

// serve echoes what it receives.
func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() { defer c.Close(); _, _ = io.Copy(c, c) }()
	}
}

func (h *host) ask(question string) string {
	fmt.Fprintln(h.in, question)
	answer, err := h.out.ReadString('\n')
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(answer)
}

func (h *host) dropped() (n int) {
	for _, c := range h.drops {
		for _, field := range strings.Fields(run(c)) {
			count, err := strconv.Atoi(field)
			if err != nil {
				panic(err)
			}
			n += count
		}
	}
	return n
}

func (h *host) reaches(source string, port int) {
	if answer := h.ask(fmt.Sprintf("dial %s %d", source, port)); answer != "ok" {
		panic(fmt.Sprintf("%s doesn't reach port %d: %s\n%s", source, port, answer, run("nft list ruleset")))
	}
}

// isBlocked waits until the firewall's counter of dropped packets increases, so that the test depends on no clock.
func (h *host) isBlocked(source string) {
	before := h.dropped()
	h.ask("begin " + source + " 443")
	for h.dropped() == before {
		if h.ask("pending") != "yes" {
			panic(source + " was accepted or rejected")
		}
	}
	if h.ask("stop") != "yes" {
		panic(source + " was accepted")
	}
}

func (h *host) runScenario(s scenario) {
	server := &http.Server{Handler: http.FileServer(http.Dir(s.Feed))}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", feedPort))
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(l) }()
	publish := func(body string) {
		if err := os.WriteFile(filepath.Join(s.Feed, "nodes.json"), []byte(body), 0o600); err != nil {
			panic(err)
		}
	}

	allSources := []string{before4, net4, after4, other4, before6, after6, other6}
	for _, source := range allSources {
		h.reaches(source, 443)
	}
	if answer := h.ask("keep " + other4); answer != "ok" {
		panic(answer)
	}
	run(s.Setup...)
	h.drops = s.Drops
	check := func(listed, others []string) {
		for _, source := range listed {
			h.reaches(source, 443)
		}
		for _, source := range others {
			h.isBlocked(source)
		}
		for _, source := range allSources {
			h.reaches(source, 22)
		}
		if answer := h.ask("kept"); answer != "ok" {
			panic("an open connection was cut: " + answer)
		}
		for _, self := range []string{"127.0.0.1", "::1", "192.0.2.1"} {
			c, err := net.Dial("tcp", net.JoinHostPort(self, "443"))
			if err != nil {
				panic(err)
			}
			c.Close()
		}
	}
	check([]string{before4, net4, before6}, []string{after4, other4, after6, other6})
	publish(fmt.Sprintf(`{"nodes":[%q,%q,%q,"203.0.113.64/26"]}`, after4, after4, after6))
	run(s.Refresh...)
	check([]string{after4, after6}, []string{before4, net4, other4, before6, other6})
	for _, broken := range []string{"", "<html>", `{"nodes":[]}`, `{"nodes":["192.0.2.99","; nft flush ruleset"]}`, `{"nodes":["192.0.2.99","10.0.0.1"]}`} {
		publish(broken)
		if out, err := exec.Command("sh", "-c", s.Refresh[0]).CombinedOutput(); err == nil {
			panic(fmt.Sprintf("an invalid list is accepted: %.200s\n%s", broken, out))
		}
	}
	check([]string{after4, after6}, []string{before4, other4, other6})
	run(s.Remove...)
	for _, source := range allSources {
		h.reaches(source, 443)
	}
}

// client is the other end, with the addresses of all clients.
func client() {
	questions := bufio.NewScanner(os.Stdin)
	answer := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	dial := func(ctx context.Context, source, port string) (net.Conn, error) {
		to := "192.0.2.1"
		if strings.Contains(source, ":") {
			to = "2001:db8:1::1"
		}
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
		return d.DialContext(ctx, "tcp", net.JoinHostPort(to, port))
	}
	echo := func(c net.Conn) error {
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		if _, err := c.Write([]byte("?")); err != nil {
			return err
		}
		_, err := c.Read(make([]byte, 1))
		return err
	}
	var kept net.Conn
	stop := func() {}
	defer func() { stop() }()
	var ended chan error
	for questions.Scan() {
		words := strings.Fields(questions.Text())
		switch words[0] {
		case "ready":
			answer("ok")
		case "up":
			run("ip link set lo up", "ip addr add 192.0.2.2/24 dev there", "ip -6 addr add 2001:db8:1::2/64 dev there nodad")
			for _, a := range []string{before4, net4, after4} {
				run("ip addr add " + a + "/32 dev there")
			}
			run("ip addr add " + other4 + "/32 dev there")
			for _, a := range []string{before6, after6, other6} {
				run("ip -6 addr add " + a + "/128 dev there nodad")
			}
			run("ip link set there up")
			answer("ok")
		case "dial":
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			c, err := dial(ctx, words[1], words[2])
			cancel()
			if err == nil {
				err = echo(c)
				c.Close()
			}
			if err != nil {
				answer("%v", err)
				continue
			}
			answer("ok")
		case "keep":
			var err error
			if kept, err = dial(context.Background(), words[1], "443"); err != nil {
				answer("%v", err)
				continue
			}
			answer("ok")
		case "kept":
			if err := echo(kept); err != nil {
				answer("%v", err)
				continue
			}
			answer("ok")
		case "begin":
			ctx, cancel := context.WithCancel(context.Background())
			stop = cancel
			ended = make(chan error, 1)
			go func() { _, err := dial(ctx, words[1], words[2]); ended <- err }()
			answer("ok")
		case "pending":
			select {
			case err := <-ended:
				answer("no: %v", err)
			default:
				answer("yes")
			}
		case "stop":
			stop()
			if err := <-ended; err != nil && strings.Contains(err.Error(), "operation was canceled") {
				answer("yes")
			} else {
				answer("no: %v", err)
			}
		}
	}
}
