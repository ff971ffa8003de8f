package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/fleet"
	"boxready/internal/report"
	"boxready/internal/requirements"
	"boxready/internal/secret"
	"boxready/internal/transport"
	"boxready/internal/vault"
	"boxready/internal/yamlfile"
	"boxready/oauthflow"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
)

// manyFlags are the flags of check that are about many portals.
type manyFlags struct {
	portals  string
	parallel int
	resume   string
}

const maxParallel = 256

func (f *manyFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.portals, "portals", "", "`FILE` (YAML, or CSV) with the portals to check, and what may be asked of each; see boxready portals schema")
	flags.IntVar(&f.parallel, "parallel", 16, "with --portals: how many portals are checked at once")
	flags.StringVar(&f.resume, "resume", "", "with --portals: keep each portal's result in `FILE`, and don't check again what stands in it")
}

// forMany are the flags of check that go with --portals. The others are about one portal, and stand in the list.
var forMany = []string{"portals", "parallel", "resume", "format", "timeout", "lang", "auth-server", "public-roots", "trust", "connect-to"}

func (cl *commandLine) checkArgs(c *cobra.Command, args []string) error {
	many := c.Flags().Changed("portals")
	var bad error
	c.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case bad != nil:
		case many && !slices.Contains(forMany, f.Name):
			bad = badUsage("portals.not-with", checks.Args{"flag": "--" + f.Name})
		case !many && (f.Name == "parallel" || f.Name == "resume"):
			bad = badUsage("portals.only-with", checks.Args{"flag": "--" + f.Name})
		}
	})
	switch {
	case bad != nil:
		return bad
	case !many:
		return cl.exactlyOnePortal(c, args)
	case len(args) > 0:
		return badUsage("portals.and-portal", nil)
	case !cl.Webhook.IsZero():
		return badUsage("portals.not-with", checks.Args{"flag": webhookVariable})
	}
	return nil
}

func (cl *commandLine) portalsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "portals", Short: "Lists of portals for check --portals and exporter --portals", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use: "check FILE", Short: "Say what is wrong with a list, line by line", Args: cl.exactly(1, "portals.need-file"),
		RunE: func(_ *cobra.Command, args []string) error {
			portals, err := cl.readPortals(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cl.Out, cl.words.Count("portals.in-order", len(portals)))
			return err
		},
	}, &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of a list", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := cl.Out.Write(assets.PortalsSchema)
			return err
		},
	})
	return c
}

// readPortals reads a list. What is wrong with it is told line by line.
func (cl *commandLine) readPortals(file string) ([]fleet.Portal, error) {
	portals, err := fleet.ReadFile(file)
	if bad, ok := errors.AsType[yamlfile.Errors](err); ok {
		for _, e := range bad {
			fmt.Fprintln(cl.Err, cl.words.PortalsError(e))
		}
		return nil, badUsage("portals.bad-file", checks.Args{"file": file})
	}
	return portals, err
}

// rounds makes runs against the portals of a list.
type rounds struct {
	cl           *commandLine
	target       checks.Target // what all of them have in common
	net          *transport.Net
	accounts     *oauthflow.Accounts // nil if no portal needs them
	requirements map[string]*requirements.Requirements
	timeout      time.Duration // of one run; 0: what it needs
}

// openRounds reads a list, and everything that it names.
func (cl *commandLine) openRounds(ctx context.Context, file string, network networkFlags) (*rounds, []fleet.Portal, error) {
	portals, err := cl.readPortals(file)
	if err != nil {
		return nil, nil, err
	}
	r := &rounds{cl: cl, requirements: map[string]*requirements.Requirements{}}
	if r.target, err = network.target(portals[0].Address.String()); err != nil {
		return nil, nil, err
	}
	if r.net, err = cl.net(network); err != nil {
		return nil, nil, err
	}
	for _, p := range portals {
		if err := r.readRequirements(p, filepath.Dir(file)); err != nil {
			return nil, nil, err
		}
	}
	if err := r.openAccounts(ctx, file, portals); err != nil {
		return nil, nil, err
	}
	cache := ""
	if network.publicRoots == "" && len(network.connectTo) == 0 {
		cache = cacheFolder()
	}
	r.target.Shared = checks.NewShared(ctx, r.net, cache)
	return r, portals, nil
}

// readRequirements reads what a portal's applications require, once for all portals with the same ones.
func (r *rounds) readRequirements(p fleet.Portal, folder string) error {
	key := strings.Join(p.Requires, "\n")
	if _, read := r.requirements[key]; read || key == "" {
		return nil
	}
	var files []string
	for _, name := range p.Requires {
		beside := name
		if !filepath.IsAbs(name) {
			beside = filepath.Join(folder, name)
		}
		if _, err := os.Stat(beside); err == nil {
			name = beside
		}
		files = append(files, name)
	}
	required, err := r.cl.readRequirements(files)
	if err != nil {
		return err
	}
	r.requirements[key] = required
	if hosts := (&checks.Target{Requirements: required}).HostsToAsk(); hosts != nil {
		fmt.Fprintln(r.cl.Err, r.cl.words.Say("hosts.asked", checks.Args{"hosts": hosts}))
	}
	return nil
}

