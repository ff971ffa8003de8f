package bitrix

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func row(t *testing.T, id string) Endpoint {
	t.Helper()
	for _, e := range Endpoints() {
		if e.ID == id {
			return e
		}
	}
	t.Fatalf("no endpoint %q", id)
	return Endpoint{}
}

func TestConstantsEqualTable(t *testing.T) {
	for _, c := range []struct {
		region Region
		auth   string
		feed   string
		script string
	}{{CIS, "oauth", "nodes", "js"}, {World, "oauth-w", "nodes-w", "js-w"}} {
		auth, feed := row(t, c.auth), row(t, c.feed)
		if got := AuthServer(c.region); got != auth.URLs[0] || !auth.In(c.region) {
			t.Errorf("AuthServer(%s) = %q, table has %q", c.region, got, auth.URLs[0])
		}
		if got := Feed(c.region); got != feed.URLs[0] || !feed.In(c.region) {
			t.Errorf("Feed(%s) = %q, table has %q", c.region, got, feed.URLs[0])
		}
		if script := row(t, c.script); BrowserLibrary(c.region) != script.URLs[0] || !script.In(c.region) {
			t.Errorf("BrowserLibrary(%s) = %q, table has %q", c.region, BrowserLibrary(c.region), script.URLs[0])
		}
		if !IsAuthHost(auth.Hosts[0]) {
			t.Errorf("IsAuthHost(%q) = false", auth.Hosts[0])
		}
	}
	if AuthServer("moon") != "" || Feed("moon") != "" || BrowserLibrary("moon") != "" {
		t.Error("a region that does not exist has a server")
	}
}

// Each row must be complete, so that a letter or a firewall rule can be written
// from it alone.
func TestEndpointRows(t *testing.T) {
	host := regexp.MustCompile(`^(\*\.)?([a-z0-9-]+\.)+[a-z]{2,}$|^@[a-z-]+$|^[0-9]{1,3}(\.[0-9]{1,3}){3}$`)
	date := regexp.MustCompile(`^\d{4}(-\d\d(-\d\d)?)?(/(\.\.|\d{4}(-\d\d)?))?$`)
	product := regexp.MustCompile(` \d+(\.\d+)+$|, version not stated$`)
	seen := map[string]bool{}
	for _, e := range Endpoints() {
		if seen[e.ID] || e.ID == "" {
			t.Errorf("id %q is empty or double", e.ID)
		}
		seen[e.ID] = true
		if !slices.Contains(Packs(), e.Pack) {
			t.Errorf("%s: pack %q", e.ID, e.Pack)
		}
		if len(e.Regions) == 0 || len(e.Hosts) == 0 || len(e.Ports) == 0 || len(e.Directions) == 0 || e.Why == "" {
			t.Errorf("%s: something is empty: %+v", e.ID, e)
		}
		for _, r := range e.Regions {
			if !slices.Contains(Regions(), r) {
				t.Errorf("%s: region %q", e.ID, r)
			}
		}
		for _, d := range e.Directions {
			if !slices.Contains([]Direction{PortalOut, PortalIn, AppOut, AppIn, DeskOut}, d) {
				t.Errorf("%s: direction %q", e.ID, d)
			}
		}
		for _, h := range e.Hosts {
			if !host.MatchString(h) {
				t.Errorf("%s: host %q", e.ID, h)
			}
			if IsCloudHost(h) {
				t.Errorf("%s: %s is taken for a cloud portal", e.ID, h)
			}
		}
		if !date.MatchString(e.Date) {
			t.Errorf("%s: date %q", e.ID, e.Date)
		}
		switch e.Mark {
		case Documentation:
			if !strings.HasPrefix(e.Source, "https://") {
				t.Errorf("%s: source %q is no documentation page", e.ID, e.Source)
			}
		case ProductCode:
			if !product.MatchString(e.Source) {
				t.Errorf("%s: source %q has no version", e.ID, e.Source)
			}
		case Inferred:
		default:
			t.Errorf("%s: mark %q", e.ID, e.Mark)
		}
		for _, raw := range e.URLs {
			u, err := url.Parse(raw)
			if err != nil {
				t.Errorf("%s: %v", e.ID, err)
				continue
			}
			covered := slices.ContainsFunc(e.Hosts, func(h string) bool {
				suffix, wild := strings.CutPrefix(h, "*")
				return h == u.Host || wild && strings.HasSuffix(u.Host, suffix)
			})
			port := Port{"tcp", 443}
			if u.Scheme == "http" {
				port.Number = 80
			}
			if !covered || !slices.Contains(e.Ports, port) {
				t.Errorf("%s: %s is not covered by the row's hosts and ports", e.ID, raw)
			}
		}
	}
	for _, p := range Packs() {
		if !slices.ContainsFunc(Endpoints(), func(e Endpoint) bool { return e.Pack == p }) {
			t.Errorf("pack %s has no row", p)
		}
	}
	for _, r := range Regions() {
		for _, p := range []Pack{PackREST, PackEvents} {
			if !slices.ContainsFunc(Endpoints(), func(e Endpoint) bool {
				return e.Pack == p && e.In(r) && e.Mark == Documentation
			}) {
				t.Errorf("region %s: pack %s has no documented row", r, p)
			}
		}
	}
}

