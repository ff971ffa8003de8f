package model

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Fact is a name and its value, as the window shows them.
type Fact struct{ Name, Value string }

// inWords returns the facts that have a name in the reader's language, at most most, and whether others are left out.
func inWords(w *words.Texts, all []view.Fact, most int) (facts []Fact, more bool) {
	for _, f := range all {
		name, ok := factName(w, f.Path)
		if !ok || f.Value == "" {
			more = more || f.Value != ""
			continue
		}
		if len(facts) == most {
			return facts, true
		}
		facts = append(facts, Fact{name, factValue(w, f)})
	}
	return facts, more
}

// factName is the name of the fact with a path: of its field, and in brackets what it is about, such as "token 1".
func factName(w *words.Texts, path string) (string, bool) {
	fields := strings.Split(path, ".")
	last := len(fields) - 1
	name, ok := w.Find("fact." + fields[last])
	if last > 0 && fields[last-1] == "modules" { // the name is the module's
		name, ok = w.Say("fact.module", nil)+" "+fields[last], true
		fields = fields[:last]
	}
	if !ok {
		return "", false
	}
	var about []string
	for _, field := range fields[:len(fields)-1] {
		if field == "times" {
			continue
		}
		if _, err := strconv.Atoi(field); err == nil && len(about) > 0 {
			about[len(about)-1] += " " + field
			continue
		}
		word, ok := w.Find("fact-of." + field)
		if !ok {
			return "", false
		}
		about = append(about, word)
	}
	if about != nil {
		name += " (" + strings.Join(about, ", ") + ")"
	}
	return name, true
}

// factValue is a value in the reader's language: codes in words, times as on the computer's clock. Everything else is as it was
// seen.
func factValue(w *words.Texts, f view.Fact) string {
	field := f.Path[strings.LastIndexByte(f.Path, '.')+1:]
	if id := checks.ID(f.Value); w.Knows(id) {
		return w.Name(id)
	}
	if text, ok := w.Find("fact-value." + field + "-" + f.Value); ok {
		return text
	}
	if at, err := time.Parse(time.RFC3339Nano, f.Value); err == nil {
		return at.Local().Format(w.Say("format.date", nil) + " 15:04:05")
	}
	switch {
	case f.Value == "true":
		return w.Say("format.yes", nil)
	case f.Value == "false":
		return w.Say("format.no", nil)
	case !f.List:
		return f.Value
	}
	values := strings.Split(f.Value, ", ")
	for i, value := range values {
		if text, ok := w.Find("fact-value." + field + "-" + value); ok {
			values[i] = text
		}
	}
	return w.More(strings.Join(values, ", "), f.More)
}

// FactsText returns all facts of a result as JSON, as in a report.
func FactsText(r checks.Result) string {
	text, err := json.MarshalIndent(r.Facts, "", "  ")
	if err != nil {
		return ""
	}
	return string(untrusted.JSON(text))
}
