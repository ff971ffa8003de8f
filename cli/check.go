package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/report"
	"boxready/internal/secret"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// checkFlags are the flags of check as they were typed.
type checkFlags struct {
	network                                   networkFlags
	deep, contentFilter, eventTest, publicDNS bool
	webhook                                   string
	signedIn, asApplication                   bool
	requires                                  []string
	serverProbe, outside                      string
	receiver                                  string
	handlers                                  string
	format, report                            string
	hideNames                                 bool
	verbose                                   bool
	timeout                                   time.Duration
	timed                                     bool // --timeout was given
	batch                                     batchFlags
}

// networkFlags define how a command reaches a portal and the vendor's hosts.
type networkFlags struct {
	app.Network
	region, authServer, trust string
}

func (f *networkFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.region, "region", "auto", "of the portal's licence: cis, world or auto")
	f.addCommon(flags)
}

// addCommon adds those that apply to several portals at once.
func (f *networkFlags) addCommon(flags *pflag.FlagSet) {
	flags.StringVar(&f.authServer, "auth-server", "", "authorization server instead of the region's, https `URL`")
	f.addBare(flags)
	flags.StringVar(&f.trust, "trust", "", "PEM `FILE` of roots that the applications' servers trust besides")
}

// addBare adds those that apply to any connection.
func (f *networkFlags) addBare(flags *pflag.FlagSet) {
	flags.StringVar(&f.PublicRoots, "public-roots", "", "PEM `FILE` that replaces the built-in public roots")
	flags.StringArrayVar(&f.ConnectTo, "connect-to", nil, "dial ADDR:PORT when HOST:PORT is meant, `HOST:PORT:ADDR:PORT` (repeatable)")
}

func (cl *commandLine) checkCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check PORTAL | --portals FILE",
		Short: "Run the checklist for a portal",
		Long: `Run the checklist for a portal: what stands between it and applications, who fixes it and how.

Without flags only questions without any credentials are asked, at most 12 in any 10 seconds.

Exit codes: 0 nothing wrong seen, 3 at least one problem, 4 no problem but notices or unknowns, 2 wrong usage, 1 could not run.`,
		Example: `  boxready check portal.example.ru
  boxready check portal.example.ru --deep --format json
  boxready check --portals portals.yaml --format jsonl --resume results.jsonl`,
		Args: cl.checkArgs,
		RunE: func(c *cobra.Command, args []string) error {
			f.timed = c.Flags().Changed("timeout")
			if f.batch.portals != "" {
				return cl.checkPortals(c.Context(), f)
			}
			return cl.check(c.Context(), args[0], f)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.deep, "deep", false, "the address is the one that employees and applications use: allow token-bearing requests")
	flags.BoolVar(&f.contentFilter, "content-filter", false, "allow one request that may look like an attack to a filter")
	flags.BoolVar(&f.eventTest, "event-test", false, "with --signed-in: allow binding and unbinding a test event")
	flags.StringVar(&f.receiver, "receiver", "", "with --event-test: `URL` of a receiver (see boxready receiver --help) that the test event has to get to; the event carries an access token for an hour, which a receiver of BoxReady doesn't keep")
	flags.StringVar(&f.webhook, "webhook", "", "incoming webhook: - for standard input, saved for the keyring's, or its `URL`, which others on this computer can see then (default: $BOXREADY_WEBHOOK)")
	flags.BoolVar(&f.signedIn, "signed-in", false, "use the saved sign-in, see boxready login")
	flags.BoolVar(&f.asApplication, "as-application", false, "the credential is the application's own: missing permissions are problems")
	flags.StringArrayVar(&f.requires, "requires", nil, "`FILE` with an application's requirements, or the name of a ready one (repeatable)")
	flags.StringVar(&f.handlers, "handlers", "", "where the application's handlers live, whatever the file says: internet, lan or custom")
	flags.StringVar(&f.serverProbe, "server-probe", "", "`FILE` with the answer of a script that looked at the portal's server, or - for standard input; see boxready probe")
	flags.StringVar(&f.outside, "outside", "", "`FILE` with the JSON of a run that was made in the internet")
	flags.StringVar(&f.report, "report", "", "save a report for support in `FILE`.{zip,html,json,txt}")
	flags.BoolVar(&f.hideNames, "hide-names", false, "with --report: replace names, addresses and people by tokens")
	flags.BoolVar(&f.publicDNS, "public-dns", false, "also ask a public resolver (the portal's name leaves for it)")
	f.network.add(flags)
	f.batch.add(flags)
	flags.StringVar(&f.format, "format", "text", "of the result: text, json or jsonl (a result a line as it arrives, then the summary; with --portals a whole document a line)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show the checks that are in order, and what every check saw")
	flags.DurationVar(&f.timeout, "timeout", 90*time.Second, "end the run (with --portals each one) after this time; without it, runs about many methods may take longer")
	return c
}

