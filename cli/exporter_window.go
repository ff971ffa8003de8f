//go:build !nogui

package cli

import "github.com/spf13/cobra"

// exporterCommand says where the exporter is: who opens a window has no use for a server and the code that it takes.
func (cl *commandLine) exporterCommand() *cobra.Command {
	return &cobra.Command{
		Use: "exporter", Short: "Give Prometheus the results of checks (in the program without a window)",
		DisableFlagParsing: true,
		RunE:               func(*cobra.Command, []string) error { return badUsage("portals.no-exporter", nil) },
	}
}
