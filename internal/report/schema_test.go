package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"testing"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/simtest/constants"

	"github.com/invopop/jsonschema"
)

//go:generate go test -run TestSchemaDescribesTheFacts -update .

var update = flag.Bool("update", false, "write the files that the tests compare with")

const schemaFile = "../../assets/schema/result.schema.json"

func TestSchemaDescribesTheFacts(t *testing.T) {
	schema, err := json.MarshalIndent(resultSchema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	schema = append(schema, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, schema, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(schema, assets.ResultSchema) {
		t.Errorf("%s is out of date; run make generate", schemaFile)
	}
}

type object = map[string]any

// resultSchema is the contract of check --format json and jsonl. The shape of each check's facts is derived from the Go types.
func resultSchema(t *testing.T) object {
	definitions := object{}
	var ids, causes []string
	var perCheck []object
	for _, c := range slices.Concat(checks.Catalog(), checks.SelfCatalog()) {
		ids = append(ids, string(c.ID))
		facts := []string{reflectInto(t, definitions, c.NewFacts()), "Crash"}
		if c.ID == checks.SelfClock { // portal-clock yields it too
			facts = append(facts, "ClockFacts")
		}
		perCheck = append(perCheck, object{
			"if":   object{"properties": object{"check": object{"const": c.ID}}},
			"then": object{"properties": object{"facts": anyOf(facts...)}},
		})
		for _, cause := range c.Causes {
			causes = append(causes, string(cause))
		}
	}
	for _, cause := range checks.CommonCauses() {
		causes = append(causes, string(cause))
	}
	reflectInto(t, definitions, &checks.Crash{})
	var reasons []string
	for _, reason := range constants.OfType(t, "checks/outcome.go", "Reason") {
		reasons = append(reasons, string(reason))
	}
	causes = append(causes, "")

	definitions["Result"] = closed(object{
		"check":   enum("ID of the check; never reused", ids),
		"state":   enum("", []string{"ok", "notice", "problem", "unknown", "skipped"}),
		"cause":   enum("why it is not ok; empty if ok or skipped", unique(causes)),
		"vantage": enum("from where it was seen", []string{"computer", "portal", "server", "outside"}),
		"owner":   enum("who fixes it; empty if ok or skipped", []string{"", "portal-admin", "server-admin", "network-admin", "vendor", "bitrix24", "you"}),
		"affects": object{"type": "array", "items": object{"enum": constants.OfType(t, "checks/check.go", "Affected")}},
		"acknowledged": closed(object{
			"reason": object{"type": "string", "description": "in the words of whoever left it as it is"},
			"until":  object{"type": "string", "format": "date-time", "description": "it counts again from then on; left out if there is no end"},
		}, nil),
		"because": object{"type": "string", "description": "ID of the check that a skipped one waits for; otherwise empty"},
		"facts":   object{"type": "object", "description": "what the check saw; empty if it was not made"},
		"title":   object{"type": "string"},
		"text":    object{"type": "string"},
		"steps":   object{"type": "array", "items": object{"type": "string"}},
		"more":    object{"type": "string", "description": "address of a documentation page, or empty"},
		"took_ms": object{"type": "integer", "minimum": 0},
	}, perCheck)
	optional(definitions["Result"].(object), "acknowledged")
	optional(definitions["Result"].(object)["properties"].(object)["acknowledged"].(object), "until")
	count := object{"type": "integer", "minimum": 0}
	summary := object{
		"schema": object{"const": 1},
		"id":     object{"type": "string", "description": "short ID of the run, the same in all that is made of it"},
		"tool": optional(closed(object{
			"name": object{"const": "boxready"}, "version": object{"type": "string"},
			"catalogue": object{"type": "string", "format": "date", "description": "day of the list of methods, events and hosts"},
			"renewed":   object{"type": "boolean", "description": "whether that list is newer than the built-in one"},
		}, nil), "catalogue", "renewed"),
		"portal":       object{"type": "string", "format": "uri"},
		"started":      object{"type": "string", "format": "date-time"},
		"finished":     object{"type": "string", "format": "date-time"},
		"verdict":      enum("", constants.OfType(t, "checks/outcome.go", "Verdict")),
		"counts":       closed(object{"ok": count, "notice": count, "problem": count, "unknown": count, "skipped": count}, nil),
		"acknowledged": object{"type": "integer", "minimum": 1, "description": "findings that were acknowledged, which are not among counts; left out if there are none"},
		"not_checked": object{"type": "array", "items": closed(object{
			"check":  object{"type": "string"},
			"reason": enum("what it would have needed", reasons),
		}, nil)},
		"baseline": object{"$ref": "#/$defs/Baseline", "description": "what changed since the run that it was compared with; left out if it wasn't"},
		"endings": object{"type": "array", "description": "what ends and when, as far as it is known, the earliest first", "items": closed(object{
			"what":  enum("", constants.WithPrefix(t, "internal/view/endings.go", "Ends")),
			"check": object{"type": "string", "description": "ID of the check whose facts tell it"},
			"name":  object{"type": "string", "description": "what it is about"},
			"at":    object{"type": "string", "format": "date-time"},
		}, nil)},
		"setup": enum("how the portal's server is set up; left out if that isn't known", constants.OfType(t, "checks/setup.go", "Setup")),
	}
	reflectInto(t, definitions, &report.Baseline{})
	definitions["Summary"] = optional(closed(summary, nil), "setup", "id", "endings", "acknowledged", "baseline")
	whole := object{"results": object{"type": "array", "items": object{"$ref": "#/$defs/Result"}}}
	for name, property := range summary {
		whole[name] = property
	}
	root := optional(closed(whole, nil), "setup", "id", "endings", "acknowledged", "baseline")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "urn:boxready:schema:result:1"
	root["title"] = "Result of boxready check --format json"
	root["description"] = "A line of --format jsonl is a #/$defs/Result, the last one a #/$defs/Summary."
	root["$defs"] = definitions
	return root
}

// optional is an object in which properties may be left out.
func optional(o object, properties ...string) object {
	o["required"] = slices.DeleteFunc(o["required"].([]string), func(name string) bool { return slices.Contains(properties, name) })
	return o
}

// closed is an object with exactly these properties.
func closed(properties object, allOf []object) object {
	var required []string
	for name := range properties {
		required = append(required, name)
	}
	o := object{"type": "object", "properties": properties, "required": unique(required), "additionalProperties": false}
	if allOf != nil {
		o["allOf"] = allOf
	}
	return o
}

func enum(description string, values []string) object {
	o := object{"enum": values}
	if description != "" {
		o["description"] = description
	}
	return o
}

// anyOf allows the named definitions and the empty object.
func anyOf(names ...string) object {
	options := []object{{"type": "object", "maxProperties": 0}}
	for _, name := range names {
		options = append(options, object{"$ref": "#/$defs/" + name})
	}
	return object{"anyOf": options}
}

// reflectInto adds the definitions of v's type and of those in it, and returns its name.
func reflectInto(t *testing.T, definitions object, v any) string {
	t.Helper()
	reflector := jsonschema.Reflector{Anonymous: true, Mapper: func(typ reflect.Type) *jsonschema.Schema {
		if typ == reflect.TypeFor[netip.Addr]() {
			return &jsonschema.Schema{Type: "string"}
		}
		return nil
	}}
	data, err := json.Marshal(reflector.Reflect(v).Definitions)
	if err != nil {
		t.Fatal(err)
	}
	var found object
	if err := json.Unmarshal(data, &found); err != nil {
		t.Fatal(err)
	}
	for name, definition := range found {
		definitions[name] = definition
	}
	return reflect.TypeOf(v).Elem().Name()
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
