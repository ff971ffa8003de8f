package simportal

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"boxready/internal/bitrix"
)

// Binding is an event handler, a row of b_rest_event.
type Binding struct {
	Event     string // upper case
	Handler   string // URL; "" if offline
	Connector string // auth_connector that it was bound with
	Offline   bool
	User      string // ID of the user on whose behalf it is called; "0" = whoever sets the event off
}

// Recorded is an offline event that waits to be fetched, a row of b_rest_event_offline.
type Recorded struct {
	ID        int
	Event     string
	Connector string
	Process   string // who has fetched it without clearing it
	Error     bool
	Message   string // MESSAGE_ID

	at     time.Time
	data   *array
	userID string
	reads  int // how often it was looked for
}

// eventTables are the portal's two tables of events.
type eventTables struct {
	mu       sync.Mutex
	bindings []Binding
	recorded []*Recorded
	lastID   int
}

// Bound is which event handlers there are now.
func (s *Sim) Bound() []Binding {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	return slices.Clone(s.events.bindings)
}

// Bind adds a handler as if the application had bound it earlier; one that exists is not added again.
func (s *Sim) Bind(b Binding) { s.events.bind(b) }

// Recorded is which offline events wait.
func (s *Sim) Recorded() []Recorded {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	out := make([]Recorded, len(s.events.recorded))
	for i, r := range s.events.recorded {
		out[i] = *r
	}
	return out
}

func (t *eventTables) bind(b Binding) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if b.User == "" {
		b.User = "0"
	}
	if slices.Contains(t.bindings, b) {
		return false
	}
	t.bindings = append(t.bindings, b)
	return true
}

func badArgument(name string) *restError {
	return &restError{status: http.StatusBadRequest, code: bitrix.CodeArgument, text: "Argument '" + name + "' is null or empty", extra: []any{"argument", name}}
}

func wrongArgument(name, text string) *restError {
	return &restError{status: http.StatusBadRequest, code: bitrix.CodeArgument, text: text, extra: []any{"argument", name}}
}

// denied is what somebody who is no administrator gets.
func denied(detail string) *restError {
	return &restError{status: http.StatusForbidden, code: bitrix.CodeAccessDenied, text: strings.TrimSpace("Access denied! " + detail)}
}

// binding reads what event.bind and event.unbind have in common. What stands there for the
// user is the application's wish; verb is for the sentence of a refusal.
func (c *call) binding(verb string) (Binding, *restError) {
	b := Binding{Event: strings.ToUpper(c.text("EVENT")), Handler: c.text("HANDLER"), User: "0"}
	if b.Event == "" {
		return b, badArgument("EVENT")
	}
	switch strings.ToLower(c.text("EVENT_TYPE")) {
	case "", "online":
		if b.Handler == "" {
			return b, badArgument("HANDLER")
		}
	case "offline":
		if !c.auth.admin {
			return b, denied("Offline events " + verb + " requires administrator access rights")
		}
		b.Offline, b.Handler, b.Connector = true, "", c.auth.connector
	default:
		return b, wrongArgument("EVENT_TYPE", "Value must be one of {online|offline}")
	}
	return b, nil
}

// user is on whose behalf an online handler is called.
func (c *call) handlerUser(verb string) (string, *restError) {
	user, err := strconv.Atoi(c.text("AUTH_TYPE"))
	switch {
	case (err != nil || user <= 0) && c.auth.admin:
		return "0", nil
	case err != nil || user <= 0:
		return c.auth.user.ID, nil
	case !c.auth.admin && strconv.Itoa(user) != c.auth.user.ID:
		return "", denied("Event " + verb + " with AUTH_TYPE requires administrator access rights")
	}
	return strconv.Itoa(user), nil
}