// openAccounts opens the keyring if it is needed, and finds out at once what isn't in it.
func (r *rounds) openAccounts(ctx context.Context, file string, portals []fleet.Portal) error {
	needs := func(p fleet.Portal) bool { return p.Webhook || p.SignedIn }
	if !slices.ContainsFunc(portals, needs) {
		return nil
	}
	var err error
	if r.accounts, err = r.cl.openKeyring(ctx); err != nil {
		return err
	}
	missing := 0
	for _, p := range portals {
		if !needs(p) {
			continue
		}
		account, err := r.accounts.Get(ctx, p.Address)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return r.cl.keyringError(err, p.Address)
		}
		for key, absent := range map[string]bool{"no-webhook": p.Webhook && !account.Webhook, "no-sign-in": p.SignedIn && !account.SignedIn()} {
			if absent && missing < maxMissing {
				fmt.Fprintf(r.cl.Err, "%s:%d: %s\n", file, p.Line, r.cl.words.Say("portals."+key, checks.Args{"portal": p.Address.Authority()}))
			}
			if absent {
				missing++
			}
		}
	}
	if missing > 0 {
		return badUsage("portals.missing-secrets", nil)
	}
	return nil
}

const maxMissing = 20 // lines about what isn't in the keyring

// run makes one run, with the deadline of one.
func (r *rounds) run(ctx context.Context, p fleet.Portal) (*checks.Outcome, error) {
	target := r.target
	target.Address, target.Region = p.Address, p.Region
	for _, c := range []struct {
		consent checks.Consent
		given   bool
	}{{checks.Deep, p.Deep}, {checks.ContentFilter, p.ContentFilter}, {checks.PublicDNS, p.PublicDNS}} {
		if c.given {
			target.Consents = append(target.Consents, c.consent)
		}
	}
	target.AsApplication, target.Handlers = p.AsApplication, p.Handlers
	target.Requirements = r.requirements[strings.Join(p.Requires, "\n")]
	if p.Webhook {
		webhook, err := r.accounts.Webhook(ctx, p.Address)
		if err != nil {
			return nil, r.cl.keyringError(err, p.Address)
		}
		target.Webhook = &webhook
	}
	if p.SignedIn {
		target.Moved = p.Deep
		if err := r.cl.useSignIn(ctx, r.net, &target, r.accounts); err != nil {
			return nil, err
		}
	}
	limit := r.timeout
	if limit == 0 {
		limit = checks.Budget(target)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return checks.Run(ctx, r.net, target, unobserved{}), nil
}

// inWords says why a run could not be made.
func (cl *commandLine) inWords(err error) string {
	if usage, ok := errors.AsType[*usageError](err); ok {
		return cl.words.Say(usage.key, usage.args)
	}
	return secret.Mask(err.Error())
}

type unobserved struct{}

func (unobserved) Started(checks.ID)                   {}
func (unobserved) Finished(checks.ID, []checks.Result) {}

// checkPortals checks the portals of a list, several at once, and writes each result as soon as it is there.
func (cl *commandLine) checkPortals(ctx context.Context, f checkFlags) error {
	switch {
	case f.format == "json":
		return badUsage("portals.no-json", nil)
	case f.timed && f.timeout <= 0:
		return badUsage("cli.bad-timeout", nil)
	case f.many.parallel < 1 || f.many.parallel > maxParallel:
		return badUsage("portals.bad-parallel", checks.Args{"limit": maxParallel})
	}
	if err := checkFormat(f.format); err != nil {
		return err
	}
	r, portals, err := cl.openRounds(ctx, f.many.portals, f.network)
	if err != nil {
		return err
	}
	defer r.target.Shared.Close()
	if f.timed {
		r.timeout = f.timeout
	}
	// What lives long is small, and a run leaves a lot behind: collected less often, that takes 35 MB more and a seventh less of
	// the processor's time.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	m := &many{cl: cl, reporter: cl.reporter(), overview: report.NewOverview(), total: len(portals)}
	if f.format == "jsonl" {
		m.out = append(m.out, cl.Out)
	}
	if f.many.resume != "" {
		state, done, err := cl.openState(f.many.resume, m.overview, portals)
		if err != nil {
			return err
		}
		defer state.Close()
		portals = slices.DeleteFunc(portals, func(p fleet.Portal) bool { return done[p.Address.String()] })
		m.out, m.done = append(m.out, state), len(done)
	}
	return m.check(ctx, r, portals, f)
}

// many is the progress of a run against many portals.
type many struct {
	cl       *commandLine
	reporter *report.Reporter
	out      []io.Writer // of lines of JSON
	total    int

	mu       sync.Mutex
	overview *report.Overview
	done     int
	failed   int   // could not be checked, our own fault
	err      error // of writing; nothing more is then checked
	drawn    int
}

func (m *many) check(ctx context.Context, r *rounds, portals []fleet.Portal, f checkFlags) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	group.SetLimit(f.many.parallel)
	for _, p := range portals {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			outcome, err := r.run(ctx, p)
			if ctx.Err() != nil {
				return nil // what was broken off is no result
			}
			if !m.finished(p, outcome, err) {
				stop()
			}
			return nil
		})
	}
	_ = group.Wait() // none of them returns an error
	return m.end(f)
}

