package report

// CoincidingFacts are the codes of the facts that are told beside findings.
func CoincidingFacts() (facts []string) {
	for _, c := range coinciding {
		facts = append(facts, c.fact)
	}
	return facts
}
