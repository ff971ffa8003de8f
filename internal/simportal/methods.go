package simportal

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"boxready/internal/bitrix"
)

// method is one REST method of the portal. Without run it answers an empty list.
type method struct {
	name       string
	scope      string // "" = basic; alternatives separated by |
	controller bool   // exists, but "methods" does not list it
	appOnly    bool   // refuses webhooks
	run        func(*Sim, *call) (any, *restError)
}

// catalogue names methods of ordinary modules, by scope, so that the inventory of
// the simulated portal looks like one. c: precedes controllers.
var catalogue = []struct{ scope, methods string }{
	{"bizproc", "bizproc.activity.add bizproc.activity.list bizproc.event.send bizproc.robot.add bizproc.robot.list bizproc.workflow.start bizproc.workflow.template.list"},
	{"calendar", "calendar.event.add calendar.event.get calendar.section.get"},
	{"catalog", "c:catalog.product.list c:catalog.product.get c:catalog.price.list c:catalog.document.list"},
	{"contact_center", ""},
	{"crm", "crm.activity.add crm.activity.list crm.company.get crm.company.list crm.contact.add crm.contact.get crm.contact.list crm.deal.add crm.deal.fields crm.deal.get crm.deal.list crm.deal.update crm.duplicate.findbycomm crm.lead.add crm.lead.get crm.lead.list crm.status.list c:crm.item.add c:crm.item.fields c:crm.item.get c:crm.item.list c:crm.item.update c:crm.type.list"},
	{"department", "department.get department.fields"},
	{"disk", "disk.file.get disk.folder.getchildren disk.folder.uploadfile disk.storage.getlist"},
	{"documentgenerator", "c:documentgenerator.template.list c:documentgenerator.document.list"},
	{"entity", "entity.get entity.item.get"},
	{"im", "im.chat.add im.message.add im.notify.personal.add im.revision.get"},
	{"imbot", "imbot.bot.list imbot.message.add imbot.register"},
	{"imopenlines", "imconnector.list imconnector.register imconnector.send.messages imopenlines.config.list.get imopenlines.revision.get"},
	{"landing", "landing.landing.getlist landing.site.getlist"},
	{"lists", "lists.element.get lists.get"},
	{"log", "log.blogpost.add log.blogpost.get"},
	{"mailservice", "mailservice.list"},
	{"messageservice", "messageservice.sender.add messageservice.sender.list"},
	{"mobile", "mobile.version.get"},
	{"placement", "placement.bind placement.get placement.list placement.unbind"},
	{"pull", "pull.application.config.get"},
	{"sale", "c:sale.order.get c:sale.order.list"},
	{"sonet_group", "sonet_group.get sonet_group.user.get"},
	{"task", "task.commentitem.add task.item.list task.stages.get c:tasks.task.add c:tasks.task.get c:tasks.task.list c:tasks.task.update"},
	{"tasks_extended", "task.ctasks.getlist"},
	{"telephony", "telephony.externalcall.finish telephony.externalcall.register telephony.externalline.get voximplant.line.get voximplant.statistic.get"},
	{"timeman", "timeman.open timeman.status"},
	{"user", "user.get user.fields user.search c:user.admin.list"},
	{"user_basic", ""},
	{"user_brief", ""},
	{"userfieldconfig", "c:userfieldconfig.list"},
}

// methods builds the portal's methods.
func methods() map[string]*method {
	all := map[string]*method{}
	add := func(m *method) { all[m.name] = m }
	for _, row := range catalogue {
		for name := range strings.FieldsSeq(row.methods) {
			name, controller := strings.CutPrefix(name, "c:")
			add(&method{name: name, scope: row.scope, controller: controller})
		}
	}
	for _, name := range []string{"app.option.get", "app.option.set", "user.option.get", "user.option.set", "event.offline.get", "event.offline.list", "event.offline.clear", "event.offline.error"} {
		add(&method{name: name, appOnly: true})
	}
	add(&method{name: "access.name"})
	add(&method{name: "user.access"})
	add(&method{name: "app.info", run: (*Sim).appInfo})
	add(&method{name: "batch", run: (*Sim).runBatch})
	add(&method{name: "event.bind", appOnly: true, run: (*Sim).eventBind})
	add(&method{name: "event.get", appOnly: true, run: (*Sim).eventGet})
	add(&method{name: "event.test", appOnly: true, run: func(*Sim, *call) (any, *restError) { return 1, nil }})
	add(&method{name: "event.unbind", appOnly: true, run: (*Sim).eventUnbind})
	add(&method{name: "events", appOnly: true, run: (*Sim).listEvents})
	add(&method{name: "feature.get", run: (*Sim).featureGet})
	add(&method{name: "method.get", run: (*Sim).methodGet})
	add(&method{name: "methods", run: (*Sim).listMethods})
	add(&method{name: "profile", run: (*Sim).profile})
	add(&method{name: "scope", run: (*Sim).listScopes})
	add(&method{name: "server.time", run: func(s *Sim, c *call) (any, *restError) { return phpDate(s.portalNow(c.f)), nil }})
	add(&method{name: "user.admin", run: func(_ *Sim, c *call) (any, *restError) { return c.auth.admin, nil }})
	add(&method{name: "user.current", scope: "user|user_basic|user_brief", run: (*Sim).userCurrent})
	return all
}

