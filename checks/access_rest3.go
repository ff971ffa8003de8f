package checks

import (
	"context"
	"slices"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
)

// openAPIMethod describes all methods of REST 3.0.
const openAPIMethod = "rest.documentation.openapi"

// maxLookups is how many names that the catalogue lacks are looked up under /rest/api/, each with a request of its own. A file with
// more of them isn't misspelt but about something else.
const maxLookups = 50

// rest3Names are the required methods to look up in REST 3.0, in lower case and as an inventory has them: those that only it has, and
// those that the catalogue lacks, which may be younger than it.
func (t *Target) rest3Names() (known, unknown []string) {
	for _, name := range t.required().Methods {
		name = strings.ToLower(name)
		switch m, inCatalogue := bitrix.Method(name); {
		case !isMethodName(strings.TrimPrefix(name, bitrix.REST3Prefix)):
		case inCatalogue && m.OnlyREST3():
			known = append(known, name)
		case !inCatalogue:
			if name = bitrix.REST3Prefix + strings.TrimPrefix(name, bitrix.REST3Prefix); !slices.Contains(unknown, name) {
				unknown = append(unknown, name)
			}
		}
	}
	return known, unknown
}

// rest3Requests is how many requests askREST3 makes at most.
func (t *Target) rest3Requests() int {
	known, unknown := t.rest3Names()
	if len(known)+len(unknown) == 0 {
		return 0
	}
	return 2 + len(known) + min(len(unknown), maxLookups)
}

// askREST3 looks up the methods that method.get doesn't know: in the portal's description of REST 3.0, and those that aren't in it
// one by one. That is done without credentials, because the portal looks up the method before it authenticates the caller.
func (env *Env) askREST3(ctx context.Context, inv *inventory, step func()) {
	names, unknown := env.target.rest3Names()
	limit := len(names) + maxLookups
	names = append(names, slices.DeleteFunc(unknown, func(name string) bool { return inv.has(strings.TrimPrefix(name, bitrix.REST3Prefix)) })...)
	if len(names) == 0 {
		return
	}
	described := map[string]bool{}
	x := env.lookUpREST3(ctx, openAPIMethod)
	step()
	inv.rest3 = x.hasREST3()
	switch there := (&MethodFacts{Exchange: *x}).shows(); {
	case inv.rest3 != nil && !*inv.rest3:
		return
	case there != nil && *there:
		described = env.askOpenAPI(ctx, inv.credential)
		step()
	}
	found := make([]MethodSeen, len(names))
	parallelN(len(names), func(i int) {
		if i < limit {
			defer step()
		}
		found[i].Name = names[i]
		switch name := strings.TrimPrefix(names[i], bitrix.REST3Prefix); {
		case described[name]:
			found[i].Existing = new(true)
		case i < limit:
			found[i].Existing = (&MethodFacts{Exchange: *env.lookUpREST3(ctx, name)}).shows()
		}
	})
	inv.methods = append(inv.methods, found...)
}

func (env *Env) lookUpREST3(ctx context.Context, name string) *Exchange {
	r := portal.Request{Path: portal.REST3Path(name), Timeout: restTimeout}
	return env.exchange(r, env.do(ctx, r))
}

// hasREST3 reports whether the portal has REST 3.0 by its answer to a request to /rest/api/; nil if that doesn't show it. An older
// portal has no such path and answers in the form of its other errors.
func (x *Exchange) hasREST3() *bool {
	if !x.refused() {
		return nil
	}
	if _, ok := bitrix.V3Class(x.Error); ok {
		return new(true)
	}
	if bitrix.SameCode(x.Error, bitrix.CodeMethodNotFound) {
		return new(false)
	}
	return nil
}

// askOpenAPI returns the methods in the portal's description of REST 3.0, by lower-case name. It has those of all installed modules,
// whatever the credential's permissions; none if the portal doesn't give it. The reason of a refusal is found by other calls:
// REST 3.0 answers all of them alike.
func (env *Env) askOpenAPI(ctx context.Context, by Credential) map[string]bool {
	r := portal.Request{Path: portal.REST3Path(openAPIMethod), Token: env.signedIn(), Carrier: portal.InJSON, Timeout: callTimeout}
	if by == ByWebhook {
		r = env.target.Webhook.RequestREST3(openAPIMethod, callTimeout)
	}
	a := env.do(ctx, r)
	methods := map[string]bool{}
	for _, name := range portal.ReadOpenAPI(&a.Reply) {
		methods[strings.ToLower(name)] = true
	}
	return methods
}

// has reports whether the portal certainly has a method.
func (inv *inventory) has(name string) bool {
	return slices.ContainsFunc(inv.methods, func(m MethodSeen) bool { return m.Name == name && m.Existing != nil && *m.Existing })
}
