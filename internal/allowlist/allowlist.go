// Package allowlist says which connections a portal and its applications need, and puts that into the forms in which it
// reaches whoever owns the firewall: a letter, and rules for their equipment.
//
// The rules come from the table of endpoints in internal/bitrix, the region, the place where handlers live, an application's
// own hosts, and the event queue's list of addresses. No address is written into the program but those of that table.
package allowlist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/portal"
	"boxready/internal/requirements"
)

// Words are the texts in one language, as report.Words has them.
type Words interface {
	Lang() string
	Say(key string, args checks.Args) string
}

// Options is what the rules depend on. The zero value asks for what applications need, whatever the portal's region, with
// handlers on the internet.
type Options struct {
	Region   bitrix.Region         // of the portal's licence; "": as Outcome shows, and the hosts of both if it doesn't
	Detected bool                  // Region is the portal's own word, not a person's choice
	Packs    []bitrix.Pack         // nil: DefaultPacks
	Handlers requirements.Handlers // "": as Requirements say, and the internet if they don't
	// Requirements are an application's: its hosts are needed too. nil for none.
	Requirements *requirements.Requirements

	Portal portal.Address // zero if it isn't known
	// The addresses of the two servers as the firewall between them and the internet sees them. Rules that need them are left
	// out, or are wider, if they aren't valid.
	PortalIP, HandlerIP netip.Addr

	Lists   []feed.List     // of the event queue's addresses, see Fetch
	Outcome *checks.Outcome // of the last run; nil before the first
	Now     time.Time       // when the rules are made; what is written carries it
	Version string          // of BoxReady
}

// DefaultPacks are what applications need and the vendor's network page names.
func DefaultPacks() []bitrix.Pack { return []bitrix.Pack{bitrix.PackREST, bitrix.PackEvents} }

// Packs are those that a person may choose. That of a portal with its own authorization is there whenever Handlers says so.
func Packs() []bitrix.Pack {
	return slices.DeleteFunc(bitrix.Packs(), func(p bitrix.Pack) bool { return p == bitrix.PackIsolated })
}

// Places are where handlers may live, the commonest first.
func Places() []requirements.Handlers {
	return []requirements.Handlers{requirements.Internet, requirements.LAN, requirements.Custom}
}

// settled fills in what o leaves to others: to the last run the region, to the requirements the place of handlers.
func (o Options) settled() Options {
	if o.Region == "" {
		o.Region = regionOf(o.Outcome)
		o.Detected = o.Region != ""
	}
	if o.Handlers == "" && o.Requirements != nil {
		o.Handlers = o.Requirements.Handlers
	}
	if o.Handlers == "" {
		o.Handlers = requirements.Internet
	}
	if o.Packs == nil {
		o.Packs = DefaultPacks()
	}
	return o
}

// regionOf is that of the authorization server that a sign-in in the run has shown to be the portal's; "" for none.
func regionOf(run *checks.Outcome) bitrix.Region {
	if run == nil {
		return ""
	}
	for _, result := range run.Results {
		if result.Check != checks.SignIn || result.State != checks.OK && result.State != checks.Notice {
			continue
		}
		// The facts of a saved run are JSON.
		var facts struct{ Server string }
		data, err := json.Marshal(result.Facts)
		if err != nil || json.Unmarshal(data, &facts) != nil {
			continue
		}
		for _, region := range bitrix.Regions() {
			if bitrix.AuthServer(region) == facts.Server {
				return region
			}
		}
	}
	return ""
}

func (o Options) regions() []bitrix.Region {
	if o.Region == "" {
		return bitrix.Regions()
	}
	return []bitrix.Region{o.Region}
}

// NeedsLists tells whether rules for o have the event queue's addresses in them.
func (o Options) NeedsLists() bool {
	o = o.settled()
	return o.Handlers == requirements.LAN && slices.Contains(o.Packs, bitrix.PackEvents)
}

// Fetch gets the lists of addresses that rules for o need: none, one, or both regions'. With offline, or where the vendor
// gives none, the last good list is taken, however old. The error joins what kept a list from being fresh, *feed.Error
// mostly; the lists beside it are good all the same.
func Fetch(ctx context.Context, f *feed.Fetcher, o Options, offline bool) (lists []feed.List, err error) {
	if !o.NeedsLists() {
		return nil, nil
	}
	for _, region := range o.settled().regions() {
		if !offline {
			list, failure := f.Fetch(ctx, region)
			if failure == nil {
				lists = append(lists, list)
				continue
			}
			err = errors.Join(err, failure)
		}
		if list, ok := f.LastGood(region); ok {
			lists = append(lists, list)
		}
	}
	return lists, err
}

// Rules is what has to be open.
type Rules struct {
	Options
	Rows []Row
	// Missing are the regions whose list of addresses is wanted and not there.
	Missing []bitrix.Region
}

// ErrHost is matched when a host of the requirements is no name and no address.
var ErrHost = errors.New("neither a host name nor an address")

// New works out the rules.
func New(o Options) (*Rules, error) {
	o = o.settled()
	r := &Rules{Options: o}
	hosts, err := r.applicationHosts()
	if err != nil {
		return nil, err
	}
	for _, region := range o.regions() {
		if o.NeedsLists() && !slices.ContainsFunc(o.Lists, func(l feed.List) bool { return l.Region == region }) {
			r.Missing = append(r.Missing, region)
		}
	}
	r.Rows = r.rows(hosts)
	for i := range r.Rows {
		r.Rows[i].Measured = r.measure(r.Rows[i])
	}
	return r, nil
}

// wanted are the lists that the rules have addresses of.
func (r *Rules) wanted() []feed.List {
	if !r.NeedsLists() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Lists), func(l feed.List) bool { return !slices.Contains(r.regions(), l.Region) })
}

// far is a host of the requirements. A name has only letters, digits and -_. in it, which are safe wherever they are written.
type far struct {
	name string
	addr netip.Addr
	port bitrix.Port
	dir  requirements.Direction
}

func (r *Rules) applicationHosts() ([]far, error) {
	if r.Requirements == nil {
		return nil, nil
	}
	var hosts []far
	for _, h := range r.Requirements.Hosts {
		if h.Port < 1 || h.Port > 65535 {
			return nil, fmt.Errorf("host %q: port %d", h.Host, h.Port)
		}
		f := far{port: bitrix.Port{Proto: "tcp", Number: uint16(h.Port)}, dir: h.Direction}
		if addr, err := netip.ParseAddr(h.Host); err == nil && addr.Zone() == "" {
			f.addr = addr.Unmap()
		} else if address, err := portal.ParseAddress("https://" + h.Host); err == nil && !strings.ContainsAny(h.Host, `/\:?#@`) {
			f.name = address.Host
		} else {
			return nil, fmt.Errorf("host %q: %w", h.Host, ErrHost)
		}
		hosts = append(hosts, f)
	}
	return hosts, nil
}
