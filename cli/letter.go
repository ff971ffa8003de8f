package cli

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/app"
	"boxready/internal/letter"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/requirements"
	"boxready/internal/view"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// letterFlags are the flags of letter as they were typed.
type letterFlags struct {
	to, setup, format string
	measured          string
	equipment         string
	portalIP          string
	requires          []string
}

func (cl *commandLine) letterCommand() *cobra.Command {
	var f letterFlags
	c := &cobra.Command{
		Use:  "letter",
		Args: atMost(1),
		RunE: func(_ *cobra.Command, args []string) error { return cl.letter(args, f) },
	}
	flags := c.Flags()
	oneOf(flags, &f.to, "to", "", names(recipients)...)
	addSetup(flags, &f.setup)
	flags.StringVar(&f.measured, "measured", "", "")
	oneOf(flags, &f.equipment, "for", "", names(allowlist.Equipments())...)
	flags.StringVar(&f.portalIP, "portal-ip", "", "")
	cl.addAcknowledged(flags)
	flags.StringArrayVar(&f.requires, "requires", nil, "")
	oneOf(flags, &f.format, "format", "text", "text", "eml")
	return c
}

// recipients are those whom a letter can be for.
var recipients = []checks.Owner{checks.NetworkAdmin, checks.ServerAdmin, checks.PortalAdmin, checks.Vendor, checks.Bitrix24}

func addSetup(flags *pflag.FlagSet, into *string) {
	oneOf(flags, into, "setup", "", names(checks.Setups())...)
}

// letter writes the letter to one person about a saved run.
func (cl *commandLine) letter(args []string, f letterFlags) error {
	saved, err := cl.savedRun(args, f.measured)
	if err != nil {
		return err
	}
	outcome, _ := saved.Outcome()
	if f.measured == "" { // what is acknowledged by now
		a, err := cl.newApp(app.Network{})
		if err != nil {
			return err
		}
		outcome = outcome.WithAcknowledged(a.Acknowledged(), time.Now())
	}
	outcome.Target.Requirements, err = reading(cl.ctx, func() (*requirements.Requirements, error) { return app.ReadRequirements("", f.requires) })
	if err != nil {
		return cl.inputError(err)
	}
	outcome.Target.Setup = cmp.Or(checks.Setup(f.setup), outcome.Target.Setup)
	options := app.Rules(outcome, cl.version)
	if options.PortalIP, err = parseIP("--portal-ip", f.portalIP); err != nil {
		return err
	}
	rules, err := allowlist.New(options)
	if err != nil {
		return cl.fail(err)
	}
	seen := view.Of(outcome.Results)
	to := checks.Owner(f.to)
	if to == "" {
		found := letter.Recipients(seen)
		if len(found) == 0 {
			fmt.Fprintln(cl.Err, cl.words.Say("cli-letter.nobody", checks.Args{"portal": outcome.Target.Address.Display()}))
			return nil
		}
		to = found[0].ID
		cl.mentionOthers(found[1:])
	}
	if !slices.ContainsFunc(letter.OwnersOf(seen), func(o view.Owner) bool { return o.ID == to }) {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-letter.nothing", checks.Args{"owner": cl.words.Code("owner.", string(to), ".to")}))
		return nil
	}
	l, err := app.Letter(cl.words, outcome, to, rules, allowlist.Equipment(f.equipment))
	if err != nil {
		return cl.fail(err)
	}
	text := []byte(l.Text(cl.words))
	if f.format == "eml" {
		text = l.EML(outcome.Finished)
	}
	if _, err := cl.Out.Write(text); err != nil {
		return cl.fail(err)
	}
	return nil
}

// mentionOthers says who else has to fix something.
func (cl *commandLine) mentionOthers(owners []view.Owner) {
	for _, o := range owners {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-letter.also", checks.Args{"owner": cl.words.Code("owner.", string(o.ID), ".to"), "to": string(o.ID)}))
	}
}

// savedRun reads the run in a file, or else the last one against the portal on this computer.
func (cl *commandLine) savedRun(args []string, file string) (*report.Saved, error) {
	var address portal.Address
	if len(args) == 1 {
		var err error
		if address, err = cl.parsePortal(args[0]); err != nil {
			return nil, err
		}
	}
	if file == "" && address.Host == "" {
		return nil, badUsage("cli-letter.no-run", nil)
	}
	if file == "" {
		saved, err := app.History(cl.App.Cache).Last(address.String())
		if err != nil {
			return nil, cl.reportError(err)
		}
		if saved == nil {
			return nil, badUsage("cli-letter.not-checked", checks.Args{"portal": address.Display()})
		}
		return saved, nil
	}
	saved, err := cl.readReport(file)
	if err != nil {
		return nil, err
	}
	of, err := portal.ParseAddress(saved.Portal)
	if err == nil && address.Host != "" && of.Authority() != address.Authority() { // a report may hide its portal's name
		return nil, badUsage("cli-allowlist.other-portal", checks.Args{"file": file, "portal": of.Display()})
	}
	return saved, nil
}

// parseIP reads an address for a flag; none for "".
func parseIP(flag, text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, badUsage("cli-allowlist.bad-ip", checks.Args{"flag": flag, "value": text})
	}
	return addr.Unmap(), nil
}
