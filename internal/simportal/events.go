package simportal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"boxready/internal/bitrix"
)

// Binding is an event handler, a row of b_rest_event.
type Binding struct {
	Event     string // upper case
	Handler   string // URL; "" if offline
	Connector string // auth_connector that it was bound with
	Offline   bool
	User      string // ID of the user on whose behalf it is called; "0" = the user who causes the event
}

// eventTables are the portal's two tables of events.
type eventTables struct {
	mu       sync.Mutex
	bindings []Binding
	recorded []*OfflineEvent
	lastID   int
}

// Bindings returns the current event handlers.
func (s *Sim) Bindings() []Binding {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	return slices.Clone(s.events.bindings)
}

// Bind adds a handler as if the application had bound it earlier; an existing one is not added again.
func (s *Sim) Bind(b Binding) { s.events.bind(b) }

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

// badRequest is the answer to an invalid call.
func badRequest(code, text string, extra ...any) *restError {
	return &restError{status: http.StatusBadRequest, code: code, text: text, extra: extra}
}

func wrongArgument(name, text string) *restError {
	return badRequest(bitrix.CodeArgument, text, "argument", name)
}

func missingArgument(name string) *restError {
	return wrongArgument(name, "Argument '"+name+"' is null or empty")
}

// denied is the refusal for users who are not administrators.
func denied(detail string) *restError {
	return &restError{status: http.StatusForbidden, code: bitrix.CodeAccessDenied, text: strings.TrimSpace("Access denied! " + detail)}
}

// binding reads the parameters that event.bind and event.unbind share; verb is a part of refusals.
func (c *call) binding(verb string) (Binding, *restError) {
	b := Binding{Event: strings.ToUpper(c.text("EVENT")), Handler: c.text("HANDLER"), User: "0"}
	if b.Event == "" {
		return b, missingArgument("EVENT")
	}
	switch strings.ToLower(c.text("EVENT_TYPE")) {
	case "", "online":
		if b.Handler == "" {
			return b, missingArgument("HANDLER")
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

// handlerUser returns the user on whose behalf an online handler is called.
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
		case err != nil || strings.IndexByte(u.Hostname(), '.') < 1 || c.faults.on("event-handler-refused"):
			return nil, badRequest("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
		case u.Scheme != "http" && u.Scheme != "https":
			return nil, badRequest("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol")
		}
	}
	e, ok := c.faults.inv.events[b.Event]
	switch {
	case !ok || !c.auth.may(e.scopes):
		return nil, badRequest(bitrix.CodeEventNotFound, "Event not found")
	case b.Offline && b.Event == "ONOFFLINEEVENT":
		return nil, badRequest(bitrix.CodeArgument, "Offline event cannot be registered for this event.")
	case !s.events.bind(b):
		return nil, badRequest(bitrix.CodeCore, "Unable to set event handler: Handler already binded")
	}
	return true, nil
}

// eventGet lists handlers; users who are not administrators see only their own.
func (s *Sim) eventGet(c *call) (any, *restError) {
	a := newArray()
	for _, b := range s.Bindings() {
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

// eventUnbind removes offline handlers by event and connector, online ones by event and address.
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
	switch c.faults.any("event-unbind-error", "event-unbind-fails") {
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

// eventTest fires ONAPPTEST for the calling application.
func (s *Sim) eventTest(c *call) (any, *restError) {
	query := newArray()
	for _, k := range c.params.keys {
		if !slices.Contains([]string{"auth", "access_token", "auth_connector"}, k) {
			query.set(k, c.params.get(k))
		}
	}
	data := assoc("QUERY", query, "LANGUAGE_ID", s.license()[:2])
	if !c.faults.on("install-unfinished") && !c.faults.on("event-not-recorded") {
		s.events.record(s.portalNow(c.faults), c, "ONAPPTEST", data)
		s.sendOnline(c, "ONAPPTEST", data)
	}
	return 1, nil
}
