package view

import (
	"maps"
	"slices"
	"testing"

	"boxready/checks"
)

// TestEveryCheckHasItsLink asserts that the table names every check, those of none of the links too, and no other.
func TestEveryCheckHasItsLink(t *testing.T) {
	ids := []checks.ID{checks.SelfClock}
	for _, c := range slices.Concat(checks.Catalog(), checks.SelfCatalog()) {
		ids = append(ids, c.ID)
	}
	for _, id := range ids {
		if _, named := linkOf[id]; !named {
			t.Errorf("%s is not in the table", id)
		}
	}
	links := []Link{NoLink, ComputerPortal, PortalAuthorization, AuthorizationQueue, QueueApplication, ApplicationPortal, ComputerAuthorization}
	for _, id := range slices.Sorted(maps.Keys(linkOf)) {
		if !slices.Contains(ids, id) {
			t.Errorf("%s is in the table, but no check", id)
		}
		if !slices.Contains(links, linkOf[id]) {
			t.Errorf("%s tells of %q, which is no link", id, linkOf[id])
		}
	}
}

func TestLinkStateIsTheMostSevere(t *testing.T) {
	result := func(id checks.ID, state checks.State, from checks.Vantage) checks.Result {
		return checks.Result{Check: id, State: state, Vantage: from}
	}
	v := Of([]checks.Result{
		result(checks.PortalDNS, checks.OK, checks.FromComputer),
		result(checks.HTTPSSeen, checks.Problem, checks.FromPortal),
		result(checks.PortalTLS, checks.Notice, checks.FromComputer),
		result(checks.AuthServerFromPortal, checks.OK, checks.FromPortal),
		result(checks.TokenAccepted, checks.Skipped, checks.FromPortal),
		result(checks.EventDelivery, checks.Skipped, checks.FromPortal),
		result(checks.QueueFeed, checks.Problem, checks.FromComputer),
		result(checks.RESTRoute, checks.Unknown, checks.FromOutside),
	})
	for link, want := range map[Link]checks.State{
		ComputerPortal: checks.Problem, PortalAuthorization: checks.OK, AuthorizationQueue: "", QueueApplication: checks.Skipped,
		ApplicationPortal: checks.Unknown, ComputerAuthorization: "",
	} {
		if got := v.LinkState(link); got != want {
			t.Errorf("%s: %q, expected %q", link, got, want)
		}
	}
}

func TestOwnersAndFindingsByTheirSeverity(t *testing.T) {
	finding := func(id checks.ID, state checks.State, owner checks.Owner) checks.Result {
		return checks.Result{Check: id, State: state, Owner: owner}
	}
	v := Of([]checks.Result{
		finding("a", checks.Notice, checks.You),
		finding("b", checks.Notice, checks.PortalAdmin),
		finding("c", checks.Unknown, checks.Vendor),
		finding("d", checks.Problem, checks.ServerAdmin),
		finding("e", checks.Problem, "of-tomorrow"),
		finding("f", checks.Problem, checks.You),
		finding("g", checks.OK, ""),
		finding("h", checks.Skipped, ""),
	})
	var got []string
	for _, o := range v.Owners() {
		line := string(o.ID) + " " + string(o.State)
		for _, i := range o.Findings {
			line += " " + string(i.Check)
		}
		got = append(got, line)
	}
	want := []string{"server-admin problem d", "you problem f a", "of-tomorrow problem e", "vendor unknown c", "portal-admin notice b"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
}
