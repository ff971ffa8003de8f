// Package cli is BoxReady on the command line: it reads flags, starts runs, and prints results as they arrive. It never uses the
// network itself.
//
// Standard output has the result and nothing else; progress, hints and errors go to standard error. Errors are in the user's
// language, with what to do. Exit codes are a contract, see Exit.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/notify"
	"boxready/internal/renewal"
	"boxready/internal/requirements"
	"boxready/internal/secret"
	"boxready/internal/words"
	"boxready/internal/yamlfile"
	"boxready/oauthflow"

	"github.com/jeandeaual/go-locale"
	"github.com/spf13/cobra"
)

// Exit is an exit code.
type Exit int

const (
	ExitOK       Exit = 0 // nothing wrong seen
	ExitCouldNot Exit = 1 // could not run
	ExitUsage    Exit = 2 // wrong usage, an unusable address included
	ExitProblem  Exit = 3 // at least one problem
	ExitNotice   Exit = 4 // no problem, but notices or unknowns
	ExitWorse    Exit = 5 // something got worse than in the baseline, whatever else was found

	ExitHungUp      Exit = 129 // ended by a signal, as shells have it: 128 and its number
	ExitInterrupted Exit = 130
	ExitBrokenPipe  Exit = 141 // whoever read the output is gone
	ExitTerminated  Exit = 143
)

// IO is where a command reads and writes.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	Webhook  secret.String // from the environment, none if zero
	Lang     string        // from the environment, "" if none
	App      app.Options   // except the version and the network, which flags set
	Releases string        // address of the newest version, see internal/release; "" if there is none
	// Catalogue is where a newer catalogue comes from and is kept; Unused says why the kept one isn't used, nil if it is or there is
	// none.
	Catalogue renewal.Source
	Unused    *renewal.Error
	// Schedules are the daily checks, and Notify shows a notification of the desktop, see notify.Show.
	Schedules app.Schedules
	Notify    func(ctx context.Context, title, text string) error
	// Display is the self-test's check of the display, see checks.Self; nil if there is none.
	Display func(context.Context) (renderer string, err error)
}

// LangVariable is the environment variable that names the language.
const LangVariable = "BOXREADY_LANG"

// webhookVariable has a webhook's address: other users can see a process's flags.
const webhookVariable = "BOXREADY_WEBHOOK"

// Standard is the process's own. Secrets are removed from its environment, so that no program that BoxReady starts, such as a
// browser, gets them.
func Standard() IO {
	webhook := secret.New(os.Getenv(webhookVariable))
	os.Unsetenv(webhookVariable)
	return IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Webhook: webhook, Lang: os.Getenv(LangVariable), App: app.Options{Cache: app.CacheFolder(), Config: app.ConfigFolder()},
		Schedules: app.NewSchedules(), Notify: notify.Show}
}

// failure is an error that isn't caused by wrong usage.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

// commandLine is what the commands share.
type commandLine struct {
	IO
	version string
	lang    string
	words   *words.Texts
	exit    Exit
	ctx     context.Context // ends with a signal
	serves  bool            // until a signal comes, which then is the usual end
	apps    []*app.App
	input   *typed // see typed; nil until something is read

	helpFailed error // of writing help, which cobra doesn't return
}

func init() {
	// Otherwise cobra refuses to run after a double click on Windows.
	cobra.MousetrapHelpText = ""
}

// Run runs the command line until it is done or ctx is, and returns the exit code.
func Run(ctx context.Context, version string, args []string, std IO) (exit Exit) {
	cl := &commandLine{IO: std, version: version, ctx: ctx}
	defer func() {
		if p := recover(); p != nil {
			exit = cl.recoverPanic(p)
		}
		cl.finishRenewals()
	}()
	root := cl.root()
	root.SetArgs(args)
	// Cobra keeps completions, and with them all that they refer to, until the process ends.
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		cl.addCompletions(root)
	}
	root.SetIn(std.In)
	root.SetOut(std.Out)
	root.SetErr(std.Err)
	err := root.ExecuteContext(ctx)
	err = cmp.Or(err, cl.helpFailed)
	if ended := endedBy(ctx); ended != nil && !cl.serves {
		if failed, ok := errors.AsType[*failure](err); ok && !errors.Is(failed, context.Canceled) { // not for want of input
			cl.tell(failed, args)
		}
		return ended.exit()
	}
	if err == nil {
		return cl.exit
	}
	if written, ok := errors.AsType[*os.PathError](err); ok && errors.Is(written, syscall.EPIPE) {
		return ExitBrokenPipe
	}
	return cl.tell(err, args)
}

