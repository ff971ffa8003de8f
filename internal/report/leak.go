package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"path"
	"slices"

	"boxready/checks"
	"boxready/internal/secret"
	"boxready/internal/untrusted"
	"boxready/internal/view"
)

// blanker is the last look for secrets, after the checks have masked them: what it finds it replaces as a whole, so that nobody's text
// can keep a report from being saved.
type blanker struct {
	known  *secret.Known
	blanks []string // what was replaced: paths of facts below their check's id, and names of files
}

// nothingBlanked is a blanker that finds nothing.
func nothingBlanked() *blanker { return &blanker{known: secret.NewScanner()} }

// note keeps the place of a replaced value.
func (b *blanker) note(place string) string {
	if !slices.Contains(b.blanks, place) {
		b.blanks = append(b.blanks, place)
	}
	return mask
}

var mask = secret.New("x").String()

func (b *blanker) text(s, place string) string {
	if b.known.Finds([]byte(s)) {
		return b.note(place)
	}
	return s
}

// value replaces strings, numbers and the names of fields.
func (b *blanker) value(v *view.Value, place string) {
	for i := range v.Inner {
		inner, at := &v.Inner[i], place
		if v.Kind == '{' {
			inner.Name = b.text(inner.Name, place)
			at = view.JoinPath(place, inner.Name)
		}
		b.value(inner, at)
	}
	if clean := b.text(v.Text, place); clean != v.Text {
		if v.Text = clean; !v.Quoted {
			v.Text = "0"
		}
	}
}

// args replaces values for sentences.
func (b *blanker) args(args checks.Args, place string) checks.Args {
	args = maps.Clone(args)
	for name, value := range args {
		switch v := value.(type) {
		case string:
			args[name] = b.text(v, place)
		case []string:
			clean := slices.Clone(v)
			for i := range clean {
				clean[i] = b.text(clean[i], place)
			}
			args[name] = clean
		}
	}
	return args
}

// file replaces a secret that several values have together, or that isn't a check's. The error is a *LeakError.
func (b *blanker) file(f *File) error {
	if !b.known.Finds(f.Data) {
		return nil
	}
	b.note(f.Name)
	if ext := path.Ext(f.Name); ext == ".json" || ext == ".jsonl" {
		var clean bytes.Buffer
		for decoder := json.NewDecoder(bytes.NewReader(f.Data)); ; {
			var one json.RawMessage
			if decoder.Decode(&one) != nil {
				break
			}
			clean.Write(blankJSON(b.known, one))
			clean.WriteByte('\n')
		}
		f.Data = clean.Bytes()
	} else {
		f.Data = []byte(b.known.Mask(string(f.Data)))
	}
	if b.known.Finds(f.Data) {
		return &LeakError{f.Name}
	}
	return nil
}

// blankJSON replaces values of JSON that have a secret.
func blankJSON(known *secret.Known, data []byte) []byte {
	v := view.ParseFacts(data)
	(&blanker{known: known}).value(&v, "")
	return untrusted.JSON(v.JSON())
}

// Blank returns a document in JSON without the values that have a secret. The error is a *LeakError.
func Blank(data []byte, secrets ...secret.String) ([]byte, error) {
	known := secret.NewScanner(secrets...)
	if known.Finds(data) {
		data = append(blankJSON(known, data), '\n')
	}
	if known.Finds(data) {
		return nil, &LeakError{"the data"}
	}
	return data, nil
}
