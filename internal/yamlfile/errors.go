package yamlfile

import (
	"fmt"
	"strings"
)

// Error is one mistake in a file. Users see the text "requirements.error.<Code>", or that of the kind of file, with Args.
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

// Errors are the mistakes in a file, in order of position; at least one.
type Errors []*Error

func (es Errors) Error() string {
	texts := make([]string, len(es))
	for i, e := range es {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap lets errors.As find the first one.
func (es Errors) Unwrap() []error {
	list := make([]error, len(es))
	for i, e := range es {
		list[i] = e
	}
	return list
}

// Codes of mistakes in any file, with their arguments. If key is a list and one of its items is meant, item is its number, from 1.
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
	TooMany          = "too-many"  // limit, and count of a list
	NotPlain         = "not-plain" // found: an anchor, alias, tag or other syntax that could expand a small file
	SeveralDocuments = "several-documents"

	WrongType    = "wrong-type"    // key, expected: "object", "list", "text", "number" or "yes-no"
	UnknownKey   = "unknown-key"   // key, nearest, allowed
	DuplicateKey = "duplicate-key" // key, first: line of the first
	MissingKey   = "missing-key"   // key

	BadFormatVersion = "bad-version" // value
	BadText          = "bad-text"    // key, fault: see TextFault
	BadChoice        = "bad-choice"  // value, key, allowed
)
