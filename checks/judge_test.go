package checks

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/transport"

	"github.com/google/go-cmp/cmp"
)

// verdict is a case of a check's Judge: facts, and the conclusions in one line each.
type verdict struct {
	name  string
	facts Facts
	seen  FactsByCheck
	want  []string // "state cause owner", "skipped because check", "ok"; a result under another check's name starts with it and a colon
}

func results(lines ...string) []string { return lines }

// written formats a result as in the cases.
func written(id ID, r Result) string {
	text := string(r.State)
	switch {
	case r.State == Skipped:
		text = strings.TrimSpace("skipped because " + string(r.Because))
	case r.State != OK:
		text = fmt.Sprintf("%s %s %s", r.State, r.Cause, r.Owner)
	}
	if r.Check != id {
		text = string(r.Check) + ": " + text
	}
	return text
}

func find(t testing.TB, id ID) *Check {
	t.Helper()
	for _, c := range slices.Concat(Catalog(), SelfCatalog()) {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no check %s", id)
	return nil
}

// vantages has the vantage of each check's results.
var vantages = map[ID]Vantage{
	PortalAddress: FromComputer, PortalDNS: FromComputer, PortalTCP: FromComputer, PortalTLS: FromComputer, PortalRedirect: FromComputer,
	RESTRoute: FromComputer, HTTPSSeen: FromPortal, MethodInventory: FromComputer, PortalClock: FromComputer,
	AuthServerFromPortal: FromPortal, CredentialsArrive: FromPortal, ContentFilterCheck: FromComputer, BodySizeCheck: FromComputer, BrowserLibrary: FromComputer, ApplicationFrame: FromComputer,
	AuthServerFromComputer: FromComputer, QueueFeed: FromComputer, PortalFromInternet: FromOutside,
	WebhookCheck: FromPortal, SignIn: FromComputer, PortalIdentity: FromComputer, TokenAccepted: FromPortal, RESTLicence: FromPortal,
	AppInstalled: FromPortal, UserRights: FromPortal, Platform: FromPortal, RequiredScopes: FromPortal, RequiredModules: FromPortal,
	RequiredMethods: FromPortal, RequiredEvents: FromPortal, EventMachinery: FromPortal, EventDelivery: FromPortal, ApplicationHosts: FromComputer, RateLimit: FromComputer,
	ServerProbe: FromServer, ServerAuthServer: FromServer, ServerRegistration: FromServer, ServerApplications: FromServer, ServerModules: FromServer,
	ServerPlatform: FromServer, ServerAgents: FromServer, ServerRESTSetup: FromServer, ServerLicence: FromServer, ServerNetwork: FromServer,
	ServerSelf: FromServer, ServerPHP: FromServer, ServerWebhooks: FromServer,
	SelfKeyring: FromComputer, SelfLoopback: FromComputer, SelfBrowser: FromComputer, SelfProxy: FromComputer, SelfClock: FromComputer, SelfDisplay: FromComputer,
}

func judge(t *testing.T, id ID, cases []verdict) {
	t.Helper()
	check := find(t, id)
	names := map[string]bool{}
	for _, c := range cases {
		if names[c.name] {
			t.Fatalf("two cases named %q", c.name)
		}
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			found := conclude(check, c.facts, c.seen)
			var got []string
			causes := map[string]bool{}
			for _, r := range found {
				got = append(got, written(id, r))
				assertWellFormed(t, check, r)
				if key := string(r.Check) + "/" + string(r.Cause); r.Cause != "" {
					if causes[key] {
						t.Errorf("%s is reported twice", key)
					}
					causes[key] = true
				}
			}
			want := slices.Clone(c.want)
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("wrong conclusions (-want +got):\n%s", diff)
			}
		})
	}
}

// vantageFits reports whether a result has its check's vantage, or the one from which its evidence was made: the portal's server
// may decide, the portal itself may refuse for a limit, and a receiver is asked from this computer.
func vantageFits(c *Check, r Result) bool {
	switch {
	case r.Vantage == vantages[c.ID]:
		return true
	case r.Cause == UnexpectedAnswer && r.Vantage == FromComputer: // something in front of the portal answered
		return true
	case c.ID == AuthServerFromPortal:
		return r.State == OK && r.Vantage == FromServer
	case c.ID == RateLimit:
		return (r.State == Notice || r.State == Unknown) && r.Vantage == FromPortal
	case c.ID == EventDelivery:
		return r.State == Unknown && r.Vantage == FromComputer
	}
	return false
}

