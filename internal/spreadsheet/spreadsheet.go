// Package spreadsheet writes tables as CSV that spreadsheet programs open with a double click.
package spreadsheet

import (
	"encoding/csv"
	"io"

	"boxready/internal/lazyregexp"
)

// byteOrderMark tells Excel that the file is UTF-8; it takes others for the system's old encoding.
const byteOrderMark = "\ufeff"

// Writer writes a table. The names of columns are codes, the same in every language, so that scripts and saved filters keep working.
type Writer struct {
	table *csv.Writer
	err   error
}

// NewWriter begins a table for readers of a language. Where a comma separates decimals, as in Russian, Excel expects a semicolon
// between cells.
func NewWriter(out io.Writer, lang string) *Writer {
	w := &Writer{table: csv.NewWriter(out)}
	if lang == "ru" {
		w.table.Comma = ';'
	}
	_, w.err = io.WriteString(out, byteOrderMark)
	return w
}

// formula is where a spreadsheet would take text for a formula: at the start of a cell, or behind what separates cells where
// the system is set to another separator. https://owasp.org/www-community/attacks/CSV_Injection
var formula = lazyregexp.New(`(^|[,;\t\r\n]["']?)([=+\-@＝＋－＠])`)

// Row writes a row. Cells may be untrusted: none becomes a formula.
func (w *Writer) Row(cells ...string) {
	safe := make([]string, len(cells))
	for i, cell := range cells {
		safe[i] = formula().ReplaceAllString(cell, "$1'$2")
	}
	if err := w.table.Write(safe); w.err == nil {
		w.err = err
	}
}

// Close writes what is left, and returns the first error.
func (w *Writer) Close() error {
	w.table.Flush()
	if w.err == nil {
		w.err = w.table.Error()
	}
	return w.err
}
