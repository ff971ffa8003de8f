package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/portal"
	"boxready/internal/requirements"

	"github.com/spf13/cobra"
)

// allowlistFlags are the flags of allowlist as they were typed.
type allowlistFlags struct {
	region, handlers    string
	outputs, packs      []string
	portalIP, handlerIP string
	requires            []string
	measured            string
	offline             bool
	remove, refresh     bool
	format              string
	timeout             time.Duration
	network             app.Network
}

// letterForm is the only form that isn't rules for equipment.
const letterForm = "letter"

const allPacks = "all"

func (cl *commandLine) allowlistCommand() *cobra.Command {
	var f allowlistFlags
	c := &cobra.Command{
		Use:  "allowlist",
		Args: atMost(1),
		RunE: func(c *cobra.Command, args []string) error { return cl.allowlist(c.Context(), args, f) },
	}
	flags := c.Flags()
	addRegion(flags, &f.region)
	someOf(flags, &f.outputs, "for", []string{letterForm}, append([]string{letterForm}, names(allowlist.Equipments())...)...)
	someOf(flags, &f.packs, "packs", names(allowlist.DefaultPacks()), append(names(allowlist.Packs()), allPacks)...)
	oneOf(flags, &f.handlers, "handlers", "", names(allowlist.Places())...)
	flags.StringArrayVar(&f.requires, "requires", nil, "")
	flags.StringVar(&f.measured, "measured", "", "")
	flags.StringVar(&f.portalIP, "portal-ip", "", "")
	flags.StringVar(&f.handlerIP, "handler-ip", "", "")
	flags.BoolVar(&f.offline, "offline", false, "")
	flags.BoolVar(&f.remove, "remove", false, "")
	flags.BoolVar(&f.refresh, "refresh", false, "")
	oneOf(flags, &f.format, "format", "", "text", "html")
	addConnection(flags, &f.network)
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "")
	return c
}

func names[T ~string](list []T) (texts []string) {
	for _, item := range list {
		texts = append(texts, string(item))
	}
	return texts
}

func (cl *commandLine) allowlist(ctx context.Context, args []string, f allowlistFlags) error {
	equipment, isLetter, err := f.forms()
	if err != nil {
		return err
	}
	o, err := cl.allowlistOptions(f, args)
	if err != nil {
		return err
	}
	o.Requirements, err = reading(ctx, func() (*requirements.Requirements, error) { return app.ReadRequirements("", f.requires) })
	if err != nil {
		return cl.inputError(err)
	}
	if err := cl.addMeasured(&o, f.measured); err != nil {
		return err
	}
	o.Version, o.Now = cl.version, time.Now()
	a, err := cl.newApp(f.network)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	var failure error
	o.Lists, failure = a.Lists(ctx, o, f.offline)
	rules, err := allowlist.New(o)
	if errors.Is(err, allowlist.ErrHost) {
		return badUsage("cli-allowlist.bad-host", checks.Args{"files": f.requires})
	}
	if err != nil {
		return cl.fail(err)
	}
	if isLetter {
		err = cl.writeLetter(rules, equipment, f.format)
	} else {
		err = cl.writeRules(rules, equipment[0], f.part())
	}
	if err == nil {
		cl.warnAboutLists(rules, failure, f.offline)
	}
	return err
}

// forms reads --for and related flags.
func (f *allowlistFlags) forms() (equipment []allowlist.Equipment, isLetter bool, err error) {
	for _, name := range f.outputs {
		if name == letterForm {
			isLetter = true
		} else {
			equipment = append(equipment, allowlist.Equipment(name))
		}
	}
	switch {
	case !isLetter && len(equipment) != 1, isLetter && (f.remove || f.refresh):
		return nil, false, badUsage("cli-allowlist.one-for", nil)
	case f.format != "" && !isLetter:
		return nil, false, badUsage("cli-allowlist.format", nil)
	case f.timeout <= 0:
		return nil, false, badUsage("cli.bad-timeout", nil)
	}
	return equipment, isLetter, nil
}

