package yamlfile

import (
	"fmt"
	"strings"
)

// Error is one thing wrong with a file, at a place. People read the text "requirements.error.<Code>", or the one of the kind of file, with Args.
type Error struct {
	File         string // as it was given
	Line, Column int    // from 1, the column in letters; 0 if the file could not be read at all
	Code         string // stable
	Args         map[string]any
}

// Error is for developers.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s %v", e.File, e.Line, e.Column, e.Code, e.Args)
}

// Errors are all that is wrong with a file, in the order of their places; at least one.
type Errors []*Error

func (es Errors) Error() string {
	texts := make([]string, len(es))
	for i, e := range es {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap makes errors.As find the first one.
func (es Errors) Unwrap() []error {
	list := make([]error, len(es))
	for i, e := range es {
		list[i] = e
	}
	return list
}

// Codes of what can be wrong with any file. Their arguments stand behind.
const (
	NotFound   = "not-found"
	Unreadable = "unreadable"
	TooBig     = "too-big" // limit, in KiB

	NotUTF8          = "not-utf8"
	UTF16            = "utf-16"
	ControlCharacter = "control-character"

	Empty            = "empty"
	BadSyntax        = "syntax"
	TabIndent        = "tab"
	TooDeep          = "too-deep"
	TooMany          = "too-many"  // limit
	NotPlain         = "not-plain" // found: anchors, aliases, tags and what else could make a small file large
	SeveralDocuments = "several-documents"

	WrongType    = "wrong-type"    // key, expected: "object", "list", "text", "number" or "yes-no"
	UnknownKey   = "unknown-key"   // key, nearest, allowed
	DuplicateKey = "duplicate-key" // key, first: line of the first
	MissingKey   = "missing-key"   // key

	BadFormatVersion = "bad-version" // value
	BadText          = "bad-text"    // key
	BadChoice        = "bad-choice"  // value, key, allowed
)
