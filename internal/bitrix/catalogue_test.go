package bitrix

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestCatalogueCounts(t *testing.T) {
	c := catalogue()
	for _, n := range []struct {
		what      string
		got, want int
	}{
		{"methods", len(c.methods), 1670},
		{"events", len(c.events), 203},
		{"scopes", len(c.scopes), 68},
		{"methods by name", len(c.methodIndex), 1670},
		{"events by name", len(c.eventIndex), 203},
		{"methods that Methods yields", len(slices.Collect(Methods())), 1670},
		{"events that Events yields", len(slices.Collect(Events())), 203},
		{"scopes that Scopes returns", len(Scopes()), 68},
	} {
		if n.got != n.want {
			t.Errorf("%d %s, want %d", n.got, n.what, n.want)
		}
	}
	var tri [3]int
	v2, v3, both := 0, 0, 0
	for m := range Methods() {
		tri[m.InMethodsList]++
		switch {
		case m.API2 && m.API3:
			both++
		case m.API2:
			v2++
		case m.API3:
			v3++
		}
	}
	if tri != [3]int{Unknown: 80, Yes: 917, No: 673} {
		t.Errorf("in the reply of methods: %v", tri)
	}
	if v2 != 1561 || v3 != 103 || both != 6 {
		t.Errorf("REST 2: %d, REST 3.0: %d, both: %d", v2, v3, both)
	}
}

func TestCatalogueInfo(t *testing.T) {
	info := CatalogueInfo()
	newest := ""
	for _, s := range info.Sources {
		if _, err := time.Parse(time.DateOnly, s.Date); err != nil || len(s.Revision) != 40 || !strings.Contains(s.Name, "/") {
			t.Errorf("incomplete: %+v (%v)", s, err)
		}
		newest = max(newest, s.Date)
	}
	if info.Date != newest || newest == "" {
		t.Errorf("dated %q, the newest source is of %q", info.Date, newest)
	}
	if info.Methods != len(catalogue().methods) || info.Events == 0 || info.Scopes == 0 || info.Facts == 0 {
		t.Errorf("%+v", info)
	}
}

func TestMethodRows(t *testing.T) {
	for _, want := range []MethodInfo{
		{
			Name: "app.info", Module: "rest", Scope: "basic", Scopes: []string{"basic"}, Who: WhoAny, AppAuthOnly: true,
			API2: true, Registration: Static, InMethodsList: Yes, PresentIn: "17.0.8",
		},
		{
			Name: "method.get", Module: "rest", Scope: "basic", Scopes: []string{"basic"}, Who: WhoAny,
			API2: true, Registration: Static, InMethodsList: Yes, PresentIn: "23.100.0", AbsentIn: "20.0.500",
		},
		{
			Name: "tasks.task.add", Module: "tasks", Scope: "task", Scopes: []string{"task"}, ScopeV3: "tasks", Who: WhoAny,
			API2: true, API3: true, InMethodsList: No,
		},
	} {
		got, ok := Method(strings.ToUpper(want.Name))
		if !ok {
			t.Errorf("no method %s", want.Name)
			continue
		}
		ignore := cmpopts.IgnoreUnexported(MethodInfo{})
		if want.Name == "tasks.task.add" {
			want.Registration, want.PresentIn, want.AbsentIn = got.Registration, got.PresentIn, got.AbsentIn
		}
		if diff := cmp.Diff(want, got, ignore); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Name, diff)
		}
	}
	for _, name := range []string{"", "crm.item.*", "no.such.method", "app.info "} {
		if m, ok := Method(name); ok {
			t.Errorf("Method(%q) = %+v", name, m)
		}
	}

	m, _ := Method("crm.item.list")
	if m.InMethodsList != No || m.Module != "crm" || m.Registration != Controller {
		t.Errorf("crm.item.list: %+v", m)
	}
	m, _ = Method("booking.v1.resourcetype.list")
	if m.InMethodsList != Unknown || m.Name != "booking.v1.resourceType.list" {
		t.Errorf("booking.v1.resourceType.list: %+v", m)
	}
	m, _ = Method("imopenlines.bot.session.finish")
	if !slices.Equal(m.Scopes, []string{"imopenlines", "imbot"}) {
		t.Errorf("imopenlines.bot.session.finish: scopes %v", m.Scopes)
	}
	m, _ = Method("catalog.document.confirm")
	if !m.Deprecated || m.ReplacedBy != "catalog.document.conduct" || len(m.Facts()) == 0 {
		t.Errorf("catalog.document.confirm: %+v %+v", m, m.Facts())
	}
	if m, _ = Method("landing.site.addFolder"); m.Since() != "21.800.0" {
		t.Errorf("landing.site.addFolder: since %q", m.Since())
	}
}

