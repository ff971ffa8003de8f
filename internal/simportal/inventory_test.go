package simportal_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"boxready/internal/bitrix"
	"boxready/internal/simportal"
)

// there is the answer of method.get: the method exists, and may be called.
type there struct{ exists, available bool }

// methodsOf calls method.get for names, fifty at a time.
func methodsOf(t *testing.T, s *simportal.Sim, names []string) map[string]there {
	t.Helper()
	c, found := client(t, s), map[string]there{}
	for chunk := range slices.Chunk(names, 50) {
		v := url.Values{}
		for _, n := range chunk {
			v.Set("cmd["+n+"]", "method.get?name="+url.QueryEscape(strings.ToLower(n)))
		}
		r := ask(t, c, request{url: s.Webhook() + "batch", kind: form, body: v.Encode()})
		result, _ := r.json["result"].(map[string]any)
		answers, _ := result["result"].(map[string]any)
		if len(answers) != len(chunk) {
			t.Fatalf("%d of %d answered: %s", len(answers), len(chunk), r.body)
		}
		for n, a := range answers {
			fields, _ := a.(map[string]any)
			found[n] = there{fields["isExisting"] == true, fields["isAvailable"] == true}
		}
	}
	return found
}

// stringsOf returns a result that is a list of strings.
func stringsOf(t *testing.T, s *simportal.Sim, at string) []string {
	t.Helper()
	r := ask(t, client(t, s), request{url: at})
	list, ok := r.json["result"].([]any)
	if !ok {
		t.Fatalf("%s: %d %s %v", at, r.status, r.body, r.err)
	}
	out := make([]string, len(list))
	for i, v := range list {
		out[i], _ = v.(string)
	}
	return out
}

func with(s *simportal.Sim, method string) string {
	joint := "?"
	if strings.Contains(method, "?") {
		joint = "&"
	}
	return "https://" + s.Host() + "/rest/" + method + joint + "auth=" + s.IssueToken("valid")
}

