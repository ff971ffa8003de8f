package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// console is BoxReady for who started it without arguments, perhaps by a double click: it asks for the address, shows the
// result and waits, so that the console doesn't close over it.
func (a *app) console(ctx context.Context) error {
	in := bufio.NewReader(io.LimitReader(a.In, 1<<20))
	for {
		fmt.Fprint(a.Err, a.words.Say("console.ask", nil)+" ")
		typed, err := in.ReadString('\n')
		typed = strings.TrimSpace(typed)
		if typed == "" {
			if err != nil {
				fmt.Fprintln(a.Err)
				return wrong("cli.no-portal", nil)
			}
			continue
		}
		err = a.check(ctx, typed, checkFlags{region: "auto", format: "text", timeout: 90 * time.Second})
		var usage *usageError
		if errors.As(err, &usage) && strings.HasPrefix(usage.key, "cli.bad-address.") {
			fmt.Fprintln(a.Err, a.words.Say(usage.key, usage.args))
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprint(a.Err, "\n"+a.words.Say("console.wait", nil)+" ")
		in.ReadString('\n')
		return nil
	}
}
