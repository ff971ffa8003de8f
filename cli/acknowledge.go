package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/acknowledged"
	"boxready/internal/app"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/view"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// acknowledgeFlags are the flags of acknowledge as they were typed.
type acknowledgeFlags struct {
	reason, until string
	list, remove  bool
}

func (cl *commandLine) acknowledgeCommand() *cobra.Command {
	var f acknowledgeFlags
	c := &cobra.Command{
		Use: "acknowledge",
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case f.list:
				return atMost(1)(c, args)
			case len(args) < 2:
				return badUsage("cli-acknowledge.what", nil)
			}
			return atMost(2)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			a, err := cl.newApp(app.Network{})
			if err != nil {
				return err
			}
			if f.list {
				return cl.listAcknowledged(a, args)
			}
			return cl.acknowledge(c.Context(), a, args[0], args[1], f)
		},
	}
	c.AddCommand(cl.schemaCommand(assets.AcknowledgedSchema))
	flags := c.Flags()
	flags.StringVar(&f.reason, "reason", "", "")
	flags.StringVar(&f.until, "until", "", "")
	flags.BoolVar(&f.list, "list", false, "")
	flags.BoolVar(&f.remove, "remove", false, "")
	return c
}

// addAcknowledged adds the flag for the files that a team shares.
func (cl *commandLine) addAcknowledged(flags *pflag.FlagSet) {
	flags.StringArrayVar(&cl.App.Acknowledged, "acknowledged", nil, "")
}

// findingName is CHECK/CAUSE.
func findingName(check checks.ID, cause checks.Cause) string {
	return string(check) + "/" + string(cause)
}

// acknowledge acknowledges a finding, or makes it count again.
func (cl *commandLine) acknowledge(ctx context.Context, a *app.App, typed, finding string, f acknowledgeFlags) error {
	address, err := cl.parsePortal(typed)
	if err != nil {
		return err
	}
	id, code, _ := strings.Cut(finding, "/")
	check, cause := checks.ID(id), checks.Cause(code)
	shown := checks.Args{"finding": secret.Mask(finding), "portal": address.Display()}
	if f.remove {
		found, err := a.Unacknowledge(ctx, address.String(), check, cause)
		if err == nil && !found {
			return badUsage("cli-acknowledge.not-acknowledged", shown)
		}
		return cl.acknowledgeDone(err, "cli-acknowledge.removed", shown)
	}
	if !checks.CanBeAcknowledged(check, cause) {
		return badUsage("cli-acknowledge.unknown", shown)
	}
	about, err := cl.findingToAcknowledge(address, check, cause)
	if err != nil {
		return err
	}
	about.Made, about.Reason = time.Now(), acknowledged.Reason(f.reason)
	if about.Reason == "" {
		return badUsage("cli-acknowledge.no-reason", nil)
	}
	if tooLong, masked := acknowledged.IsTooLong(about.Reason, f.reason); tooLong {
		return badUsage("cli-acknowledge.long-reason", checks.Args{"limit": acknowledged.MaxReason, "masked": masked})
	}
	shown["until"] = ""
	if f.until != "" {
		about.Until, err = time.ParseInLocation(acknowledged.DateFormat, f.until, time.Local)
		if err != nil || !about.Until.After(about.Made) {
			return badUsage("cli-acknowledge.bad-until", checks.Args{"value": secret.Mask(f.until), "past": err == nil})
		}
		shown["until"] = cl.words.Day(about.Until)
	}
	return cl.acknowledgeDone(a.Acknowledge(ctx, about), "cli-acknowledge.done", shown)
}

func (cl *commandLine) acknowledgeDone(err error, key string, args checks.Args) error {
	if err != nil {
		return cl.fail(err)
	}
	_, err = fmt.Fprintln(cl.Out, cl.words.Say(key, args))
	return err
}

// findingToAcknowledge learns from the last run how severe a finding is and what it is about. Without a run it may be anything.
func (cl *commandLine) findingToAcknowledge(address portal.Address, check checks.ID, cause checks.Cause) (checks.Acknowledgement, error) {
	saved, err := app.History(cl.App.Cache).Last(address.String())
	if err != nil {
		return checks.Acknowledgement{}, cl.reportError(err)
	}
	if saved == nil {
		return checks.Acknowledgement{Portal: address.String(), Check: check, Cause: cause}, nil
	}
	outcome, _ := saved.Outcome()
	about, found := outcome.Acknowledge(check, cause)
	if !found {
		return about, badUsage("cli-acknowledge.not-found", checks.Args{"finding": findingName(check, cause), "portal": address.Display(), "found": findingNames(outcome)})
	}
	return about, nil
}

// findingNames are the findings of a run that nobody acknowledged.
func findingNames(o *checks.Outcome) (names []string) {
	for _, i := range view.Of(o.Results).Findings() {
		if checks.CanBeAcknowledged(i.Check, i.Cause) {
			names = append(names, findingName(i.Check, i.Cause))
		}
	}
	return names
}

// listAcknowledged lists the owner's acknowledged findings, a line each, of one portal or of all.
func (cl *commandLine) listAcknowledged(a *app.App, args []string) error {
	var only portal.Address
	if len(args) == 1 {
		var err error
		if only, err = cl.parsePortal(args[0]); err != nil {
			return err
		}
	}
	listed := 0
	for _, k := range a.OwnAcknowledged() {
		if only.Host != "" && k.Portal != only.String() {
			continue
		}
		listed++
		line := k.Portal + " " + findingName(k.Check, k.Cause) + " " + cl.words.Acknowledged(&checks.Acknowledged{Reason: k.Reason, Until: k.Until})
		if !k.Until.IsZero() && !time.Now().Before(k.Until) {
			line += " " + cl.words.Say("cli-acknowledge.ended", nil)
		}
		if _, err := fmt.Fprintln(cl.Out, line); err != nil {
			return err
		}
	}
	if listed == 0 {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-acknowledge.none", nil))
	}
	return nil
}

// lastFindings completes the findings of the last run against a portal, or with --remove those that are acknowledged.
func lastFindings(c *cobra.Command, args []string, typed string) (names []string, _ cobra.ShellCompDirective) {
	address, err := app.ParsePortal(args[0])
	if err != nil {
		return nothing(c, args, typed)
	}
	if remove, _ := c.Flags().GetBool("remove"); remove {
		all, _ := acknowledged.ReadFile(filepath.Join(app.ConfigFolder(), acknowledged.FileName))
		for _, k := range all {
			if k.Portal == address.String() {
				names = append(names, findingName(k.Check, k.Cause))
			}
		}
	} else if saved, err := app.History(app.CacheFolder()).Last(address.String()); err == nil && saved != nil {
		outcome, _ := saved.Outcome()
		names = findingNames(outcome)
	}
	return beginning(names, typed), cobra.ShellCompDirectiveNoFileComp
}