// tell shows the error of a command and returns the exit code.
func (cl *commandLine) tell(err error, args []string) Exit {
	if cl.words == nil { // an invalid flag may have prevented --lang from being parsed
		cl.lang = cmp.Or(cl.lang, langIn(args))
		err = cmp.Or(cl.useLanguage(), err)
	}
	var usage *usageError
	var file *requirements.Error
	switch {
	case errors.As(err, &usage):
		fmt.Fprintln(cl.Err, cl.words.Say(usage.key, usage.args))
		return ExitUsage
	case errors.As(err, &file):
		fmt.Fprintln(cl.Err, cl.words.RequirementsError(file))
		return ExitUsage
	default: // an output that can't be written, for instance
		fmt.Fprintln(cl.Err, cl.words.Say("cli.failed", checks.Args{"error": secret.Mask(err.Error())}))
		return ExitCouldNot
	}
}

// langIn returns the value of --lang in arguments that weren't parsed.
func langIn(args []string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--lang="); ok {
			return value
		}
		if arg == "--lang" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// recoverPanic reports a panic as a bug of BoxReady. Only the runtime's own messages are shown: others may contain a secret.
func (cl *commandLine) recoverPanic(fault any) Exit {
	trace := debug.Stack()
	what := fmt.Sprintf("%T", fault)
	if e, ok := fault.(runtime.Error); ok {
		what = e.Error()
	}
	if cl.words != nil || cl.useLanguage() == nil {
		fmt.Fprintln(cl.Err, cl.words.Say("cli.panic", checks.Args{"version": cl.version}))
	}
	fmt.Fprintf(cl.Err, "\n%s\n%s", what, trace)
	return ExitCouldNot
}

func (cl *commandLine) root() *cobra.Command {
	version := false
	root := &cobra.Command{
		Use:               "boxready",
		Args:              knownCommand,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if err := cl.useLanguage(); err != nil {
				return err
			}
			if isCompletion(c) {
				cl.describe(c.Root())
			} else if cl.Unused != nil {
				fmt.Fprintln(cl.Err, cl.words.UnusedCatalogue(cl.Unused))
			}
			return cl.checkCombinations(c)
		},
		RunE: func(c *cobra.Command, _ []string) error {
			if version {
				return cl.printVersion()
			}
			return cl.console(c.Context())
		},
	}
	root.PersistentFlags().StringVar(&cl.lang, "lang", "", "")
	root.Flags().BoolVarP(&version, "version", "V", false, "")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { cl.helpFailed = cl.help(c) })
	help := cl.helpCommand()
	root.SetHelpCommand(help)
	for _, group := range []struct {
		id       string
		commands []*cobra.Command
	}{
		{"portal", []*cobra.Command{cl.checkCommand(), cl.probeCommand(), cl.allowlistCommand(), cl.letterCommand(), cl.acknowledgeCommand(), cl.reportCommand(), cl.scheduleCommand()}},
		{"credentials", []*cobra.Command{cl.loginCommand(), cl.logoutCommand(), cl.accountsCommand()}},
		{"application", []*cobra.Command{cl.requirementsCommand(), cl.receiverCommand()}},
		{"fleet", []*cobra.Command{cl.portalsCommand(), cl.exporterCommand()}},
		{"program", []*cobra.Command{cl.demoCommand(), cl.selftestCommand(), cl.catalogueCommand(), cl.versionCommand(), cl.completionCommand(), help}},
	} {
		root.AddGroup(&cobra.Group{ID: group.id})
		for _, c := range group.commands {
			c.GroupID = group.id
			root.AddCommand(c)
		}
	}
	return root
}

