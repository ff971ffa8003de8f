// Package server is the receiver that a vendor or an integrator runs on a public host; package receiver is its client.
//
// The authorization server puts an access token into every event. The server must not become a place where tokens are kept: of an
// event it stores that it arrived, when and from where, and a keyed hash by which it recognises the same delivery again. The key
// lives as long as the process, nothing is written to disk, and a restart loses the mailboxes and nothing else.
package server

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"boxready/internal/receiver"
)

// Options configure a Server.
type Options struct {
	Public string // address by which it is reached from outside, as ParseAddress returns it
	// Proxies are those whose X-Forwarded-For is trusted. Anybody can send that header, so nobody else's is.
	Proxies []netip.Prefix
	// Queue tells whether an address is the event queue's; nil: Unsure for all.
	Queue     func(netip.Addr) receiver.Listing
	Log       *slog.Logger     // nil: none
	Now       func() time.Time // nil: time.Now
	Mailboxes int              // at the same time; 0: 10 000
	PerSource int              // mailboxes of one source at the same time; 0: a hundredth of all
	Lifetime  time.Duration    // of a mailbox; 0: 15 minutes
}

const (
	nonceKey = "data[QUERY][" + receiver.NonceField + "]"
	tokenKey = "auth[access_token]" // #nosec G101 -- a field of a form

	defaultMailboxes = 10_000
	defaultLifetime  = 15 * time.Minute
	maxBody          = 64 << 10 // a test event is about 2 KiB
	maxDeliveries    = 50       // that a mailbox accepts; the queue sends fewer
	cleanupInterval  = time.Minute
)

// Server is the receiver, an http.Handler.
type Server struct {
	o     Options
	base  string // path of the public address
	key   []byte // of all hashes; lives as long as the process
	limit limits

	mu     sync.Mutex
	boxes  map[[sha256.Size]byte]*mailbox // by the hash of their ID
	order  []*mailbox                     // by age, the oldest first; closed ones stay until they expire or there are many of them
	opened map[source]int                 // mailboxes of each source

	refused atomic.Int64 // requests since the last line in the log
}

// mailbox is what the server keeps of one. Its size doesn't depend on what arrives.
type mailbox struct {
	id, key [sha256.Size]byte // hashes
	expect  [sha256.Size]byte // of the nonce; the client's hash, not keyed
	created time.Time
	owner   netip.Addr // who opened it
	closed  bool

	arrived time.Time // the expected event; zero: not yet
	from    netip.Addr
	token   [sha256.Size]byte // hash of the token that came with it

	copies, others, refused, deliveries int
}

// New returns a receiver. The error is receiver.ErrAddress.
func New(o Options) (*Server, error) {
	public, err := receiver.ParseAddress(o.Public)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(public)
	if err != nil {
		return nil, receiver.ErrAddress
	}
	o.Public = public
	o.Mailboxes, o.Lifetime = cmp.Or(o.Mailboxes, defaultMailboxes), cmp.Or(o.Lifetime, defaultLifetime)
	o.PerSource = cmp.Or(o.PerSource, max(o.Mailboxes/100, 1))
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Queue == nil {
		o.Queue = func(netip.Addr) receiver.Listing { return receiver.Unsure }
	}
	s := &Server{o: o, base: u.EscapedPath(), key: make([]byte, 32), boxes: map[[sha256.Size]byte]*mailbox{}, opened: map[source]int{}}
	_, _ = rand.Read(s.key) // never fails
	s.limit.now = o.Now
	return s, nil
}

// hash returns what is kept of a secret.
func (s *Server) hash(text []byte) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(text)
	mac.Sum(sum[:0])
	return sum
}

// ServeHTTP answers one request. Of a request, only the address that it came from is ever sent back or logged.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	from := s.source(r)
	if !s.limit.allow(from, s.o.Queue) {
		s.refuse(w, http.StatusTooManyRequests)
		return
	}
	// Paths are compared as they were sent: none of the server's own has escapes or dot segments.
	path, ours := strings.CutPrefix(r.URL.EscapedPath(), s.base)
	id, box := strings.CutPrefix(path, receiver.MailboxesPath+"/")
	to, event := strings.CutPrefix(path, receiver.EventsPath)
	switch {
	case !ours:
		s.refuse(w, http.StatusNotFound)
	case path == receiver.MailboxesPath && r.Method == http.MethodPost:
		s.create(w, r, from)
	case event && receiver.IsMailboxID(to):
		s.receive(w, r, to, from)
	case box && receiver.IsMailboxID(id) && (r.Method == http.MethodGet || r.Method == http.MethodDelete):
		s.serveMailbox(w, r, id)
	case path == "/healthz" && r.Method == http.MethodGet:
		_, _ = io.WriteString(w, "ok\n")
	default:
		s.refuse(w, http.StatusNotFound)
	}
}

