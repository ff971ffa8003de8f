package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/secret"
	"boxready/oauthflow"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func (cl *commandLine) loginCommand() *cobra.Command {
	var f loginFlags
	c := &cobra.Command{
		Use:  "login",
		Args: cl.exactlyOnePortal,
		RunE: func(c *cobra.Command, args []string) error { return cl.login(c.Context(), args[0], f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.clientID, "client-id", "", "")
	flags.BoolVar(&f.noBrowser, "no-browser", false, "")
	flags.BoolVar(&f.deep, "deep", false, "")
	flags.DurationVar(&f.timeout, "timeout", 5*time.Minute, "")
	f.network.add(flags)
	return c
}

type loginFlags struct {
	network         networkFlags
	clientID        string
	noBrowser, deep bool
	timeout         time.Duration
}

func (cl *commandLine) login(ctx context.Context, typed string, f loginFlags) error {
	a, err := cl.newApp(f.network.Network)
	if err != nil {
		return err
	}
	target, err := cl.target(a, f.network.options(typed))
	if err != nil {
		return cl.inputError(err)
	}
	if f.timeout <= 0 {
		return badUsage("cli.bad-timeout", nil)
	}
	input := cl.typed()
	if f.clientID == "" {
		if f.clientID = cl.askClientID(ctx, target.Address, input); f.clientID == "" {
			return badUsage("cli-account.no-client-id", checks.Args{"portal": target.Address.Authority()})
		}
	}
	if _, err := cl.offerWebhook(ctx, typed, input); err != nil {
		return err
	}
	if err := cl.tryKeyring(ctx, a); err != nil {
		fmt.Fprintln(cl.Err, cl.words.Say("sign-in."+string(app.AccountProblem(err)), cl.accountArgs(target.Address))+" "+cl.words.Say("cli-account.memory", nil))
	}
	application, err := cl.askApplication(ctx, f.clientID, input)
	if err != nil {
		return err
	}
	if err := cl.confirmAddress(ctx, target.Address, f.deep, input); err != nil {
		return err
	}
	progress := cl.newProgress(checks.PlannedForSignIn(), nil, func() time.Duration { return a.Pause(target.Address) })
	err = a.MaySignIn(ctx, target, progress)
	progress.end()
	if blocked, ok := errors.AsType[*app.BlockedError](err); ok {
		cl.exit = ExitProblem
		style, out := cl.style(false)
		fmt.Fprintln(cl.Err, cl.words.Say("cli-account.may-not", checks.Args{"portal": target.Address.Display(), "check": cl.words.Name(blocked.Check)}))
		return cl.reporter().WriteText(out, blocked.Outcome, style)
	}
	if err != nil {
		return cl.signInError(ctx, err)
	}
	token, err := cl.signIn(ctx, a, target, application, f, input)
	if err != nil {
		return err
	}
	if err := a.SaveSignIn(ctx, target.Address, application, token); err != nil {
		return cl.accountError(err, target.Address)
	}
	args := checks.Args{"portal": target.Address.Display(), "place": cl.place(a.Place().Keeper()), "ends": token.Ends()}
	if a.InKeyring() {
		_, err = fmt.Fprintln(cl.Out, cl.words.Say("cli-account.signed-in", args))
		return err
	}
	// It can't be used later.
	fmt.Fprintln(cl.Err, cl.words.Say("cli-account.check-now", args))
	if err := a.AddCredentials(ctx, &target, app.Credentials{SignedIn: true}); err != nil {
		return cl.inputError(err)
	}
	return cl.runChecks(ctx, a, target, checkFlags{format: "text"})
}

// askClientID prints how to create the local application on the portal, for both kinds of its menu, and asks for its ID; "" if none was
// typed or there is nobody to ask.
func (cl *commandLine) askClientID(ctx context.Context, address portal.Address, input *typed) string {
	var text strings.Builder
	for _, menu := range oauthflow.Menus() {
		text.WriteString(cl.words.Say("sign-in.register."+string(menu)+".name", nil) + "\n")
		args := checks.Args{"page": menu.Applications(address), "address": oauthflow.ReturnAddress(), "permission": strings.Join(oauthflow.Permissions(), ", "), "terminal": true}
		for i := 1; ; i++ {
			key := "sign-in.register." + string(menu) + "." + strconv.Itoa(i)
			step := cl.words.Say(key, args)
			if step == key {
				break
			}
			fmt.Fprintf(&text, "  %d. %s\n", i, step)
		}
		text.WriteString("\n")
	}
	fmt.Fprint(cl.Err, text.String())
	if !input.terminal {
		return ""
	}
	fmt.Fprint(cl.Err, cl.words.Say("cli-account.ask-client-id", nil)+" ")
	id, _ := input.next(ctx)
	return id
}

// askApplication reads the application's secret, which is no flag: other users can see a process's flags.
func (cl *commandLine) askApplication(ctx context.Context, clientID string, input *typed) (oauthflow.App, error) {
	clientSecret, err := cl.askSecret(ctx, "cli-account.ask-secret", input)
	if err != nil {
		return oauthflow.App{}, err
	}
	application, err := oauthflow.CheckApp(clientID, clientSecret.Reveal())
	var bad *oauthflow.AppError
	if errors.As(err, &bad) {
		return application, badUsage("sign-in.app-"+string(bad.Problem), checks.Args{"field": cl.words.Say("sign-in.field-"+bad.Field, nil)})
	}
	return application, err
}

// confirmAddress asks the owner to confirm the address before a sign-in: the portal reports the address at which its page for
// signing in was opened.
func (cl *commandLine) confirmAddress(ctx context.Context, address portal.Address, confirmed bool, input *typed) error {
	if confirmed {
		return nil
	}
	question := cl.words.Say("sign-in.confirm", checks.Args{"portal": address.Display()})
	if !input.terminal {
		return badUsage("cli-account.confirm", checks.Args{"question": question})
	}
	if !cl.agrees(ctx, question, input) {
		return badUsage("cli-account.not-confirmed", nil)
	}
	return nil
}

// agrees asks a question on the terminal.
func (cl *commandLine) agrees(ctx context.Context, question string, input *typed) bool {
	fmt.Fprintf(cl.Err, "%s [%s] ", question, cl.words.Say("cli-account.yes-no", nil))
	answer, _ := input.next(ctx)
	return slices.Contains([]string{"y", "yes", "д", "да"}, strings.ToLower(answer))
}

// signIn uses the browser. What the user pastes in the meantime is taken as a code, or the address that the browser ended on.
func (cl *commandLine) signIn(ctx context.Context, a *app.App, target checks.Target, application oauthflow.App, f loginFlags, input *typed) (oauthflow.Token, error) {
	wanted := app.SignIn{Portal: target.Address, App: application, AuthServer: target.AuthServer, Region: app.NewRegionChoice(target.Region),
		Page: cl.words.SignInPage(), Timeout: f.timeout}
	flow, err := a.StartSignIn(ctx, wanted)
	var port *oauthflow.PortError
	if errors.As(err, &port) {
		fmt.Fprintln(cl.Err, cl.words.Say("sign-in.port-"+string(port.Reason), checks.Args{"port": strconv.Itoa(oauthflow.Port)}))
		wanted.PasteOnly = true
		flow, err = a.StartSignIn(ctx, wanted)
	}
	if err != nil {
		return oauthflow.Token{}, cl.fail(err)
	}
	defer flow.Close()
	fmt.Fprintf(cl.Err, "%s\n\n%s\n\n%s\n", cl.words.Say("cli-account.open", nil), flow.URL(), cl.words.Say("cli-account.paste", nil))
	if !f.noBrowser {
		flow.OpenBrowser()
	}
	pasted, paste := input.lines(), pastedCode{region: wanted.Region}
	otherState := flow.OtherState()
	late := time.NewTimer(oauthflow.NoAnswerAfter)
	defer late.Stop()
	for {
		select {
		case <-flow.Done():
			token, err := flow.Wait(ctx)
			if err != nil {
				if errors.Is(err, oauthflow.ErrTimeout) {
					cl.explainNoRedirect(flow)
				}
				return token, cl.signInError(ctx, err)
			}
			return token, nil
		case <-otherState:
			otherState = nil // any page in the browser can send one
			fmt.Fprintln(cl.Err, cl.words.Say("cli-account.other-state", nil))
		case <-late.C:
			cl.explainNoRedirect(flow)
		case line, open := <-pasted:
			if !open {
				pasted = nil // end of input; the browser may still return
				continue
			}
			if line != "" {
				cl.paste(flow, line, &paste)
			}
		}
	}
}

// explainNoRedirect prints possible reasons why the portal shows a page of its own and never redirects back.
func (cl *commandLine) explainNoRedirect(flow *oauthflow.Flow) {
	fmt.Fprintln(cl.Err, cl.words.Say("sign-in.silence", nil))
	for _, reason := range oauthflow.NoAnswerReasons() {
		fmt.Fprintln(cl.Err, "  - "+cl.words.Say("sign-in.silence-"+string(reason), checks.Args{"address": oauthflow.ReturnAddress()}))
	}
	if errors.Is(flow.BrowserError(), oauthflow.ErrNoBrowser) {
		fmt.Fprintln(cl.Err, cl.words.Say("sign-in.no-browser", nil))
	}
}

// paste passes pasted text to the flow. A code alone doesn't identify its region's server: then that is asked, and the next line
// may be the answer.
func (cl *commandLine) paste(flow *oauthflow.Flow, line string, p *pastedCode) {
	if !p.code.IsZero() && slices.Contains(bitrix.Regions(), bitrix.Region(line)) {
		p.region.Set(bitrix.Region(line))
		line = p.code.Reveal()
	}
	err := flow.Paste(line)
	var bad *oauthflow.PasteError
	switch {
	case err == nil, errors.Is(err, oauthflow.ErrAnswered):
	case errors.Is(err, oauthflow.ErrRegionUnknown):
		p.code = secret.New(line)
		fmt.Fprintln(cl.Err, cl.words.Say("cli-account.which-region", nil))
	case errors.As(err, &bad):
		fmt.Fprintln(cl.Err, cl.words.Say("sign-in.paste-"+string(bad.Problem), nil))
	default:
		fmt.Fprintln(cl.Err, cl.signInReason(err))
	}
}

// pastedCode is a pasted code whose region's server isn't known yet.
type pastedCode struct {
	code   secret.String // zero for none
	region *app.RegionChoice
}

func (cl *commandLine) signInError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = context.Canceled // instead of the signal's name
	}
	return cl.fail(errors.New(cl.signInReason(err)))
}

