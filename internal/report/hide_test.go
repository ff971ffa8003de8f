package report

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/view"
)

// publicFacts are the text fields that don't identify the portal: names of protocols and products, codes, versions, and values
// that are the same for all portals.
var publicFacts = []string{
	"Agent.Name",
	"Agents.CheckAgents", "Agents.UseCrontab",
	"AppStatus.Code", "AppStatus.Days", "AppStatus.Licence", "AppStatus.PaymentExpired", "AppStatus.Status", "AppStatus.Version",
	"Application.Code", "Application.Ends", "Application.Status",
	"Call.Command",
	"Certificate.Key", "Certificate.Signature",
	"CertificateStore.Changed",
	"Connection.Test",
	"Database.Type", "Database.Version",
	"DisplayFacts.Renderer",
	"EventStep.Method",
	"Exchange.Filter", "Exchange.Polluted", "Exchange.RequestID",
	"FeedSeen.Nodes", "FeedSeen.URL",
	"Finding.After", "Finding.AlsoNeeds", "Finding.AnyOf", "Finding.AtLeast", "Finding.Events", "Finding.Methods", "Finding.Module", "Finding.Name",
	"Finding.Nearest", "Finding.NotLater", "Finding.ReplacedBy", "Finding.Scopes", "Finding.Since",
	"HTTPS.ForwardedProto", "HTTPS.HTTPS", "HTTPS.Port",
	"HostSeen.Interceptor",
	"IdentityFacts.AppStatus", "IdentityFacts.Version",
	"InstalledFacts.Code", "InstalledFacts.Status",
	"InventoryFacts.RestAtLeast", "InventoryFacts.RestBelow",
	"KeyringFacts.Keeper",
	"Licence.Ends", "Licence.Market", "Licence.MarketEnds", "Licence.Region", "Licence.SupportEnds",
	"LicenceFacts.Licence",
	"LoopbackFacts.Address",
	"MethodFacts.Name",
	"MethodSeen.Name",
	"ModulesFacts.Events", "ModulesFacts.Granted", "ModulesFacts.Listed", "ModulesFacts.Provided", "ModulesFacts.Versions",
	"Outgoing.DNS", "Outgoing.Scheme",
	"PHPSettings.Environment", "PHPSettings.Missing", "PHPSettings.OpenSSL", "PHPSettings.Version",
	"PageCookie.SameSite",
	"Proxy.Port",
	"PublicDNSFacts.Resolver",
	"Range.AtLeast", "Range.Below", "Range.Exactly",
	"Refusal.Method",
	"Required.Events", "Required.Methods", "Required.Modules", "Required.Scopes",
	"ServerHost.For", "ServerHost.Interceptor",
	"ServerModulesFacts.Versions",
	"ServerPHPFacts.MaxExecutionTime", "ServerPHPFacts.MaxInputVars", "ServerPHPFacts.MemoryLimit", "ServerPHPFacts.PostMaxSize", "ServerPHPFacts.SocketTimeout",
	"ServerPlatformFacts.Main", "ServerPlatformFacts.REST",
	"ServerProbeFacts.Nonce", "ServerProbeFacts.SAPI",
	"Setup.AccessActive", "Setup.LoadLimiterActive", "Setup.SubscriptionAvailable",
	"SignInFacts.Scopes",
	"SystemCheck.Tests",
	"TLSSeen.Cipher", "TLSSeen.Interceptor", "TLSSeen.NationalCA", "TLSSeen.OldProtocol", "TLSSeen.Protocol",
	"Usage.Oldest",
	"RefusedCommand.Lacks",
	"VersionRange.AtLeast", "VersionRange.Below", "VersionRange.Module",
}

// TestFactsSayWhatIdentifies fails when a check's facts have a text or address field that has neither a tag with its kind nor an
// entry in the list of public fields.
func TestFactsSayWhatIdentifies(t *testing.T) {
	kinds := []Kind{Host, IP, User, Member, Subject, Certificate, Text}
	seen := map[reflect.Type]bool{}
	var listed []string
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Array}, typ.Kind()) {
			typ = typ.Elem()
		}
		if typ.Kind() == reflect.Map {
			look(typ.Elem())
			return
		}
		if typ.Kind() != reflect.Struct || seen[typ] || typ.PkgPath() == "time" || typ.PkgPath() == "net/netip" {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			field := typ.Field(i)
			if !field.IsExported() && !field.Anonymous {
				continue
			}
			tag, tagged := field.Tag.Lookup("hide")
			name := typ.Name() + "." + field.Name
			if tagged && !slices.Contains(kinds, Kind(tag)) {
				t.Errorf("%s: there is no kind %q", name, tag)
			}
			inner := field.Type
			for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map}, inner.Kind()) {
				inner = inner.Elem()
			}
			switch inner {
			case reflect.TypeFor[secret.String]():
				t.Errorf("%s: a secret among facts", name)
			case reflect.TypeFor[string](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[netip.Prefix](), reflect.TypeFor[netip.AddrPort](), reflect.TypeFor[any](), reflect.TypeFor[json.RawMessage]():
				public := slices.Contains(publicFacts, name)
				if public {
					listed = append(listed, name)
				}
				if tagged == public {
					t.Errorf("%s (%s): either a tag says what it gives away, or it stands in the list of those that give nothing away", name, field.Type)
				}
			default:
				look(field.Type)
			}
		}
	}
	for _, c := range slices.Concat(checks.Catalog(), checks.SelfCatalog()) {
		look(reflect.TypeOf(c.NewFacts()))
	}
	look(reflect.TypeFor[checks.Crash]())
	for _, name := range publicFacts {
		if !slices.Contains(listed, name) {
			t.Errorf("%s isn't a field of any facts", name)
		}
	}
}

