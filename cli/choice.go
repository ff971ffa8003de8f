package cli

import (
	"slices"
	"strings"

	"boxready/checks"

	"github.com/spf13/pflag"
)

// choice is the value of a flag that takes one of a few words, or several of them, separated by commas. Its words are in the
// flag's help and completed by shells.
type choice struct {
	flag    string
	allowed []string
	one     *string   // nil if the flag takes several
	several *[]string // nil if the flag takes one
	set     bool
}

// oneOf defines a flag that takes one of the words.
func oneOf(flags *pflag.FlagSet, into *string, name, value string, allowed ...string) {
	*into = value
	flags.Var(&choice{flag: name, allowed: allowed, one: into}, name, "")
}

// someOf defines a flag that takes some of the words.
func someOf(flags *pflag.FlagSet, into *[]string, name string, values []string, allowed ...string) {
	*into = values
	flags.Var(&choice{flag: name, allowed: allowed, several: into}, name, "")
}

func (c *choice) Type() string { return "choice" }

func (c *choice) String() string { return strings.Join(c.values(), ",") }

func (c *choice) values() []string {
	switch {
	case c.several != nil:
		return *c.several
	case c.one == nil || *c.one == "": // pflag asks a zero one for the zero value
		return nil
	}
	return []string{*c.one}
}

// Set takes the words of one occurrence of the flag: the first one replaces the default, the others add to it.
func (c *choice) Set(text string) error {
	words := []string{text}
	if c.several != nil {
		words = strings.Split(text, ",")
	}
	for _, word := range words {
		if !slices.Contains(c.allowed, word) {
			return badUsage("cli.bad-value", checks.Args{"flag": "--" + c.flag, "value": word, "allowed": c.allowed})
		}
	}
	switch {
	case c.one != nil:
		*c.one = text
	case c.set:
		*c.several = append(*c.several, words...)
	default:
		*c.several = words
	}
	c.set = true
	return nil
}
