package demo

import (
	"errors"
	"fmt"

	"boxready/internal/transport"
)

// Browser replaces the browser in a sign-in to a simulated portal, which a real one can't reach. It opens a URL and follows
// redirects.
func Browser(n *transport.Net) func(address string) error {
	client := n.HTTPClient()
	return func(address string) error {
		for range 5 {
			response, err := client.Get(address)
			if err != nil {
				return fmt.Errorf("open the page for signing in: %w", err)
			}
			response.Body.Close()
			if response.StatusCode < 300 || response.StatusCode > 399 {
				return nil // a page for the user
			}
			next, err := response.Location()
			if err != nil {
				return fmt.Errorf("follow the page for signing in: %w", err)
			}
			address = next.String()
		}
		return fmt.Errorf("open the page for signing in: %w", errRedirects)
	}
}

var errRedirects = errors.New("it leads from page to page")
