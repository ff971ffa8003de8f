package words_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/simtest/constants"
	"boxready/internal/words"

	"github.com/google/go-cmp/cmp"
)

// texts reads a language's file as a flat list of keys; the forms of a plural are one key.
func texts(t *testing.T, lang string) map[string]string {
	t.Helper()
	data, err := assets.Texts(lang)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	flat := map[string]string{}
	flatten(tree, "", flat)
	return flat
}

func TestTextsAreGenerated(t *testing.T) {
	for _, lang := range words.Languages() {
		want, err := os.ReadFile("../../assets/lang/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := assets.Texts(lang); err != nil || !bytes.Equal(got, want) {
			t.Errorf("the program carries other texts than %s.json has; run make texts (%v)", lang, err)
		}
	}
}

// A duplicate key in a file silently hides its first text.
func TestNoKeyStandsTwice(t *testing.T) {
	for _, lang := range words.Languages() {
		data, err := assets.Texts(lang)
		if err != nil {
			t.Fatal(err)
		}
		var object func(d *json.Decoder, at string)
		object = func(d *json.Decoder, at string) {
			seen := map[string]bool{}
			for d.More() {
				name, _ := d.Token()
				key := strings.TrimPrefix(at+"."+name.(string), ".")
				if seen[key] {
					t.Errorf("%s: %s stands twice", lang, key)
				}
				seen[key] = true
				if value, _ := d.Token(); value == json.Delim('{') {
					object(d, key)
				}
			}
			_, _ = d.Token() // the closing brace
		}
		d := json.NewDecoder(bytes.NewReader(data))
		_, _ = d.Token()
		object(d, "")
	}
}

func flatten(tree map[string]any, at string, into map[string]string) {
	for name, value := range tree {
		key := strings.TrimPrefix(at+"."+name, ".")
		switch v := value.(type) {
		case string:
			into[key] = v
		case map[string]any:
			if other, plural := v["other"].(string); plural {
				into[key] = other
				continue
			}
			flatten(v, key, into)
		}
	}
}

func keys(flat map[string]string) []string {
	var list []string
	for key := range flat {
		// A page may exist in one language only.
		if !strings.HasSuffix(key, ".more") {
			list = append(list, key)
		}
	}
	slices.Sort(list)
	return list
}

func TestBothLanguagesHaveTheSameTexts(t *testing.T) {
	if diff := cmp.Diff(keys(texts(t, "en")), keys(texts(t, "ru"))); diff != "" {
		t.Errorf("en (-) and ru (+) differ:\n%s", diff)
	}
}

func TestTextsAreWellFormed(t *testing.T) {
	for _, lang := range words.Languages() {
		functions := template.FuncMap{"date": func(any) string { return "" }, "list": func(any) string { return "" },
			"span": func(any) string { return "" }, "seconds": func(any) string { return "" }, "needs": func(any) string { return "" },
			"faults": func(_, _ any) string { return "" }, "keeper": func(any) string { return "" }, "action": func(any, ...string) string { return "" },
			"answer": func(any, any) string { return "" }, "meaning": func(any) string { return "" }, "by": func(string) string { return "" }, "authority": func(any) string { return "" }}
		for key, text := range texts(t, lang) {
			if _, err := template.New(key).Funcs(functions).Parse(text); err != nil {
				t.Errorf("%s %s: %v", lang, key, err)
			}
			if strings.TrimSpace(text) == "" || strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
				t.Errorf("%s %s: empty or stray spaces: %q", lang, key, text)
			}
			if strings.ContainsAny(text, "→✓✗⚠●") {
				t.Errorf("%s %s: a sign that the window's font lacks: %q", lang, key, text)
			}
			if strings.HasSuffix(key, ".title") && strings.HasSuffix(text, ".") {
				t.Errorf("%s %s: a title ends without a full stop: %q", lang, key, text)
			}
		}
	}
}

