package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/demo"
	"boxready/internal/requirements"

	"github.com/spf13/cobra"
)

// demoFlags are the flags of demo.
type demoFlags struct {
	faults   []string
	checkNow bool
	deep     bool
	signedIn bool
	webhook  bool
	event    bool
	format   string
	verbose  bool
}

// with returns the run's options besides those that the faults need.
func (f demoFlags) with() []string {
	var with []string
	for what, wanted := range map[string]bool{"deep": f.deep, "sign-in": f.signedIn, "webhook": f.webhook, "event-test": f.event} {
		if wanted {
			with = append(with, what)
		}
	}
	return with
}

func (cl *commandLine) demoCommand() *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use:  "demo",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return cl.demo(c.Context(), f) },
	}
	flags := c.Flags()
	flags.StringArrayVar(&f.faults, "fault", nil, "")
	flags.BoolVar(&f.checkNow, "check", false, "")
	flags.BoolVar(&f.deep, "deep", false, "")
	flags.BoolVar(&f.signedIn, "signed-in", false, "")
	flags.BoolVar(&f.webhook, "webhook", false, "")
	flags.BoolVar(&f.event, "event-test", false, "")
	addFormat(c, &f.format, "text", "json", "jsonl")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "")
	return c
}

func (cl *commandLine) demo(ctx context.Context, f demoFlags) error {
	d, err := app.StartDemo(cl.version, f.faults, f.with()...)
	var unknown *demo.UnknownFault
	switch {
	case errors.As(err, &unknown):
		return badUsage("cli.bad-fault", checks.Args{"value": unknown.Name})
	case err != nil:
		return cl.fail(err)
	}
	simulated := d.Portal
	defer simulated.Close()
	if f.checkNow {
		return cl.checkDemo(ctx, d, f)
	}
	// No flags exist for the resolver or a sign-in.
	if simulated.Needs("dns") || simulated.Needs("sign-in") {
		return badUsage("demo.only-check", nil)
	}
	folder, err := os.MkdirTemp("", "boxready-demo-")
	if err != nil {
		return cl.fail(fmt.Errorf("make a folder for the demo's root certificate: %w", err))
	}
	defer os.RemoveAll(folder)
	roots := filepath.Join(folder, "roots.pem")
	if err := os.WriteFile(roots, simulated.Sim.RootsPEM(), 0o600); err != nil {
		return cl.fail(fmt.Errorf("write the demo's root certificate: %w", err))
	}
	needs := ""
	if required := simulated.Requirements(); required != nil {
		needs = filepath.Join(folder, "application.boxready.yaml")
		if err := os.WriteFile(needs, requirements.Write(required), 0o600); err != nil {
			return cl.fail(fmt.Errorf("write the demo's requirements: %w", err))
		}
	}
	fmt.Fprintln(cl.Err, cl.words.Say("demo.started", nil))
	fmt.Fprintln(cl.Out, demoCommandLine(simulated, roots, needs))
	cl.serves = true
	<-ctx.Done()
	return nil
}

func demoCommandLine(simulated *demo.Portal, roots, needs string) string {
	name, err := os.Executable()
	if err != nil {
		name = "boxready"
	}
	sim := simulated.Sim
	words := []string{quote(name), "check", sim.Host(), "--public-roots", quote(roots)}
	if simulated.Needs("proxy") {
		return strings.Join(append([]string{"HTTPS_PROXY=" + sim.Proxy()}, words...), " ")
	}
	if simulated.Needs("webhook") {
		words = append(words, "--webhook", sim.Webhook())
	}
	if needs != "" {
		words = append(words, "--requires", quote(needs))
	}
	for _, flag := range []string{"deep", "content-filter", "body-size", "public-dns", "as-application"} {
		if simulated.Needs(flag) {
			words = append(words, "--"+flag)
		}
	}
	if region := simulated.Region(); region != "" {
		words = append(words, "--region", string(region))
	}
	for _, to := range sim.ConnectTo() {
		words = append(words, "--connect-to", to)
	}
	return strings.Join(words, " ")
}

// quote makes a path one argument for a shell, cmd.exe included.
func quote(path string) string {
	if strings.ContainsAny(path, " ()&'") {
		return `"` + path + `"`
	}
	return path
}

// checkDemo checks the simulated portal with the options that its faults need.
func (cl *commandLine) checkDemo(ctx context.Context, d *app.Demo, f demoFlags) error {
	fmt.Fprintln(cl.Err, cl.words.Say("demo.checking", nil))
	ctx, cancel := context.WithTimeout(ctx, demo.Timeout)
	defer cancel()
	return cl.runChecks(ctx, d.App, d.Target, checkFlags{format: f.format, verbose: f.verbose})
}
