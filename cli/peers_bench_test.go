package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"boxready/internal/simportal"
	"boxready/internal/simportal/latency"
	"boxready/internal/transport"
)

// BenchmarkPeers checks a healthy portal, 100 ms away, by its address only, and has the same requests made by the tools
// that an administrator would otherwise use: a script that calls curl for one after another, and Prometheus's blackbox_exporter,
// queried for one after another and for all at once. hyperfine measures whole processes from start to end.
func BenchmarkPeers(b *testing.B) {
	for _, tool := range []string{"hyperfine", "curl", "prometheus-blackbox-exporter"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				b.Fatal(err)
			}
			b.Skip(err)
		}
	}
	sim, err := simportal.Start(simportal.Options{Listen: latency.Listen(100 * time.Millisecond)})
	if err != nil {
		b.Fatal(err)
	}
	defer sim.Close()
	dir := b.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			b.Fatal(err)
		}
		return path
	}
	program := filepath.Join(dir, "boxready")
	build := exec.Command("go", "build", "-tags", "nogui", "-trimpath", "-ldflags", "-s -w", "-o", program, "boxready")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	roots := write("roots.pem", string(sim.RootsPEM()))
	at := map[string]string{}
	// Processes share a portal's rate limit through the cache; each run here stands for one after a pause.
	ours := fmt.Sprintf("export XDG_CACHE_HOME=%s/cache$$\nexec %s check %s --public-roots %s", dir, program, sim.Host(), roots)
	for _, place := range sim.ConnectTo() {
		ours += " --connect-to " + place
		o, err := transport.ParseOverride(place)
		if err != nil {
			b.Fatal(err)
		}
		at[net.JoinHostPort(o.Host, strconv.Itoa(o.Port))] = o.Target()
	}
	ourScript := write("boxready.sh", ours+" --format json >/dev/null\n")
	if out, err := exec.Command("sh", ourScript).CombinedOutput(); err != nil {
		b.Fatalf("a healthy portal: %v\n%s", err, out)
	}
	requests := sim.Log()

	var curl, probes, atOnce strings.Builder
	modules := map[string]any{}
	blackbox := freePort(b)
	curl.WriteString("set -e\n")
	probes.WriteString("set -e\n")
	answers := filepath.Join(dir, "probe")
	fmt.Fprintf(&atOnce, "set -e\ncurl -sS --parallel --parallel-immediate --parallel-max %d", len(requests))
	for i, r := range requests {
		port, scheme := "443", "https"
		if !r.TLS {
			port, scheme = "80", "http"
		}
		place := at[net.JoinHostPort(r.Host, port)]
		fmt.Fprintf(&curl, "curl -sS -o /dev/null --cacert %s --connect-to %s:%s:%s -X %s", roots, r.Host, port, place, r.Method)
		headers := map[string]string{}
		for name, values := range r.Header {
			if name != "Content-Length" && name != "Connection" {
				headers[name] = values[0]
				fmt.Fprintf(&curl, " -H '%s: %s'", name, values[0])
			}
		}
		if len(r.Body) > 0 {
			fmt.Fprintf(&curl, " --data-raw '%s'", r.Body)
		}
		fmt.Fprintf(&curl, " '%s://%s%s?%s'\n", scheme, r.Host, r.Path, r.RawQuery)
		modules["r"+strconv.Itoa(i)] = map[string]any{"prober": "http", "timeout": "10s", "http": map[string]any{
			"method": r.Method, "headers": headers, "body": string(r.Body), "valid_status_codes": []int{r.Status}, "follow_redirects": false,
			"preferred_ip_protocol": "ip4", "tls_config": map[string]any{"ca_file": roots},
		}}
		target := strings.NewReplacer("?", "%3F", "&", "%26").Replace(fmt.Sprintf("%s://%s%s?%s", scheme, place, r.Path, r.RawQuery))
		probe := fmt.Sprintf("'http://%s/probe?module=r%d&hostname=%s&target=%s'", blackbox, i, r.Host, target)
		fmt.Fprintf(&probes, "curl -sS %s | grep -q '^probe_success 1$'\n", probe)
		fmt.Fprintf(&atOnce, " -o %s%d %s", answers, i, probe)
	}
	fmt.Fprintf(&atOnce, "\ntest $(cat %s* | grep -c '^probe_success 1$') = %d\n", answers, len(requests))
	config, err := json.Marshal(map[string]any{"modules": modules}) // JSON is YAML
	if err != nil {
		b.Fatal(err)
	}
	peer := exec.Command("prometheus-blackbox-exporter", "--config.file="+write("blackbox.yml", string(config)), "--web.listen-address="+blackbox, "--log.level=error")
	peer.Stderr = os.Stderr
	if err := peer.Start(); err != nil {
		b.Fatal(err)
	}
	defer peer.Wait()
	defer peer.Process.Kill()
	for try := 0; ; try++ {
		response, err := http.Get("http://" + blackbox + "/-/healthy")
		if err == nil {
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
			break
		}
		if try == 100 {
			b.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}

	result := filepath.Join(dir, "result.json")
	out, err := exec.Command("hyperfine", "--warmup", "1", "--runs", "9", "--export-json", result, "-N", "sh "+ourScript,
		"sh "+write("curl.sh", curl.String()), "sh "+write("blackbox.sh", probes.String()), "sh "+write("at-once.sh", atOnce.String())).CombinedOutput()
	if err != nil {
		b.Fatalf("hyperfine: %v\n%s", err, out)
	}
	data, err := os.ReadFile(result)
	if err != nil {
		b.Fatal(err)
	}
	var measured struct {
		Results []struct {
			Median, Min, Max float64
		}
	}
	if err := json.Unmarshal(data, &measured); err != nil {
		b.Fatal(err)
	}
	for i, name := range []string{"boxready", "curl, one by one", "blackbox_exporter, one by one", "blackbox_exporter, all at once"} {
		r := measured.Results[i]
		b.Logf("%-30s %4.0f ms (%.0f to %.0f)", name, r.Median*1000, r.Min*1000, r.Max*1000)
	}
	b.ReportMetric(float64(len(requests)), "requests")
	// All at once has no limit: BoxReady asks in an order, so it is slower on purpose.
	b.ReportMetric(measured.Results[0].Median/measured.Results[3].Median, "×slower-than-blackbox-at-once")
	for i, limit := range map[int]float64{1: 4, 2: 1} {
		faster := measured.Results[i].Median / measured.Results[0].Median
		b.ReportMetric(faster, []string{"", "×faster-than-curl", "×faster-than-blackbox"}[i])
		if faster < limit {
			b.Errorf("%.1f times as fast; at least %.0f", faster, limit)
		}
	}
}

// freePort returns an address for a program that can't choose one itself.
func freePort(b *testing.B) string {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}
