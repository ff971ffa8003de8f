// Package serverprobe has scripts that inspect a portal's server, a parser of what they print, and a client that runs them over SSH.
// An administrator runs a script, in the portal's own PHP command line or in a shell, and pastes its answer; nobody gets
// access for that. The scripts change nothing and print no keys. What is pasted is untrusted input.
package serverprobe

import (
	"maps"
	"time"
)

// Kind is the kind of script that printed an answer.
type Kind string

// The kinds.
const (
	PHP        Kind = "php"        // runs within the portal: reads its settings and connects as the portal does
	Shell      Kind = "sh"         // uses curl and openssl: the network only
	PowerShell Kind = "powershell" // the same on Windows
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{PHP, Shell, PowerShell} }

// Version is the version of the scripts' answers that this package reads.
const Version = 1

// Answer is what one script printed. Parts that it could not read are nil.
type Answer struct {
	Kind       Kind      `json:"kind"`
	Nonce      string    `json:"nonce"`            // tells the copies of a script apart
	PortalHost string    `json:"asked,omitempty"`  // host of the portal that the script was printed for, with its port if it isn't 443
	Time       time.Time `json:"time"`             // by the server's clock
	TookMS     int       `json:"took_ms"`          // how long the script ran
	SAPI       string    `json:"sapi,omitempty"`   // how PHP was run: fpm-fcgi, apache2handler, cli and the like
	Loaded     bool      `json:"product"`          // PHP could load the product
	RESTOK     *bool     `json:"rest_loads"`       // the module rest can be included
	Failed     Failures  `json:"failed,omitempty"` // error messages, by part
	Stopped    string    `json:"stopped,omitempty"`

	Settings     *PHPSettings      `json:"php"`
	Modules      map[string]string `json:"modules"` // version by module
	Database     *Database         `json:"database"`
	Names        []string          `json:"names"` // host names in the portal's settings
	Licence      *Licence          `json:"licence"`
	Registration *Registration     `json:"registration"`
	HTTPS        *HTTPS            `json:"https"`
	Proxies      *Proxies          `json:"proxies"`
	Applications []Application     `json:"applications"` // nil: not known
	Handlers     *Handlers         `json:"handlers"`
	Setup        *Setup            `json:"setup"`
	Agents       *Agents           `json:"agents"`
	Disk         *Disk             `json:"disk"`
	Clocks       *Clocks           `json:"clocks"`
	Usage        *Usage            `json:"usage"`
	Outgoing     []Outgoing        `json:"outgoing"` // nil: not known
	Self         *Host             `json:"self"`     // the connection to the portal's own address
	Hosts        []Host            `json:"hosts"`
	Network      *Network          `json:"network"`

	LeftOut int `json:"-"` // entries of lists beyond their limits
}

// Failures are error messages by the name of the part of the answer.
type Failures map[string]string

// Web reports whether the script ran in a request to the portal, not on the command line.
func (a *Answer) Web() bool { return a.SAPI != "" && a.SAPI != "cli" }

// PHPSettings are the version and settings of PHP and of its environment.
type PHPSettings struct {
	Version     string            `json:"version"`
	OpenSSL     string            `json:"openssl,omitempty"` // as it names itself; "" without it
	Missing     []string          `json:"missing,omitempty"` // extensions and functions that the product needs
	Settings    map[string]string `json:"settings,omitempty" hide:"text"`
	Store       CertificateStore  `json:"store"`
	System      string            `json:"system,omitempty" hide:"text"`
	Environment string            `json:"environment,omitempty"` // version of BitrixVM or BitrixEnv
}

// CertificateStore is the file with the root certificates that PHP trusts.
type CertificateStore struct {
	File         string `json:"file,omitempty" hide:"text"`
	Readable     bool   `json:"readable,omitempty"`
	Changed      string `json:"changed,omitempty"` // day
	Certificates int    `json:"certificates,omitempty"`
}

// Database is the portal's database.
type Database struct {
	Type    string `json:"type"`
	Version string `json:"version"`
}

// Licence is the portal's licence without its key. Days are written as 2026-12-31.
type Licence struct {
	Region      string `json:"region,omitempty"`
	Name        string `json:"name,omitempty" hide:"text"`
	Ends        string `json:"ends,omitempty"`         // of a licence for a time
	SupportEnds string `json:"support_ends,omitempty"` // of updates and support
	Demo        bool   `json:"demo,omitempty"`
	TimeBound   bool   `json:"time_bound,omitempty"`
	Market      string `json:"market,omitempty"` // subscription: Y, or T for a trial
	MarketEnds  string `json:"market_ends,omitempty"`
}

