package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"

	"github.com/spf13/cobra"
)

func (cl *commandLine) probeCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "probe",
		Args: func(c *cobra.Command, args []string) error {
			return cmp.Or(knownCommand(c, args), badUsage("cli-probe.no-kind", nil))
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	c.AddCommand(cl.probePHPCommand(), cl.probeShellCommand(), cl.probePowerShellCommand(), cl.probeSSHCommand())
	return c
}

func (cl *commandLine) probePHPCommand() *cobra.Command {
	root := ""
	c := &cobra.Command{
		Use:  "php",
		Args: atMost(1),
		RunE: func(_ *cobra.Command, args []string) error { return cl.printProbe(serverprobe.PHP, args, root) },
	}
	c.Flags().StringVar(&root, "root", "", "")
	return c
}

func (cl *commandLine) probeShellCommand() *cobra.Command {
	return &cobra.Command{
		Use: "sh", Args: atMost(1),
		RunE: func(_ *cobra.Command, args []string) error { return cl.printProbe(serverprobe.Shell, args, "") },
	}
}

func (cl *commandLine) probePowerShellCommand() *cobra.Command {
	return &cobra.Command{
		Use: "powershell", Args: atMost(1),
		RunE: func(_ *cobra.Command, args []string) error { return cl.printProbe(serverprobe.PowerShell, args, "") },
	}
}

// printProbe prints a script to standard output, and instructions to standard error.
func (cl *commandLine) printProbe(kind serverprobe.Kind, args []string, root string) error {
	options := serverprobe.Options{Root: root}
	page, shown := serverprobe.CommandLinePage, "PORTAL"
	if len(args) == 1 {
		address, err := cl.parsePortal(args[0])
		if err != nil {
			return err
		}
		options.Portal = address
		page, shown = address.Display()+page, address.Authority()
	}
	text, err := probeScript(kind, options)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(cl.Out, text); err != nil {
		return cl.fail(err)
	}
	how := "cli-probe.how-" + string(kind)
	if root != "" {
		how = "cli-probe.how-cli"
	}
	fmt.Fprintln(cl.Err, cl.words.Say(how, checks.Args{"page": page, "root": root}))
	fmt.Fprintln(cl.Err, cl.words.Say("cli-probe.then", checks.Args{"portal": shown}))
	return nil
}

// probeScript returns a script; the only possible error is about the folder.
func probeScript(kind serverprobe.Kind, o serverprobe.Options) (string, error) {
	if o.Root != "" && !strings.HasPrefix(o.Root, "/") {
		return "", badUsage("cli-probe.bad-root", nil)
	}
	text, _, err := serverprobe.Script(kind, o)
	if err != nil {
		return "", badUsage("cli-probe.bad-root", nil)
	}
	return text, nil
}

type sshFlags struct {
	root, php, known string
	connectTo        []string
}

func (cl *commandLine) probeSSHCommand() *cobra.Command {
	var f sshFlags
	c := &cobra.Command{
		Use: "ssh",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return badUsage("cli-probe.no-server", nil)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return cl.probeSSH(c.Context(), args, f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.root, "root", serverprobe.UsualRoot, "")
	flags.StringVar(&f.php, "php", "php", "")
	flags.StringVar(&f.known, "known-hosts", "", "")
	addConnectTo(flags, &f.connectTo)
	return c
}

func (cl *commandLine) probeSSH(ctx context.Context, args []string, f sshFlags) error {
	server, err := serverprobe.ParseServer(args[0])
	if err != nil {
		return badUsage("ssh.bad-server", checks.Args{"value": secret.Mask(args[0])})
	}
	options := serverprobe.Options{Root: f.root}
	if len(args) == 2 {
		if options.Portal, err = cl.parsePortal(args[1]); err != nil {
			return err
		}
	}
	script, err := probeScript(serverprobe.PHP, options)
	if err != nil {
		return err
	}
	a, err := cl.newApp(app.Network{ConnectTo: f.connectTo})
	if err != nil {
		return err
	}
	input := cl.typed()
	printed, err := a.RunProbe(ctx, app.SSH{Server: server, KnownHosts: f.known, PHP: f.php, Password: func(ctx context.Context) (secret.String, error) {
		return cl.askSecretFor(ctx, "cli-probe.ask-password", checks.Args{"server": server.String()}, input)
	}}, script)
	var failed *serverprobe.SSHError
	if errors.As(err, &failed) {
		return cl.fail(errors.New(cl.words.Say("ssh."+string(failed.Reason), checks.Args{"server": server.String(), "port": server.Port, "key": failed.Key, "output": failed.Output})))
	}
	var usage *usageError
	if errors.As(err, &usage) {
		return err // no input
	}
	if err != nil {
		return cl.fail(err)
	}
	probe, err := serverprobe.Parse(printed)
	if err != nil {
		return cl.fail(errors.New(cl.words.Say(pasteKey(err), checks.Args{"file": server.String()})))
	}
	if why := probe.Failed["product"]; why != "" {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-probe.product-"+why, checks.Args{"root": f.root, "server": server.String()}))
	}
	if _, err = fmt.Fprintf(cl.Out, "%s\n", serverprobe.Block(printed)); err != nil {
		return cl.fail(err)
	}
	return nil
}

// pasteKey is the key of the text about an error of serverprobe.Parse.
func pasteKey(err error) string {
	var bad *serverprobe.PasteError
	if !errors.As(err, &bad) {
		return "cli-probe.paste." + string(serverprobe.PasteNoAnswer)
	}
	return "cli-probe.paste." + string(bad.Reason)
}
