package oauthflow

import "boxready/internal/portal"

// Permissions are what an application for BoxReady must be granted on the portal, besides "basic", which every application has.
func Permissions() []string { return []string{"user_basic"} }

// Menu is the section of a portal with its local applications and webhooks: a stable code. Which one a portal has depends on
// its version and can't be detected from outside.
type Menu string

// The menus.
const (
	MenuDevops      Menu = "devops"      // of newer portals
	MenuMarketplace Menu = "marketplace" // of older ones
)

// Menus returns both menus, the newer one first.
func Menus() []Menu { return []Menu{MenuDevops, MenuMarketplace} }

// Applications is the address of the portal's page where an application is added.
func (m Menu) Applications(p portal.Address) string { return m.page(p, "local/") }

// Webhooks is the address of the portal's page where a webhook is added.
func (m Menu) Webhooks(p portal.Address) string { return m.page(p, "hook/") }

func (m Menu) page(p portal.Address, old string) string {
	if m == MenuDevops {
		return p.String() + "/devops/"
	}
	return p.String() + "/marketplace/" + old
}
