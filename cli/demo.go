package cli

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/simportal"
	"boxready/internal/transport"

	"github.com/spf13/cobra"
)

// demoFlags are the flags of demo.
type demoFlags struct {
	faults   []string
	checkNow bool
	deep     bool
	format   string
	verbose  bool
}

func (a *app) demoCommand() *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use:   "demo",
		Short: "Start a simulated portal on this computer",
		Long: "Start a simulated portal, authorization server and event queue on this computer, with the faults asked for, and print the\n" +
			"command that checks it. Nothing of it can be reached from outside; it ends with Ctrl+C.\n\nFaults:\n" + faultTable(),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), f) },
	}
	flags := c.Flags()
	flags.StringArrayVar(&f.faults, "fault", nil, "`NAME` of a fault (repeatable)")
	flags.BoolVar(&f.checkNow, "check", false, "check the simulated portal at once and end")
	flags.BoolVar(&f.deep, "deep", false, "with --check: as check --deep; faults that need it are checked so anyway")
	flags.StringVar(&f.format, "format", "text", "with --check: text, json or jsonl")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "with --check: as check -v")
	return c
}

func faultTable() string {
	var table strings.Builder
	columns := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, f := range simportal.Faults() {
		fmt.Fprintf(columns, "  %s\t%s\n", f.Name, f.Words)
	}
	columns.Flush()
	return strings.TrimRight(table.String(), "\n")
}

func (a *app) demo(ctx context.Context, f demoFlags) error {
	if err := checkFormat(f.format); err != nil {
		return err
	}
	with := map[string]bool{"deep": f.deep} // what a run has to do to see the faults
	for _, name := range f.faults {
		fault, known := findFault(name)
		if !known {
			return wrong("cli.bad-fault", checks.Args{"value": name})
		}
		for _, w := range fault.With {
			with[w] = true
		}
		if slices.Contains(fault.With, "region") {
			with[name[strings.LastIndex(name, "-")+1:]] = true
		}
	}
	// The resolver can't be said on a command line.
	if with["dns"] && !f.checkNow {
		return wrong("demo.only-check", nil)
	}
	sim, err := simportal.Start(simportal.Options{Faults: f.faults})
	if err != nil {
		return a.fail(fmt.Errorf("start the simulated portal: %w", err))
	}
	defer sim.Close()
	if f.checkNow {
		return a.checkDemo(ctx, sim, f, with)
	}
	folder, err := os.MkdirTemp("", "boxready-demo-")
	if err != nil {
		return a.fail(fmt.Errorf("make a folder for the demo's root certificate: %w", err))
	}
	defer os.RemoveAll(folder)
	roots := filepath.Join(folder, "roots.pem")
	if err := os.WriteFile(roots, sim.RootsPEM(), 0o600); err != nil {
		return a.fail(fmt.Errorf("write the demo's root certificate: %w", err))
	}
	fmt.Fprintln(a.Err, a.words.Say("demo.started", nil))
	fmt.Fprintln(a.Out, a.demoCommandLine(sim, roots, with))
	<-ctx.Done()
	return nil
}

func findFault(name string) (simportal.Fault, bool) {
	faults := simportal.Faults()
	i := slices.IndexFunc(faults, func(f simportal.Fault) bool { return f.Name == name })
	if i < 0 {
		return simportal.Fault{}, false
	}
	return faults[i], true
}

func (a *app) demoCommandLine(sim *simportal.Sim, roots string, with map[string]bool) string {
	name, err := os.Executable()
	if err != nil {
		name = "boxready"
	}
	words := []string{quote(name), "check", sim.Host(), "--public-roots", quote(roots)}
	if with["proxy"] {
		return strings.Join(append([]string{"HTTPS_PROXY=" + sim.Proxy()}, words...), " ")
	}
	for _, flag := range []string{"deep", "content-filter", "public-dns"} {
		if with[flag] {
			words = append(words, "--"+flag)
		}
	}
	for _, region := range bitrix.Regions() {
		if with[string(region)] {
			words = append(words, "--region", string(region))
		}
	}
	for _, to := range sim.ConnectTo() {
		words = append(words, "--connect-to", to)
	}
	return strings.Join(words, " ")
}

// quote makes a path one word for a shell, cmd.exe included.
func quote(path string) string {
	if strings.ContainsAny(path, " ()&'") {
		return `"` + path + `"`
	}
	return path
}

// checkDemo checks the simulated portal as the faults need to be seen.
func (a *app) checkDemo(ctx context.Context, sim *simportal.Sim, f demoFlags, with map[string]bool) error {
	address, err := portal.ParseAddress(sim.Host())
	if err != nil {
		return a.fail(err)
	}
	roots, err := transport.ParseRoots(sim.RootsPEM())
	if err != nil {
		return a.fail(err)
	}
	way := transport.Options{Roots: transport.Pool(roots), Version: a.version}
	places := sim.ConnectTo()
	switch {
	case with["dns"]:
		way.Resolver, places = sim.Resolver(), sim.ConnectToByAddress()
	case with["proxy"]:
		proxy, err := url.Parse(sim.Proxy())
		if err != nil {
			return a.fail(err)
		}
		way.Proxy, places = func(*url.URL) (*url.URL, error) { return proxy, nil }, nil
	}
	for _, place := range places {
		override, err := transport.ParseOverride(place)
		if err != nil {
			return a.fail(err)
		}
		way.ConnectTo = append(way.ConnectTo, override)
	}
	target := checks.Target{Address: address}
	for _, consent := range []checks.Consent{checks.Deep, checks.ContentFilter, checks.PublicDNS} {
		if with[string(consent)] {
			target.Consents = append(target.Consents, consent)
		}
	}
	for _, region := range bitrix.Regions() {
		if with[string(region)] {
			target.Region = region
		}
	}
	fmt.Fprintln(a.Err, a.words.Say("demo.checking", nil))
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	return a.runChecks(ctx, transport.New(way), target, f.format, f.verbose)
}
