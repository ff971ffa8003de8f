package report

import (
	"cmp"
	"math"
	"strings"

	"boxready/internal/untrusted"
	"boxready/internal/view"
)

// picture shows the connections between places, with their states. It is 360 units wide, so that on a telephone a unit is a
// pixel.
type picture struct {
	Places []place
	Ways   []way
}

type place struct {
	X, Y, MiddleX, NameY, DetailY int
	Name, Detail                  string
}

type way struct {
	From, To, Words string
	State           string // of checks, or ""
	X1, Y1, X2, Y2  int
	Angle           int // of the arrow's tip, in degrees
	LabelX, LabelY  int
	Anchor          string
}

// Sides and middles of the places: two columns, three rows.
const (
	pictureLeft, pictureRight             = 2, 226
	pictureTop, pictureMiddle, pictureLow = 4, 122, 240
	placeWidth, placeHeight               = 132, 50
)

func (p *Reporter) picture(n *run) picture {
	say := func(key string) string { return p.Words.Say("connections."+key, nil) }
	at := func(x, y int, key, detail string) place {
		s := place{X: x, Y: y, MiddleX: x + placeWidth/2, NameY: y + 30, Name: say(key), Detail: untrusted.Truncate(detail, 22)}
		if detail != "" {
			s.NameY, s.DetailY = y+22, y+39
		}
		return s
	}
	apps := at(pictureLeft, pictureTop, "applications", "")
	queue := at(pictureRight, pictureTop, "queue", "")
	portal := at(pictureLeft, pictureMiddle, "portal", strings.TrimPrefix(n.display, "https://"))
	auth := at(pictureRight, pictureMiddle, "authorization", "")
	here := at(pictureLeft, pictureLow, "computer", p.system())

	left, right := pictureLeft+placeWidth, pictureRight
	column, across := pictureLeft+placeWidth/2, (left+right)/2
	bottom := func(y int) int { return y + placeHeight }
	half := placeHeight / 2
	draw := func(from, to place, x1, y1, x2, y2, labelX, labelY int, anchor string, link view.Link) way {
		state := cmp.Or(string(n.view.LinkState(link)), "none")
		w := way{From: from.Name, To: to.Name, Words: say("way." + state), State: state, X1: x1, Y1: y1, X2: x2, Y2: y2,
			Angle: int(math.Round(math.Atan2(float64(y2-y1), float64(x2-x1)) * 180 / math.Pi)), LabelX: labelX, LabelY: labelY, Anchor: anchor}
		if link == view.AuthorizationQueue && state == "none" {
			w.Words = say("events") // the events' label, as the state isn't known
		}
		return w
	}
	return picture{Places: []place{apps, queue, portal, auth, here}, Ways: []way{
		draw(apps, portal, column, bottom(pictureTop), column, pictureMiddle, column+8, pictureMiddle-30, "start", view.ApplicationPortal),
		draw(here, portal, column, pictureLow, column, bottom(pictureMiddle), column+8, pictureLow-30, "start", view.ComputerPortal),
		draw(portal, auth, left, pictureMiddle+half, right, pictureMiddle+half, across, pictureMiddle+half-8, "middle", view.PortalAuthorization),
		draw(here, auth, left, pictureLow+half, right+placeWidth/2, bottom(pictureMiddle), right+14, pictureLow-8, "start", view.ComputerAuthorization),
		draw(auth, queue, right+placeWidth/2, pictureMiddle, right+placeWidth/2, bottom(pictureTop), right+placeWidth/2+8, pictureMiddle-30, "start", view.AuthorizationQueue),
		draw(queue, apps, right, pictureTop+half, left, pictureTop+half, across, pictureTop+half-8, "middle", view.QueueApplication),
	}}
}
