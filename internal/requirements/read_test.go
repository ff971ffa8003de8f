package requirements_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"boxready/assets"
	"boxready/internal/bitrix"
	"boxready/internal/requirements"
	"boxready/internal/simtest/constants"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const full = `# What the example needs.
boxready: 1
application:
  name: Пример
  vendor: Example LLC
  support: https://example.com/help?lang=ru#top
scopes: [crm, telephony]
methods:
  - crm.item.list
  - "telephony.externalcall.register"
events: [ONCRMDEALADD]
modules: {crm: ">=23.300.0", voximplant: installed, vendor.module: ">= 1.2"}
hosts:
  - {host: app.vendor.example, port: 8443, direction: portal-to-app}
  - host: пример.рф
    direction: browser-to-app
  - {host: 192.0.2.7, direction: app-to-portal}
handlers: {where: lan}
receiver: https://events.vendor.example
`

func TestRead(t *testing.T) {
	want := &requirements.Requirements{
		Applications: []requirements.Application{{Name: "Пример", Vendor: "Example LLC", Support: "https://example.com/help?lang=ru#top"}},
		Scopes:       []string{"crm", "telephony"},
		Methods:      []string{"crm.item.list", "telephony.externalcall.register"},
		Events:       []string{"ONCRMDEALADD"},
		Modules:      []requirements.Module{{Name: "crm", AtLeast: "23.300.0"}, {Name: "voximplant"}, {Name: "vendor.module", AtLeast: "1.2"}},
		Hosts: []requirements.Host{{Host: "app.vendor.example", Port: 8443, Direction: requirements.PortalToApp},
			{Host: "xn--e1afmkfd.xn--p1ai", Port: 443, Direction: requirements.BrowserToApp},
			{Host: "192.0.2.7", Port: 443, Direction: requirements.AppToPortal}},
		Handlers: requirements.LAN,
		Receiver: "https://events.vendor.example",
	}
	for name, text := range map[string]string{
		"as it is":                    full,
		"with a byte order mark":      "\ufeff" + full,
		"with Windows' lines":         strings.ReplaceAll(full, "\n", "\r\n"),
		"with old Mac OS's lines":     strings.ReplaceAll(full, "\n", "\r"),
		"as a document":               "---\n" + full + "...\n",
		"without the last line's end": strings.TrimSuffix(full, "\n"),
	} {
		got, err := requirements.Read("a.boxready.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(requirements.Application{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// accepted are further valid files.
var accepted = map[string]string{
	"least":                         "boxready: 1",
	"JSON":                          `{"boxready": 1, "methods": ["batch"], "hosts": [{"host": "a.example", "port": 80, "direction": "app-to-portal"}]}`,
	"empty lists":                   "boxready: 1\nscopes:\nmethods: []\nevents: # none\nmodules:\nhosts:\n",
	"names in two languages":        "boxready: 1\napplication:\n  name: {en: Bot, ru: Бот}\n",
	"one port as JSON may write it": "boxready: 1.0\nhosts: [{host: a, port: 443.0, direction: app-to-portal}]",
	"an event of one type of items": "boxready: 1\nevents: [ONCRMDYNAMICITEMADD_147, CATALOG.PRICE.ON.ADD]",
	"methods of REST 3.0":           "boxready: 1\nmethods: [api/tasks.task.get, api/batch, mail.message.send]",
	"comments":                      "# one\n\nboxready: 1 # two\n# three\nmethods:\n  # four\n  - batch # five\n",
}

func TestReadAccepts(t *testing.T) {
	for name, text := range accepted {
		if _, err := requirements.Read(name, []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// refused are invalid files with their errors, as "line:column code".
var refused = []struct {
	name, text string
	want       []string
}{
	{"nothing", "", []string{"1:1 empty"}},
	{"only a comment", "# hello\n", []string{"1:1 empty"}},
	{"only the start of a document", "---\n", []string{"1:1 empty"}},
	{"a word", "boxready", []string{"1:1 wrong-type"}},
	{"a list", "- boxready: 1", []string{"1:1 wrong-type"}},
	{"two documents", "boxready: 1\n---\nboxready: 1\n", []string{"3:1 several-documents"}},
	{"no version", "methods: [batch]", []string{"1:1 missing-key"}},
	{"a newer version", "boxready: 2", []string{"1:11 bad-version"}},
	{"the version as text", `boxready: "1"`, []string{"1:11 wrong-type"}},
	{"no version given", "boxready:", []string{"1:11 wrong-type"}},

	{"an unknown key", "boxready: 1\nmethod: [batch]\n", []string{"2:1 unknown-key"}},
	{"a key in Russian", "boxready: 1\nметоды: [batch]\n", []string{"2:1 unknown-key"}},
	{"a key with a Cyrillic letter in it", "boxready: 1\nsсopes: [crm]\n", []string{"2:1 unknown-key"}},
	{"a key that is a number", "boxready: 1\n7: [crm]\n", []string{"2:1 unknown-key"}},
	{"an unknown key deep inside", "boxready: 1\napplication:\n  name: a\n  phone: 1\n", []string{"4:3 unknown-key"}},
	{"the same key twice", "boxready: 1\nscopes: [crm]\nmethods: [batch]\nscopes: [im]\n", []string{"4:1 duplicate-key"}},
	{"the same module twice", "boxready: 1\nmodules:\n  crm: installed\n  crm: installed\n", []string{"4:3 duplicate-key"}},
	{"an application without a name", "boxready: 1\napplication:\n  vendor: me\n", []string{"3:3 missing-key"}},
	{"a name in one language of two", "boxready: 1\napplication:\n  name: {en: me}\n", []string{"3:10 missing-key"}},
	{"a host without what it needs", "boxready: 1\nhosts:\n  - port: 1\n", []string{"3:5 missing-key", "3:5 missing-key"}},

	{"text for a list", "boxready: 1\nmethods: batch\n", []string{"2:10 wrong-type"}},
	{"an object for a list", "boxready: 1\nmethods: {batch: 1}\n", []string{"2:11 wrong-type"}},
	{"a list for an object", "boxready: 1\nmodules: [crm]\n", []string{"2:10 wrong-type"}},
	{"a number in a list of names", "boxready: 1\nmethods:\n  - batch\n  - 17\n", []string{"4:5 wrong-type"}},
	{"nothing in a list of names", "boxready: 1\nmethods:\n  - batch\n  -\n", []string{"4:5 wrong-type"}},
	{"a list in a list", "boxready: 1\nscopes: [[crm]]\n", []string{"2:10 wrong-type"}},
	{"yes for a name", "boxready: 1\napplication: {name: true}\n", []string{"2:21 wrong-type"}},
	{"text for a port", "boxready: 1\nhosts: [{host: a, port: https, direction: app-to-portal}]\n", []string{"2:25 wrong-type"}},
	{"a broken port", "boxready: 1\nhosts: [{host: a, port: 1.5, direction: app-to-portal}]\n", []string{"2:25 wrong-type"}},

	{"ports out of range", "boxready: 1\nhosts:\n- {host: a, port: 0, direction: app-to-portal}\n- {host: a, port: 65536, direction: app-to-portal}\n- {host: a, port: -1, direction: app-to-portal}\n- {host: a, port: 18446744073709551615, direction: app-to-portal}\n",
		[]string{"3:19 bad-port", "4:19 bad-port", "5:19 bad-port", "6:19 bad-port"}},
	{"hosts that are none", "boxready: 1\nhosts:\n- {host: 'https://a.example', direction: app-to-portal}\n- {host: 'a.example:443', direction: app-to-portal}\n- {host: a_b, direction: app-to-portal}\n- {host: '*.example', direction: app-to-portal}\n- {host: a..b, direction: app-to-portal}\n- {host: -a, direction: app-to-portal}\n",
		[]string{"3:10 bad-host", "4:10 bad-host", "5:10 bad-host", "6:10 bad-host", "7:10 bad-host", "8:10 bad-host"}},
	{"a direction that is none", "boxready: 1\nhosts: [{host: a, direction: both}]\n", []string{"2:30 bad-choice"}},
	{"handlers somewhere else", "boxready: 1\nhandlers: {where: cloud}\n", []string{"2:19 bad-choice"}},
	{"addresses that are none", "boxready: 1\nreceiver: http://a.example\napplication: {name: a, support: 'https://user@a.example'}\n", []string{"2:11 bad-url", "3:33 bad-url"}},
	{"an e-mail address that is none", "boxready: 1\napplication: {name: a, support: 'mailto:a@b.example?cc=c@d.example'}\n", []string{"2:33 bad-url"}},
	{"versions that are none", "boxready: 1\nmodules:\n  a: 23.300.0\n  b: \">23.300\"\n  c: \">=23\"\n  d: \">=1.2.3.4.5\"\n  e: \">=1.99999999999\"\n",
		[]string{"3:6 bad-module-version", "4:6 bad-module-version", "5:6 bad-module-version", "6:6 bad-module-version", "7:6 bad-module-version"}},
	{"a module that is none", "boxready: 1\nmodules: {CRM модуль: installed}\n", []string{"2:11 bad-module"}},
	{"only methods have a path", "boxready: 1\nscopes: [api/crm]\nmethods: [rest/api/batch, api/1/batch, api/]\nevents: [api/ONAPPTEST]\n",
		[]string{"2:10 bad-name", "3:11 bad-name", "3:27 bad-name", "3:40 bad-name", "4:10 bad-name"}},
	{"names that are none", "boxready: 1\nmethods:\n  - crm.item.list?select=1\n  - crm..list\n  - .list\n  - crm.dеal.list\n  - ' batch'\n",
		[]string{"3:5 bad-name", "4:5 bad-name", "5:5 bad-name", "6:5 bad-name", "7:5 bad-name"}},
	{"a name that is too long", "boxready: 1\nmethods:\n  - " + strings.Repeat("a", 201), []string{"3:5 bad-text"}},
	{"a name with a control character", "boxready: 1\napplication: {name: \"a\\u0007\"}", []string{"2:21 bad-text"}},
	{"a name that turns the writing round", "boxready: 1\napplication: {name: \"a\\u202e\"}", []string{"2:21 bad-text"}},
	{"a name that nobody sees", "boxready: 1\napplication: {name: \"\\u3164\"}", []string{"2:21 bad-text"}},
	{"a name with a selector", "boxready: 1\napplication: {name: \"a\\ufe01b\"}", []string{"2:21 bad-text"}},
	{"a name with a line separator", "boxready: 1\napplication: {name: \"a\\u2028b\"}", []string{"2:21 bad-text"}},
	{"a name of several lines", "boxready: 1\napplication:\n  name: |\n    a\n    b\n", []string{"3:9 bad-text"}},
	{"a name of nothing", "boxready: 1\napplication: {name: ''}", []string{"2:21 bad-text"}},

	{"a tab", "boxready: 1\nscopes:\n\t- crm\n", []string{"3:1 tab"}},
	{"a bracket that never closes", "boxready: 1\nscopes: [crm\n", []string{"2:9 syntax"}},
	{"a quote that never closes", "boxready: 1\nscopes: [\"crm]\n", []string{"2:10 syntax"}},
	{"a key that stands wrong", "boxready: 1\n scopes: [crm]\n", []string{"1:11 syntax"}},
	{"a page of HTML", "<!DOCTYPE html>\n<html><body>404: not found</body></html>\n", []string{"1:1 syntax"}},

	{"UTF-16, little end first", string([]byte{0xff, 0xfe, 'b', 0, 'o', 0}), []string{"1:1 utf-16"}},
	{"UTF-16, big end first", string([]byte{0xfe, 0xff, 0, 'b', 0, 'o'}), []string{"1:1 utf-16"}},
	{"UTF-16 without its mark", string([]byte{'b', 0, 'o', 0}), []string{"1:1 utf-16"}},
	{"windows-1251", "boxready: 1\n# \xcf\xf0\xe8\xec\xe5\xf0\n", []string{"2:3 not-utf8"}},
	{"a NUL byte", "boxready: 1\nscopes: [c\x00rm]\n", []string{"2:11 control-character"}},
	{"a mark inside", "boxready: 1\nscopes: [\ufeffcrm]\n", []string{"2:10 control-character"}},

	{"an anchor and its alias", "boxready: 1\nscopes: &a [crm]\nmethods: *a\n", []string{"2:9 not-plain"}},
	{"a billion laughs", "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", []string{"1:4 not-plain"}},
	{"a merged object", "boxready: 1\nmodules:\n  <<: {crm: installed}\n", []string{"3:3 not-plain"}},
	{"a tag", "boxready: !!int 1\n", []string{"1:11 not-plain"}},
	{"an object for a key", "? [a]\n: 1\n", []string{"1:1 not-plain"}},
	{"a directive", "%YAML 1.2\n---\nboxready: 1\n", []string{"1:1 not-plain"}},
	{"deep brackets", "boxready: 1\nscopes: " + strings.Repeat("[", 1000), []string{"2:17 too-deep"}},
	{"deep braces", strings.Repeat("{a: ", 1000), []string{"1:33 too-deep"}},
	{"deep lists", "scopes:\n" + strings.Repeat("- ", 1000), []string{"2:17 too-deep"}},
}

func errorPlaces(err error) (list []string) {
	var all requirements.Errors
	if errors.As(err, &all) {
		for _, e := range all {
			list = append(list, fmt.Sprintf("%d:%d %s", e.Line, e.Column, e.Code))
		}
	}
	return list
}

func TestReadRefuses(t *testing.T) {
	for _, c := range refused {
		_, err := requirements.Read("a.boxready.yaml", []byte(c.text))
		if diff := cmp.Diff(c.want, errorPlaces(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestErrorArguments(t *testing.T) {
	_, err := requirements.Read("my.boxready.yaml", []byte("boxready: 1\nsсopes: [crm]\nmethods: [crm.itеm.list]\nmodules: {crm: 23.300.0}\nscopes: [im]\nscopes: [im]\n"))
	var all requirements.Errors
	if !errors.As(err, &all) || len(all) != 4 {
		t.Fatal(err)
	}
	if all[0].File != "my.boxready.yaml" {
		t.Errorf("file %q", all[0].File)
	}
	want := []map[string]any{
		{"key": "sсopes", "nearest": []string{"scopes"}, "allowed": []string{"boxready", "application", "scopes", "methods", "events", "modules", "hosts", "handlers", "page", "receiver"}},
		{"value": "crm.itеm.list", "nearest": []string{"crm.item.list"}},
		{"module": "crm", "value": "23.300.0"},
		{"key": "scopes", "first": 5},
	}
	for i, e := range all {
		if diff := cmp.Diff(want[i], e.Args); diff != "" {
			t.Errorf("%s (-want +got):\n%s", e.Code, diff)
		}
	}
	var first *requirements.Error
	if !errors.As(err, &first) || first != all[0] {
		t.Errorf("the first error is %v", first)
	}
}

// An error in a list says in which item, one of a module which module, and one of a text what is wrong with it.
func TestErrorsNameWhatTheyAreAbout(t *testing.T) {
	for _, c := range []struct {
		text, code string
		want       map[string]any
	}{
		{"methods: [batch, 'a', 17]", requirements.WrongType, map[string]any{"key": "methods", "item": 3, "expected": "text"}},
		{"scopes: [crm, '']", requirements.BadText, map[string]any{"key": "scopes", "item": 2, "fault": "empty"}},
		{"hosts: [a.example]", requirements.WrongType, map[string]any{"key": "hosts", "item": 1, "expected": "object"}},
		{"hosts: [{host: 5, direction: app-to-portal}]", requirements.WrongType, map[string]any{"key": "host", "expected": "text"}},
		{"methods: 17", requirements.WrongType, map[string]any{"key": "methods", "expected": "list"}},
		{"methods: [batch]\nscopes: 5", requirements.WrongType, map[string]any{"key": "scopes", "expected": "list"}},
		{"modules: {disk: 24}", requirements.BadModuleVersion, map[string]any{"module": "disk", "value": "24"}},
		{"modules: {disk: 24.5}", requirements.BadModuleVersion, map[string]any{"module": "disk", "value": "24.5"}},
		{"modules: {disk: [24]}", requirements.WrongType, map[string]any{"key": "disk", "expected": "text"}},
		{"modules: {disk: ''}", requirements.BadText, map[string]any{"key": "disk", "fault": "empty"}},
		{"application: {name: \"a\\u200bb\"}", requirements.BadText, map[string]any{"key": "name", "fault": "invisible"}},
		{"application: {name: \"a\\nb\"}", requirements.BadText, map[string]any{"key": "name", "fault": "lines"}},
		{"application: {name: " + strings.Repeat("я", 201) + "}", requirements.BadText, map[string]any{"key": "name", "fault": "long"}},
	} {
		_, err := requirements.Read("a", []byte("boxready: 1\n"+c.text+"\n"))
		e, ok := errors.AsType[*requirements.Error](err)
		if !ok || e.Code != c.code {
			t.Errorf("%s: %v, want %s", c.text, err, c.code)
			continue
		}
		if diff := cmp.Diff(c.want, e.Args); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestReadLimitsErrors(t *testing.T) {
	_, err := requirements.Read("a", []byte("boxready: 1\nmethods:\n"+strings.Repeat("  - 1\n", 1000)))
	if n := len(errorPlaces(err)); n != 20 {
		t.Errorf("%d errors", n)
	}
}

// What is too large is refused before it is parsed.
func TestReadLimits(t *testing.T) {
	keys := &strings.Builder{}
	for i := range 5000 {
		fmt.Fprintf(keys, "key%d: 1\n", i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"bytes": {"boxready: 1\n" + strings.Repeat("# comment\n", 200_000), "1:1 too-big"},
		"keys":  {keys.String(), "2001:8 too-many"},
		"names": {"boxready: 1\nmethods:\n" + strings.Repeat("  - batch\n", 10_001), "10003:5 too-many"},
	} {
		_, err := requirements.Read(name, []byte(c.text))
		if got := errorPlaces(err); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good"+requirements.Extension)
	if err := os.WriteFile(good, []byte(full), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := requirements.ReadFile(good); err != nil || len(r.Methods) != 2 {
		t.Errorf("%v %v", r, err)
	}
	huge := filepath.Join(dir, "huge")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 100<<20); err != nil {
		t.Fatal(err)
	}
	for path, code := range map[string]string{huge: requirements.TooBig, filepath.Join(dir, "none"): requirements.NotFound, dir: requirements.Unreadable} {
		_, err := requirements.ReadFile(path)
		var e *requirements.Error
		if !errors.As(err, &e) || e.Code != code || e.File != path {
			t.Errorf("%s: %v, want %s", path, err, code)
		}
	}
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(assets.RequirementsSchema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("requirements.json", value); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("requirements.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// beyondSchema are the codes of errors that a JSON Schema can't express.
var beyondSchema = []string{requirements.Empty, requirements.TooBig, requirements.NotUTF8, requirements.UTF16, requirements.ControlCharacter, requirements.BadSyntax,
	requirements.TabIndent, requirements.TooDeep, requirements.TooMany, requirements.NotPlain, requirements.SeveralDocuments, requirements.DuplicateKey}

// assertAgree fails if the reader and the schema disagree about a file.
func assertAgree(t *testing.T, schema *jsonschema.Schema, text string) {
	t.Helper()
	_, err := requirements.Read("", []byte(text))
	var all requirements.Errors
	errors.As(err, &all)
	if slices.ContainsFunc(all, func(e *requirements.Error) bool { return slices.Contains(beyondSchema, e.Code) }) {
		return
	}
	var value any
	if err := yaml.Unmarshal([]byte(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff"))), &value); err != nil {
		if all == nil {
			t.Fatalf("read, but no YAML: %v", err)
		}
		return
	}
	invalid := schema.Validate(value)
	if invalid == nil && !slices.ContainsFunc(all, func(e *requirements.Error) bool {
		return e.Code != requirements.BadHost && e.Code != requirements.BadURL
	}) {
		return // outside ASCII the schema doesn't distinguish letters from other characters, and not each name of letters is a DNS name
	}
	if (invalid == nil) != (all == nil) {
		t.Errorf("the reader says %v, the schema %v of:\n%s", err, invalid, text)
	}
}

func TestSchemaAndReaderAgree(t *testing.T) {
	s := schema(t)
	assertAgree(t, s, full)
	for _, text := range accepted {
		assertAgree(t, s, text)
	}
	for _, c := range refused {
		assertAgree(t, s, c.text)
	}
	for _, e := range requirements.Library() {
		assertAgree(t, s, string(e.File))
	}
}

func FuzzRead(f *testing.F) {
	s := schema(f)
	f.Add([]byte(full))
	for _, text := range accepted {
		f.Add([]byte(text))
	}
	for _, c := range refused {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := requirements.Read("fuzz", data)
		if (r == nil) == (err == nil) {
			t.Fatalf("%v and %v", r, err)
		}
		var all requirements.Errors
		if err != nil && !errors.As(err, &all) {
			t.Fatalf("untyped: %v", err)
		}
		for _, e := range all {
			if e.File != "fuzz" || e.Line < 1 || e.Column < 1 || !slices.Contains(append(constants.WithPrefix(t, "internal/yamlfile/errors.go", ""), constants.WithPrefix(t, "internal/requirements/errors.go", "")...), e.Code) {
				t.Errorf("no clear error: %v", e)
			}
		}
		assertAgree(t, s, string(data))
	})
}

func TestLibrary(t *testing.T) {
	var ids []string
	for _, e := range requirements.Library() {
		ids = append(ids, e.ID)
		a := e.Requirements.Applications[0]
		if ru, en := a.NameIn("ru"), a.NameIn("en"); ru == en || ru == "" || en == "" {
			t.Errorf("%s: called %q and %q", e.ID, ru, en)
		}
		for _, name := range e.Requirements.Methods {
			if m, known := bitrix.Method(name); !known || m.Name != name || !m.API2 {
				t.Errorf("%s: method %s", e.ID, name)
			}
		}
		for _, name := range e.Requirements.Events {
			if ev, known := bitrix.Event(name); !known || ev.Name != name {
				t.Errorf("%s: event %s", e.ID, name)
			}
		}
		for _, name := range e.Requirements.Scopes {
			if s, known := bitrix.Scope(name); !known || s.Name != name {
				t.Errorf("%s: scope %s", e.ID, name)
			}
		}
		for _, m := range e.Requirements.Modules {
			if _, known := bitrix.Module(m.Name); !known {
				t.Errorf("%s: module %s", e.ID, m.Name)
			}
		}
		if named := e.Requirements.Scopes; !slices.Equal(named, e.Requirements.Permissions()) {
			t.Errorf("%s names the permissions %v and needs %v", e.ID, named, e.Requirements.Permissions())
		}
		if found, ok := requirements.FromLibrary(e.ID); !ok || found != e.Requirements {
			t.Errorf("%s isn't found", e.ID)
		}
		if found := withoutDeprecated(requirements.Resolve(e.Requirements, portal())); len(found) != 0 {
			t.Errorf("%s on a whole portal: %+v", e.ID, found)
		}
	}
	if want := []string{"analytics", "chat-bot", "crm-sync", "documents", "open-channels", "shop", "tasks", "telephony"}; !slices.Equal(ids, want) {
		t.Errorf("library: %v", ids)
	}
	if _, ok := requirements.FromLibrary("none"); ok {
		t.Error("a file that isn't there is found")
	}
}

func TestMerge(t *testing.T) {
	a := &requirements.Requirements{
		Applications: []requirements.Application{{Name: "A"}}, Scopes: []string{"crm"}, Methods: []string{"crm.item.list", "batch"}, Events: []string{"ONCRMDEALADD"},
		Modules: []requirements.Module{{Name: "crm", AtLeast: "23.0"}, {Name: "im"}}, Hosts: []requirements.Host{{Host: "a", Port: 443, Direction: requirements.AppToPortal}},
		Handlers: requirements.LAN,
	}
	b := &requirements.Requirements{
		Applications: []requirements.Application{{Name: "B"}}, Scopes: []string{"CRM", "im"}, Methods: []string{"CRM.Item.List"}, Events: []string{"OnCrmDealAdd"},
		Modules: []requirements.Module{{Name: "crm", AtLeast: "22.1000.0"}, {Name: "im", AtLeast: "1.0"}}, Hosts: []requirements.Host{{Host: "a", Port: 443, Direction: requirements.AppToPortal}},
		Handlers: requirements.Internet, Receiver: "https://b.example",
	}
	want := &requirements.Requirements{
		Applications: []requirements.Application{{Name: "A"}, {Name: "B"}}, Scopes: []string{"crm", "im"}, Methods: []string{"crm.item.list", "batch"}, Events: []string{"ONCRMDEALADD"},
		Modules: []requirements.Module{{Name: "crm", AtLeast: "23.0"}, {Name: "im", AtLeast: "1.0"}}, Hosts: a.Hosts,
		Handlers: requirements.Internet, Receiver: "https://b.example",
	}
	before := fmt.Sprintf("%+v %+v", a, b)
	if diff := cmp.Diff(want, requirements.Merge(a, b), cmpopts.IgnoreUnexported(requirements.Application{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if fmt.Sprintf("%+v %+v", a, b) != before {
		t.Error("merging changed what was merged")
	}
	if diff := cmp.Diff(requirements.AnyApplication(), requirements.Merge()); diff != "" {
		t.Errorf("nothing merged (-want +got):\n%s", diff)
	}
	if !requirements.Merge(requirements.AnyApplication()).BuiltIn || requirements.Merge(requirements.AnyApplication(), a).BuiltIn {
		t.Error("a vendor wrote the one and not the other")
	}
}

func TestPermissions(t *testing.T) {
	r := &requirements.Requirements{Scopes: []string{"user_basic", "basic", "User_Basic"},
		Methods: []string{"user.get", "batch", "tasks.task.list", "task.stages.get", "crm.item.list", "no.such"}, Events: []string{"ONAPPTEST", "ONCRMDEALADD", "ONIMBOTDELETE"}}
	if got, want := r.Permissions(), []string{"user_basic", "task", "crm", "imbot"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestSupport(t *testing.T) {
	for name, test := range map[string]struct {
		named []string // by each of the files; "" for none
		want  string
	}{
		"none":               {[]string{"", ""}, ""},
		"a page":             {[]string{"", "https://vendor.example/help"}, "https://vendor.example/help"},
		"an e-mail address":  {[]string{"help@vendor.example", "mailto:help@vendor.example"}, "mailto:help@vendor.example"},
		"two different ones": {[]string{"help@vendor.example", "https://vendor.example"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var all []*requirements.Requirements
			for _, support := range test.named {
				text := "boxready: 1\napplication: {name: a}\n"
				if support != "" {
					text = strings.Replace(text, "}", ", support: '"+support+"'}", 1)
				}
				r, err := requirements.Read("a.boxready.yaml", []byte(text))
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, r)
			}
			of, ok := requirements.Merge(all...).Support()
			if of.Support != test.want || ok != (test.want != "") {
				t.Errorf("%q, %v", of.Support, ok)
			}
		})
	}
	if _, ok := (*requirements.Requirements)(nil).Support(); ok {
		t.Error("no requirements name an address")
	}
}
