package transport

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseOverride(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want Override
		text string // of want, if it isn't in
	}{
		"full":                    {in: "portal.example.ru:443:127.0.0.1:8443", want: Override{"portal.example.ru", 443, "127.0.0.1", 8443}},
		"any port":                {in: "portal.example.ru::127.0.0.1:8443", want: Override{"portal.example.ru", 0, "127.0.0.1", 8443}},
		"any host":                {in: ":443:127.0.0.1:8443", want: Override{"", 443, "127.0.0.1", 8443}},
		"anything":                {in: "::127.0.0.1:8443", want: Override{"", 0, "127.0.0.1", 8443}},
		"to a name":               {in: "portal.example.ru:443:front.local:443", want: Override{"portal.example.ru", 443, "front.local", 443}},
		"to IPv6":                 {in: "portal.example.ru:443:[2001:db8::1]:443", want: Override{"portal.example.ru", 443, "2001:db8::1", 443}},
		"from IPv6":               {in: "[::1]:443:127.0.0.1:8443", want: Override{"::1", 443, "127.0.0.1", 8443}},
		"IPv6, long":              {in: "[0:0::0:1]:443:[2001:DB8:0::1]:1", want: Override{"::1", 443, "2001:db8::1", 1}, text: "[::1]:443:[2001:db8::1]:1"},
		"IPv6 with zone":          {in: "a:1:[fe80::1%eth0]:2", want: Override{"a", 1, "fe80::1%eth0", 2}},
		"capitals, full stop":     {in: "Portal.Example.RU.:443:Front.local.:1", want: Override{"portal.example.ru", 443, "front.local", 1}, text: "portal.example.ru:443:front.local:1"},
		"Cyrillic":                {in: "Портал.рф:443:127.0.0.1:8443", want: Override{"xn--80awhdgm.xn--p1ai", 443, "127.0.0.1", 8443}, text: "xn--80awhdgm.xn--p1ai:443:127.0.0.1:8443"},
		"port with leading zeros": {in: "a:00443:b:0001", want: Override{"a", 443, "b", 1}, text: "a:443:b:1"},
		"underscore":              {in: "my_box:443:127.0.0.1:1", want: Override{"my_box", 443, "127.0.0.1", 1}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseOverride(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if want := c.text; want != "" && got.String() != want || want == "" && got.String() != c.in {
				t.Errorf("String() = %q", got.String())
			}
		})
	}
}

func TestParseOverrideBad(t *testing.T) {
	for name, in := range map[string]string{
		"empty":               ``,
		"host":                `portal.example.ru`,
		"host and port":       `portal.example.ru:443`,
		"three parts":         `portal.example.ru:443:127.0.0.1`,
		"five parts":          `portal.example.ru:443:127.0.0.1:8443:1`,
		"no target":           `portal.example.ru:443::8443`,
		"no target port":      `portal.example.ru:443:127.0.0.1:`,
		"target port 0":       `a:1:b:0`,
		"port 0":              `a:0:b:1`,
		"port too high":       `a:65536:b:1`,
		"port negative":       `a:-1:b:1`,
		"port with sign":      `a:+1:b:1`,
		"port in words":       `a:https:b:1`,
		"IPv6 bare":           `::1:443:127.0.0.1:8443`,
		"IPv6 open":           `[::1:443:127.0.0.1:8443`,
		"IPv6 and more":       `[::1]x:443:127.0.0.1:8443`,
		"brackets, name":      `[portal]:443:127.0.0.1:8443`,
		"brackets, IPv4":      `[127.0.0.1]:443:127.0.0.1:8443`,
		"brackets, empty":     `[]:443:127.0.0.1:8443`,
		"URL":                 `https://portal.example.ru:443:127.0.0.1:8443`,
		"user":                `user@portal.example.ru:443:127.0.0.1:8443`,
		"space":               `portal.example.ru: 443:127.0.0.1:8443`,
		"space in the host":   `portal example:443:127.0.0.1:8443`,
		"only a full stop":    `.:443:127.0.0.1:8443`,
		"ideographic stop":    `。:443:127.0.0.1:8443`,
		"target is full stop": `a:443:.:8443`,
		"not UTF-8":           "a\xff:443:b:1",
		"control character":   "a\x1b[0m:443:b:1",
		"fullwidth colon":     "a：443:1:b:1",
	} {
		t.Run(name, func(t *testing.T) {
			if o, err := ParseOverride(in); !errors.Is(err, ErrOverride) {
				t.Errorf("ParseOverride(%q) = %+v, %v", in, o, err)
			}
		})
	}
}

func TestOverridden(t *testing.T) {
	parse := func(texts ...string) (list []Override) {
		for _, text := range texts {
			list = append(list, must(ParseOverride(text)))
		}
		return list
	}
	for name, c := range map[string]struct {
		overrides []Override
		host      string
		port      int
		want      string // target
	}{
		"exact":            {parse("a.test:443:127.0.0.1:1"), "a.test", 443, "127.0.0.1:1"},
		"capitals":         {parse("A.test:443:127.0.0.1:1"), "a.TEST.", 443, "127.0.0.1:1"},
		"Cyrillic":         {parse("портал.рф:443:127.0.0.1:1"), "xn--80awhdgm.xn--p1ai", 443, "127.0.0.1:1"},
		"other port":       {parse("a.test:443:127.0.0.1:1"), "a.test", 80, ""},
		"other host":       {parse("a.test:443:127.0.0.1:1"), "b.a.test", 443, ""},
		"any port":         {parse("a.test::127.0.0.1:1"), "a.test", 80, "127.0.0.1:1"},
		"any host":         {parse(":443:127.0.0.1:1"), "b.test", 443, "127.0.0.1:1"},
		"first counts":     {parse("a.test:443:127.0.0.1:1", "::127.0.0.1:2"), "a.test", 443, "127.0.0.1:1"},
		"then the rest":    {parse("a.test:443:127.0.0.1:1", "::127.0.0.1:2"), "b.test", 443, "127.0.0.1:2"},
		"IPv6, other form": {parse("[::1]:443:127.0.0.1:1"), "0:0:0::1", 443, "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			n := New(Options{ConnectTo: c.overrides})
			o, ok := n.override(c.host, c.port)
			if ok != (c.want != "") || ok && o.Target() != c.want {
				t.Errorf("override: %v, %v", o, ok)
			}
			if n.Overridden(c.host, c.port) != ok {
				t.Error("Overridden disagrees")
			}
		})
	}
}

func FuzzParseOverride(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		o, err := ParseOverride(s)
		if err != nil {
			if !errors.Is(err, ErrOverride) || o != (Override{}) {
				t.Fatalf("%+v, %v", o, err)
			}
			return
		}
		if o.Addr == "" || o.AddrPort < 1 || o.AddrPort > 65535 || o.Port < 0 || o.Port > 65535 {
			t.Fatalf("%+v", o)
		}
		again, err := ParseOverride(o.String())
		if err != nil || again != o {
			t.Fatalf("%q reads as %+v, which prints as %q and reads as %+v, %v", s, o, o.String(), again, err)
		}
		if port := max(o.Port, 1); o.Host != "" && !o.matches(canonicalHost(o.Host), port) {
			t.Fatalf("%+v doesn't match itself", o)
		}
	})
}
