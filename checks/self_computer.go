package checks

import (
	"context"
	"errors"
	"slices"
	"time"

	"boxready/internal/opengl"
	"boxready/internal/transport"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// What BoxReady itself needs on this computer. SelfClock belongs here too.
const (
	SelfKeyring  ID = "self-keyring"
	SelfLoopback ID = "self-loopback"
	SelfBrowser  ID = "self-browser"
	SelfProxy    ID = "self-proxy"
	SelfDisplay  ID = "self-display"
)

// Causes of the checks of this program.
const (
	KeyringAbsent  Cause = "keyring-absent"
	KeyringLocked  Cause = "keyring-locked"
	KeyringRefused Cause = "keyring-refused"
	KeyringTimeout Cause = "keyring-timeout"
	PortBusy       Cause = "port-busy"
	PortReserved   Cause = "port-reserved"
	NoBrowser      Cause = "no-browser"
	NoOpenGL       Cause = "no-opengl"
)

// SelfGroup is the chapter about this program.
const SelfGroup Group = "self"

// Self is what a self-test checks on this computer.
type Self struct {
	Keyring *vault.Keyring
	Port    string // loopback address for the sign-in; "" for the usual one
	// Display opens a window, and returns how OpenGL names what draws it; nil in a program without one.
	Display func(context.Context) (renderer string, err error)
}

// RunSelfTest checks this program's own prerequisites. Its only requests are one to each authorization server, which identify
// nobody.
func RunSelfTest(ctx context.Context, n *transport.Net, self Self, observer Observer) *Outcome {
	run, stop := context.WithCancel(ctx)
	env := newEnv(run, n, Target{Self: self})
	defer env.close()
	defer stop()
	outcome := runCatalog(ctx, env, SelfCatalog(), observer)
	outcome.NotChecked = nil
	return outcome
}

// SelfCatalog returns the checks of this program in the order in which they are reported.
func SelfCatalog() []*Check {
	check := func(id ID, causes ...Cause) Check {
		return Check{ID: id, Group: SelfGroup, Vantage: FromComputer, Owner: You, Causes: causes}
	}
	display := check(SelfDisplay, NoOpenGL)
	display.Credentials = []Credential{windowCredential}
	return []*Check{
		define(check(SelfKeyring, KeyringAbsent, KeyringLocked, KeyringRefused, KeyringTimeout), observeKeyring, judgeKeyring),
		define(check(SelfLoopback, PortBusy, PortReserved), observeLoopback, judgeLoopback),
		define(check(SelfBrowser, NoBrowser), observeBrowser, judgeBrowser),
		define(check(SelfProxy, ProxyAuthRequired, ProxyRefused), observeSelfProxy, judgeSelfProxy),
		define(check(SelfClock, ClockWrong), observeSelfClock, judgeSelfClock),
		define(display, observeDisplay, judgeDisplay),
	}
}

// PlannedForSelfTest is how many checks a self-test makes.
func PlannedForSelfTest(window bool) int {
	if window {
		return len(SelfCatalog())
	}
	return len(SelfCatalog()) - 1
}

// windowCredential stands for a program with a window, which the check of the display needs.
const windowCredential Credential = "window"

// KeyringFacts are the result of writing a test entry to the operating system's keyring and deleting it.
type KeyringFacts struct {
	Keeper string       `json:"keeper"`
	Reason vault.Reason `json:"reason,omitempty"`
	TookMS int64        `json:"took_ms"`
}

func observeKeyring(ctx context.Context, env *Env) (*KeyringFacts, error) {
	f := &KeyringFacts{Keeper: vault.InKeyring.Keeper()}
	start := time.Now()
	err := env.target.Self.Keyring.SelfTest(ctx)
	f.TookMS = transport.Since(start)
	var failed *vault.Error
	switch {
	case errors.As(err, &failed):
		f.Reason = failed.Reason
	case err != nil:
		return f, err
	}
	return f, nil
}

func judgeKeyring(f *KeyringFacts, _ FactsByCheck) []Result {
	args := Args{"keeper": f.Keeper}
	switch f.Reason {
	case "":
		return about(ok(), args)
	case vault.Absent:
		return about(one(notice(KeyringAbsent, You)), args)
	case vault.Locked:
		return about(one(notice(KeyringLocked, You)), args)
	case vault.Timeout:
		return about(one(notice(KeyringTimeout, You)), args)
	default:
		return about(one(notice(KeyringRefused, You)), args)
	}
}

// LoopbackFacts are whether the port on which the sign-in waits for the browser is free.
type LoopbackFacts struct {
	Address string               `json:"address"`
	Reason  oauthflow.PortReason `json:"reason,omitempty"`
}

func observeLoopback(ctx context.Context, env *Env) (*LoopbackFacts, error) {
	f := &LoopbackFacts{Address: env.target.Self.Port}
	if f.Address == "" {
		f.Address = oauthflow.ListenAddress()
	}
	err := oauthflow.ProbePort(ctx, env.target.Self.Port)
	var failed *oauthflow.PortError
	if errors.As(err, &failed) {
		f.Reason, err = failed.Reason, nil
	}
	return f, err
}

func judgeLoopback(f *LoopbackFacts, _ FactsByCheck) []Result {
	args := Args{"address": f.Address}
	switch f.Reason {
	case "":
		return about(ok(), args)
	case oauthflow.PortBusy:
		return about(one(problem(PortBusy, You)), args)
	case oauthflow.PortReserved:
		return about(one(problem(PortReserved, You)), args)
	default:
		return about(one(unknown(UnexpectedAnswer, You)), args)
	}
}

// BrowserFacts are whether there is a program that opens URLs.
type BrowserFacts struct {
	Found bool `json:"found"`
}

func observeBrowser(context.Context, *Env) (*BrowserFacts, error) {
	return &BrowserFacts{Found: oauthflow.ProbeBrowser() == nil}, nil
}

func judgeBrowser(f *BrowserFacts, _ FactsByCheck) []Result {
	if !f.Found {
		return one(notice(NoBrowser, You))
	}
	return ok()
}

// SelfProxyFacts are the requests to the authorization servers through the system's proxy.
type SelfProxyFacts struct {
	VendorFacts
}

func observeSelfProxy(ctx context.Context, env *Env) (*SelfProxyFacts, error) {
	f, err := env.askVendor(ctx)
	if err != nil {
		return nil, err
	}
	return &SelfProxyFacts{*f}, nil
}

func judgeSelfProxy(f *SelfProxyFacts, _ FactsByCheck) []Result {
	proxy := ""
	for _, h := range f.Hosts {
		if h.Proxy != "" {
			proxy = h.Proxy
		}
		args := Args{"proxy": h.Proxy}
		switch h.Failure {
		case transport.ProxyAuth:
			return one(problem(ProxyAuthRequired, You).with(args))
		case transport.ProxyRefuse:
			return one(problem(ProxyRefused, You).with(args))
		}
	}
	return about(ok(), Args{"proxy": proxy})
}

// SelfClockFacts compare this computer's clock with the authorization servers'.
type SelfClockFacts struct {
	VendorFacts
}

func observeSelfClock(ctx context.Context, env *Env) (*SelfClockFacts, error) {
	f, err := env.askVendor(ctx)
	if err != nil {
		return nil, err
	}
	return &SelfClockFacts{*f}, nil
}

func judgeSelfClock(f *SelfClockFacts, _ FactsByCheck) []Result {
	offset, known := f.offset()
	switch {
	case !known:
		return one(unknown(UnexpectedAnswer, You))
	case offset.Abs() > clockWrong:
		return one(problem(ClockWrong, You).with(Args{"offset": offset, "ahead": offset < 0}))
	}
	return ok()
}

// DisplayFacts are whether a window can be opened, and how OpenGL names what draws it.
type DisplayFacts struct {
	OpenGL   bool   `json:"opengl"`
	Renderer string `json:"renderer,omitempty"`
}

func observeDisplay(ctx context.Context, env *Env) (*DisplayFacts, error) {
	renderer, err := env.target.Self.Display(ctx)
	return &DisplayFacts{OpenGL: err == nil, Renderer: renderer}, nil
}

func judgeDisplay(f *DisplayFacts, _ FactsByCheck) []Result {
	if !f.OpenGL {
		return one(notice(NoOpenGL, You))
	}
	return about(ok(), Args{"renderer": f.Renderer, "software": opengl.IsSoftware(f.Renderer)})
}

// signInCatalog returns the checks that decide whether a sign-in to a portal is allowed.
func signInCatalog() []*Check {
	needed := []ID{PortalAddress, PortalDNS, PortalTCP, PortalTLS, PortalRedirect, RESTRoute, HTTPSSeen}
	return slices.DeleteFunc(Catalog(), func(c *Check) bool { return !slices.Contains(needed, c.ID) })
}

// PlannedForSignIn is how many checks MaySignIn makes or skips.
func PlannedForSignIn() int { return len(signInCatalog()) }

// MaySignIn checks, without credentials, whether the portal's sign-in page may be opened: the portal then reports the request's
// host as its address, as with a token. It returns the check that forbids it, or "", and the outcome. The owner must have
// confirmed that the address is the one that employees and applications use.
func MaySignIn(ctx context.Context, n *transport.Net, target Target, observer Observer) (ID, *Outcome) {
	run, stop := context.WithCancel(ctx)
	env := newEnv(run, n, target)
	defer env.close()
	defer stop()
	outcome := runCatalog(ctx, env, signInCatalog(), observer)
	return env.secretRule(), outcome
}

// SignInAllowed reports whether a run saw all that MaySignIn looks at, and that nothing of it forbids to open the portal's sign-in
// page.
func (o *Outcome) SignInAllowed() bool {
	results, facts := map[ID][]Result{}, FactsByCheck{}
	for _, r := range o.Results {
		id := r.FoundBy()
		results[id] = append(results[id], r)
		if r.Facts != nil {
			facts[id] = r.Facts
		}
	}
	redirect, seen := factsOf[RedirectFacts](facts, PortalRedirect), factsOf[HTTPSFacts](facts, HTTPSSeen)
	return blockerIn(results[PortalTLS], PortalTLS) == "" && blockerIn(results[HTTPSSeen], HTTPSSeen) == "" &&
		redirect != nil && !redirect.leavesHost() && seen != nil && !seen.Unverified
}
