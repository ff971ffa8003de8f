package allowlist_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"boxready/internal/allowlist"
)

// Every file is accepted by the program that it is written for.

// filesOf writes the files of one kind of equipment to a folder, and returns them by sample and part.
func filesOf(t *testing.T, e allowlist.Equipment) map[string]map[allowlist.Part]string {
	dir := t.TempDir()
	files := map[string]map[allowlist.Part]string{}
	for _, f := range written(t) {
		if f.of != e {
			continue
		}
		if files[f.sample] == nil {
			files[f.sample] = map[allowlist.Part]string{}
		}
		name := filepath.Join(dir, f.sample+"-"+e.FileName(f.part))
		if err := os.WriteFile(name, []byte(f.text), 0o600); err != nil {
			t.Fatal(err)
		}
		files[f.sample][f.part] = name
	}
	return files
}

func TestNftAcceptsTheRules(t *testing.T) {
	needsNamespace(t, "nft")
	for name, files := range filesOf(t, allowlist.Nftables) {
		t.Run(name, func(t *testing.T) {
			shell(t, fmt.Sprintf("nft -c -f %[1]s; nft -f %[1]s; nft -c -f %[2]s; nft -f %[2]s; test -z \"$(nft list ruleset)\"", files[allowlist.Add], files[allowlist.Remove]))
		})
	}
}

func TestIPTablesAcceptsTheRules(t *testing.T) {
	needsNamespace(t, "iptables", "ip6tables", "iptables-restore", "ip6tables-restore")
	for name, files := range filesOf(t, allowlist.IPTables) {
		t.Run(name, func(t *testing.T) {
			shell(t, fmt.Sprintf("for v in iptables ip6tables; do $v-restore --test %[1]s; $v-restore -n %[1]s; done; sh -n %[2]s; sh %[2]s; test -z \"$(iptables -S | grep BOXREADY)\"",
				files[allowlist.Add], files[allowlist.Remove]))
		})
	}
}

func TestIPSetAcceptsTheSets(t *testing.T) {
	needsNamespace(t, "ipset", "iptables", "ip6tables")
	for name, files := range filesOf(t, allowlist.IPSet) {
		t.Run(name, func(t *testing.T) {
			add, remove := files[allowlist.Add], files[allowlist.Remove]
			commands := append([]string{"ipset restore < " + add, "ipset restore < " + add}, comments(t, add)...)
			commands = append(append(commands, comments(t, remove)...), "ipset restore < "+remove, `test -z "$(ipset list -n)"`, `test -z "$(iptables -S | grep BOXREADY)"`)
			shell(t, strings.Join(commands, "\n"))
		})
	}
}

// firewalld's offline program replaces firewall-cmd, with a configuration in the test's folder.
const offlineShim = `#!/bin/sh
config=%s
set -- "$@" end
while [ "$1" != end ]; do
	case $1 in --permanent) ;; --reload) exit 0 ;; *) set -- "$@" "$1" ;; esac
	shift
done
shift
exec firewall-offline-cmd --system-config "$config" "$@"
`

func TestFirewalldAcceptsTheRules(t *testing.T) {
	needsNamespace(t, "firewall-offline-cmd") // it wants to be root
	for name, files := range filesOf(t, allowlist.Firewalld) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			config := filepath.Join(dir, "config")
			for _, d := range []string{config, filepath.Join(config, "zones"), filepath.Join(config, "ipsets")} {
				if err := os.Mkdir(d, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			shim := filepath.Join(dir, "firewall-cmd")
			if err := os.WriteFile(shim, fmt.Appendf(nil, offlineShim, config), 0o700); err != nil {
				t.Fatal(err)
			}
			run := func(name string, args ...string) string {
				cmd := inNamespace(name, args...)
				cmd.Env = append(cmd.Env, "PATH="+dir+":"+os.Getenv("PATH"))
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("%s %v: %v\n%s", name, args, err, out)
				}
				return string(out)
			}
			run("sh", files[allowlist.Add])
			closed := strings.HasSuffix(name, "internet")
			rules := run(shim, "--zone=public", "--list-rich-rules")
			if strings.Contains(rules, "source ipset=\"boxready-") == closed {
				t.Errorf("the zone has: %s", rules)
			}
			if closed {
				return
			}
			run(shim, "--check-config")
			run("sh", files[allowlist.Remove])
			if rest := run(shim, "--zone=public", "--list-rich-rules") + run(shim, "--get-ipsets"); strings.Contains(rest, "boxready") {
				t.Errorf("left behind: %s", rest)
			}
		})
	}
}