func TestDocURL(t *testing.T) {
	m, _ := Method("tasks.task.add")
	for lang, want := range map[string]string{
		"ru": "https://apidocs.bitrix24.ru/api-reference/tasks/tasks-task-add.html",
		"en": "https://apidocs.bitrix24.com/api-reference/tasks/tasks-task-add.html",
		"":   "https://apidocs.bitrix24.com/api-reference/tasks/tasks-task-add.html",
	} {
		if got := m.DocURL(lang); got != want {
			t.Errorf("DocURL(%q) = %s", lang, got)
		}
	}
	if got, want := m.DocURLV3("ru"), "https://apidocs.bitrix24.ru/api-reference/tasks/tasks-task-add-rest-v3.html"; got != want {
		t.Errorf("DocURLV3 = %s", got)
	}
	if m, _ = Method("app.info"); m.DocURLV3("ru") != "" {
		t.Error("app.info has a page for REST 3.0")
	}
}

func TestEventRows(t *testing.T) {
	for name, want := range map[string]string{
		"OnCrmDealAdd":                "ONCRMDEALADD",
		"ONCRMDYNAMICITEMADD":         "ONCRMDYNAMICITEMADD",
		"ONCRMDYNAMICITEMADD_147":     "ONCRMDYNAMICITEMADD",
		"catalog.measure.on.add":      "CATALOG.MEASURE.ON.ADD",
		"ONAPPTEST":                   "ONAPPTEST",
		"ONCRMDEALADD_":               "",
		"ONCRMDEALADD_1a":             "",
		"_147":                        "",
		"":                            "",
		"ONNOSUCHEVENT":               "",
		"ONCRMDYNAMICITEMADD_147_148": "",
	} {
		got, ok := Event(name)
		if ok != (want != "") || got.Name != want {
			t.Errorf("Event(%q) = %q, %v", name, got.Name, ok)
		}
	}
	e, _ := Event("OnTaskCommentDelete")
	if f := catalogue().facts["ontaskcommentdelete"]; len(f) != 1 || f[0].Kind != FactRemovedSince || f[0].Version != "25.700.0" {
		t.Errorf("facts of OnTaskCommentDelete: %+v", f)
	}
	if e.DocURL("ru") == "" || e.Module != "tasks" {
		t.Errorf("OnTaskCommentDelete: %+v", e)
	}
}

func TestScopeAndModuleRows(t *testing.T) {
	s, ok := Scope("TELEPHONY")
	if !ok || s.Name != "telephony" || !slices.Equal(s.Modules, []string{"voximplant"}) || s.Evidence != EvidenceSource {
		t.Errorf("telephony: %+v", s)
	}
	if _, ok := Scope("no-such-scope"); ok {
		t.Error("a scope that does not exist")
	}
	m, ok := Module("CRM")
	if !ok || m.Name != "crm" || !slices.Contains(m.Scopes, "crm") || m.Methods < 400 || m.Events == 0 {
		t.Errorf("crm: %+v", m)
	}
	if _, ok := Module("no-such-module"); ok {
		t.Error("a module that does not exist")
	}
	if !slices.IsSortedFunc(Modules(), func(a, b ModuleInfo) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("modules are not sorted")
	}
}

