package simportal

import (
	"maps"
	"slices"
	"strings"

	"boxready/internal/bitrix"
)

// implemented are the methods with an implementation here.
var implemented = map[string]func(*Sim, *call) (any, *restError){
	"app.info":            (*Sim).appInfo,
	"batch":               (*Sim).runBatch,
	"event.bind":          (*Sim).eventBind,
	"event.get":           (*Sim).eventGet,
	"event.offline.clear": (*Sim).offlineClear,
	"event.offline.error": (*Sim).offlineError,
	"event.offline.get":   (*Sim).offlineGet,
	"event.offline.list":  (*Sim).offlineList,
	"event.test":          (*Sim).eventTest,
	"event.unbind":        (*Sim).eventUnbind,
	"events":              (*Sim).listEvents,
	"feature.get":         (*Sim).featureGet,
	"method.get":          (*Sim).methodGet,
	"methods":             (*Sim).listMethods,
	"profile":             (*Sim).profile,
	"rest.scope.list":     (*Sim).listScopes,
	"scope":               (*Sim).listScopes,
	"server.time":         func(s *Sim, c *call) (any, *restError) { return phpDate(s.portalNow(c.faults)), nil },
	"user.admin":          func(_ *Sim, c *call) (any, *restError) { return c.auth.admin, nil },
	"user.current":        (*Sim).userCurrent,
	"user.get":            (*Sim).userGet,
}

// openAPI is the portal's description of REST 3.0: every method of the installed modules, whatever the caller's permissions.
func (inv *inventory) openAPI() *array {
	paths := newArray()
	for _, name := range sorted(slices.Collect(maps.Keys(inv.v3))) {
		paths.set("/"+name, assoc("post", assoc("responses", assoc("200", assoc("description", "")))))
	}
	return assoc("openapi", "3.0.0", "info", assoc("title", "Bitrix24 REST V3 API", "version", "1.0.0"), "paths", paths)
}

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
	return assoc("ID", 1, "CODE", c.auth.clientID, "VERSION", 1, "STATUS", "L", "INSTALLED", !c.faults.on("install-unfinished"),
		"PAYMENT_EXPIRED", "N", "DAYS", nil, "LANGUAGE_ID", s.license()[:2], "LICENSE", s.license()), nil
}

func (s *Sim) profile(c *call) (any, *restError) {
	u := c.auth.user
	return assoc("ID", u.ID, "ADMIN", c.auth.admin, "NAME", u.Name, "LAST_NAME", u.LastName,
		"PERSONAL_GENDER", u.gender, "TIME_ZONE", userZone), nil
}

func (s *Sim) userCurrent(c *call) (any, *restError) {
	u := c.auth.user
	return assoc("ID", u.ID, "ACTIVE", true, "NAME", u.Name, "LAST_NAME", u.LastName, "TIME_ZONE", userZone), nil
}

// userGet lists the users with an ID; the product leaves system users out.
func (s *Sim) userGet(c *call) (any, *restError) {
	found := newArray()
	for _, u := range users {
		if u.ID == c.text("ID") && !(c.faults.on("user-system") && u.ID == c.auth.user.ID) {
			found.push(assoc("ID", u.ID, "ACTIVE", u.Active, "NAME", u.Name, "LAST_NAME", u.LastName))
		}
	}
	return page{items: found, total: found.len()}, nil
}

func (s *Sim) featureGet(c *call) (any, *restError) {
	if c.text("CODE") == "" {
		return nil, badRequest("CODE_EMPTY", "CODE can't be empty")
	}
	return assoc("value", s.license()), nil
}

func (s *Sim) listScopes(c *call) (any, *restError) {
	if full, _ := c.params.fold("FULL"); isTrue(full) {
		return list(c.faults.inv.scopes...), nil
	}
	return list(c.auth.scope...), nil
}

func isTrue(v any) bool {
	t := phpText(v)
	return t != "" && t != "0" && !strings.EqualFold(t, "false") && !strings.EqualFold(t, "N")
}

// listed reports whether something in these scopes is in the answer of methods
// and events: those of one scope with SCOPE, all with FULL, otherwise those in the caller's scopes.
func (c *call) listed(scopes []string) bool {
	full, _ := c.params.fold("FULL")
	scope, given := c.params.fold("SCOPE")
	switch {
	case given && phpText(scope) == "":
		return len(scopes) == 0
	case given:
		return slices.Contains(scopes, phpText(scope))
	}
	return isTrue(full) || c.auth.may(scopes)
}

// listMethods omits controllers, as the product does.
func (s *Sim) listMethods(c *call) (any, *restError) {
	var names []string
	for name, m := range c.faults.inv.methods {
		if !m.controller && c.listed(m.scopes) {
			names = append(names, name)
		}
	}
	return list(sorted(names)...), nil
}

func (s *Sim) methodGet(c *call) (any, *restError) {
	name := c.text("name")
	m := c.faults.inv.exact(name)
	held := c.faults.on("method-not-permitted") && name == "disk.storage.getlist"
	return assoc("isExisting", m != nil, "isAvailable", m != nil && c.auth.may(m.scopes) && !held), nil
}

func (s *Sim) listEvents(c *call) (any, *restError) {
	var names []string
	for name, e := range c.faults.inv.events {
		if c.listed(e.scopes) {
			names = append(names, name)
		}
	}
	return list(sorted(names)...), nil
}
