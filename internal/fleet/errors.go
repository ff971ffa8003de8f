package fleet

// Codes of errors in a list besides those of package yamlfile, with their arguments.
const (
	BadAddress    = "bad-address"    // reason: of a portal.AddressError
	SamePortal    = "same-portal"    // first: line
	BadCSV        = "csv"            // a quote, or a number of fields
	UnknownColumn = "unknown-column" // column, nearest, allowed
	SameColumn    = "same-column"    // column
	NoAddress     = "no-address"     // there is no column, or nothing in it
	BadYesNo      = "bad-yes-no"     // value, key
)
