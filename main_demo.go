package main

import (
	"io"
	"slices"

	"github.com/spf13/pflag"

	"boxready/internal/demo"
)

// demoFaults returns the faults of a command line that asks for the window on the simulated portal, "--demo --fault NAME": nil
// if it names none, and false if it is any other command line.
func demoFaults(args []string) (faults []string, ok bool) {
	if len(args) == 0 || args[0] != "--demo" {
		return nil, false
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringArrayVar(&faults, "fault", nil, "")
	err := flags.Parse(args[1:])
	return faults, err == nil && flags.NArg() == 0
}

// unknownFault is the first name that is none of a fault; "" for none.
func unknownFault(names []string) string {
	for _, name := range names {
		if !slices.ContainsFunc(demo.Faults(), func(f demo.Fault) bool { return f.Name == name }) {
			return name
		}
	}
	return ""
}
