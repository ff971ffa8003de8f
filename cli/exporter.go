//go:build nogui

package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/exporter"
	"boxready/internal/fleet"
	"boxready/internal/portal"
	"boxready/internal/receiver/server"
	"boxready/internal/secret"

	"github.com/spf13/cobra"
)

// exporterFlags are the flags of exporter.
type exporterFlags struct {
	network   networkFlags
	portals   string
	listen    string
	interval  time.Duration
	timeout   time.Duration
	parallel  int
	cert, key string
}

func (cl *commandLine) exporterCommand() *cobra.Command {
	f := exporterFlags{network: networkFlags{region: "auto"}}
	c := &cobra.Command{
		Use:  "exporter",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return cl.export(c.Context(), f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.portals, "portals", "", "")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:9789", "")
	flags.DurationVar(&f.interval, "interval", 10*time.Minute, "")
	flags.DurationVar(&f.timeout, "timeout", 0, "")
	flags.IntVar(&f.parallel, "parallel", 8, "")
	addCertificate(flags, &f.cert, &f.key)
	cl.addAcknowledged(flags)
	f.network.addCommon(flags)
	return c
}

func (cl *commandLine) export(ctx context.Context, f exporterFlags) error {
	switch {
	case f.portals == "":
		return badUsage("portals.need-list", nil)
	case f.interval < exporter.MinInterval:
		return badUsage("portals.bad-interval", checks.Args{"least": exporter.MinInterval.String()})
	case f.parallel < 1 || f.parallel > maxParallel:
		return badUsage("portals.bad-parallel", checks.Args{"limit": maxParallel})
	case f.timeout < 0:
		return badUsage("cli.bad-timeout", nil)
	}
	var encrypted *tls.Config
	scheme := "http://"
	if f.cert != "" {
		var err error
		if encrypted, err = server.TLS(f.cert, f.key, slog.New(slog.NewTextHandler(cl.Err, nil))); err != nil {
			return badUsage("cli-receiver.bad-cert", checks.Args{"cert": f.cert, "key": f.key})
		}
		scheme = "https://"
	}
	b, err := cl.openBatch(ctx, f.portals, f.parallel, f.network)
	if err != nil {
		return err
	}
	defer b.Close()
	b.Timeout = f.timeout
	listed := map[portal.Address]fleet.Portal{}
	var addresses []portal.Address
	for _, p := range b.Portals {
		listed[p.Address], addresses = p, append(addresses, p.Address)
	}
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return badUsage("portals.bad-listen", checks.Args{"address": f.listen})
	}
	e := exporter.New(ctx, exporter.Options{
		Portals: addresses, Interval: f.interval, Parallel: app.MaxUnderWay * f.parallel, Version: cl.version,
		Run: func(ctx context.Context, address portal.Address) (*checks.Outcome, error) {
			return b.Run(ctx, listed[address])
		},
		Failed: func(address portal.Address, err error) {
			fmt.Fprintf(cl.Err, "%s: %s\n", address.Display(), cl.errorText(err))
		},
	})
	defer e.Close()
	fmt.Fprintln(cl.Err, cl.words.Say("portals.exporting", checks.Args{"portals": len(b.Portals), "url": scheme + ln.Addr().String()}))
	if encrypted != nil {
		ln = tls.NewListener(ln, encrypted)
	}
	cl.serves = true
	if err := e.Serve(ctx, ln); err != nil {
		return cl.fail(errors.New(secret.Mask(err.Error())))
	}
	return nil
}
