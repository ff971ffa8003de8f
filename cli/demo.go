package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/simportal"
	"boxready/internal/transport"

	"github.com/spf13/cobra"
)

func (a *app) demoCommand() *cobra.Command {
	var faults []string
	var checkNow, deep bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Start a simulated portal on this computer",
		Long: "Start a simulated portal, authorization server and event queue on this computer, with the faults asked for, and print the\n" +
			"command that checks it. Nothing of it can be reached from outside; it ends with Ctrl+C.\n\nFaults:\n" + faultTable(),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), faults, checkNow, deep) },
	}
	c.Flags().StringArrayVar(&faults, "fault", nil, "`NAME` of a fault (repeatable)")
	c.Flags().BoolVar(&checkNow, "check", false, "check the simulated portal at once and end")
	c.Flags().BoolVar(&deep, "deep", false, "with --check: as check --deep")
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

func (a *app) demo(ctx context.Context, faults []string, checkNow, deep bool) error {
	known := map[string]bool{}
	for _, f := range simportal.Faults() {
		known[f.Name] = true
	}
	for _, f := range faults {
		if !known[f] {
			return wrong("cli.bad-fault", checks.Args{"value": f})
		}
	}
	sim, err := simportal.Start(simportal.Options{Faults: faults})
	if err != nil {
		return a.fail(fmt.Errorf("start the simulated portal: %w", err))
	}
	defer sim.Close()
	if checkNow {
		return a.checkDemo(ctx, sim, deep)
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
	fmt.Fprintln(a.Out, a.demoCommandLine(sim, roots))
	<-ctx.Done()
	return nil
}

func (a *app) demoCommandLine(sim *simportal.Sim, roots string) string {
	name, err := os.Executable()
	if err != nil {
		name = "boxready"
	}
	words := []string{quote(name), "check", sim.Host(), "--public-roots", quote(roots)}
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

func (a *app) checkDemo(ctx context.Context, sim *simportal.Sim, deep bool) error {
	address, err := portal.ParseAddress(sim.Host())
	if err != nil {
		return a.fail(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(sim.RootsPEM()) {
		return a.fail(errors.New("the simulated portal has no root certificate"))
	}
	way := transport.Options{Roots: roots, Version: a.version}
	for _, to := range sim.ConnectTo() {
		override, err := transport.ParseOverride(to)
		if err != nil {
			return a.fail(err)
		}
		way.ConnectTo = append(way.ConnectTo, override)
	}
	target := checks.Target{Address: address}
	if deep {
		target.Consents = append(target.Consents, checks.Deep)
	}
	fmt.Fprintln(a.Err, a.words.Say("demo.checking", nil))
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	return a.runChecks(ctx, transport.New(way), target, "text", false)
}
