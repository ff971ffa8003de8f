// Package lab tests BoxReady's diagnoses on a real network stack, and long runs. It has tests only.
//
// TestLab ("make lab") builds a network of namespaces for every scenario: a computer, a portal behind its own
// gateway, the authorization server, the event queue with the hosts that publish its addresses, an application's server with a
// receiver of events, and a resolver. Then it breaks something with the programs that break it in production (nftables, unbound, nginx,
// HAProxy, Apache with ModSecurity, squid), runs the static program on the computer, and compares its diagnosis with what was broken.
//
// TestSoak ("make soak") checks simulated portals with random faults for a long time in one process: nothing may leak, and no
// verdict may be wrong.
package lab
