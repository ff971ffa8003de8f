package model

import (
	"cmp"
	"net/netip"
	"strings"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/words"
)

// Network is what is known of one portal's network; what holds for all portals is in the settings.
type Network struct {
	Region              bitrix.Region // chosen by the owner; "" for the detected one
	Unknown             bool          // the owner chose both regions
	PortalIP, HandlerIP string        // of the servers, as typed

	Lists    []feed.List // of the event queue's addresses
	Fetching bool
	Fetched  bool          // a fetch has ended
	For      bitrix.Region // that they were fetched for, "" for both
	Failed   bool          // the last fetch failed
}

// KnownRegion is that of the authorization server which the portal named at the sign-in; "" for none.
func (s *Session) KnownRegion() bitrix.Region {
	if s.Keys == nil {
		return ""
	}
	for _, region := range bitrix.Regions() {
		if s.Keys.Account.Server == bitrix.AuthServer(region) {
			return region
		}
	}
	return ""
}

// Address parses an IP address as typed. ok is false if it is invalid; an empty text is the zero address.
func Address(typed string) (addr netip.Addr, ok bool) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return netip.Addr{}, true
	}
	addr, err := netip.ParseAddr(typed)
	return addr.Unmap(), err == nil && addr.Zone() == ""
}

// RuleGroup are the connections of one direction.
type RuleGroup struct {
	Title string
	Rows  []Row
}

// RuleRows puts rules into rows.
func RuleRows(w *words.Texts, rules *allowlist.Rules) (groups []RuleGroup) {
	for i, r := range rules.Rows {
		if i == 0 || rules.Rows[i-1].Direction != r.Direction {
			groups = append(groups, RuleGroup{Title: w.Say("allowlist.direction."+string(r.Direction)+".title", nil)})
		}
		row := Row{Key: join(" ", string(r.Direction), strings.Join(r.IDs, " "), r.PortsText()), Sign: Unknown, Title: r.What(w) + " · " + r.PortsText(), Aside: r.State(w)}
		if state := r.Measured.State; !r.Measured.EitherRegion || state == checks.Problem {
			row.Sign = map[checks.State]Sign{checks.OK: OK, checks.Problem: Problem}[state]
			row.Sign = cmp.Or(row.Sign, Unknown)
		}
		parts := []string{words.UpperFirst(r.Why(w))}
		if len(r.Regions) == 1 && rules.Region == "" {
			parts = append(parts, w.Say("allowlist.region."+string(r.Regions[0]), nil))
		}
		row.Detail = join(" · ", append(parts, r.MarkName(w))...)
		g := &groups[len(groups)-1]
		g.Rows = append(g.Rows, row)
	}
	return groups
}