// methodsV3 are the methods of REST 3.0.
func methodsV3() map[string]*method {
	all := map[string]*method{}
	for _, m := range []*method{
		{name: "rest.documentation.openapi", run: func(*Sim, *call) (any, *restError) {
			return assoc("openapi", "3.0.0", "info", assoc("title", "Bitrix24 REST V3 API", "version", "1.0.0"), "paths", newArray()), nil
		}},
		{name: "rest.scope.list", run: (*Sim).listScopes},
		{name: "main.eventlog.list", scope: "main"},
		{name: "tasks.task.get", scope: "task"},
	} {
		all[m.name] = m
	}
	return all
}

// allScopes are those that the installed modules provide.
func allScopes() []string {
	var names []string
	for _, row := range catalogue {
		names = append(names, row.scope)
	}
	return sorted(names)
}

// webhookScope is what the demo webhook may: all but what no webhook can have.
func webhookScope() []string {
	var names []string
	for _, n := range allScopes() {
		if n != "entity" && n != "placement" {
			names = append(names, n)
		}
	}
	return names
}

func appScope() []string { return []string{"crm", "placement", "task", "telephony", "user_brief"} }

// The demo user.
const (
	userID       = "1"
	userLogin    = "admin"
	userName     = "Анна"
	userLastName = "Смит-О'Хара"
	userZone     = "Europe/Moscow"
)

func (s *Sim) license() string {
	if s.region == bitrix.CIS {
		return "ru_selfhosted"
	}
	return "en_selfhosted"
}

func (s *Sim) appInfo(c *call) (any, *restError) {
	if c.auth.webhook {
		return assoc("SCOPE", list(c.auth.scope...), "LICENSE", s.license()), nil
	}
	return assoc("ID", 1, "CODE", c.auth.clientID, "VERSION", 1, "STATUS", "L", "INSTALLED", true,
		"PAYMENT_EXPIRED", "N", "DAYS", nil, "LANGUAGE_ID", s.license()[:2], "LICENSE", s.license()), nil
}

func (s *Sim) profile(c *call) (any, *restError) {
	return assoc("ID", c.auth.userID, "ADMIN", c.auth.admin, "NAME", userName, "LAST_NAME", userLastName,
		"PERSONAL_GENDER", "F", "TIME_ZONE", userZone), nil
}

func (s *Sim) userCurrent(c *call) (any, *restError) {
	return assoc("ID", c.auth.userID, "ACTIVE", true, "NAME", userName, "LAST_NAME", userLastName, "TIME_ZONE", userZone), nil
}

func (s *Sim) featureGet(c *call) (any, *restError) {
	code, _ := c.params.fold("CODE")
	if phpText(code) == "" {
		return nil, &restError{status: http.StatusBadRequest, code: "CODE_EMPTY", text: "CODE can't be empty"}
	}
	return assoc("value", s.license()), nil
}

func (s *Sim) listScopes(c *call) (any, *restError) {
	if full, _ := c.params.fold("FULL"); isTrue(full) {
		return list(allScopes()...), nil
	}
	return list(c.auth.scope...), nil
}

func isTrue(v any) bool {
	t := phpText(v)
	return t != "" && t != "0" && !strings.EqualFold(t, "false") && !strings.EqualFold(t, "N")
}

// listMethods leaves controllers out, as the product does.
func (s *Sim) listMethods(c *call) (any, *restError) {
	scope, given := c.params.fold("SCOPE")
	full, _ := c.params.fold("FULL")
	var names []string
	for name, m := range s.modules {
		switch {
		case m.controller || s.lookup(c.f, name) == nil:
		case given && !isTrue(full) && phpText(scope) != m.scope:
		case !isTrue(full) && !given && !c.auth.may(m.scope):
		default:
			names = append(names, name)
		}
	}
	return list(sorted(names)...), nil
}

func (s *Sim) methodGet(c *call) (any, *restError) {
	name, _ := c.params.fold("name")
	m := s.lookup(c.f, phpText(name))
	return assoc("isExisting", m != nil, "isAvailable", m != nil && c.auth.may(m.scope)), nil
}

func eventNames() []string {
	return []string{"ONAPPINSTALL", "ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPPAYMENT", "ONAPPTEST", "ONOFFLINEEVENT", "ONUSERADD",
		"ONCRMCONTACTADD", "ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMLEADADD", "ONTASKADD", "ONTASKUPDATE", "ONVOXIMPLANTCALLEND"}
}

func (s *Sim) listEvents(*call) (any, *restError) { return list(eventNames()...), nil }

