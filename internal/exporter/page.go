package exporter

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// page is the answer to a scrape in Prometheus's text format
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Prometheus's own library writes the same, but brings Protocol
// Buffers: 2.4 MB of program.
type page struct {
	text bytes.Buffer
	name string // of the metric that series belong to
}

// metric begins a metric; kind is gauge or counter. Its series have to follow at once.
func (p *page) metric(kind, name, help string) {
	p.name = name
	fmt.Fprintf(&p.text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// series adds a value to the metric begun last; labels are names and values by turns.
func (p *page) series(value float64, labels ...string) {
	p.text.WriteString(p.name)
	before := "{"
	for label := range slices.Chunk(labels, 2) {
		fmt.Fprintf(&p.text, `%s%s="%s"`, before, label[0], labelEscapes.Replace(label[1]))
		before = ","
	}
	if len(labels) > 0 {
		p.text.WriteByte('}')
	}
	p.text.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

// gauge adds a gauge with one value.
func (p *page) gauge(name, help string, value float64, labels ...string) {
	p.metric("gauge", name, help)
	p.series(value, labels...)
}

// process adds figures of this process, under the names that Prometheus's own library uses. Memory and processor time are those of
// proc_pid_stat(5), so they are there only on Linux.
func (p *page) process(started time.Time) {
	p.gauge("go_goroutines", "Number of goroutines that currently exist.", float64(runtime.NumGoroutine()))
	p.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", seconds(started))
	const ticks, userTime, systemTime, resident = 100, 11, 12, 21 // fields behind the program's name; ticks in a second
	stat, err := os.ReadFile("/proc/self/stat")
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if err != nil || len(fields) <= resident {
		return
	}
	number := func(field int) float64 {
		n, _ := strconv.ParseFloat(fields[field], 64)
		return n
	}
	p.metric("counter", "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")
	p.series((number(userTime) + number(systemTime)) / ticks)
	p.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", number(resident)*float64(os.Getpagesize()))
}

// send writes the page as an answer.
func (p *page) send(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = p.text.WriteTo(w)
}