// withoutPage are the causes without a published documentation page.
var withoutPage = []string{
	"portal-address.address-is-ip", "portal-address.address-was-http",
	"portal-dns.dns-not-found", "portal-dns.dns-failed", "portal-dns.dns-sinkhole",
	"portal-tcp.address-partly-dead", "portal-tcp.ipv6-dead",
	"portal-tls.tls-expired", "portal-tls.tls-not-yet-valid", "portal-tls.tls-old-protocol", "portal-tls.tls-not-tls", "portal-tls.tls-weak-certificate", "portal-tls.tls-client-certificate", "portal-tls.tls-intercepted", "portal-tls.captive-portal", "portal-tls.tls-handshake-failed", "portal-tls.tls-expires-soon",
	"portal-redirect.redirect-wrong-port", "portal-redirect.redirect-loses-path", "portal-redirect.redirect-loop",
	"rest-route.rest-not-found", "rest-route.rest-module-missing", "rest-route.rest-not-bitrix", "rest-route.rest-basic-auth", "rest-route.rest-login-page", "rest-route.rest-polluted", "rest-route.rest-cut-off", "rest-route.edge-error", "rest-route.browser-check",
	"https-seen.https-not-seen",
	"portal-clock.clock-off", "portal-clock.clock-wrong",
	"auth-server-from-portal.portal-credentials-refused",
	"credentials-arrive.auth-header-stripped", "credentials-arrive.post-body-lost",
	"content-filter.body-filtered",
	"portal-identity.address-held-as-http",
	"token-accepted.portal-credentials-refused",
	"rest-licence.feature-not-licensed", "rest-licence.licence-blocked",
	"methods.method-unknown", "methods.method-deprecated",
	"server-probe.probe-other-portal", "server-probe.probe-old", "server-probe.probe-damaged",
	"server-auth-server.ca-bundle-outdated",
	"server-platform.php-too-old", "server-platform.php-extension-missing", "server-platform.openssl-too-old",
	"server-agents.agents-stopped",
	"server-self.portal-cannot-reach-itself", "server-php.php-limits-low",
	"server-rest-setup.token-checker-missing", "server-rest-setup.https-not-seen",
	"sign-in.auth-server-failed",
	"self-keyring.keyring-absent", "self-keyring.keyring-locked", "self-keyring.keyring-refused", "self-keyring.keyring-timeout",
	"self-loopback.port-busy", "self-loopback.port-reserved",
	"self-browser.no-browser",
	"self-proxy.proxy-auth-required", "self-proxy.proxy-refused",
	"self-clock.clock-wrong",
	"self-display.no-opengl",
	"any.disk-full", "any.unexpected-answer", "any.timeout", "any.no-network", "any.proxy-auth-required", "any.proxy-refused", "any.cancelled", "any.internal-error",
}

func TestEveryCauseHasWords(t *testing.T) {
	for _, lang := range words.Languages() {
		have := texts(t, lang)
		wants := func(key string) {
			for _, part := range []string{"title", "saw", "breaks"} {
				if have[key+"."+part] == "" {
					t.Errorf("%s: no text %s.%s", lang, key, part)
				}
			}
			if have[key+".do.1"] == "" && have[key+".do.1.any"] == "" { // a step by setup
				t.Errorf("%s: no text %s.do.1", lang, key)
			}
			switch page := have[key+".more"]; {
			case page == "" && !slices.Contains(withoutPage, key):
				t.Errorf("%s: %s has no documentation page and isn't in the list of those without", lang, key)
			case page != "" && !strings.HasPrefix(page, "https://"):
				t.Errorf("%s: %s: page %q", lang, key, page)
			case page != "" && slices.Contains(withoutPage, key):
				t.Errorf("%s: %s has a page after all", lang, key)
			}
		}
		for _, c := range slices.Concat(checks.Catalog(), checks.SelfCatalog()) {
			for _, part := range []string{"name", "ok"} {
				if have[string(c.ID)+"."+part] == "" {
					t.Errorf("%s: no text %s.%s", lang, c.ID, part)
				}
			}
			for _, cause := range c.Causes {
				key := string(c.ID) + "." + string(cause)
				if have[key+".title"] == "" {
					key = "any." + string(cause) // one text for several checks
				}
				wants(key)
			}
		}
		for _, cause := range checks.CommonCauses() {
			wants("any." + string(cause))
		}
		for _, m := range bitrix.Meanings() {
			if have["code."+m.Name] == "" {
				t.Errorf("%s: no text code.%s", lang, m.Name)
			}
		}
		for key := range have {
			if name, ours := strings.CutPrefix(key, "code."); ours && !slices.ContainsFunc(bitrix.Meanings(), func(m bitrix.Meaning) bool { return m.Name == name }) {
				t.Errorf("%s: no error means %s", lang, key)
			}
		}
		for _, reason := range constants.OfType(t, "internal/serverprobe", "PasteReason") {
			if have["cli-probe.paste."+string(reason)] == "" {
				t.Errorf("%s: no text cli-probe.paste.%s", lang, reason)
			}
		}
		for _, reason := range constants.OfType(t, "checks/outcome.go", "Reason") {
			if have["reason."+string(reason)] == "" {
				t.Errorf("%s: no text reason.%s", lang, reason)
			}
		}
		for _, consent := range []checks.Consent{checks.Deep, checks.ContentFilter, checks.EventTest, checks.BodySize} {
			for _, part := range []string{"title", "text"} {
				if have["consent."+string(consent)+"."+part] == "" {
					t.Errorf("%s: no text consent.%s.%s", lang, consent, part)
				}
			}
		}
		for _, group := range []checks.Group{checks.PortalGroup, checks.AuthGroup, checks.AccessGroup, checks.BrowserGroup, checks.ServerGroup, checks.SelfGroup} {
			if have["group."+string(group)] == "" {
				t.Errorf("%s: no text group.%s", lang, group)
			}
		}
	}
}