func (s *Server) refuse(w http.ResponseWriter, status int) {
	s.refused.Add(1)
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "60")
	}
	http.Error(w, http.StatusText(status), status)
}

func (s *Server) create(w http.ResponseWriter, r *http.Request, from netip.Addr) {
	if !s.limit.allowMailbox(from) {
		s.refuse(w, http.StatusTooManyRequests)
		return
	}
	body, err := readForm(w, r)
	if err != nil {
		s.refuse(w, statusOf(err))
		return
	}
	defer clear(body)
	var b mailbox
	given := values(body, "expect")[0]
	if n, err := hex.Decode(b.expect[:], given[:min(len(given), 2*len(b.expect))]); err != nil || n != len(b.expect) || len(given) != 2*n {
		s.refuse(w, http.StatusBadRequest)
		return
	}
	m := receiver.Mailbox{ID: "boxready-" + strings.ToLower(rand.Text()), Key: rand.Text() + rand.Text(), ExpiresIn: int(s.o.Lifetime.Seconds())}
	m.Address = receiver.MailboxAddress(s.o.Public, m.ID)
	b.id, b.key, b.created, b.owner = s.hash([]byte(m.ID)), s.hash([]byte(m.Key)), s.o.Now(), from
	if !s.add(&b) {
		s.refuse(w, http.StatusServiceUnavailable)
		return
	}
	s.o.Log.Info("mailbox opened", "from", from)
	answer(w, http.StatusCreated, m)
}

// add makes room for a mailbox where that is needed: the oldest one to which nothing was ever sent goes. A source that has its share
// makes room itself; where all are taken, the source that has the most does.
func (s *Server) add(b *mailbox) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeExpired(b.created)
	for _, own := range sourcesOf(b.owner) {
		if s.opened[own] >= s.o.PerSource*own.share && !s.removeUnused(&own) {
			return false
		}
	}
	if len(s.boxes) >= s.o.Mailboxes && !s.removeUnused(s.largestSource()) && !s.removeUnused(nil) {
		return false
	}
	s.boxes[b.id] = b
	s.order = append(s.order, b)
	for _, own := range sourcesOf(b.owner) {
		s.opened[own]++
	}
	return true
}

// largestSource is the source with the most mailboxes, nil if none has more than one. The caller holds s.mu.
func (s *Server) largestSource() (largest *source) {
	most := 1
	for of, n := range s.opened {
		if n > most {
			largest, most = &of, n
		}
	}
	return largest
}

// removeUnused removes the oldest mailbox to which nothing was ever sent, of a source or, if that is nil, of all; false if there is
// none. The caller holds s.mu.
func (s *Server) removeUnused(of *source) bool {
	for _, b := range s.order {
		if !b.closed && b.deliveries == 0 && (of == nil || slices.Contains(sourcesOf(b.owner), *of)) {
			s.remove(b)
			return true
		}
	}
	return false
}

// remove forgets a mailbox, whose place in s.order stays. The caller holds s.mu.
func (s *Server) remove(b *mailbox) {
	if b.closed {
		return
	}
	b.closed = true
	delete(s.boxes, b.id)
	for _, own := range sourcesOf(b.owner) {
		if s.opened[own]--; s.opened[own] == 0 {
			delete(s.opened, own)
		}
	}
}

// removeExpired removes mailboxes whose lifetime is over. The caller holds s.mu.
func (s *Server) removeExpired(now time.Time) {
	expired := 0
	for expired < len(s.order) && (s.order[expired].closed || now.Sub(s.order[expired].created) >= s.o.Lifetime) {
		s.remove(s.order[expired])
		s.order[expired] = nil
		expired++
	}
	s.order = s.order[expired:]
	if len(s.order) > 2*len(s.boxes)+64 { // closed in the middle
		kept := make([]*mailbox, 0, len(s.boxes))
		for _, b := range s.order {
			if !b.closed {
				kept = append(kept, b)
			}
		}
		s.order = kept
	}
}

// find returns a mailbox that has not expired, or nil. The caller holds s.mu.
func (s *Server) find(id string) *mailbox {
	b := s.boxes[s.hash([]byte(id))]
	if b == nil || s.o.Now().Sub(b.created) >= s.o.Lifetime {
		return nil
	}
	return b
}

