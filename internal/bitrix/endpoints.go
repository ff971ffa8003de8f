package bitrix

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Region is one of the two groups of portals that Bitrix24's own services are split
// into. The portal's licence determines it, not the location of the server or
// the language of the interface.
type Region string

const (
	// CIS is the region of licences sold for ru, by, kz, uz, am, az, ge and kg.
	CIS Region = "cis"
	// World is the region of all other licences.
	World Region = "world"
)

// Regions returns all regions, CIS first.
func Regions() []Region { return []Region{CIS, World} }

// CISLicences returns the codes of the licences that belong to CIS.
func CISLicences() []string { return []string{"ru", "by", "kz", "uz", "am", "az", "ge", "kg"} }

// RegionOfLicence returns the region of a licence's code, e.g. "ru", or "" for none.
func RegionOfLicence(code string) Region {
	switch {
	case code == "":
		return ""
	case slices.Contains(CISLicences(), code):
		return CIS
	}
	return World
}

// Repeated from the endpoint table, which a test compares them with, so
// that asking for one of them does not parse the table.
const (
	authCIS   = "https://oauth.bitrix24.tech"
	authWorld = "https://oauth.bitrix.info"
	feedCIS   = "https://repos.1c-bitrix.ru/webhook/app.json"
	feedWorld = "https://dl.bitrix24.com/webhook/app-world.json"

	libraryCIS   = "https://api.bitrix24.tech/api/v1/"
	libraryWorld = "https://api.bitrix24.com/api/v1/"
)

// AuthServer returns the base URL, without a final slash, of the region's
// authorization server, or "" for a region that does not exist.
//
// Portals with a rest module of 24.500.0 or older use World's server whatever
// their licence, so the portal's own answer (server_endpoint) takes precedence.
// Source: https://apidocs.bitrix24.com/settings/cloud-and-on-premise/network-access.html
// and the same page of apidocs.bitrix24.ru.
func AuthServer(r Region) string {
	switch r {
	case CIS:
		return authCIS
	case World:
		return authWorld
	}
	return ""
}

// Feed returns the URL of the list of addresses that the region's event queue
// calls handlers from, or "" for a region that does not exist.
// Source: https://apidocs.bitrix24.com/settings/cloud-and-on-premise/network-access.html
// and the same page of apidocs.bitrix24.ru.
func Feed(r Region) string {
	switch r {
	case CIS:
		return feedCIS
	case World:
		return feedWorld
	}
	return ""
}

// BrowserLibrary returns the URL of the script (BX24.js) that every application's page inside a portal of the region loads, or "" for a
// region that does not exist.
// Source: https://apidocs.bitrix24.com/sdk/bx24-js-sdk/index.html and the same page of apidocs.bitrix24.ru.
func BrowserLibrary(r Region) string {
	switch r {
	case CIS:
		return libraryCIS
	case World:
		return libraryWorld
	}
	return ""
}

// IsAuthHost reports whether host, a name without a port, is one of the known
// authorization servers. Letter case and one trailing dot do not matter.
func IsAuthHost(host string) bool {
	host = "https://" + foldHost(host)
	return host == authCIS || host == authWorld
}

// cloudZones are the endings that follow "bitrix24." in the name of a cloud
// portal. A closed list: a self-hosted portal mistaken for a cloud one would be
// rejected, while a cloud portal in a zone missing here is merely checked.
var cloudZones = []string{
	"by", "cn", "co", "co.uk", "com", "com.br", "com.tr", "de", "es", "eu", "fr", "id", "in",
	"it", "jp", "kz", "mx", "pl", "ru", "ua", "uk", "uz", "vn",
}

// serviceLabels are first labels under bitrix24.<zone> that belong to the
// vendor's own sites and services, not to a portal.
var serviceLabels = []string{
	"api", "apidocs", "auth", "auth2", "calendar-proxy-ru-01", "cdn", "cdn-ru", "checker",
	"cloud-messaging", "dl", "fonts", "helpdesk", "mail-001", "mail-us", "network", "oauth",
	"preview", "product-feedback", "rt", "rtc-cloud", "store", "training", "turn", "unc", "util",
	"vibecode", "www",
}

// IsCloudHost reports whether host, a name without a port, is the name of a
// portal in Bitrix24's own cloud, such as company.bitrix24.com.br: exactly one
// label, then "bitrix24.", then a zone where the vendor hosts portals. The
// vendor's own sites (www.bitrix24.ru) and service domains (bitrix24.tech) are
// not. Letter case and one trailing dot do not matter.
func IsCloudHost(host string) bool {
	label, rest, _ := strings.Cut(foldHost(host), ".")
	zone, ok := strings.CutPrefix(rest, "bitrix24.")
	return ok && label != "" && label != "*" &&
		slices.Contains(cloudZones, zone) && !slices.Contains(serviceLabels, label)
}

