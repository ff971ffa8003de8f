// Package secret keeps tokens, webhook codes and passwords out of output: a string
// that prints as a mask, masking of untrusted text, and errors without URLs that
// contain secrets.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// mask replaces a secret.
const mask = "•••"

// String is a string that cannot be printed. Every verb of fmt, JSON, text,
// YAML and slog show a mask; only Reveal returns the secret. The zero String is
// empty and prints nothing.
//
// Strings cannot be compared with ==; use Equal.
type String struct {
	// A function, because fmt and other printers reach unexported fields by
	// reflection, past every method, but cannot see what a function captured.
	reveal func() string
}

// New returns s as a String; an empty s is the zero String.
func New(s string) String {
	if s == "" {
		return String{}
	}
	return String{func() string { return s }}
}

// Reveal returns the secret itself.
func (s String) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether there is no secret.
func (s String) IsZero() bool { return s.reveal == nil }

// Equal reports whether both hold the same secret, in a time that depends on
// the lengths alone.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns the mask.
func (s String) String() string {
	if s.IsZero() {
		return ""
	}
	return mask
}

// Format writes the mask, whatever the verb and its flags.
func (s String) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// GoString returns the mask.
func (s String) GoString() string { return s.String() }

// MarshalText returns the mask; JSON, XML and YAML encoders use it.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns the mask.
func (s String) LogValue() slog.Value { return slog.StringValue(s.String()) }
