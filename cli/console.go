package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"boxready/checks"
)

// console runs when there are no arguments, perhaps after a double click: it asks for the address, shows the result and waits, so
// that the console stays open.
func (cl *commandLine) console(ctx context.Context) error {
	input := cl.typed()
	for {
		fmt.Fprint(cl.Err, cl.words.Say("console.ask", nil)+" ")
		address, ok := input.next(ctx)
		if !ok {
			fmt.Fprintln(cl.Err)
			return badUsage("cli.no-portal", checks.Args{"command": "boxready check"})
		}
		if address == "" {
			continue
		}
		err := cl.check(ctx, address, checkFlags{network: networkFlags{region: "auto"}, format: "text"})
		var usage *usageError
		if errors.As(err, &usage) && strings.HasPrefix(usage.key, "address.") {
			fmt.Fprintln(cl.Err, cl.words.Say(usage.key, usage.args))
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprint(cl.Err, "\n"+cl.words.Say("console.wait", nil)+" ")
		input.next(ctx)
		return nil
	}
}

// next waits for a line; false is the end of the input or of ctx.
func next(ctx context.Context, lines <-chan string) (string, bool) {
	select {
	case line, ok := <-lines:
		return line, ok
	case <-ctx.Done():
		return "", false
	}
}
