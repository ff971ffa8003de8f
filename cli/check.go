package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/report"
	"boxready/internal/secret"
	"boxready/internal/view"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// checkFlags are the flags of check as they were typed.
type checkFlags struct {
	network                                   networkFlags
	deep, contentFilter, eventTest, publicDNS bool
	bodySize, sameIdentity                    bool
	webhook                                   string
	signedIn, asApplication                   bool
	requires                                  []string
	serverProbe, outside                      string
	receiver                                  string
	handlers, setup                           string
	page                                      string
	format, report                            string
	baseline                                  string
	since                                     *report.Saved // what baseline names; nil for none
	hideNames                                 bool
	verbose                                   bool
	timeout                                   time.Duration
	timed                                     bool   // --timeout was given
	kept                                      bool   // the run is added to the history
	scheduled                                 bool   // see app.ScheduledFlag
	missing                                   string // why the sign-in isn't used in a scheduled run; "" if it is
	batch                                     batchFlags
}

// savedWebhook is the value of --webhook for the one in the keyring.
const savedWebhook = "saved"

// networkFlags define how a command reaches a portal and the vendor's hosts.
type networkFlags struct {
	app.Network
	region, authServer, trust string
}

func (f *networkFlags) add(flags *pflag.FlagSet) {
	addRegion(flags, &f.region)
	f.addCommon(flags)
}

func addRegion(flags *pflag.FlagSet, into *string) {
	oneOf(flags, into, "region", "auto", append(names(bitrix.Regions()), "auto")...)
}

// addCommon adds those that apply to several portals at once.
func (f *networkFlags) addCommon(flags *pflag.FlagSet) {
	flags.StringVar(&f.authServer, "auth-server", "", "")
	addConnection(flags, &f.Network)
	flags.StringVar(&f.trust, "trust", "", "")
}

// addConnection adds those that apply to any connection.
func addConnection(flags *pflag.FlagSet, n *app.Network) {
	flags.StringVar(&n.PublicRoots, "public-roots", "", "")
	addConnectTo(flags, &n.ConnectTo)
}

func addConnectTo(flags *pflag.FlagSet, into *[]string) {
	flags.StringArrayVar(into, "connect-to", nil, "")
}

func (cl *commandLine) checkCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:  "check",
		Args: cl.checkArgs,
		RunE: func(c *cobra.Command, args []string) error {
			f.timed, f.kept = c.Flags().Changed("timeout"), true
			if f.batch.portals != "" {
				return cl.checkPortals(c.Context(), f)
			}
			return cl.check(c.Context(), args[0], f)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.deep, "deep", false, "")
	flags.BoolVar(&f.contentFilter, "content-filter", false, "")
	flags.BoolVar(&f.eventTest, "event-test", false, "")
	flags.BoolVar(&f.bodySize, "body-size", false, "")
	flags.BoolVar(&f.sameIdentity, "same-identity", false, "")
	flags.StringVar(&f.receiver, "receiver", "", "")
	flags.StringVar(&f.webhook, "webhook", "", "")
	flags.BoolVar(&f.signedIn, "signed-in", false, "")
	flags.BoolVar(&f.asApplication, "as-application", false, "")
	flags.StringArrayVar(&f.requires, "requires", nil, "")
	oneOf(flags, &f.handlers, "handlers", "", names(allowlist.Places())...)
	flags.StringVar(&f.page, "app", "", "")
	addSetup(flags, &f.setup)
	flags.StringVar(&f.serverProbe, "server-probe", "", "")
	flags.StringVar(&f.outside, "outside", "", "")
	cl.addAcknowledged(flags)
	flags.StringVar(&f.report, "report", "", "")
	flags.BoolVar(&f.hideNames, "hide-names", false, "")
	flags.StringVar(&f.baseline, "baseline", "", "")
	flags.BoolVar(&f.publicDNS, "public-dns", false, "")
	f.network.add(flags)
	f.batch.add(flags)
	addFormat(c, &f.format, "text", "json", "jsonl")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "")
	flags.DurationVar(&f.timeout, "timeout", 0, "")
	flags.BoolVar(&f.scheduled, app.ScheduledFlag, false, "")
	_ = flags.MarkHidden(app.ScheduledFlag) // of a flag that exists
	return c
}

func (cl *commandLine) exactlyOnePortal(c *cobra.Command, args []string) error {
	switch len(args) {
	case 1:
		return nil
	case 0:
		return badUsage("cli.no-portal", checks.Args{"command": c.CommandPath()})
	default:
		return badUsage("cli.many-portals", nil)
	}
}

