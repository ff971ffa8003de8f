package portal

import (
	"encoding/json"
	"errors"
)

var (
	errJSONSyntax    = errors.New("not JSON")
	errJSONTruncated = errors.New("JSON ends early")
)

// scanJSON reads the one JSON value that b starts with, after white space. It
// returns the members of a top-level object (nil for any other value; only those
// that a reply can have, because a hostile one may have millions), and where the
// value ends: errJSONTruncated means that b ends inside it, errJSONSyntax that
// b[end] cannot follow b[:end]. Of members with the same key the last counts.
//
// Unlike encoding/json it allows text after the value, distinguishes an early end
// from a syntax error, has no depth limit because it doesn't recurse, and accepts
// bytes that aren't UTF-8.
func scanJSON(b []byte) (members map[string]json.RawMessage, end int, err error) {
	type want int
	const (
		value        want = iota // a value
		valueOrClose             // a value, or ] of an empty list
		key                      // a key
		keyOrClose               // a key, or } of an empty object
		after                    // , or the end of what is open
	)
	var open []byte // { and [ not yet closed
	state, i := value, 0
	var topKey string
	var topStart int

	for {
		for i < len(b) && isJSONSpace(b[i]) {
			i++
		}
		if i == len(b) {
			return nil, i, errJSONTruncated
		}
		done := false // a value ended at i
		switch c := b[i]; state {
		case key, keyOrClose:
			if c == '}' && state == keyOrClose {
				open, i, done = open[:len(open)-1], i+1, true
				break
			}
			var quoted []byte
			if quoted, i, err = scanKey(b, i); err != nil {
				return nil, i, err
			}
			if len(open) == 1 {
				topKey, topStart = replyKey(quoted), i
			}
			state = value
		case after:
			inObject := open[len(open)-1] == '{'
			switch {
			case c == ',' && inObject:
				i, state = i+1, key
			case c == ',':
				i, state = i+1, value
			case c == '}' && inObject, c == ']' && !inObject:
				open, i, done = open[:len(open)-1], i+1, true
			default:
				return nil, i, errJSONSyntax
			}
		default:
			switch {
			case c == '{':
				if len(open) == 0 {
					members = map[string]json.RawMessage{}
				}
				open, i, state = append(open, c), i+1, keyOrClose
			case c == '[':
				open, i, state = append(open, c), i+1, valueOrClose
			case c == ']' && state == valueOrClose:
				open, i, done = open[:len(open)-1], i+1, true
			default:
				if i, err = scanScalar(b, i); err != nil {
					return nil, i, err
				}
				done = true
			}
		}
		if !done {
			continue
		}
		switch {
		case len(open) == 0:
			return members, i, nil
		case len(open) == 1 && open[0] == '{':
			if topKey != "" {
				members[topKey] = trimJSON(b[topStart:i])
			}
		}
		state = after
	}
}

// scanKey returns the quoted key of an object that starts at b[i], and where the
// colon after it ends.
func scanKey(b []byte, i int) (quoted []byte, end int, err error) {
	if b[i] != '"' {
		return nil, i, errJSONSyntax
	}
	start := i
	if i, err = scanString(b, i); err != nil {
		return nil, i, err
	}
	quoted = b[start:i]
	for i < len(b) && isJSONSpace(b[i]) {
		i++
	}
	if i == len(b) {
		return nil, i, errJSONTruncated
	}
	if b[i] != ':' {
		return nil, i, errJSONSyntax
	}
	return quoted, i + 1, nil
}

// replyKey returns the key that a JSON string spells if a reply or an error can
// have it, otherwise "".
func replyKey(quoted []byte) string {
	if len(quoted) > 128 { // more than any key with all characters escaped
		return ""
	}
	var key string
	if json.Unmarshal(quoted, &key) != nil {
		return ""
	}
	switch key {
	case "result", "error", "error_description", "next", "total", "time", "code", "message", "localMessage":
		return key
	}
	return ""
}

func isJSONSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func trimJSON(b []byte) json.RawMessage {
	for len(b) > 0 && isJSONSpace(b[0]) {
		b = b[1:]
	}
	return json.RawMessage(b)
}

// scanString returns where the string that starts at b[i] ends.
func scanString(b []byte, i int) (int, error) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return i, errJSONSyntax
		case c == '\\':
			i++
			if i == len(b) {
				return i, errJSONTruncated
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					i++
					if i == len(b) {
						return i, errJSONTruncated
					}
					if !isHex(b[i]) {
						return i, errJSONSyntax
					}
				}
			default:
				return i, errJSONSyntax
			}
		}
	}
	return i, errJSONTruncated
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// scanScalar returns where the string, number or word that starts at b[i] ends.
func scanScalar(b []byte, i int) (int, error) {
	if b[i] == '"' {
		return scanString(b, i)
	}
	for _, word := range []string{"true", "false", "null"} {
		if b[i] != word[0] {
			continue
		}
		for j := range len(word) {
			if i+j == len(b) {
				return i + j, errJSONTruncated
			}
			if b[i+j] != word[j] {
				return i + j, errJSONSyntax
			}
		}
		return i + len(word), nil
	}
	return scanNumber(b, i)
}

func scanNumber(b []byte, i int) (int, error) {
	digits := func() error {
		if i == len(b) {
			return errJSONTruncated
		}
		if b[i] < '0' || b[i] > '9' {
			return errJSONSyntax
		}
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return nil
	}
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if err := digits(); err != nil {
		return i, err
	}
	if i < len(b) && b[i] == '.' {
		i++
		if err := digits(); err != nil {
			return i, err
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if err := digits(); err != nil {
			return i, err
		}
	}
	return i, nil
}
