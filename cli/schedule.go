package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/report"
	"boxready/internal/schedule"
	"boxready/internal/secret"
	"boxready/internal/untrusted"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// scheduleFlags are the flags of schedule as they were typed.
type scheduleFlags struct {
	network             networkFlags
	daily               string
	off, deep, signedIn bool
	more                []string // flags of check that hold for each run
}

func (cl *commandLine) scheduleCommand() *cobra.Command {
	var f scheduleFlags
	c := &cobra.Command{
		Use: "schedule", Args: atMost(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if f.more, err = networkArguments(c.Flags()); err != nil {
				return cl.fail(err)
			}
			return cl.schedule(c.Context(), args, f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.daily, "daily", "", "")
	flags.BoolVar(&f.off, "off", false, "")
	flags.BoolVar(&f.deep, "deep", false, "")
	flags.BoolVar(&f.signedIn, "signed-in", false, "")
	f.network.add(flags)
	return c
}

// networkArguments are the network flags that were given, as arguments of a command that is started in another folder.
func networkArguments(flags *pflag.FlagSet) (args []string, err error) {
	flags.Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		switch f.Name {
		case "region", "auth-server":
		case "connect-to":
			values = f.Value.(pflag.SliceValue).GetSlice()
		case "public-roots", "trust":
			path, failed := filepath.Abs(values[0])
			values[0], err = path, errors.Join(err, failed)
		default:
			return
		}
		for _, value := range values {
			args = append(args, "--"+f.Name, value)
		}
	})
	return args, err
}

func (cl *commandLine) schedule(ctx context.Context, args []string, f scheduleFlags) error {
	switch {
	case len(args) == 0 && f.daily == "" && !f.off:
		return cl.listSchedules(ctx)
	case len(args) == 0 && f.off:
		return cl.unscheduleAll(ctx)
	case len(args) == 0:
		return badUsage("cli.no-portal", checks.Args{"command": "boxready schedule"})
	}
	address, err := cl.parsePortal(args[0])
	if err != nil {
		return err
	}
	if f.off {
		return cl.unschedule(ctx, app.Daily{Portal: address})
	}
	at, ok := schedule.ParseTime(f.daily)
	if !ok {
		return badUsage("schedule.bad-time", checks.Args{"value": f.daily, "portal": address.Authority()})
	}
	a, err := cl.newApp(f.network.Network)
	if err != nil {
		return err
	}
	if _, err := cl.target(a, f.network.options(args[0])); err != nil { // what a run would refuse is refused now
		return cl.inputError(err)
	}
	d := app.Daily{Portal: address, Time: at, Deep: f.deep, SignedIn: f.signedIn, Flags: f.more}
	if d.Place, err = cl.Schedules.Set(ctx, d, cl.words); err != nil {
		return cl.scheduleError(err, d)
	}
	said := cl.scheduleArgs(d)
	for _, key := range []string{"set", "limits", "place", "stop"} {
		if _, err := fmt.Fprintln(cl.Out, cl.words.Say("schedule."+key, said)); err != nil {
			return cl.fail(err)
		}
	}
	return nil
}

func (cl *commandLine) scheduleArgs(d app.Daily) checks.Args {
	return checks.Args{"portal": d.Portal.Display(), "name": d.Portal.Authority(), "time": d.Time.String(), "deep": d.Deep, "signed_in": d.SignedIn, "place": d.Place}
}

func (cl *commandLine) listSchedules(ctx context.Context) error {
	list, err := cl.Schedules.List(ctx)
	if err != nil {
		return cl.scheduleError(err, app.Daily{})
	}
	if len(list) == 0 {
		fmt.Fprintln(cl.Err, cl.words.Say("schedule.nothing", nil))
		return nil
	}
	table := tabwriter.NewWriter(cl.Out, 0, 0, 2, ' ', 0)
	for _, d := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\n", d.Portal.Display(), d.Time, cl.words.Say("schedule.how", cl.scheduleArgs(d)))
	}
	if err := table.Flush(); err != nil {
		return cl.fail(err)
	}
	return nil
}