func (cl *commandLine) check(ctx context.Context, address string, f checkFlags) error {
	if f.timed && f.timeout <= 0 {
		return badUsage("cli.bad-timeout", nil)
	}
	if f.report != "" {
		if err := report.CheckPath(f.report); err != nil {
			return cl.reportError(err)
		}
	}
	a, err := cl.newApp(f.network.Network)
	if err != nil {
		return err
	}
	target, err := cl.target(a, f.options(address, cl.In))
	if err != nil {
		return cl.inputError(err)
	}
	if f.baseline != "" {
		if f.since, err = cl.readBaseline(f.baseline, target.Address); err != nil {
			return err
		}
	}
	if f.webhook == "" && cl.Webhook.IsZero() {
		use, err := cl.offerWebhook(ctx, address, cl.typed())
		if err != nil {
			return err
		}
		if use {
			f.webhook = address
		}
	}
	cl.showReceiver(target, f)
	if f.scheduled {
		cl.Out, cl.Err = lenient{cl.Out}, lenient{cl.Err}
		if f.signedIn {
			f.signedIn, f.missing = false, cl.signInUnattended(ctx, a, &target)
		}
	}
	if err := cl.addCredentials(ctx, a, &target, f); err != nil {
		return err
	}
	if f.timed {
		target.Timeout = f.timeout
	}
	return cl.runChecks(ctx, a, target, f)
}

// target makes a target, which reads files and perhaps standard input.
func (cl *commandLine) target(a *app.App, o app.TargetOptions) (checks.Target, error) {
	return reading(cl.ctx, func() (checks.Target, error) { return a.Target(o) })
}

// options returns what to check, and the owner's consents.
func (f *checkFlags) options(portal string, stdin io.Reader) app.TargetOptions {
	o := f.network.options(portal)
	for _, c := range []struct {
		consent checks.Consent
		given   bool
	}{{checks.Deep, f.deep}, {checks.ContentFilter, f.contentFilter}, {checks.EventTest, f.eventTest}, {checks.PublicDNS, f.publicDNS}, {checks.BodySize, f.bodySize},
		{checks.SameIdentity, f.sameIdentity}} {
		if c.given {
			o.Consents = append(o.Consents, c.consent)
		}
	}
	o.AsApplication, o.Handlers, o.Requires, o.Receiver, o.Page = f.asApplication, f.handlers, f.requires, f.receiver, f.page
	o.ServerProbe, o.Stdin, o.Outside, o.Setup = f.serverProbe, stdin, f.outside, checks.Setup(f.setup)
	return o
}

func (f *networkFlags) options(portal string) app.TargetOptions {
	return app.TargetOptions{Portal: portal, Region: f.region, AuthServer: f.authServer, Trust: f.trust}
}

// showReceiver prints the receiver that the owner agreed to by its flag, or mentions the one that the requirements name.
func (cl *commandLine) showReceiver(target checks.Target, f checkFlags) {
	if target.Receiver != "" {
		fmt.Fprintln(cl.Err, cl.words.Say("receiver.agreed", checks.Args{"host": checks.ReceiverHost(target.Receiver)}))
	} else if r := target.Requirements; r != nil && r.Receiver != "" && f.eventTest && f.signedIn {
		fmt.Fprintln(cl.Err, cl.words.Say("cli.receiver-offered", checks.Args{"host": checks.ReceiverHost(r.Receiver), "receiver": r.Receiver}))
	}
}

// addCredentials adds the webhook and the sign-in that the flags ask for.
func (cl *commandLine) addCredentials(ctx context.Context, a *app.App, target *checks.Target, f checkFlags) error {
	typed := cmp.Or(f.webhook, cl.Webhook.Reveal())
	c := app.Credentials{SavedWebhook: typed == savedWebhook, SignedIn: f.signedIn}
	if c.Kept() {
		if err := cl.openKeyring(ctx, a); err != nil {
			return err
		}
	}
	switch typed {
	case "", savedWebhook:
	case "-":
		var err error
		if c.Webhook, err = cl.askSecret(ctx, "cli-account.ask-webhook", cl.typed()); err != nil {
			return err
		}
	default:
		c.Webhook = secret.New(typed)
	}
	return cl.inputError(a.AddCredentials(ctx, target, c))
}

