package simtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/demo"
	"boxready/internal/simportal"
	"boxready/internal/simtest/ways"
	"boxready/internal/transport"
)

// Quoting is a run against a portal and an authorization server that quote the run's secrets in all fields of their answers, each in
// another way of writing.
type Quoting struct {
	*checks.Outcome
	Name    string
	secrets []string
	written map[string]string // what was planted, to the way
}

// quotings is how a portal may quote: beside what it says, or behind or instead of it in a part of the fields, so that the others let
// the run go on.
var quotings = []string{"beside 0", "beside 1", "behind 0", "behind 1", "behind 2", "behind 3", "instead 0", "instead 1", "instead 2", "instead 3"}

// Quotings makes the runs, each with another start among the ways of writing.
func Quotings(t testing.TB) []*Quoting {
	t.Helper()
	all := make([]*Quoting, len(quotings))
	var running sync.WaitGroup
	for i, name := range quotings {
		running.Go(func() {
			var err error
			if all[i], err = quote(name, i*11); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	running.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return all
}

func quote(name string, start int) (*Quoting, error) {
	q := &Quoting{Name: name, written: map[string]string{}}
	p := planter{quoting: q, mode: strings.Fields(name)[0], part: int(name[len(name)-1] - '0'), leaf: start, ways: slices.Sorted(maps.Keys(ways.All))}
	options := simportal.Options{Edit: p.edit}
	Shorten(&options)
	simulated, err := demo.Simulate(options, "webhook", "sign-in", "deep", "content-filter", "event-test", "receiver", "as-application")
	if err != nil {
		return nil, err
	}
	defer simulated.Close()
	target, err := simulated.Target(version)
	if err != nil {
		return nil, err
	}
	target.EventWait = time.Second
	way, err := simulated.Way(version)
	if err != nil {
		return nil, err
	}
	way.PaceWindow = Fast
	secrets := func() (all []string) {
		for _, s := range target.Secrets() {
			if len(s.Reveal()) >= 16 && !slices.Contains(all, s.Reveal()) {
				all = append(all, s.Reveal())
			}
		}
		return all
	}
	p.mu.Lock()
	p.secrets = secrets
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	q.Outcome = checks.Run(ctx, transport.New(way), target, nil)
	q.secrets = secrets()
	if len(q.secrets) < 4 || len(q.written) < 4 {
		return nil, fmt.Errorf("only %d secrets in %d writings", len(q.secrets), len(q.written))
	}
	return q, nil
}

// Leaks returns what is to be seen of the secrets in an output.
func (q *Quoting) Leaks(output []byte) (found []string) {
	return ways.Leaks(output, q.written, q.secrets...)
}

// Ways are those in which the run's secrets were written.
func (q *Quoting) Ways() []string { return slices.Collect(maps.Values(q.written)) }

// planter changes answers.
type planter struct {
	mu      sync.Mutex
	quoting *Quoting
	secrets func() []string
	mode    string
	part    int
	leaf    int
	ways    []string
}

// edit plants secrets in an answer in JSON, a page and headers.
func (p *planter) edit(r simportal.Request, header http.Header, body []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.secrets == nil || r.Server == "doh" || strings.HasPrefix(r.Server, "feed") {
		return body
	}
	all := p.secrets()
	header.Set("Server", "nginx "+p.inHeader(all))
	if location := header.Get("Location"); location != "" && p.mode == "behind" {
		header.Set("Location", location+"?x="+p.inHeader(all))
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		if p.mode == "beside" || len(body) == 0 {
			return body
		}
		return append(body, "\n<p>"+p.write(all)+"</p>"...)
	}
	edited, err := json.Marshal(p.value("", v, all))
	if err != nil {
		return body
	}
	return edited
}

// write writes one of the secrets in one of the ways, another one each time.
func (p *planter) write(all []string) string {
	p.leaf++
	way := p.ways[p.leaf%len(p.ways)]
	written := ways.All[way](all[p.leaf/len(p.ways)%len(all)])
	p.quoting.written[written] = way
	return written
}

// inHeader writes one of the secrets in a way that a header allows.
func (p *planter) inHeader(all []string) string {
	for {
		written := p.write(all)
		if !strings.ContainsFunc(written, func(r rune) bool { return r < ' ' || r > '~' }) {
			return written
		}
	}
}

func (p *planter) value(name string, v any, all []string) any {
	switch v := v.(type) {
	case map[string]any:
		for _, field := range slices.Sorted(maps.Keys(v)) {
			v[field] = p.value(field, v[field], all)
		}
		if p.mode == "beside" && len(v) > 0 {
			v[p.write(all)] = p.write(all)
		}
		return v
	case []any:
		for i := range v {
			v[i] = p.value(name, v[i], all)
		}
		if _, text := append(v, "")[0].(string); text && p.mode == "beside" {
			return append(v, p.write(all), p.write(all))
		}
		return v
	case string, json.Number:
		if strings.HasSuffix(name, "_token") || strings.HasPrefix(name, "expires") {
			return v // or the run ends here
		}
		sum := 0
		for _, c := range name {
			sum += int(c)
		}
		switch {
		case sum%4 != p.part:
		case p.mode == "behind":
			return fmt.Sprint(v, " ", p.write(all))
		case p.mode == "instead":
			return p.write(all)
		}
	}
	return v
}
