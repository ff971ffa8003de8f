package letter_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/internal/allowlist"
	"boxready/internal/letter"
	"boxready/internal/portal"
	"boxready/internal/simtest/testenv"
	"boxready/internal/words"
)

// network is a situation in which somebody runs the proof of a letter on the portal's server.
type network struct {
	config  string // of curl
	offline bool   // in a network namespace without any network
	silent  bool   // nothing is ever answered
	open    bool
}

// TestProofs runs the commands that letters have as proof that the authorization servers can be reached, for Linux and for Windows. Each
// tells an open way from every kind of closed one, behind a proxy too.
func TestProofs(t *testing.T) {
	for _, program := range []string{"curl", "bash", "unshare"} {
		if _, err := exec.LookPath(program); err != nil {
			testenv.Missing(t, "%v", err)
		}
	}
	direct, certificate := tlsServer(t)
	inspecting, _ := tlsServer(t) // nobody trusts its certificate

	root := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600); err != nil {
		t.Fatal(err)
	}
	to := func(address string) string {
		var lines strings.Builder
		for _, host := range []string{"oauth.bitrix24.tech", "oauth.bitrix.info"} {
			fmt.Fprintf(&lines, "connect-to = \"%s:443:%s\"\n", host, address)
		}
		return lines.String() + "cacert = " + root + "\n"
	}
	for name, n := range map[string]network{
		"open":                            {config: to(direct), open: true},
		"open through a proxy":            {config: to(direct) + proxyLine(t, "200 Connection established", direct), open: true},
		"proxy that refuses":              {config: to(direct) + proxyLine(t, "403 Forbidden", "")},
		"proxy that asks for a password":  {config: to(direct) + proxyLine(t, "407 Proxy Authentication Required", "")},
		"proxy that drops the connection": {config: to(direct) + proxyLine(t, "200 Connection established", "")},
		"proxy that opens TLS":            {config: to(direct) + proxyLine(t, "200 Connection established", inspecting)},
		"no DNS":                          {config: "cacert = " + root + "\n", offline: true},
		"silent":                          {config: to(silent(t)), silent: true},
		"refused":                         {config: to(closed(t))},
	} {
		for place, proof := range proofs(t) {
			t.Run(name+"/"+place, func(t *testing.T) {
				t.Parallel()
				codes := runProof(t, n, proof)
				if len(codes) == 0 {
					t.Fatal("nothing was printed")
				}
				for _, code := range codes {
					if open := code != "000"; open != n.open {
						t.Errorf("%s is printed", code)
					}
				}
			})
		}
	}
}

// tlsServer starts a server with a certificate of its own for the authorization servers' names, and returns both.
func tlsServer(t *testing.T) (address string, certificate []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"oauth.bitrix24.tech", "oauth.bitrix.info"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		BasicConstraintsValid: true, IsCA: true}
	certificate, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that end early are expected
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), certificate
}

// proofs are the commands of letters, by where they stand and for which system.
func proofs(t *testing.T) map[string]string {
	all := map[string]string{}
	for _, lang := range []string{"ru", "en"} {
		w := texts(t, lang)
		for _, command := range words.ParseStep(w.Say("shared-step.proof-auth-servers", nil)).Commands {
			all[lang+"/finding/"+strings.ToLower(strings.TrimSuffix(command.Label, ":"))] = command.Line
		}
	}
	address, err := portal.ParseAddress("https://portal.example.ru")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := allowlist.New(allowlist.Options{Portal: address, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	request, err := rules.Letter(texts(t, "en"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(letter.FromRules(request).Body) {
		if strings.HasPrefix(line, "curl ") {
			all["rules/linux"] = line
		} else if strings.HasPrefix(line, "curl.exe ") {
			all["rules/windows"] = line
		}
	}
	if len(all) != 6 {
		t.Fatalf("the letters have the proofs %q", all)
	}
	return all
}

// runProof runs a command as its reader would, and returns the codes that it prints. Where nothing is answered, a second is enough.
func runProof(t *testing.T, n network, line string) []string {
	t.Helper()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte(n.config), 0o600); err != nil {
		t.Fatal(err)
	}
	if line = strings.TrimSpace(line); n.silent {
		line = strings.Replace(line, " -m 15 ", " -m 1 ", 1)
	}
	var args []string
	if n.offline {
		args = []string{"unshare", "--user", "--map-root-user", "--net"}
	}
	if windows, ok := strings.CutPrefix(line, "curl.exe "); ok {
		args = append(append(args, "curl"), splitWindows(windows)...)
	} else {
		args = append(args, "bash", "-c", line)
	}
	cmd := exec.Command(args[0], args[1:]...) // #nosec G204 -- of this test
	cmd.Dir, cmd.Env = home, append(os.Environ(), "HOME="+home, "CURL_HOME="+home)
	var errors strings.Builder
	cmd.Stderr = &errors
	out, _ := cmd.Output() // curl's exit code is that of the last host
	t.Log(errors.String())
	return strings.Fields(string(out))
}

// splitWindows splits a command line as Windows does that has quotes only around whole arguments.
func splitWindows(line string) (args []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			args = append(args, part)
		} else {
			args = append(args, strings.Fields(part)...)
		}
	}
	return args
}

// proxyLine starts a proxy that answers CONNECT so, and then connects to an address; "" for a proxy that closes the connection.
func proxyLine(t *testing.T, answer, to string) string {
	listener := listen(t)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go relay(client, answer, to)
		}
	}()
	return "proxy = http://" + listener.Addr().String() + "\n"
}

func relay(client net.Conn, answer, to string) {
	defer client.Close()
	request, err := http.ReadRequest(bufio.NewReader(client))
	if err != nil || request.Method != http.MethodConnect {
		return
	}
	fmt.Fprintf(client, "HTTP/1.1 %s\r\n\r\n", answer)
	if to == "" {
		return
	}
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	var both sync.WaitGroup
	pipe := func(from, to net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			if n > 0 {
				_, _ = to.Write(buffer[:n])
			}
			if err != nil {
				to.Close()
				return
			}
		}
	}
	both.Go(func() { pipe(client, server) })
	both.Go(func() { pipe(server, client) })
	both.Wait()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// silent is an address where nothing is ever answered.
func silent(t *testing.T) string { return listen(t).Addr().String() }

// closed is an address where nobody listens.
func closed(t *testing.T) string {
	listener := listen(t)
	listener.Close()
	return listener.Addr().String()
}
