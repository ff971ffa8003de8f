package allowlist_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/requirements"

	"golang.org/x/net/html"
)

func letter(t testing.TB, r *allowlist.Rules, lang string, equipment ...allowlist.Equipment) *allowlist.Letter {
	t.Helper()
	l, err := r.Letter(texts(t, lang), equipment...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Each connection is complete, and only what has to be copied is wider than a mail.
func TestLetter(t *testing.T) {
	every(t, func(t *testing.T, r *allowlist.Rules) {
		for _, lang := range []string{"ru", "en"} {
			l := letter(t, r, lang)
			text := l.Text()
			items := 0
			for _, g := range l.Groups {
				for _, item := range g.Items {
					if items++; item.Number != items {
						t.Errorf("number %d, expected %d", item.Number, items)
					}
					for _, part := range []string{item.What, item.Ports, item.Why, item.Breaks, item.Test + item.TestNote} {
						if part == "" {
							t.Errorf("%s: something is empty: %+v", lang, item)
						}
					}
				}
			}
			if items != len(r.Rows) {
				t.Errorf("%s: %d connections of %d", lang, items, len(r.Rows))
			}
			for line := range strings.Lines(text) {
				line = strings.TrimRight(line, "\n")
				if utf8.RuneCountInString(line) > 76 && !strings.HasPrefix(line, "     ") && !strings.Contains(line, "https://") {
					t.Errorf("%s: too wide: %q", lang, line)
				}
				if strings.HasSuffix(line, " ") || strings.Contains(line, "<no value>") || strings.Contains(line, "..") && !strings.Contains(line, "...") {
					t.Errorf("%s: %q", lang, line)
				}
			}
			if strings.Contains(text, "!") && lang == "ru" {
				t.Errorf("exclamation marks:\n%s", text)
			}
		}
	})
}

func TestLetterReportsMeasurements(t *testing.T) {
	o := options()
	if text := letter(t, rules(t, o), "en").Text(); strings.Contains(text, "Now:") || strings.Contains(text, "at present") {
		t.Errorf("nothing was measured:\n%s", text)
	}
	o.Outcome = &checks.Outcome{Finished: noon, Results: []checks.Result{{Check: checks.AuthServerFromPortal, State: checks.Problem,
		Cause: checks.AuthServerUnreachable, Vantage: checks.FromPortal}}}
	text := strings.Join(strings.Fields(letter(t, rules(t, o), "en").Text()), " ")
	for _, want := range []string{"Now: closed, seen through the portal, 23 November 2026.", "Closed at present: oauth.bitrix24.tech"} {
		if !strings.Contains(text, want) {
			t.Errorf("not said: %s", want)
		}
	}
}

func TestLetterExplainsThePlaceAndTheRegion(t *testing.T) {
	o := options()
	for _, c := range []struct {
		change func(*allowlist.Options)
		want   []string
	}{
		{func(o *allowlist.Options) {}, []string{"run on the internet", "Russia and the CIS"}},
		{func(o *allowlist.Options) { o.Region, o.Detected = bitrix.World, true }, []string{"rest of the world: the portal says so itself"}},
		{func(o *allowlist.Options) { o.Region = "" }, []string{"isn't known yet, so both are listed"}},
		{func(o *allowlist.Options) { o.Handlers = requirements.LAN }, []string{"the portal itself needs no rule for the queue", "fetched 2026-11-23 14:00 +0300", "never more than once a minute"}},
		{func(o *allowlist.Options) { o.Handlers = requirements.Custom }, []string{"a last resort", "The usual alternative"}},
	} {
		changed := o
		c.change(&changed)
		text := strings.Join(strings.Fields(letter(t, rules(t, changed), "en").Text()), " ")
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in:\n%s", want, text)
			}
		}
	}
}

func TestLetterHasTheRules(t *testing.T) {
	o := options()
	o.Handlers = requirements.LAN
	r := rules(t, o)
	l := letter(t, r, "ru", allowlist.Nftables, allowlist.Squid)
	var names []string
	for _, f := range l.Files {
		names = append(names, f.Name)
		if !strings.Contains(l.Text(), f.Text) {
			t.Errorf("%s isn't in the text", f.Name)
		}
	}
	if got, want := strings.Join(names, " "), "boxready-nftables.nft boxready-nftables-refresh.py boxready-nftables-remove.nft boxready-squid.conf boxready-squid-remove.sh"; got != want {
		t.Errorf("files %s, expected %s", got, want)
	}
}

