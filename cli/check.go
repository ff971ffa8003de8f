package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/transport"

	"github.com/spf13/cobra"
)

// checkFlags are the flags of check as they were typed.
type checkFlags struct {
	deep, contentFilter, publicDNS bool
	region, authServer             string
	publicRoots, trust             string
	connectTo                      []string
	format                         string
	verbose                        bool
	timeout                        time.Duration
}

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check PORTAL",
		Short: "Run the checklist for a portal",
		Long: `Run the checklist for a portal: what stands between it and applications, who fixes it and how.

Without flags only questions without any credentials are asked, at most 12 in any 10 seconds.

Exit codes: 0 nothing wrong seen, 3 at least one problem, 4 no problem but notices or unknowns, 2 wrong usage, 1 could not run.`,
		Example: `  boxready check portal.example.ru
  boxready check portal.example.ru --deep --format json`,
		Args: a.exactlyOnePortal,
		RunE: func(c *cobra.Command, args []string) error { return a.check(c.Context(), args[0], f) },
	}
	flags := c.Flags()
	flags.BoolVar(&f.deep, "deep", false, "the address is the one that employees and applications use: allow token-bearing requests")
	flags.BoolVar(&f.contentFilter, "content-filter", false, "allow one request that may look like an attack to a filter")
	flags.BoolVar(&f.publicDNS, "public-dns", false, "also ask a public resolver (the portal's name leaves for it)")
	flags.StringVar(&f.region, "region", "auto", "of the portal's licence: cis, world or auto")
	flags.StringVar(&f.authServer, "auth-server", "", "authorization server instead of the region's, https `URL`")
	flags.StringVar(&f.publicRoots, "public-roots", "", "PEM `FILE` that replaces the built-in public roots")
	flags.StringVar(&f.trust, "trust", "", "PEM `FILE` of roots that the applications' servers trust besides")
	flags.StringArrayVar(&f.connectTo, "connect-to", nil, "dial ADDR:PORT when HOST:PORT is meant, `HOST:PORT:ADDR:PORT` (repeatable)")
	flags.StringVar(&f.format, "format", "text", "of the result: text, json or jsonl (a result a line as it arrives, then the summary)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show the checks that are in order, and what every check saw")
	flags.DurationVar(&f.timeout, "timeout", 90*time.Second, "end the run after this time")
	return c
}

func (a *app) exactlyOnePortal(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 1:
		return nil
	case 0:
		return wrong("cli.no-portal", nil)
	default:
		return wrong("cli.many-portals", nil)
	}
}

func (a *app) check(ctx context.Context, address string, f checkFlags) error {
	if err := checkFormat(f.format); err != nil {
		return err
	}
	if f.timeout <= 0 {
		return wrong("cli.bad-timeout", nil)
	}
	target, err := f.target(address)
	if err != nil {
		return err
	}
	way, err := f.way(a.version)
	if err != nil {
		return err
	}
	if f.publicRoots == "" && len(f.connectTo) == 0 {
		target.FeedCache = cacheFolder()
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	return a.runChecks(ctx, transport.New(way), target, f.format, f.verbose)
}

func checkFormat(format string) error {
	if formats := []string{"text", "json", "jsonl"}; !slices.Contains(formats, format) {
		return wrong("cli.bad-value", checks.Args{"flag": "--format", "value": format, "allowed": formats})
	}
	return nil
}

// runChecks makes the run, shows it, and sets the exit code.
func (a *app) runChecks(ctx context.Context, n *transport.Net, target checks.Target, format string, verbose bool) error {
	reporter := &report.Reporter{Words: a.words, Version: a.version}
	progress := a.newProgress(checks.Planned(target))
	observers := observers{progress}
	written := &lines{out: a.Out, reporter: reporter, portal: target.Address.Display()}
	if format == "jsonl" {
		observers = append(observers, written)
	}
	outcome := checks.Run(ctx, n, target, observers)
	progress.end()
	if written.err != nil {
		return a.fail(written.err)
	}

	a.exit = exitOf(outcome)
	var err error
	switch format {
	case "json":
		err = report.WriteJSON(a.Out, reporter.Document(outcome), true)
	case "jsonl":
		err = report.WriteJSON(a.Out, reporter.Summary(outcome), false)
	default:
		style, out := a.style(verbose)
		err = reporter.WriteText(out, outcome, style)
	}
	if err != nil {
		return a.fail(err)
	}
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

// target is what to check.
func (f *checkFlags) target(typed string) (checks.Target, error) {
	address, err := portal.ParseAddress(typed)
	var bad *portal.AddressError
	if errors.As(err, &bad) {
		return checks.Target{}, wrong("cli.bad-address."+string(bad.Reason), nil)
	}
	t := checks.Target{Address: address, AuthServer: f.authServer}
	switch f.region {
	case "auto":
	case string(bitrix.CIS), string(bitrix.World):
		t.Region = bitrix.Region(f.region)
	default:
		return t, wrong("cli.bad-value", checks.Args{"flag": "--region", "value": f.region, "allowed": []string{"cis", "world", "auto"}})
	}
	if f.authServer != "" {
		u, err := url.Parse(f.authServer)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
			return t, wrong("cli.bad-auth-server", nil)
		}
		t.AuthServer = "https://" + u.Host
	}
	for consent, given := range map[checks.Consent]bool{checks.Deep: f.deep, checks.ContentFilter: f.contentFilter, checks.PublicDNS: f.publicDNS} {
		if given {
			t.Consents = append(t.Consents, consent)
		}
	}
	if f.trust != "" {
		if t.Trust, err = readRoots("--trust", f.trust); err != nil {
			return t, err
		}
	}
	return t, nil
}

// way is how the run leaves this computer.
func (f *checkFlags) way(version string) (transport.Options, error) {
	o := transport.Options{Proxy: transport.SystemProxy(), Version: version}
	for _, text := range f.connectTo {
		override, err := transport.ParseOverride(text)
		if err != nil {
			return o, wrong("cli.bad-connect-to", checks.Args{"value": text})
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
		return nil, wrong("cli.bad-pem", checks.Args{"flag": flag, "file": file})
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
