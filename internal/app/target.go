package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/requirements"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"
	"boxready/oauthflow"
)

// TargetOptions are what to check and the owner's consents, as typed. Options that are "" are not set.
type TargetOptions struct {
	Portal        string
	Region        string // "cis", "world" or "auto", which is the same as ""
	AuthServer    string // https address instead of the region's
	Trust         string // PEM file of more roots that the applications' servers trust
	Consents      []checks.Consent
	AsApplication bool
	Handlers      string
	Requires      []string // files, or names from the library
	RequiresDir   string   // the first folder to look for such files
	ServerProbe   string   // file with the answer of a server probe, - for Stdin
	Stdin         io.Reader
	Outside       string // file with a run from the internet
	Receiver      string // that the owner agreed to by this option
	Page          string // https or http address of a page that an application shows in the portal
	Setup         checks.Setup
}

// Credentials are what a run may use.
type Credentials struct {
	Webhook      secret.String // its address; zero for none
	SavedWebhook bool          // use the saved one
	SignedIn     bool          // use the saved sign-in
}

// Kept reports whether a saved credential is used.
func (c Credentials) Kept() bool { return c.SavedWebhook || c.SignedIn }

// Target makes a target. It reads the files that o names, but adds no credentials, see AddCredentials. The error is an
// *InputError, or one of reading requirements.
func (a *App) Target(o TargetOptions) (checks.Target, error) {
	address, err := ParsePortal(o.Portal)
	if err != nil {
		return checks.Target{}, err
	}
	t := checks.Target{Address: address, Consents: o.Consents, AsApplication: o.AsApplication, Handlers: requirements.Handlers(o.Handlers), FeedCache: a.options.Cache,
		Setup: o.Setup}
	if t.Region, err = parseRegion(o.Region); err != nil {
		return t, err
	}
	if t.AuthServer, err = parseAuthServer(o.AuthServer); err != nil {
		return t, err
	}
	if o.Trust != "" {
		if t.Trust, err = readRoots("trust", o.Trust); err != nil {
			return t, err
		}
	}
	if places := allowlist.Places(); o.Handlers != "" && !slices.Contains(places, t.Handlers) {
		return t, &InputError{Option: "handlers", Code: BadValue, Args: checks.Args{"value": o.Handlers, "allowed": texts(places)}}
	}
	if t.Requirements, err = ReadRequirements(o.RequiresDir, o.Requires); err != nil {
		return t, err
	}
	t.RequirementNames = o.Requires
	if o.ServerProbe != "" {
		if t.ServerProbe, err = readServerProbe(o.ServerProbe, o.Stdin); err != nil {
			return t, err
		}
	}
	if o.Outside != "" {
		if t.Outside, err = ReadOutside(o.Outside, address); err != nil {
			return t, err
		}
	}
	if o.Page != "" {
		if t.Page, err = ParsePage(o.Page); err != nil {
			return t, err
		}
	}
	if o.Receiver != "" {
		if err := t.UseReceiver(o.Receiver); err != nil {
			return t, &InputError{Option: "receiver", Code: BadReceiver, Err: err}
		}
	}
	return t, nil
}

func parseRegion(text string) (bitrix.Region, error) {
	if text == "" || text == "auto" {
		return "", nil
	}
	if region := bitrix.Region(text); slices.Contains(bitrix.Regions(), region) {
		return region, nil
	}
	return "", &InputError{Option: "region", Code: BadValue, Args: checks.Args{"value": text, "allowed": append(texts(bitrix.Regions()), "auto")}}
}

func texts[T ~string](list []T) (texts []string) {
	for _, item := range list {
		texts = append(texts, string(item))
	}
	return texts
}

func parseAuthServer(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		return "", &InputError{Option: "auth-server", Code: BadAuthServer}
	}
	return "https://" + u.Host, nil
}

// ParsePage normalizes the address of a page that an application shows in the portal. One over http is a finding of the run. The error
// is an *InputError.
func ParsePage(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return "", &InputError{Option: "app", Code: BadPage}
	}
	u.Host, u.Fragment = strings.ToLower(u.Host), ""
	return u.String(), nil
}