func TestSquidAcceptsTheRules(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	needs(t, "squid")
	for name, files := range filesOf(t, allowlist.Squid) {
		t.Run(name, func(t *testing.T) {
			out, err := exec.Command("squid", "-k", "parse", "-f", files[allowlist.Add]).CombinedOutput()
			if err != nil || regexp.MustCompile(`(?i)warning|error|fatal|bungled`).Match(out) {
				t.Errorf("%v\n%s", err, out)
			}
			if out, err := exec.Command("sh", "-n", files[allowlist.Remove]).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// nginxWith writes a configuration with one location that includes a file, and returns the command that tests it.
func nginxWith(t *testing.T, included string) *exec.Cmd {
	dir := t.TempDir()
	config := fmt.Sprintf(`pid %[1]s/pid; error_log stderr; events {}
http { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
server { listen 127.0.0.1:8080; location = /handler.php { include %[2]s; deny all; } } }`, dir, included)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.Command("nginx", "-t", "-q", "-e", "stderr", "-p", dir, "-c", file)
}

func TestNginxAcceptsTheRules(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	needs(t, "nginx")
	for name, files := range filesOf(t, allowlist.Nginx) {
		t.Run(name, func(t *testing.T) {
			if out, err := nginxWith(t, files[allowlist.Add]).CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
			if out, err := exec.Command("sh", "-n", files[allowlist.Remove]).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// If nginx rejects a new list, the script restores the old one.
func TestNginxRestoresTheOldList(t *testing.T) {
	needs(t, "python3")
	server := vendorHost(t)
	for _, taken := range []bool{true, false} {
		dir := t.TempDir()
		list := filepath.Join(dir, "boxready.conf")
		if err := os.WriteFile(list, []byte("allow 192.0.2.1;\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		shim := fmt.Sprintf("#!/bin/sh\necho \"$@\" >> %s/log\n[ \"$1\" != -t ] || %v\n", dir, taken)
		if err := os.WriteFile(filepath.Join(dir, "nginx"), []byte(shim), 0o700); err != nil {
			t.Fatal(err)
		}
		o := options()
		o.Handlers = "lan"
		o.Lists[0].URL = server.URL + "/good"
		script := filepath.Join(dir, "refresh.py")
		if err := os.WriteFile(script, []byte(write(t, rules(t, o), allowlist.Nginx, allowlist.Refresh, "en")), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("python3", script, list)
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "http_proxy=", "HTTP_PROXY=")
		out, err := cmd.CombinedOutput()
		if (err == nil) != taken {
			t.Errorf("%v\n%s", err, out)
		}
		want, calls := "allow 198.51.100.21;\n", "-t\n-s reload\n"
		if !taken {
			want, calls = "allow 192.0.2.1;\n", "-t\n"
		}
		if got, err := os.ReadFile(list); string(got) != want {
			t.Errorf("the list is %q, %v", got, err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "log")); string(got) != calls {
			t.Errorf("nginx was called with %q, %v", got, err)
		}
	}
}

func TestPythonAcceptsTheScripts(t *testing.T) {
	needs(t, "python3")
	for _, e := range pythonRefreshed {
		for name, files := range filesOf(t, e) {
			if script := files[allowlist.Refresh]; script != "" {
				out, err := exec.Command("python3", "-W", "error", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", script).CombinedOutput()
				if err != nil {
					t.Errorf("%s %s: %v\n%s", e, name, err, out)
				}
			}
		}
	}
}

func TestPHPAcceptsTheProxySettings(t *testing.T) {
	needs(t, "php")
	for _, host := range []string{"", "proxy.corp.example", `a'b\`, `\'];phpinfo();//`} {
		advice := allowlist.ProxySettings(texts(t, "ru"), host, 0)
		program := "$all = [\n" + advice.Code + "];\necho json_encode($all['http_client_options']['value']['proxyHost']);"
		out, err := exec.Command("php", "-n", "-r", program).CombinedOutput()
		want := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "/", `\/`).Replace(host)
		if host == "" {
			want = `\u041f\u0420\u041e\u041a\u0421\u0418`
		}
		if err != nil || string(out) != `"`+want+`"` {
			t.Errorf("%q: %v %s", host, err, out)
		}
	}
}
