package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/filelock"
	"boxready/internal/fleet"
	"boxready/internal/report"
	"boxready/internal/secret"
	"boxready/internal/untrusted"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
)

// batchFlags are the flags of check that are about many portals.
type batchFlags struct {
	portals  string
	parallel int
	resume   string
}

const maxParallel = 256

func (f *batchFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.portals, "portals", "", "")
	flags.IntVar(&f.parallel, "parallel", 16, "")
	flags.StringVar(&f.resume, "resume", "", "")
}

// withList are the flags of check that work with --portals. The others are about one portal, and are in the list.
var withList = []string{"portals", "parallel", "resume", "baseline", "format", "timeout", "lang", "auth-server", "public-roots", "trust", "connect-to", "acknowledged"}

func (cl *commandLine) checkArgs(c *cobra.Command, args []string) error {
	list := c.Flags().Changed("portals")
	var bad error
	c.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case bad != nil:
		case list && !slices.Contains(withList, f.Name):
			bad = badUsage("portals.not-with", checks.Args{"flag": "--" + f.Name})
		}
	})
	switch {
	case bad != nil:
		return bad
	case !list:
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
		Use: "portals", Args: knownCommand, RunE: cl.showHelp,
	}
	c.AddCommand(&cobra.Command{
		Use: "check", Args: cl.exactly(1, "portals.need-file"),
		RunE: func(_ *cobra.Command, args []string) error {
			portals, err := cl.readList(args[0])
			if err != nil {
				return cl.inputError(err)
			}
			_, err = fmt.Fprintln(cl.Out, cl.words.Count("portals.in-order", len(portals)))
			return err
		},
	}, cl.schemaCommand(assets.PortalsSchema))
	return c
}

func (cl *commandLine) readList(file string) ([]fleet.Portal, error) {
	return reading(cl.ctx, func() ([]fleet.Portal, error) { return app.ReadList(file) })
}

// openBatch reads a list and the files that it names.
func (cl *commandLine) openBatch(ctx context.Context, file string, parallel int, network networkFlags) (*app.Batch, error) {
	portals, err := cl.readList(file)
	if err != nil {
		return nil, cl.inputError(err)
	}
	a, err := cl.newApp(network.Network)
	if err != nil {
		return nil, err
	}
	var unopened error
	b, err := a.OpenBatch(ctx, file, portals, parallel, network.options(""), func() error {
		unopened = cl.openKeyring(ctx, a)
		return unopened
	})
	missing, _ := errors.AsType[app.MissingAccounts](err)
	switch {
	case unopened != nil:
		return nil, unopened
	case missing != nil:
		cl.printMissing(file, missing)
		return nil, badUsage("portals.missing-secrets", nil)
	case err != nil:
		return nil, cl.inputError(err)
	}
	for _, hosts := range b.Hosts {
		fmt.Fprintln(cl.Err, cl.words.Say("hosts.asked", checks.Args{"hosts": hosts}))
	}
	return b, nil
}

// printMissing prints the portals whose webhooks and sign-ins aren't saved.
func (cl *commandLine) printMissing(file string, missing app.MissingAccounts) {
	lines := 0
	for _, m := range missing {
		for key, absent := range map[string]bool{"no-webhook": m.Webhook, "no-sign-in": m.SignIn} {
			if absent && lines < maxMissing {
				fmt.Fprintf(cl.Err, "%s:%d: %s\n", file, m.Portal.Line, cl.words.Say("portals."+key, checks.Args{"portal": m.Portal.Address.Authority()}))
				lines++
			}
		}
	}
}

const maxMissing = 20 // lines about missing accounts

// errorText is why a run could not be made.
func (cl *commandLine) errorText(err error) string {
	err = cl.inputError(err)
	if usage, ok := errors.AsType[*usageError](err); ok {
		return cl.words.Say(usage.key, usage.args)
	}
	return untrusted.Line(secret.Mask(err.Error()))
}

// checkPortals checks the portals of a list, several at once, and writes each result as it arrives.
func (cl *commandLine) checkPortals(ctx context.Context, f checkFlags) error {
	switch {
	case f.format == "json":
		return badUsage("portals.no-json", nil)
	case f.timed && f.timeout <= 0:
		return badUsage("cli.bad-timeout", nil)
	case f.batch.parallel < 1 || f.batch.parallel > maxParallel:
		return badUsage("portals.bad-parallel", checks.Args{"limit": maxParallel})
	}
	b, err := cl.openBatch(ctx, f.batch.portals, f.batch.parallel, f.network)
	if err != nil {
		return err
	}
	defer b.Close()
	if f.timed {
		b.Timeout = f.timeout
	}
	portals := b.Portals
	// The live heap is small, and runs make much garbage: collecting it less often takes 35 MB more and a seventh less processor
	// time.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	m := &batchRunner{cl: cl, reporter: cl.reporter(), overview: report.NewOverview(), total: len(portals)}
	if f.format == "jsonl" {
		m.out = append(m.out, cl.Out)
	}
	if f.baseline != "" {
		if sameFile(f.baseline, f.batch.resume) {
			return badUsage("baseline.same-file", nil)
		}
		if m.baselines, err = cl.openBaselines(f.baseline, portals); err != nil {
			return err
		}
		defer m.baselines.file.Close()
	}
	if f.batch.resume != "" {
		state, done, err := cl.openState(f.batch.resume, m.overview, portals)
		if err != nil {
			return err
		}
		defer state.Close()
		portals = slices.DeleteFunc(portals, func(p fleet.Portal) bool { return done[p.Address.String()] })
		m.out, m.done = append(m.out, state), len(done)
	}
	return m.run(ctx, b, portals, f)
}

