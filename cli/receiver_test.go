package cli_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/cli"
	"boxready/internal/simportal"
	"boxready/internal/simtest/testenv"
)

// service is "boxready receiver" as a process of its own.
type service struct {
	process   *exec.Cmd
	out, errs syncBuffer
}

// startReceiver starts the program as it is shipped and waits until it listens.
func (o *observed) startReceiver(program, home, listen string, args ...string) *service {
	o.t.Helper()
	s := &service{}
	s.process = exec.Command(program, append([]string{"receiver", "--listen", listen, "--public-url", "https://" + simportal.HandlerHost, "--lang", "en"}, args...)...)
	s.process.Dir = home
	s.process.Env = []string{"HOME=" + home, "TMPDIR=" + home, "XDG_CACHE_HOME=" + home, "XDG_CONFIG_HOME=" + home}
	s.process.Stdout, s.process.Stderr = &s.out, &s.errs
	if err := s.process.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = s.process.Process.Kill() })
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", listen); err == nil {
			conn.Close()
			return s
		}
		if time.Now().After(deadline) {
			o.t.Fatalf("the receiver doesn't listen: %s", s.errs.String())
		}
	}
}

// stop ends it as Ctrl+C does.
func (s *service) stop(o *observed) {
	o.t.Helper()
	if err := s.process.Process.Signal(os.Interrupt); err != nil {
		o.t.Fatal(err)
	}
	if err := s.process.Wait(); err != nil {
		o.t.Errorf("the receiver ended with %v\n%s", err, s.errs.String())
	}
	if s.out.String() != "" {
		o.t.Errorf("standard output carries %q", s.out.String())
	}
	o.record("errors of receiver", []byte(s.errs.String()))
}

// delivery is the result of event-delivery in the JSON of a run.
type delivery struct {
	Check, State, Cause, Text string
	Facts                     struct {
		Arrival struct {
			From, Queue string
		}
		Legs []struct{ Name, State string }
	}
}

func (o *observed) checkDelivery(args ...string) (result delivery, exit cli.Exit) {
	o.t.Helper()
	exit = o.run("", nil, append(append([]string{"check", o.sim.Host(), "--signed-in", "--event-test", "--lang", "en", "--format", "json"}, args...), o.way...)...)
	var document struct{ Results []delivery }
	for _, s := range slices.Backward(o.records) {
		if s.source == "output of check" {
			if err := json.Unmarshal(s.data, &document); err != nil {
				o.t.Fatalf("%v\n%s", err, s.data)
			}
			break
		}
	}
	i := slices.IndexFunc(document.Results, func(d delivery) bool { return d.Check == "event-delivery" })
	if i >= 0 {
		result = document.Results[i]
	}
	return result, exit
}

// TestReceiver runs the receiver as it is shipped, has a check send an event to it through the simulated portal, authorization
// server and queue, and searches the receiver's output and files for every token.
func TestReceiver(t *testing.T) {
	testenv.NotOnWindows(t, "Ctrl+C can't be sent to one process")
	t.Parallel()
	program := shipped(t)
	home, listen := t.TempDir(), freeAddress(t)
	o := newObserved(t, simportal.Fault{}, oddToken, func(o *simportal.Options) { o.Handler, o.HandlerAt = nil, listen })
	o.saveAccount()
	cert, key, err := o.sim.HandlerCertificate()
	if err != nil {
		t.Fatal(err)
	}
	files := t.TempDir()
	certFile, keyFile := filepath.Join(files, "cert.pem"), filepath.Join(files, "key.pem")
	for name, data := range map[string][]byte{certFile: cert, keyFile: key} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := append([]string{"--cert", certFile, "--key", keyFile, "--trusted-proxy", "127.0.0.1"}, o.way...)
	const to = "https://" + simportal.HandlerHost

	// A stopped receiver proves nothing about the portal.
	if d, exit := o.checkDelivery("--receiver", to); d.State != "unknown" || d.Cause != "unexpected-answer" || exit != cli.ExitNotice {
		t.Errorf("without a receiver: exit %d, %+v", exit, d)
	}
	for name, with := range map[string][]string{"text": {}, "json": {"--log", "json"}} {
		s := o.startReceiver(program, home, listen, append(args, with...)...)
		d, exit := o.checkDelivery("--receiver", to)
		if d.State != "ok" || d.Facts.Arrival.Queue != "listed" || d.Facts.Arrival.From != o.sim.QueueAddresses()[0] || len(d.Facts.Legs) != 5 || exit == cli.ExitProblem {
			t.Errorf("%s: exit %d, %+v", name, exit, d)
		}
		if !strings.Contains(d.Text, to) {
			t.Errorf("%s: %s", name, d.Text)
		}
		s.stop(o)
		if log := s.errs.String(); !strings.Contains(log, "event arrived") || !strings.Contains(log, o.sim.QueueAddresses()[0]) || strings.Contains(log, "boxready-") {
			t.Errorf("%s: the log: %s", name, log)
		}
	}
	// Only a trusted proxy may state the source address of an event.
	s := o.startReceiver(program, home, listen, args[:4]...)
	if d, _ := o.checkDelivery("--receiver", to); d.State != "ok" || d.Facts.Arrival.From != "127.0.0.1" || d.Facts.Arrival.Queue != "unsure" {
		t.Errorf("without a trusted proxy: %+v", d)
	}
	s.stop(o)
	if left := o.sim.Bindings(); len(left) != 0 {
		t.Errorf("left bound: %+v", left)
	}
	if entries, err := os.ReadDir(home); err != nil || len(entries) != 0 {
		t.Errorf("%v, the receiver wrote %v", err, entries)
	}
	o.assertNoLeaks(t)
}

