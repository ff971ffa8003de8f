package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/secret"
	"boxready/internal/transport"
	"boxready/internal/vault"
	"boxready/oauthflow"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func (cl *commandLine) loginCommand() *cobra.Command {
	var f loginFlags
	c := &cobra.Command{
		Use:   "login PORTAL --client-id ID",
		Short: "Sign in to a portal through the browser, and keep the sign-in in the keyring",
		Long: `Sign in to a portal through the browser as a local application, and keep the sign-in in the operating system's keyring.

The application is made on the portal once, by an administrator; "boxready login PORTAL" without --client-id says how.
Its secret (client_secret) is asked for, or read from standard input if that is no terminal.`,
		Example: `  boxready login portal.example.ru
  boxready login portal.example.ru --client-id local.655f1c2d8a1b37.42180155
  boxready check portal.example.ru --signed-in`,
		Args: cl.exactlyOnePortal,
		RunE: func(c *cobra.Command, args []string) error { return cl.login(c.Context(), args[0], f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.clientID, "client-id", "", "the application's `ID` (client_id), as the portal shows it")
	flags.BoolVar(&f.noBrowser, "no-browser", false, "only show the address to open")
	flags.BoolVar(&f.deep, "deep", false, "the address is the one that employees and applications use: don't ask")
	flags.DurationVar(&f.timeout, "timeout", 5*time.Minute, "how long to wait for the browser")
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
	target, err := f.network.target(typed)
	if err != nil {
		return err
	}
	n, err := cl.net(f.network)
	if err != nil {
		return err
	}
	if f.timeout <= 0 {
		return badUsage("cli.bad-timeout", nil)
	}
	if f.clientID == "" {
		return cl.explainRegistration(target.Address)
	}
	accounts, noKeyring := cl.openAccounts(ctx)
	if noKeyring != nil {
		fmt.Fprintln(cl.Err, cl.words.Say(cl.keyringText(noKeyring), cl.keyringArgs(target.Address))+" "+cl.words.Say("cli-account.memory", nil))
	}
	input := cl.typed()
	application, err := cl.askApplication(ctx, f.clientID, input)
	if err != nil {
		return err
	}
	if err := cl.confirmAddress(ctx, target.Address, f.deep, input); err != nil {
		return err
	}
	target.Consents = append(target.Consents, checks.Deep)
	progress := cl.newProgress(checks.PlannedForSignIn(), n.Pacer(target.Address.Host).Pause)
	blocker, outcome := checks.MaySignIn(ctx, n, target, progress)
	progress.end()
	if blocker != "" {
		cl.exit = ExitProblem
		style, out := cl.style(false)
		fmt.Fprintln(cl.Err, cl.words.Say("cli-account.may-not", checks.Args{"portal": target.Address.Display(), "check": cl.words.Name(blocker)}))
		return cl.reporter().WriteText(out, outcome, style)
	}
	token, err := cl.signIn(ctx, n, target, application, f, input)
	if err != nil {
		return err
	}
	if err := accounts.SaveSignIn(ctx, target.Address, application, token); err != nil {
		return cl.keyringError(err, target.Address)
	}
	args := checks.Args{"portal": target.Address.Display(), "place": cl.place(accounts.Place()), "ends": token.Ends()}
	if accounts.Place() == vault.InKeyring {
		_, err = fmt.Fprintln(cl.Out, cl.words.Say("cli-account.signed-in", args))
		return err
	}
	// This is all the use that can be made of it.
	fmt.Fprintln(cl.Err, cl.words.Say("cli-account.check-now", args))
	if err := cl.useSignIn(ctx, n, &target, accounts); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checks.Budget(target))
	defer cancel()
	return cl.runChecks(ctx, n, target, checkFlags{format: "text"})
}

// explainRegistration says how the local application is made on the portal, for both kinds of its menu.
func (cl *commandLine) explainRegistration(address portal.Address) error {
	var text strings.Builder
	for _, menu := range oauthflow.Menus() {
		text.WriteString(cl.words.Say("sign-in.register."+string(menu)+".name", nil) + "\n")
		args := checks.Args{"page": menu.Applications(address), "address": oauthflow.ReturnAddress(), "permission": strings.Join(oauthflow.Permissions(), ", ")}
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
	return badUsage("cli-account.no-client-id", checks.Args{"portal": address.Authority()})
}

// askApplication completes the application's identity with its secret, which is no flag: others see the flags of a process.
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

// confirmAddress asks the one question that a sign-in must not begin without: the portal reports the address that its page for
// signing in was opened by.
func (cl *commandLine) confirmAddress(ctx context.Context, address portal.Address, confirmed bool, input *typed) error {
	if confirmed {
		return nil
	}
	question := cl.words.Say("sign-in.confirm", checks.Args{"portal": address.Display()})
	if !input.terminal {
		return badUsage("cli-account.confirm", checks.Args{"question": question})
	}
	fmt.Fprintf(cl.Err, "%s [%s] ", question, cl.words.Say("cli-account.yes-no", nil))
	answer, _ := input.next(ctx)
	if yes := strings.ToLower(answer); yes != "y" && yes != "yes" && yes != "д" && yes != "да" {
		return badUsage("cli-account.not-confirmed", nil)
	}
	return nil
}

// signIn goes through the browser. Whatever the user pastes meanwhile is taken as a code, or the address that the browser
// ended on.
func (cl *commandLine) signIn(ctx context.Context, n *transport.Net, target checks.Target, application oauthflow.App, f loginFlags, input *typed) (oauthflow.Token, error) {
	region := &chosenRegion{region: target.Region}
	client := n.HTTPClient()
	options := oauthflow.Options{
		Portal: target.Address, Confirmed: true, App: application, Page: cl.words.SignInPage(), Timeout: f.timeout, Listen: cl.Listen,
		Server: func(host string) (oauthflow.AuthServer, error) {
			return oauthflow.ChooseServer(client, target.AuthServer, region.get())(host)
		},
	}
	flow, err := oauthflow.Start(ctx, options)
	var port *oauthflow.PortError
	if errors.As(err, &port) {
		fmt.Fprintln(cl.Err, cl.words.Say("sign-in.port-"+string(port.Reason), checks.Args{"port": strconv.Itoa(oauthflow.Port)}))
		options.PasteOnly = true
		flow, err = oauthflow.Start(ctx, options)
	}
	if err != nil {
		return oauthflow.Token{}, cl.fail(err)
	}
	defer flow.Close()
	fmt.Fprintf(cl.Err, "%s\n\n%s\n\n%s\n", cl.words.Say("cli-account.open", nil), flow.URL(), cl.words.Say("cli-account.paste", nil))
	if !f.noBrowser {
		flow.OpenBrowser()
	}
	pasted := input.lines()
	silence := time.NewTimer(oauthflow.SilenceAfter)
	defer silence.Stop()
	for {
		select {
		case <-flow.Done():
			token, err := flow.Wait(ctx)
			if err != nil {
				return token, cl.signInError(err)
			}
			return token, nil
		case <-silence.C:
			cl.explainSilence(flow)
		case line, open := <-pasted:
			if !open {
				pasted = nil // nothing more will be pasted; the browser may still come back
				continue
			}
			if line != "" {
				cl.paste(flow, line, region)
			}
		}
	}
}

// explainSilence says what may be the matter when the portal shows a page of its own and never comes back.
func (cl *commandLine) explainSilence(flow *oauthflow.Flow) {
	fmt.Fprintln(cl.Err, cl.words.Say("sign-in.silence", nil))
	for _, reason := range oauthflow.Silences() {
		fmt.Fprintln(cl.Err, "  - "+cl.words.Say("sign-in.silence-"+string(reason), checks.Args{"address": oauthflow.ReturnAddress()}))
	}
	if errors.Is(flow.BrowserError(), oauthflow.ErrNoBrowser) {
		fmt.Fprintln(cl.Err, cl.words.Say("sign-in.no-browser", nil))
	}
}

// paste hands the flow what was pasted. A code alone doesn't say which region's server issued it: then that is asked, and the
// next line may be the answer.
func (cl *commandLine) paste(flow *oauthflow.Flow, line string, region *chosenRegion) {
	if region.asked && (line == string(bitrix.CIS) || line == string(bitrix.World)) {
		region.set(bitrix.Region(line))
		line = region.waiting.Reveal()
	}
	err := flow.Paste(line)
	var bad *oauthflow.PasteError
	switch {
	case err == nil, errors.Is(err, oauthflow.ErrAnswered):
	case errors.Is(err, oauthflow.ErrRegionUnknown):
		region.asked, region.waiting = true, secret.New(line)
		fmt.Fprintln(cl.Err, cl.words.Say("cli-account.which-region", nil))
	case errors.As(err, &bad):
		fmt.Fprintln(cl.Err, cl.words.Say("sign-in.paste-"+string(bad.Problem), nil))
	default:
		fmt.Fprintln(cl.Err, cl.words.Say("sign-in-page.reason-"+string(oauthflow.ReasonOf(err)), nil))
	}
}

// chosenRegion is the region that the user named, also while the sign-in waits.
type chosenRegion struct {
	mu      sync.Mutex
	region  bitrix.Region
	asked   bool
	waiting secret.String // the code that was pasted before the region was known
}

func (r *chosenRegion) get() bitrix.Region {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.region
}

func (r *chosenRegion) set(region bitrix.Region) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.region = region
}

func (cl *commandLine) signInError(err error) error {
	if errors.Is(err, context.Canceled) {
		return cl.fail(err)
	}
	return cl.fail(errors.New(cl.words.Say("sign-in-page.reason-"+string(oauthflow.ReasonOf(err)), nil)))
}

func (cl *commandLine) logoutCommand() *cobra.Command {
	all := false
	c := &cobra.Command{
		Use: "logout PORTAL", Short: "Forget a portal's sign-in on this computer",
		Long: "Forget a portal's sign-in on this computer. Nothing is revoked on the portal: the application stays there.",
		Args: cl.exactlyOnePortal,
		RunE: func(c *cobra.Command, args []string) error { return cl.logout(c.Context(), args[0], all) },
	}
	c.Flags().BoolVar(&all, "all", false, "forget the portal's webhook too")
	return c
}

func (cl *commandLine) logout(ctx context.Context, typed string, all bool) error {
	address, err := parsePortal(typed)
	if err != nil {
		return err
	}
	accounts, err := cl.openKeyring(ctx)
	if err != nil {
		return err
	}
	forget := accounts.SignOut
	if all {
		forget = accounts.Forget
	}
	if err := forget(ctx, address); err != nil {
		return cl.keyringError(err, address)
	}
	_, err = fmt.Fprintln(cl.Out, cl.words.Say("sign-in.signed-out", checks.Args{"portal": address.Display()}))
	return err
}

func (cl *commandLine) accountsCommand() *cobra.Command {
	format := ""
	c := &cobra.Command{
		Use: "accounts", Short: "List the portals whose sign-ins and webhooks this computer keeps", Args: atMost(0),
		RunE: func(c *cobra.Command, _ []string) error { return cl.listAccounts(c.Context(), format) },
	}
	c.Flags().StringVar(&format, "format", "text", "of the list: text or json")
	c.AddCommand(&cobra.Command{
		Use: "add-webhook PORTAL", Short: "Keep a portal's incoming webhook in the keyring",
		Long: "Keep a portal's incoming webhook in the operating system's keyring. Its address is asked for, or read from standard input\n" +
			"if that is no terminal. \"boxready check PORTAL --webhook saved\" uses it.",
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
	Ends     *time.Time `json:"ends,omitempty"` // of the sign-in, if BoxReady doesn't renew it before
	Webhook  bool       `json:"webhook"`
	Saved    *time.Time `json:"saved,omitempty"`
	Damaged  bool       `json:"damaged,omitempty"`
}

func (cl *commandLine) listAccounts(ctx context.Context, format string) error {
	if format != "text" && format != "json" {
		return badUsage("cli.bad-value", checks.Args{"flag": "--format", "value": format, "allowed": []string{"text", "json"}})
	}
	accounts, err := cl.openKeyring(ctx)
	if err != nil {
		return err
	}
	list, err := accounts.List(ctx)
	if err != nil {
		return cl.keyringError(err, portal.Address{})
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
	fmt.Fprintln(cl.Err, cl.words.Say("cli-account.kept-in", checks.Args{"place": cl.place(accounts.Place())}))
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
	address, err := parsePortal(typed)
	if err != nil {
		return err
	}
	accounts, err := cl.openKeyring(ctx)
	if err != nil {
		return err
	}
	pasted, err := cl.askSecret(ctx, "cli-account.ask-webhook", cl.typed())
	if err != nil {
		return err
	}
	webhook, err := webhookOf(pasted, address)
	if err != nil {
		return err
	}
	if err := accounts.SaveWebhook(ctx, webhook); err != nil {
		return cl.keyringError(err, address)
	}
	_, err = fmt.Fprintln(cl.Out, cl.words.Say("cli-account.webhook-kept", checks.Args{"portal": address.Display(), "place": cl.place(accounts.Place())}))
	return err
}

// webhookOf reads a webhook's address, which must be of the portal that is meant.
func webhookOf(pasted secret.String, address portal.Address) (portal.Webhook, error) {
	webhook, err := portal.ParseWebhook(pasted.Reveal())
	switch {
	case errors.Is(err, portal.ErrWebhookHTTP):
		return webhook, badUsage("cli-account.webhook-http", nil)
	case err != nil:
		return webhook, badUsage("cli-account.no-webhook", nil)
	case webhook.Address.String() != address.String():
		return webhook, badUsage("cli-account.other-webhook", checks.Args{"portal": address.Display(), "other": webhook.Address.Display()})
	}
	return webhook, nil
}

// keyringHint is after how long somebody who waits is told that the keyring may want an answer.
const keyringHint = 3 * time.Second

// openKeyring returns the accounts in the operating system's keyring, for commands that are about what it keeps.
func (cl *commandLine) openKeyring(ctx context.Context) (*oauthflow.Accounts, error) {
	accounts, noKeyring := cl.openAccounts(ctx)
	if noKeyring != nil {
		return nil, cl.keyringError(noKeyring, portal.Address{})
	}
	return accounts, nil
}

// openAccounts returns the accounts in the operating system's keyring, or in memory together with the error that says why.
func (cl *commandLine) openAccounts(ctx context.Context) (*oauthflow.Accounts, error) {
	hint := time.AfterFunc(keyringHint, func() {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-account.keyring-waits", checks.Args{"keeper": cl.place(vault.InKeyring)}))
	})
	defer hint.Stop()
	store, noKeyring := vault.Open(ctx, vault.NewKeyring(vault.Options{Backend: cl.Keyring}))
	return oauthflow.NewAccounts(store), noKeyring
}

// keyringError puts what goes wrong with what is kept into words.
func (cl *commandLine) keyringError(err error, address portal.Address) error {
	key, args := cl.keyringText(err), cl.keyringArgs(address)
	switch {
	case key == "":
		return cl.fail(err)
	case strings.HasPrefix(key, "sign-in.account-"):
		return badUsage(key, args)
	default:
		return cl.fail(errors.New(cl.words.Say(key, args)))
	}
}

// keyringText is the key of what to say about an error of what is kept, "" if there is nothing.
func (cl *commandLine) keyringText(err error) string {
	var failed *vault.Error
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return "sign-in.account-missing"
	case errors.Is(err, vault.ErrDamaged):
		return "sign-in.account-damaged"
	case errors.Is(err, vault.ErrNewer):
		return "sign-in.account-newer"
	case errors.As(err, &failed):
		return "sign-in.keyring-" + string(failed.Reason)
	}
	return ""
}

func (cl *commandLine) keyringArgs(address portal.Address) checks.Args {
	return checks.Args{"keeper": cl.place(vault.InKeyring), "portal": address.Display()}
}

// place is what people know a place as.
func (cl *commandLine) place(p vault.Place) string {
	return cl.words.Say("sign-in.place-"+p.Keeper(), nil)
}

func parsePortal(typed string) (portal.Address, error) {
	address, err := portal.ParseAddress(typed)
	var bad *portal.AddressError
	if errors.As(err, &bad) {
		return address, badUsage("address."+string(bad.Reason), nil)
	}
	return address, nil
}

// typed is what comes in on standard input.
type typed struct {
	in       io.Reader
	terminal bool
	c        <-chan string
}

func (cl *commandLine) typed() *typed {
	file, ok := cl.In.(*os.File)
	return &typed{in: cl.In, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// lines are the lines from here on. A secret that is typed on a terminal must have been read before.
func (t *typed) lines() <-chan string {
	if t.c == nil {
		t.c = typedLines(t.in)
	}
	return t.c
}

func (t *typed) next(ctx context.Context) (string, bool) { return next(ctx, t.lines()) }

// askSecret asks for a secret. What is typed on a terminal is not shown.
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

// hiddenLine reads a line that the terminal doesn't show; "" when ctx ends first. The read itself can't be broken off, but the
// terminal shows again what is typed.
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