// Properties of every row of the catalogue.
func TestCatalogueInvariants(t *testing.T) {
	page := regexp.MustCompile(`^https://apidocs\.bitrix24\.com/[A-Za-z0-9./_-]+\.html$`)
	name := regexp.MustCompile(`^[a-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$`)
	scopeless := 0
	knownScope := func(of, s string) {
		if _, ok := Scope(s); !ok {
			t.Errorf("%s: scope %q is not in the table", of, s)
		}
	}
	last := ""
	for m := range Methods() {
		if !name.MatchString(m.Name) {
			t.Errorf("name %q", m.Name)
		}
		if lower := strings.ToLower(m.Name); lower <= last {
			t.Errorf("%s does not come after %s", lower, last)
		} else {
			last = lower
		}
		if m.Scope == "" {
			scopeless++
			if m.Scopes != nil {
				t.Errorf("%s: scopes %v without a main one", m.Name, m.Scopes)
			}
		} else if m.Scopes[0] != m.Scope {
			t.Errorf("%s: scopes %v do not begin with %s", m.Name, m.Scopes, m.Scope)
		}
		for _, s := range m.Scopes {
			knownScope(m.Name, s)
		}
		if m.ScopeV3 != "" {
			knownScope(m.Name, m.ScopeV3)
		}
		if both := m.API2 && m.API3; !m.API2 && !m.API3 || both != (m.docV3 != "") || both != (m.ScopeV3 != "") {
			t.Errorf("%s: API %v %v, %q, %q", m.Name, m.API2, m.API3, m.ScopeV3, m.docV3)
		}
		if !page.MatchString(m.DocURL("en")) {
			t.Errorf("%s: page %q", m.Name, m.DocURL("en"))
		}
		if !slices.Contains([]Who{WhoUnknown, WhoAny, WhoAdmin, WhoOther}, m.Who) {
			t.Errorf("%s: who %q", m.Name, m.Who)
		}
		if !slices.Contains([]Registration{RegistrationUnknown, Static, Controller}, m.Registration) {
			t.Errorf("%s: registration %q", m.Name, m.Registration)
		}
		if m.Registration == Controller && m.InMethodsList == Yes {
			t.Errorf("%s: a controller method in the reply of methods", m.Name)
		}
		if m.ReplacedBy != "" && !m.Deprecated {
			t.Errorf("%s: replaced by %s without being deprecated", m.Name, m.ReplacedBy)
		}
		if (m.PresentIn != "") != (m.Registration != "") || m.AbsentIn != "" && m.PresentIn == "" {
			t.Errorf("%s: bounds %q %q %q", m.Name, m.PresentIn, m.AbsentIn, m.Registration)
		}
		for _, v := range []string{m.PresentIn, m.AbsentIn, m.Since()} {
			if v != "" && !ValidVersion(v) {
				t.Errorf("%s: version %q", m.Name, v)
			}
		}
		if m.AbsentIn != "" && CompareVersions(m.PresentIn, m.AbsentIn) <= 0 {
			t.Errorf("%s: present in %s, absent in %s", m.Name, m.PresentIn, m.AbsentIn)
		}
		if since := m.Since(); since != "" {
			if m.AbsentIn != "" && CompareVersions(since, m.AbsentIn) <= 0 {
				t.Errorf("%s: since %s, yet absent in %s", m.Name, since, m.AbsentIn)
			}
			if m.PresentIn != "" && CompareVersions(since, m.PresentIn) > 0 {
				t.Errorf("%s: since %s, yet present in %s", m.Name, since, m.PresentIn)
			}
		}
	}
	if scopeless != 3 {
		t.Errorf("%d methods without a scope, want 3", scopeless)
	}
	for e := range Events() {
		if e.Name != strings.ToUpper(e.Name) {
			t.Errorf("event %s is not in upper case", e.Name)
		}
		for _, s := range e.Scopes {
			knownScope(e.Name, s)
		}
		if e.Scope == "" || !page.MatchString(e.DocURL("en")) {
			t.Errorf("%s: scope %q, page %q", e.Name, e.Scope, e.DocURL("en"))
		}
	}
	for _, s := range Scopes() {
		if len(s.Modules) == 0 || slices.Contains(s.Modules, "") {
			t.Errorf("scope %s: modules %q", s.Name, s.Modules)
		}
		for _, m := range s.Modules {
			if info, ok := Module(m); !ok || !slices.Contains(info.Scopes, s.Name) {
				t.Errorf("scope %s: module %s does not name it", s.Name, m)
			}
		}
	}
}

