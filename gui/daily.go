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
	last    portal.Address // what the owner changed last
	focus   fyne.Focusable // what is there about it; nil if it isn't shown
}

// show rebuilds the page, with the focus where the owner was.
func (d *dailyCheck) show() {
	d.focus = nil
	d.fill()
	if d.focus != nil && d.fyne.Canvas().Overlays().Top() == nil {
		d.focusOn(d.focus)
	}
}

// read asks the scheduler once.
func (d *dailyCheck) read() {
	if d.busy || d.model.DailyKnown() {
		return
	}
	d.work(func(context.Context) error { return nil })
}

// work does something with the scheduler, reads back what it has then, and shows it.
func (d *dailyCheck) work(do func(context.Context) error) {
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
				d.show()
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
		question, at := d.question()
		d.focusLast(address, at)
		return nil, question
	case on:
		line := widgets.NewText(d.say("daily.on", checks.Args{"time": now.Time.String(), "signed_in": now.SignedIn}), widgets.Font{Selectable: true})
		change := widgets.NewLowEmphasis(d.say("daily.change", nil), nil, func() { d.ask(address) })
		d.focusLast(address, change)
		off := widgets.NewLowEmphasis(d.say("daily.off", nil), nil, func() { d.turnOff(address) })
		below = widgets.BesideOrBelow(8, 260, line, widgets.Beside(0, false, change, off, nil))
		if d.problem != "" && address == d.last {
			below = widgets.Column(4, below, d.problemText())
		}
	case d.model.DailyKnown():
		offer = widgets.NewButton(d.say("daily.offer", nil), nil, func() { d.ask(address) })
		d.focusLast(address, offer)
	}
	return offer, below
}

func (d *dailyCheck) problemText() fyne.CanvasObject {
	return widgets.NewText(d.problem, widgets.Font{Color: widgets.Danger, Selectable: true})
}

func (d *dailyCheck) focusLast(address portal.Address, f fyne.Focusable) {
	if address == d.last {
		d.focus = f
	}
}

// asks reports whether the question is open.
func (d *dailyCheck) asks() bool { return d.offered.Portal != portal.Address{} }

// ask opens the question in the page.
func (d *dailyCheck) ask(address portal.Address) {
	past, _ := d.params.Store.Portal(address.String())
	d.offered, d.problem, d.last = d.model.OfferDaily(address, past, bitrix.Region(d.settings().Region)), "", address
	d.show()
}

// cancel closes the question.
func (d *dailyCheck) cancel() {
	d.offered, d.problem = app.Daily{}, ""
	d.show()
}

func (d *dailyCheck) question() (card fyne.CanvasObject, at *widgets.Select) {
	past, _ := d.params.Store.Portal(d.offered.Portal.String())
	var times []option
	for _, t := range model.DailyTimes(d.offered.Time) {
		times = append(times, option{t.String(), t.String()})
	}
	at = choice(times, d.offered.Time.String(), func(value string) { d.offered.Time, _ = schedule.ParseTime(value) })
	lines := []fyne.CanvasObject{widgets.Line(), heading(d.say("daily.question", checks.Args{"portal": d.offered.Portal.Name()})), widgets.Flow(0, widgets.Bordered(at)),
		widgets.NewText(d.say("daily.text", nil), widgets.Font{Color: widgets.Muted, Selectable: true})}
	if past.Keys {
		lines = append(lines, widgets.NewSwitch(d.say("daily.sign-in", nil), d.say("daily.sign-in-text", nil), d.offered.SignedIn, func(on bool) { d.offered.SignedIn = on }))
	}
	if d.problem != "" {
		lines = append(lines, d.problemText())
	}
	yes := widgets.NewPrimary(d.say("daily.yes", nil), nil, d.turnOn)
	return widgets.Column(8, append(lines, widgets.Flow(8, yes, widgets.NewButton(d.say("daily.cancel", nil), nil, d.cancel)))...), at
}

func (d *dailyCheck) turnOn() {
	wanted, w := d.offered, d.words
	past, _ := d.params.Store.Portal(wanted.Portal.String())
	wanted.Deep = d.model.DailyDeep(wanted.Portal, past) // which may have been taken back since the question was opened
	if !d.busy {
		d.work(func(ctx context.Context) error {
			_, err := d.params.Schedules.Set(ctx, wanted, w)
			return err
		})
	}
}

func (d *dailyCheck) turnOff(address portal.Address) {
	if !d.busy {
		d.last = address
		d.work(func(ctx context.Context) error {
			_, err := d.params.Schedules.Off(ctx, address)
			return err
		})
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
