package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/receiver/server"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

type receiverFlags struct {
	network            app.Network
	listen, public     string
	proxies            []string
	cert, key, logForm string
}

func (cl *commandLine) receiverCommand() *cobra.Command {
	var f receiverFlags
	c := &cobra.Command{
		Use:  "receiver",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return cl.receive(c.Context(), f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8085", "")
	flags.StringVar(&f.public, "public-url", "", "")
	flags.StringArrayVar(&f.proxies, "trusted-proxy", nil, "")
	addCertificate(flags, &f.cert, &f.key)
	oneOf(flags, &f.logForm, "log", "text", "text", "json")
	addConnection(flags, &f.network)
	return c
}

// addCertificate adds those for a service's own TLS.
func addCertificate(flags *pflag.FlagSet, cert, key *string) {
	flags.StringVar(cert, "cert", "", "")
	flags.StringVar(key, "key", "", "")
}

func (cl *commandLine) receive(ctx context.Context, f receiverFlags) error {
	options := server.Options{Public: f.public}
	for _, text := range f.proxies {
		proxy, err := parseNetwork(text)
		if err != nil {
			return badUsage("cli-receiver.bad-proxy", checks.Args{"value": text})
		}
		options.Proxies = append(options.Proxies, proxy)
	}
	options.Log = slog.New(slog.NewTextHandler(cl.Err, nil))
	if f.logForm == "json" {
		options.Log = slog.New(slog.NewJSONHandler(cl.Err, nil))
	}
	lists := &server.Lists{}
	options.Queue = lists.Listing
	service, err := server.New(options)
	if err != nil {
		return badUsage("cli-receiver.bad-public-url", nil)
	}
	var encrypted *tls.Config
	switch {
	case f.cert != "":
		if encrypted, err = server.TLS(f.cert, f.key, options.Log); err != nil {
			return badUsage("cli-receiver.bad-cert", checks.Args{"cert": f.cert, "key": f.key})
		}
	case len(f.proxies) == 0:
		fmt.Fprintln(cl.Err, cl.words.Say("cli-receiver.no-proxy", nil))
	}
	cl.App.Cache = "" // a service has no cache
	a, err := cl.newApp(f.network)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.listen)
	if err != nil {
		return cl.fail(err)
	}
	ctx, stop := context.WithCancel(ctx)
	var refreshing sync.WaitGroup
	defer refreshing.Wait()
	defer stop()
	refreshing.Go(func() { lists.Keep(ctx, a.Feed()) })
	fmt.Fprintln(cl.Err, cl.words.Say("cli-receiver.started", checks.Args{"listen": listener.Addr().String(), "public": f.public}))
	cl.serves = true
	if err := service.Serve(ctx, listener, encrypted); err != nil {
		return cl.fail(err)
	}
	return nil
}

// parseNetwork reads an address, or a network such as 10.0.0.0/8.
func parseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	network, err := netip.ParsePrefix(text)
	return network.Masked(), err
}