func (s *Sim) eventBind(c *call) (any, *restError) {
	user, err := c.handlerUser("binding")
	if err != nil {
		return nil, err
	}
	b, err := c.binding("binding")
	if err != nil {
		return nil, err
	}
	if !b.Offline {
		b.User, b.Connector = user, c.auth.connector
		u, err := url.Parse(b.Handler)
		switch {
		case err != nil || strings.IndexByte(u.Hostname(), '.') < 1:
			return nil, &restError{status: http.StatusBadRequest, code: "ERROR_WRONG_HANDLER_URL", text: "Wrong handler URL"}
		case u.Scheme != "http" && u.Scheme != "https":
			return nil, &restError{status: http.StatusBadRequest, code: "ERROR_UNSUPPORTED_PROTOCOL", text: "Unsupported handler protocol"}
		}
	}
	e, ok := c.f.inv.events[b.Event]
	switch {
	case !ok || !c.auth.may(e.scopes):
		return nil, &restError{status: http.StatusBadRequest, code: bitrix.CodeEventNotFound, text: "Event not found"}
	case b.Offline && b.Event == "ONOFFLINEEVENT":
		return nil, &restError{status: http.StatusBadRequest, code: bitrix.CodeArgument, text: "Offline event cannot be registered for this event."}
	case !s.events.bind(b):
		return nil, &restError{status: http.StatusBadRequest, code: bitrix.CodeCore, text: "Unable to set event handler: Handler already binded"}
	}
	return true, nil
}

// eventGet lists handlers; who is no administrator sees those of his own.
func (s *Sim) eventGet(c *call) (any, *restError) {
	a := newArray()
	for _, b := range s.Bound() {
		switch {
		case !c.auth.admin && b.User != c.auth.user.ID:
		case b.Offline:
			a.push(assoc("event", b.Event, "connector_id", b.Connector, "offline", 1))
		default:
			a.push(assoc("event", b.Event, "handler", b.Handler, "auth_type", b.User, "offline", 0))
		}
	}
	return a, nil
}

// eventUnbind takes offline handlers away by event and connector, online ones by event and address.
func (s *Sim) eventUnbind(c *call) (any, *restError) {
	b, err := c.binding("unbinding")
	if err != nil {
		return nil, err
	}
	anyUser := true
	if _, given := c.params.fold("AUTH_TYPE"); !b.Offline && (given || !c.auth.admin) {
		anyUser = false
		if b.User, err = c.handlerUser("unbinding"); err != nil {
			return nil, err
		}
	}
	switch c.f.any("event-unbind-error", "event-unbind-fails") {
	case "event-unbind-error":
		return nil, &restError{status: http.StatusInternalServerError, code: bitrix.CodeCore, text: "SQL query error!"}
	case "event-unbind-fails":
		return assoc("count", 0), nil
	}
	t := &s.events
	t.mu.Lock()
	defer t.mu.Unlock()
	before := len(t.bindings)
	t.bindings = slices.DeleteFunc(t.bindings, func(o Binding) bool {
		return o.Event == b.Event && o.Offline == b.Offline && o.Handler == b.Handler &&
			(!b.Offline || o.Connector == b.Connector) && (anyUser || o.User == b.User)
	})
	return assoc("count", before-len(t.bindings)), nil
}

// eventTest sets ONAPPTEST off for the calling application.
func (s *Sim) eventTest(c *call) (any, *restError) {
	query := newArray()
	for _, k := range c.params.keys {
		if !slices.Contains([]string{"auth", "access_token", "auth_connector"}, k) {
			query.set(k, c.params.get(k))
		}
	}
	if !c.f.on("install-unfinished") && !c.f.on("event-not-recorded") {
		s.events.record(s.portalNow(c.f), c, "ONAPPTEST", assoc("QUERY", query, "LANGUAGE_ID", s.license()[:2]))
	}
	return 1, nil
}