// Registration is the portal's registration at the authorization server.
type Registration struct {
	Registered   bool   `json:"registered"`
	MemberID     string `json:"member_id,omitempty" hide:"member"`
	Server       string `json:"server,omitempty" hide:"host"`        // authorization server in use
	ServerOption string `json:"server_option,omitempty" hide:"host"` // option oauth_server of module rest, which takes precedence over the region
	HostConstant string `json:"host_constant,omitempty" hide:"host"` // constant BX24_HOST_NAME, which takes precedence over the request's host
	Reports      string `json:"reports,omitempty" hide:"host"`       // the address that the portal would have reported for the script's own request
}

// HTTPS is the scheme and host of the request that ran the script, as PHP and as the browser saw them.
type HTTPS struct {
	Seen             bool   `json:"seen"`
	Browser          string `json:"browser,omitempty" hide:"host"` // scheme and host of the page in the browser
	Host             string `json:"host,omitempty" hide:"host"`
	Port             string `json:"port,omitempty"`
	HTTPS            string `json:"https,omitempty"` // the server variable
	ForwardedProto   string `json:"forwarded_proto,omitempty"`
	Setting          bool   `json:"setting,omitempty"` // https_request in .settings.php
	WebhooksOverHTTP bool   `json:"webhooks_over_http,omitempty"`
}

// Proxies are the two settings of a proxy that the product has. Neither is used for the other's requests.
type Proxies struct {
	REST       Proxy `json:"rest"`    // http_client_options in .settings.php
	Updates    Proxy `json:"updates"` // options update_site_proxy_* of module main
	Curl       bool  `json:"curl,omitempty"`
	Unverified bool  `json:"unverified,omitempty"` // disableSslVerification
}

// Proxy is a proxy without its user name and password.
type Proxy struct {
	Host string `json:"host,omitempty" hide:"host"`
	Port string `json:"port,omitempty"`
	User bool   `json:"user,omitempty"` // a user name is set
}

// Application is an application in the portal's database.
type Application struct {
	Code      string `json:"code"`
	Name      string `json:"name,omitempty" hide:"text"`
	Status    string `json:"status"` // F free, D demo, T trial, P paid, L local, S by subscription
	Active    bool   `json:"active"`
	Installed bool   `json:"installed"`
	Ends      string `json:"ends,omitempty"` // day until which it is paid
}

// Handlers are the handlers of the product's internal events that check tokens and send events.
type Handlers struct {
	Authorization []Handler `json:"authorization,omitempty"`
	Events        []Handler `json:"events,omitempty"`
}

// Handler is a handler of one of the product's internal events.
type Handler struct {
	Module string `json:"module,omitempty" hide:"text"` // "" if it was added by a file of the portal, not by a module
	Class  string `json:"class,omitempty" hide:"text"`
}

// Setup are settings of module rest and of the site.
type Setup struct {
	SiteStopped           bool   `json:"site_stopped"`
	AccessActive          string `json:"access_active,omitempty"`
	SubscriptionAvailable string `json:"subscription_available,omitempty"`
	LoadLimiterActive     string `json:"load_limiter_active,omitempty"`
	LogEnds               int64  `json:"log_ends,omitempty"` // when the log of module rest switches itself off, Unix time
	LogFile               bool   `json:"log_file,omitempty"` // LOG_FILENAME is set
	EventHandlers         int    `json:"event_handlers"`
	OfflineEvents         int    `json:"offline_events"`
	Webhooks              int    `json:"webhooks"`
	OAuthModule           bool   `json:"oauth_module,omitempty"`
}

// Agents are the product's periodic jobs.
type Agents struct {
	CheckAgents    string  `json:"check_agents,omitempty"`
	UseCrontab     string  `json:"use_crontab,omitempty"`
	CrontabSupport bool    `json:"crontab_support,omitempty"`
	AgeS           *int64  `json:"age_s,omitempty"` // since any non-periodic one ran
	PeriodicAgeS   *int64  `json:"periodic_age_s,omitempty"`
	REST           []Agent `json:"rest,omitempty"`
}

// Agent is one of the jobs of module rest.
type Agent struct {
	Name   string `json:"name"`
	Active bool   `json:"active"`
}

