package simportal

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Request is one recorded request to a simulated server.
type Request struct {
	At                           time.Time
	Server                       string // portal, portal-http, auth-cis, auth-world, feed-cis, feed-world, library, aia, app, events, doh, dns, proxy
	TLS                          bool
	SNI                          string
	Host, Method, Path, RawQuery string // for DNS: Host is the name, Method the type asked for
	Header                       http.Header
	Body                         []byte   // at most 64 KiB
	Size                         int64    // of the whole body, as announced; -1 if it wasn't
	Tokens                       []string // values of auth, access_token, refresh_token and Authorization: Bearer, anywhere in the request
	RequestID                    string   // bx24_request_id
	Proto                        string
	Conn                         int    // number of the connection; 0 for a DNS datagram
	Status                       int    // of the answer, 0 while there is none; for DNS the response code
	Question                     string // DNS over HTTPS: "A portal.demo.example"
}

func (r *Request) clone() Request {
	c := *r
	c.Header = r.Header.Clone()
	c.Body = bytes.Clone(r.Body)
	c.Tokens = slices.Clone(r.Tokens)
	return c
}

// Log returns a copy of all recorded requests, in order of arrival.
func (s *Sim) Log() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.log))
	for i, r := range s.log {
		out[i] = r.clone()
	}
	return out
}

func (s *Sim) record(r *Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, r)
}

// update changes a recorded request under the lock.
func (s *Sim) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// request is one HTTP request being answered.
type request struct {
	sim    *Sim
	faults *faultSet
	w      http.ResponseWriter
	r      *http.Request
	body   []byte
	conn   *conn
	entry  *Request
	tls    bool
}

// handler reads and records a request, then calls answer.
func (s *Sim) handler(server string, answer func(*request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entry := &Request{
			At: time.Now(), Server: server, Host: r.Host, Method: r.Method, Path: r.URL.Path, RawQuery: r.URL.RawQuery,
			Header: r.Header.Clone(), RequestID: r.URL.Query().Get("bx24_request_id"), Proto: r.Proto, Size: r.ContentLength,
		}
		if r.TLS != nil {
			entry.TLS, entry.SNI = true, r.TLS.ServerName
		}
		c := connOf(r)
		if c != nil {
			entry.Conn = c.id
		}
		s.record(entry)
		body, err := io.ReadAll(io.LimitReader(r.Body, bodyReadLimit))
		tokens := tokensOf(r, body)
		s.update(func() {
			entry.Body = bytes.Clone(body[:min(len(body), bodyLimit)])
			entry.Tokens = tokens
		})
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		h := &request{sim: s, faults: s.faults.Load(), w: w, r: r, body: body, conn: c, entry: entry}
		h.tls = r.TLS != nil || s.opt.BehindProxy && r.Header.Get("X-Forwarded-Proto") == "https"
		answer(h)
	})
}

var tokenInside = regexp.MustCompile(`(?:^|[?&"\s])(?:auth|access_token|refresh_token)=([^&"\s]+)`)

// tokensOf finds OAuth tokens in all places where the rest module or a server in front of it could read one.
func tokensOf(r *http.Request, body []byte) []string {
	var found []string
	add := func(v string) {
		if v != "" && !slices.Contains(found, v) {
			found = append(found, v)
		}
	}
	form := func(values url.Values) {
		for _, key := range []string{"auth", "access_token", "auth[access_token]", "refresh_token"} {
			for _, v := range values[key] {
				add(v)
			}
		}
	}
	for _, v := range r.Header.Values("Authorization") {
		if scheme, token, ok := strings.Cut(v, " "); ok && strings.EqualFold(scheme, "Bearer") {
			add(strings.TrimSpace(token))
		}
	}
	form(r.URL.Query())
	// Commands of a batch and forwarded URLs have tokens inside a value.
	for _, text := range []string{r.URL.RawQuery, string(body), r.Referer()} {
		text = phpUnescape(text)
		if !strings.Contains(text, "auth=") && !strings.Contains(text, "_token=") {
			continue // the expression takes seconds for a body of 12 MiB
		}
		for _, m := range tokenInside.FindAllStringSubmatch(text, -1) {
			add(phpUnescape(m[1]))
		}
	}
	if len(body) == 0 {
		return found
	}
	var object map[string]any
	if json.Unmarshal(body, &object) == nil {
		for _, key := range []string{"auth", "access_token", "refresh_token"} {
			switch v := object[key].(type) {
			case string:
				add(v)
			case map[string]any:
				if t, ok := v["access_token"].(string); ok {
					add(t)
				}
			}
		}
		return found
	}
	if kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" {
		if f, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(bodyReadLimit); err == nil {
			form(f.Value)
			_ = f.RemoveAll()
		}
		return found
	}
	if values, err := url.ParseQuery(string(body)); err == nil {
		form(values)
	}
	return found
}
