package lab

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"boxready/internal/simportal"
	"boxready/internal/simtest/testenv"
)

// Delivery of an event: the portal sends it to the authorization server, whose queue calls a handler, here the program's own receiver.

const (
	receiverURL = "https://" + simportal.HandlerHost

	delivered    = "ok event-delivery/listed" // from an address in the queue's list
	notDelivered = "problem event-delivery/event-not-delivered at travel"
	noReceiver   = "unknown event-delivery/unexpected-answer at mailbox"
)

// receiver runs on the handler's host and serves https itself, with a valid certificate.
func receiver(w *testbed, program string) {
	w.receive(program, events4+":443", "--cert", w.handlerCertificate(), "--key", w.handlerCertificate())
}

// selfSigned is a receiver with a self-signed certificate.
func selfSigned(w *testbed, program string) {
	w.run("handler", "cd "+w.dir, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout own.key -out own.crt -subj /CN="+simportal.HandlerHost+
		" -addext subjectAltName=DNS:"+simportal.HandlerHost+" 2>/dev/null")
	w.receive(program, events4+":443", "--cert", filepath.Join(w.dir, "own.crt"), "--key", filepath.Join(w.dir, "own.key"))
}

// private is a receiver at an address of the computer's network.
func private(w *testbed, program string) {
	w.run("handler", "ip addr add "+eventsPrivate4+" dev cable")
	w.run("internet", "ip route add "+eventsPrivate4+" dev handler")
	w.receive(program, eventsPrivate4+":443", "--cert", w.handlerCertificate(), "--key", w.handlerCertificate())
}

func (w *testbed) receive(program, listen string, flags ...string) {
	w.t.Helper()
	argv := append([]string{program, "receiver", "--public-url", receiverURL, "--public-roots", w.roots, "--listen", listen}, flags...)
	w.daemon("handler", listen, w.resolving(argv...)...)
}

// isAt is the part of a resolver's view with the address of the handler's host.
func isAt(address string) []string {
	return []string{"local-zone: " + simportal.HandlerHost + " redirect", "local-data: \"" + simportal.HandlerHost + " A " + address + "\""}
}

// proxied is a receiver behind nginx. location is the content of nginx's location, server what is added to its server block. nginx logs
// every request.
func proxied(location, server string) func(*testbed, string) {
	return func(w *testbed, program string) {
		w.receive(program, "127.0.0.1:8085", "--trusted-proxy", "127.0.0.1")
		w.requestLog = filepath.Join(w.dir, "told")
		w.daemon("handler", events4+":443", "nginx", "-e", "stderr", "-p", w.dir, "-c", w.write("handler.conf", `daemon off; master_process off; pid {DIR}/handler.pid; error_log stderr;
events {}
http {
log_format all escape=json '$remote_addr $request "$http_authorization" "$request_body"';
client_body_temp_path {DIR}/body; proxy_temp_path {DIR}/proxy; fastcgi_temp_path {DIR}/f; uwsgi_temp_path {DIR}/u; scgi_temp_path {DIR}/s;
access_log {DIR}/told all;
server {
  listen `+events4+`:443 ssl; ssl_certificate `+w.handlerCertificate()+`; ssl_certificate_key `+w.handlerCertificate()+`; `+server+`
  location / { `+location+` }
}
}
`))
	}
}

const proxyPassEvents = "proxy_pass http://127.0.0.1:8085; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"

// handlerCertificate writes the handler's certificate with its key.
func (w *testbed) handlerCertificate() string {
	w.t.Helper()
	certificate, key, err := w.sim.HandlerCertificate()
	if err != nil {
		w.t.Fatal(err)
	}
	return w.write("handler.pem", string(certificate)+string(key))
}

// startSession starts a user's session on the computer: a bus, a keyring, and curl as the browser.
func (w *testbed) startSession() {
	w.t.Helper()
	bin, runtime := filepath.Join(w.dir, "bin"), filepath.Join("/run", w.name) // the path of a socket is limited to 107 bytes
	for _, dir := range []string{bin, runtime} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			w.t.Fatal(err)
		}
	}
	w.write("bin/xdg-open", "#!/bin/sh\nexec curl -sSL --cacert {ROOTS} -o {DIR}/landing \"$1\"\n")
	if err := os.Chmod(filepath.Join(bin, "xdg-open"), 0o755); err != nil {
		w.t.Fatal(err)
	}
	w.session = []string{"XDG_RUNTIME_DIR=" + runtime, "XDG_DATA_HOME=" + filepath.Join(w.dir, "data"), "XDG_CONFIG_HOME=" + filepath.Join(w.dir, "config"),
		"XDG_CACHE_HOME=" + filepath.Join(w.dir, "cache"), "PATH=" + bin + ":" + os.Getenv("PATH"), "DISPLAY=:4242", "LC_ALL=C.UTF-8"}
	command := func(name string, args ...string) *exec.Cmd { return w.command("computer", name, args...) }
	address := testenv.StartSession(w.t, command, append([]string{"HOME=" + w.dir}, w.session...), "password")
	w.session = append(w.session, "DBUS_SESSION_BUS_ADDRESS="+address)
}

// signIn signs in with the portal's application, and returns the flags that use the sign-in.
func (w *testbed) signIn(program string) []string {
	w.t.Helper()
	w.startSession()
	application := w.sim.IssueGrant(simportal.TokenValid)
	login := w.boxready(program, nil, "login", portalName, "--client-id", application.ClientID, "--deep", "--public-roots", w.roots, "--lang", "en", "--timeout", "1m")
	login.Stdin = strings.NewReader(application.ClientSecret + "\n")
	if out, err := login.CombinedOutput(); err != nil {
		w.t.Fatalf("sign in: %v\n%s", err, out)
	}
	w.signedIn = time.Now()
	return []string{"--signed-in", "--event-test", "--receiver", receiverURL}
}

// deliveryResult says where the delivery of an event ended: at a leg, or at a receiver, which knows whether it was called from an
// address of the queue's.
func deliveryResult(facts json.RawMessage) string {
	var f struct {
		Legs    []struct{ Name, State string }
		Arrival struct{ Queue string }
	}
	if err := json.Unmarshal(facts, &f); err != nil {
		return err.Error()
	}
	for _, leg := range f.Legs {
		if leg.State != "done" {
			return " at " + leg.Name
		}
	}
	return f.Arrival.Queue
}

var aToken = regexp.MustCompile(`[0-9a-f]{70}`)

// assertCleanedUp asserts that no handler is left bound, and that no token but those in events, which the authorization server adds,
// went to the handler's host.
func (w *testbed) assertCleanedUp(arrived bool) {
	w.t.Helper()
	for _, b := range w.sim.Bindings() {
		w.t.Errorf("a handler was left bound: %+v", b)
	}
	if w.requestLog == "" {
		return
	}
	requestLog, err := os.ReadFile(w.requestLog)
	if err != nil {
		w.t.Fatal(err)
	}
	asked, events := 0, 0
	for line := range bytes.Lines(requestLog) {
		from, rest, _ := bytes.Cut(line, []byte(" "))
		token := aToken.Match(rest)
		switch {
		case string(from) == queue4 && token:
			events++
		case string(from) == queue4:
		case token:
			w.t.Errorf("a token went to the receiver: %s", line)
		default:
			asked++
		}
	}
	if asked == 0 || arrived && events != 1 {
		w.t.Errorf("the requests to the handler's host were not logged:\n%s", requestLog)
	}
}
