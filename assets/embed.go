// Package assets holds what BoxReady carries with it besides code: the texts in Russian and English, the window's icons, the
// JSON Schemas of results and of files of requirements, and ready files of requirements.
package assets

import "embed"

//go:embed lang/en.json lang/ru.json
var Languages embed.FS

// Icons are the window's pictures, in one colour each.
//
//go:embed icons/*.svg
var Icons embed.FS

// ResultSchema is the JSON Schema of a run's result.
//
//go:embed schema/result.schema.json
var ResultSchema []byte

// RequirementsSchema is the JSON Schema of a file of requirements.
//
//go:embed schema/requirements.schema.json
var RequirementsSchema []byte

// Requirements holds ready files of requirements for common kinds of applications.
//
//go:embed requirements/*.boxready.yaml
var Requirements embed.FS

// Licences are those of everything that BoxReady is made of: licences/<module>.txt, and licences/go.txt.
//
//go:embed licences
var Licences embed.FS
