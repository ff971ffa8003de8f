package portal

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"unicode"
)

func TestParseAddress(t *testing.T) {
	const (
		plain   = "https://portal.example.ru"
		puny    = "https://xn--80awhdgm.xn--p1ai"
		webhook = "https://portal.example.ru/rest/1/s3cr3tc0de/profile.json"
	)
	for name, c := range map[string]struct {
		in, want string
		wasHTTP  bool
	}{
		"bare name":             {in: "portal.example.ru", want: plain},
		"capitals":              {in: "Portal.Example.RU.", want: plain},
		"scheme":                {in: "https://portal.example.ru", want: plain},
		"scheme in capitals":    {in: "HTTPS://Portal.Example.ru/", want: plain},
		"page":                  {in: "https://portal.example.ru/company/personal/user/1/?IFRAME=Y#tab", want: plain},
		"webhook":               {in: webhook, want: plain},
		"webhook, no scheme":    {in: "portal.example.ru/rest/1/s3cr3tc0de/", want: plain},
		"query only":            {in: "portal.example.ru?auth=x", want: plain},
		"fragment only":         {in: "portal.example.ru#x", want: plain},
		"mail in a query":       {in: "https://portal.example.ru/?mail=a@b.ru", want: plain},
		"port":                  {in: "portal.example.ru:8443/crm/?x=1#y", want: plain + ":8443"},
		"port, its own":         {in: "https://portal.example.ru:443/", want: plain},
		"port, none":            {in: "https://portal.example.ru:/", want: plain},
		"port, with zeros":      {in: "portal.example.ru:00443", want: plain},
		"port and full stop":    {in: "Portal.example.ru.:8443.", want: plain + ":8443"},
		"http":                  {in: "http://portal.example.ru", want: plain, wasHTTP: true},
		"http, port 80":         {in: "http://portal.example.ru:80/", want: plain, wasHTTP: true},
		"http, port 443":        {in: "http://portal.example.ru:443/", want: plain, wasHTTP: true},
		"http, other port":      {in: "http://portal.example.ru:8080/", want: plain + ":8080", wasHTTP: true},
		"port 80 alone":         {in: "portal.example.ru:80", want: plain, wasHTTP: true},
		"https on port 80":      {in: "https://portal.example.ru:80", want: plain + ":80"},
		"no scheme but slashes": {in: "//portal.example.ru/x", want: plain},
		"no colon":              {in: "https//portal.example.ru", want: plain},
		"one slash":             {in: "https:/portal.example.ru", want: plain},
		"no slashes":            {in: "https:portal.example.ru", want: plain},
		"three slashes":         {in: "https:///portal.example.ru", want: plain},
		"backslashes":           {in: `https:\\portal.example.ru\crm`, want: plain},
		"scheme twice":          {in: "https://https://portal.example.ru", want: plain},
		"scheme twice, mixed":   {in: "https://http://portal.example.ru", want: plain, wasHTTP: true},
		"space after scheme":    {in: "https:// portal.example.ru", want: plain},
		"spaces":                {in: " \t\r\n\u00a0portal.example.ru\u2003\n", want: plain},
		"quotes":                {in: `"portal.example.ru"`, want: plain},
		"guillemets":            {in: "«https://portal.example.ru/»,", want: plain},
		"angle brackets":        {in: "<https://portal.example.ru>.", want: plain},
		"brackets":              {in: "(portal.example.ru);", want: plain},
		"zero width":            {in: "\ufeffportal\u200b.exam\u00adple.ru\u200e", want: plain},
		"comma":                 {in: "portal.example.ru,", want: plain},
		"fullwidth":             {in: "ｈttps：／／ｐｏｒｔａｌ．example。ru", want: plain},
		"fullwidth signs":       {in: "https：／／portal．example。ru：8443", want: plain + ":8443"},
		"Cyrillic":              {in: "портал.рф", want: puny},
		"Cyrillic page":         {in: "https://Портал.РФ/company/personal/user/1/", want: puny},
		"Cyrillic, decomposed":  {in: "и\u0306од.рф", want: "https://xn--d1ajp.xn--p1ai"},
		"Cyrillic, percent":     {in: "https://%D0%BF%D0%BE%D1%80%D1%82%D0%B0%D0%BB.%D1%80%D1%84/x", want: puny},
		"punycode":              {in: "XN--80AWHDGM.xn--p1ai", want: puny},
		"sharp s":               {in: "straße.de", want: "https://xn--strae-oqa.de"},
		"ideographic stop":      {in: "portal。example．ru", want: plain},
		"single label":          {in: "portal", want: "https://portal"},
		"single label, port":    {in: "portal:8080/x", want: "https://portal:8080"},
		"localhost":             {in: "localhost:8443", want: "https://localhost:8443"},
		"underscore":            {in: "crm_test.corp_net.local", want: "https://crm_test.corp_net.local"},
		"hyphens":               {in: "r3---sn.example.ru", want: "https://r3---sn.example.ru"},
		"digits":                {in: "24.example.ru", want: "https://24.example.ru"},
		"IPv4":                  {in: "http://192.0.2.7/", want: "https://192.0.2.7", wasHTTP: true},
		"IPv4, port":            {in: "192.0.2.7:8443", want: "https://192.0.2.7:8443"},
		"IPv4, fullwidth":       {in: "１９２.0.2.7", want: "https://192.0.2.7"},
		"IPv6":                  {in: "2001:DB8::1", want: "https://[2001:db8::1]"},
		"IPv6, brackets":        {in: "https://[2001:db8:0:0::1]/x", want: "https://[2001:db8::1]"},
		"IPv6, port":            {in: "[2001:db8::1]:8443", want: "https://[2001:db8::1]:8443"},
		"IPv6, IPv4 in it":      {in: "[::ffff:192.0.2.7]", want: "https://192.0.2.7"},
		"IPv6, ends in colons":  {in: "fe80::", want: "https://[fe80::]"},
		"in a text":             {in: "Наш портал: portal.example.ru", want: plain},
		"in quoted text":        {in: "«Наш портал: portal.example.ru»", want: plain},
		"text behind it":        {in: "portal.example.ru — наш портал", want: plain},
		"text behind a page":    {in: "https://portal.example.ru/company/ – наш", want: plain},
		"text around it":        {in: "The portal (https://portal.example.ru:8443/) is ours, e.g. for CRM.", want: plain + ":8443"},
		"sentence":              {in: "Адрес портала\n\thttp://portal.example.ru/. Спасибо, т.е. всё.", want: plain, wasHTTP: true},
		"twice in a text":       {in: "http://portal.example.ru/ или https://portal.example.ru/crm/", want: plain},
		"beside a mail address": {in: "Пишите на admin@example.ru, портал: portal.example.ru", want: plain},
		"Cyrillic in a text":    {in: "our portal: портал.рф", want: puny},
		"IPv4 in a text":        {in: "портал по адресу 192.0.2.7", want: "https://192.0.2.7"},
		"longest label":         {in: strings.Repeat("a", 63) + ".ru", want: "https://" + strings.Repeat("a", 63) + ".ru"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ParseAddress(c.in)
			if err != nil {
				t.Fatalf("ParseAddress(%q): %v", c.in, err)
			}
			if a.String() != c.want || a.WasHTTP != c.wasHTTP {
				t.Errorf("ParseAddress(%q) = %s, WasHTTP %v; want %s, %v", c.in, a, a.WasHTTP, c.want, c.wasHTTP)
			}
		})
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want AddressReason
	}{
		"nothing":           {"", AddressEmpty},
		"space":             {" \u00a0\u200b ", AddressEmpty},
		"quotes only":       {"«».", AddressEmpty},
		"scheme only":       {"https://", AddressHost},
		"path only":         {"/company/personal/", AddressHost},
		"query only":        {"?x=1", AddressHost},
		"ftp":               {"ftp://portal.example.ru", AddressScheme},
		"wss":               {"wss://portal.example.ru", AddressScheme},
		"mistyped scheme":   {"htps://portal.example.ru", AddressScheme},
		"file":              {"file:///etc/hosts", AddressScheme},
		"user and password": {"https://user:password@portal.example.ru/", AddressUserinfo},
		"user":              {"user@portal.example.ru", AddressUserinfo},
		"fullwidth at":      {"user＠portal.example.ru", AddressUserinfo},
		"encoded at":        {"user%40portal.example.ru", AddressHost},
		"port 0":            {"portal.example.ru:0", AddressPort},
		"port 99999":        {"portal.example.ru:99999", AddressPort},
		"port abc":          {"portal.example.ru:abc", AddressPort},
		"port -1":           {"portal.example.ru:-1", AddressPort},
		"port of IPv6":      {"[::1]:x", AddressPort},
		"spaces inside":     {"portal example.ru", AddressHost},
		"words":             {"наш портал", AddressHost},
		"torn name":         {"portal.example. ru", AddressHost},
		"torn name, URL":    {"https://portal.example .ru/", AddressHost},
		"torn Cyrillic":     {"портал пример.рф", AddressHost},
		"torn after scheme": {"https://portal example.ru", AddressSeveral},
		"several":           {"Порталы: portal.example.ru и crm.example.ru", AddressSeveral},
		"several pages":     {"https://portal.example.ru/a https://other.example.ru/b", AddressSeveral},
		"several ports":     {"portal.example.ru, portal.example.ru:8443", AddressSeveral},
		"a page elsewhere":  {"портал portal.example.ru, как в https://other.example.ru/open/1", AddressSeveral},
		"newline inside":    {"portal\n.example.ru", AddressHost},
		"dots":              {"portal..example.ru", AddressHost},
		"leading hyphen":    {"-portal.example.ru", AddressHost},
		"asterisk":          {"*.example.ru", AddressHost},
		"control":           {"portal\x01.example.ru", AddressHost},
		"not UTF-8":         {"portal\xff.example.ru", AddressHost},
		"bad percent":       {"portal%zz.example.ru", AddressHost},
		"encoded slash":     {"portal.example.ru%2fx", AddressHost},
		"bad punycode":      {"xn--a.ru", AddressIDN},
		"mixed direction":   {"aא.example.ru", AddressIDN},
		"short IPv4":        {"127.1", AddressHost},
		"number":            {"2130706433", AddressHost},
		"hexadecimal":       {"0x7f.0.0.1", AddressHost},
		"IPv4 too big":      {"300.1.1.1", AddressHost},
		"IPv4 with zeros":   {"010.0.0.1", AddressHost},
		"IPv6 zone":         {"[fe80::1%25eth0]", AddressHost},
		"IPv6 open":         {"[fe80::1", AddressHost},
		"IPv6 and more":     {"[::1]x", AddressHost},
		"IPv4 in brackets":  {"[192.0.2.7]", AddressHost},
		"colons":            {"a:b:c", AddressHost},
		"long label":        {strings.Repeat("a", 64) + ".ru", AddressTooLong},
		"long name":         {strings.Repeat("abcdefgh.", 30) + "ru", AddressTooLong},
		"long, other":       {strings.Repeat("портал", 30) + ".рф", AddressTooLong},
		"very long":         {strings.Repeat("a", 1<<20), AddressTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ParseAddress(c.in)
			var refused *AddressError
			if !errors.As(err, &refused) || refused.Reason != c.want {
				t.Errorf("ParseAddress(%.80q) = %v, %v; want %s", c.in, a, err, c.want)
			}
			if a != (Address{}) {
				t.Errorf("an address beside the error: %v", a)
			}
		})
	}
	_, err := ParseAddress("https://h:s3cr3t/rest/1/s3cr3t/")
	if err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("the error contains the input: %v", err)
	}
}