func TestFacts(t *testing.T) {
	kinds := []FactKind{
		FactSince, FactSinceInferred, FactBounds, FactBehaviour, FactDeprecatedSince,
		FactRemovedSince, FactIMRevision, FactJS,
	}
	all := catalogue().allFacts
	if len(all) < 205 {
		t.Errorf("%d facts only", len(all))
	}
	for _, f := range all {
		if f.Module == "" || f.What == "" || f.Source == "" || !slices.Contains(kinds, f.Kind) {
			t.Errorf("incomplete: %+v", f)
		}
		if strings.HasPrefix(f.Source, "bitrix-tools/") {
			t.Errorf("source is no address: %+v", f)
		}
		for _, v := range []string{f.Version, f.AbsentIn} {
			if v != "" && f.Kind != FactIMRevision && !ValidVersion(v) {
				t.Errorf("version %q: %+v", v, f)
			}
		}
		if f.Version == "" && f.AbsentIn == "" {
			t.Errorf("no version: %+v", f)
		}
		if f.Version != "" && f.AbsentIn != "" && CompareVersions(f.Version, f.AbsentIn) <= 0 {
			t.Errorf("bounds: %+v", f)
		}
	}
	if !slices.ContainsFunc(all, func(f Fact) bool {
		return f.Module == "rest" && f.Subject == "method.get" && f.Version == "23.100.0" && f.AbsentIn == "20.0.500" && f.Source != ""
	}) {
		t.Error("method.get has no row of bounds")
	}
}

func TestParseCatalogueRejectsDamage(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("text"), catalogueData[:len(catalogueData)/2]} {
		if _, err := parseCatalogue(data); err == nil {
			t.Errorf("%d damaged bytes are accepted", len(data))
		}
	}
}

// The tables may be used concurrently.
func TestLookupsInParallel(t *testing.T) {
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if _, ok := Method("profile"); !ok {
				t.Error("no profile")
			}
			if len(Endpoints()) == 0 || len(Modules()) == 0 {
				t.Error("empty")
			}
		})
	}
}

func TestEmbeddedSize(t *testing.T) {
	if n := len(catalogueData); n > 60<<10 {
		t.Errorf("the catalogue takes %d bytes of the program", n)
	}
}

func BenchmarkFirstLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseCatalogue(catalogueData); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMethod(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Method("crm.item.list")
	}
}

func TestMethodInREST3(t *testing.T) {
	for name, want := range map[string]MethodInfo{
		"api/tasks.task.add": {Name: "api/tasks.task.add", Module: "tasks", Scope: "tasks", Scopes: []string{"tasks"}, Who: WhoAny, API3: true},
		"API/Tasks.Task.Add": {Name: "api/tasks.task.add", Module: "tasks", Scope: "tasks", Scopes: []string{"tasks"}, Who: WhoAny, API3: true},
		"api/crm.item.list":  {},
		"api/":               {},
	} {
		m, known := Method(name)
		if diff := cmp.Diff(want, m, cmpopts.IgnoreUnexported(MethodInfo{})); known != want.API3 || known && diff != "" {
			t.Errorf("%s: %v %s", name, known, diff)
		}
	}
	twin, _ := Method("api/tasks.task.add")
	if got, want := twin.DocURL("en"), "https://apidocs.bitrix24.com/api-reference/tasks/tasks-task-add-rest-v3.html"; got != want {
		t.Errorf("page %s, want %s", got, want)
	}
	with, _ := Method("api/mail.message.send")
	if without, _ := Method("mail.message.send"); !cmp.Equal(with, without, cmpopts.EquateComparable(), cmp.AllowUnexported(MethodInfo{})) {
		t.Errorf("%+v is not %+v", with, without)
	}
}
