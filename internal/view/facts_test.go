package view

import (
	"strings"
	"testing"
)

func TestFactsOfALongList(t *testing.T) {
	list := `{"modules":[` + strings.Repeat(`{"name":"crm","version":"1"},`, maxElements+6) + `{"name":"last","version":"1"}],"after":true}`
	facts := ParseFacts([]byte(list)).Facts()
	if want := 2*maxElements + 2; len(facts) != want {
		t.Fatalf("%d facts, want %d", len(facts), want)
	}
	if cut := facts[2*maxElements]; cut != (Fact{Path: "modules", List: true, More: 7}) {
		t.Errorf("in place of the others: %+v", cut)
	}
	if last := facts[len(facts)-1]; last.Path != "after" || last.Value != "true" {
		t.Errorf("after the list: %+v", last)
	}
}
