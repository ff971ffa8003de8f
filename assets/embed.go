// Package assets holds what BoxReady carries with it besides code: the texts in Russian and English, the window's icons, the
// JSON Schemas of results, of files of requirements and of lists of portals, ready files of requirements, and the templates of reports, of the letter
// to the network's administrator and of the scripts that go with it.
package assets

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
)

//go:embed lang/en.json.gz lang/ru.json.gz
var languages embed.FS

// Texts returns the texts in a language, "en" or "ru", as the file lang/LANGUAGE.json has them.
func Texts(lang string) ([]byte, error) {
	packed, err := languages.ReadFile("lang/" + lang + ".json.gz")
	if err != nil {
		return nil, err
	}
	return unpack(packed)
}

func unpack(packed []byte) ([]byte, error) {
	text, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack what the program carries: %w", err)
	}
	return io.ReadAll(text)
}

// Icons are the window's pictures, in one colour each.
//
//go:embed icons/*.svg
var Icons embed.FS

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

// RequirementsSchema is the JSON Schema of a file of requirements.
//
//go:embed schema/requirements.schema.json
var RequirementsSchema []byte

// PortalsSchema is the JSON Schema of a list of portals.
//
//go:embed schema/portals.schema.json
var PortalsSchema []byte

// Requirements holds ready files of requirements for common kinds of applications.
//
//go:embed requirements/*.boxready.yaml
var Requirements embed.FS

// Allowlist holds the templates of internal/allowlist.
//
//go:embed allowlist
var Allowlist embed.FS

// Probe holds the scripts that look at a portal's server, as templates (text/template).
//
//go:embed probe/probe.php probe/cli.php probe/probe.sh probe/probe.ps1
var Probe embed.FS

// AcknowledgedSchema is the JSON Schema of a file of acknowledged findings.
//
//go:embed schema/acknowledged.schema.json
var AcknowledgedSchema []byte
