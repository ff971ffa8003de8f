package allowlist_test

import (
	"encoding/csv"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/requirements"

	"golang.org/x/net/html"
)

// code returns the lines of an output that aren't comments.
func code(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if trimmed := strings.TrimSpace(line); trimmed != "" && !strings.HasPrefix(trimmed, "#") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

var (
	nameInText = regexp.MustCompile(`[a-z0-9_*][a-z0-9_-]*(?:\.[a-z0-9_-]+)+`)
	addrInText = regexp.MustCompile(`[0-9a-f]*(?:[.:][0-9a-f]*){2,}(?:/[0-9]+)?`)
	fileName   = regexp.MustCompile(`\.(nft|py|conf|sh|rules|ipset|rsc|ps1|txt|php|settings)$|^squid\.conf$`)
)

// No output contains a name or an address that isn't in the rules, not even in comments.
func TestOnlyNamesOfTheRules(t *testing.T) {
	every(t, func(t *testing.T, r *allowlist.Rules) {
		allowed := []string{r.Portal.Host}
		addresses := []string{r.PortalIP.String(), r.HandlerIP.String()}
		sources := strings.NewReplacer("https://apidocs.bitrix24.ru/settings/cloud-and-on-premise/network-access.html", "", bitrix.Feed(bitrix.CIS), "", bitrix.Feed(bitrix.World), "")
		for _, row := range r.Rows {
			allowed = append(append(allowed, row.Hosts...), row.Known...)
			for _, a := range row.Addresses {
				addresses = append(addresses, a.Addr().String(), a.String())
			}
		}
		for _, e := range allowlist.Equipments() {
			text := sources.Replace(write(t, r, e, allowlist.Add, "ru"))
			for _, found := range nameInText.FindAllString(text, -1) {
				bare := strings.TrimPrefix(strings.TrimPrefix(found, "any."), "-")
				if strings.HasPrefix(bare, "boxready-") {
					bare = strings.TrimPrefix(strings.TrimPrefix(bare, "boxready-"), "any.")
				}
				known := slices.Contains(allowed, bare) || slices.Contains(allowed, "*."+bare) || slices.Contains(addresses, bare) || fileName.MatchString(found)
				if !known && bare != "curl.exe" && regexp.MustCompile(`\.[a-z_-]{2,}$`).MatchString(bare) {
					t.Errorf("%s: the name %s", e, found)
				}
			}
			for _, found := range addrInText.FindAllString(text, -1) {
				if found = strings.Trim(found, ".:"); e == allowlist.FortiGate && strings.HasPrefix(found, "255.") {
					continue // a mask
				}
				_, ipErr := netip.ParseAddr(found)
				_, netErr := netip.ParsePrefix(found)
				if (ipErr == nil || netErr == nil) && !slices.Contains(addresses, found) {
					t.Errorf("%s: the address %s", e, found)
				}
			}
		}
	})
}

// expressed returns what of a row must be in the rules for an equipment.
func expressed(r *allowlist.Rules, row allowlist.Row, e allowlist.Equipment) (all []string) {
	addresses := func() {
		for _, a := range row.Addresses {
			if a.IsSingleIP() {
				all = append(all, a.Addr().String())
			} else if e == allowlist.FortiGate {
				all = append(all, a.Addr().String()+" 255.")
			} else {
				all = append(all, a.String())
			}
		}
	}
	switch e {
	case allowlist.Nftables, allowlist.IPSet, allowlist.IPTables, allowlist.Firewalld, allowlist.Nginx, allowlist.Windows:
		here := bitrix.AppIn
		if r.Handlers == requirements.Internet {
			here = bitrix.PortalIn
		}
		if row.Direction == here {
			addresses()
		}
		return all
	case allowlist.Squid:
		web := !row.Inward()
		for _, p := range row.Ports {
			web = web && p.Proto == "tcp" && (p.Number == 80 || p.Number == 443 || p.Number == 8443)
		}
		if web {
			for _, h := range row.Hosts {
				all = append(all, " "+strings.TrimPrefix(h, "*"))
			}
			addresses()
		}
		return all
	}
	if row.Unpublished && e != allowlist.JSON && e != allowlist.CSV {
		return nil
	}
	for _, h := range row.Hosts {
		if !strings.HasPrefix(h, "*.") || e != allowlist.MikroTik && e != allowlist.PfSense {
			all = append(all, h)
		}
	}
	if e == allowlist.MikroTik || e == allowlist.PfSense {
		all = append(all, row.Known...)
	}
	addresses()
	return all
}

func TestEveryRowIsWrittenOrOmitted(t *testing.T) {
	every(t, func(t *testing.T, r *allowlist.Rules) {
		for _, e := range allowlist.Equipments() {
			whole := write(t, r, e, allowlist.Add, "en")
			text := code(whole)
			can, cannot := r.Coverage(e)
			counted := 0
			for _, row := range r.Rows {
				wanted := expressed(r, row, e)
				if wanted != nil || e == allowlist.CSV || e == allowlist.JSON {
					counted++
				} else if !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(whole, "#", " ")), " "), row.What(texts(t, "en"))+", "+row.PortsText()) {
					t.Errorf("%s doesn't say that it leaves out: %s", e, summary(row))
				}
				for _, want := range wanted {
					if !strings.Contains(text, want) {
						t.Errorf("%s: %s of %s is missing", e, want, summary(row))
					}
				}
			}
			if can != counted || can+cannot != len(r.Rows) {
				t.Errorf("%s says %d and leaves %d out of %d, expected %d", e, can, cannot, len(r.Rows), counted)
			}
		}
	})
}