func TestWholeCatalogue(t *testing.T) {
	s := faulty(t)
	var classic, listed, v3 []string
	for m := range bitrix.Methods() {
		if m.API2 {
			classic = append(classic, m.Name)
		}
		if m.InMethodsList == bitrix.Yes {
			listed = append(listed, strings.ToLower(m.Name))
		}
		if m.API3 && m.Name != "rest.scope.list" {
			v3 = append(v3, m.Name)
		}
	}
	t.Run("method.get", func(t *testing.T) {
		for name, is := range methodsOf(t, s, classic) {
			if !is.exists {
				t.Errorf("%s does not exist", name)
			}
		}
		for name, is := range methodsOf(t, s, v3) {
			if is.exists && !slices.Contains(classic, name) {
				t.Errorf("%s exists, though it is REST 3.0", name)
			}
		}
	})
	t.Run("methods", func(t *testing.T) {
		all := stringsOf(t, s, s.Webhook()+"methods?FULL=1")
		for _, name := range listed {
			if !slices.Contains(all, name) {
				t.Errorf("%s is not listed", name)
			}
		}
		for _, name := range all {
			if m, ok := bitrix.Method(name); ok && m.InMethodsList != bitrix.Yes || name != strings.ToLower(name) {
				t.Errorf("%s is listed", name)
			}
		}
		if len(all) <= len(listed) {
			t.Error("no undocumented method is listed")
		}
		if basic := stringsOf(t, s, s.Webhook()+"methods?SCOPE="); !slices.Contains(basic, "profile") || slices.Contains(basic, "crm.deal.list") {
			t.Errorf("basic methods: %v", basic)
		}
		if crm := stringsOf(t, s, s.Webhook()+"methods?SCOPE=crm"); !slices.Contains(crm, "crm.deal.list") || slices.Contains(crm, "profile") {
			t.Errorf("methods of crm: %v", crm)
		}
	})
	t.Run("scopes", func(t *testing.T) {
		var want []string
		for _, sc := range bitrix.Scopes() {
			if sc.Name != "basic" {
				want = append(want, sc.Name)
			}
		}
		if got := stringsOf(t, s, s.Webhook()+"scope?FULL=1"); !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
		hook, app := stringsOf(t, s, s.Webhook()+"scope"), stringsOf(t, s, with(s, "scope"))
		for _, never := range []string{"entity", "placement", "rating", "landing_cloud"} {
			if slices.Contains(hook, never) || slices.Contains(app, never) != (never == "entity" || never == "placement") {
				t.Errorf("%s: webhook %v, application %v", never, hook, app)
			}
		}
	})
	t.Run("events", func(t *testing.T) {
		want := []string{"ONCRMDYNAMICITEMADD_147", "ONCRMDYNAMICITEMDELETE_147", "ONCRMDYNAMICITEMUPDATE_147"}
		for e := range bitrix.Events() {
			want = append(want, e.Name)
		}
		slices.Sort(want)
		if got := stringsOf(t, s, with(s, "events?FULL=1")); !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("REST 3.0", func(t *testing.T) {
		c := client(t, s)
		for _, name := range v3 {
			if r := ask(t, c, request{url: "https://" + s.Host() + "/rest/api/" + name, kind: jsonKind, body: "{}"}); r.status != http.StatusUnauthorized {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
		for name, want := range map[string]string{"humanresources.node.get": "404", "main.eventlog.list": "404", "crm.deal.list": "401", "tasks.task.get": "401"} {
			if r := get(t, s, "/rest/"+name); want != map[int]string{404: "404", 401: "401"}[r.status] {
				t.Errorf("%s among the classic ones: %d", name, r.status)
			}
		}
		if r := get(t, s, "/rest/api/crm.deal.list"); r.status != 404 {
			t.Errorf("crm.deal.list among REST 3.0: %d", r.status)
		}
	})
	t.Run("description of REST 3.0", func(t *testing.T) {
		s := start(t, simportal.Options{Without: simportal.Without{Modules: []string{"mail"}}, Granted: []string{"crm"}})
		r := ask(t, client(t, s), request{url: strings.Replace(s.Webhook(), "/rest/", "/rest/api/", 1) + "documentation", kind: jsonKind, body: "{}"})
		for text, want := range map[string]bool{`{"openapi":"3.`: true, `"\/tasks.task.get":`: true, `"\/crm.mycompany.basic.field.list":`: true, `"\/mail.message.send":`: false, `"result"`: false, `"time"`: false} {
			if strings.Contains(r.body, text) != want {
				t.Errorf("%s: %t in %.300s", text, !want, r.body)
			}
		}
	})
	t.Run("letter case", func(t *testing.T) {
		for name, want := range map[string]string{"crm.deal.list": "true", "Crm.Deal.List": "false", "crm.item.list": "true", "Crm.Item.List": "true"} {
			if r := ask(t, client(t, s), request{url: s.Webhook() + "method.get?name=" + name}); !strings.Contains(r.body, `"isExisting":`+want) {
				t.Errorf("%s: %s", name, r.body)
			}
		}
	})
}

// TestWithoutModule removes each module in turn.
func TestWithoutModule(t *testing.T) {
	for _, module := range bitrix.Modules() {
		if module.Name == "rest" || module.Name == "main" {
			continue
		}
		t.Run(module.Name, func(t *testing.T) {
			t.Parallel()
			s := start(t, simportal.Options{Without: simportal.Without{Modules: []string{module.Name}}})
			ours := []string{"method.get"}
			for m := range bitrix.Methods() {
				if m.Module == module.Name && m.API2 {
					ours = append(ours, m.Name)
				}
			}
			for name, is := range methodsOf(t, s, ours) {
				if is.exists != (name == "method.get") {
					t.Errorf("%s: %v", name, is)
				}
			}
			provided := stringsOf(t, s, s.Webhook()+"scope?FULL=1")
			for _, name := range module.Scopes {
				scope, _ := bitrix.Scope(name)
				if slices.Contains(provided, name) != (len(scope.Modules) > 1) {
					t.Errorf("scope %s of %v: provided %v", name, scope.Modules, provided)
				}
			}
			for _, name := range stringsOf(t, s, with(s, "events?FULL=1")) {
				if e, _ := bitrix.Event(name); e.Module == module.Name {
					t.Errorf("event %s", name)
				}
			}
		})
	}
	t.Run("rest", func(t *testing.T) {
		s := start(t, simportal.Options{Without: simportal.Without{Modules: []string{"rest"}}})
		if r := get(t, s, "/rest/app.info"); r.status != 200 || r.body != "" {
			t.Errorf("got %d %s", r.status, r.body)
		}
	})
}

func TestWithout(t *testing.T) {
	t.Run("a method and an event", func(t *testing.T) {
		s := start(t, simportal.Options{Without: simportal.Without{Methods: []string{"CRM.Item.List", "crm.deal.list"}, Events: []string{"ONCRMDEALADD", "ONCRMDYNAMICITEMADD"}}})
		is := methodsOf(t, s, []string{"crm.item.list", "crm.deal.list", "crm.item.get"})
		if is["crm.item.list"].exists || is["crm.deal.list"].exists || !is["crm.item.get"].available {
			t.Errorf("methods %v", is)
		}
		if r := get(t, s, "/rest/crm.item.list"); r.code() != "ERROR_METHOD_NOT_FOUND" {
			t.Errorf("got %s", r.body)
		}
		events := stringsOf(t, s, with(s, "events?FULL=1"))
		for _, name := range []string{"ONCRMDEALADD", "ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMADD_147"} {
			if slices.Contains(events, name) {
				t.Errorf("event %s", name)
			}
			if r := ask(t, client(t, s), request{url: with(s, "event.bind?handler=https://app.example/h&event="+name)}); r.code() != "ERROR_EVENT_NOT_FOUND" {
				t.Errorf("binding %s: %s", name, r.body)
			}
		}
		if !slices.Contains(events, "ONCRMDEALUPDATE") {
			t.Error("the module's other events are gone too")
		}
	})
	t.Run("a second module", func(t *testing.T) {
		s := start(t, simportal.Options{Without: simportal.Without{Modules: []string{"iblock", "blog", "intranet"}}})
		for name, is := range methodsOf(t, s, []string{"entity.get", "log.blogpost.add", "user.current", "department.get", "user.admin.list", "crm.deal.list"}) {
			if is.exists != (name == "user.admin.list" || name == "crm.deal.list") {
				t.Errorf("%s: %v", name, is)
			}
		}
		provided := stringsOf(t, s, s.Webhook()+"scope?FULL=1")
		for name, want := range map[string]bool{"entity": false, "user_brief": false, "user": true, "crm": true} {
			if slices.Contains(provided, name) != want {
				t.Errorf("scope %s in %v", name, provided)
			}
		}
	})
	t.Run("permissions", func(t *testing.T) {
		s := start(t, simportal.Options{Granted: []string{"crm", "placement"}})
		if got := stringsOf(t, s, s.Webhook()+"scope"); !slices.Equal(got, []string{"crm"}) {
			t.Errorf("webhook: %v", got)
		}
		if got := stringsOf(t, s, with(s, "scope")); !slices.Equal(got, []string{"crm", "placement"}) {
			t.Errorf("application: %v", got)
		}
		want := map[string]there{"crm.deal.list": {true, true}, "crm.item.list": {true, true}, "profile": {true, true}, "disk.storage.getlist": {true, false}, "tasks.task.list": {true, false}, "no.such": {}}
		if got := methodsOf(t, s, slices.Collect(maps.Keys(want))); !maps.Equal(got, want) {
			t.Errorf("got %v", got)
		}
		if got := stringsOf(t, s, with(s, "events")); !slices.Contains(got, "ONAPPTEST") || !slices.Contains(got, "ONCRMDEALADD") || slices.Contains(got, "ONTASKADD") {
			t.Errorf("events %v", got)
		}
	})
	t.Run("older modules", func(t *testing.T) {
		s := start(t, simportal.Options{Versions: map[string]string{"crm": "22.0.0"}})
		for name, is := range methodsOf(t, s, []string{"crm.activity.configurable.add", "crm.automatedsolution.list", "crm.deal.list", "catalog.product.list"}) {
			if is.exists != (name == "crm.deal.list" || name == "catalog.product.list") {
				t.Errorf("%s: %v", name, is)
			}
		}
	})
	t.Run("an older rest module", func(t *testing.T) {
		s := start(t, simportal.Options{REST: "22.0.0"})
		missing("method.get")(t, s)
	})
	t.Run("unknown names", func(t *testing.T) {
		for _, w := range []simportal.Without{{Modules: []string{"crn"}}, {Methods: []string{"crm.deal.lits"}}, {Events: []string{"ONNOTHING"}}} {
			if _, err := simportal.Start(simportal.Options{Without: w}); err == nil {
				t.Errorf("%v was taken away", w)
			}
		}
		for _, v := range []map[string]string{{"crm": "new"}, {"crn": "1.0.0"}} {
			if _, err := simportal.Start(simportal.Options{Versions: v}); err == nil {
				t.Errorf("versions %v", v)
			}
		}
	})
}