func (cl *commandLine) exactlyOnePortal(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 1:
		return nil
	case 0:
		return badUsage("cli.no-portal", nil)
	default:
		return badUsage("cli.many-portals", nil)
	}
}

func (cl *commandLine) check(ctx context.Context, address string, f checkFlags) error {
	if err := checkFormat(f.format); err != nil {
		return err
	}
	if f.timed && f.timeout <= 0 {
		return badUsage("cli.bad-timeout", nil)
	}
	if f.report != "" {
		if err := report.CheckPath(f.report); err != nil {
			return cl.reportError(err)
		}
	}
	if f.receiver != "" && (!f.eventTest || !f.signedIn) {
		return badUsage("cli.receiver-alone", nil)
	}
	a, err := cl.newApp(f.network.Network)
	if err != nil {
		return err
	}
	target, err := a.Target(f.options(address, cl.In))
	if err != nil {
		return cl.inputError(err)
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
	if err := cl.addCredentials(ctx, a, &target, f); err != nil {
		return err
	}
	if f.timed {
		limited, cancel := context.WithTimeout(ctx, f.timeout)
		defer cancel()
		ctx = limited
	}
	return cl.runChecks(ctx, a, target, f)
}

// options returns what to check, and the owner's consents.
func (f *checkFlags) options(portal string, stdin io.Reader) app.TargetOptions {
	o := f.network.options(portal)
	for _, c := range []struct {
		consent checks.Consent
		given   bool
	}{{checks.Deep, f.deep}, {checks.ContentFilter, f.contentFilter}, {checks.EventTest, f.eventTest}, {checks.PublicDNS, f.publicDNS}} {
		if c.given {
			o.Consents = append(o.Consents, c.consent)
		}
	}
	o.AsApplication, o.Handlers, o.Requires, o.Receiver = f.asApplication, f.handlers, f.requires, f.receiver
	o.ServerProbe, o.Stdin, o.Outside = f.serverProbe, stdin, f.outside
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
	c := app.Credentials{SavedWebhook: typed == "saved", SignedIn: f.signedIn}
	if c.Kept() {
		if err := cl.openKeyring(ctx, a); err != nil {
			return err
		}
	}
	switch typed {
	case "", "saved":
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

func checkFormat(format string) error {
	if formats := []string{"text", "json", "jsonl"}; !slices.Contains(formats, format) {
		return badUsage("cli.bad-value", checks.Args{"flag": "--format", "value": format, "allowed": formats})
	}
	return nil
}

// runChecks makes the run, shows it, and sets the exit code.
func (cl *commandLine) runChecks(ctx context.Context, a *app.App, target checks.Target, f checkFlags) error {
	format, verbose := f.format, f.verbose
	if hosts := target.HostsToAsk(); hosts != nil { // an untrusted file names them: they are shown before anything is contacted
		fmt.Fprintln(cl.Err, cl.words.Say("hosts.asked", checks.Args{"hosts": hosts}))
	}
	reporter := cl.reporter()
	progress := cl.newProgress(checks.Planned(target), func() time.Duration { return a.Pause(target.Address) })
	observers := observers{progress}
	written := &lines{out: cl.Out, reporter: reporter, portal: target.Address.Display()}
	if format == "jsonl" {
		observers = append(observers, written)
	}
	secrets := target.Secrets() // a sign-in may have renewed its tokens during the run
	outcome := a.Run(ctx, target, observers)
	secrets = append(secrets, target.Secrets()...)
	progress.end()
	if written.err != nil {
		return cl.fail(written.err)
	}

	cl.exit = exitOf(outcome)
	var err error
	switch format {
	case "json":
		err = report.WriteJSON(cl.Out, reporter.Document(outcome), true)
	case "jsonl":
		err = report.WriteJSON(cl.Out, reporter.Summary(outcome), false)
	default:
		style, out := cl.style(verbose)
		err = reporter.WriteText(out, outcome, style)
	}
	if err != nil {
		return cl.fail(err)
	}
	for _, r := range outcome.Results {
		if left, ok := r.Facts.(interface{ HandlerLeft() bool }); ok && left.HandlerLeft() {
			fmt.Fprintln(cl.Err, cl.words.Say("cli.left-bound", nil))
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
	fmt.Fprintln(cl.Err, cl.words.Say("cli.report-saved", checks.Args{"file": path}))
	return nil
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
