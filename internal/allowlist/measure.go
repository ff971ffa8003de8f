package allowlist

import (
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
)

// Measurement is what is known of a row from the last run.
type Measurement struct {
	// State is OK: open; Problem: closed; Unknown: could not be told; "" if nothing was measured.
	State   checks.State
	Vantage checks.Vantage
	Check   checks.ID // which measures the row; "" if none can from here
	// Either means that it is about one of the two regions' hosts, the one that the portal uses, and which that is isn't known.
	Either bool
	When   time.Time
}

// key is that of the text.
func (m Measurement) key() string {
	switch {
	case m.Check == "":
		return "not-from-here"
	case m.State == "":
		return "not-yet"
	case m.Either && m.State == checks.OK:
		return "either"
	case m.Either:
		return "either-closed"
	case !slices.Contains([]checks.Vantage{checks.FromComputer, checks.FromPortal, checks.FromServer, checks.FromOutside}, m.Vantage):
		return "unclear" // a report of a stranger's
	case m.State == checks.OK:
		return "open." + string(m.Vantage)
	case m.State == checks.Problem:
		return "closed." + string(m.Vantage)
	}
	return "unclear"
}

// A meter is a check that tells of rows whether they are open.
type meter struct {
	check checks.ID
	rows  []string // IDs
	dir   bitrix.Direction
	// What causes mean about the way itself. OK and notice mean that it is open; what isn't listed, that nothing follows.
	open, closed []checks.Cause
	// brought means that the check looks at what somebody brought from elsewhere, or does more than ask: it isn't made again just
	// to see whether a row is open by now.
	brought bool
}

// meters are in the order of their weight. Which of the authorization server's refusals a portal passes on shows that the way
// to it is open.
var meters = []meter{
	{check: checks.TokenAccepted, rows: authServer, dir: bitrix.PortalOut, open: authServersWord, closed: []checks.Cause{checks.AuthServerUnreachable}},
	{check: checks.AuthServerFromPortal, rows: authServer, dir: bitrix.PortalOut, open: authServersWord, closed: []checks.Cause{checks.AuthServerUnreachable}},
	{check: checks.EventDelivery, rows: authServer, dir: bitrix.PortalOut, brought: true}, // that no event came may be due to much else
	{check: checks.ServerAuthServer, rows: authServer, dir: bitrix.PortalOut, open: []checks.Cause{checks.CABundleOutdated},
		closed: []checks.Cause{checks.AuthServerUnreachable, checks.ProxyNotForREST}, brought: true},
	{check: checks.PortalFromInternet, rows: portalDoor, dir: bitrix.PortalIn, closed: []checks.Cause{checks.NotSeenFromOutside}, brought: true},
	{check: checks.PortalTCP, rows: portalDoor, dir: bitrix.PortalIn, closed: []checks.Cause{checks.TCPRefused, checks.TCPTimeout}},
}

var (
	authServer      = []string{"oauth", "oauth-w"}
	portalDoor      = []string{"app-rest", "web"}
	authServersWord = []checks.Cause{checks.LicenceRejected, checks.PortalCredentialsRefused}
)

// metersOf are the checks that measure a row.
func metersOf(r Row) []meter {
	return slices.DeleteFunc(slices.Clone(meters), func(m meter) bool { return m.dir != r.Direction || !slices.Contains(m.rows, r.ID()) })
}

// Checks are those that measure the rules' rows, each once: what has to be made again after the network has changed.
func (r *Rules) Checks() []checks.ID {
	var ids []checks.ID
	for _, row := range r.Rows {
		for _, m := range metersOf(row) {
			if !m.brought {
				ids = add(ids, m.check)
			}
		}
	}
	return ids
}

// measure is the weightiest thing that the last run says of a row.
func (r *Rules) measure(row Row) (found Measurement) {
	for _, m := range metersOf(row) {
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
				found = Measurement{Check: m.check, State: m.state(result), Vantage: result.Vantage, When: r.Outcome.Finished}
			}
		}
	}
	found.Either = (found.State == checks.OK || found.State == checks.Problem && found.Vantage == checks.FromPortal) && row.Direction == bitrix.PortalOut && r.Region == ""
	return found
}

func (m meter) state(result checks.Result) checks.State {
	switch {
	case result.State == checks.OK, result.State == checks.Notice, slices.Contains(m.open, result.Cause):
		return checks.OK
	case slices.Contains(m.closed, result.Cause):
		return checks.Problem
	}
	return checks.Unknown
}
