package cli

import (
	"context"
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
		Use: "selftest", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return cl.selftest(c.Context(), network, format, verbose) },
	}
	addFormat(c, &format, "text", "json")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "")
	network.add(c.Flags())
	for _, name := range []string{"region", "auth-server", "trust"} { // accepted, as before, but the self-test has no use for them
		_ = c.Flags().MarkHidden(name) // of flags that exist
	}
	return c
}

func (cl *commandLine) selftest(ctx context.Context, network networkFlags, format string, verbose bool) error {
	a, err := cl.newApp(network.Network)
	if err != nil {
		return err
	}
	progress := cl.newProgress(checks.PlannedForSelfTest(cl.Display != nil), nil, func() time.Duration { return 0 })
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
