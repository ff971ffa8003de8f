package serverprobe

import (
	"bufio"
	"bytes"
	"net"
	"strconv"

	"boxready/internal/lazyregexp"
)

// SystemCheck is the log of the product's own system check (/bitrix/admin/site_checker.php, the file
// /bitrix/site_checker_<sum>.log): the result of each test, and the connections that it tried. The tests connect directly,
// even if the product has a proxy in its settings.
type SystemCheck struct {
	Tests       map[string]string `json:"tests,omitempty"` // Ok, Fail or Warning, by the test's name, such as check_rest
	Connections []Connection      `json:"connections,omitempty"`
}

// Connection is a connection that a test tried.
type Connection struct {
	Test  string `json:"test,omitempty"`
	Host  string `json:"host" hide:"host"`
	Port  int    `json:"port"`
	TLS   bool   `json:"tls,omitempty"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty" hide:"text"`
}

var (
	testLine       = lazyregexp.New(`^\s*\d{4}-\S{2,12}-\d{2} \d{2}:\d{2}:\d{2} .{0,300}\((check_[a-z_]{1,40})\): (Ok|Fail|Warning)\b`)
	connectionLine = lazyregexp.New(`^\s*Connection to (ssl://|tls://|tcp://|udp://)?(\S{1,255}):(\d{1,5})\s+(Success|Fail)\b`)
	errorLine      = lazyregexp.New(`^\s*Socket error \[(-?\d+)\]: (.{0,200})`)
)

// The log has about sixty tests.
const maxConnections = 500

// readSystemCheck reads the results of tests and connections in a log; nil if there are none.
func readSystemCheck(pasted []byte) *SystemCheck {
	if !bytes.Contains(pasted, []byte("(check_")) {
		return nil
	}
	s := &SystemCheck{Tests: map[string]string{}}
	lines := bufio.NewScanner(bytes.NewReader(pasted))
	lines.Buffer(nil, 1<<20)
	test := ""
	for lines.Scan() && len(s.Connections) < maxConnections {
		line := lines.Bytes()
		if !bytes.Contains(line, []byte("(check_")) && !bytes.Contains(line, []byte("Connection to")) && !bytes.Contains(line, []byte("Socket error")) {
			continue
		}
		if m := testLine().FindSubmatch(line); m != nil {
			test = string(m[1])
			if result := string(m[2]); s.Tests[test] != "Fail" { // a test may have several steps
				s.Tests[test] = result
			}
			continue
		}
		if m := connectionLine().FindSubmatch(line); m != nil {
			port, err := strconv.Atoi(string(m[3]))
			if err != nil || port < 1 || port > 65535 {
				continue
			}
			host := string(m[2])
			if name, _, err := net.SplitHostPort(host + ":0"); err == nil {
				host = name
			}
			s.Connections = append(s.Connections, Connection{Test: test, Host: clip(host), Port: port,
				TLS: string(m[1]) == "ssl://" || string(m[1]) == "tls://", OK: string(m[4]) == "Success"})
			continue
		}
		if m := errorLine().FindSubmatch(line); m != nil && len(s.Connections) > 0 {
			if last := &s.Connections[len(s.Connections)-1]; !last.OK {
				last.Error = clip(string(m[1]) + " " + string(m[2]))
			}
		}
	}
	if len(s.Tests) == 0 {
		return nil
	}
	return s
}
