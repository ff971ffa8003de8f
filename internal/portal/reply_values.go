package portal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Int is a whole number in a result, in any form that portals send: 5, "5", 5.0;
// null, false and "" are 0.
type Int int64

// UnmarshalJSON implements json.Unmarshaler.
func (i *Int) UnmarshalJSON(b []byte) error {
	text, err := scalar(b)
	if err != nil {
		return fmt.Errorf("whole number: %w", err)
	}
	switch text {
	case "", "null", "false":
		*i = 0
		return nil
	case "true":
		*i = 1
		return nil
	}
	n, err := parseWhole(text)
	if err != nil {
		return err
	}
	*i = Int(n)
	return nil
}

// Bool is a boolean in a result, in any form that portals send: true, "true",
// "Y", 1, "1"; false, "false", "N", 0, "0", "" and null.
type Bool bool

// UnmarshalJSON implements json.Unmarshaler.
func (y *Bool) UnmarshalJSON(b []byte) error {
	text, err := scalar(b)
	if err != nil {
		return fmt.Errorf("yes or no: %w", err)
	}
	switch strings.ToLower(text) {
	case "true", "y", "yes", "1":
		*y = true
	case "false", "n", "no", "0", "", "null":
		*y = false
	default:
		return fmt.Errorf("yes or no: unexpected value of %d bytes", len(b))
	}
	return nil
}

// Text is a string or a number in a result: PHP sends either. Anything else is "".
type Text string

// UnmarshalJSON implements json.Unmarshaler; it never fails.
func (t *Text) UnmarshalJSON(b []byte) error {
	text, err := scalar(b)
	if err != nil || bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		text = ""
	}
	*t = Text(text)
	return nil
}

// Map is an object in a result. PHP sends an empty one as [], and one whose keys
// are 0, 1, 2 … as a list.
type Map[V any] map[string]V

// UnmarshalJSON implements json.Unmarshaler.
func (m *Map[V]) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case bytes.Equal(b, []byte("null")):
		*m = Map[V]{}
		return nil
	case len(b) > 0 && b[0] == '[':
		var list []V
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		*m = make(Map[V], len(list))
		for i, v := range list {
			(*m)[strconv.Itoa(i)] = v
		}
		return nil
	}
	object := map[string]V{}
	if err := json.Unmarshal(b, &object); err != nil {
		return err
	}
	*m = object
	return nil
}

// scalar returns a JSON string's content or another scalar's literal, trimmed.
func scalar(b []byte) (string, error) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return "", fmt.Errorf("no value")
	}
	switch b[0] {
	case '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return "", err
		}
		return strings.TrimSpace(s), nil
	case '{':
		return "", fmt.Errorf("an object")
	case '[':
		return "", fmt.Errorf("a list")
	}
	return string(b), nil
}

func parseWhole(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	// Beyond 2^53 a float is not exact.
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, fmt.Errorf("not a whole number")
	}
	return int64(f), nil
}

// readInt reads an optional count; nil if it can't.
func readInt(raw json.RawMessage) *int {
	text, err := scalar(raw)
	if err != nil {
		return nil
	}
	n, err := parseWhole(text)
	if err != nil || int64(int(n)) != n {
		return nil
	}
	i := int(n)
	return &i
}

// readFloat reads an optional number; 0 if it can't.
func readFloat(raw json.RawMessage) float64 {
	text, err := scalar(raw)
	if err != nil {
		return 0
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