// CoPilot's hosts stand under the region's technical domain (main 25.750, UrlProvider), on older portals of CIS elsewhere.
func TestHostsOfCoPilotAndVibecode(t *testing.T) {
	for id, want := range map[string][]string{
		"ai":            {"b24ai.bitrix24.tech", "ai-proxy.bitrix24.tech", "static-ai-proxy.bitrix24.tech"},
		"ai-old":        {"ai-proxy.bitrix.info", "static-ai-proxy.bitrix.info"},
		"ai-w":          {"b24ai.bitrix.info", "ai-proxy.bitrix.info", "static-ai-proxy.bitrix.info"},
		"vibecode":      {"vibecode.bitrix24.tech"},
		"vibecode-apps": {"*.vibecode.bitrix24.tech"},
	} {
		e := row(t, id)
		if !slices.Equal(e.Hosts, want) || e.In(CIS) == strings.HasSuffix(id, "-w") || e.In(World) != strings.HasSuffix(id, "-w") {
			t.Errorf("%s: %v in %v", id, e.Hosts, e.Regions)
		}
	}
	if v := row(t, "vibecode"); !v.Has(PortalOut) || !v.Has(PortalIn) || !v.Has(DeskOut) || !row(t, "vibecode-apps").Has(DeskOut) {
		t.Errorf("Vibecode: %v", v.Directions)
	}
}

func TestEndpointsAreCopied(t *testing.T) {
	Endpoints()[0].ID = "changed"
	if Endpoints()[0].ID == "changed" {
		t.Error("a caller can change the table")
	}
}

func TestPort(t *testing.T) {
	var p Port
	if err := json.Unmarshal([]byte(`"udp/3478"`), &p); err != nil || p != (Port{"udp", 3478}) {
		t.Errorf("got %v, %v", p, err)
	}
	if b, err := json.Marshal(p); err != nil || string(b) != `"udp/3478"` {
		t.Errorf("got %s, %v", b, err)
	}
	for _, bad := range []string{"", "tcp", "443", "tcp/", "tcp/0", "tcp/65536", "icmp/1", "tcp/-1", "tcp/443/1"} {
		if err := p.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestIsAuthHost(t *testing.T) {
	for host, want := range map[string]bool{
		"oauth.bitrix24.tech": true, "oauth.bitrix.info": true, "OAuth.Bitrix.Info.": true,
		"": false, "bitrix.info": false, "oauth.bitrix24.ru": false, "oauth.bitrix.info.example.com": false,
		"x.oauth.bitrix.info": false, "oauth.bitrix.info:443": false, "oauth.bitrix.info..": false, "/oauth.bitrix.info": false,
	} {
		if got := IsAuthHost(host); got != want {
			t.Errorf("IsAuthHost(%q) = %v", host, got)
		}
	}
}

func TestIsCloudHost(t *testing.T) {
	for _, zone := range []string{
		"ru", "com", "by", "kz", "eu", "de", "com.br", "es", "fr", "it", "pl", "in", "cn", "ua",
		"vn", "jp", "id", "uk", "mx", "co", "com.tr",
	} {
		if host := "company.bitrix24." + zone; !IsCloudHost(host) {
			t.Errorf("IsCloudHost(%q) = false", host)
		}
		if host := "www.bitrix24." + zone; IsCloudHost(host) {
			t.Errorf("IsCloudHost(%q) = true", host)
		}
	}
	for host, want := range map[string]bool{
		"b24-abc123.bitrix24.ru": true, "Company.Bitrix24.COM.": true,
		"": false, "bitrix24.ru": false, ".bitrix24.ru": false, "*.bitrix24.ru": false,
		"oauth.bitrix24.tech": false, "company.bitrix24.tech": false, "company.bitrix24.site": false,
		"company.bitrix24.net": false, "a.b.bitrix24.ru": false, "cdn.com.bitrix24.com": false,
		"bitrix24.company.ru": false, "portal.bitrix24.company.ru": false, "x.bitrix24.ru.example.com": false,
		"mybitrix24.ru": false, "portal.mybitrix24.ru": false, "company.bitrix24.ru:443": false,
		"helpdesk.bitrix24.com": false, "mail-001.bitrix24.ru": false, "company.bitrix24.ru..": false,
	} {
		if got := IsCloudHost(host); got != want {
			t.Errorf("IsCloudHost(%q) = %v", host, got)
		}
	}
}
