// Package assets holds what BoxReady carries with it besides code: the texts in Russian and English, the JSON Schema of its
// results, and the templates of the letter to the network's administrator and of the scripts that go with it.
package assets

import "embed"

//go:embed lang/en.json lang/ru.json
var Languages embed.FS

// ResultSchema is the JSON Schema of a run's result.
//
//go:embed schema/result.schema.json
var ResultSchema []byte

// Allowlist holds the templates of internal/allowlist.
//
//go:embed allowlist
var Allowlist embed.FS