// handler is a row of b_rest_event.
type handler struct {
	event, url, connector string
	offline               bool
}

func (h handler) array() *array {
	if h.offline {
		return assoc("event", h.event, "connector_id", h.connector, "offline", 1)
	}
	return assoc("event", h.event, "handler", h.url, "auth_type", "0", "offline", 0)
}

func badArgument(name string) *restError {
	return &restError{status: http.StatusBadRequest, code: bitrix.CodeArgument, text: "Argument '" + name + "' is null or empty", extra: []any{"argument", name}}
}

func (s *Sim) handlerOf(c *call) (handler, *restError) {
	text := func(key string) string { v, _ := c.params.fold(key); return phpText(v) }
	h := handler{event: strings.ToUpper(text("EVENT")), url: text("HANDLER"), connector: text("auth_connector"), offline: text("EVENT_TYPE") == "offline"}
	if h.event == "" {
		return h, badArgument("EVENT")
	}
	known := false
	for _, n := range eventNames() {
		known = known || n == h.event
	}
	if !known {
		return h, &restError{status: http.StatusBadRequest, code: bitrix.CodeEventNotFound, text: "Event not found"}
	}
	if h.offline {
		h.url = ""
		return h, nil
	}
	if h.url == "" {
		return h, badArgument("HANDLER")
	}
	u, err := url.Parse(h.url)
	switch {
	case err != nil || strings.IndexByte(u.Hostname(), '.') < 1:
		return h, &restError{status: http.StatusBadRequest, code: "ERROR_WRONG_HANDLER_URL", text: "Wrong handler URL"}
	case u.Scheme != "http" && u.Scheme != "https":
		return h, &restError{status: http.StatusBadRequest, code: "ERROR_UNSUPPORTED_PROTOCOL", text: "Unsupported handler protocol"}
	}
	return h, nil
}

func (s *Sim) eventBind(c *call) (any, *restError) {
	h, err := s.handlerOf(c)
	if err != nil {
		return nil, err
	}
	if !s.account.bind(h) {
		return nil, &restError{status: http.StatusBadRequest, code: bitrix.CodeCore, text: "Unable to set event handler: Handler already binded"}
	}
	return true, nil
}

func (s *Sim) eventGet(*call) (any, *restError) {
	a := newArray()
	for _, h := range s.account.bound() {
		a.push(h.array())
	}
	return a, nil
}

func (s *Sim) eventUnbind(c *call) (any, *restError) {
	h, err := s.handlerOf(c)
	if err != nil {
		return nil, err
	}
	return assoc("count", s.account.unbind(h)), nil
}

const batchLimit = 50

var reference = regexp.MustCompile(`\$result((?:\[[^\]]*\])+)`)

// runBatch calls up to 50 methods; what they answer stands in maps by key
// (https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html).
func (s *Sim) runBatch(c *call) (any, *restError) {
	result, failed, total, next, times := newArray(), newArray(), newArray(), newArray(), newArray()
	cmd, _ := c.params.fold("cmd")
	commands, ok := cmd.(*array)
	if !ok {
		commands = newArray()
	}
	halt, _ := c.params.fold("halt")
	for i, key := range commands.keys {
		name, query, _ := strings.Cut(phpText(commands.get(key)), "?")
		inner := &call{hit: c.hit, f: c.f, https: c.https, auth: c.auth, started: s.portalNow(c.f), batch: true}
		inner.params = parseQuery(reference.ReplaceAllStringFunc(query, func(r string) string { return resolve(result, r) }))
		answer, err := s.runInBatch(inner, i, name)
		if err != nil {
			failed.set(key, err.array())
			if isTrue(halt) {
				break
			}
			continue
		}
		result.set(key, answer.get("result"))
		if n, ok := answer.values["total"]; ok {
			total.set(key, n)
		}
		if n, ok := answer.values["next"]; ok {
			next.set(key, n)
		}
		times.set(key, s.timeBlock(inner))
	}
	return assoc("result", result, "result_error", failed, "result_total", total, "result_next", next, "result_time", times), nil
}

func (s *Sim) runInBatch(c *call, position int, name string) (*array, *restError) {
	if position >= batchLimit {
		return nil, &restError{code: bitrix.CodeBatchLengthExceeded, text: "Max batch length exceeded"}
	}
	switch strings.ToLower(name) {
	case "batch", "download", "upload":
		return nil, &restError{code: bitrix.CodeBatchMethodNotAllowed, text: "Method is not allowed for batch usage"}
	}
	m := s.lookup(c.f, name)
	if m == nil {
		return nil, errorMethodNotFound()
	}
	return s.run(c, m)
}

// resolve replaces $result[key][field] by what an earlier command answered.
func resolve(results *array, ref string) string {
	var v any = results
	for key := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(ref, "$result["), "]"), "][") {
		a, ok := v.(*array)
		if !ok {
			return ""
		}
		v = a.get(key)
	}
	return url.QueryEscape(phpText(v))
}