// fail marks err as not caused by wrong usage.
func (*commandLine) fail(err error) error { return &failure{err} }

// useLanguage loads the texts in the language of --lang, otherwise of BOXREADY_LANG, otherwise of the system. Whoever sets the
// variable may use another version with more languages, or a script on many computers: an unknown one is mentioned and has no
// effect, like one of the system's.
func (cl *commandLine) useLanguage() error {
	if cl.words != nil {
		return nil
	}
	unknown := ""
	lang := cmp.Or(cl.lang, strings.ToLower(cl.Lang))
	if !slices.Contains(words.Languages(), lang) {
		unknown, lang = lang, systemLanguage()
	}
	cl.words = words.Lazy(lang)
	args := checks.Args{"value": unknown, "languages": words.Languages()}
	switch {
	case unknown == "":
	case cl.lang != "":
		return badUsage("cli.bad-lang", args)
	default:
		fmt.Fprintln(cl.Err, cl.words.Say("cli.bad-lang-variable", args))
	}
	return nil
}

func systemLanguage() string {
	system, err := locale.GetLanguage()
	// Without a setting the variables are empty or "C", which is no error.
	if err == nil && slices.Contains(words.Languages(), strings.ToLower(system)) {
		return strings.ToLower(system)
	}
	return words.Languages()[0]
}

// newApp returns the use cases over the network that the flags define.
func (cl *commandLine) newApp(n app.Network) (*app.App, error) {
	o := cl.App
	o.Version, o.Network = cl.version, n
	o.KeptAside = func(path string) { fmt.Fprintln(cl.Err, cl.words.Say("cli.kept-aside", checks.Args{"file": path})) }
	a, err := reading(cl.ctx, func() (*app.App, error) { return app.New(o) })
	if err == nil {
		cl.apps = append(cl.apps, a)
	}
	return a, cl.inputError(err)
}

// finishRenewals waits until the sign-ins that are being renewed are saved: without that they are lost. A second signal ends the
// program all the same, see main.
func (cl *commandLine) finishRenewals() {
	limit := time.After(oauthflow.RenewalTimeout)
	for _, a := range cl.apps {
		finished := a.FinishRenewals()
		select {
		case <-finished:
			continue
		default:
			fmt.Fprintln(cl.Err, cl.words.Say("cli.renewing", checks.Args{"seconds": oauthflow.RenewalTimeout.Seconds()}))
		}
		select {
		case <-finished:
		case <-limit:
		}
	}
}

// inputError translates an error about an input or a saved account. Errors in a file are shown line by line.
func (cl *commandLine) inputError(err error) error {
	var input *app.InputError
	var account *app.AccountError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &account):
		return cl.accountError(account.Err, account.Portal)
	case !errors.As(err, &input):
		return cl.fail(err)
	}
	args := checks.Args{"flag": "--" + input.Option}
	maps.Copy(args, input.Args)
	key := "cli." + string(input.Code)
	switch input.Code {
	case app.BadAddress:
		key = "address." + input.Args["reason"].(string)
	case app.BadReceiver:
		key = "receiver.bad-address"
	case app.BadRequirements:
		bad, _ := errors.AsType[requirements.Errors](input)
		for _, e := range bad {
			fmt.Fprintln(cl.Err, cl.words.RequirementsError(e))
		}
	case app.BadList:
		key = "portals.bad-file"
		bad, _ := errors.AsType[yamlfile.Errors](input)
		for _, e := range bad {
			fmt.Fprintln(cl.Err, cl.words.PortalsError(e))
		}
	case app.NoWebhook, app.WebhookHTTP, app.OtherWebhook:
		key = "cli-account." + string(input.Code)
	case app.OtherServer:
		key = "sign-in.other-server"
	case app.BadPaste:
		key = "cli-probe.paste." + input.Args["reason"].(string)
	case app.BadOutside:
		key = "cli-probe." + string(input.Code)
	}
	return badUsage(key, args)
}
