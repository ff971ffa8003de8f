// Package assets holds what BoxReady carries with it besides code: the texts in Russian and English, the JSON Schema of its
// results and the page that a report is read on.
package assets

import "embed"

//go:embed lang/en.json lang/ru.json
var Languages embed.FS

// ResultSchema is the JSON Schema of a run's result.
//
//go:embed schema/result.schema.json
var ResultSchema []byte

// ReportPage is the template (html/template) of a report's page, ReportStyle its looks.
//
//go:embed report/report.html
var ReportPage string

//go:embed report/report.css
var ReportStyle string