func (f *allowlistFlags) part() allowlist.Part {
	switch {
	case f.remove:
		return allowlist.Remove
	case f.refresh:
		return allowlist.Refresh
	}
	return allowlist.Add
}

func (cl *commandLine) allowlistOptions(f allowlistFlags, args []string) (o allowlist.Options, err error) {
	if len(args) == 1 {
		if o.Portal, err = cl.parsePortal(args[0]); err != nil {
			return o, err
		}
	}
	if f.region != "auto" {
		o.Region = bitrix.Region(f.region)
	}
	o.Handlers = requirements.Handlers(f.handlers)
	for _, name := range f.packs {
		if name == allPacks {
			o.Packs = allowlist.Packs()
		} else {
			o.Packs = append(o.Packs, bitrix.Pack(name))
		}
	}
	for _, ip := range []struct {
		flag, text string
		addr       *netip.Addr
	}{{"--portal-ip", f.portalIP, &o.PortalIP}, {"--handler-ip", f.handlerIP, &o.HandlerIP}} {
		if *ip.addr, err = parseIP(ip.flag, ip.text); err != nil {
			return o, err
		}
	}
	return o, nil
}

// addMeasured adds the results of a saved run, and its portal if none was given.
func (cl *commandLine) addMeasured(o *allowlist.Options, file string) error {
	if file == "" {
		return nil
	}
	saved, err := cl.readReport(file)
	if err != nil {
		return err
	}
	address, err := portal.ParseAddress(saved.Portal)
	switch {
	case err != nil || o.Portal.Host == "": // a report may hide its portal's name
		o.Portal = cmp.Or(o.Portal, address)
	case o.Portal.Authority() != address.Authority():
		return badUsage("cli-allowlist.other-portal", checks.Args{"file": file, "portal": address.Display()})
	}
	o.Outcome = &checks.Outcome{Finished: saved.Finished}
	for _, e := range saved.Results {
		o.Outcome.Results = append(o.Outcome.Results, checks.Result{Check: e.Check, State: e.State, Cause: e.Cause, Vantage: e.Vantage, Facts: e.Facts})
	}
	return nil
}

func (cl *commandLine) writeLetter(rules *allowlist.Rules, equipment []allowlist.Equipment, format string) error {
	l, err := rules.Letter(cl.words, equipment...)
	if err != nil {
		return cl.fail(err)
	}
	text := l.Text()
	if format == "html" {
		if text, err = l.HTML(); err != nil {
			return cl.fail(err)
		}
	}
	if _, err := fmt.Fprint(cl.Out, text); err != nil {
		return cl.fail(err)
	}
	return nil
}

func (cl *commandLine) writeRules(rules *allowlist.Rules, e allowlist.Equipment, part allowlist.Part) error {
	if !rules.Has(e, part) {
		return badUsage("cli-allowlist.no-part", checks.Args{"equipment": string(e)})
	}
	if err := rules.Write(cl.Out, e, part, cl.words); err != nil {
		return cl.fail(err)
	}
	if can, _ := rules.Coverage(e); can == 0 && part == allowlist.Add {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-allowlist.nothing", checks.Args{"equipment": string(e)}))
	}
	return nil
}

// warnAboutLists prints problems of the lists of addresses to standard error, if they are needed.
func (cl *commandLine) warnAboutLists(rules *allowlist.Rules, failure error, offline bool) {
	switch {
	case len(rules.Missing) > 0:
		cl.exit = ExitNotice
		fmt.Fprintln(cl.Err, cl.words.Say("cli-allowlist.no-list", checks.Args{"offline": offline}))
	case failure != nil:
		cl.exit = ExitNotice
		oldest := slices.MinFunc(rules.Lists, func(x, y feed.List) int { return x.Fetched.Compare(y.Fetched) })
		fmt.Fprintln(cl.Err, cl.words.Say("cli-allowlist.stale", checks.Args{"when": oldest.Fetched.Local().Format("2006-01-02 15:04")}))
	}
}
