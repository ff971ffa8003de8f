package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/release"

	"github.com/spf13/cobra"
)

// The user waits for this request.
const releaseTimeout = 15 * time.Second

func (cl *commandLine) versionCommand() *cobra.Command {
	var licences, newest bool
	c := &cobra.Command{
		Use: "version", Short: "Print the version", Args: atMost(0),
		Long: "Print the version.\n\nNothing is asked over the network unless --check is given. Exit codes with --check: 0 this is the newest version, 4 there is\n" +
			"a newer one, 1 that can't be told.",
		RunE: func(c *cobra.Command, _ []string) error {
			if licences {
				return assets.WriteLicences(cl.Out)
			}
			if _, err := fmt.Fprintln(cl.Out, "boxready", cl.version); err != nil || !newest {
				return err
			}
			return cl.checkVersion(c.Context())
		},
	}
	c.Flags().BoolVar(&licences, "licences", false, "print the licences of everything in this program")
	c.Flags().BoolVar(&newest, "check", false, "ask whether there is a newer version, where whoever packaged this program said to")
	c.MarkFlagsMutuallyExclusive("licences", "check")
	return c
}

// checkVersion asks whether there is a newer version.
func (cl *commandLine) checkVersion(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, releaseTimeout)
	defer cancel()
	a, err := cl.newApp(app.Network{})
	if err != nil {
		return err
	}
	r, err := a.NewestRelease(ctx, cl.Releases)
	switch {
	case errors.Is(err, release.ErrNoFeed):
		cl.exit = ExitCouldNot
		fmt.Fprintln(cl.Err, cl.words.Say("version.no-feed", nil))
		return nil
	case err != nil:
		cl.exit = ExitCouldNot
		fmt.Fprintln(cl.Err, cl.words.Say("version.no-answer", checks.Args{"address": cl.Releases}))
		return nil
	case r.Newer(cl.version):
		cl.exit = ExitNotice
		_, err = fmt.Fprintln(cl.Out, cl.words.Say("version.newer", checks.Args{"version": r.Version, "page": r.Page}))
		return err
	}
	_, err = fmt.Fprintln(cl.Out, cl.words.Say("version.newest", nil))
	return err
}