// record keeps an event for each offline handler of the application, except those of the connector that
// the call was made with: what an application does itself it need not be told. The same event twice is one row.
func (t *eventTables) record(now time.Time, c *call, name string, data *array) {
	sum := md5.Sum(append([]byte(name+"|"), encodeJSON(data)...))
	message := hex.EncodeToString(sum[:])
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.bindings {
		if !b.Offline || b.Event != name || b.Connector == c.auth.connector {
			continue
		}
		i := slices.IndexFunc(t.recorded, func(r *Recorded) bool {
			return r.Message == message && r.Connector == b.Connector && r.Process == ""
		})
		if i < 0 {
			t.lastID++
			t.recorded = append(t.recorded, &Recorded{ID: t.lastID, Event: name, Connector: b.Connector, Message: message})
			i = len(t.recorded) - 1
		}
		r := t.recorded[i]
		r.at, r.data, r.userID = now, data, c.auth.user.ID
	}
}

func (r *Recorded) array() *array {
	return assoc("ID", strconv.Itoa(r.ID), "TIMESTAMP_X", phpDate(r.at), "EVENT_NAME", r.Event, "EVENT_DATA", r.data,
		"EVENT_ADDITIONAL", assoc("user_id", r.userID), "MESSAGE_ID", r.Message)
}

// matches applies a filter such as {"=EVENT_NAME": "ONAPPTEST"}; numbers are compared as numbers.
func (r *Recorded) matches(filter any) bool {
	conditions, ok := filter.(*array)
	if !ok {
		return true
	}
	for _, key := range conditions.keys {
		name := strings.TrimLeft(key, "=<>!")
		op, want := strings.TrimSuffix(key, name), phpText(conditions.get(key))
		fields := map[string]string{
			"ID": strconv.Itoa(r.ID), "EVENT_NAME": r.Event, "MESSAGE_ID": r.Message, "PROCESS_ID": r.Process,
			"TIMESTAMP_X": phpDate(r.at), "ERROR": map[bool]string{false: "0", true: "1"}[r.Error],
		}
		have, known := fields[strings.ToUpper(name)]
		if !known {
			continue
		}
		order := strings.Compare(have, want)
		if x, err := strconv.Atoi(have); err == nil {
			if y, err := strconv.Atoi(want); err == nil {
				order = x - y
			}
		}
		holds := map[string]bool{"": order == 0, "=": order == 0, "!": order != 0, "!=": order != 0, ">": order > 0, ">=": order >= 0, "<": order < 0, "<=": order <= 0}
		if !holds[op] {
			return false
		}
	}
	return true
}

// waiting are the rows of the caller's connector that the filter lets through, oldest first unless
// the caller wants it the other way round. The caller holds t.mu.
func (t *eventTables) waiting(c *call) []*Recorded {
	filter, _ := c.params.fold("filter")
	var rows []*Recorded
	for _, r := range t.recorded {
		if r.Connector != c.auth.connector || !r.matches(filter) {
			continue
		}
		if r.reads++; r.reads > 1 || !c.f.on("event-recorded-late") {
			rows = append(rows, r)
		}
	}
	if order, _ := c.params.fold("order"); order != nil {
		if a, ok := order.(*array); ok && a.len() > 0 && strings.EqualFold(phpText(a.get(a.keys[0])), "DESC") {
			slices.Reverse(rows)
		}
	}
	return rows
}

