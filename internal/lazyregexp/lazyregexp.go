// Package lazyregexp compiles regular expressions when they are first used. A window should be there at once, and large
// repetitions and classes of Unicode take a millisecond each.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns the expression, compiled once. It panics where regexp.MustCompile would, but no sooner than it is used.
func New(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
