package simportal

import (
	"net/http"
	"net/url"

	"boxready/internal/bitrix"
)

// feed is the host that publishes the event queue's addresses
// (https://apidocs.bitrix24.com/settings/cloud-and-on-premise/network-access.html). The addresses are invented.
func (s *Sim) feed(r bitrix.Region) func(*request) {
	path := ""
	if u, err := url.Parse(bitrix.Feed(r)); err == nil {
		path = u.Path
	}
	nodes := list(queueAddresses[r]...)
	return func(h *request) {
		switch {
		case h.r.URL.Path != path:
			h.page(http.StatusNotFound, nginxPage("404 Not Found", ""))
		case h.faults.on("feed-invalid"):
			h.page(http.StatusOK, otherProductPage)
		case h.faults.on("feed-empty"):
			h.send(http.StatusOK, "application/json", encodeJSON(assoc("nodes", newArray())))
		default:
			h.send(http.StatusOK, "application/json", encodeJSON(assoc("nodes", nodes)))
		}
	}
}

// queueAddresses are the source addresses of each region's event queue.
var queueAddresses = map[bitrix.Region][]string{bitrix.CIS: {"198.51.100.21", "198.51.100.22"}, bitrix.World: {"203.0.113.121", "203.0.113.122"}}

// QueueAddresses returns the source addresses of the portal's event queue.
func (s *Sim) QueueAddresses() []string { return queueAddresses[s.region] }