// TestVantageOfEvidence asserts that what a proxy or a receiver did is not said to be seen from the portal.
func TestVantageOfEvidence(t *testing.T) {
	limited := func(l Limited) *LimitFacts { return &LimitFacts{Answered: 1, Limited: []Limited{l}} }
	for _, c := range []struct {
		name  string
		check ID
		facts Facts
		want  Vantage
	}{
		{"a proxy's limit", RateLimit, limited(Limited{Status: 429}), FromComputer},
		{"a web server's limit", RateLimit, limited(Limited{Status: 503}), FromComputer},
		{"the portal's limit", RateLimit, limited(Limited{Status: 503, Error: bitrix.CodeQueryLimitExceeded}), FromPortal},
		{"held by hand", RateLimit, limited(Limited{Status: 401, Error: bitrix.CodeOverloadLimit}), FromPortal},
		{"a filtered body", ContentFilterCheck, &FilterFacts{Suspicious: Exchange{Status: 403, Form: portal.FormHTML}}, FromComputer},
		{"a busy receiver", EventDelivery, &DeliveryFacts{Trouble: &ReceiverTrouble{Leg: LegMailbox, Reason: ReceiverBusy}}, FromComputer},
		{"a silent receiver", EventDelivery, &DeliveryFacts{Trouble: &ReceiverTrouble{Leg: LegMailbox, Reason: ReceiverUnreachable, Failure: transport.Timeout}}, FromComputer},
		{"no delivery", EventDelivery, &DeliveryFacts{Steps: []EventStep{{Method: "event.test", Exchange: *accepted}}}, FromPortal},
		{"a refused binding", EventDelivery, &DeliveryFacts{Steps: []EventStep{{Method: "event.bind", Exchange: *errorAnswer("X", "")}}}, FromPortal},
	} {
		if r := conclude(find(t, c.check), c.facts, nil)[0]; r.State == OK || r.Vantage != c.want {
			t.Errorf("%s: %s, seen from %q, want %q", c.name, r.State, r.Vantage, c.want)
		}
	}
}

// assertWellFormed asserts what holds for any result of any check.
func assertWellFormed(t testing.TB, c *Check, r Result) {
	t.Helper()
	if !vantageFits(c, r) {
		t.Errorf("%s: seen from %q, want %q", r.Check, r.Vantage, vantages[c.ID])
	}
	noCause := r.State == OK || r.State == Skipped
	if noCause != (r.Cause == "") || noCause != (r.Owner == "") {
		t.Errorf("%s: state %s with cause %q and owner %q", r.Check, r.State, r.Cause, r.Owner)
	}
	if (r.State == Skipped) != (r.Because != "") {
		t.Errorf("%s: state %s because of %q", r.Check, r.State, r.Because)
	}
	if !noCause && r.Check == c.ID && !slices.Contains(c.Causes, r.Cause) && !slices.Contains(CommonCauses(), r.Cause) {
		t.Errorf("%s: the catalogue doesn't declare the cause %s", r.Check, r.Cause)
	}
	if r.State == Problem && slices.Contains(CommonCauses(), r.Cause) && c.Group != SelfGroup {
		t.Errorf("%s: %s says nothing about the portal and can't be a problem", r.Check, r.Cause)
	}
}

// judgeSafely judges and reports a panic as an error.
func judgeSafely(c *Check, facts Facts, seen FactsByCheck) (found []Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: Judge panics: %v", c.ID, p)
		}
	}()
	return conclude(c, facts, seen), nil
}

