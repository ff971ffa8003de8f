package requirements

import (
	"strings"
	"sync"

	"boxready/internal/bitrix"
	"boxready/internal/yamlfile"
)

var (
	methodSpelling = sync.OnceValue(func() *yamlfile.Spelling {
		var names []string
		for m := range bitrix.Methods() {
			names = append(names, m.Name)
		}
		return yamlfile.NewSpelling(names...)
	})
	eventSpelling = sync.OnceValue(func() *yamlfile.Spelling {
		var names []string
		for e := range bitrix.Events() {
			names = append(names, e.Name)
		}
		return yamlfile.NewSpelling(names...)
	})
	scopeSpelling = sync.OnceValue(func() *yamlfile.Spelling {
		var names []string
		for _, s := range bitrix.Scopes() {
			names = append(names, s.Name)
		}
		return yamlfile.NewSpelling(names...)
	})
)

// NearestMethods returns the names of methods that a misspelt one may have meant, at most three.
func NearestMethods(name string) []string {
	return methodSpelling().Nearest(strings.TrimPrefix(name, bitrix.REST3Prefix))
}