// receive handles the delivery of an event. The queue gets a short answer at once, whatever it sent: it tells nobody.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, id string, from netip.Addr) {
	s.mu.Lock()
	b := s.find(id)
	full := b != nil && b.deliveries >= maxDeliveries
	if b != nil {
		b.deliveries++
	}
	s.mu.Unlock()
	switch {
	case b == nil: // unknown, closed or expired: the answer doesn't tell which
		s.refuse(w, http.StatusNotFound)
		return
	case full:
		s.refuse(w, http.StatusTooManyRequests)
		return
	}
	var expected bool
	var token [sha256.Size]byte
	err := errNotAPost
	if r.Method == http.MethodPost {
		var body []byte
		if body, err = readForm(w, r); err == nil {
			defer clear(body)
			fields := values(body, nonceKey, tokenKey)
			nonce := sha256.Sum256(fields[0])
			expected = subtle.ConstantTimeCompare(nonce[:], b.expect[:]) == 1
			token = s.hash(fields[1])
		}
	}
	now := s.o.Now()
	first := false
	s.mu.Lock()
	switch {
	case err != nil:
		b.refused++
	case !expected:
		b.others++
	case b.arrived.IsZero():
		b.arrived, b.from, b.token, first = now, from, token, true
	case b.token == token:
		b.copies++
	default:
		b.others++
	}
	s.mu.Unlock()
	if err != nil {
		s.refuse(w, statusOf(err))
		return
	}
	if first { // once for each mailbox: otherwise its owner could fill the disk
		s.o.Log.Info("event arrived", "from", from, "queue", s.o.Queue(from))
	}
	w.WriteHeader(http.StatusOK)
}

// serveMailbox returns or deletes a mailbox for a client that has its key.
func (s *Server) serveMailbox(w http.ResponseWriter, r *http.Request, id string) {
	given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	key := s.hash([]byte(given))
	s.mu.Lock()
	b := s.find(id)
	if b == nil || subtle.ConstantTimeCompare(key[:], b.key[:]) != 1 {
		s.mu.Unlock()
		s.refuse(w, http.StatusNotFound)
		return
	}
	if r.Method == http.MethodDelete {
		s.remove(b)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
		return
	}
	mail := receiver.Mail{Copies: b.copies, Others: b.others, Refused: b.refused}
	arrived, from := b.arrived, b.from
	s.mu.Unlock()
	if !arrived.IsZero() {
		mail.Event = &receiver.Event{AgeMS: max(s.o.Now().Sub(arrived).Milliseconds(), 0), From: from, Queue: s.o.Queue(from)}
	}
	answer(w, http.StatusOK, mail)
}

func answer(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // of our own types
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

var (
	errNotAPost = errors.New("not a POST")
	errNotAForm = errors.New("not application/x-www-form-urlencoded")
	errTooLarge = errors.New("too large")
)

func statusOf(err error) int {
	switch {
	case errors.Is(err, errNotAPost):
		return http.StatusMethodNotAllowed
	case errors.Is(err, errNotAForm):
		return http.StatusUnsupportedMediaType
	case errors.Is(err, errTooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// readForm reads a form's body into memory of its own, which the caller clears.
func readForm(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" || r.Header.Get("Content-Encoding") != "" {
		return nil, errNotAForm
	}
	if r.ContentLength > maxBody {
		w.Header().Set("Connection", "close") // the rest isn't read
		return nil, errTooLarge
	}
	// Room for all that was announced, so that growing leaves no copies behind.
	room := maxBody
	if r.ContentLength >= 0 {
		room = int(r.ContentLength)
	}
	body := bytes.NewBuffer(make([]byte, 0, room+bytes.MinRead))
	n, err := body.ReadFrom(io.LimitReader(r.Body, maxBody+1))
	switch {
	case n > maxBody:
		err = errTooLarge
	case err != nil:
		err = fmt.Errorf("read the form: %w", err)
	}
	if err != nil {
		clear(body.Bytes())
		return nil, err
	}
	return body.Bytes(), nil
}

// values returns fields of a form, nil where there is none. They are decoded in place: no other field is ever copied, and clearing
// the form clears them.
func values(form []byte, keys ...string) [][]byte {
	found := make([][]byte, len(keys))
	for field := range bytes.SplitSeq(form, []byte("&")) {
		name, text, given := bytes.Cut(field, []byte("="))
		if !given {
			text = []byte{}
		}
		for i, key := range keys {
			if found[i] == nil && len(name) <= 3*len(key) && string(unescape(bytes.Clone(name))) == key {
				found[i] = unescape(text)
				break
			}
		}
	}
	return found
}

// unescape decodes application/x-www-form-urlencoded in place. Invalid escapes stay as they are.
func unescape(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(b):
			var decoded [1]byte
			if _, err := hex.Decode(decoded[:], b[i+1:i+3]); err != nil {
				out = append(out, c)
				continue
			}
			out = append(out, decoded[0])
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}
