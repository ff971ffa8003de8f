package allowlist_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/requirements"

	"github.com/google/go-cmp/cmp"
)

// summary formats a row in a line.
func summary(r allowlist.Row) string {
	remote := slices.Clone(r.Hosts)
	for _, a := range r.Addresses {
		remote = append(remote, a.String())
	}
	if r.Party != "" {
		remote = append(remote, "@"+string(r.Party))
	}
	return fmt.Sprintf("%s %s: %s %v", r.Direction, strings.Join(r.IDs, "+"), strings.Join(remote, " "), r.Ports)
}

func TestRows(t *testing.T) {
	cis := []string{
		"portal-out oauth: oauth.bitrix24.tech [tcp/443]",
		"portal-out oauth-old: oauth.bitrix.info [tcp/443]",
		"portal-out dev+storefront: *.1c-bitrix.ru [tcp/80 tcp/443]",
		"portal-out market: util.1c-bitrix.kz util.1c-bitrix.by util.1c-bitrix.uz [tcp/443]",
		"portal-out names: www.bitrix24.ru www.bitrix24.by www.bitrix24.kz [tcp/443]",
		"portal-in app-rest: @app-servers [tcp/443]",
	}
	world := []string{
		"portal-out oauth-w: oauth.bitrix.info [tcp/443]",
		"portal-out dev-w+storefront-w+market-w: *.bitrixsoft.com [tcp/80 tcp/443]",
		"portal-out names-w: www.bitrix24.com www.bitrix24.de www.bitrix24.eu www.bitrix24.com.br www.bitrix24.pl www.bitrix24.fr www.bitrix24.es www.bitrix24.cn www.bitrix24.in www.bitrix24.com.tr [tcp/443]",
		"portal-in app-rest: @app-servers [tcp/443]",
	}
	nodes := "198.51.100.21/32 198.51.100.22/32 198.51.100.64/26 2001:db8::21/128"
	for name, c := range map[string]struct {
		change func(*allowlist.Options)
		want   []string
	}{
		"Russia, handlers on the internet": {func(o *allowlist.Options) {}, cis},
		"world, handlers on the internet":  {func(o *allowlist.Options) { o.Region = bitrix.World }, world},
		"Russia, handlers in the office": {func(o *allowlist.Options) { o.Handlers = requirements.LAN }, append(slices.Clone(cis),
			"app-in queue: "+nodes+" @nodes [tcp/443]",
			"app-out oauth: oauth.bitrix24.tech [tcp/443]",
			"app-out oauth-old: oauth.bitrix.info [tcp/443]",
			"app-out app-portal: portal.demo.example @portal [tcp/443]",
			"app-out nodes: repos.1c-bitrix.ru [tcp/443]")},
		"region unknown, handlers in the office": {func(o *allowlist.Options) { o.Region, o.Handlers = "", requirements.LAN }, []string{
			"portal-out oauth: oauth.bitrix24.tech [tcp/443]",
			"portal-out oauth-w+oauth-old: oauth.bitrix.info [tcp/443]",
			cis[2], world[1], cis[3], cis[4], world[2], cis[5],
			"app-in queue: 198.51.100.21/32 198.51.100.22/32 198.51.100.64/26 203.0.113.121/32 203.0.113.122/32 2001:db8::21/128 @nodes [tcp/443]",
			"app-out oauth: oauth.bitrix24.tech [tcp/443]",
			"app-out oauth-w+oauth-old: oauth.bitrix.info [tcp/443]",
			"app-out app-portal: portal.demo.example @portal [tcp/443]",
			"app-out nodes: repos.1c-bitrix.ru [tcp/443]",
			"app-out nodes-w: dl.bitrix24.com [tcp/443]"}},
		"an isolated portal": {func(o *allowlist.Options) { o.Handlers = requirements.Custom }, []string{
			cis[2], cis[3], cis[4],
			"portal-out isolated-handlers: @handlers [tcp/443]",
			cis[5],
			"app-in isolated-portal: @portal [tcp/443]",
			"app-out app-portal: portal.demo.example @portal [tcp/443]"}},
		"an isolated portal with known addresses": {func(o *allowlist.Options) {
			o.Handlers, o.PortalIP, o.HandlerIP = requirements.Custom, netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("10.0.0.6")
		}, []string{
			cis[2], cis[3], cis[4],
			"portal-out isolated-handlers: 10.0.0.6/32 @handlers [tcp/443]",
			cis[5],
			"app-in isolated-portal: 10.0.0.5/32 @portal [tcp/443]",
			"app-out app-portal: portal.demo.example @portal [tcp/443]"}},
		"an application's hosts": {func(o *allowlist.Options) { o.Requirements = example() }, append(slices.Clone(cis[:5]),
			"portal-out application: hooks.vendor.example [tcp/8443]",
			"portal-in app-rest: app.vendor.example 192.0.2.40/32 2001:db8:40::1/128 @app-servers [tcp/443]",
			"desk-out application: widget.vendor.example xn--80a1acny.vendor.example [tcp/443]")},
		"an application's hosts on an isolated portal": {func(o *allowlist.Options) {
			o.Requirements = example()
			o.Requirements.Handlers = requirements.Custom
		}, []string{
			cis[2], cis[3], cis[4],
			"portal-out isolated-handlers: hooks.vendor.example @handlers [tcp/8443]",
			"portal-in app-rest: app.vendor.example 192.0.2.40/32 2001:db8:40::1/128 @app-servers [tcp/443]",
			"app-in isolated-portal: @portal [tcp/8443]",
			"app-out app-portal: portal.demo.example @portal [tcp/443]",
			"desk-out application: widget.vendor.example xn--80a1acny.vendor.example [tcp/443]"}},
		"an option overrides the requirements": {func(o *allowlist.Options) {
			o.Requirements = &requirements.Requirements{Handlers: requirements.Custom}
			o.Handlers = requirements.Internet
		}, cis},
		"a portal on another port, without a name": {func(o *allowlist.Options) {
			o.Region, o.Handlers, o.Portal = bitrix.World, requirements.LAN, portal.Address{Host: "192.0.2.1", Port: 8443}
			o.Packs = []bitrix.Pack{bitrix.PackREST}
		}, append(slices.Clone(world[:3]),
			"portal-in app-rest: @app-servers [tcp/8443]",
			"app-out oauth-w: oauth.bitrix.info [tcp/443]",
			"app-out app-portal: 192.0.2.1/32 @portal [tcp/8443]")},
		"hosts under a mask are merged into it, region by region": {func(o *allowlist.Options) {
			o.Packs = []bitrix.Pack{bitrix.PackREST, bitrix.PackUpdates}
		}, []string{cis[0], cis[1], "portal-out dev+storefront+updates-ca: *.1c-bitrix.ru [tcp/80 tcp/443]", cis[3], cis[4],
			"portal-out updates: www.bitrixsoft.com [tcp/80 tcp/443]", cis[5], "desk-out store: marketplace.1c-bitrix.ru [tcp/443]"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := options()
			c.change(&o)
			var got []string
			for _, row := range rules(t, o).Rows {
				got = append(got, summary(row))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// every calls f with the rules of every region, place of handlers and set of packs.
func every(t *testing.T, f func(*testing.T, *allowlist.Rules)) {
	for _, region := range append(bitrix.Regions(), "") {
		for _, place := range allowlist.Places() {
			for name, packs := range map[string][]bitrix.Pack{"least": nil, "all": allowlist.Packs()} {
				for _, with := range []*requirements.Requirements{nil, example()} {
					o := options()
					o.Region, o.Handlers, o.Packs, o.Requirements = region, place, packs, with
					t.Run(fmt.Sprintf("%s/%s/%s/%v", region, place, name, with != nil), func(t *testing.T) { f(t, rules(t, o)) })
				}
			}
		}
	}
}

func TestDirectionsAreRight(t *testing.T) {
	every(t, func(t *testing.T, r *allowlist.Rules) {
		for _, row := range r.Rows {
			for _, host := range row.Hosts {
				if bitrix.IsAuthHost(host) {
					switch {
					case r.Handlers == requirements.Custom:
						t.Errorf("an isolated portal needs no authorization server: %s", summary(row))
					case row.Direction != bitrix.PortalOut && row.Direction != bitrix.AppOut:
						t.Errorf("the authorization server opens no connections: %s", summary(row))
					}
				}
			}
			if row.Party == allowlist.Queue && (row.Direction != bitrix.AppIn || r.Handlers != requirements.LAN) {
				t.Errorf("the queue must only call handlers in the office: %s", summary(row))
			}
			if row.Party == "app-servers" && row.Direction != bitrix.PortalIn {
				t.Errorf("application servers connect to the portal: %s", summary(row))
			}
			if len(row.Regions) == 0 || len(row.Ports) == 0 || len(row.Hosts)+len(row.Addresses) == 0 && row.Party == "" {
				t.Errorf("a field is empty: %+v", row)
			}
			if row.Unpublished != (row.Direction == bitrix.PortalIn && len(row.Hosts) > 0 && row.Party == "" && row.ID() != allowlist.Application) {
				t.Errorf("unpublished addresses: %s", summary(row))
			}
			for _, mask := range row.Hosts {
				if suffix, ok := strings.CutPrefix(mask, "*"); ok {
					for _, known := range row.Known {
						if !strings.HasSuffix(known, suffix) {
							t.Errorf("%s isn't under %s", known, mask)
						}
					}
				}
			}
		}
	})
}

// TestEveryEndpointHasARow asserts that each relevant endpoint is in a row, in each of its directions.
func TestEveryEndpointHasARow(t *testing.T) {
	o := options()
	o.Region, o.Handlers, o.Packs = "", requirements.LAN, allowlist.Packs()
	r := rules(t, o)
	for _, e := range bitrix.Endpoints() {
		if e.Pack == bitrix.PackIsolated {
			continue
		}
		for _, d := range e.Directions {
			if e.Pack == bitrix.PackEvents && d == bitrix.DeskOut {
				continue // fetched by BoxReady only
			}
			if d == bitrix.PortalOut || d == bitrix.AppOut || d == bitrix.DeskOut {
				for _, host := range e.Hosts {
					covered := slices.ContainsFunc(r.Rows, func(row allowlist.Row) bool {
						return row.Direction == d && (slices.Contains(row.Hosts, host) || slices.Contains(row.Known, host) || host[0] == '@' ||
							slices.ContainsFunc(row.Addresses, func(a netip.Prefix) bool { return a.Addr().String() == host })) &&
							!slices.ContainsFunc(e.Ports, func(p bitrix.Port) bool { return !slices.Contains(row.Ports, p) })
					})
					if !covered {
						t.Errorf("%s %s: %s is in no row", d, e.ID, host)
					}
				}
				continue
			}
			if !slices.ContainsFunc(r.Rows, func(row allowlist.Row) bool { return row.Direction == d && slices.Contains(row.IDs, e.ID) }) {
				t.Errorf("%s %s is in no row", d, e.ID)
			}
		}
	}
}

func TestInvalidHosts(t *testing.T) {
	for _, host := range []string{"", " ", "a b", "a;rm -rf /", "$(id)", "`id`", "a\nb", "a'b", `a"b`, "a|b", "*.vendor.example", "-rf.example",
		"a..b", "vendor.example/path", "user@vendor.example", "vendor.example:443", "fe80::1%eth0", "1.2.3", "0x7f.1", "300.1.1.1", "a\x00b", "a\u2028b",
		strings.Repeat("a", 300)} {
		o := options()
		o.Requirements = &requirements.Requirements{Hosts: []requirements.Host{{Host: host, Port: 443, Direction: requirements.BrowserToApp}}}
		if r, err := allowlist.New(o); !errors.Is(err, allowlist.ErrHost) {
			t.Errorf("%q: %v, %v", host, r, err)
		}
	}
	for _, port := range []int{0, -1, 65536} {
		o := options()
		o.Requirements = &requirements.Requirements{Hosts: []requirements.Host{{Host: "vendor.example", Port: port, Direction: requirements.BrowserToApp}}}
		if _, err := allowlist.New(o); err == nil {
			t.Errorf("port %d is accepted", port)
		}
	}
}
