package fleet

// Codes of errors in a list besides those of package yamlfile, with their arguments.
const (
	BadAddress    = "bad-address"    // reason: of a portal.AddressError
	WebhookGiven  = "webhook-given"  // an incoming webhook's address instead of a portal's
	SamePortal    = "same-portal"    // first: line
	BadCSV        = "csv"            // wrong quoting, or a wrong number of fields
	UnknownColumn = "unknown-column" // column, nearest, allowed
	SameColumn    = "same-column"    // column
	NoAddress     = "no-address"     // the column is missing or empty
	BadYesNo      = "bad-yes-no"     // value, key
)
