package assets_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"boxready/assets"
	"boxready/internal/simtest/testenv"
	"boxready/internal/yamlfile"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var schemas = map[string]json.RawMessage{"requirements": assets.RequirementsSchema, "portals": assets.PortalsSchema, "acknowledged": assets.AcknowledgedSchema, "result": assets.ResultSchema}

// sample is a value, and whether it is as a schema wants it.
type sample struct {
	Schema string          `json:"schema"`
	Value  json.RawMessage `json:"value"`
	valid  bool
}

const skippedResult = `{"check": "portal-clock", "state": "skipped", "cause": "", "vantage": "computer", "owner": "", "affects": [], "because": "portal-tcp", "facts": {},
	"title": "", "text": "", "steps": [], "more": "", "took_ms": 0}`

// samples has valid and invalid values for each form that a schema knows, on the border of what it takes.
func samples() (list []sample) {
	add := func(schema string, valid bool, values ...string) {
		for _, v := range values {
			list = append(list, sample{schema, json.RawMessage(v), valid})
		}
	}
	letters := strings.Repeat("я", 200)
	requirement := func(valid bool, values ...string) {
		for _, v := range values {
			add("requirements", valid, `{"boxready": 1, `+v+`}`)
		}
	}
	requirement(true, `"scopes": null`, `"methods": ["crm.item.list", "batch"]`, `"application": {"name": "Счета 🙂"}`, `"application": {"name": {"en": "a", "ru": "я"}, "support": "https://пример.рф/a?b#c"}`,
		`"application": {"name": "`+letters+`"}`, `"modules": {"crm": ">=23.300.0", "a_b.c": "installed"}`, `"hosts": [{"host": "пример.рф", "direction": "app-to-portal", "port": 443.0}]`,
		`"hosts": [{"host": "a-b.example.com", "direction": "portal-to-app"}]`, `"receiver": "https://a.example:8443"`, `"handlers": {"where": "lan"}`)
	requirement(false, `"scope": []`, `"methods": ["crm.item.list\n"]`, `"methods": ["crm..list"]`, `"methods": ["срм"]`, `"application": {"name": ""}`, `"application": {"name": "a\n"}`, `"application": {"name": "a\u200bb"}`,
		`"application": {"name": "a\u202eb"}`, `"application": {"name": "\udb40\udc21"}`, `"application": {"name": "`+letters+`я"}`, `"application": {"name": {"en": "a"}}`, `"application": {"name": "a", "support": "http://a.example"}`,
		`"modules": {"crm\n": "installed"}`, `"modules": {"crm": ">=23"}`, `"modules": {"crm": "installed\n"}`, `"hosts": [{"host": "-a.example", "direction": "app-to-portal"}]`,
		`"hosts": [{"host": "a_b.example", "direction": "app-to-portal"}]`, `"hosts": [{"host": "a.example\n", "direction": "app-to-portal"}]`, `"hosts": [{"host": "a.example"}]`,
		`"hosts": [{"host": "a.example", "direction": "app-to-portal", "port": 0}]`, `"receiver": "https://a.example\n"`, `"receiver": "https://a b.example"`, `"handlers": {"where": "cloud"}`)
	add("requirements", false, `{}`, `[]`, `{"boxready": 2}`, `{"boxready": "1"}`, `{"boxready": true}`)
	add("portals", true, `{"boxready": 1, "portals": [{"address": "portal.example.com", "deep": true}]}`)
	add("portals", false, `{"boxready": 1, "portals": []}`, `{"boxready": 1, "portals": [{"address": "a\u00adb"}]}`, `{"boxready": 1, "portals": [{"address": "a\n"}]}`, `{"boxready": 1, "portals": [{"adress": "a"}]}`, `{"portals": [{"address": "a"}]}`)
	acknowledged := func(valid bool, entries ...string) {
		for _, e := range entries {
			add("acknowledged", valid, `{"boxready": 1, "acknowledged": [`+e+`]}`)
		}
	}
	acknowledged(true, ``, `{"portal": "a.example", "check": "modules", "cause": "module-missing", "reason": "later"}`,
		`{"portal": "a.example", "check": "modules", "cause": "module-missing", "state": "problem", "about": ["crm"], "reason": "later", "until": "2027-01-31", "made": "2026-12-01T00:00:00Z"}`)
	acknowledged(false, `{"portal": "a.example", "check": "modules", "cause": "module-missing"}`, `{"portal": "a.example", "check": "modules", "cause": "module-missing", "reason": ""}`,
		`{"portal": "a.example", "check": "modules", "cause": "module-missing", "reason": "a", "state": "ok"}`, `{"portal": "a.example", "check": "Modules", "cause": "a", "reason": "a"}`,
		`{"portal": "a.example", "check": "modules", "cause": "module-missing", "reason": "a", "untill": "2027-01-31"}`)
	add("acknowledged", false, `{}`, `{"boxready": 2, "acknowledged": []}`)
	report := func(change ...string) string {
		return strings.NewReplacer(change...).Replace(`{"schema": 1, "tool": {"name": "boxready", "version": "1"}, "portal": "https://a.example", "started": "2026-01-01T00:00:00Z", "finished": "2026-01-01T00:00:00Z",
			"verdict": "ready", "counts": {"ok": 0, "notice": 0, "problem": 0, "unknown": 0, "skipped": 1}, "not_checked": [], "results": [` + skippedResult + `]}`)
	}
	add("result", true, report(), report(skippedResult, ""))
	add("result", false, report(`"schema": 1`, `"schema": 2`), report(`"skipped", "cause"`, `"fine", "cause"`), report(`"took_ms": 0`, `"took_ms": -1`), report(`"facts": {}`, `"facts": {"no": 1}`), report(`"results"`, `"result"`))
	return list
}

