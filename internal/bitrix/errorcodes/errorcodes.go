// Package errorcodes is the table of error codes that a portal and the authorization server answer with, each with its meaning and
// source. The product branches on the codes of package bitrix only; tests compare them with this table.
package errorcodes

import (
	"slices"

	"boxready/internal/bitrix"
)

// A Speaker is the server that an error code comes from.
type Speaker string

// The speakers. A portal relays the authorization server's answer about a
// token, so a code of the latter also arrives in answers of the former.
const (
	SpeakerPortal     Speaker = "portal"
	SpeakerAuthServer Speaker = "authorization server"
)

// A Row is one row of the table of error codes: what one code means
// when one speaker sends it.
type Row struct {
	Code        string  // as sent
	Speaker     Speaker // where it originates
	API         int     // 3 for codes of REST 3.0, otherwise 2
	Meaning     string  // short English
	Description string  // usual error_description, "" if it varies or is not known
	Status      []int   // HTTP statuses, documented first; they disagree, so never decide by them
	Source      string  // documentation page, or the module and version, or the SDK it was seen in
}

// Rows returns the table of error codes. A code that both speakers use has a
// row for each. The caller owns the slice, not the slices inside it.
func Rows() []Row { return slices.Clone(table) }

// Find returns the rows of code, compared as bitrix.SameCode does: none if it
// is not known, several if it means different things by speaker or by letter
// case.
func Find(code string) []Row {
	var found []Row
	for _, e := range table {
		if bitrix.SameCode(e.Code, code) {
			found = append(found, e)
		}
	}
	return found
}

// Known reports whether code is in the table.
func Known(code string) bool { return Find(code) != nil }
