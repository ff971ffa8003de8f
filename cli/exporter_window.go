//go:build !nogui

package cli

import "github.com/spf13/cobra"

// exporterCommand refers to the other program: the one with the window doesn't include the exporter.
func (cl *commandLine) exporterCommand() *cobra.Command {
	return &cobra.Command{
		Use: "exporter", Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return badUsage("portals.no-exporter", nil) },
	}
}