// Go's, JavaScript's and Python's validators take the schemas, and judge each sample alike.
func TestEveryValidatorTakesTheSchemas(t *testing.T) {
	given, err := json.Marshal(map[string]any{"schemas": schemas, "samples": samples()})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("Go", func(t *testing.T) { assertVerdicts(t, verdictsInGo(t)) })
	t.Run("ajv", func(t *testing.T) {
		dir, err := exec.Command("../packaging/npm", "testdata/ajv").Output()
		if err != nil {
			testenv.Missing(t, "ajv can't be installed: %v", err)
		}
		assertVerdicts(t, verdictsOf(t, given, "node", "testdata/ajv/validate.mjs", strings.TrimSpace(string(dir))))
	})
	t.Run("Python", func(t *testing.T) {
		const python = "/usr/bin/python3" // Debian's, which has Debian's packages
		if err := exec.Command(python, "-c", "import jsonschema").Run(); err != nil {
			testenv.Missing(t, "python3-jsonschema is not installed")
		}
		assertVerdicts(t, verdictsOf(t, given, python, "testdata/validate.py"))
	})
}

func assertVerdicts(t *testing.T, valid []bool) {
	t.Helper()
	all := samples()
	if len(valid) != len(all) {
		t.Fatalf("%d verdicts for %d samples", len(valid), len(all))
	}
	for i, s := range all {
		if valid[i] != s.valid {
			t.Errorf("valid: %v, want %v: %s", valid[i], s.valid, s.Value)
		}
	}
}

func verdictsOf(t *testing.T, given []byte, program string, args ...string) (valid []bool) {
	t.Helper()
	var errs bytes.Buffer
	c := exec.Command(program, args...) // #nosec G204 -- the test's own programs
	c.Stdin, c.Stderr = bytes.NewReader(given), &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.Bytes())
	}
	if err := json.Unmarshal(out, &valid); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return valid
}

func verdictsInGo(t *testing.T) (valid []bool) {
	t.Helper()
	compiled := map[string]*jsonschema.Schema{}
	for name, schema := range schemas {
		compiled[name] = compile(t, schema)
	}
	for _, s := range samples() {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.Value))
		if err != nil {
			t.Fatalf("%v in %s", err, s.Value)
		}
		valid = append(valid, compiled[s.Schema].Validate(value) == nil)
	}
	return valid
}

// compile compiles a schema under its own address.
func compile(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	id, _ := value.(map[string]any)["$id"].(string)
	if id == "" {
		t.Fatal("the schema has no $id")
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(id, value); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(id)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// The characters that a text may not hold, because they act on a terminal or nobody sees them, are listed: not every validator knows their
// classes by name. Emoji need two selectors.
func TestTextHasNoInvisibleCharacters(t *testing.T) {
	for name, schema := range map[string][]byte{"requirements": assets.RequirementsSchema, "portals": assets.PortalsSchema} {
		var s struct {
			Defs map[string]struct{ Not struct{ Pattern string } } `json:"$defs"`
		}
		if err := json.Unmarshal(schema, &s); err != nil {
			t.Fatal(err)
		}
		refused := regexp.MustCompile(s.Defs["text"].Not.Pattern)
		for c := rune(0); c <= unicode.MaxRune; c++ {
			want := c == '\u2800' || c != '\ufe0e' && c != '\ufe0f' &&
				unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
			if utf8.ValidRune(c) && (refused.MatchString(string(c)) != want || c != '\n' && yamlfile.IsText(string(c)) == want) {
				t.Errorf("%s: %U is refused: %v, by the reader: %v, expected %v", name, c, refused.MatchString(string(c)), !yamlfile.IsText(string(c)), want)
			}
		}
	}
}