// signInReason says why a sign-in failed, with the other side's code and words.
func (cl *commandLine) signInReason(err error) string {
	reason := oauthflow.ReasonOf(err)
	text := cl.words.Say("sign-in-page.reason-"+string(reason), nil)
	if reason == oauthflow.ReasonRegionUnknown {
		text = cl.words.Say("cli-account.no-region", nil)
	}
	if detail := oauthflow.Detail(err); detail != "" {
		text += " (" + detail + ")"
	}
	return text
}

func (cl *commandLine) logoutCommand() *cobra.Command {
	all := false
	c := &cobra.Command{
		Use:  "logout",
		Args: cl.exactlyOnePortal,
		RunE: func(c *cobra.Command, args []string) error { return cl.logout(c.Context(), args[0], all) },
	}
	c.Flags().BoolVar(&all, "all", false, "")
	return c
}

func (cl *commandLine) logout(ctx context.Context, typed string, all bool) error {
	address, err := cl.parsePortal(typed)
	if err != nil {
		return err
	}
	a, err := cl.openAccounts(ctx)
	if err != nil {
		return err
	}
	forget := a.SignOut
	if all {
		forget = a.Forget
	}
	if err := forget(ctx, address); err != nil {
		return cl.accountError(err, address)
	}
	_, err = fmt.Fprintln(cl.Out, cl.words.Say("sign-in.signed-out", checks.Args{"portal": address.Display()}))
	return err
}

