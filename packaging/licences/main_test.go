package main

import (
	"testing"

	"boxready/assets"
)

func TestLicencesAreThoseOfWhatIsLinked(t *testing.T) {
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