func TestAddressForms(t *testing.T) {
	for name, c := range map[string]struct{ in, display, authority, hostPort string }{
		"name":       {"portal.example.ru", "https://portal.example.ru", "portal.example.ru", "portal.example.ru:443"},
		"port":       {"portal.example.ru:8443", "https://portal.example.ru:8443", "portal.example.ru:8443", "portal.example.ru:8443"},
		"Cyrillic":   {"портал.рф:8443", "https://портал.рф:8443", "xn--80awhdgm.xn--p1ai:8443", "xn--80awhdgm.xn--p1ai:8443"},
		"IPv4":       {"192.0.2.7", "https://192.0.2.7", "192.0.2.7", "192.0.2.7:443"},
		"IPv6":       {"2001:db8::1", "https://[2001:db8::1]", "[2001:db8::1]", "[2001:db8::1]:443"},
		"IPv6, port": {"[2001:db8::1]:8443", "https://[2001:db8::1]:8443", "[2001:db8::1]:8443", "[2001:db8::1]:8443"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ParseAddress(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if a.Display() != c.display || a.Authority() != c.authority || a.HostPort() != c.hostPort {
				t.Errorf("Display %s, Authority %s, HostPort %s", a.Display(), a.Authority(), a.HostPort())
			}
			if _, isIP := a.IP(); isIP != strings.HasPrefix(name, "IP") {
				t.Errorf("IP: %v", isIP)
			}
		})
	}
}