// TestJudgeEmptyFacts judges empty facts, as an older or damaged report may have them. No problem of the portal may follow.
func TestJudgeEmptyFacts(t *testing.T) {
	for _, c := range Catalog() {
		for _, text := range []string{`{}`, `null`} {
			t.Run(string(c.ID)+" "+text, func(t *testing.T) {
				facts, err := c.UnmarshalFacts([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				found, err := judgeSafely(c, facts, FactsByCheck{})
				if err != nil {
					t.Fatal(err)
				}
				if len(found) == 0 {
					t.Error("no result")
				}
				for _, r := range found {
					assertWellFormed(t, c, r)
					if r.State == Problem {
						t.Errorf("empty facts give %s", written(c.ID, r))
					}
				}
			})
		}
	}
}

// TestJudgePartialFacts judges facts with missing parts.
func TestJudgePartialFacts(t *testing.T) {
	for id, texts := range map[ID][]string{
		PortalTLS:              {`{"addresses":[{}]}`, `{"addresses":[{"chain":[{}]}]}`, `{"addresses":[{"trust":{}}]}`, `{"addresses":[{"chain":[{}],"trust":{"expired_issuer":"x"}}]}`},
		PortalTCP:              {`{"attempts":[{}]}`, `{"attempts":[{"address":"not an address","failure":"refused"}]}`},
		PortalDNS:              {`{"public":{}}`, `{"addresses":[""]}`},
		PortalRedirect:         {`{"https":{}}`, `{"http":{}}`, `{"https":{"status":307}}`},
		MethodInventory:        {`{"methods":[{}]}`, `{"methods":[{"name":"batch"}]}`, `{"methods":[{"name":"batch","present":false}]}`},
		AuthServerFromPortal:   {`{"deep":true}`, `{"deep":true,"tokens":[{}]}`, `{"deep":true,"tokens":[{"carrier":"form"},{"carrier":"query"}]}`, `{"token_page":{}}`},
		CredentialsArrive:      {`{"tokens":[{}]}`, `{"tokens":[{},{}]}`, `{"tokens":[{"carrier":"form"},{"carrier":"json"},{"carrier":"query"},{"carrier":"header"}]}`},
		ContentFilterCheck:     {`{"plain":{}}`, `{"suspicious":{}}`, `{"suspicious":{"form":"json"}}`},
		BrowserLibrary:         {`{"hosts":[]}`, `{"hosts":[{}]}`},
		ApplicationFrame:       {`{"pages":[]}`, `{"pages":[{}]}`, `{"pages":[{"page":"https://x/","tls":{}}]}`},
		BodySizeCheck:          {`{"plain":{}}`, `{"large":[]}`, `{"large":[{}]}`, `{"large":[{"mib":2,"answer":{}},{}]}`},
		AuthServerFromComputer: {`{"hosts":[]}`, `{"hosts":[{}]}`},
		QueueFeed:              {`{"feeds":[]}`, `{"feeds":[{}]}`},
		PortalFromInternet:     {`{"dns":{}}`, `{"tls":{"addresses":[{}]}}`, `{"tcp":{"attempts":[{}]},"dns":{"addresses":[""]}}`},
		ServerProbe:            {`{"portal":"%zz","asked":"//","names":[""]}`, `{"time":"0001-01-01T00:00:00Z"}`},
		ServerAuthServer:       {`{"hosts":[{}]}`, `{"hosts":[{"layer":"tls","public":true}]}`, `{"hosts":[{"by":"php","in_use":true,"layer":"tcp"}],"proxies":{}}`},
		ServerRegistration:     {`{"registration":{}}`, `{"portal":"x","registration":{"reports":"%zz"}}`},
		ServerModules:          {`{"required":{"modules":{"":"x"}},"versions":{"":""}}`},
		ServerPlatform:         {`{"php":{"version":"x"}}`, `{"php":{"version":"8"},"main":"x","rest":"."}`},
		ServerAgents:           {`{"agents":{"age_s":9223372036854775807}}`, `{"usage":{"unsent_days":1,"oldest":"x"}}`},
		PortalClock:            {`{"offset_s":1e300}`, `{"portal":"2026-01-01T00:00:00Z","offset_s":1e300}`, `{"portal":"2026-01-01T00:00:00Z","offset_s":-1e300}`},
	} {
		c := find(t, id)
		for _, text := range texts {
			t.Run(string(id)+" "+text, func(t *testing.T) {
				facts, err := c.UnmarshalFacts([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := judgeSafely(c, facts, FactsByCheck{}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestJudgeRandomFacts judges facts filled at random.
func TestJudgeRandomFacts(t *testing.T) {
	t.Parallel()
	const seed, rounds, size = 20261123, 300, 6
	for _, c := range Catalog() {
		t.Run(string(c.ID), func(t *testing.T) {
			random := rand.New(rand.NewSource(seed))
			for range rounds {
				facts := c.NewFacts()
				fill(reflect.ValueOf(facts).Elem(), random, size)
				seen := FactsByCheck{}
				for _, id := range c.Reads {
					read := find(t, id).NewFacts()
					fill(reflect.ValueOf(read).Elem(), random, size)
					seen[id] = read
				}
				found, err := judgeSafely(c, facts, seen)
				if err != nil {
					data, _ := json.Marshal(facts)
					t.Fatalf("%v\nfacts %s", err, data)
				}
				for _, r := range found {
					assertWellFormed(t, c, r)
				}
				if t.Failed() {
					data, _ := json.Marshal(facts)
					t.Fatalf("facts %s", data)
				}
			}
		})
	}
}

// fill puts random values into v: quick's own, except for types that it can't make (times, addresses) and for words that are too
// unlikely.
func fill(v reflect.Value, random *rand.Rand, size int) {
	words := map[string][]string{
		"Failure": {"", "", "timeout", "cancelled", "no-network", "refused", "no-route", "reset", "closed", "proxy-refused", "tls-failed", "other", "dns-not-found", "too-many-open-files"},
		"Form":    {"json", "json", "other-json", "html", "text", "empty", "cut-off", "too-big", "bad-encoding"},
		"Carrier": {"form", "json", "query", "header"},
		"Stage":   {"", "dns", "tcp", "tls", "http", "proxy"},
		"Region":  {"cis", "world"},
		"ID":      {"", "portal-tls", "https-seen"},
		"error":   {"", "NO_AUTH_FOUND", "invalid_token", "CONNECTION_ERROR", "ERROR_CORE", "PORTAL_DELETED", "INVALID_REQUEST"},
		"address": {"", "203.0.113.10", "2001:db8::10", "127.0.0.1"},
		"method":  {"batch", "event.bind", "method.get"},
	}
	pick := func(from string) string { return words[from][random.Intn(len(words[from]))] }
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(observedAt.Add(time.Duration(random.Int63n(int64(200*days)) - int64(100*days)))))
		return
	case netip.Addr:
		addr, _ := netip.ParseAddr(pick("address"))
		v.Set(reflect.ValueOf(addr))
		return
	}
	switch v.Kind() {
	case reflect.String:
		if _, known := words[v.Type().Name()]; known {
			v.SetString(pick(v.Type().Name()))
			return
		}
		v.SetString(pick([]string{"error", "address", "method"}[random.Intn(3)]))
	case reflect.Pointer:
		if size > 0 && random.Intn(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), random, size-1)
		}
	case reflect.Slice:
		n := random.Intn(max(size, 1))
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), random, size-1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), random, size-1)
			}
		}
	default:
		if value, ok := quick.Value(v.Type(), random); ok {
			v.Set(value)
		}
		if v.CanInt() {
			v.SetInt(int64([]int{0, 200, 301, 302, 307, 401, 403, 404, 429, 500, 502, int(v.Int() % 1000)}[random.Intn(12)]))
		}
	}
}

// FuzzJudge judges facts from any JSON object, as an untrusted report may have them.
func FuzzJudge(f *testing.F) {
	catalog := Catalog()
	index := map[ID]int{}
	for i, c := range catalog {
		index[c.ID] = i
	}
	seeds := map[ID][]string{
		PortalAddress:          {`{"address":"https://portal.example","ip":true,"was_http":true}`},
		PortalDNS:              {`{"host":"portal.example","addresses":["10.0.0.1","::1"],"public":{"failure":"dns-not-found"}}`},
		PortalTCP:              {`{"port":443,"attempts":[{"address":"2001:db8::1","failure":"timeout"},{"address":"203.0.113.10"}]}`},
		PortalTLS:              {`{"at":"2026-11-23T12:00:00Z","addresses":[{"chain":[{"subject":"a","issuer":"a","self_signed":true,"rsa_bits":1024}],"trust":{"given":true}},{"failure":"reset"}]}`},
		PortalRedirect:         {`{"https":{"status":301,"other_host":"www.portal.example"},"http":{"status":308},"http_loop":["http://portal.example/"]}`},
		RESTRoute:              {`{"status":401,"form":"json","error":"NO_AUTH_FOUND","polluted":"BOM"}`, `{"failure":"closed","form":"cut-off"}`},
		HTTPSSeen:              {`{"status":401,"form":"json","error":"INVALID_REQUEST"}`},
		MethodInventory:        {`{"methods":[{"name":"batch","present":true},{"name":"method.get","present":false},{"name":"event.bind","failure":"timeout"}]}`},
		PortalClock:            {`{"portal":"2026-11-23T12:20:00Z","here":"2026-11-23T12:00:00Z","offset_s":1200}`},
		AuthServerFromPortal:   {`{"deep":true,"tokens":[{"carrier":"form","form":"json","error":"NO_AUTH_FOUND"},{"carrier":"query","form":"json","error":"CONNECTION_ERROR"}]}`, `{"token_page":{"form":"json","error":"wrong_client"}}`},
		CredentialsArrive:      {`{"tokens":[{"carrier":"form","form":"json","error":"NO_AUTH_FOUND"},{"carrier":"json"},{"carrier":"query"},{"carrier":"header"}]}`, `{"blocked_by":"portal-tls"}`},
		ContentFilterCheck:     {`{"plain":{"form":"json","error":"NO_AUTH_FOUND"},"suspicious":{"status":403,"form":"html"}}`},
		BrowserLibrary:         {`{"hosts":[{"host":"api.bitrix24.tech","layer":"tls","failure":"certificate"}]}`},
		ApplicationFrame:       {`{"pages":[{"page":"http://app.example/"},{"page":"https://b.example/","status":200,"frame":{"x_frame_options":["deny"]},"cookies":[{"name":"s"}]}]}`},
		BodySizeCheck:          {`{"plain":{"form":"json","error":"NO_AUTH_FOUND"},"large":[{"mib":2,"answer":{"status":413,"form":"html"}}]}`},
		AuthServerFromComputer: {`{"hosts":[{"host":"oauth.bitrix.info","layer":"tls","failure":"certificate","interceptor":"Fortinet"}]}`},
		QueueFeed:              {`{"feeds":[{"region":"cis","failure":"refused"},{"region":"world","invalid":true}]}`},
		PortalFromInternet:     {`{"dns":{"addresses":["203.0.113.5"]},"tcp":{"attempts":[{"failure":"timeout"}]}}`},
		ServerAuthServer:       {`{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"layer":"tls","public":true,"verified":false}]}`},
		ServerRESTSetup:        {`{"handlers":{"authorization":[{"module":"a.b"}]},"https":{"browser":"https://x"},"setup":{"event_handlers":1}}`},
		ServerLicence:          {`{"at":"2026-11-23T12:00:00Z","licence":{"ends":"2026-01-01"}}`},
		ServerModules:          {`{"required":{"methods":["rpa.type.add"]},"versions":{"rest":"1"}}`},
	}
	for _, c := range catalog {
		f.Add(uint8(index[c.ID]), `{}`, `{}`)
		for _, text := range seeds[c.ID] {
			f.Add(uint8(index[c.ID]), text, `{"hosts":[{"date":"2026-11-23T12:20:00Z","at":"2026-11-23T12:00:00Z"}]}`)
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, text, read string) {
		c := catalog[int(i)%len(catalog)]
		facts, err := c.UnmarshalFacts([]byte(text))
		if err != nil {
			return
		}
		seen := FactsByCheck{}
		for _, id := range c.Reads {
			if other, err := catalog[index[id]].UnmarshalFacts([]byte(read)); err == nil {
				seen[id] = other
			}
		}
		found, err := judgeSafely(c, facts, seen)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
			if r.State == "" || !vantageFits(c, r) {
				t.Errorf("an incomplete result: %+v", r)
			}
		}
	})
}
