// Package allowlist lists the connections that a portal and its applications need, and writes them in the forms that the owner
// of the firewall can use: a letter, and rules for the equipment.
//
// The rules come from the table of endpoints in internal/bitrix, the region, the place where handlers live, an application's
// own hosts, and the event queue's list of addresses. The program contains no addresses but those of that table.
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
	"unicode"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/portal"
	"boxready/internal/requirements"
)

// Words are the texts in one language, as words.Texts has them.
type Words interface {
	Lang() string
	Say(key string, args checks.Args) string
}

// Options are what the rules depend on. The zero value selects what applications need, for both regions, with
// handlers on the internet.
type Options struct {
	Region   bitrix.Region         // of the portal's licence; "": the region in Outcome, or both
	Detected bool                  // Region was reported by the portal, not chosen by a person
	Packs    []bitrix.Pack         // nil: DefaultPacks
	Handlers requirements.Handlers // "": as in Requirements, otherwise the internet
	// Requirements are an application's: its hosts are needed too. nil for none.
	Requirements *requirements.Requirements

	Portal portal.Address // zero if it isn't known
	// The addresses of the two servers as the firewall between them and the internet sees them. If invalid, rules that need them are left
	// out, or less restrictive.
	PortalIP, HandlerIP netip.Addr

	Lists   []feed.List     // of the event queue's addresses, see Fetch
	Outcome *checks.Outcome // of the last run; nil before the first
	Now     time.Time       // date of the rules, written into all files
	Version string          // of BoxReady
}

// DefaultPacks returns what applications need and the vendor's network page names.
func DefaultPacks() []bitrix.Pack { return []bitrix.Pack{bitrix.PackREST, bitrix.PackEvents} }

// Packs returns those that a person may choose. PackIsolated isn't among them: it is used whenever Handlers is Custom.
func Packs() []bitrix.Pack {
	return slices.DeleteFunc(bitrix.Packs(), func(p bitrix.Pack) bool { return p == bitrix.PackIsolated })
}

// Places returns where handlers may be, the most common first.
func Places() []requirements.Handlers {
	return []requirements.Handlers{requirements.Internet, requirements.LAN, requirements.Custom}
}

// withDefaults fills in empty options: the region from the last run, the place of handlers from the requirements.
func (o Options) withDefaults() Options {
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

// regionOf returns the region of the authorization server of the run's sign-in; "" for none.
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

// NeedsLists reports whether rules for o contain the event queue's addresses.
func (o Options) NeedsLists() bool {
	o = o.withDefaults()
	return o.Handlers == requirements.LAN && slices.Contains(o.Packs, bitrix.PackEvents)
}

// Fetch fetches the lists of addresses that rules for o need: none, one, or both regions'. With offline, or if the vendor
// returns none, the last good list is used, however old. The error joins the errors of lists that aren't fresh, *feed.Error
// mostly; the returned lists are valid even then.
func Fetch(ctx context.Context, f *feed.Fetcher, o Options, offline bool) (lists []feed.List, err error) {
	if !o.NeedsLists() {
		return nil, nil
	}
	for _, region := range o.withDefaults().regions() {
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

// Rules are the connections that have to be open.
type Rules struct {
	Options
	Rows []Row
	// Missing are the regions whose list of addresses is needed and not available.
	Missing []bitrix.Region
}

// ErrHost is matched if a host of the requirements is neither a valid name nor an address.
var ErrHost = errors.New("neither a host name nor an address")

// New returns the rules for o.
func New(o Options) (*Rules, error) {
	o = o.withDefaults()
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

// usedLists returns the lists whose addresses are in the rules.
func (r *Rules) usedLists() []feed.List {
	if !r.NeedsLists() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Lists), func(l feed.List) bool { return !slices.Contains(r.regions(), l.Region) })
}

// remoteHost is a host of the requirements. A name consists of letters, digits and -_. only, which need no quoting in any output.
type remoteHost struct {
	name string
	addr netip.Addr
	port bitrix.Port
	dir  requirements.Direction
}

func (r *Rules) applicationHosts() ([]remoteHost, error) {
	if r.Requirements == nil {
		return nil, nil
	}
	var hosts []remoteHost
	for _, h := range r.Requirements.Hosts {
		if h.Port < 1 || h.Port > 65535 {
			return nil, fmt.Errorf("host %q: port %d", h.Host, h.Port)
		}
		f := remoteHost{port: bitrix.Port{Proto: "tcp", Number: uint16(h.Port)}, dir: h.Direction}
		if addr, err := netip.ParseAddr(h.Host); err == nil && addr.Zone() == "" {
			f.addr = addr.Unmap()
		} else if address, err := portal.ParseAddress("https://" + h.Host); err == nil && !strings.ContainsAny(h.Host, `/\:?#@`) && !strings.ContainsFunc(h.Host, unicode.IsSpace) {
			f.name = address.Host
		} else {
			return nil, fmt.Errorf("host %q: %w", h.Host, ErrHost)
		}
		hosts = append(hosts, f)
	}
	return hosts, nil
}