func TestSameHost(t *testing.T) {
	for name, c := range map[string]struct {
		address, other string
		want           bool
	}{
		"same":                 {"portal.example.ru", "https://portal.example.ru/x", true},
		"http":                 {"portal.example.ru", "http://portal.example.ru/x", true},
		"http to https":        {"portal.example.ru", "http://portal.example.ru:80/", true},
		"case and full stop":   {"portal.example.ru", "HTTPS://Portal.Example.Ru.:443/", true},
		"Cyrillic":             {"портал.рф", "https://ПОРТАЛ.рф/", true},
		"punycode":             {"портал.рф", "https://XN--80AWHDGM.xn--p1ai/", true},
		"user":                 {"portal.example.ru", "https://u@portal.example.ru/", true},
		"no scheme":            {"portal.example.ru", "//portal.example.ru/", true},
		"own port":             {"portal.example.ru:8443", "https://portal.example.ru:8443/", true},
		"IPv6":                 {"[2001:db8::1]", "https://[2001:db8:0::1]/", true},
		"www":                  {"portal.example.ru", "https://www.portal.example.ru/", false},
		"other port":           {"portal.example.ru", "https://portal.example.ru:8443/", false},
		"default port instead": {"portal.example.ru:8443", "https://portal.example.ru/", false},
		"https on port 80":     {"portal.example.ru", "https://portal.example.ru:80/", false},
		"other scheme":         {"portal.example.ru", "ftp://portal.example.ru/", false},
		"relative":             {"portal.example.ru", "/x", false},
		"not a name":           {"portal.example.ru", "https://portal_*/", false},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ParseAddress(c.address)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(c.other)
			if err != nil {
				t.Fatal(err)
			}
			if got := a.SameHost(u); got != c.want {
				t.Errorf("%s, %s: %v", c.address, c.other, got)
			}
		})
	}
	if (Address{}).SameHost(nil) || (Address{}).SameHost(&url.URL{}) {
		t.Error("no address leads to the same host")
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"портал.рф:8443/crm/?x=1", "https://user:pass@h/", "[2001:db8::1]:443", "<http://Portal.Example.RU.>,", "xn--80awhdgm.xn--p1ai",
		"Наш портал: portal.example.ru", "https:// portal.example.ru – наш", "a.example.ru http://b.example.ru", "portal .example. ru"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			var refused *AddressError
			if !errors.As(err, &refused) || refused.Reason == "" || a != (Address{}) {
				t.Fatalf("%v, %v", a, err)
			}
			return
		}
		if a.Port < 1 || a.Port > 65535 || a.Host == "" {
			t.Errorf("impossible: %+v", a)
		}
		for method, out := range map[string]string{"String": a.String(), "Display": a.Display(), "Authority": a.Authority(), "HostPort": a.HostPort()} {
			rest := strings.TrimPrefix(out, "https://")
			if strings.ContainsAny(rest, "/?#@\\\"'<>%") || strings.ContainsFunc(rest, func(c rune) bool {
				return unicode.IsSpace(c) || unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == unicode.ReplacementChar
			}) {
				t.Errorf("%s of %q: %q", method, s, out)
			}
			again, err := ParseAddress(out)
			if err != nil || again.Host != a.Host || again.Port != a.Port && strings.HasPrefix(out, "https:") {
				t.Errorf("%s of %q: %q leads to %v, %v", method, s, out, again, err)
			}
		}
		for _, c := range a.String() {
			if c > unicode.MaxASCII || unicode.IsUpper(c) {
				t.Errorf("String of %q: %q", s, a)
			}
		}
		u, err := url.Parse(a.String() + "/rest/")
		if err != nil || !a.SameHost(u) {
			t.Errorf("%s isn't its own host (%v)", a, err)
		}
	})
}