// The page is self-contained, has no scripts, and shows untrusted text as text.
func TestHTML(t *testing.T) {
	o := options()
	o.Handlers, o.Requirements = requirements.LAN, example()
	o.Requirements.Applications[0].Name = `<script>alert(1)</script><img src=x onerror=alert(1)>&"`
	page, err := letter(t, rules(t, o), "ru", allowlist.Windows).HTML()
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "img", "link", "iframe", "object", "embed", "a", "form", "base":
			t.Errorf("an element %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" || a.Key == "style" {
				t.Errorf("an attribute %s=%s", a.Key, a.Val)
			}
		}
	}
	for _, want := range []string{"<script>alert(1)</script>", "New-NetFirewallRule -Name 'boxready-nodes-tcp'", "Set-NetFirewallRule"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("not shown: %s", want)
		}
	}
}

// Each row has one test command, which connects to what the row opens.
func TestTestLines(t *testing.T) {
	const linux, windows = `curl -sS -m 15 -w '%{http_code}\n'`, `curl.exe -sS -m 15 --ssl-no-revoke -w "%{http_code}\n"`
	o := options()
	o.Handlers, o.Packs, o.Requirements = requirements.LAN, allowlist.Packs(), example()
	r := rules(t, o)
	got := map[string]string{}
	for _, g := range letter(t, r, "en").Groups {
		for _, item := range g.Items {
			row := r.Rows[item.Number-1]
			got[fmt.Sprint(row.Direction, " ", row.ID(), " ", row.Ports[0])] = item.Test
		}
	}
	for row, want := range map[string]string{
		"portal-out oauth tcp/443":        linux + " -o /dev/null https://oauth.bitrix24.tech/",
		"portal-out dev tcp/80":           linux + " -o /dev/null https://www.1c-bitrix.ru/",
		"portal-out vm-resolver udp/53":   "nslookup portal.demo.example 8.8.8.8",
		"portal-out mail tcp/25":          "curl -sv --noproxy '*' -m 15 telnet://mail-001.bitrix24.ru:25",
		"portal-out application tcp/8443": linux + " -o /dev/null https://hooks.vendor.example:8443/",
		"portal-out time udp/123":         "",
		"portal-in app-rest tcp/443":      linux + " -o /dev/null https://portal.demo.example/",
		"portal-in telephony tcp/443":     "",
		"app-in queue tcp/443":            "curl -sS -d test=1 https://HANDLER/",
		"app-out app-portal tcp/443":      linux + " -o /dev/null https://portal.demo.example/",
		"desk-out js tcp/443":             windows + " -o NUL https://api.bitrix24.tech/",
	} {
		if line, ok := got[row]; !ok || line != want {
			t.Errorf("%s: %q, expected %q", row, line, want)
		}
	}
	if line := letter(t, r, "en", allowlist.Windows).Groups[0].Items[0].Test; line != windows+" -o NUL https://oauth.bitrix24.tech/" {
		t.Errorf("for Windows: %s", line)
	}
}

// A row that the vendor's page doesn't name says of which years the knowledge is.
func TestLetterDatesWhatIsNotDocumented(t *testing.T) {
	o := options()
	o.Packs = allowlist.Packs()
	r := rules(t, o)
	for lang, want := range map[string][]string{
		"en": {"from the product's code, 2025", "from the product's code, 2023–2026", "a conclusion, 2026", "the year says how old"},
		"ru": {"из кода продукта, 2025", "из кода продукта, 2023–2026", "вывод по косвенным данным, 2026", "насколько давние"},
	} {
		text := strings.Join(strings.Fields(letter(t, r, lang).Text()), " ")
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %q is missing", lang, part)
			}
		}
	}
	for _, row := range r.Rows {
		if name := row.MarkName(texts(t, "en")); (name == "") != (row.Mark == bitrix.Documentation) || strings.HasSuffix(name, " ") {
			t.Errorf("%s: %q", row.ID(), name)
		}
	}
}