func hiderFor(t *testing.T, typed string, hide ...Category) *hider {
	t.Helper()
	address, err := portal.ParseAddress(typed)
	if err != nil {
		t.Fatal(err)
	}
	return newHider(address, hide)
}

func TestHiddenTexts(t *testing.T) {
	type known struct {
		kind  Kind
		value string
	}
	for _, c := range []struct {
		name, portal string
		known        []known
		in, want     string
		hide         []Category
	}{
		{name: "address", portal: "portal.romashka.ru", in: "See https://Portal.Romashka.ru:8443/rest/ and portal.romashka.ru.", want: "See https://portal-1:8443/rest/ and portal-1."},
		{name: "names of one part are words", portal: "bitrix", in: "https://bitrix/ bitrix24 mybitrix bitrix-test bitrix", want: "https://portal-1/ bitrix24 mybitrix bitrix-test portal-1"},
		{name: "a short name", portal: "bx", in: "https://bx/ at bx", want: "https://portal-1/ at portal-1"},
		{name: "numbers that happen to be somebody's", portal: "p.example.org", known: []known{{User, "401"}, {Certificate, "1000"}}, in: "HTTP 401, 1000 ms", want: "HTTP 401, 1000 ms"},
		{name: "neighbours in the same domain", portal: "portal.romashka.ru", in: "mail.romashka.ru, www.portal.romashka.ru, romashka.ru, notromashka.ru", want: "host-1, host-2, host-3, notromashka.ru"},
		{name: "top level is no domain of anyone's", portal: "romashka.ru", in: "example.ru romashka.ru a.romashka.ru", want: "example.ru portal-1 a.romashka.ru"},
		{name: "both spellings of a name are one", portal: "портал.рф", in: "https://xn--80awhdgm.xn--p1ai https://портал.рф", want: "https://portal-1 https://portal-1"},
		{name: "a wildcard", portal: "p.example.org", known: []known{{Host, "*.corp.example.net"}}, in: "*.corp.example.net", want: "*.host-1"},
		{name: "URL that was tagged", portal: "p.example.org", known: []known{{Host, "https://u@other.example.net:444/x?y"}}, in: "GET http://other.example.net/", want: "GET http://host-1/"},
		{name: "numbers", portal: "p.example.org", in: "10.1.2.3:443 and [2001:db8::5]:443, 2001:DB8:0::5, ::ffff:10.1.2.3", want: "ip-2:443 and ip-1:443, ip-1, ip-2"},
		{name: "numbers that mean the same everywhere", portal: "p.example.org", in: "127.0.0.1 0.0.0.0 ::1 nginx/1.18.0 12:34:56", want: "127.0.0.1 0.0.0.0 ::1 nginx/1.18.0 12:34:56"},
		{name: "portal without a name", portal: "https://192.168.1.7", in: "https://192.168.1.7/rest/", want: "https://ip-1/rest/"},
		{name: "portal without a name, IPv6", portal: "https://[2001:db8::7]:8443", in: "https://[2001:db8::7]:8443/rest/", want: "https://ip-1:8443/rest/"},
		{name: "people", portal: "p.example.org", known: []known{{User, "Иван Петров"}, {User, "i.petrov@example.org"}}, in: "ИВАН ПЕТРОВ <i.petrov@example.org>, a@b.example.net, Иван Петрович", want: "user-1 <user-2>, user-3, Иван Петрович"},
		{name: "a number of a user is hidden where it is one", portal: "p.example.org", known: []known{{User, "17"}}, in: "POST /rest/17/•••/profile, 17 answers", want: "POST /rest/user-1/•••/profile, 17 answers"},
		{name: "a webhook's user", portal: "p.example.org", known: []known{{Text, "POST /rest/i.petrov/•••/profile"}, {Text, "POST /rest/1/•••/profile"}},
			in: "POST /rest/i.petrov/•••/crm.deal.list, POST /rest/api/i.petrov/•••/x, POST /rest/1/•••/profile", want: "POST /rest/user-1/•••/crm.deal.list, POST /rest/api/user-1/•••/x, POST /rest/1/•••/profile"},
		{name: "member_id", portal: "p.example.org", known: []known{{Member, "0123456789abcdef0123456789abcdef"}}, in: "member_id=0123456789ABCDEF0123456789abcdef", want: "member_id=member-1"},
		{name: "subject", portal: "p.example.org", known: []known{{Subject, `CN=p.example.org,O=ООО Ромашка\, филиал,L=Tula,C=RU`}},
			in: `Issued for CN=p.example.org,O=ООО Ромашка\, филиал,L=Tula,C=RU`, want: "Issued for CN=portal-1,O=organization-1,L=organization-3,C=RU"},
		{name: "a company in a page", portal: "p.example.org", known: []known{{Subject, "A&B <Co>"}}, in: "<p>A&amp;B &lt;Co&gt;</p>", want: "<p>organization-1</p>"},
		{name: "tokens that are names", portal: "portal-1", known: []known{{Host, "host-1"}, {Host, "ip-1"}}, in: "https://portal-1 host-1 ip-1 10.0.0.1", want: "https://portal-2 host-2 host-3 ip-2"},
		{name: "vendor's own hosts", portal: "p.example.org", known: []known{{Host, "oauth.bitrix24.tech"}}, in: "https://oauth.bitrix24.tech", want: "https://oauth.bitrix24.tech"},
		{name: "only names", portal: "p.corp.example.org", hide: []Category{Names}, known: []known{{User, "admin"}}, in: "p.corp.example.org 10.0.0.1 admin a@x.corp.example.org", want: "portal-1 10.0.0.1 admin a@host-1"},
		{name: "only addresses", portal: "p.example.org", hide: []Category{Addresses}, in: "p.example.org 10.0.0.1", want: "p.example.org ip-1"},
		{name: "only people", portal: "p.example.org", hide: []Category{People}, known: []known{{User, "admin"}}, in: "p.example.org 10.0.0.1 admin a@p.example.org", want: "p.example.org 10.0.0.1 user-1 user-2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			hide := c.hide
			if hide == nil {
				hide = Categories()
			}
			h := hiderFor(t, c.portal, hide...)
			for _, k := range c.known {
				h.collect(k.value, k.kind)
			}
			if got := h.text(c.in); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
			}
			// Hiding twice changes nothing.
			if got := h.text(c.want); got != c.want && c.name != "tokens that are names" {
				t.Errorf("hidden again, %s becomes %s", c.want, got)
			}
		})
	}
}

