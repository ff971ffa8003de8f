package bitrix

import (
	"fmt"
	"os"
	"testing"
)

// Every start of the program pays for what this package does in its
// initialization, so that must stay nothing: looked at here, before any test
// has used a table.
func TestMain(m *testing.M) {
	if catalogueRead.Load() {
		fmt.Fprintln(os.Stderr, "the catalogue is parsed at start")
		os.Exit(1)
	}
	os.Exit(m.Run())
}
