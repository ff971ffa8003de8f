package oauthflow

import (
	"slices"

	"boxready/internal/secret"
)

// Secrets returns the client secret and every token that the source has held: one that was replaced a moment ago may still be quoted
// in an answer.
func (s *Source) Secrets() []secret.String {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []secret.String{s.options.App.ClientSecret, s.options.Token.Access, s.options.Token.Refresh, s.token.Access, s.token.Refresh}
	return slices.DeleteFunc(append(all, s.replaced...), secret.String.IsZero)
}

// remember keeps a token for Secrets, before anything else happens with it.
func (s *Source) remember(t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replaced = append(s.replaced, t.Access, t.Refresh)
}
