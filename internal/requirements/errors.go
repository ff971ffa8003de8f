package requirements

import "boxready/internal/yamlfile"

// Error is one error in a file, with its position.
type Error = yamlfile.Error

// Errors are all errors in a file, in the order of their positions; at least one.
type Errors = yamlfile.Errors

// Codes of errors in a file, with their arguments; the arguments of the codes shared with other files are listed in package yamlfile.
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