// runChecks makes the run, shows it, and sets the exit code.
func (cl *commandLine) runChecks(ctx context.Context, a *app.App, target checks.Target, f checkFlags) error {
	format, verbose := f.format, f.verbose
	if hosts := target.HostsToAsk(); hosts != nil { // an untrusted file names them: they are shown before anything is contacted
		fmt.Fprintln(cl.Err, cl.words.Say("hosts.asked", checks.Args{"hosts": hosts}))
	}
	reporter := cl.reporter()
	reporter.Words = reporter.Words.For(target.Setup)
	planned := checks.Plan(target)
	progress := cl.newProgress(len(planned), view.NewEarlyVerdict(planned), func() time.Duration { return a.Pause(target.Address) })
	observers := observers{progress}
	written := &lines{out: cl.Out, reporter: reporter, portal: target.Address.Display()}
	var live *report.Live
	switch format {
	case "jsonl":
		observers = append(observers, written)
	case "text":
		style, out := cl.style(verbose)
		live = reporter.Live(out, target, style)
		observers = append(observers, sharedTerminal{progress, live})
	}
	secrets := target.Secrets() // a sign-in may have renewed its tokens during the run
	outcome := a.Run(ctx, target, observers)
	secrets = append(secrets, target.Secrets()...)
	progress.end()
	if written.err != nil {
		return cl.fail(written.err)
	}

	document := reporter.Document(outcome)
	if err := cl.writeOutcome(outcome, document, live, f); err != nil {
		return cl.fail(err)
	}
	if f.kept && f.since == nil && format == "text" && ctx.Err() == nil {
		cl.hintAtGood(document)
	}
	for _, r := range outcome.Results {
		if left, ok := r.Facts.(interface{ HandlerLeft() bool }); ok && left.HandlerLeft() {
			fmt.Fprintln(cl.Err, cl.words.Say("cli.left-bound", nil))
		}
	}
	if f.kept && ctx.Err() == nil {
		// A run whose news could not be told isn't kept, so that the next one tells them.
		if !f.scheduled || cl.alert(ctx, outcome, document, f.missing, secrets) {
			cl.keepRun(document, secrets)
		}
	}
	if f.report == "" {
		return nil
	}
	contents := report.Contents{Outcome: outcome, Secrets: secrets}
	if f.hideNames {
		contents.Hide = report.Categories()
	}
	path, err := a.SaveReport(f.report, reporter, contents)
	if err != nil {
		return cl.reportError(err)
	}
	kept := ""
	if filepath.Dir(path) == filepath.Dir(f.report) && filepath.Base(path) != filepath.Base(f.report) {
		kept = f.report
	}
	fmt.Fprintln(cl.Err, cl.words.Say("cli.report-saved", checks.Args{"file": path, "kept": kept}))
	return nil
}

// writeOutcome writes the end of a run's result, with what changed since the baseline if there is one, and sets the exit code.
func (cl *commandLine) writeOutcome(outcome *checks.Outcome, document report.Document, live *report.Live, f checkFlags) error {
	cl.exit = exitOf(outcome)
	var changes *report.Changes
	if f.since != nil {
		c := cl.reporter().Compare(f.since.Document, document)
		changes, document.Baseline = &c, c.Baseline(f.since.Started)
		if len(c.Worse()) > 0 {
			cl.exit = ExitWorse
		}
	}
	switch f.format {
	case "json":
		return report.WriteJSON(cl.Out, document, true)
	case "jsonl":
		document.Results = nil // written already
		return report.WriteJSON(cl.Out, document, false)
	}
	if err := live.End(outcome); err != nil || changes == nil {
		return err
	}
	style, out := cl.style(f.verbose)
	return cl.reporter().WriteSince(out, f.since.Document, changes, style)
}

// hintAtGood says that something got worse since the last kept run in which all was well, and how to see what.
func (cl *commandLine) hintAtGood(now report.Document) {
	if good, added, worse := app.SinceGood(app.History(cl.App.Cache), now); added+worse > 0 {
		fmt.Fprintln(cl.Err, cl.words.Say("baseline.since-good", checks.Args{"when": good, "new": added, "worse": worse, "portal": now.Portal}))
	}
}

// keepRun adds a run to the history, unless nothing is known of the portal, not even that there is one. A failure is not shown:
// nobody has asked for it to be kept.
func (cl *commandLine) keepRun(d report.Document, secrets []secret.String) {
	past := app.History(cl.App.Cache)
	if d.Verdict == checks.NotSeen {
		if last, err := past.Last(d.Portal); last == nil || err != nil {
			return
		}
	}
	_ = past.Add(d, secrets...)
}

func exitOf(o *checks.Outcome) Exit { return exitOfCounts(o.Counts()) }

func exitOfCounts(counts map[checks.State]int) Exit {
	switch {
	case counts[checks.Problem] > 0:
		return ExitProblem
	case counts[checks.Notice]+counts[checks.Unknown] > 0:
		return ExitNotice
	default:
		return ExitOK
	}
}

// observers forwards to several observers.
type observers []checks.Observer

func (os observers) Started(id checks.ID) {
	for _, o := range os {
		o.Started(id)
	}
}

func (os observers) Finished(id checks.ID, results []checks.Result) {
	for _, o := range os {
		o.Finished(id, results)
	}
}

func (os observers) Progress(id checks.ID, done, total int) {
	for _, o := range os {
		if counter, ok := o.(checks.Counter); ok {
			counter.Progress(id, done, total)
		}
	}
}

func (os observers) Leg(id checks.ID, leg checks.Leg) {
	for _, o := range os {
		if watcher, ok := o.(checks.LegWatcher); ok {
			watcher.Leg(id, leg)
		}
	}
}

// lines writes each result as a line of JSON when it arrives.
type lines struct {
	out      io.Writer
	reporter *report.Reporter
	portal   string
	err      error // the first; after it nothing more is written
}

func (*lines) Started(checks.ID) {}

func (l *lines) Finished(_ checks.ID, results []checks.Result) {
	for _, r := range results {
		if l.err == nil {
			l.err = report.WriteJSON(l.out, l.reporter.Entry(r, l.portal), false)
		}
	}
}