// batchRunner makes the runs against the portals of a list, and shows progress.
type batchRunner struct {
	cl       *commandLine
	reporter *report.Reporter
	out      []io.Writer // of lines of JSON
	total    int
	// baselines are the earlier runs that those are compared with; nil for none.
	baselines *baselines

	mu       sync.Mutex
	overview *report.Overview
	fresh    []string // portals without an earlier run
	done     int
	failed   int   // could not be checked because of BoxReady
	err      error // of writing; it stops further checks
	drawn    int
}

func (m *batchRunner) run(ctx context.Context, b *app.Batch, portals []fleet.Portal, f checkFlags) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	group.SetLimit(app.MaxUnderWay * f.batch.parallel)
	for _, p := range portals {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			outcome, err := b.Run(ctx, p)
			if ctx.Err() != nil {
				return nil // a cancelled run is no result
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

// finished writes a result; false if that fails.
func (m *batchRunner) finished(p fleet.Portal, outcome *checks.Outcome, err error) bool {
	var document report.Document
	if err == nil {
		document = m.reporter.Document(outcome)
		err = m.compare(&document)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
	defer m.draw()
	m.done++
	if err != nil {
		m.done, m.failed = m.done-1, m.failed+1
		fmt.Fprintf(m.cl.Err, "%s: %s\n", p.Address.Display(), m.cl.errorText(err))
		return true
	}
	m.overview.Add(document)
	if m.baselines != nil && document.Baseline == nil {
		m.fresh = append(m.fresh, p.Address.Display())
	}
	for _, out := range m.out {
		if m.err == nil {
			m.err = report.WriteJSON(out, document, false)
		}
	}
	return m.err == nil
}

// compare adds what changed since the earlier run against the portal, if there is one.
func (m *batchRunner) compare(document *report.Document) error {
	if m.baselines == nil {
		return nil
	}
	before, err := m.baselines.of(document.Portal)
	if err != nil || before == nil {
		return err
	}
	changes := m.reporter.Compare(before.Document, *document)
	document.Baseline = changes.Baseline(before.Started)
	return nil
}

// end prints the totals, and sets the exit code by the worst result.
func (m *batchRunner) end(f checkFlags) error {
	m.clear()
	if m.err != nil {
		return m.cl.fail(m.err)
	}
	if m.cl.exit = exitOfCounts(m.overview.Counts()); m.overview.Worse() > 0 {
		m.cl.exit = ExitWorse
	}
	if len(m.fresh) > 0 {
		slices.Sort(m.fresh)
		fmt.Fprintln(m.cl.Err, m.cl.words.Say("baseline.fresh", checks.Args{"file": m.baselines.path, "portals": m.fresh}))
	}
	if f.format == "text" && m.done > 0 {
		if err := m.reporter.WriteOverview(m.cl.Out, m.overview); err != nil {
			return m.cl.fail(err)
		}
	}
	if left := m.total - m.done; left > 0 {
		m.cl.exit = ExitCouldNot
		fmt.Fprintln(m.cl.Err, m.cl.words.Say("portals.left", checks.Args{"left": left, "total": m.total, "failed": m.failed, "resume": f.batch.resume}))
	} else if f.format != "text" {
		fmt.Fprintln(m.cl.Err, m.cl.words.Say("portals.progress", m.counts()))
	}
	return nil
}

func (m *batchRunner) counts() checks.Args {
	verdicts := m.overview.Verdicts()
	return checks.Args{"done": m.done, "total": m.total, "problems": verdicts[checks.NotReady], "not_seen": verdicts[checks.NotSeen]}
}

// draw shows progress on a terminal.
func (m *batchRunner) draw() {
	columns, terminal := width(m.cl.Err)
	if !terminal {
		return
	}
	line := []rune(m.cl.words.Say("portals.progress", m.counts()))
	line = line[:min(len(line), max(columns-1, 1))]
	fmt.Fprint(m.cl.Err, "\r", string(line))
	m.drawn = len(line)
}

func (m *batchRunner) clear() {
	if m.drawn > 0 {
		fmt.Fprint(m.cl.Err, "\r", strings.Repeat(" ", m.drawn), "\r")
	}
	m.drawn = 0
}

// maxLine exceeds the size of any result.
const maxLine = 32 << 20

// openState opens the file of results for this run alone, adds those in it to the overview, and returns their portals. What an
// interrupted run or a loss of power left of a last line is removed.
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
	if locked, err := filelock.Try(file); err == nil && !locked {
		return fail(cl.fail(errors.New(cl.words.Say("portals.in-use", checks.Args{"file": path}))))
	}
	wanted := map[string]bool{}
	for _, p := range portals {
		wanted[p.Address.String()] = true
	}
	done := map[string]bool{}
	var first time.Time
	end, damaged := int64(0), 0 // the number of a damaged line, behind which nothing may follow
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	lines.Split(wholeLines)
	for n := 1; lines.Scan(); n++ {
		line := lines.Bytes()
		if damaged > 0 {
			return fail(bad(damaged))
		}
		// After a loss of power, NUL bytes may stand where nothing was written yet.
		nul := bytes.IndexByte(line, 0)
		if nul >= 0 || !bytes.HasSuffix(line, []byte("\n")) {
			// Only what began as a result is removed; other files stay as they are.
			begin, start := []byte(`{"schema":`), line
			if nul >= 0 {
				start = line[:nul]
			}
			if !bytes.HasPrefix(start, begin[:min(len(begin), len(start))]) {
				return fail(bad(n))
			}
			damaged = n
			continue
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

// wholeLines splits into lines with their ends, so that an incomplete one is detected.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