// offlineGet hands waiting events out: for good, or with clear=0 until they are cleared under the process_id that it answers.
func (s *Sim) offlineGet(c *call) (any, *restError) {
	if !c.auth.admin {
		return nil, denied("")
	}
	forget, limit := true, 50
	if v, ok := c.params.fold("clear"); ok {
		n, _ := strconv.Atoi(phpText(v))
		forget = n != 0
	}
	if v, ok := c.params.fold("limit"); ok {
		limit, _ = strconv.Atoi(phpText(v))
	}
	if limit <= 0 {
		return nil, wrongArgument("LIMIT", "Value must be positive integer")
	}
	process, again := c.params.fold("process_id")
	id := strings.TrimSpace(phpText(process))
	failed := c.text("error") == "1"
	t := &s.events
	t.mu.Lock()
	defer t.mu.Unlock()
	var taken []*Recorded
	for _, r := range t.waiting(c) {
		if len(taken) < limit && r.Error == failed && (again && r.Process == id || !again && r.Process == "") {
			taken = append(taken, r)
		}
	}
	if !again {
		id = randomHex(16)
	}
	events := newArray()
	for _, r := range taken {
		r.Process = id
		events.push(r.array())
	}
	if forget && len(taken) > 0 {
		t.recorded = slices.DeleteFunc(t.recorded, func(r *Recorded) bool { return r.Process == id && r.Connector == c.auth.connector })
	}
	if forget && !again {
		return assoc("process_id", nil, "events", events), nil
	}
	return assoc("process_id", id, "events", events), nil
}

const offlinePage = 50

// offlineList shows waiting events and changes nothing.
func (s *Sim) offlineList(c *call) (any, *restError) {
	if !c.auth.admin {
		return nil, denied("")
	}
	t := &s.events
	t.mu.Lock()
	defer t.mu.Unlock()
	rows := t.waiting(c)
	start, _ := strconv.Atoi(c.text("start"))
	start = min(max(start, 0), len(rows))
	p := page{items: newArray(), total: len(rows)}
	end := min(start+offlinePage, len(rows))
	for _, r := range rows[start:end] {
		a := r.array()
		a.set("PROCESS_ID", r.Process)
		a.set("ERROR", map[bool]string{false: "0", true: "1"}[r.Error])
		p.items.push(a)
	}
	if end < len(rows) {
		p.next = end
	}
	return p, nil
}

// texts reads a parameter that has to be an array.
func (c *call) texts(name, wrong string) (values []string, given bool, err *restError) {
	v, given := c.params.fold(name)
	if !given {
		return nil, false, nil
	}
	a, ok := v.(*array)
	if !ok {
		return nil, true, wrongArgument(name, wrong)
	}
	for _, k := range a.keys {
		values = append(values, strings.TrimSpace(phpText(a.get(k))))
	}
	return values, true, nil
}

// process is the process_id that a call is about.
func (c *call) process() (string, *restError) {
	v, given := c.params.fold("process_id")
	if !c.auth.admin {
		return "", denied("")
	}
	if !given {
		return "", badArgument("PROCESS_ID")
	}
	return strings.TrimSpace(phpText(v)), nil
}

// offlineClear forgets events that were handed out under a process_id.
func (s *Sim) offlineClear(c *call) (any, *restError) {
	process, err := c.process()
	if err != nil {
		return nil, err
	}
	messages, byMessage, err := c.texts("message_id", "Value must be array of MESSAGE_ID values")
	if err != nil {
		return nil, err
	}
	ids, byID, err := c.texts("id", "Value must be array of integers")
	if err != nil {
		return nil, err
	}
	t := &s.events
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recorded = slices.DeleteFunc(t.recorded, func(r *Recorded) bool {
		return r.Process == process && r.Connector == c.auth.connector &&
			(!byMessage || slices.Contains(messages, r.Message)) && (byMessage || !byID || slices.Contains(ids, strconv.Itoa(r.ID)))
	})
	return true, nil
}

// offlineError puts events back as failed.
func (s *Sim) offlineError(c *call) (any, *restError) {
	const wrong = "Value must be array of MESSAGE_ID values"
	process, err := c.process()
	if err != nil {
		return nil, err
	}
	messages, given, err := c.texts("message_id", wrong)
	if err != nil {
		return nil, err
	}
	if !given {
		return nil, wrongArgument("message_id", wrong)
	}
	t := &s.events
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.recorded {
		if r.Process == process && r.Connector == c.auth.connector && slices.Contains(messages, r.Message) {
			r.Error, r.Process = true, ""
		}
	}
	return true, nil
}
