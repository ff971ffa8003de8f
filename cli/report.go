package cli

import (
	"boxready/assets"

	"github.com/spf13/cobra"
)

func (a *app) reportCommand() *cobra.Command {
	c := &cobra.Command{Use: "report", Short: "About reports"}
	c.AddCommand(&cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of the result of check --format json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.Out.Write(assets.ResultSchema)
			return err
		},
	})
	return c
}
