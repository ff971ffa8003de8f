// Package app has the use cases, once for the window, the command line and the exporter: it makes targets from options, runs the
// checklist and parts of it, signs in to portals and keeps accounts, writes reports, and reads users' files. It alone above the
// checks uses the network and the keyring; user interfaces use neither. All functions may block, for the network or a prompt of
// the keyring.
//
// Invalid input, typed or in a file, is an *InputError: codes, which each caller translates.
package app

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"boxready/checks"
	"boxready/internal/acknowledged"
	"boxready/internal/feed"
	"boxready/internal/filelock"
	"boxready/internal/portal"
	"boxready/internal/release"
	"boxready/internal/renewal"
	"boxready/internal/transport"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// Options configure the network and the storage.
type Options struct {
	Version string // of BoxReady
	Network Network
	// Transport changes how requests leave; nil leaves it to Network.
	Transport func(*transport.Options)
	Keyring   vault.Backend // nil: the operating system's
	InMemory  bool          // accounts are kept in memory only
	// Cache is the folder in which the event queue's address lists are kept between runs, unless Network connects to other servers
	// than the vendor's; and the locks by which processes take turns. "" for none.
	Cache string
	// Config is the folder of what the owner decided: acknowledged findings, schedules; "" for none.
	Config string
	// Acknowledged are files of acknowledged findings that a team shares, see package acknowledged.
	Acknowledged []string
	// KeptAside is called when a file in Config could not be read and was renamed, with its new path; nil: nobody is told.
	KeptAside func(path string)
	// Listen is the loopback address of a sign-in, host:port; "" for the default.
	Listen string
	// OpenBrowser opens an address; nil is the system's browser.
	OpenBrowser func(url string) error
}

// Network has the network options as typed. The zero value is the system's proxy and the built-in public roots.
type Network struct {
	ConnectTo   []string // HOST:PORT:ADDR:PORT, see transport.ParseOverride
	PublicRoots string   // PEM file that replaces the built-in public roots; "" for none
}

// App has the use cases over one network, so that they share a portal's rate limit. It is safe for concurrent use.
type App struct {
	*oauthflow.Accounts
	options   Options
	transport transport.Options
	net       *transport.Net
	keyring   *vault.Keyring // nil: none is used
	store     *store
	feed      *feed.Fetcher // one, because it limits the rate of requests

	acknowledged *acknowledged.Store
	shared       []checks.Acknowledgement // of Options.Acknowledged
}

// New returns an App that keeps accounts in memory until OpenKeyring succeeds. It makes no requests. The error is an *InputError.
func New(o Options) (*App, error) {
	way, err := o.Network.transport(o.Version)
	if err != nil {
		return nil, err
	}
	var locks filelock.Folder
	if o.Cache != "" {
		locks = filelock.Folder(filepath.Join(o.Cache, "locks"))
	}
	way.Locks = locks
	if o.Network.PublicRoots != "" || len(o.Network.ConnectTo) > 0 {
		o.Cache = ""
	}
	if o.Transport != nil {
		o.Transport(&way)
	}
	a := &App{options: o, transport: way, net: transport.New(way), acknowledged: acknowledged.Open(o.Config)}
	if a.shared, err = readShared(o.Acknowledged); err != nil {
		return nil, err
	}
	if !o.InMemory {
		a.keyring = vault.NewKeyring(vault.Options{Backend: o.Keyring})
	}
	a.store = newStore(a.keyring)
	a.Accounts = oauthflow.NewAccounts(a.store, locks)
	a.store.locked = a.Accounts.Locked
	a.feed = &feed.Fetcher{Client: a.net.HTTPClient(), Dir: o.Cache, Now: time.Now}
	return a, nil
}

func (n Network) transport(version string) (transport.Options, error) {
	o := transport.Options{Proxy: transport.SystemProxy(), Version: version}
	for _, text := range n.ConnectTo {
		override, err := transport.ParseOverride(text)
		if err != nil {
			return o, &InputError{Option: "connect-to", Code: BadConnectTo, Args: checks.Args{"value": text}}
		}
		o.ConnectTo = append(o.ConnectTo, override)
	}
	if n.PublicRoots != "" {
		roots, err := readRoots("public-roots", n.PublicRoots)
		if err != nil {
			return o, err
		}
		o.Roots = transport.Pool(roots)
	}
	return o, nil
}

// Folder is BoxReady's own folder in one of the system's, e.g. os.UserCacheDir; "" if the system has none.
func Folder(system func() (string, error)) string {
	dir, err := system()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "boxready")
}

// CacheFolder is the folder for cached data; "" if the system has none.
func CacheFolder() string { return Folder(os.UserCacheDir) }

// ConfigFolder is BoxReady's own folder for settings.
func ConfigFolder() string { return Folder(os.UserConfigDir) }

// Feed fetches the event queue's address lists.
func (a *App) Feed() *feed.Fetcher { return a.feed }

// Pause is how long the rate limit delays the next request to a portal.
func (a *App) Pause(address portal.Address) time.Duration { return a.net.Pacer(address.Host).Pause() }

// ProxyName names the system's proxy for an address; "" for none. It may block.
func (a *App) ProxyName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	proxy, err := a.net.ProxyFor(u.Scheme, u.Hostname(), transport.PortOf(u))
	if err != nil || proxy == nil {
		return ""
	}
	return transport.ProxyName(proxy)
}

// NewestRelease fetches the newest version from an address, see release.Newest.
func (a *App) NewestRelease(ctx context.Context, address string) (release.Release, error) {
	return release.Newest(ctx, a.net.HTTPClient(), address)
}

// RenewCatalogue downloads a newer catalogue, see renewal.Source.Download.
func (a *App) RenewCatalogue(ctx context.Context, s renewal.Source) (date string, err error) {
	return s.Download(ctx, a.net.HTTPClient(), time.Now())
}

// SelfTest checks what BoxReady needs on this computer. display opens a window and returns what draws it; nil for a program with
// none.
func (a *App) SelfTest(ctx context.Context, display func(context.Context) (string, error), observer checks.Observer) *checks.Outcome {
	return checks.RunSelfTest(ctx, a.net, checks.Self{Keyring: a.keyring, Port: a.options.Listen, Display: display}, observer)
}
