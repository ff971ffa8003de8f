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
	"boxready/internal/receiver/server"

	"github.com/spf13/cobra"
)

type receiverFlags struct {
	network            networkFlags
	listen, public     string
	proxies            []string
	cert, key, logForm string
}

func (cl *commandLine) receiverCommand() *cobra.Command {
	var f receiverFlags
	c := &cobra.Command{
		Use:   "receiver --public-url URL",
		Short: "Run the service that proves the delivery of events",
		Long: `Run a service, on a host that the internet reaches, to which test events of portals can be sent: "boxready check --event-test
--receiver URL" gets a one-time address there, has the portal fire an event, and sees when and from where it came.

The authorization server puts an access token into every event. The service stores none, in memory, files or logs; it keeps a keyed hash,
to know the same event again. Mailboxes are forgotten after 15 minutes, and when the service ends.

It speaks https itself with --cert and --key. Behind a proxy that does, name the proxy with --trusted-proxy: without it every event
seems to come from the proxy. The address must have a certificate that the public trusts, or the event queue doesn't call it.`,
		Example: `  boxready receiver --public-url https://events.example.com --listen 127.0.0.1:8085 --trusted-proxy 127.0.0.1
  boxready receiver --public-url https://events.example.com --listen :443 --cert fullchain.pem --key privkey.pem`,
		Args: atMost(0),
		RunE: func(c *cobra.Command, _ []string) error { return cl.receive(c.Context(), f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8085", "`ADDR:PORT` to listen on")
	flags.StringVar(&f.public, "public-url", "", "https `URL` by which the internet reaches the service")
	flags.StringArrayVar(&f.proxies, "trusted-proxy", nil, "`ADDR` or network of a proxy whose X-Forwarded-For is believed (repeatable)")
	flags.StringVar(&f.cert, "cert", "", "PEM `FILE` with the certificate and its intermediates, read again when it changes")
	flags.StringVar(&f.key, "key", "", "PEM `FILE` with the certificate's key")
	flags.StringVar(&f.logForm, "log", "text", "form of the log on standard error: text or json")
	f.network.addBare(flags)
	return c
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
	switch f.logForm {
	case "text":
		options.Log = slog.New(slog.NewTextHandler(cl.Err, nil))
	case "json":
		options.Log = slog.New(slog.NewJSONHandler(cl.Err, nil))
	default:
		return badUsage("cli.bad-value", checks.Args{"flag": "--log", "value": f.logForm, "allowed": []string{"text", "json"}})
	}
	lists := &server.Lists{}
	options.Queue = lists.Listing
	service, err := server.New(options)
	if err != nil {
		return badUsage("cli-receiver.bad-public-url", nil)
	}
	var encrypted *tls.Config
	switch {
	case (f.cert == "") != (f.key == ""):
		return badUsage("cli-receiver.cert-and-key", nil)
	case f.cert != "":
		if encrypted, err = server.TLS(f.cert, f.key); err != nil {
			return badUsage("cli-receiver.bad-cert", checks.Args{"cert": f.cert, "key": f.key})
		}
	case len(f.proxies) == 0:
		fmt.Fprintln(cl.Err, cl.words.Say("cli-receiver.no-proxy", nil))
	}
	cl.App.Cache = "" // a service has no cache
	a, err := cl.newApp(f.network.Network)
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
