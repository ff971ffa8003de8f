package oauthflow

import (
	"slices"
	"testing"
)

func TestMenus(t *testing.T) {
	at := address(t, "portal.demo.example:8443")
	for menu, want := range map[Menu][2]string{
		MenuDevops:      {"https://portal.demo.example:8443/devops/", "https://portal.demo.example:8443/devops/"},
		MenuMarketplace: {"https://portal.demo.example:8443/marketplace/local/", "https://portal.demo.example:8443/marketplace/hook/"},
	} {
		if got := [2]string{menu.Applications(at), menu.Webhooks(at)}; got != want || !slices.Contains(Menus(), menu) {
			t.Errorf("%s: %v, want %v", menu, got, want)
		}
	}
}
