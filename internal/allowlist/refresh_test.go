package allowlist_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"boxready/internal/allowlist"
	"boxready/internal/feed"
	"boxready/internal/requirements"

	"github.com/google/go-cmp/cmp"
)

// hostileFeeds returns answers that are no list of addresses, or one that must not be applied.
func hostileFeeds() []string {
	nodes := func(all ...string) string { return `{"nodes":["` + strings.Join(all, `","`) + `"]}` }
	return []string{
		"", " ", "{}", "[]", "null", `{"nodes":[]}`, `{"nodes":null}`, `{"nodes":{}}`, `{"nodes":"203.0.113.5"}`, `{"nodes":[3405803781]}`,
		`{"nodes":[null]}`, `{"nodes":[["203.0.113.5"]]}`, `{"Nodes":["203.0.113.5"]}`, `{"nodes":["203.0.113.5"]`, "\xff\xfe",
		"<!DOCTYPE html><html><body>203.0.113.5</body></html>",
		nodes("203.0.113.5", "; rm -rf $PWNED"), nodes("$(touch $PWNED)"), nodes("`touch $PWNED`"), nodes("203.0.113.5 } ; flush ruleset ; add element x y {"),
		nodes("203.0.113.5\\nflush ruleset"), nodes("203.0.113.5; touch $PWNED #"), nodes("203.0.113.5'; touch $PWNED; '"), nodes("203.0.113.5\\u0000"),
		nodes("-h"), nodes("--help"), nodes("203.0.113.5/"), nodes("203.0.113.5/33"), nodes("203.0.113.5:443"), nodes("203.0.113.256"), nodes("localhost"),
		nodes("oauth.bitrix24.tech"), nodes(""), nodes("2001:db8::1%eth0"), nodes("0.0.0.0/0"), nodes("::/0"), nodes("8.0.0.0/7"), nodes("2000::/3"),
		nodes("127.0.0.1"), nodes("10.1.2.3"), nodes("192.168.0.0/24"), nodes("172.16.0.1"), nodes("172.0.0.0/8"), nodes("100.64.0.1"), nodes("169.254.169.254"),
		nodes("224.0.0.1"), nodes("255.255.255.255"), nodes("::1"), nodes("fe80::1"), nodes("fd00::1"), nodes("ff02::1"), nodes("::ffff:127.0.0.1"),
		nodes("::ffff:203.0.113.0/120"),
		`{"nodes":[` + strings.Repeat(`"203.0.113.5",`, 5000) + `"203.0.113.6"]}`,
		nodes("203.0.113.5") + strings.Repeat(" ", 2<<20),
	}
}

// A list with everything that is allowed: both versions of IP, networks, duplicates, spaces, a byte order mark.
const soundFeed = "\ufeff" + `{"nodes":["203.0.113.9"," 203.0.113.5 ","203.0.113.5","198.51.100.77/26","2001:db8::5","::ffff:203.0.113.9","2001:DB8:0::5/128"],"more":1}`

const goodList = `{"nodes":["198.51.100.21"]}`

// vendorHost serves hostile lists by their index, and answers with other errors.
func vendorHost(t *testing.T) *httptest.Server {
	feeds := hostileFeeds()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch name := strings.TrimPrefix(r.URL.Path, "/"); name {
		case "sound":
			io.WriteString(w, soundFeed)
		case "good":
			io.WriteString(w, goodList)
		case "error":
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, goodList)
		case "created":
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, goodList)
		case "redirect":
			http.Redirect(w, r, "/good", http.StatusFound)
		case "reset":
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, goodList)
			panic(http.ErrAbortHandler)
		case "endless":
			for {
				if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<16)); err != nil {
					return
				}
			}
		default:
			i, err := strconv.Atoi(name)
			if err != nil {
				http.NotFound(w, r)
				return
			}
			io.WriteString(w, feeds[i])
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// scriptRun is what a script did, or would have done, with one list.
type scriptRun struct {
	Error string
	Runs  []struct {
		Command []string
		Stdin   string
	}
}