// finished takes a result, and writes it; false if that fails.
func (m *many) finished(p fleet.Portal, outcome *checks.Outcome, err error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
	defer m.draw()
	m.done++
	if err != nil {
		m.done, m.failed = m.done-1, m.failed+1
		fmt.Fprintf(m.cl.Err, "%s: %s\n", p.Address.Display(), m.cl.inWords(err))
		return true
	}
	document := m.reporter.Document(outcome)
	m.overview.Add(document)
	for _, out := range m.out {
		if m.err == nil {
			m.err = report.WriteJSON(out, document, false)
		}
	}
	return m.err == nil
}

// end says what came of it all, and sets the exit code by the worst.
func (m *many) end(f checkFlags) error {
	m.clear()
	if m.err != nil {
		return m.cl.fail(m.err)
	}
	m.cl.exit = exitOfCounts(m.overview.Counts())
	if f.format == "text" && m.done > 0 {
		if err := m.reporter.WriteOverview(m.cl.Out, m.overview); err != nil {
			return m.cl.fail(err)
		}
	}
	if left := m.total - m.done; left > 0 {
		m.cl.exit = ExitCouldNot
		fmt.Fprintln(m.cl.Err, m.cl.words.Say("portals.left", checks.Args{"left": left, "total": m.total, "failed": m.failed, "resume": f.many.resume}))
	} else if f.format != "text" {
		fmt.Fprintln(m.cl.Err, m.cl.words.Say("portals.progress", m.counts()))
	}
	return nil
}

func (m *many) counts() checks.Args {
	return checks.Args{"done": m.done, "total": m.total, "problems": m.overview.Verdicts()[checks.NotReady]}
}

// draw shows on a terminal how far it is.
func (m *many) draw() {
	columns, terminal := width(m.cl.Err)
	if !terminal {
		return
	}
	line := []rune(m.cl.words.Say("portals.progress", m.counts()))
	line = line[:min(len(line), max(columns-1, 1))]
	fmt.Fprint(m.cl.Err, "\r", string(line))
	m.drawn = len(line)
}

func (m *many) clear() {
	if m.drawn > 0 {
		fmt.Fprint(m.cl.Err, "\r", strings.Repeat(" ", m.drawn), "\r")
	}
	m.drawn = 0
}

// maxLine is more than any result takes.
const maxLine = 32 << 20

// openState opens the file in which results are kept, adds those that stand in it to the overview, and returns their portals.
// A last line that was cut off when a run was stopped is taken away.
func (cl *commandLine) openState(path string, overview *report.Overview, portals []fleet.Portal) (*os.File, map[string]bool, error) {
	bad := func(line int) error { return badUsage("portals.bad-state", checks.Args{"file": path, "line": line}) }
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // #nosec G304 -- the user names it
	if err != nil {
		return nil, nil, badUsage("cli.bad-file", checks.Args{"flag": "--resume", "file": path, "missing": errors.Is(err, os.ErrNotExist)})
	}
	fail := func(err error) (*os.File, map[string]bool, error) {
		file.Close()
		return nil, nil, err
	}
	wanted := map[string]bool{}
	for _, p := range portals {
		wanted[p.Address.String()] = true
	}
	done := map[string]bool{}
	var first time.Time
	end := int64(0)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	lines.Split(wholeLines)
	for n := 1; lines.Scan(); n++ {
		line := lines.Bytes()
		if !bytes.HasSuffix(line, []byte("\n")) {
			// Only what was cut off in the middle is taken away; somebody else's file stays as it is.
			if begin := []byte(`{"schema":`); !bytes.HasPrefix(line, begin[:min(len(begin), len(line))]) {
				return fail(bad(n))
			}
			break
		}
		portal, finished, err := overview.Saved(line, func(portal string) bool { return wanted[portal] && !done[portal] })
		if err != nil {
			return fail(bad(n))
		}
		if wanted[portal] {
			done[portal] = true
			if first.IsZero() || finished.Before(first) {
				first = finished
			}
		}
		end += int64(len(line))
	}
	if lines.Err() != nil {
		return fail(badUsage("cli.bad-file", checks.Args{"flag": "--resume", "file": path, "missing": false}))
	}
	if err := file.Truncate(end); err != nil {
		return fail(cl.fail(fmt.Errorf("cut the unfinished line off %s: %w", path, err)))
	}
	if _, err := file.Seek(end, io.SeekStart); err != nil {
		return fail(cl.fail(fmt.Errorf("go to the end of %s: %w", path, err)))
	}
	if len(done) > 0 {
		fmt.Fprintln(cl.Err, cl.words.Say("portals.resumed", checks.Args{"done": len(done), "total": len(portals), "file": path, "first": first.Local().Format("2006-01-02 15:04")}))
	}
	return file, done, nil
}

// wholeLines splits into lines that keep their end, so that one without can be told.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
