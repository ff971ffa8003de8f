package checks

import (
	"slices"

	"boxready/internal/portal"
	"boxready/internal/secret"
)

// Conclusions returns the results for the facts of one run, by check, as in a run and in a saved report that is judged again.
func Conclusions(facts FactsByCheck) map[ID][]Result {
	judged := map[ID][]Result{}
	for _, c := range Catalog() {
		if facts[c.ID] != nil {
			judged[c.ID] = c.Judge(facts[c.ID], facts)
		}
	}
	concluded := map[ID][]Result{}
	for _, c := range Catalog() {
		concluded[c.ID] = c.applyPrecedence(judged[c.ID], judged)
	}
	return concluded
}

// conclude judges c with the facts of the checks that it reads.
func conclude(c *Check, facts Facts, seen FactsByCheck) []Result {
	others := map[ID][]Result{}
	for _, other := range Catalog() {
		if seen[other.ID] != nil && (other.Group == ServerGroup || slices.Contains(precededBy(c.ID), other.ID)) {
			others[other.ID] = other.Judge(seen[other.ID], seen)
		}
	}
	return c.applyPrecedence(c.Judge(facts, seen), others)
}

// exchange turns an answer into facts, without the request's own secrets.
func exchange(r portal.Request, a portal.Answer, address portal.Address) *Exchange {
	return newExchange(r, a, address, secret.Masker(r.Secrets()...))
}
