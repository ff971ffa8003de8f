package bitrix

import (
	"fmt"
	"os"
	"testing"
)

// The initialization of this package costs time at every start of the program,
// so it must not parse the catalogue. This is checked here, before any test
// has used a table.
func TestMain(m *testing.M) {
	if catalogueRead.Load() {
		fmt.Fprintln(os.Stderr, "the catalogue is parsed at start")
		os.Exit(1)
	}
	os.Exit(m.Run())
}