// For any hosts and names in a file of requirements, the rules are the same except for the host itself.
func FuzzQuoting(f *testing.F) {
	for _, hostile := range []string{"vendor.example", "a;b", "$(id)", "`id`", "a\nb", "a\r\nb", "'", `"`, `\`, "]", "}", "#", "-rf", "почта.рф", "a\u2028b", "a\x00", "\x1b[31m", "{{.}}", "%s",
		"<script>alert(1)</script>", "=cmd()", "a b", "192.0.2.1", "2001:db8::1", "xn--a", "a_b.c", "\u202eabc", "place-before=0"} {
		f.Add(hostile, hostile)
	}
	f.Fuzz(func(t *testing.T, host, application string) {
		make := func(host, application string) (*allowlist.Rules, error) {
			o := options()
			o.Handlers, o.PortalIP = requirements.LAN, netip.MustParseAddr("10.0.0.5")
			o.Requirements = &requirements.Requirements{Applications: []requirements.Application{{Name: application}}, Hosts: []requirements.Host{
				{Host: host, Port: 443, Direction: requirements.BrowserToApp}, {Host: host, Port: 8443, Direction: requirements.PortalToApp}}}
			return allowlist.New(o)
		}
		const plain = "plain.vendor.example"
		plainRules, err := make(plain, "Application")
		if err != nil {
			t.Fatal(err)
		}
		hostileRules, err := make(host, application)
		if err != nil {
			if hostileRules, err = make(plain, application); err != nil {
				t.Fatal(err)
			}
		}
		row := hostileRules.Rows[len(hostileRules.Rows)-1]
		written := plain
		if row.Hosts != nil {
			written = row.Hosts[0]
		}
		if _, err := portal.ParseAddress(written); err != nil || strings.ContainsFunc(written, func(c rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.", c) }) {
			t.Errorf("host %q", written)
		}
		// A long name is shortened for FortiGate, and one of the vendor's hosts is merged into the vendor's rows.
		comparable := row.Hosts != nil && len(written) < 50 && !strings.Contains(written, "bitrix") && written != "portal.demo.example"
		for _, e := range allowlist.Equipments() {
			for _, part := range parts {
				if !hostileRules.Has(e, part) {
					continue
				}
				got := write(t, hostileRules, e, part, "en")
				switch e {
				case allowlist.JSON:
					if !json.Valid([]byte(got)) {
						t.Errorf("no JSON:\n%s", got)
					}
				case allowlist.CSV:
					records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got, "\ufeff"))).ReadAll()
					if err != nil || len(records) != len(hostileRules.Rows)+1 {
						t.Errorf("%d records, %v", len(records), err)
					}
				default:
					want := code(write(t, plainRules, e, part, "en"))
					alone := !strings.Contains(strings.ReplaceAll(want, plain, ""), written)
					if comparable && alone && strings.ReplaceAll(code(got), written, plain) != want {
						t.Errorf("%s %s with %q and %q:\n%s\nexpected\n%s", e, part, host, application, code(got), want)
					}
					if strings.ContainsFunc(got, func(c rune) bool {
						return unicode.IsControl(c) && c != '\n' && c != '\t' || unicode.Is(unicode.Bidi_Control, c)
					}) {
						t.Errorf("%s %s: control characters in\n%q", e, part, got)
					}
				}
			}
		}
		l := letter(t, hostileRules, "en")
		page, err := l.HTML()
		if err != nil {
			t.Fatal(err)
		}
		root, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "img") {
				t.Errorf("an element %s in\n%s", n.Data, page)
			}
		}
	})
}

// Every row, pack, place and state has its texts: strictWords fails otherwise.
func TestEveryRowHasWords(t *testing.T) {
	for _, lang := range []string{"ru", "en"} {
		w := texts(t, lang)
		every(t, func(t *testing.T, r *allowlist.Rules) {
			for _, row := range r.Rows {
				row.Why(w)
				row.Breaks(w)
				row.What(w)
				row.State(w)
			}
		})
		for _, p := range bitrix.Packs() {
			w.Say("allowlist.pack."+string(p), nil)
		}
		for _, place := range allowlist.Places() {
			w.Say("allowlist.handlers."+string(place)+".name", nil)
		}
		for _, v := range []checks.Vantage{checks.FromComputer, checks.FromPortal, checks.FromServer, checks.FromOutside} {
			for _, state := range []checks.State{checks.OK, checks.Problem} {
				allowlist.Row{Measured: allowlist.Measurement{Check: checks.PortalTCP, State: state, Vantage: v, When: noon}}.State(w)
			}
		}
		for _, region := range []string{"cis", "world", "both"} {
			w.Say("allowlist.region."+region, nil)
		}
	}
}
