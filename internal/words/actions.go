package words

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"boxready/checks"
)

// Action is something that a step asks for and that BoxReady itself does. Each user interface has its own way to offer it: a
// command line, or a button.
type Action string

// The actions.
const (
	CheckAgain     Action = "check-again" // with the same options
	ConsentDeep    Action = "consent-deep"
	ConsentFilter  Action = "consent-filter"
	ConsentEvent   Action = "consent-event"
	ConsentBody    Action = "consent-body-size"
	ConsentSame    Action = "consent-identity"
	ConfirmAddress Action = "confirm-address" // although the authorization server holds another
	TestDelivery   Action = "receiver"
	EnterSignIn    Action = "sign-in"
	EnterWebhook   Action = "webhook"
	TrustRoot      Action = "trust"
	CorrectAddress Action = "correct-address"
	CheckOther     Action = "other-address"
	ServerProbe    Action = "server-probe"
	ServerNetwork  Action = "server-network" // the probe of the network alone
	PasteProbe     Action = "paste-server-probe"
	OutsideRun     Action = "outside-run"
	OutsideResult  Action = "outside-result"
	HandlersLAN    Action = "handlers-lan"
	AllowlistLAN   Action = "allowlist-lan"
	SelfTest       Action = "self-test"
	SaveReport     Action = "save-report"
	TextMode       Action = "text-mode" // on a computer that can't open the window
)

// commandLine is how an action is written for a terminal.
type commandLine struct {
	action Action
	line   string // with placeholders, see Texts.fillIn
}

// commandLines has the command lines that texts may ask for, by name.
var commandLines = map[string]commandLine{
	"check":                {CheckAgain, "check {portal}"},
	"check-again":          {CheckAgain, "{again}"},
	"check-longer":         {CheckAgain, "{again}{longer}"},
	"check-signed-in":      {CheckAgain, "check {portal} --signed-in"},
	"check-webhook":        {CheckAgain, "check {portal} --webhook -"},
	"check-access":         {CheckAgain, "check {portal} {access}"},
	"check-required":       {CheckAgain, "check {portal} {access}{requires}"},
	"check-permissions":    {CheckAgain, "check {portal} {access} --as-application{requires}"},
	"check-as-application": {CheckAgain, "check {portal} --signed-in --as-application"},
	"check-hosts":          {CheckAgain, "check {portal}{requires}"},
	"consent-deep":         {ConsentDeep, "check {portal} --deep"},
	"consent-filter":       {ConsentFilter, "check {portal} --content-filter"},
	"consent-body-size":    {ConsentBody, "check {portal} --body-size"},
	"consent-event":        {ConsentEvent, "check {portal} --signed-in --event-test"},
	"consent-identity":     {ConsentSame, "check {portal} --deep --server-probe {file} --same-identity"},
	"confirm-address":      {ConfirmAddress, "check {portal} --signed-in --deep"},
	"receiver":             {TestDelivery, "check {portal} --signed-in --event-test --receiver {receiver}"},
	"sign-in":              {EnterSignIn, "login {portal} --client-id {client}"},
	"sign-in-elsewhere":    {EnterSignIn, "login {example} --client-id {client} --no-browser"},
	"webhook":              {EnterWebhook, "check {portal} --webhook -"},
	"trust":                {TrustRoot, "check {portal} --trust root.pem"},
	"address":              {CorrectAddress, "check {example}"},
	"other-address":        {CheckOther, "check {other}"},
	"server-probe":         {ServerProbe, "probe php {portal}"},
	"server-network":       {ServerNetwork, "probe sh {portal}"},
	"paste-server-probe":   {PasteProbe, "check {portal} --server-probe {file}"},
	"outside-run":          {OutsideRun, "check {portal} --format json > outside.json"},
	"outside-result":       {OutsideResult, "check {portal} --outside outside.json"},
	"handlers-lan":         {HandlersLAN, "check {portal}{requires} --handlers lan"},
	"allowlist-lan":        {AllowlistLAN, "allowlist --handlers lan"},
	"allowlist-lan-csv":    {AllowlistLAN, "allowlist --handlers lan --for csv"},
	"self-test":            {SelfTest, "selftest"},
	"save-everything":      {SaveReport, "{again} -v"},
	"save-result":          {SaveReport, "{again} --format json > result.json"},
	"text-mode":            {TextMode, "check {example}"},
}

// Actions returns all actions that texts may ask for.
func Actions() []Action {
	all := map[Action]bool{}
	for _, c := range commandLines {
		all[c.action] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// commands is the template function action: the command lines with these names. args are those of the text.
func (w *Texts) commands(args map[string]any, names ...string) (string, error) {
	var lines []string
	for _, name := range names {
		c, ok := commandLines[name]
		if !ok {
			return "", fmt.Errorf("no action %q", name)
		}
		lines = append(lines, "`boxready "+w.fillIn(c.line, args)+"`")
	}
	return w.list(lines), nil
}

// fillIn replaces the placeholders of a command line.
func (w *Texts) fillIn(line string, args map[string]any) string {
	text := func(name string) string {
		if args[name] == nil {
			return ""
		}
		return fmt.Sprint(args[name])
	}
	requires, longer := "", ""
	if builtIn, _ := args["built_in"].(bool); !builtIn {
		requires = w.requires(args)
	}
	if text("portal") != "" {
		longer = " --timeout 180s"
	}
	line = strings.NewReplacer("{portal}", text("portal"), "{other}", text("other"), "{receiver}", text("receiver"),
		"{again}", w.again(text("portal"), args), "{access}", access(text("credential")), "{requires}", requires, "{longer}", longer,
		"{client}", cmp.Or(text("client_id"), w.Say("format.client-id", nil)),
		"{file}", w.Say("format.file", nil), "{example}", w.Say("format.example", nil)).Replace(line)
	if faults, simulated := args["demo"].([]string); simulated && strings.HasPrefix(line, "check "+text("portal")) {
		return demoLine(faults, line)
	}
	return line
}

// requires returns the flags of check for requirements: those that were given, unless their names would have to be quoted or tell
// where they are.
func (w *Texts) requires(args map[string]any) (flags string) {
	names, _ := args["requires"].([]string)
	for _, name := range names {
		if strings.ContainsAny(name, " `'\"$&;|<>()/\\") {
			name = w.Say("format.file", nil)
		}
		flags += " --requires " + name
	}
	return cmp.Or(flags, " --requires "+w.Say("format.file", nil))
}

// demoLine is how a check of the simulated portal is repeated: a portal of that name doesn't exist elsewhere.
func demoLine(faults []string, check string) string {
	line := "demo --check"
	for _, fault := range faults {
		line += " --fault " + fault
	}
	for _, flag := range []string{"--deep", "--signed-in", "--webhook", "--event-test"} {
		if strings.Contains(check, " "+flag) {
			line += " " + flag
		}
	}
	return line
}

// again repeats the run: against the portal, with the same options; see checks.Target.Given. A run without a portal was a
// self-test.
func (w *Texts) again(portal string, args map[string]any) string {
	if portal == "" {
		return "selftest"
	}
	line := "check " + portal
	codes, _ := args["given"].([]string)
	for _, code := range codes {
		switch code {
		case checks.GivenRequirements:
			line += w.requires(args)
		case string(checks.ByWebhook), string(checks.BySignIn):
			line += " " + access(code)
		default:
			line += " --" + code
		}
	}
	return line
}

// access returns the flags of check for the same credential; a webhook's address stays out of the shell's history.
func access(credential string) string {
	if credential == string(checks.ByWebhook) {
		return "--webhook -"
	}
	return "--signed-in"
}
