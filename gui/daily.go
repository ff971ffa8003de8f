package gui

import (
	"context"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/widgets"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/schedule"
	"boxready/internal/untrusted"
	"boxready/internal/words"
)

// Schedules are the daily checks by the system's scheduler, see app.Schedules. Its methods are called off the Fyne thread.
type Schedules interface {
	List(ctx context.Context) ([]app.Daily, error)
	Set(ctx context.Context, d app.Daily, w *words.Texts) (place string, err error)
	Off(ctx context.Context, address portal.Address) (was bool, err error)
	// Withdraw makes a portal's daily check one without tokens.
	Withdraw(ctx context.Context, address portal.Address, w *words.Texts) error
}

// dailyCheck lets the owner have portals checked every day, on a page: a button, in its place the time and how to change it, or the
// question.
type dailyCheck struct {
	*environment
	fill func() // rebuilds the page

	offered app.Daily // what is asked about; without a portal nothing is
	problem string    // why it could not be done; "" for nothing
	busy    bool
	at      *widgets.Select // of the question that is shown
}

// read asks the scheduler once.
func (d *dailyCheck) read() {
	if d.busy || d.model.DailyKnown() {
		return
	}
	d.work(func(context.Context) error { return nil }, d.fill)
}

// work does something with the scheduler, reads back what it has then, and calls then.
func (d *dailyCheck) work(do func(context.Context) error, then func()) {
	d.busy, d.problem = true, ""
	d.background(func(ctx context.Context) func() {
		err := do(ctx)
		list, unread := d.params.Schedules.List(ctx)
		return func() {
			d.busy = false
			if unread == nil {
				d.model.SetDaily(list)
			}
			if err != nil {
				d.problem = d.dailyProblem(err)
			} else {
				d.offered = app.Daily{}
			}
			if unread == nil || err != nil { // otherwise it would be asked again at once
				then()
			}
		}
	})
}

// dailyProblem says why the scheduler could not do something.
func (e *environment) dailyProblem(err error) string {
	problem, said := app.ScheduleProblem(err)
	return e.words.Say("schedule.problem."+problem, checks.Args{"said": untrusted.Truncate(untrusted.Line(said), 300)})
}

// objects are the button that offers a portal's daily check, or else what stands below it. Both are nil before the scheduler has
// answered.
func (d *dailyCheck) objects(address portal.Address) (offer *widgets.Button, below fyne.CanvasObject) {
	if d.params.Schedules == nil {
		return nil, nil
	}
	d.read()
	now, on := d.model.Daily(address.String())
	switch {
	case d.offered.Portal == address:
		return nil, d.question()
	case on:
		line := widgets.NewText(d.say("daily.on", checks.Args{"time": now.Time.String(), "signed_in": now.SignedIn}), widgets.Font{Selectable: true})
		change := widgets.NewLowEmphasis(d.say("daily.change", nil), nil, func() { d.ask(address) })
		off := widgets.NewLowEmphasis(d.say("daily.off", nil), nil, func() { d.turnOff(address) })
		return nil, widgets.BesideOrBelow(8, 260, line, widgets.Beside(0, false, change, off, nil))
	case d.model.DailyKnown():
		return widgets.NewButton(d.say("daily.offer", nil), nil, func() { d.ask(address) }), nil
	}
	return nil, nil
}

// asks reports whether the question is open.
func (d *dailyCheck) asks() bool { return d.offered.Portal != portal.Address{} }

// ask opens the question in the page.
func (d *dailyCheck) ask(address portal.Address) {
	past, _ := d.params.Store.Portal(address.String())
	d.offered, d.problem = d.model.OfferDaily(address, past, bitrix.Region(d.settings().Region)), ""
	d.fill()
	d.focusOn(d.at)
}

// cancel closes the question.
func (d *dailyCheck) cancel() {
	d.offered, d.problem = app.Daily{}, ""
	d.fill()
}

func (d *dailyCheck) question() fyne.CanvasObject {
	past, _ := d.params.Store.Portal(d.offered.Portal.String())
	var times []option
	for _, t := range model.DailyTimes(d.offered.Time) {
		times = append(times, option{t.String(), t.String()})
	}
	d.at = choice(times, d.offered.Time.String(), func(value string) { d.offered.Time, _ = schedule.ParseTime(value) })
	lines := []fyne.CanvasObject{widgets.Line(), heading(d.say("daily.question", checks.Args{"portal": d.offered.Portal.Name()})), widgets.Flow(0, widgets.Bordered(d.at)),
		widgets.NewText(d.say("daily.text", nil), widgets.Font{Color: widgets.Muted, Selectable: true})}
	if past.Keys {
		lines = append(lines, widgets.NewSwitch(d.say("daily.sign-in", nil), d.say("daily.sign-in-text", nil), d.offered.SignedIn, func(on bool) { d.offered.SignedIn = on }))
	}
	if d.problem != "" {
		lines = append(lines, widgets.NewText(d.problem, widgets.Font{Color: widgets.Danger, Selectable: true}))
	}
	yes := widgets.NewPrimary(d.say("daily.yes", nil), nil, d.turnOn)
	return widgets.Column(8, append(lines, widgets.Flow(8, yes, widgets.NewButton(d.say("daily.cancel", nil), nil, d.cancel)))...)
}

func (d *dailyCheck) turnOn() {
	if wanted, w := d.offered, d.words; !d.busy {
		d.work(func(ctx context.Context) error {
			_, err := d.params.Schedules.Set(ctx, wanted, w)
			return err
		}, d.fill)
	}
}

func (d *dailyCheck) turnOff(address portal.Address) {
	if !d.busy {
		d.work(func(ctx context.Context) error {
			_, err := d.params.Schedules.Off(ctx, address)
			return err
		}, d.fill)
	}
}

// withdrawDaily makes a portal's daily check one without tokens. It is called off the Fyne thread.
func (e *environment) withdrawDaily(ctx context.Context, address string, w *words.Texts) error {
	parsed, err := portal.ParseAddress(address)
	if err != nil || e.params.Schedules == nil {
		return nil // what is damaged has none
	}
	return e.params.Schedules.Withdraw(ctx, parsed, w)
}

// dropDaily turns a portal's daily check off. It is called off the Fyne thread.
func (e *environment) dropDaily(ctx context.Context, address string) error {
	parsed, err := portal.ParseAddress(address)
	if err != nil || e.params.Schedules == nil {
		return nil
	}
	_, err = e.params.Schedules.Off(ctx, parsed)
	return err
}
