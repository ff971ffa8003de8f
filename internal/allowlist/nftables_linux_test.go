package allowlist_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boxready/internal/allowlist"
	"boxready/internal/requirements"
)

// TestNftablesExistingChain runs the commands that a file offers for a chain that is there already: they put the addresses above the
// rule that drops.
func TestNftablesExistingChain(t *testing.T) {
	needsNamespace(t, "nft")
	o := options()
	o.Handlers = requirements.LAN
	r := rules(t, o)
	text := write(t, r, allowlist.Nftables, allowlist.Add, "en")
	file := filepath.Join(t.TempDir(), "boxready.nft")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	script := []string{"nft -f " + file, "nft add table inet filter", "nft add chain inet filter input '{ type filter hook input priority filter; policy accept; }'",
		"nft add rule inet filter input tcp dport 443 drop"}
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "# nft insert "); ok {
			script = append(script, "nft insert "+strings.TrimSpace(command))
		}
	}
	if len(script) < 6 {
		t.Fatalf("no commands in\n%s", text)
	}
	chain := shell(t, strings.Join(append(script, "nft list chain inet filter input"), "\n"))
	dropped := strings.Index(chain, "drop")
	for _, row := range r.Rows {
		for _, address := range row.Addresses {
			if at := strings.Index(chain, address.Addr().String()); at < 0 || at > dropped {
				t.Errorf("%s is at %d, and the rule that drops at %d in\n%s", address, at, dropped, chain)
			}
		}
	}
}