// ReadRequirements merges files of requirements; nil for none. Files in dir take precedence; what is no file may be a name from
// the library.
func ReadRequirements(dir string, names []string) (*requirements.Requirements, error) {
	var all []*requirements.Requirements
	for _, name := range names {
		if dir != "" && !filepath.IsAbs(name) {
			if inside := filepath.Join(dir, name); exists(inside) {
				name = inside
			}
		}
		if ready, ok := requirements.FromLibrary(name); ok && !exists(name) {
			all = append(all, ready)
			continue
		}
		r, err := requirements.ReadFile(name)
		if bad, ok := errors.AsType[requirements.Errors](err); ok {
			return nil, &InputError{Option: "requires", Code: BadRequirements, Args: checks.Args{"file": name}, Err: bad}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if all == nil {
		return nil, nil
	}
	return requirements.Merge(all...), nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return !errors.Is(err, fs.ErrNotExist)
}

// readServerProbe reads the answer of a server probe. A damaged one is a finding of the run.
func readServerProbe(file string, stdin io.Reader) (*serverprobe.Probe, error) {
	in := stdin
	if file != "-" {
		opened, err := os.Open(file) // #nosec G304 -- the user names it
		if err != nil {
			return nil, badFile("server-probe", file, err)
		}
		defer opened.Close()
		in = opened
	}
	probe, err := serverprobe.Read(in)
	bad, ok := errors.AsType[*serverprobe.PasteError](err)
	switch {
	case err == nil:
		return probe, nil
	case !ok:
		return nil, badFile("server-probe", file, err)
	case bad.Reason == serverprobe.PasteCutOff, bad.Reason == serverprobe.PasteDamaged:
		return &serverprobe.Probe{Damage: bad.Reason}, nil
	}
	return nil, &InputError{Option: "server-probe", Code: BadPaste, Args: checks.Args{"file": file, "reason": string(bad.Reason)}, Err: bad}
}

// ReadOutside reads a run from the internet, which must be about the same portal. The error is an *InputError.
func ReadOutside(file string, address portal.Address) (*checks.Outside, error) {
	saved, err := report.Read(file)
	bad, ok := errors.AsType[*report.ReadError](err)
	switch {
	case ok && (bad.Reason == report.ReadMissing || bad.Reason == report.ReadRefused):
		return nil, &InputError{Option: "outside", Code: BadFile, Args: checks.Args{"file": file, "missing": bad.Reason == report.ReadMissing}}
	case err != nil:
		return nil, &InputError{Option: "outside", Code: BadOutside, Args: checks.Args{"file": file, "reason": "format"}, Err: err}
	case saved.Portal != address.String():
		return nil, &InputError{Option: "outside", Code: BadOutside, Args: checks.Args{"file": file, "reason": "other", "other": saved.Portal, "portal": address.Display()}}
	}
	return saved.Outside(), nil
}

// AddCredentials adds a webhook and a sign-in to a target. Saved ones need OpenKeyring before. The error is an *InputError, or an
// *AccountError.
func (a *App) AddCredentials(ctx context.Context, t *checks.Target, c Credentials) error {
	if c.SavedWebhook || !c.Webhook.IsZero() {
		webhook, err := ParseWebhook(c.Webhook, t.Address)
		if c.SavedWebhook {
			if webhook, err = a.Webhook(ctx, t.Address); err != nil {
				err = &AccountError{t.Address, err}
			}
		}
		if err != nil {
			return err
		}
		t.Webhook = &webhook
	}
	if !c.SignedIn {
		return nil
	}
	// The sign-in confirmed the address; a second confirmation is for an address that the authorization server doesn't hold.
	t.Moved = slices.Contains(t.Consents, checks.Deep)
	source, err := a.SignIn(ctx, t.Address, oauthflow.AuthServer{URL: t.AuthServer, HTTP: a.net.HTTPClient()})
	if errors.Is(err, oauthflow.ErrOtherServer) {
		account, _ := a.Get(ctx, t.Address)
		return &InputError{Code: OtherServer, Args: checks.Args{"server": account.Server}}
	}
	if err != nil {
		return &AccountError{t.Address, err}
	}
	t.SignIn = source
	// The sign-in determines the portal's server.
	server := source.Server().URL
	for _, region := range bitrix.Regions() {
		if t.Region == "" && bitrix.AuthServer(region) == server {
			t.Region = region
		}
	}
	if t.AuthServer == "" && (t.Region == "" || bitrix.AuthServer(t.Region) != server) {
		t.AuthServer = server
	}
	return nil
}
