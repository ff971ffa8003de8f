package fleet_test

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
	"boxready/internal/fleet"
	"boxready/internal/portal"
	"boxready/internal/yamlfile"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const full = `# ours
boxready: 1
portals:
  - address: a.example
    deep: true
    content-filter: true
    public-dns: true
    webhook: true
    signed-in: true
    as-application: true
    requires: [telephony, our.boxready.yaml]
    region: cis
    handlers: lan
  - {address: "http://b.example:8443", region: auto, requires: }
`

const fullCSV = "\ufeffAddress;deep;content-filter;public-dns;webhook;signed-in;as-application;requires;region;handlers\r\n" +
	"a.example;yes;1;ДА;true;истина;TRUE;telephony | our.boxready.yaml;cis;lan\r\n" +
	"# a comment\r\n" +
	"\"http://b.example:8443\";no;0;нет;;;;;auto\r\n;;;\r\n"

func TestRead(t *testing.T) {
	want := []fleet.Portal{
		{Address: portal.Address{Host: "a.example", Port: 443}, Deep: true, ContentFilter: true, PublicDNS: true, Webhook: true, SignedIn: true,
			AsApplication: true, Requires: []string{"telephony", "our.boxready.yaml"}, Region: "cis", Handlers: "lan"},
		{Address: portal.Address{Host: "b.example", Port: 8443, WasHTTP: true}},
	}
	for name, c := range map[string]struct {
		text  string
		lines [2]int
	}{"a.yaml": {full, [2]int{4, 14}}, "a.CSV": {fullCSV, [2]int{2, 4}}, "tabs.csv": {strings.ReplaceAll(fullCSV, ";", "\t"), [2]int{2, 4}},
		"commas.csv": {strings.ReplaceAll(fullCSV, ";", ","), [2]int{2, 4}}} {
		got, err := fleet.Read(name, []byte(c.text))
		want[0].Line, want[1].Line = c.lines[0], c.lines[1]
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func errorCodes(err error) (list []string) {
	if all, ok := errors.AsType[yamlfile.Errors](err); ok {
		for _, e := range all {
			list = append(list, fmt.Sprintf("%d:%d %s", e.Line, e.Column, e.Code))
		}
	}
	return list
}

var invalidYAML = []struct {
	name, text string
	want       []string
}{
	{"nothing", "", []string{"1:1 empty"}},
	{"no portals", "boxready: 1\nportals: []\n", []string{"2:10 empty"}},
	{"a list without a header", "- a.example\n", []string{"1:1 wrong-type"}},
	{"another version", "boxready: 2\nportals: [{address: a.example}]\n", []string{"1:11 bad-version"}},
	{"a string instead of an object", "boxready: 1\nportals: [a.example]\n", []string{"2:11 wrong-type"}},
	{"no address", "boxready: 1\nportals:\n  - deep: true\n", []string{"3:5 missing-key"}},
	{"a webhook's address instead of true or false", "boxready: 1\nportals:\n  - address: a.example\n    webhook: https://a.example/rest/1/code/\n", []string{"4:14 wrong-type"}},
	{"not an address", "boxready: 1\nportals:\n  - address: ftp://a.example\n", []string{"3:14 bad-address"}},
	{"a webhook", "boxready: 1\nportals:\n  - address: https://a.example/rest/1/webhookcode12345/\n", []string{"3:14 webhook-given"}},
	{"a duplicate", "boxready: 1\nportals:\n  - address: a.example\n  - address: http://A.example/x\n", []string{"4:14 same-portal"}},
	{"an unknown region", "boxready: 1\nportals:\n  - {address: a.example, region: mars}\n", []string{"3:34 bad-choice"}},
	{"an anchor", "boxready: 1\nportals: &a [{address: a.example}]\n", []string{"2:10 not-plain"}},
}

var invalidCSV = []struct {
	name, text string
	want       []string
}{
	{"nothing", "", []string{"1:1 empty"}},
	{"a header alone", "address\n", []string{"1:1 empty"}},
	{"no header", "a.example\nb.example\n", []string{"1:1 unknown-column"}},
	{"no address in the header", "deep,region\n", []string{"1:1 no-address"}},
	{"a misspelt column", "address,dep\na.example,yes\n", []string{"1:9 unknown-column"}},
	{"a duplicate column", "address,deep,deep\n", []string{"1:14 same-column"}},
	{"no address in a line", "address,deep\na.example,yes\n,yes\n", []string{"3:1 no-address"}},
	{"more fields than columns", "address\na.example,yes\n", []string{"2:1 csv"}},
	{"a quote that never closes", "address\n\"a.example\nb.example\n", []string{"3:11 csv"}},
	{"neither yes nor no", "address,deep\na.example,maybe\n", []string{"2:11 bad-yes-no"}},
	{"wrong values", "address,region,handlers\na.example,mars,moon\n", []string{"2:11 bad-choice", "2:16 bad-choice"}},
	{"a duplicate", "address\na.example\nhttps://a.example\n", []string{"3:1 same-portal"}},
	{"windows-1251", "address,requires\na.example,\xcf\xf0\n", []string{"2:11 not-utf8"}},
	{"a line break in a cell", "address,requires\na.example,\"a\nb\"\n", []string{"2:11 bad-text"}},
}

func TestReadInvalid(t *testing.T) {
	for _, c := range invalidYAML {
		_, err := fleet.Read("a.yaml", []byte(c.text))
		if diff := cmp.Diff(c.want, errorCodes(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	for _, c := range invalidCSV {
		_, err := fleet.Read("a.csv", []byte(c.text))
		if diff := cmp.Diff(c.want, errorCodes(err)); diff != "" {
			t.Errorf("CSV, %s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestReadLimits(t *testing.T) {
	table := "address,deep\na.example\nb.example\n"
	if got, err := fleet.ReadLimited("a.csv", []byte(table+" ,\n"), 2); err != nil || len(got) != 2 {
		t.Errorf("%d portals: %v", len(got), err)
	}
	_, err := fleet.ReadLimited("a.csv", []byte(table+"c.example\nb.example\nno address at all\n"), 2)
	if all, _ := errors.AsType[yamlfile.Errors](err); !slices.Equal(errorCodes(err), []string{"4:1 too-many"}) || all[0].Args["count"] != 5 || all[0].Args["limit"] != 2 {
		t.Errorf("%v", errorCodes(err))
	}
	_, err = fleet.Read("a.yaml", []byte("boxready: 1\nportals:\n"+strings.Repeat("  - 1\n", 10_001)))
	if all, _ := errors.AsType[yamlfile.Errors](err); !slices.Equal(errorCodes(err), []string{"10003:5 too-many"}) || all[0].Args["count"] != 10_001 {
		t.Errorf("%v", errorCodes(err))
	}
	if _, err := fleet.Read("a.yaml", []byte("boxready: 1\nportals:\n"+strings.Repeat("  - {address: 1}\n", 1000))); len(errorCodes(err)) != 20 {
		t.Errorf("%d errors", len(errorCodes(err)))
	}
	huge := filepath.Join(t.TempDir(), "huge.csv")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 200<<20); err != nil {
		t.Fatal(err)
	}
	for path, code := range map[string]string{huge: yamlfile.TooBig, filepath.Join(t.TempDir(), "none"): yamlfile.NotFound, t.TempDir(): yamlfile.Unreadable} {
		_, err := fleet.ReadFile(path)
		if e, ok := errors.AsType[*yamlfile.Error](err); !ok || e.Code != code {
			t.Errorf("%s: %v, expected %s", path, err, code)
		}
	}
}

func schema(tb testing.TB) *jsonschema.Schema {
	tb.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(assets.PortalsSchema))
	if err != nil {
		tb.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("portals.json", value); err != nil {
		tb.Fatal(err)
	}
	compiled, err := compiler.Compile("portals.json")
	if err != nil {
		tb.Fatal(err)
	}
	return compiled
}

// beyondSchema are the codes of errors that a JSON Schema can't express.
var beyondSchema = []string{yamlfile.Empty, yamlfile.TooBig, yamlfile.NotUTF8, yamlfile.UTF16, yamlfile.ControlCharacter, yamlfile.BadSyntax, yamlfile.TabIndent,
	yamlfile.TooDeep, yamlfile.TooMany, yamlfile.NotPlain, yamlfile.SeveralDocuments, yamlfile.DuplicateKey, fleet.BadAddress, fleet.WebhookGiven, fleet.SamePortal}

func assertAgree(t *testing.T, schema *jsonschema.Schema, text string) {
	t.Helper()
	_, err := fleet.Read("a.yaml", []byte(text))
	all, _ := errors.AsType[yamlfile.Errors](err)
	if slices.ContainsFunc(all, func(e *yamlfile.Error) bool { return slices.Contains(beyondSchema, e.Code) }) {
		return
	}
	var value any
	if err := yaml.Unmarshal([]byte(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff"))), &value); err != nil {
		if all == nil {
			t.Fatalf("read, but no YAML: %v", err)
		}
		return
	}
	if schemaErr := schema.Validate(value); (schemaErr == nil) != (all == nil) {
		t.Errorf("the reader returns %v, the schema %v for:\n%s", err, schemaErr, text)
	}
}

func TestSchemaAndReaderAgree(t *testing.T) {
	s := schema(t)
	assertAgree(t, s, full)
	for _, c := range invalidYAML {
		assertAgree(t, s, c.text)
	}
}

func FuzzRead(f *testing.F) {
	s := schema(f)
	f.Add("a.yaml", []byte(full))
	f.Add("a.csv", []byte(fullCSV))
	for _, c := range invalidYAML {
		f.Add("a.yaml", []byte(c.text))
	}
	for _, c := range invalidCSV {
		f.Add("a.csv", []byte(c.text))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		portals, err := fleet.Read(name, data)
		if (len(portals) == 0) == (err == nil) {
			t.Fatalf("%d portals and %v", len(portals), err)
		}
		all, ok := errors.AsType[yamlfile.Errors](err)
		if err != nil && !ok {
			t.Fatalf("untyped: %v", err)
		}
		for _, e := range all {
			if e.File != name || e.Line < 1 || e.Column < 1 {
				t.Errorf("no clear error: %v", e)
			}
		}
		for _, p := range portals {
			if p.Address.Host == "" || p.Line < 1 {
				t.Errorf("read %+v", p)
			}
		}
		assertAgree(t, s, string(data))
	})
}
