package cli

import (
	"context"
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/report"

	"github.com/spf13/cobra"
)

func (cl *commandLine) selftestCommand() *cobra.Command {
	var format string
	var verbose bool
	var network networkFlags
	c := &cobra.Command{
		Use: "selftest", Short: "Look at what BoxReady itself needs on this computer", Args: atMost(0),
		Long: "Look at what BoxReady itself needs on this computer: keyring, port for the sign-in, browser, proxy, clock.\n\n" +
			"Exit codes: as those of check.",
		RunE: func(c *cobra.Command, _ []string) error { return cl.selftest(c.Context(), network, format, verbose) },
	}
	c.Flags().StringVar(&format, "format", "text", "of the result: text or json")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "show what is in order, and what was seen")
	network.add(c.Flags())
	return c
}

func (cl *commandLine) selftest(ctx context.Context, network networkFlags, format string, verbose bool) error {
	if !slices.Contains([]string{"text", "json"}, format) {
		return badUsage("cli.bad-value", checks.Args{"flag": "--format", "value": format, "allowed": []string{"text", "json"}})
	}
	a, err := cl.newApp(network.Network)
	if err != nil {
		return err
	}
	progress := cl.newProgress(checks.PlannedForSelfTest(cl.Display != nil), func() time.Duration { return 0 })
	outcome := a.SelfTest(ctx, cl.Display, progress)
	progress.end()
	cl.exit = exitOf(outcome)
	if format == "json" {
		entries := []report.Entry{}
		for _, r := range outcome.Results {
			entries = append(entries, cl.reporter().Entry(r, ""))
		}
		err = report.WriteJSON(cl.Out, entries, true)
	} else {
		style, out := cl.style(verbose)
		err = cl.reporter().WriteSelfTest(out, outcome, style)
	}
	if err != nil {
		return cl.fail(err)
	}
	return nil
}
