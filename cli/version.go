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
	var licences, newest, verbose bool
	c := &cobra.Command{
		Use: "version", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if licences {
				return assets.WriteLicences(cl.Out)
			}
			err := cl.printVersion()
			if err == nil && verbose {
				_, err = fmt.Fprintln(cl.Out, cl.words.CatalogueInUse())
			}
			if err != nil || !newest {
				return err
			}
			return cl.checkVersion(c.Context())
		},
	}
	c.Flags().BoolVar(&licences, "licences", false, "")
	c.Flags().BoolVar(&newest, "check", false, "")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "")
	return c
}

func (cl *commandLine) printVersion() error {
	_, err := fmt.Fprintln(cl.Out, "boxready", cl.version)
	return err
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
