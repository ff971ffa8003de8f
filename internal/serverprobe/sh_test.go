package serverprobe_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"boxready/internal/serverprobe"
)

// runShell runs the script for a shell in an empty folder and returns its answer.
func runShell(t *testing.T, path string, o serverprobe.Options, environment ...string) *serverprobe.Probe {
	t.Helper()
	text, nonce := script(t, serverprobe.Shell, o)
	command := exec.Command(needs(t, "sh"))
	command.Stdin, command.Dir = strings.NewReader(text), t.TempDir()
	command.Env = append([]string{"PATH=" + path}, environment...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if left, _ := os.ReadDir(command.Dir); len(left) > 0 {
		t.Errorf("the script left %v", left)
	}
	probe := parsed(t, string(out))
	if probe.Kind != serverprobe.Shell || probe.Nonce != nonce {
		t.Errorf("whose answer: %+v", probe.Answer)
	}
	if before, _, _ := strings.Cut(string(out), "BOXREADY"); strings.TrimSpace(before) != "" {
		t.Errorf("besides its answer the script prints %q", before)
	}
	return probe
}

func TestShell(t *testing.T) {
	needs(t, "curl")
	needs(t, "openssl")
	auth, ca := authServer(t)
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `"quoted" \ and <b>`) }))
	t.Cleanup(other.Close)
	options := serverprobe.Options{Portal: address(t, "portal.example.ru"), Servers: []string{auth, "https://localhost:1"}, Others: []string{auth, other.URL, "https://no-such-name.invalid"}}

	probe := runShell(t, os.Getenv("PATH"), options, "CURL_CA_BUNDLE="+ca, "https_proxy=http://127.0.0.1:1")
	if len(probe.Hosts) != 5 || !probe.Network.ProxyEnvironment || probe.PortalHost != "portal.example.ru" || probe.Network.Curl == "" {
		t.Fatalf("read %+v", probe)
	}
	reached, refused, plain, untrusted, unknown := probe.Hosts[0], probe.Hosts[1], probe.Hosts[2], probe.Hosts[3], probe.Hosts[4]
	if reached.DNS != "ok" || *reached.Curl != 0 || reached.HTTP.Status != 400 || reached.HTTP.Error != "invalid_request" || len(reached.Chain) != 1 {
		t.Errorf("reached: %+v %+v", reached, reached.HTTP)
	}
	if *refused.Curl != 7 || refused.HTTP.Status != 0 || len(refused.Chain) != 0 {
		t.Errorf("refused: %+v %+v", refused, refused.HTTP)
	}
	if plain.HTTP.Body != "" || plain.HTTP.Status != 200 {
		t.Errorf("what another host says was kept: %+v", plain.HTTP)
	}
	if *untrusted.Curl != 60 || untrusted.HTTP.Status != 0 {
		t.Errorf("untrusted: %+v %+v", untrusted, untrusted.HTTP)
	}
	if unknown.DNS != "failed" || *unknown.Curl != 6 {
		t.Errorf("unknown: %+v", unknown)
	}
}

// TestShellOwnAddress connects to the portal's own address in several states, where a request fails the test.
func TestShellOwnAddress(t *testing.T) {
	needs(t, "openssl")
	asked := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the portal's own address was asked") }))
	certificate, authority := certificateFor(t, "localhost")
	asked.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	asked.Config.ErrorLog = log.New(io.Discard, "", 0)
	asked.StartTLS()
	t.Cleanup(asked.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	port := func(s *httptest.Server) string { return s.URL[strings.LastIndex(s.URL, ":"):] }
	for _, c := range []struct{ name, portal, environment, tcp, tls string }{
		{"trusted", "localhost" + port(asked), "SSL_CERT_FILE=" + ca, "ok", "ok"},
		{"untrusted", "localhost" + port(asked), "SSL_CERT_FILE=/dev/null", "ok", "failed"},
		{"another name", "127.0.0.1" + port(asked), "SSL_CERT_FILE=" + ca, "ok", "failed"},
		{"not encrypted", "localhost" + port(plain), "SSL_CERT_FILE=" + ca, "ok", "failed"},
		{"closed", "localhost:1", "", "failed", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := serverprobe.Options{Portal: address(t, c.portal), Servers: []string{}, Others: []string{}}
			self := runShell(t, os.Getenv("PATH"), o, c.environment).Self
			if self == nil || self.By != serverprobe.Shell || self.TCP != c.tcp || self.TLS != c.tls || self.HTTP != nil {
				t.Errorf("own address %+v", self)
			}
		})
	}
}

// TestBareShell runs the script with the commands alone that every system has.
func TestBareShell(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"sh", "tr", "cut", "sed", "awk", "date", "uname", "sort", "head", "tail", "openssl"} {
		target, err := filepath.EvalSymlinks(needs(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	probe := runShell(t, bin, serverprobe.Options{Servers: []string{"https://localhost:1"}, Others: []string{}})
	if h := probe.Hosts[0]; h.DNS != "" || h.Curl != nil || h.HTTP != nil {
		t.Errorf("host %+v", h)
	}
}

// TestShellScriptsAreReadOnly looks for commands that could change something.
func TestShellScriptsAreReadOnly(t *testing.T) {
	for _, kind := range []serverprobe.Kind{serverprobe.Shell, serverprobe.PowerShell} {
		text, _ := script(t, kind, serverprobe.Options{})
		for _, word := range []string{" rm ", " mv ", " cp ", " tee ", "mktemp", "eval ", "sudo", "--data", "-X ", "Set-", "Remove-", "New-Item", "Out-File", "Invoke-Expression", "Add-Type", "> $", ">/tmp"} {
			if strings.Contains(text, word) {
				t.Errorf("%s: %q", kind, word)
			}
		}
		for open, closed := range map[string]string{"{": "}", "(": ")"} {
			if kind == serverprobe.PowerShell && strings.Count(text, open) != strings.Count(text, closed) {
				t.Errorf("%s: %q doesn't match %q", kind, open, closed)
			}
		}
	}
}

// TestPowerShell needs PowerShell, which Debian doesn't have.
func TestPowerShell(t *testing.T) {
	pwsh, err := exec.LookPath("pwsh")
	if err != nil {
		t.Skip("SKIPPED: no PowerShell on this machine, and none to be had")
	}
	auth, _ := authServer(t)
	text, nonce := script(t, serverprobe.PowerShell, serverprobe.Options{Servers: []string{auth}, Others: []string{"https://localhost:1"}})
	command := exec.Command(pwsh, "-NoProfile", "-Command", "-")
	command.Stdin = strings.NewReader(text)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if probe := parsed(t, string(out)); probe.Nonce != nonce || len(probe.Hosts) != 2 || probe.Hosts[0].TLS != "failed" || len(probe.Hosts[0].Chain) != 1 {
		t.Errorf("read %+v", probe)
	}
}