func (cl *commandLine) accountsCommand() *cobra.Command {
	format := ""
	c := &cobra.Command{
		Use: "accounts", Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return cl.listAccounts(c.Context(), format) },
	}
	addFormat(c, &format, "text", "json")
	c.AddCommand(&cobra.Command{
		Use:  "add-webhook",
		Args: cl.exactlyOnePortal,
		RunE: func(c *cobra.Command, args []string) error { return cl.addWebhook(c.Context(), args[0]) },
	})
	return c
}

// accountEntry is an account as JSON.
type accountEntry struct {
	Portal   string     `json:"portal"`
	SignIn   bool       `json:"sign_in"`
	ClientID string     `json:"client_id,omitempty"`
	Server   string     `json:"server,omitempty"`
	Ends     *time.Time `json:"ends,omitempty"` // of the sign-in, unless BoxReady renews it
	Webhook  bool       `json:"webhook"`
	Saved    *time.Time `json:"saved,omitempty"`
	Damaged  bool       `json:"damaged,omitempty"`
}

func (cl *commandLine) listAccounts(ctx context.Context, format string) error {
	a, err := cl.openAccounts(ctx)
	if err != nil {
		return err
	}
	list, err := a.List(ctx)
	if err != nil {
		return cl.accountError(err, portal.Address{})
	}
	if format == "json" {
		entries := []accountEntry{}
		for _, account := range list {
			entries = append(entries, accountEntry{Portal: account.Portal.String(), SignIn: account.SignedIn(), ClientID: account.ClientID, Server: account.Server,
				Ends: moment(account.Ends), Webhook: account.Webhook, Saved: moment(account.Saved), Damaged: account.Err != nil})
		}
		return report.WriteJSON(cl.Out, entries, true)
	}
	if len(list) == 0 {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-account.none", nil))
		return nil
	}
	columns := tabwriter.NewWriter(cl.Out, 0, 0, 2, ' ', 0)
	for _, account := range list {
		fmt.Fprintf(columns, "%s\t%s\n", account.Portal.Display(), cl.words.Say("cli-account.holds", checks.Args{
			"signed_in": account.SignedIn(), "ends": account.Ends, "webhook": account.Webhook, "damaged": account.Err != nil}))
	}
	if err := columns.Flush(); err != nil {
		return cl.fail(err)
	}
	fmt.Fprintln(cl.Err, cl.words.Say("cli-account.kept-in", checks.Args{"place": cl.place(a.Place().Keeper())}))
	return nil
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (cl *commandLine) addWebhook(ctx context.Context, typed string) error {
	address, err := app.ParsePortal(typed)
	if err != nil {
		return cl.inputError(err)
	}
	a, err := cl.openAccounts(ctx)
	if err != nil {
		return err
	}
	if webhook, given := app.WebhookIn(typed); given {
		return cl.keepWebhook(ctx, a, webhook, cl.Out)
	}
	pasted, err := cl.askSecret(ctx, "cli-account.ask-webhook", cl.typed())
	if err != nil {
		return err
	}
	webhook, err := app.ParseWebhook(pasted, address)
	if err != nil {
		return cl.inputError(err)
	}
	return cl.keepWebhook(ctx, a, webhook, cl.Out)
}

func (cl *commandLine) keepWebhook(ctx context.Context, a *app.App, webhook portal.Webhook, out io.Writer) error {
	if err := a.SaveWebhook(ctx, webhook); err != nil {
		return cl.accountError(err, webhook.Address)
	}
	_, err := fmt.Fprintln(out, cl.words.Say("cli-account.webhook-kept", checks.Args{"portal": webhook.Address.Display(), "place": cl.place(a.Place().Keeper())}))
	return err
}

// offerWebhook asks whether to keep and use the webhook whose address was given as PORTAL, if it was, and reports whether to use it:
// also if it could not be kept, which it says. Without a terminal there is nobody to ask, and it is refused.
func (cl *commandLine) offerWebhook(ctx context.Context, argument string, input *typed) (use bool, err error) {
	webhook, given := app.WebhookIn(argument)
	if !given {
		return false, nil
	}
	args := cl.accountArgs(webhook.Address)
	if !input.terminal {
		return false, badUsage("cli-account.webhook-refused", args)
	}
	if !cl.agrees(ctx, cl.words.Say("cli-account.keep-webhook", args), input) {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-account.webhook-as-portal", args))
		return false, nil
	}
	a, err := cl.newApp(app.Network{})
	if err != nil {
		return false, err
	}
	err = cl.tryKeyring(ctx, a)
	if err == nil {
		err = a.SaveWebhook(ctx, webhook)
	}
	switch problem := app.AccountProblem(err); {
	case err == nil:
		args["place"] = cl.place(a.Place().Keeper())
		_, err = fmt.Fprintln(cl.Err, cl.words.Say("cli-account.webhook-kept", args))
		return true, err
	case problem == "" || ctx.Err() != nil:
		return false, cl.accountError(err, webhook.Address)
	default:
		_, err = fmt.Fprintln(cl.Err, cl.words.Say("sign-in."+string(problem), args)+" "+cl.words.Say("cli-account.webhook-not-kept", nil))
		return true, err
	}
}

// keyringHintDelay is when to print that the keyring may be waiting for a prompt.
const keyringHintDelay = 3 * time.Second

// openAccounts returns the use cases with the accounts in the operating system's keyring.
func (cl *commandLine) openAccounts(ctx context.Context) (*app.App, error) {
	a, err := cl.newApp(app.Network{})
	if err != nil {
		return nil, err
	}
	return a, cl.openKeyring(ctx, a)
}

// openKeyring opens the operating system's keyring.
func (cl *commandLine) openKeyring(ctx context.Context, a *app.App) error {
	if err := cl.tryKeyring(ctx, a); err != nil {
		return cl.accountError(err, portal.Address{})
	}
	return nil
}

// tryKeyring opens the operating system's keyring. The error is why accounts are in memory.
func (cl *commandLine) tryKeyring(ctx context.Context, a *app.App) error {
	hint := time.AfterFunc(keyringHintDelay, func() {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-account.keyring-waits", cl.accountArgs(portal.Address{})))
	})
	defer hint.Stop()
	return a.OpenKeyring(ctx)
}

// accountError translates an error about saved accounts.
func (cl *commandLine) accountError(err error, address portal.Address) error {
	problem, args := app.AccountProblem(err), cl.accountArgs(address)
	key := "sign-in." + string(problem)
	switch problem {
	case "":
		return cl.fail(err)
	case app.AccountMissing, app.AccountDamaged, app.AccountNewer:
		return badUsage(key, args)
	}
	return cl.fail(errors.New(cl.words.Say(key, args)))
}

func (cl *commandLine) accountArgs(address portal.Address) checks.Args {
	return checks.Args{"keeper": cl.place(app.KeyringKeeper()), "portal": address.Display()}
}

// place is a keyring's or other place's usual name.
func (cl *commandLine) place(code string) string {
	return cl.words.Say("sign-in.place-"+code, nil)
}

// parsePortal reads PORTAL for a command that has no use for a webhook, and refuses one: its code would stay in the shell's history
// for nothing.
func (cl *commandLine) parsePortal(typed string) (portal.Address, error) {
	address, err := app.ParsePortal(typed)
	if _, given := app.WebhookIn(typed); given {
		return address, badUsage("cli-account.webhook-refused", cl.accountArgs(address))
	}
	return address, cl.inputError(err)
}

// typed is standard input.
type typed struct {
	in       io.Reader
	terminal bool
	scanner  *bufio.Scanner
	c        <-chan string // see lines
}

func (cl *commandLine) typed() *typed {
	if cl.input == nil {
		file, ok := cl.In.(*os.File)
		cl.input = newTyped(cl.In, ok && term.IsTerminal(int(file.Fd())))
	}
	return cl.input
}

func newTyped(in io.Reader, terminal bool) *typed {
	return &typed{in: in, terminal: terminal, scanner: bufio.NewScanner(io.LimitReader(in, 1<<20))}
}

// lines returns the remaining lines, which a goroutine reads that ends with the input or the program: a read from a terminal can't be
// cancelled. A secret on a terminal must be read before.
func (t *typed) lines() <-chan string {
	if t.c == nil {
		lines := make(chan string)
		go func() {
			defer close(lines)
			for t.scanner.Scan() {
				lines <- strings.TrimSpace(t.scanner.Text())
			}
		}()
		t.c = lines
	}
	return t.c
}

// next waits for a line; false is the end of the input or of ctx. It reads no further, so that a secret can be the next line.
func (t *typed) next(ctx context.Context) (string, bool) {
	if t.c != nil {
		return next(ctx, t.c)
	}
	line, err := reading(ctx, func() (string, error) {
		if !t.scanner.Scan() {
			return "", io.EOF
		}
		return strings.TrimSpace(t.scanner.Text()), nil
	})
	return line, err == nil
}

// askSecret asks for a secret, without echo on a terminal.
func (cl *commandLine) askSecret(ctx context.Context, question string, input *typed) (secret.String, error) {
	return cl.askSecretFor(ctx, question, nil, input)
}

func (cl *commandLine) askSecretFor(ctx context.Context, question string, args checks.Args, input *typed) (secret.String, error) {
	line := ""
	if input.terminal {
		fmt.Fprint(cl.Err, cl.words.Say(question, args)+" ")
		line = hiddenLine(ctx, int(input.in.(*os.File).Fd()))
		fmt.Fprintln(cl.Err)
	} else {
		line, _ = input.next(ctx)
	}
	if line == "" {
		return secret.String{}, badUsage("cli-account.no-secret", nil)
	}
	return secret.New(line), nil
}

// hiddenLine reads a line without echo; "" when ctx ends first. The read itself can't be cancelled, but the echo is restored.
func hiddenLine(ctx context.Context, fd int) string {
	before, err := term.GetState(fd)
	if err != nil {
		return ""
	}
	line := make(chan string, 1)
	go func() {
		text, _ := term.ReadPassword(fd)
		line <- strings.TrimSpace(string(text))
	}()
	select {
	case text := <-line:
		return text
	case <-ctx.Done():
		term.Restore(fd, before)
		return ""
	}
}