// A step by setup has a text for the setups that it doesn't name, and names only known ones. A shared step exists, and is used.
func TestStepsAreKnown(t *testing.T) {
	reference := regexp.MustCompile(`(?:^|\}\})@([a-z-]+)(?:$|\{\{)`)
	bySetup := regexp.MustCompile(`^(.*\.do\.\d+|shared-step\.[a-z-]+)\.([a-z]+)$`)
	by := regexp.MustCompile("\\{\\{by `([^`]*)`")
	for _, lang := range words.Languages() {
		have := texts(t, lang)
		used := map[string]bool{}
		for key, text := range have {
			for _, found := range reference.FindAllStringSubmatch(text, -1) {
				name := "shared-step." + found[1]
				used[name] = true
				if have[name] == "" && have[name+".any"] == "" {
					t.Errorf("%s %s: no %s", lang, key, name)
				}
			}
			if found := bySetup.FindStringSubmatch(key); found != nil {
				if found[2] != "any" && !slices.Contains(checks.Setups(), checks.Setup(found[2])) {
					t.Errorf("%s %s: no such setup", lang, key)
				}
				if have[found[1]+".any"] == "" {
					t.Errorf("%s %s: nothing for other setups", lang, key)
				}
			}
			for _, found := range by.FindAllStringSubmatch(text, -1) {
				if !slices.Contains(constants.OfType(t, "checks", "Owner"), found[1]) {
					t.Errorf("%s %s: no owner %s", lang, key, found[1])
				}
			}
		}
		for key := range have {
			if name, _, _ := strings.Cut(strings.TrimPrefix(key, "shared-step."), "."); strings.HasPrefix(key, "shared-step.") && !used["shared-step."+name] {
				t.Errorf("%s: nothing uses %s", lang, key)
			}
		}
	}
}

func TestWordsAboutFilesOfRequirements(t *testing.T) {
	var want []string
	for _, code := range append(constants.WithPrefix(t, "internal/yamlfile/errors.go", ""), constants.WithPrefix(t, "internal/requirements/errors.go", "")...) {
		want = append(want, "error."+code)
	}
	for _, code := range constants.WithPrefix(t, "internal/requirements/lint.go", "") {
		want = append(want, "remark."+code)
	}
	for _, lang := range words.Languages() {
		have := texts(t, lang)
		for _, key := range want {
			if have["requirements."+key] == "" {
				t.Errorf("%s: no text requirements.%s", lang, key)
			}
		}
		for key := range have {
			if part, ours := strings.CutPrefix(key, "requirements."); ours && (strings.HasPrefix(part, "error.") || strings.HasPrefix(part, "remark.")) && !slices.Contains(want, part) {
				t.Errorf("%s: nothing says %s", lang, key)
			}
		}
	}
}

func TestWordsAboutListsOfPortals(t *testing.T) {
	want := constants.WithPrefix(t, "internal/fleet/errors.go", "")
	for _, lang := range words.Languages() {
		have := texts(t, lang)
		for _, code := range want {
			if have["portals.error."+code] == "" {
				t.Errorf("%s: no text portals.error.%s", lang, code)
			}
		}
		for _, verdict := range checks.Verdicts() {
			if have["overview."+string(verdict)] == "" {
				t.Errorf("%s: no text overview.%s", lang, verdict)
			}
		}
	}
}

func TestPlurals(t *testing.T) {
	words, err := words.New("ru")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "1 минута", 2: "2 минуты", 5: "5 минут", 11: "11 минут", 21: "21 минута", 22: "22 минуты"} {
		if got := words.Count("format.minutes", n); got != want {
			t.Errorf("%d: %q, expected %q", n, got, want)
		}
	}
}

// TestLongLists asserts that a list of any length is cut in a sentence, which says so.
func TestLongLists(t *testing.T) {
	names := slices.Repeat([]string{strings.Repeat("n", 250)}, 600)
	for lang, more := range map[string]string{"en": "and 576 more", "ru": "и ещё 576"} {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		said := w.Say("hosts.asked", checks.Args{"hosts": names})
		if len(said) > 7000 || !strings.Contains(said, more) {
			t.Errorf("%d bytes, ending in %q", len(said), said[len(said)-60:])
		}
		if said = w.Say("hosts.asked", checks.Args{"hosts": names[:20]}); strings.Count(said, names[0]) != 20 {
			t.Errorf("of the hosts that a file may name, %d are shown", strings.Count(said, names[0]))
		}
	}
}

func TestLazyTexts(t *testing.T) {
	for _, lang := range words.Languages() {
		parsed, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		const key = "version.newest"
		if got, want := words.Lazy(lang).Say(key, nil), parsed.Say(key, nil); got != want || got == key {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
	if _, err := words.New("xx"); err == nil {
		t.Error("there are texts in xx")
	}
	if got := words.Lazy("xx").Count("portals.in-order", 2); got != "portals.in-order" {
		t.Errorf("%q", got)
	}
}
