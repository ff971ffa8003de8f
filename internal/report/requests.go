package report

import (
	"slices"
	"strconv"
	"time"

	"boxready/checks"
	"boxready/internal/transport"
	"boxready/internal/view"
)

// Request is one request of a run, and its result, from the facts of the checks; a request that several checks share is one.
type Request struct {
	At        time.Time         `json:"at"`
	Check     checks.ID         `json:"check"` // the first that needed it
	Request   string            `json:"request"`
	RequestID string            `json:"request_id,omitempty"` // bx24_request_id
	Status    int               `json:"status,omitempty"`     // HTTP
	Failure   transport.Failure `json:"failure,omitempty"`    // why there is no complete answer
	Error     string            `json:"error,omitempty"`      // the portal's
	Described string            `json:"error_description,omitempty"`
	Times     transport.Times   `json:"times"`
}

// requests returns those in the facts of all checks, in the order of sending.
func (n *run) requests() []Request {
	var found []Request
	type key struct {
		at      time.Time
		request string
	}
	seen := map[key]bool{}
	for _, i := range n.view.Items {
		for _, r := range requestsIn(i.Values) {
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

// requestsIn returns those in a check's facts: all objects with a start time and a duration.
func requestsIn(v view.Value) []Request {
	var found []Request
	if times := v.Field("times"); times.Kind == '{' && v.Field("at").Text != "" {
		found = append(found, requestIn(v, times))
	}
	for _, field := range v.Inner {
		if field.Kind != 0 {
			found = append(found, requestsIn(field)...)
		}
	}
	return found
}

func requestIn(v, times view.Value) Request {
	number := func(s string) int64 {
		n, _ := strconv.ParseInt(s, 10, 64) // invalid in an untrusted report
		return n
	}
	r := Request{Request: v.Field("request").Text, RequestID: v.Field("request_id").Text, Status: int(number(v.Field("status").Text)), Failure: transport.Failure(v.Field("failure").Text),
		Error: v.Field("error").Text, Described: v.Field("error_description").Text,
		Times: transport.Times{DNS: number(times.Field("dns").Text), Connect: number(times.Field("connect").Text), TLS: number(times.Field("tls").Text),
			Wait: number(times.Field("wait").Text), Total: number(times.Field("total").Text)}}
	r.At, _ = time.Parse(time.RFC3339Nano, v.Field("at").Text)
	switch host, address := v.Field("host").Text, v.Field("url").Text; {
	case r.Request != "":
	case address != "":
		r.Request = "GET " + address
	case host != "":
		r.Request = "GET https://" + host
	}
	return r
}
