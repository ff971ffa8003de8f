package bitrix

import (
	"bytes"
	"compress/gzip"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// zipped returns a renewal with these rows.
func zipped(t testing.TB, rows ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(strings.Join(rows, "\n") + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	newDate   = "D\t1\t2026-11-20"
	newMethod = "M\tcrm.new.thing\tcrm\tcrm\tany\t\t2\t\t\t\t\tapi-reference/crm/new-thing.html"
	newHosts  = `H	{"id":"ai","pack":"ai","regions":["cis"],"hosts":["newai.bitrix24.tech"],"ports":["tcp/443"],"directions":["portal-out"],"mark":"product code","source":"ai module 26.900.0","date":"2026-11"}`
)

func TestRenewalAdds(t *testing.T) {
	r, err := ParseRenewal(zipped(t, newDate, "R\tbitrix24/b24restdocs\t"+strings.Repeat("a", 40)+"\t2026-11-20", newMethod,
		"M\tapp.info\tbasic\trest\tany\tad\t2", "E\tONNEWTHING\tcrm\tcrm\tany\t\tapi-reference/crm/on-new-thing.html",
		"S\tnewscope\tcrm\tdocs\tNew", "F\tcrm.new.thing\tcrm\tsince\t26.900.0\t\tmethod\thttps://apidocs.bitrix24.com/x.html", newHosts,
		strings.Replace(newHosts, `"ai"`, `"quantum"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	old := catalogue()
	n := old.with(r.tables)
	if n.date != "2026-11-20" || len(n.sources) != 1 || len(n.methods) != len(old.methods)+1 || len(n.events) != len(old.events)+1 ||
		len(n.scopes) != len(old.scopes)+1 || len(n.allFacts) != len(old.allFacts)+1 {
		t.Errorf("%s: %d methods, %d events, %d scopes, %d facts", n.date, len(n.methods), len(n.events), len(n.scopes), len(n.allFacts))
	}
	if i, ok := n.methodIndex["crm.new.thing"]; !ok || n.methods[i].Name != "crm.new.thing" || len(n.facts["crm.new.thing"]) != 1 {
		t.Error("the new method isn't found")
	}
	if m := n.methods[n.methodIndex["app.info"]]; !m.Deprecated || !m.AppAuthOnly {
		t.Errorf("the row of a known method isn't replaced: %+v", m)
	}
	for i := range n.methods[1:] {
		if strings.ToLower(n.methods[i].Name) >= strings.ToLower(n.methods[i+1].Name) {
			t.Fatalf("%s comes before %s", n.methods[i].Name, n.methods[i+1].Name)
		}
	}
	if old.methods[old.methodIndex["app.info"]].Deprecated {
		t.Error("the built-in table is changed")
	}

	before := Endpoints()
	for i := range before {
		before[i].Hosts = slices.Clone(before[i].Hosts)
	}
	rows := withHosts(before, r.tables.hosts)
	if len(rows) != len(Endpoints())+1 {
		t.Errorf("%d rows of hosts", len(rows))
	}
	for _, e := range rows {
		switch known := e.ID == "ai"; {
		case known && (!slices.Contains(e.Hosts, "newai.bitrix24.tech") || !slices.Contains(e.Hosts, "b24ai.bitrix24.tech") || e.Date != "2026-11"):
			t.Errorf("a row that is known: %+v", e)
		case e.ID == "renewed-quantum" && (e.Pack != PackAI || len(e.URLs) > 0):
			t.Errorf("a new row: %+v", e)
		}
	}
}

// What BoxReady sends anything to is code, or a field that a renewal doesn't have.
func TestRenewalNamesNoTarget(t *testing.T) {
	row := reflect.TypeFor[HostRow]()
	for i := range row.NumField() {
		if name := row.Field(i).Name; !slices.Contains([]string{"ID", "Pack", "Regions", "Hosts", "Ports", "Directions", "Mark", "Source", "Date"}, name) {
			t.Errorf("a renewal can say %s", name)
		}
	}
	for _, host := range []string{"oauth.bitrix24.tech", "oauth.bitrix.info", "oauth.evil.example", "OAUTH.evil.example", "eu.oauth.evil.example", "*.bitrix24.tech", "*.bitrix.info", "*.oauth.bitrix.info"} {
		_, err := ParseRenewal(zipped(t, newDate, strings.Replace(newHosts, "newai.bitrix24.tech", host, 1)))
		if e, ok := errors.AsType[*RenewalError](err); !ok || e.Fault != FaultSecretHost {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, id := range []string{"oauth", "oauth-w", "oauth-old", "oauth-new"} {
		_, err := ParseRenewal(zipped(t, newDate, strings.Replace(newHosts, `"ai"`, `"`+id+`"`, 1)))
		if e, ok := errors.AsType[*RenewalError](err); !ok || e.Fault != FaultSecretHost {
			t.Errorf("%s: %v", id, err)
		}
	}
	rows := withHosts(Endpoints(), []HostRow{{ID: "queue", Hosts: []string{"queue.example.com"}}, {ID: "app-rest", Hosts: []string{"x.example.com"}}})
	for _, e := range rows {
		if slices.Contains(e.Hosts, "queue.example.com") || slices.Contains(e.Hosts, "x.example.com") {
			t.Errorf("%s: a list of each portal's own has %v", e.ID, e.Hosts)
		}
	}
}

func TestParseRenewalRefuses(t *testing.T) {
	good := zipped(t, newDate, newMethod)
	host := func(old, new string) []byte { return zipped(t, newDate, strings.Replace(newHosts, old, new, 1)) }
	method := func(old, new string) []byte { return zipped(t, newDate, strings.Replace(newMethod, old, new, 1)) }
	for name, c := range map[string]struct {
		data []byte
		want RenewalFault
	}{
		"nothing":                      {nil, FaultDamaged},
		"text":                         {[]byte(newDate), FaultDamaged},
		"cut off":                      {good[:len(good)-9], FaultDamaged},
		"something after the end":      {append(slices.Clone(good), 'x'), FaultDamaged},
		"a gzip bomb":                  {zipped(t, newDate, strings.Repeat("\n", maxUnpacked)), FaultTooLong},
		"too many rows":                {zipped(t, newDate, strings.Repeat("R\n", maxRows)), FaultTooLong},
		"a field of great length":      {method("crm.new.thing", strings.Repeat("x", maxField+1)), FaultTooLong},
		"not UTF-8":                    {method("crm.new", "crm.\xff"), FaultEncoding},
		"an escape sequence":           {method("crm.new", "crm\x1b[2J"), FaultControl},
		"a carriage return":            {zipped(t, newDate+"\r", newMethod), FaultControl},
		"an invisible character":       {method("crm.new", "crm\u200b"), FaultControl},
		"reversed text":                {method("crm.new", "crm\u202e"), FaultBidi},
		"another format":               {zipped(t, "D\t2\t2026-11-20", newMethod), FaultFormat},
		"no date":                      {zipped(t, newMethod), FaultMalformed},
		"two dates":                    {zipped(t, newDate, newDate), FaultMalformed},
		"no day":                       {zipped(t, "D\t1\t2026-02-30"), FaultMalformed},
		"a row of no kind":             {zipped(t, newDate, "A\toauth.evil.example"), FaultMalformed},
		"too many fields":              {zipped(t, newDate, "M"+strings.Repeat("\t", 15)), FaultMalformed},
		"a method twice":               {zipped(t, newDate, newMethod, strings.Replace(newMethod, "thing", "THING", 1)), FaultDuplicate},
		"an event twice":               {zipped(t, newDate, "E\tONX\tcrm\tcrm", "E\tONX\tcrm\tcrm"), FaultDuplicate},
		"a scope twice":                {zipped(t, newDate, "S\tx\tcrm\tdocs", "S\tx\tcrm\tdocs"), FaultDuplicate},
		"a row of hosts twice":         {zipped(t, newDate, newHosts, newHosts), FaultDuplicate},
		"a name with a space":          {method("crm.new", "crm new"), FaultMalformed},
		"no name":                      {method("crm.new.thing", ""), FaultMalformed},
		"a page elsewhere":             {method("api-reference/", "../"), FaultMalformed},
		"a page with a query":          {method("thing.html", "thing.html?x"), FaultMalformed},
		"an unknown right":             {method("any", "all"), FaultMalformed},
		"a version that is none":       {method("\t\t\t\t\tapi", "\tstatic\tnewest\t\t\tapi"), FaultMalformed},
		"an event in lower case":       {zipped(t, newDate, "E\tonx\tcrm\tcrm"), FaultMalformed},
		"a fact of no kind":            {zipped(t, newDate, "F\tcrm.x\tcrm\tsometimes\t1.0"), FaultMalformed},
		"a source that is none":        {zipped(t, newDate, "R\ta b\tc\t2026-11-20"), FaultMalformed},
		"hosts that are no JSON":       {zipped(t, newDate, "H\t{"), FaultMalformed},
		"hosts twice in a row":         {zipped(t, newDate, newHosts+"{}"), FaultMalformed},
		"an address to ask":            {host(`"mark"`, `"urls":["https://evil.example/"],"mark"`), FaultMalformed},
		"a list of the portal's own":   {host("newai.bitrix24.tech", "@portal"), FaultMalformed},
		"an IP address":                {host("newai.bitrix24.tech", "192.0.2.1"), FaultMalformed},
		"a host with a port":           {host("newai.bitrix24.tech", "x.example:1"), FaultMalformed},
		"a mask over a whole domain":   {host("newai.bitrix24.tech", "*.example.com"), FaultMalformed},
		"a port that is none":          {host("tcp/443", "tcp/0"), FaultMalformed},
		"an unknown direction":         {host("portal-out", "everywhere"), FaultMalformed},
		"an unknown pack":              {host(`"pack":"ai"`, `"pack":"all"`), FaultMalformed},
		"a documented row, no page":    {host("product code", "documentation"), FaultMalformed},
		"a row of hosts without a day": {host("2026-11", "soon"), FaultMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseRenewal(c.data)
			if e, ok := errors.AsType[*RenewalError](err); !ok || e.Fault != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	if _, err := ParseRenewal(zipped(t, newDate, newMethod, strings.Replace(newHosts, "newai", "*.newai", 1))); err != nil {
		t.Errorf("what is valid is refused: %v", err)
	}
}

// The built-in table is one that ParseRenewal takes, so that a maintainer can sign it.
func TestBuiltInCatalogueIsAValidRenewal(t *testing.T) {
	r, err := ParseRenewal(catalogueData)
	if err != nil {
		t.Fatal(err)
	}
	if r.Date() != catalogue().date || builtInDate() != r.Date() {
		t.Errorf("dates %s, %s, %s", r.Date(), builtInDate(), catalogue().date)
	}
	if n := catalogue().with(r.tables); len(n.methods) != len(catalogue().methods) || len(n.allFacts) != len(catalogue().allFacts) {
		t.Errorf("%d methods, %d facts", len(n.methods), len(n.allFacts))
	}
}

func TestUseComesFirst(t *testing.T) {
	catalogue()
	defer func() {
		if recover() == nil {
			t.Error("a renewal is taken after the catalogue was read")
		}
	}()
	Use(&Renewal{catalogue()}, RenewalOrigin{})
}

func FuzzParseRenewal(f *testing.F) {
	f.Add("D\t1\t2026-11-20\n" + newMethod + "\n" + newHosts)
	f.Add("D\t1\t2026-11-20\nS\tx\tcrm\tdocs\nF\tx\tcrm\tsince\t1.0\t\tmethod\ty\nE\tONX\tcrm\tcrm")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRenewal(text)
		if err != nil {
			if _, ok := errors.AsType[*RenewalError](err); !ok {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		c := catalogue()
		few := &tables{methods: c.methods[:20], events: c.events[:20], scopes: c.scopes[:20]}
		n := few.with(r.tables)
		if len(n.methods) < len(few.methods) || len(n.events) < len(few.events) || len(n.scopes) < len(few.scopes) {
			t.Error("something is lost")
		}
		for _, e := range withHosts(slices.Clone(Endpoints()), r.tables.hosts) {
			if strings.HasPrefix(e.ID, "oauth") && len(e.Hosts) > 1 {
				t.Errorf("an authorization server: %+v", e)
			}
		}
	})
}