func (cl *commandLine) unscheduleAll(ctx context.Context) error {
	list, err := cl.Schedules.List(ctx)
	if err != nil {
		return cl.scheduleError(err, app.Daily{})
	}
	for _, d := range list {
		err = errors.Join(err, cl.unschedule(ctx, d))
	}
	return err
}

func (cl *commandLine) unschedule(ctx context.Context, d app.Daily) error {
	was, err := cl.Schedules.Off(ctx, d.Portal)
	if err != nil {
		return cl.scheduleError(err, d)
	}
	key := "schedule.off"
	if !was {
		key = "schedule.was-off"
	}
	if _, err = fmt.Fprintln(cl.Out, cl.words.Say(key, cl.scheduleArgs(d))); err != nil {
		return cl.fail(err)
	}
	return nil
}

// scheduleError says why the scheduler could not do it. Where there is none it prints what does the same.
func (cl *commandLine) scheduleError(err error, d app.Daily) error {
	problem, said := app.ScheduleProblem(err)
	text := cl.words.Say("schedule.problem."+problem, checks.Args{"said": untrusted.Truncate(untrusted.Line(said), 300)})
	if problem != "none" {
		return cl.fail(errors.New(text))
	}
	cl.exit = ExitCouldNot
	fmt.Fprintln(cl.Err, text)
	if line := cl.Schedules.Crontab(d, cl.words); line != "" {
		fmt.Fprintln(cl.Err, cl.words.Say("schedule.crontab", nil))
		if _, err := fmt.Fprintln(cl.Out, line); err != nil {
			return cl.fail(err)
		}
	}
	return nil
}

// signInUnattended adds the saved sign-in to the target of a scheduled run, at which nobody can answer a prompt. It returns why that
// can't be; the run is then made without.
func (cl *commandLine) signInUnattended(ctx context.Context, a *app.App, target *checks.Target) (missing string) {
	signedIn := *target
	err := a.OpenKeyringUnattended(ctx)
	if err == nil {
		err = a.AddCredentials(ctx, &signedIn, app.Credentials{SignedIn: true})
	}
	if err == nil {
		*target = signedIn
		// Nobody is there to confirm again an address that the authorization server doesn't hold.
		target.Moved = false
		return ""
	}
	missing = cl.words.Say("alert.not-signed-in", checks.Args{"locked": app.AccountProblem(err) == app.KeyringLocked})
	fmt.Fprintln(cl.Err, missing)
	return missing
}

// notificationTimeout is for a desktop that doesn't answer.
const notificationTimeout = 30 * time.Second

// alert tells the owner what got worse since the last run, or will end soon, and reports whether there was nothing to tell, or it was
// told. What went wrong is printed: the scheduler keeps it.
func (cl *commandLine) alert(ctx context.Context, o *checks.Outcome, d report.Document, missing string, secrets []secret.String) (done bool) {
	alert, err := app.NewAlert(app.History(cl.App.Cache), o, d)
	if err == nil && !alert.None() {
		text := alert.Text(cl.words, o.Finished)
		if missing != "" {
			text += "\n" + missing
		}
		ctx, cancel := context.WithTimeout(ctx, notificationTimeout)
		defer cancel()
		err = cl.Notify(ctx, cl.words.Say("alert.title", checks.Args{"portal": o.Target.Address.Name()}), secret.Mask(text, secrets...))
	}
	if err != nil {
		fmt.Fprintln(cl.Err, cl.words.Say("alert.failed", nil))
	}
	return err == nil
}

// lenient is a writer whose errors don't matter: a scheduler may start a program without a standard output.
type lenient struct{ io.Writer }

func (w lenient) Write(data []byte) (int, error) {
	_, _ = w.Writer.Write(data)
	return len(data), nil
}
