package main

import (
	"testing"

	"boxready/internal/bitrix"
)

// The list that a maintainer signs is one that BoxReady takes.
func TestPack(t *testing.T) {
	packed, date, err := pack("../../internal/bitrix/data")
	if err != nil {
		t.Fatal(err)
	}
	if date != bitrix.CatalogueInfo().Date || len(packed) > 100<<10 {
		t.Errorf("as of %s, %d bytes", date, len(packed))
	}
	again, _, err := pack("../../internal/bitrix/data")
	if err != nil || string(again) != string(packed) {
		t.Errorf("another file the second time: %v", err)
	}
}
