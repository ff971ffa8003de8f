package simportal

import (
	"crypto/md5" // #nosec G501 -- identifies events, protects nothing
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OfflineEvent is an offline event that hasn't been fetched, a row of b_rest_event_offline.
type OfflineEvent struct {
	ID        int
	Event     string
	Connector string
	Process   string // process_id of the call that fetched it without clearing it
	Error     bool
	Message   string // MESSAGE_ID

	at     time.Time
	data   *array
	userID string
	reads  int // number of reads
}

// OfflineEvents returns the offline events that haven't been fetched.
func (s *Sim) OfflineEvents() []OfflineEvent {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	out := make([]OfflineEvent, len(s.events.recorded))
	for i, r := range s.events.recorded {
		out[i] = *r
	}
	return out
}

// record stores an event for each offline handler of the application, except those of the connector that
// the call was made with, because an application isn't notified of its own changes. Equal events share one row.
func (t *eventTables) record(now time.Time, c *call, name string, data *array) {
	sum := md5.Sum(append([]byte(name+"|"), encodeJSON(data)...)) // #nosec G401 -- identifies events, protects nothing
	message := hex.EncodeToString(sum[:])
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.bindings {
		if !b.Offline || b.Event != name || b.Connector == c.auth.connector {
			continue
		}
		i := slices.IndexFunc(t.recorded, func(r *OfflineEvent) bool {
			return r.Message == message && r.Connector == b.Connector && r.Process == ""
		})
		if i < 0 {
			t.lastID++
			t.recorded = append(t.recorded, &OfflineEvent{ID: t.lastID, Event: name, Connector: b.Connector, Message: message})
			i = len(t.recorded) - 1
		}
		r := t.recorded[i]
		r.at, r.data, r.userID = now, data, c.auth.user.ID
	}
}

func (r *OfflineEvent) array() *array {
	return assoc("ID", strconv.Itoa(r.ID), "TIMESTAMP_X", phpDate(r.at), "EVENT_NAME", r.Event, "EVENT_DATA", r.data,
		"EVENT_ADDITIONAL", assoc("user_id", r.userID), "MESSAGE_ID", r.Message)
}

// matches applies a filter such as {"=EVENT_NAME": "ONAPPTEST"}; numbers are compared as numbers.
func (r *OfflineEvent) matches(filter any) bool {
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

// waiting returns the rows of the caller's connector that match the filter, oldest first unless
// the caller asks for the reverse order. The caller holds t.mu.
func (t *eventTables) waiting(c *call) []*OfflineEvent {
	filter, _ := c.params.fold("filter")
	var rows []*OfflineEvent
	for _, r := range t.recorded {
		if r.Connector != c.auth.connector || !r.matches(filter) {
			continue
		}
		if r.reads++; r.reads > 1 || !c.faults.on("event-recorded-late") {
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

// offlineGet returns waiting events and removes them, or with clear=0 marks them with the process_id that it returns.
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
	var taken []*OfflineEvent
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
		t.recorded = slices.DeleteFunc(t.recorded, func(r *OfflineEvent) bool { return r.Process == id && r.Connector == c.auth.connector })
	}
	if forget && !again {
		return assoc("process_id", nil, "events", events), nil
	}
	return assoc("process_id", id, "events", events), nil
}

const offlinePage = 50

// offlineList lists waiting events.
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

// stringsOf reads a parameter that has to be an array.
func (c *call) stringsOf(name, wrong string) (values []string, given bool, err *restError) {
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

// process returns the call's process_id.
func (c *call) process() (string, *restError) {
	v, given := c.params.fold("process_id")
	if !c.auth.admin {
		return "", denied("")
	}
	if !given {
		return "", missingArgument("PROCESS_ID")
	}
	return strings.TrimSpace(phpText(v)), nil
}

// offlineClear removes events that were fetched with a process_id.
func (s *Sim) offlineClear(c *call) (any, *restError) {
	process, err := c.process()
	if err != nil {
		return nil, err
	}
	messages, byMessage, err := c.stringsOf("message_id", "Value must be array of MESSAGE_ID values")
	if err != nil {
		return nil, err
	}
	ids, byID, err := c.stringsOf("id", "Value must be array of integers")
	if err != nil {
		return nil, err
	}
	t := &s.events
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recorded = slices.DeleteFunc(t.recorded, func(r *OfflineEvent) bool {
		return r.Process == process && r.Connector == c.auth.connector &&
			(!byMessage || slices.Contains(messages, r.Message)) && (byMessage || !byID || slices.Contains(ids, strconv.Itoa(r.ID)))
	})
	return true, nil
}

// offlineError marks fetched events as failed.
func (s *Sim) offlineError(c *call) (any, *restError) {
	const wrong = "Value must be array of MESSAGE_ID values"
	process, err := c.process()
	if err != nil {
		return nil, err
	}
	messages, given, err := c.stringsOf("message_id", wrong)
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