// foldHost normalizes a host name for comparisons.
func foldHost(host string) string {
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// A Direction is who opens the connection, and from where.
type Direction string

// The directions. "App" is the server of an application or of a handler,
// "desk" an employee's computer or phone.
const (
	PortalOut Direction = "portal-out" // portal to internet
	PortalIn  Direction = "portal-in"  // internet or office to portal
	AppOut    Direction = "app-out"    // application's server to internet
	AppIn     Direction = "app-in"     // internet to application's server
	DeskOut   Direction = "desk-out"   // employee's device to internet
)

// A Pack is a feature whose hosts are allowed or blocked together.
type Pack string

// The packs. The vendor's network page covers PackREST and PackEvents; most of
// the rest is visible in the product's code only.
const (
	PackREST      Pack = "rest"      // applications: tokens, the Market, the section for developers
	PackEvents    Pack = "events"    // the event queue and its handlers
	PackIsolated  Pack = "isolated"  // a portal with its own authorization and event provider
	PackUI        Pack = "ui"        // applications shown inside the portal
	PackWeb       Pack = "web"       // needs of any server: HTTP clients, DNS, NTP
	PackUpdates   Pack = "updates"   // platform, modules and licence
	PackVM        Pack = "vm"        // BitrixEnv and BitrixVM
	PackPush      Pack = "push"      // counters, live chat, notifications on phones
	PackLogin     Pack = "login"     // Bitrix24.Network
	PackCalls     Pack = "calls"     // calls and conferences
	PackTelephony Pack = "telephony" // telephone calls
	PackOpenLines Pack = "openlines" // messengers of customers
	PackSMS       Pack = "sms"       // SMS and WhatsApp notifications
	PackFiles     Pack = "files"     // conversion and editing of documents
	PackAI        Pack = "ai"        // CoPilot and paid packages
	PackCRM       Pack = "crm"       // company details, maps, advertising, shops
	PackMail      Pack = "mail"      // answers by e-mail
	PackSites     Pack = "sites"     // sites built on the portal
	PackSelfTest  Pack = "selftest"  // the product's own system check
	PackHelp      Pack = "help"      // help, documentation, downloads
)

// Packs returns all packs, those that applications need first.
func Packs() []Pack {
	return []Pack{
		PackREST, PackEvents, PackIsolated, PackUI, PackWeb, PackUpdates, PackVM, PackPush,
		PackLogin, PackCalls, PackTelephony, PackOpenLines, PackSMS, PackFiles, PackAI, PackCRM,
		PackMail, PackSites, PackSelfTest, PackHelp,
	}
}

// A Mark is the kind of source of a row of the endpoint table.
type Mark string

const (
	Documentation Mark = "documentation" // stated on the vendor's pages
	ProductCode   Mark = "product code"  // read from the product, not documented by the vendor
	Inferred      Mark = "inferred"      // neither: stated by a third party, or concluded
)

// Placeholders for lists that differ from portal to portal.
const (
	HostNodes      = "@nodes"       // addresses of the feed, see Feed
	HostAppServers = "@app-servers" // servers of the applications in use
	HostHandlers   = "@handlers"    // handlers of events
	HostPortal     = "@portal"      // the portal itself
	HostEmployees  = "@employees"   // employees' computers and phones
	HostAdmins     = "@administrators"
	HostResolver   = "@resolver"     // the office's or the provider's name server
	HostTimeServer = "@time-server"  // NTP
	HostMail       = "@mail-servers" // the company's own
)

// A Port is a transport protocol and a port number, written "tcp/443".
type Port struct {
	Proto  string // "tcp" or "udp"
	Number uint16
}

func (p Port) String() string { return p.Proto + "/" + strconv.Itoa(int(p.Number)) }

// MarshalText writes the port as String does.
func (p Port) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the form that MarshalText writes.
func (p *Port) UnmarshalText(text []byte) error {
	proto, number, _ := strings.Cut(string(text), "/")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 || proto != "tcp" && proto != "udp" {
		return fmt.Errorf("port %q is not like tcp/443", text)
	}
	*p = Port{Proto: proto, Number: uint16(n)}
	return nil
}

// An Endpoint is one row of the table of hosts around a portal.
type Endpoint struct {
	ID   string `json:"id"` // stable; a final -w marks the counterpart for World, a first RenewedRow one that only a renewal has
	Pack Pack   `json:"pack"`
	// Regions whose portals need the row.
	Regions []Region `json:"regions"`
	// Hosts are names or addresses of the remote side: for inward directions, who
	// connects. "*." stands for any subdomain, a first "@" for a list that
	// differs from portal to portal (HostNodes and the like).
	Hosts      []string    `json:"hosts"`
	Ports      []Port      `json:"ports"`
	Directions []Direction `json:"directions"`
	Why        string      `json:"why"` // short English
	Mark       Mark        `json:"mark"`
	// Source is a documentation page for Mark Documentation, otherwise a
	// module or program with its version.
	Source string `json:"source"`
	// Date of the source, as ISO 8601: a day, a month or a year, or an interval
	// when only its bounds are known ("2026-08-21/.." is after that day).
	Date string   `json:"date"`
	URLs []string `json:"urls,omitempty"` // full URLs that the portal or an application asks for
	Note string   `json:"note,omitempty"` // further remarks, short English
}

// In reports whether portals of region r need the row.
func (e Endpoint) In(r Region) bool { return slices.Contains(e.Regions, r) }

// Has reports whether the row has direction d.
func (e Endpoint) Has(d Direction) bool { return slices.Contains(e.Directions, d) }

//go:embed data/endpoints.json
var endpointData []byte

var endpoints = sync.OnceValue(func() []Endpoint {
	var rows []Endpoint
	if err := json.Unmarshal(endpointData, &rows); err != nil {
		// The data is part of the program and tests read all of it.
		panic(fmt.Sprintf("bitrix: read embedded endpoints: %v", err))
	}
	if renewal.data != nil {
		rows = withHosts(rows, renewal.data.tables.hosts)
	}
	return rows
})

// Endpoints returns the table of hosts that a portal, the applications and the
// employees need, in the order of packs. The caller owns the slice, not the
// slices inside it.
func Endpoints() []Endpoint { return slices.Clone(endpoints()) }
