package cli

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/report"
	"boxready/internal/requirements"
	"boxready/internal/secret"
	"boxready/internal/transport"
	"boxready/oauthflow"

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
	many                                      manyFlags
}

// networkFlags say how a command reaches a portal and the vendor's hosts.
type networkFlags struct {
	region, authServer string
	publicRoots, trust string
	connectTo          []string
}

func (f *networkFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.region, "region", "auto", "of the portal's licence: cis, world or auto")
	f.addCommon(flags)
}

// addCommon adds those that many portals have in common.
func (f *networkFlags) addCommon(flags *pflag.FlagSet) {
	flags.StringVar(&f.authServer, "auth-server", "", "authorization server instead of the region's, https `URL`")
	f.addBare(flags)
	flags.StringVar(&f.trust, "trust", "", "PEM `FILE` of roots that the applications' servers trust besides")
}

// addBare adds those that say how anything leaves at all.
func (f *networkFlags) addBare(flags *pflag.FlagSet) {
	flags.StringVar(&f.publicRoots, "public-roots", "", "PEM `FILE` that replaces the built-in public roots")
	flags.StringArrayVar(&f.connectTo, "connect-to", nil, "dial ADDR:PORT when HOST:PORT is meant, `HOST:PORT:ADDR:PORT` (repeatable)")
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
			if f.many.portals != "" {
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
	f.many.add(flags)
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
	target, err := f.target(address)
	if err != nil {
		return err
	}
	n, err := cl.net(f.network)
	if err != nil {
		return err
	}
	if f.network.publicRoots == "" && len(f.network.connectTo) == 0 {
		target.FeedCache = cacheFolder()
	}
	if target.Requirements, err = cl.readRequirements(f.requires); err != nil {
		return err
	}
	if f.serverProbe != "" {
		if target.ServerProbe, err = cl.readServerProbe(f.serverProbe); err != nil {
			return err
		}
	}
	if f.outside != "" {
		if target.Outside, err = cl.readOutside(f.outside, target.Address); err != nil {
			return err
		}
	}
	if err := cl.addReceiver(&target, f); err != nil {
		return err
	}
	if err := cl.addCredentials(ctx, n, &target, f); err != nil {
		return err
	}
	limit := checks.Budget(target)
	if f.timed {
		limit = f.timeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return cl.runChecks(ctx, n, target, f)
}

// addReceiver adds the receiver that the owner agrees to by naming it. That requirements name one is said, and no more.
func (cl *commandLine) addReceiver(target *checks.Target, f checkFlags) error {
	offered := ""
	if target.Requirements != nil && target.Requirements.Receiver != "" {
		offered = target.Requirements.Receiver
	}
	switch {
	case f.receiver == "" && offered != "" && f.eventTest && f.signedIn:
		fmt.Fprintln(cl.Err, cl.words.Say("cli.receiver-offered", checks.Args{"host": checks.ReceiverHost(offered), "receiver": offered}))
		return nil
	case f.receiver == "":
		return nil
	case !f.eventTest || !f.signedIn:
		return badUsage("cli.receiver-alone", nil)
	}
	if target.UseReceiver(f.receiver) != nil {
		return badUsage("receiver.bad-address", nil)
	}
	fmt.Fprintln(cl.Err, cl.words.Say("receiver.agreed", checks.Args{"host": checks.ReceiverHost(target.Receiver)}))
	return nil
}

// addCredentials adds the webhook and the sign-in that the flags ask for.
func (cl *commandLine) addCredentials(ctx context.Context, n *transport.Net, target *checks.Target, f checkFlags) error {
	typed := cmp.Or(f.webhook, cl.Webhook.Reveal())
	var accounts *oauthflow.Accounts
	if f.signedIn || typed == "saved" {
		var err error
		if accounts, err = cl.openKeyring(ctx); err != nil {
			return err
		}
	}
	switch typed {
	case "":
	case "saved":
		webhook, err := accounts.Webhook(ctx, target.Address)
		if err != nil {
			return cl.keyringError(err, target.Address)
		}
		target.Webhook = &webhook
	default:
		pasted := secret.New(typed)
		if typed == "-" {
			var err error
			if pasted, err = cl.askSecret(ctx, "cli-account.ask-webhook", cl.typed()); err != nil {
				return err
			}
		}
		webhook, err := webhookOf(pasted, target.Address)
		if err != nil {
			return err
		}
		target.Webhook = &webhook
	}
	if !f.signedIn {
		return nil
	}
	// The sign-in was a yes to the address; said again, it is one to an address that the authorization server doesn't hold.
	target.Moved = f.deep
	return cl.useSignIn(ctx, n, target, accounts)
}

// useSignIn adds a sign-in that is kept to what a run uses, and what is known through it.
func (cl *commandLine) useSignIn(ctx context.Context, n *transport.Net, target *checks.Target, accounts *oauthflow.Accounts) error {
	source, err := accounts.SignIn(ctx, target.Address, oauthflow.AuthServer{URL: target.AuthServer, HTTP: n.HTTPClient()})
	if errors.Is(err, oauthflow.ErrOtherServer) {
		account, _ := accounts.Get(ctx, target.Address)
		return badUsage("sign-in.other-server", checks.Args{"server": account.Server})
	}
	if err != nil {
		return cl.keyringError(err, target.Address)
	}
	target.SignIn = source
	// Which server it is that the portal uses is known from here on.
	server := source.Server().URL
	for _, region := range bitrix.Regions() {
		if target.Region == "" && bitrix.AuthServer(region) == server {
			target.Region = region
		}
	}
	if target.AuthServer == "" && (target.Region == "" || bitrix.AuthServer(target.Region) != server) {
		target.AuthServer = server
	}
	return nil
}

// readRequirements reads the files that --requires names; nil without any. What is no file may be the name of a ready one. What
// is wrong with them is told line by line.
func (cl *commandLine) readRequirements(files []string) (*requirements.Requirements, error) {
	var all []*requirements.Requirements
	for _, file := range files {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			if ready, ok := requirements.FromLibrary(file); ok {
				all = append(all, ready)
				continue
			}
		}
		r, err := requirements.ReadFile(file)
		var bad requirements.Errors
		if errors.As(err, &bad) {
			for _, e := range bad {
				fmt.Fprintln(cl.Err, cl.words.RequirementsError(e))
			}
			return nil, badUsage("cli.bad-requirements", checks.Args{"file": file})
		}
		if err != nil {
			return nil, cl.fail(err)
		}
		all = append(all, r)
	}
	if all == nil {
		return nil, nil
	}
	return requirements.Merge(all...), nil
}

func checkFormat(format string) error {
	if formats := []string{"text", "json", "jsonl"}; !slices.Contains(formats, format) {
		return badUsage("cli.bad-value", checks.Args{"flag": "--format", "value": format, "allowed": formats})
	}
	return nil
}

// runChecks makes the run, shows it, and sets the exit code.
func (cl *commandLine) runChecks(ctx context.Context, n *transport.Net, target checks.Target, f checkFlags) error {
	format, verbose := f.format, f.verbose
	if hosts := target.HostsToAsk(); hosts != nil { // a stranger's file names them: nothing is contacted unseen
		fmt.Fprintln(cl.Err, cl.words.Say("hosts.asked", checks.Args{"hosts": hosts}))
	}
	reporter := cl.reporter()
	progress := cl.newProgress(checks.Planned(target), n.Pacer(target.Address.Host).Pause)
	observers := observers{progress}
	written := &lines{out: cl.Out, reporter: reporter, portal: target.Address.Display()}
	if format == "jsonl" {
		observers = append(observers, written)
	}
	secrets := target.Secrets() // a sign-in has others afterwards
	outcome := checks.Run(ctx, n, target, observers)
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
	return cl.saveReport(outcome, f, secrets)
}

// saveReport saves the report that --report asks for. No secret that the run used may be in it.
func (cl *commandLine) saveReport(outcome *checks.Outcome, f checkFlags, secrets []secret.String) error {
	if f.report == "" {
		return nil
	}
	o := allowlist.Options{Portal: outcome.Target.Address, Region: outcome.Target.Region, Handlers: outcome.Target.Handlers, Requirements: outcome.Target.Requirements,
		Outcome: outcome, Now: outcome.Finished, Version: cl.version}
	o.Lists, _ = allowlist.Fetch(context.Background(), &feed.Fetcher{Dir: outcome.Target.FeedCache}, o, true) // those that the run has just kept; the letter says which are missing
	letter, err := allowlist.LetterFor(o, cl.words)
	if err != nil {
		return cl.fail(err)
	}
	contents := report.Contents{Outcome: outcome, Letter: letter, Secrets: secrets}
	if f.hideNames {
		contents.Hide = report.Categories()
	}
	path, err := cl.reporter().Save(f.report, contents)
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

// target is what to check, and what the owner agreed to.
func (f *checkFlags) target(typed string) (checks.Target, error) {
	t, err := f.network.target(typed)
	for consent, given := range map[checks.Consent]bool{checks.Deep: f.deep, checks.ContentFilter: f.contentFilter, checks.EventTest: f.eventTest,
		checks.PublicDNS: f.publicDNS} {
		if given {
			t.Consents = append(t.Consents, consent)
		}
	}
	t.AsApplication, t.Handlers = f.asApplication, requirements.Handlers(f.handlers)
	if places := allowlist.Places(); err == nil && f.handlers != "" && !slices.Contains(places, t.Handlers) {
		return t, badUsage("cli.bad-value", checks.Args{"flag": "--handlers", "value": f.handlers, "allowed": names(places)})
	}
	return t, err
}

// target is the portal that is meant.
func (f *networkFlags) target(typed string) (checks.Target, error) {
	address, err := parsePortal(typed)
	if err != nil {
		return checks.Target{}, err
	}
	t := checks.Target{Address: address, AuthServer: f.authServer}
	switch f.region {
	case "auto":
	case string(bitrix.CIS), string(bitrix.World):
		t.Region = bitrix.Region(f.region)
	default:
		return t, badUsage("cli.bad-value", checks.Args{"flag": "--region", "value": f.region, "allowed": []string{"cis", "world", "auto"}})
	}
	if f.authServer != "" {
		u, err := url.Parse(f.authServer)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
			return t, badUsage("cli.bad-auth-server", nil)
		}
		t.AuthServer = "https://" + u.Host
	}
	if f.trust != "" {
		if t.Trust, err = readRoots("--trust", f.trust); err != nil {
			return t, err
		}
	}
	return t, nil
}

// net is the way out that the flags describe.
func (cl *commandLine) net(f networkFlags) (*transport.Net, error) {
	way, err := f.way(cl.version)
	if err != nil {
		return nil, err
	}
	if cl.Way != nil {
		cl.Way(&way)
	}
	return transport.New(way), nil
}

func (f *networkFlags) way(version string) (transport.Options, error) {
	o := transport.Options{Proxy: transport.SystemProxy(), Version: version}
	for _, text := range f.connectTo {
		override, err := transport.ParseOverride(text)
		if err != nil {
			return o, badUsage("cli.bad-connect-to", checks.Args{"value": text})
		}
		o.ConnectTo = append(o.ConnectTo, override)
	}
	if f.publicRoots != "" {
		roots, err := readRoots("--public-roots", f.publicRoots)
		if err != nil {
			return o, err
		}
		o.Roots = transport.Pool(roots)
	}
	return o, nil
}

func readRoots(flag, file string) ([]*x509.Certificate, error) {
	pem, err := readFile(flag, file)
	if err != nil {
		return nil, err
	}
	roots, err := transport.ParseRoots(pem)
	if err != nil {
		return nil, badUsage("cli.bad-pem", checks.Args{"flag": flag, "file": file})
	}
	return roots, nil
}

// cacheFolder is where the queue's address lists are kept; without one they are asked for anew each time.
func cacheFolder() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "boxready")
}

// observers tell several.
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
