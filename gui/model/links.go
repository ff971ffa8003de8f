package model

import (
	"slices"

	"boxready/checks"
	"boxready/internal/report"
)

// LinkID is an arrow of the connection picture: who connects to whom.
type LinkID string

// The arrows: a chain, and the way back into the portal.
const (
	ComputerPortal      LinkID = "computer-portal"
	PortalAuthorization LinkID = "portal-authorization"
	AuthorizationQueue  LinkID = "authorization-queue"
	QueueApplication    LinkID = "queue-application"
	ApplicationPortal   LinkID = "application-portal"
)

// nodes of the connection picture, in order; each one's sign is that of the arrow that leads to it.
var nodes = []struct {
	id   string
	from LinkID
}{
	{"computer", ComputerPortal},
	{"portal", ComputerPortal},
	{"authorization", PortalAuthorization},
	{"queue", AuthorizationQueue},
	{"application", QueueApplication},
}

// linkChecks says which checks tell something about an arrow. What isn't named here tells of the way from this computer to the
// portal and of what stands there.
var linkChecks = map[LinkID][]checks.ID{
	PortalAuthorization: {checks.AuthServerFromPortal, "sign-in", "portal-identity", "token-accepted", "rest-licence", "server-auth-server", "server-registration", "server-licence"},
	AuthorizationQueue:  {"event-machinery"},
	QueueApplication:    {"event-delivery", "application-hosts"},
	ApplicationPortal:   {"portal-from-internet"},
}

// noLink are checks of this computer's own way to others than the portal.
var noLink = []checks.ID{checks.AuthServerFromComputer, checks.QueueFeed, checks.SelfClock}

// LinkOf is the arrow that a check tells something about, "" for none.
func LinkOf(id checks.ID) LinkID {
	for link, ids := range linkChecks {
		if slices.Contains(ids, id) {
			return link
		}
	}
	if slices.Contains(noLink, id) {
		return ""
	}
	return ComputerPortal
}

// Node is somebody in the connection picture.
type Node struct {
	Title, Caption string
	Sign           Sign
}

// Link is an arrow of the connection picture.
type Link struct {
	ID   LinkID
	Sign Sign
	Name string // who connects to whom, and how that is
}

// Picture is the connection picture.
func (s *Session) Picture(w *report.Words) (people []Node, links []Link) {
	for _, id := range []LinkID{ComputerPortal, PortalAuthorization, AuthorizationQueue, QueueApplication, ApplicationPortal} {
		sign := s.linkSign(id)
		links = append(links, Link{ID: id, Sign: sign, Name: w.Say("window.link."+string(id)+".name", nil) + ": " + s.linkState(w, id, sign)})
	}
	for _, n := range nodes {
		sign := Unknown
		for _, l := range links {
			if l.ID == n.from {
				sign = l.Sign
			}
		}
		if sign == Waiting {
			sign = Unknown
		}
		people = append(people, Node{Title: w.Say("window.node."+n.id+".title", nil), Caption: s.caption(w, n.id), Sign: sign})
	}
	return people, links
}

func (s *Session) caption(w *report.Words, node string) string {
	return w.Say("window.node."+node+".caption", nil)
}

// linkState says in a word how an arrow is.
func (s *Session) linkState(w *report.Words, id LinkID, sign Sign) string {
	switch {
	case sign == Waiting:
		return w.Say("window.link-waiting", nil)
	case sign == Unknown && !s.seen(id):
		return w.Say("window.link-unseen", nil)
	default:
		return w.Say("state."+string(sign), nil)
	}
}

// seen tells whether anything is known about an arrow.
func (s *Session) seen(id LinkID) bool {
	return slices.ContainsFunc(s.Results(), func(r checks.Result) bool { return LinkOf(r.Check) == id })
}

func (s *Session) linkSign(id LinkID) Sign {
	worst, skipped, any := checks.State(""), false, false
	for _, r := range s.Results() {
		if LinkOf(r.Check) != id {
			continue
		}
		any = true
		skipped = skipped || r.State == checks.Skipped
		if weight(r.State) > weight(worst) {
			worst = r.State
		}
	}
	under := slices.ContainsFunc(s.working, func(w Working) bool { return LinkOf(w.Check) == id })
	switch {
	case worst == checks.Problem:
		return Problem
	case under:
		return Waiting
	case !any:
		return Unknown
	case weight(worst) <= weight(checks.OK) && skipped:
		// What was put off may be what matters.
		return Skipped
	default:
		return Sign(worst)
	}
}

// LinkText explains an arrow that nothing is known about.
func LinkText(w *report.Words, id LinkID) string {
	return w.Say("window.link."+string(id)+".text", nil)
}
