package allowlist_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/portal"
	"boxready/internal/requirements"
	"boxready/internal/simtest/testenv"
	"boxready/internal/words"

	"go.uber.org/goleak"
)

// runHelper is set where network namespaces are available.
var runHelper = func(string) {}

func TestMain(m *testing.M) {
	if name := os.Getenv("BOXREADY_TEST_ROLE"); name != "" {
		runHelper(name)
		return
	}
	goleak.VerifyTestMain(testenv.M{M: m})
}

// strictWords fails a test that uses a missing text.
type strictWords struct {
	*words.Texts
	t testing.TB
}

// textCache holds texts by language, key and values: the same ones are used thousands of times.
var textCache sync.Map

func (w strictWords) Say(key string, args checks.Args) string {
	which := fmt.Sprint(w.Lang(), key, args)
	if text, ok := textCache.Load(which); ok {
		return text.(string)
	}
	text := w.Texts.Say(key, args)
	if text == key {
		w.t.Errorf("%s: no text %s", w.Lang(), key)
		return text
	}
	textCache.Store(which, text)
	return text
}

var vocabularies sync.Map

func texts(t testing.TB, lang string) strictWords {
	t.Helper()
	if w, ok := vocabularies.Load(lang); ok {
		return strictWords{w.(*words.Texts), t}
	}
	w, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	vocabularies.Store(lang, w)
	return strictWords{w, t}
}

// noon is the date of the rules in these tests.
var noon = time.Date(2026, 11, 23, 14, 5, 0, 0, time.FixedZone("", 3*60*60))

// lists returns invented addresses: this repository contains no addresses of the vendor.
func lists() []feed.List {
	nodes := func(texts ...string) (list []netip.Prefix) {
		for _, text := range texts {
			list = append(list, netip.MustParsePrefix(text))
		}
		return list
	}
	return []feed.List{
		{Region: bitrix.CIS, URL: bitrix.Feed(bitrix.CIS), Fetched: noon.Add(-5 * time.Minute), Nodes: nodes("198.51.100.21/32", "198.51.100.22/32", "198.51.100.64/26", "2001:db8::21/128")},
		{Region: bitrix.World, URL: bitrix.Feed(bitrix.World), Fetched: noon.Add(-50 * time.Hour), Nodes: nodes("203.0.113.121/32", "203.0.113.122/32")},
	}
}

func options() allowlist.Options {
	address, err := portal.ParseAddress("portal.demo.example")
	if err != nil {
		panic(err)
	}
	return allowlist.Options{Region: bitrix.CIS, Portal: address, Lists: lists(), Now: noon, Version: "1.2.3"}
}

func rules(t testing.TB, o allowlist.Options) *allowlist.Rules {
	t.Helper()
	r, err := allowlist.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t testing.TB, r *allowlist.Rules, e allowlist.Equipment, part allowlist.Part, lang string) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, e, part, texts(t, lang)); err != nil {
		t.Fatalf("%s %s: %v", e, part, err)
	}
	return b.String()
}

// needs skips a test if a program is missing; in CI it fails the test.
func needs(t testing.TB, programs ...string) {
	t.Helper()
	testenv.NotOnWindows(t, "the equipment's programs are those of Linux")
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("NOT TESTED: %v", err)
			}
			t.Skipf("NOT TESTED: %v", err)
		}
	}
}

// example is an application with hosts of every kind.
func example() *requirements.Requirements {
	return &requirements.Requirements{
		Applications: []requirements.Application{{Name: "Пример", Vendor: "Vendor"}},
		Hosts: []requirements.Host{
			{Host: "app.vendor.example", Port: 443, Direction: requirements.AppToPortal},
			{Host: "192.0.2.40", Port: 443, Direction: requirements.AppToPortal},
			{Host: "2001:db8:40::1", Port: 443, Direction: requirements.AppToPortal},
			{Host: "hooks.vendor.example", Port: 8443, Direction: requirements.PortalToApp},
			{Host: "widget.vendor.example", Port: 443, Direction: requirements.BrowserToApp},
			{Host: "почта.vendor.example", Port: 443, Direction: requirements.BrowserToApp},
		},
	}
}
