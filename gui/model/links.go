package model

import (
	"slices"

	"boxready/checks"
	"boxready/internal/view"
	"boxready/internal/words"
)

// links of the connection picture: a chain, and the one back to the portal.
var links = []view.Link{view.ComputerPortal, view.PortalAuthorization, view.AuthorizationQueue, view.QueueApplication, view.ApplicationPortal}

// nodes of the connection picture, in order; each one's sign is that of the link that leads to it.
var nodes = []struct {
	place view.Place
	from  view.Link
}{
	{view.Computer, view.ComputerPortal},
	{view.Portal, view.ComputerPortal},
	{view.Authorization, view.PortalAuthorization},
	{view.Queue, view.AuthorizationQueue},
	{view.Application, view.QueueApplication},
}

// Node is a place in the connection picture.
type Node struct {
	Title, Caption string
	Sign           Sign
}

// Link is an arrow of the connection picture.
type Link struct {
	ID   view.Link
	Sign Sign
	Name string // both ends, and the state in words
}

// Picture returns the connection picture.
func (s *Session) Picture(w *words.Texts) (places []Node, arrows []Link) {
	v := view.Of(s.Results())
	signs := map[view.Link]Sign{}
	for _, id := range links {
		sign, text := s.linkSign(v, id)
		signs[id] = sign
		arrows = append(arrows, Link{ID: id, Sign: sign, Name: w.Say("window.link."+string(id)+".name", nil) + ": " + w.Say(text, nil)})
	}
	for _, n := range nodes {
		sign := signs[n.from]
		if sign == Waiting {
			sign = Unknown
		}
		places = append(places, Node{Title: w.Say("window.node."+string(n.place)+".title", nil), Caption: w.Say("window.node."+string(n.place)+".caption", nil), Sign: sign})
	}
	return places, arrows
}

// linkSign is a link's sign, and the key of its text. While a check of it is under way, only a problem is final.
func (s *Session) linkSign(v *view.View, id view.Link) (sign Sign, text string) {
	state := v.LinkState(id)
	underWay := slices.ContainsFunc(s.working, func(w Working) bool { return view.LinkOf(w.Check) == id })
	switch {
	case underWay && state != checks.Problem:
		return Waiting, "window.link-waiting"
	case state == "":
		return Unknown, "window.link-unseen"
	}
	return Sign(state), "state." + string(state)
}

// LinkText returns an explanation of a link that nothing is known about.
func LinkText(w *words.Texts, id view.Link) string {
	return w.Say("window.link."+string(id)+".text", nil)
}