// TestReceiverNeedsConsent asserts that requirements only suggest a receiver, that the owner is shown what is sent there, and
// that it is used only with consent.
func TestReceiverNeedsConsent(t *testing.T) {
	t.Parallel()
	o := newObserved(t, simportal.Fault{}, hexToken)
	o.saveAccount()
	file := filepath.Join(t.TempDir(), "app.boxready.yaml")
	text := fmt.Sprintf("boxready: 1\napplication: {name: A, vendor: B}\nmethods: [profile]\nreceiver: https://%s\n", simportal.HandlerHost)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := func() (n int) {
		for _, r := range o.sim.Log() {
			if r.Server == "events" {
				n++
			}
		}
		return n
	}
	lastOutput := func(source string) string {
		for _, s := range slices.Backward(o.records) {
			if s.source == source {
				return string(s.data)
			}
		}
		return ""
	}
	if d, _ := o.checkDelivery("--requires", file); d.State != "" || asked() != 0 {
		t.Errorf("it was used without consent: %+v", d)
	}
	if errs := lastOutput("errors of check"); !strings.Contains(errs, simportal.HandlerHost) || !strings.Contains(errs, "access token") || !strings.Contains(errs, "--receiver https://"+simportal.HandlerHost) {
		t.Errorf("the offer: %s", errs)
	}
	if d, _ := o.checkDelivery("--requires", file, "--receiver", "https://"+simportal.HandlerHost); d.State != "ok" || asked() == 0 {
		t.Errorf("with consent: %+v", d)
	}
	if errs := lastOutput("errors of check"); !strings.Contains(errs, simportal.HandlerHost) || !strings.Contains(errs, "access token") || !strings.Contains(errs, "on its way") {
		t.Errorf("what goes there: %s", errs)
	}
	for _, args := range [][]string{
		{"--event-test", "--signed-in", "--receiver", "http://" + simportal.HandlerHost}, {"--event-test", "--signed-in", "--receiver", "https://" + o.sim.Host()},
		{"--receiver", "https://" + simportal.HandlerHost}, {"--event-test", "--receiver", "https://" + simportal.HandlerHost},
	} {
		if exit := o.run("", nil, append([]string{"check", o.sim.Host()}, args...)...); exit != cli.ExitUsage {
			t.Errorf("%v: exit %d", args, exit)
		}
	}
	for _, args := range [][]string{{}, {"--public-url", "http://a.example"}, {"--public-url", "https://a.example", "--trusted-proxy", "x"}, {"--public-url", "https://a.example", "--cert", "x"},
		{"--public-url", "https://a.example", "--cert", "x", "--key", "y"}, {"--public-url", "https://a.example", "--log", "xml"}} {
		if exit := o.run("", nil, append([]string{"receiver"}, args...)...); exit != cli.ExitUsage {
			t.Errorf("receiver %v: exit %d", args, exit)
		}
	}
	o.assertNoLeaks(t)
}
