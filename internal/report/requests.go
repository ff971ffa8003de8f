package report

import (
	"slices"
	"strconv"
	"time"

	"boxready/checks"
	"boxready/internal/transport"
)

// Request is one request that a run made, and what came of it. The facts of the checks hold them; a question that several
// checks asked was asked once.
type Request struct {
	At        time.Time         `json:"at"`
	Check     checks.ID         `json:"check"` // the first that wanted to know
	Request   string            `json:"request"`
	RequestID string            `json:"request_id,omitempty"` // bx24_request_id
	Status    int               `json:"status,omitempty"`     // HTTP
	Failure   transport.Failure `json:"failure,omitempty"`    // why there is no whole answer
	Error     string            `json:"error,omitempty"`      // the portal's
	Described string            `json:"error_description,omitempty"`
	Times     transport.Times   `json:"times"`
}

// requests are those in the facts of all checks, in the order in which they were sent.
func (n *run) requests() []Request {
	var found []Request
	type key struct {
		at      time.Time
		request string
	}
	seen := map[key]bool{}
	for _, i := range n.items {
		for _, r := range i.tree.requests() {
			if k := (key{r.At, r.Request}); !seen[k] {
				seen[k] = true
				r.Check = i.Check
				found = append(found, r)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Request) int { return a.At.Compare(b.At) })
	return found
}

// requests are those in a check's facts: whatever says when it was sent and how long it took.
func (t tree) requests() []Request {
	var found []Request
	if times := t.within("times"); times.open == '{' && t.get("at") != "" {
		found = append(found, t.request(times))
	}
	for _, field := range t.inner {
		if field.open != 0 {
			found = append(found, field.requests()...)
		}
	}
	return found
}

func (t tree) request(times tree) Request {
	number := func(s string) int64 {
		n, _ := strconv.ParseInt(s, 10, 64) // in a stranger's report there may be anything
		return n
	}
	r := Request{Request: t.get("request"), RequestID: t.get("request_id"), Status: int(number(t.get("status"))), Failure: transport.Failure(t.get("failure")),
		Error: t.get("error"), Described: t.get("error_description"),
		Times: transport.Times{DNS: number(times.get("dns")), Connect: number(times.get("connect")), TLS: number(times.get("tls")),
			Wait: number(times.get("wait")), Total: number(times.get("total"))}}
	r.At, _ = time.Parse(time.RFC3339Nano, t.get("at"))
	switch host, address := t.get("host"), t.get("url"); {
	case r.Request != "":
	case address != "":
		r.Request = "GET " + address
	case host != "":
		r.Request = "GET https://" + host
	}
	return r
}
