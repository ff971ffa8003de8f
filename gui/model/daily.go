package model

import (
	"boxready/checks"
	"boxready/gui/store"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/schedule"
)

// SetDaily records the daily checks that the scheduler has.
func (m *Model) SetDaily(list []app.Daily) {
	m.daily = map[string]app.Daily{}
	for _, d := range list {
		m.daily[d.Portal.String()] = d
	}
}

// DailyKnown reports whether the scheduler was asked for its daily checks.
func (m *Model) DailyKnown() bool { return m.daily != nil }

// Daily returns a portal's daily check; false if it has none.
func (m *Model) Daily(address string) (app.Daily, bool) {
	d, on := m.daily[address]
	return d, on
}

// usualTime is when a portal is checked unless its owner chooses another time.
var usualTime = schedule.Time{Hour: 9}

// OfferDaily returns the daily check of a portal that its owner is asked about: with the consent that was given for the address, at the
// time and with the flags that it has now. The saved sign-in is used only if the owner says so.
func (m *Model) OfferDaily(address portal.Address, past store.Portal, region bitrix.Region) app.Daily {
	d, on := m.Daily(address.String())
	if !on {
		d = app.Daily{Portal: address, Time: usualTime}
		for flag, value := range map[string]string{"--region": string(region), "--setup": string(past.Setup)} {
			if value != "" {
				d.Flags = append(d.Flags, flag, value)
			}
		}
	}
	d.Deep = m.DailyDeep(address, past)
	return d
}

// DailyDeep reports whether the owner confirmed the address of a portal, so that a daily check may send tokens.
func (m *Model) DailyDeep(address portal.Address, past store.Portal) bool {
	s := m.Session(address.String())
	return past.Confirmed || s != nil && s.Agreed(checks.Deep)
}

// DailyTimes are the times of day to choose from: each hour, and the one that is set now.
func DailyTimes(now schedule.Time) (times []schedule.Time) {
	for hour := range 24 {
		times = append(times, schedule.Time{Hour: hour})
		if now.Hour == hour && now.Minute > 0 {
			times = append(times, now)
		}
	}
	return times
}