func harness(t *testing.T, e allowlist.Equipment, target string, urls ...string) (all []scriptRun) {
	t.Helper()
	o := options()
	o.Handlers = requirements.LAN
	script := filepath.Join(t.TempDir(), e.FileName(allowlist.Refresh))
	if err := os.WriteFile(script, []byte(write(t, rules(t, o), e, allowlist.Refresh, "ru")), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command("python3", append([]string{"testdata/harness.py", script, target}, urls...)...)
	for _, v := range os.Environ() {
		if !strings.Contains(strings.ToLower(v), "_proxy=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "PYTHONDONTWRITEBYTECODE=1", "PWNED="+filepath.Join(t.TempDir(), "pwned"))
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	d := json.NewDecoder(bytes.NewReader(out))
	for d.More() {
		var one scriptRun
		if err := d.Decode(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if pwned := cmd.Env[len(cmd.Env)-1]; fileExists(strings.TrimPrefix(pwned, "PWNED=")) {
		t.Error("a list's text was executed")
	}
	return all
}

func fileExists(name string) bool { _, err := os.Stat(name); return err == nil }

// pythonRefreshed are the kinds of equipment with a script in Python.
var pythonRefreshed = []allowlist.Equipment{allowlist.Nftables, allowlist.IPSet, allowlist.IPTables, allowlist.Firewalld, allowlist.Nginx, allowlist.FortiGate, allowlist.PfSense}

func TestRefreshRefusesBrokenLists(t *testing.T) {
	needs(t, "python3")
	server := vendorHost(t)
	var urls []string
	for i := range hostileFeeds() {
		urls = append(urls, fmt.Sprintf("%s/%d", server.URL, i))
	}
	for _, name := range []string{"error", "created", "redirect", "reset", "endless", "missing"} {
		urls = append(urls, server.URL+"/"+name)
	}
	urls = append(urls, "http://127.0.0.1:1/", server.URL+"/good|"+server.URL+"/error") // of two lists both must be sound
	for _, e := range pythonRefreshed {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			target := filepath.Join(t.TempDir(), "list")
			if err := os.WriteFile(target, []byte("the old list\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for i, one := range harness(t, e, target, urls...) {
				if one.Error == "" || len(one.Runs) > 0 {
					t.Errorf("%s: %+v", urls[i], one)
				}
			}
			if data, err := os.ReadFile(target); string(data) != "the old list\n" {
				t.Errorf("the old list was changed to %q, %v", data, err)
			}
		})
	}
}

func TestRefreshAppliesValidLists(t *testing.T) {
	needs(t, "python3")
	server := vendorHost(t)
	want := map[allowlist.Equipment][]string{
		allowlist.Nftables: {"nft -f -", "flush set inet boxready nodes-v4\nadd element inet boxready nodes-v4 { 198.51.100.64/26, 203.0.113.5, 203.0.113.9 }\n" +
			"flush set inet boxready nodes-v6\nadd element inet boxready nodes-v6 { 2001:db8::5 }\n"},
		allowlist.IPSet: {"ipset restore", "create boxready-nodes-v4-new hash:net family inet -exist\nflush boxready-nodes-v4-new\n" +
			"add boxready-nodes-v4-new 198.51.100.64/26 -exist\nadd boxready-nodes-v4-new 203.0.113.5 -exist\nadd boxready-nodes-v4-new 203.0.113.9 -exist\n" +
			"swap boxready-nodes-v4-new boxready-nodes-v4\ndestroy boxready-nodes-v4-new\n" +
			"create boxready-nodes-v6-new hash:net family inet6 -exist\nflush boxready-nodes-v6-new\nadd boxready-nodes-v6-new 2001:db8::5 -exist\n" +
			"swap boxready-nodes-v6-new boxready-nodes-v6\ndestroy boxready-nodes-v6-new\n"},
		allowlist.IPTables: {
			"iptables-restore --noflush", "*filter\n:BOXREADY-NODES - [0:0]\n-A BOXREADY-NODES -s 198.51.100.64/26 -j ACCEPT\n" +
				"-A BOXREADY-NODES -s 203.0.113.5 -j ACCEPT\n-A BOXREADY-NODES -s 203.0.113.9 -j ACCEPT\nCOMMIT\n",
			"ip6tables-restore --noflush", "*filter\n:BOXREADY-NODES - [0:0]\n-A BOXREADY-NODES -s 2001:db8::5 -j ACCEPT\nCOMMIT\n"},
		allowlist.Nginx: {"nginx -t", "", "nginx -s reload", ""},
	}
	for _, e := range pythonRefreshed {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			target := filepath.Join(t.TempDir(), "list")
			if err := os.WriteFile(target, []byte("old\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			one := harness(t, e, target, server.URL+"/sound")[0]
			var got []string
			for _, r := range one.Runs {
				got = append(got, strings.Join(r.Command, " "), r.Stdin)
			}
			if one.Error != "" {
				t.Error(one.Error)
			}
			if w, ok := want[e]; ok {
				if diff := cmp.Diff(w, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			file, err := os.ReadFile(target)
			if err != nil {
				t.Fatal(err)
			}
			content := map[allowlist.Equipment]string{
				allowlist.Nginx:     "allow 198.51.100.64/26;\nallow 203.0.113.5;\nallow 203.0.113.9;\nallow 2001:db8::5;\n",
				allowlist.FortiGate: "198.51.100.64/26\n203.0.113.5\n203.0.113.9\n2001:db8::5\n",
				allowlist.PfSense:   "198.51.100.64/26\n203.0.113.5\n203.0.113.9\n2001:db8::5\n",
			}[e]
			if content == "" {
				content = "old\n"
			}
			if string(file) != content {
				t.Errorf("the file is %q, expected %q", file, content)
			}
		})
	}
}

// firewalld has no swap of sets: new addresses are added before old ones are removed.
func TestFirewalldAddsBeforeItRemoves(t *testing.T) {
	needs(t, "python3")
	one := harness(t, allowlist.Firewalld, "", vendorHost(t).URL+"/sound")[0]
	var got []string
	for _, r := range one.Runs {
		got = append(got, strings.Join(r.Command, " "))
	}
	want := []string{}
	for _, set := range []struct {
		name string
		add  []string
	}{{"boxready-nodes-v4", []string{"198.51.100.64/26", "203.0.113.5", "203.0.113.9"}}, {"boxready-nodes-v6", []string{"2001:db8::5"}}} {
		for _, scope := range []string{"firewall-cmd --permanent", "firewall-cmd"} {
			at := scope + " --ipset=" + set.name
			want = append(want, at+" --get-entries")
			for _, a := range set.add {
				want = append(want, at+" --add-entry="+a)
			}
			want = append(want, at+" --remove-entry=198.51.100.21", at+" --remove-entry=192.0.2.7")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The pattern in the PowerShell script matches the same addresses as feed.NeverSenders.
func TestNeverPattern(t *testing.T) {
	o := options()
	o.Handlers = requirements.LAN
	script := write(t, rules(t, o), allowlist.Windows, allowlist.Refresh, "en")
	m := regexp.MustCompile(`\$ip\.ToString\(\) -match '([^']+)'`).FindStringSubmatch(script)
	if m == nil {
		t.Fatal("no pattern")
	}
	pattern := regexp.MustCompile(m[1])
	check := func(a netip.Addr) {
		never := false
		for _, p := range feed.NeverSenders() {
			never = never || p.Contains(a)
		}
		if pattern.MatchString(a.String()) != never {
			t.Errorf("%s: pattern %v, list %v", a, !never, never)
		}
	}
	for _, p := range feed.NeverSenders() {
		last := p.Addr().AsSlice()
		for i := range last {
			bits := min(max(p.Bits()-8*i, 0), 8)
			last[i] |= byte(0xff >> bits)
		}
		end, _ := netip.AddrFromSlice(last)
		for _, a := range []netip.Addr{p.Addr(), end, p.Addr().Prev(), end.Next()} {
			if a.IsValid() && !(a.Is6() && strings.HasPrefix(a.String(), "::")) && !strings.HasPrefix(a.String(), "fe") {
				check(a)
			}
		}
	}
	for i := range 1 << 16 {
		check(netip.AddrFrom4([4]byte{byte(i >> 8), byte(i), 1, 1}))
	}
}
