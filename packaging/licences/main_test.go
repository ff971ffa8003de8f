package main

import (
	"bytes"
	"io/fs"
	"strings"
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
	got := map[string][]byte{}
	err = fs.WalkDir(assets.Licences, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "licences/"), ".txt")
		got[name], err = assets.Licences.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		if !bytes.Equal(got[name], text) {
			t.Errorf("the licence of %s is missing or another one; run make generate", name)
		}
	}
	for name := range got {
		if want[name] == nil {
			t.Errorf("%s isn't linked any more; run make generate", name)
		}
	}
}
