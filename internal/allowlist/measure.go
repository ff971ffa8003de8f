package allowlist

import (
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
)

// Measurement is the result of the last run for a row.
type Measurement struct {
	// State is OK: open; Problem: closed; Unknown: undetermined; "" if nothing was measured.
	State   checks.State
	Vantage checks.Vantage
	Check   checks.ID // which measures the row; "" if none can
	// EitherRegion means that it is about the host of the portal's region, which isn't known.
	EitherRegion bool
	When         time.Time
	Acknowledged bool // somebody left it as it is
}

// key is the last part of the text's key.
func (m Measurement) key() string {
	switch {
	case m.Check == "":
		return "not-from-here"
	case m.State == "":
		return "not-yet"
	case m.EitherRegion && m.State == checks.OK:
		return "either"
	case m.EitherRegion:
		return "either-closed"
	case !slices.Contains([]checks.Vantage{checks.FromComputer, checks.FromPortal, checks.FromServer, checks.FromOutside}, m.Vantage):
		return "unclear" // from an untrusted report
	case m.State == checks.OK:
		return "open." + string(m.Vantage)
	case m.State == checks.Problem:
		return "closed." + string(m.Vantage)
	}
	return "unclear"
}

// A rowCheck is a check that measures whether rows are open.
type rowCheck struct {
	check checks.ID
	rows  []string // IDs
	dir   bitrix.Direction
	// Causes that prove the connection open or closed. OK and notice mean open; other causes prove neither.
	open, closed []checks.Cause
	// external means that the check uses pasted data or changes something: it isn't repeated just
	// to see whether a row is open now.
	external bool
}

// rowChecks are in the order of their precedence. If a portal relays a refusal of the authorization server, the connection
// to it is open.
var rowChecks = []rowCheck{
	{check: checks.TokenAccepted, rows: authServer, dir: bitrix.PortalOut, open: relayedErrors, closed: []checks.Cause{checks.AuthServerUnreachable}},
	{check: checks.AuthServerFromPortal, rows: authServer, dir: bitrix.PortalOut, open: relayedErrors, closed: []checks.Cause{checks.AuthServerUnreachable}},
	{check: checks.EventDelivery, rows: authServer, dir: bitrix.PortalOut, external: true}, // a missing event may have many other causes
	{check: checks.ServerAuthServer, rows: authServer, dir: bitrix.PortalOut, open: []checks.Cause{checks.CABundleOutdated},
		closed: []checks.Cause{checks.AuthServerUnreachable, checks.ProxyNotForREST}, external: true},
	{check: checks.PortalFromInternet, rows: portalAccess, dir: bitrix.PortalIn, closed: []checks.Cause{checks.NotSeenFromOutside}, external: true},
	{check: checks.PortalTCP, rows: portalAccess, dir: bitrix.PortalIn, closed: []checks.Cause{checks.TCPRefused, checks.TCPTimeout}},
}

var (
	authServer    = []string{"oauth", "oauth-w"}
	portalAccess  = []string{"app-rest", "web"}
	relayedErrors = []checks.Cause{checks.LicenceRejected, checks.PortalCredentialsRefused}
)

// checksOf returns the checks that measure a row.
func checksOf(r Row) []rowCheck {
	return slices.DeleteFunc(slices.Clone(rowChecks), func(m rowCheck) bool { return m.dir != r.Direction || !slices.Contains(m.rows, r.ID()) })
}

// Checks returns the checks that measure the rules' rows, each once: those to repeat after the network has changed.
func (r *Rules) Checks() []checks.ID {
	var ids []checks.ID
	for _, row := range r.Rows {
		for _, m := range checksOf(row) {
			if !m.external {
				ids = add(ids, m.check)
			}
		}
	}
	return ids
}

// Closed returns the rules for those connections alone that the last run found closed, except where that was acknowledged.
func (r *Rules) Closed() *Rules {
	closed := *r
	closed.Lists, closed.Missing = nil, nil // no check measures the row with these addresses
	closed.Rows = slices.DeleteFunc(slices.Clone(r.Rows), func(row Row) bool { return row.Measured.State != checks.Problem || row.Measured.Acknowledged })
	return &closed
}

// measure returns the last run's result for a row with the highest precedence.
func (r *Rules) measure(row Row) (found Measurement) {
	for _, m := range checksOf(row) {
		if found.State == checks.OK || found.State == checks.Problem {
			break
		}
		if found.State == "" {
			found.Check = m.check
		}
		if r.Outcome == nil {
			continue
		}
		for _, result := range r.Outcome.Results {
			if result.Check == m.check && result.State != checks.Skipped && found.State != checks.Problem {
				found = Measurement{Check: m.check, State: m.state(result), Vantage: result.Vantage, When: r.Outcome.Finished, Acknowledged: result.Acknowledged != nil}
			}
		}
	}
	found.EitherRegion = (found.State == checks.OK || found.State == checks.Problem && found.Vantage == checks.FromPortal) && row.Direction == bitrix.PortalOut && r.Region == ""
	return found
}

func (m rowCheck) state(result checks.Result) checks.State {
	switch {
	case result.State == checks.OK, result.State == checks.Notice, slices.Contains(m.open, result.Cause):
		return checks.OK
	case slices.Contains(m.closed, result.Cause):
		return checks.Problem
	}
	return checks.Unknown
}
