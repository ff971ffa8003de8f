package cli

import (
	"errors"
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/secret"
	"boxready/internal/yamlfile"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is shown to the user by the key of its text.
type usageError struct {
	key  string
	args checks.Args
}

func (e *usageError) Error() string { return e.key }

func badUsage(key string, args checks.Args) error { return &usageError{key, args} }

// flagError translates an error about a command's flags. A value may be a misplaced webhook's address.
func flagError(c *cobra.Command, err error) error {
	var (
		usage  *usageError
		none   *pflag.NotExistError
		syntax *pflag.InvalidSyntaxError
		bare   *pflag.ValueRequiredError
		value  *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &usage):
		return usage
	case errors.As(err, &none) && none.GetSpecifiedShortnames() == "":
		return unknownFlag(c, "--", none.GetSpecifiedName())
	case errors.As(err, &none): // also a long name behind a single dash
		return unknownFlag(c, "-", none.GetSpecifiedShortnames())
	case errors.As(err, &syntax):
		return unknownFlag(c, "", syntax.GetSpecifiedFlag())
	case errors.As(err, &bare):
		return badUsage("cli.bare-flag", checks.Args{"flag": dashed(bare.GetSpecifiedName())})
	case errors.As(err, &value):
		return badUsage("cli.flag-value", checks.Args{"flag": dashed(value.GetFlag().Name), "value": secret.Mask(value.GetValue()),
			"time": value.GetFlag().Value.Type() == "duration"})
	}
	return err
}

func unknownFlag(c *cobra.Command, dashes, typed string) error {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return badUsage("cli.unknown-flag", checks.Args{"flag": dashes + secret.Mask(typed), "nearest": nearestName(names, typed), "command": c.CommandPath()})
}

func dashed(name string) string {
	if name = secret.Mask(name); len(name) > 1 {
		return "--" + name
	}
	return "-" + name
}

// nearestName returns the name that a misspelt one probably stands for, or begins; "" for none.
func nearestName(names []string, typed string) string {
	if len(typed) < 2 {
		return "" // every short name is near
	}
	near := yamlfile.NewSpelling(names...).Nearest(typed)
	if near == nil {
		for _, name := range names {
			if strings.HasPrefix(name, typed) {
				near = append(near, name)
			}
		}
	}
	if near == nil {
		return ""
	}
	return near[0]
}

// knownCommand rejects arguments that are the name of no subcommand.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	given := checks.Args{"value": secret.Mask(args[0]), "command": c.CommandPath(), "nearest": nearestName(names, args[0]), "portal": ""}
	if address, err := app.ParsePortal(args[0]); err == nil && !c.HasParent() && strings.Contains(address.Host, ".") {
		given["portal"] = address.Display()
	}
	return badUsage("cli.unknown-command", given)
}

// noArguments rejects all arguments.
func noArguments(c *cobra.Command, args []string) error { return atMost(0)(c, args) }

// atMost rejects more than n arguments.
func atMost(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return badUsage("cli.surplus", checks.Args{"value": secret.Mask(args[n]), "command": c.CommandPath()})
		}
		return nil
	}
}

// combination is a flag that has no effect without another one, or together with it. A flag is given by its name, or by name=value.
type combination struct {
	command, flag string
	with          []string // one of these has to be given
	without       []string // none of these may be
}

var combinations = []combination{
	{command: "check", flag: "event-test", with: []string{"signed-in"}},
	{command: "check", flag: "same-identity", with: []string{"server-probe"}},
	{command: "check", flag: "receiver", with: []string{"event-test"}},
	{command: "check", flag: "as-application", with: []string{"signed-in", "webhook", webhookVariable}},
	{command: "check", flag: "handlers", with: []string{"requires", "report"}},
	{command: "check", flag: "hide-names", with: []string{"report"}},
	{command: "check", flag: "parallel", with: []string{"portals"}},
	{command: "check", flag: "resume", with: []string{"portals"}},
	{command: "check", flag: "server-probe=-", without: []string{"webhook=-"}}, // there is one standard input
	{command: "schedule", flag: "daily", without: []string{"off"}},
	{command: "schedule", flag: "deep", with: []string{"daily"}},
	{command: "schedule", flag: "signed-in", with: []string{"daily"}},
	{command: "demo", flag: "signed-in", with: []string{"check"}},
	{command: "demo", flag: "event-test", with: []string{"signed-in"}},
	{command: "demo", flag: "format", with: []string{"check"}},
	{command: "demo", flag: "verbose", with: []string{"check"}},
	{command: "allowlist", flag: "remove", without: []string{"for=letter", "refresh"}},
	{command: "allowlist", flag: "refresh", without: []string{"for=letter"}},
	{command: "allowlist", flag: "offline", without: []string{"timeout", "public-roots", "connect-to"}},
	{command: "receiver", flag: "cert", with: []string{"key"}},
	{command: "receiver", flag: "key", with: []string{"cert"}},
	{command: "acknowledge", flag: "until", with: []string{"reason"}},
	{command: "acknowledge", flag: "list", without: []string{"remove", "reason"}},
	{command: "acknowledge", flag: "remove", without: []string{"reason"}},
	{command: "exporter", flag: "cert", with: []string{"key"}},
	{command: "exporter", flag: "key", with: []string{"cert"}},
	{command: "report diff", flag: "last", without: []string{"last-good"}},
	{command: "version", flag: "licences", without: []string{"check"}},
}

// checkCombinations rejects flags that do nothing together.
func (cl *commandLine) checkCombinations(c *cobra.Command) error {
	given := func(flag string) bool {
		name, value, valued := strings.Cut(flag, "=")
		f := c.Flags().Lookup(name)
		switch {
		case flag == webhookVariable:
			return !cl.Webhook.IsZero()
		case f == nil:
			return false
		case valued: // also by default
			return f.Value.String() == value
		}
		return f.Changed
	}
	shown := func(flag string) string {
		if flag == webhookVariable {
			return flag
		}
		return "--" + strings.ReplaceAll(flag, "=", " ")
	}
	for _, rule := range combinations {
		if c.CommandPath() != c.Root().Name()+" "+rule.command || !given(rule.flag) {
			continue
		}
		if rule.with != nil && !slices.ContainsFunc(rule.with, given) {
			var with []string
			for _, flag := range rule.with {
				with = append(with, shown(flag))
			}
			return badUsage("cli.only-with", checks.Args{"flag": shown(rule.flag), "with": with})
		}
		if i := slices.IndexFunc(rule.without, given); i >= 0 {
			return badUsage("cli.not-with", checks.Args{"flag": shown(rule.flag), "other": shown(rule.without[i])})
		}
	}
	return nil
}