// Usage is the usage statistics that the portal has not sent to the authorization server yet.
type Usage struct {
	UnsentDays int    `json:"unsent_days"`
	Oldest     string `json:"oldest,omitempty"` // day
}

// Disk is the space that is left for the portal.
type Disk struct {
	QuotaMB     int  `json:"quota_mb,omitempty"`      // the product's own: option disk_space of module main; 0: none
	QuotaLeftMB *int `json:"quota_left_mb,omitempty"` // by what the product last counted (options ~db and ~files of main_size)
	FreeMB      *int `json:"free_mb,omitempty"`       // on the disk with the portal's folder
}

// Clocks are the time zones of PHP and of the database's connection.
type Clocks struct {
	PHP          string `json:"php,omitempty" hide:"text"`
	Database     string `json:"database,omitempty" hide:"text"` // as the database calls it, SYSTEM for instance
	DatabaseOffS *int64 `json:"database_off_s,omitempty"`
}

// Outgoing is where handlers of events and outgoing webhooks are, without path, query and user. A scheme and host of "" stand for
// addresses that can't be read.
type Outgoing struct {
	Scheme       string   `json:"scheme,omitempty"`
	Host         string   `json:"host,omitempty" hide:"host"`
	Number       int      `json:"number"`             // of subscriptions
	Webhooks     int      `json:"webhooks,omitempty"` // those among them that belong to no application
	Applications []string `json:"applications,omitempty" hide:"text"`
	DNS          string   `json:"dns,omitempty"` // of the portal's server: "ok", "failed" or "" (not tried)
	Private      bool     `json:"private,omitempty"`
}

// Host is what a script measured of one of the vendor's hosts. A layer is "ok", "failed" or "" (not tried).
type Host struct {
	By        Kind     `json:"by,omitempty"`
	Host      string   `json:"host"`
	Port      int      `json:"port"`
	InUse     bool     `json:"in_use,omitempty"` // the portal's settings name it
	DNS       string   `json:"dns,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	TCP       string   `json:"tcp,omitempty"`
	TCPError  string   `json:"tcp_error,omitempty"`
	TLS       string   `json:"tls,omitempty"` // verified with the certificate store of the program that connected
	TLSError  string   `json:"tls_error,omitempty"`
	Chain     [][]byte `json:"chain,omitempty"` // certificates that were sent, DER
	HTTP      *HTTP    `json:"http,omitempty"`
	Curl      *int     `json:"curl,omitempty"` // curl's exit code
	Failed    string   `json:"failed,omitempty"`
}

// HTTP is the answer to a request for /oauth/token/ or /.
type HTTP struct {
	Status  int    `json:"status"` // 0: no answer
	TookMS  int    `json:"took_ms"`
	Error   string `json:"error,omitempty"`   // of the authorization server's JSON
	Body    string `json:"body,omitempty"`    // the beginning of an answer without an error code
	Failure string `json:"failure,omitempty"` // message of the program that connected
}

// Network is the environment of the scripts for a shell.
type Network struct {
	System           string `json:"system,omitempty"`
	Curl             string `json:"curl,omitempty"`
	OpenSSL          string `json:"openssl,omitempty"`
	ProxyEnvironment bool   `json:"proxy_environment,omitempty"`
}

// Probe is everything that was pasted: the answers of scripts of several kinds as one answer, and the log of the product's own check.
type Probe struct {
	Answer                   // that of PHP if there is one, with the hosts of all answers
	Kinds       []Kind       // of the answers
	SystemCheck *SystemCheck // nil: no such log
	Damage      PasteReason  // why an answer can't be read; "" if it can
}

// add adds an answer. The answer of PHP replaces that of a shell; their lists of hosts are joined.
func (p *Probe) add(a *Answer) {
	for i := range a.Hosts {
		a.Hosts[i].By = a.Kind
	}
	hosts := append(p.Hosts, a.Hosts...)
	network, self, leftOut := p.Network, p.Self, p.LeftOut+a.LeftOut
	if a.Network != nil {
		network = a.Network
	}
	if a.Self != nil {
		a.Self.By = a.Kind
		if self == nil || a.Kind == PHP {
			self = a.Self
		}
	}
	if len(p.Kinds) == 0 || a.Kind == PHP {
		p.Answer = *a
		p.Failed = maps.Clone(a.Failed)
	}
	p.Kinds = append(p.Kinds, a.Kind)
	p.Hosts, p.Network, p.Self, p.LeftOut = hosts, network, self, leftOut
}
