package model

import (
	"time"

	"boxready/checks"
	"boxready/internal/words"
)

// LegRow is the row of a leg of a test event's delivery.
type LegRow struct {
	Name         checks.LegName
	Sign         Sign
	Title, Aside string
}

// Went records the progress of a test event.
func (s *Session) Went(leg checks.Leg) {
	for i := range s.legs {
		if s.legs[i].Name == leg.Name {
			s.legs[i] = leg
			return
		}
	}
	s.legs = append(s.legs, leg)
}

// Legs returns those of the run that is under way, or of the last one; nil if it sent no event.
func (s *Session) Legs() []checks.Leg {
	if s.legs != nil {
		return s.legs
	}
	for _, r := range s.results[checks.EventDelivery] {
		if facts, ok := r.Facts.(*checks.DeliveryFacts); ok {
			return facts.Legs
		}
	}
	return nil
}

// LegRows returns a row for each leg, those that were not begun included.
func (s *Session) LegRows(w *words.Texts, now time.Time) (rows []LegRow) {
	for _, name := range checks.Legs() {
		row := LegRow{Name: name, Sign: Skipped, Title: w.Say("window.events.leg-"+string(name), nil)}
		for _, leg := range s.Legs() {
			if leg.Name != name {
				continue
			}
			row.Sign = map[checks.LegState]Sign{checks.LegUnderWay: Waiting, checks.LegDone: OK, checks.LegFailed: Problem}[leg.State]
			switch seconds := max(now.Sub(leg.Began), 0).Seconds(); {
			case leg.State != checks.LegUnderWay:
				row.Aside = w.Say("window.finding.took-value", checks.Args{"seconds": float64(leg.TookMS) / 1000})
			case leg.LimitMS > 0:
				row.Aside = w.Say("window.events.waiting", checks.Args{"seconds": int(seconds), "limit": leg.LimitMS / 1000})
			default:
				row.Aside = w.Say("window.elapsed", checks.Args{"seconds": int(seconds)})
			}
		}
		rows = append(rows, row)
	}
	return rows
}
