package requirements

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestWriteReadsBack(t *testing.T) {
	want := &Requirements{Scopes: []string{"crm", "user_basic"}, Methods: []string{"crm.item.list"}, Events: []string{"ONCRMDEALADD"},
		Modules: []Module{{Name: "crm", AtLeast: "23.300.0"}, {Name: "voximplant"}}}
	got, err := Read("written", Write(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want.Scopes, got.Scopes) + gocmp.Diff(want.Methods, got.Methods) + gocmp.Diff(want.Events, got.Events) + gocmp.Diff(want.Modules, got.Modules); diff != "" {
		t.Errorf("read back (-want +got):\n%s\n%s", diff, Write(want))
	}
}
