// BoxReady checks whether REST applications will work on a self-hosted Bitrix24 portal.
package main

import (
	"context"
	"io"
	"log"
	"os"

	"boxready/cli"
	"boxready/internal/app"
	"boxready/internal/renewal"
)

// version is set when a release is built.
var version = "0.2.0-dev"

// releases is the address of the newest version's description; a packager may set it. "" for none.
var releases string

// catalogue is the address of a newer catalogue of methods, events and hosts, and catalogueKey the minisign public key that it is
// signed with; a packager may set them. "" for none.
var catalogue, catalogueKey string

// openWindow opens the window and returns when it is closed; false if the command line is to run, or there is no display. It is
// nil in a program that was built without the window.
var openWindow func(ctx context.Context, version string, args []string, unused *renewal.Error) (cli.Exit, bool)

func main() {
	// net/http logs unsolicited data from a portal, which may be an echoed secret.
	log.SetOutput(io.Discard)
	std := cli.Standard()
	std.Releases = releases
	std.Catalogue = renewal.Source{Address: catalogue, Key: catalogueKey, Folder: app.ConfigFolder()}
	// Here, before anything uses the catalogue.
	std.Unused = std.Catalogue.Load()
	std.Display = displayCheck()
	ctx := cli.UntilSignal(context.Background())
	if openWindow != nil {
		if exit, opened := openWindow(ctx, version, os.Args[1:], std.Unused); opened {
			os.Exit(int(exit))
		}
	}
	exit := cli.Run(ctx, version, os.Args[1:], std)
	os.Exit(int(exit))
}
