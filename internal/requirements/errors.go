package requirements

import "boxready/internal/yamlfile"

// Error is one thing wrong with a file, at a place.
type Error = yamlfile.Error

// Errors are all that is wrong with a file, in the order of their places; at least one.
type Errors = yamlfile.Errors

// Codes of what can be wrong with a file. Their arguments stand behind; those of the ones that any file can have, in yamlfile.
const (
	NotFound   = yamlfile.NotFound
	Unreadable = yamlfile.Unreadable
	TooBig     = yamlfile.TooBig

	NotUTF8          = yamlfile.NotUTF8
	UTF16            = yamlfile.UTF16
	ControlCharacter = yamlfile.ControlCharacter

	Empty            = yamlfile.Empty
	BadSyntax        = yamlfile.BadSyntax
	TabIndent        = yamlfile.TabIndent
	TooDeep          = yamlfile.TooDeep
	TooMany          = yamlfile.TooMany
	NotPlain         = yamlfile.NotPlain
	SeveralDocuments = yamlfile.SeveralDocuments

	WrongType    = yamlfile.WrongType
	UnknownKey   = yamlfile.UnknownKey
	DuplicateKey = yamlfile.DuplicateKey
	MissingKey   = yamlfile.MissingKey

	BadFormatVersion = yamlfile.BadFormatVersion
	BadText          = yamlfile.BadText
	BadName          = "bad-name"           // value, nearest
	BadModule        = "bad-module"         // value
	BadModuleVersion = "bad-module-version" // module, value
	BadHost          = "bad-host"           // value
	BadPort          = "bad-port"           // value
	BadURL           = "bad-url"            // value
	BadChoice        = yamlfile.BadChoice
)

// Codes lists them all.
func Codes() []string {
	return []string{NotFound, Unreadable, TooBig, NotUTF8, UTF16, ControlCharacter, Empty, BadSyntax, TabIndent, TooDeep, TooMany, NotPlain,
		SeveralDocuments, WrongType, UnknownKey, DuplicateKey, MissingKey, BadFormatVersion, BadText, BadName, BadModule, BadModuleVersion,
		BadHost, BadPort, BadURL, BadChoice}
}
