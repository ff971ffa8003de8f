package main

import (
	"regexp"
	"strings"
	"testing"

	"boxready/assets"
)

func TestLicencesMatchLinkedModules(t *testing.T) {
	if testing.Short() {
		t.Skip("lists what is linked on every system")
	}
	want, err := collect("../..")
	if err != nil {
		t.Fatal(err)
	}
	carried, err := assets.Licences()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range carried {
		got[l.Module] = l.Text
	}
	for name, text := range want {
		if got[name] != string(text) {
			t.Errorf("the licence of %s is missing or another one; run make generate", name)
		}
	}
	for name := range got {
		if want[name] == nil {
			t.Errorf("%s isn't linked any more; run make generate", name)
		}
	}
}

var (
	permissive = regexp.MustCompile(`(?i)permission is hereby granted, free of charge|redistribution and use in source and binary forms|` +
		`apache license|permission to use, copy, modify, and/or distribute`)
	// Licences with further conditions, except for data: the fonts and the list of roots.
	copyleft = regexp.MustCompile(`(?i)gnu (lesser |affero |library )?general public|server side public|business source|commons clause|eclipse public|creative commons attribution-(sharealike|noncommercial)`)
)

func TestLicencesArePermissive(t *testing.T) {
	carried, err := assets.Licences()
	if err != nil {
		t.Fatal(err)
	}
	if len(carried) < 20 {
		t.Errorf("only %d licences", len(carried))
	}
	for _, l := range carried {
		text := strings.Join(strings.Fields(l.Text), " ")
		if !permissive.MatchString(text) {
			t.Errorf("%s: unknown licence", l.Module)
		}
		if found := copyleft.FindString(text); found != "" {
			t.Errorf("%s: %s", l.Module, found)
		}
	}
}