// TestPublicAuthorities asserts that hiding names keeps the issuer of a publicly trusted certificate, and hides that of a private
// one.
func TestPublicAuthorities(t *testing.T) {
	leaf := checks.Certificate{Subject: "CN=portal.romashka.ru", Issuer: "CN=R11,O=Let's Encrypt,C=US", Names: []string{"portal.romashka.ru", "*.romashka.ru"}, SHA256: "aa11", SerialNumber: "31337"}
	middle := checks.Certificate{Subject: leaf.Issuer, Issuer: "CN=ISRG Root X1,O=Internet Security Research Group,C=US", CommonName: "R11", SHA256: "bb22", SerialNumber: "42"}
	for _, public := range []bool{true, false} {
		facts := &checks.TLSFacts{Addresses: []checks.TLSSeen{{Address: "10.0.0.1", Chain: []checks.Certificate{leaf, middle}, Trust: &checks.Trust{Public: public}}}}
		h := hiderFor(t, "portal.romashka.ru", Categories()...)
		r := checks.Result{Check: checks.PortalTLS, Facts: facts}
		seen := view.ValuesOf(facts)
		h.read(r, seen)
		h.hide(r, seen)
		hidden := string(seen.JSON())
		for _, name := range []string{"romashka", "10.0.0.1", "aa11", "31337"} {
			if strings.Contains(hidden, name) {
				t.Errorf("public %t: %s is shown: %s", public, name, hidden)
			}
		}
		for _, name := range []string{"R11", "Let's Encrypt", "ISRG", "bb22"} {
			if strings.Contains(hidden, name) != public {
				t.Errorf("public %t: %s: %s", public, name, hidden)
			}
		}
	}
}

// TestUnknownFactsAreTexts asserts that facts of a check that this version doesn't know are searched for identifying values.
func TestUnknownFactsAreTexts(t *testing.T) {
	h := hiderFor(t, "portal.romashka.ru", Categories()...)
	r := checks.Result{Check: "of-tomorrow", Facts: json.RawMessage(`{"a":[{"b":"at portal.romashka.ru 10.0.0.1"}],"n":1.50,"t":true,"z":null}`)}
	seen := view.ValuesOf(r.Facts)
	h.read(r, seen)
	h.hide(r, seen)
	if got, want := string(seen.JSON()), `{"a":[{"b":"at portal-1 ip-1"}],"n":1.50,"t":true,"z":null}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
