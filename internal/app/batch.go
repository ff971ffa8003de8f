package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/fleet"
	"boxready/internal/requirements"
	"boxready/internal/vault"
	"boxready/internal/yamlfile"
)

// Batch makes runs against the portals of a list. Close it.
type Batch struct {
	Portals []fleet.Portal
	Timeout time.Duration // of one run; 0: checks.Budget
	// Hosts are, for each set of requirements, the hosts that runs contact because of it, see checks.Target.HostsToAsk.
	Hosts [][]string

	app          *App
	slots        slots
	target       checks.Target // common to all portals
	requirements map[string]*requirements.Requirements
}

// MissingAccounts are the portals of a list whose webhook or sign-in isn't saved.
type MissingAccounts []MissingAccount

// MissingAccount is one of them.
type MissingAccount struct {
	Portal          fleet.Portal
	Webhook, SignIn bool // is missing
}

func (m MissingAccounts) Error() string {
	return fmt.Sprintf("%d webhooks or sign-ins are not kept", len(m))
}

// ReadList reads a list of portals. The error is an *InputError, or one of reading.
func ReadList(file string) ([]fleet.Portal, error) {
	portals, err := fleet.ReadFile(file)
	if bad, ok := errors.AsType[yamlfile.Errors](err); ok {
		return nil, &InputError{Option: "portals", Code: BadList, Args: checks.Args{"file": file}, Err: bad}
	}
	return portals, err
}

// OpenBatch prepares runs against the portals of a list: it reads the files that the list names. It ignores o's options for one
// portal. parallel is how many runs are made at once. openKeyring is called if accounts are needed. The error is an *InputError, MissingAccounts, an *AccountError, or
// openKeyring's.
func (a *App) OpenBatch(ctx context.Context, file string, portals []fleet.Portal, parallel int, o TargetOptions, openKeyring func() error) (*Batch, error) {
	o.Portal = portals[0].Address.String()
	common, err := a.Target(o)
	if err != nil {
		return nil, err
	}
	common.Known = append([]checks.KnownPortal{}, History(a.options.Cache).Known()...) // read once, not for each portal
	b := &Batch{Portals: portals, app: a, slots: make(slots, parallel), target: common, requirements: map[string]*requirements.Requirements{}}
	for _, p := range portals {
		key := requirementsKey(p)
		if _, read := b.requirements[key]; read {
			continue
		}
		if b.requirements[key], err = ReadRequirements(filepath.Dir(file), p.Requires); err != nil {
			return nil, err
		}
		if hosts := (&checks.Target{Requirements: b.requirements[key]}).HostsToAsk(); hosts != nil {
			b.Hosts = append(b.Hosts, hosts)
		}
	}
	if slices.ContainsFunc(portals, needsAccount) {
		if err := openKeyring(); err != nil {
			return nil, err
		}
		if err := b.findAccounts(ctx); err != nil {
			return nil, err
		}
	}
	b.target.Shared = checks.NewShared(ctx, a.net, a.options.Cache)
	return b, nil
}

func requirementsKey(p fleet.Portal) string { return strings.Join(p.Requires, "\n") }

func needsAccount(p fleet.Portal) bool { return p.Webhook || p.SignedIn }

// findAccounts returns all missing accounts at once.
func (b *Batch) findAccounts(ctx context.Context) error {
	var missing MissingAccounts
	for _, p := range b.Portals {
		if !needsAccount(p) {
			continue
		}
		account, err := b.app.Get(ctx, p.Address)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return &AccountError{p.Address, err}
		}
		m := MissingAccount{Portal: p, Webhook: p.Webhook && !account.Webhook, SignIn: p.SignedIn && !account.SignedIn()}
		if m.Webhook || m.SignIn {
			missing = append(missing, m)
		}
	}
	if missing != nil {
		return missing
	}
	return nil
}

// MaxUnderWay is how many runs may be under way for each that is made at once; the others wait for portals that are silent.
const MaxUnderWay = 16

// Run makes one run when there is a slot for it, see App.Run. The error is AddCredentials', or ctx's.
func (b *Batch) Run(ctx context.Context, p fleet.Portal) (*checks.Outcome, error) {
	t := b.target
	t.Address, t.Region, t.AsApplication, t.Handlers, t.Requirements = p.Address, p.Region, p.AsApplication, p.Handlers, b.requirements[requirementsKey(p)]
	t.Consents = p.Consents()
	if err := b.app.AddCredentials(ctx, &t, Credentials{SavedWebhook: p.Webhook, SignedIn: p.SignedIn}); err != nil {
		return nil, err
	}
	t.Timeout, t.OneConnection = b.Timeout, true
	slot, err := b.slots.take(ctx)
	if err != nil {
		return nil, err
	}
	defer slot.free()
	return b.app.Run(ctx, t, slot), nil
}

// Close cancels the pending shared requests.
func (b *Batch) Close() { b.target.Shared.Close() }
