//go:build !linux

package simportal

import "net"

// shrinkBacklog reports false: other systems treat a full queue differently.
func shrinkBacklog(net.Listener) bool { return false }
