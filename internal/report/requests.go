package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
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
	for _, i := range n.items {
		for _, r := range requestsIn(jsonOf(i.Facts)) {
			r.Check = i.Check
			if !slices.ContainsFunc(found, r.same) {
				found = append(found, r)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Request) int { return a.At.Compare(b.At) })
	return found
}

func (r Request) same(other Request) bool { return r.At.Equal(other.At) && r.Request == other.Request }

// requestsIn finds the requests in a check's facts: whatever says when it was sent and how long it took.
func requestsIn(facts []byte) []Request {
	if !bytes.Contains(facts, []byte(`"times":`)) {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(facts, &list) == nil {
		var found []Request
		for _, element := range list {
			found = append(found, requestsIn(element)...)
		}
		return found
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(facts, &fields) != nil {
		return nil
	}
	var found []Request
	if fields["at"] != nil && fields["times"] != nil {
		var r struct {
			Request
			Host string `json:"host"`
			URL  string `json:"url"`
		}
		if json.Unmarshal(facts, &r) == nil {
			if r.Host != "" {
				r.Host = "https://" + r.Host
			}
			if named := cmp.Or(r.URL, r.Host); named != "" && r.Request.Request == "" {
				r.Request.Request = "GET " + named
			}
			found = append(found, r.Request)
		}
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		found = append(found, requestsIn(fields[name])...)
	}
	return found
}
