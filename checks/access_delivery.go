package checks

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"boxready/internal/receiver"
	"boxready/internal/transport"
)

// EventNotDelivered is the cause of event-delivery.
const EventNotDelivered Cause = "event-not-delivered"

// DeliveryFacts describe a test event's delivery: the portal sends it to the authorization server, which puts it into a queue,
// and the queue calls a handler, here a mailbox at a receiver. Nothing between the portal and the receiver can be observed.
// https://apidocs.bitrix24.com/api-reference/events/index.html
type DeliveryFacts struct {
	Receiver  string           `json:"receiver" hide:"host"`
	Legs      []Leg            `json:"legs"`            // those started, in order
	Steps     []EventStep      `json:"steps,omitempty"` // calls to the portal
	Trouble   *ReceiverTrouble `json:"trouble,omitempty"`
	LimitMS   int64            `json:"limit_ms"`            // the longest wait for the event
	WaitedMS  int64            `json:"waited_ms,omitempty"` // the actual wait, from the portal's answer to event.test
	Arrival   *Arrival         `json:"arrival,omitempty"`
	Addresses []netip.Addr     `json:"addresses,omitempty" hide:"ip"` // of the receiver, as this computer finds it
	Others    int              `json:"others,omitempty"`              // events in the mailbox that weren't the expected one
	Refused   int              `json:"refused,omitempty"`             // requests to the mailbox that were no event, e.g. not application/x-www-form-urlencoded
	LeftBound bool             `json:"left_bound,omitempty"`
}

// HandlerLeft reports whether unbinding the test event's handler failed.
func (f *DeliveryFacts) HandlerLeft() bool { return f.LeftBound }

// Arrival describes how the event arrived.
type Arrival struct {
	TookMS int64            `json:"took_ms"` // from firing
	From   netip.Addr       `json:"from" hide:"ip"`
	Queue  receiver.Listing `json:"queue"` // whether that is one of the event queue's addresses
	Copies int              `json:"copies,omitempty"`
}

// ReceiverTrouble is why the receiver could not be used.
type ReceiverTrouble struct {
	Leg     LegName           `json:"leg"`
	Reason  ReceiverReason    `json:"reason"`
	Layer   transport.Stage   `json:"layer,omitempty"`   // of ReceiverUnreachable
	Failure transport.Failure `json:"failure,omitempty"` // of ReceiverUnreachable
}

// ReceiverReason is that reason as a code.
type ReceiverReason string

// The reasons.
const (
	ReceiverUnreachable ReceiverReason = "unreachable" // no answer, see the failure
	ReceiverBusy        ReceiverReason = "busy"        // no free mailbox, or rate limit
	ReceiverNone        ReceiverReason = "no-receiver" // another server answers
	ReceiverForgot      ReceiverReason = "forgot"      // the mailbox is gone, e.g. after a restart
	ReceiverPrivate     ReceiverReason = "private"     // it has no public address here, and perhaps none for the queue
)

// LegName names a stage of the delivery.
type LegName string

// The legs, in order.
const (
	LegMailbox LegName = "mailbox" // this computer asks the receiver for a mailbox
	LegBind    LegName = "bind"    // the portal binds the mailbox as a handler
	LegFire    LegName = "fire"    // the portal confirms that it fired the event
	LegTravel  LegName = "travel"  // portal → authorization server → queue → receiver, which can't be distinguished from here
	LegUnbind  LegName = "unbind"  // the portal unbinds the handler
)

// Legs returns all legs, in order.
func Legs() []LegName { return []LegName{LegMailbox, LegBind, LegFire, LegTravel, LegUnbind} }

// LegState is a leg's progress.
type LegState string

// The states.
const (
	LegUnderWay LegState = "under-way"
	LegDone     LegState = "done"
	LegFailed   LegState = "failed" // or was cancelled
)

// Leg is the result of one stage.
type Leg struct {
	Name    LegName   `json:"name"`
	State   LegState  `json:"state"`
	Began   time.Time `json:"began"`
	TookMS  int64     `json:"took_ms,omitempty"`  // set at its end; for travel from firing until the event arrived
	LimitMS int64     `json:"limit_ms,omitempty"` // of travel: the longest wait for the event
}

// LegWatcher is an Observer that also gets the test event's progress: Leg is called when each leg begins and when it ends, never
// concurrently with the Observer's other methods. The test may end after any leg; LegUnbind always follows LegBind, unless the
// portal answered that it didn't bind.
type LegWatcher interface {
	Leg(ID, Leg)
}

// deliveryWait is the longest wait for an event. No delivery time is guaranteed; the documentation says that slow handlers are
// called less often, but a mailbox answers at once.
const deliveryWait = 2 * time.Minute

// Waits between polls of the mailbox; the last one repeats.
var mailboxWaits = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, time.Second, time.Second, time.Second, 2 * time.Second}

func (t *Target) eventWait() time.Duration { return cmp.Or(t.EventWait, deliveryWait) }

func deliveryDeadline(t *Target) time.Duration { return checkDeadline + t.eventWait() }

// UseReceiver sets the receiver that the owner agreed to. The error is receiver.ErrAddress, also for the portal itself.
func (t *Target) UseReceiver(address string) error {
	address, err := receiver.ParseAddress(address)
	if err != nil {
		return err
	}
	if u, err := url.Parse(address); err != nil || strings.EqualFold(u.Hostname(), t.Address.Host) {
		return receiver.ErrAddress
	}
	t.Receiver = address
	return nil
}

// ReceiverHost is the host to show the owner before agreeing to a receiver, e.g. one that requirements name.
func ReceiverHost(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

func missingReceiver(t *Target) Reason {
	if t.Receiver == "" {
		return NeedsReceiver
	}
	return ""
}

func observeDelivery(ctx context.Context, env *Env) (*DeliveryFacts, error) {
	limit := env.target.eventWait()
	d := &delivery{env: env, limit: limit, nonce: rand.Text(), facts: &DeliveryFacts{Receiver: env.target.Receiver, LimitMS: limit.Milliseconds()}}
	client := env.net.HTTPClient()
	defer client.CloseIdleConnections()
	d.receiver = &receiver.Client{HTTP: client, Public: env.target.Receiver}
	d.facts.Addresses = env.addressesOf(ctx, env.target.Receiver)
	d.run(ctx)
	return d.facts, nil
}

// addressesOf resolves a host; nil if a proxy does that, or on failure.
func (env *Env) addressesOf(ctx context.Context, address string) []netip.Addr {
	u, err := url.Parse(address)
	if err != nil || env.net.Overridden(u.Hostname(), transport.PortOf(u)) {
		return nil
	}
	if proxy, err := env.net.ProxyFor(u.Scheme, u.Hostname(), transport.PortOf(u)); err != nil || proxy != nil {
		return nil
	}
	addresses, _ := env.net.Lookup(ctx, u.Hostname()) // the first request reports the failure
	return addresses
}

type delivery struct {
	env      *Env
	receiver *receiver.Client
	limit    time.Duration
	nonce    string
	facts    *DeliveryFacts
}

func (d *delivery) run(ctx context.Context) {
	mailbox, ok := d.open(ctx)
	if !ok {
		return
	}
	defer func() {
		// It would expire anyway, so errors don't matter.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unbindTimeout)
		defer cancel()
		_ = d.receiver.Close(ctx, mailbox)
	}()
	b := &binding{env: d.env, steps: &d.facts.Steps, handler: online(mailbox.Address)}
	// However the test ends, with a cancel or a panic included, what may be bound is unbound.
	defer func() {
		if b.asked && !b.refused {
			d.leg(LegUnbind, func() bool { return b.unbind(ctx) })
			d.facts.LeftBound = d.last().State != LegDone
		}
	}()
	fired := time.Now()
	if d.leg(LegBind, func() bool { return b.bind(ctx) }) && d.leg(LegFire, func() bool {
		fired = time.Now()
		call, _ := b.call(ctx, fireMethod, url.Values{receiver.NonceField: {d.nonce}})
		return call.answered()
	}) {
		d.leg(LegTravel, func() bool { return d.await(ctx, mailbox, fired) })
	}
}

func (d *delivery) open(ctx context.Context) (mailbox *receiver.Opened, ok bool) {
	ok = d.leg(LegMailbox, func() bool {
		var err error
		mailbox, err = d.receiver.Open(ctx, d.nonce)
		return !d.receiverError(LegMailbox, err)
	})
	return mailbox, ok
}

// await polls the mailbox until the event arrives or the wait is over.
func (d *delivery) await(ctx context.Context, mailbox *receiver.Opened, fired time.Time) bool {
	begin := time.Now()
	for poll := 0; ; poll++ {
		asked := time.Now()
		mail, err := d.receiver.Read(ctx, mailbox)
		now := time.Now()
		late := asked.Sub(begin) >= d.limit
		if err != nil {
			// One failed poll proves nothing; the event may have arrived.
			if forgot := errors.Is(err, receiver.ErrForgotten); late || forgot || ctx.Err() != nil {
				d.receiverError(LegTravel, err)
				return false
			}
		} else {
			d.facts.Others, d.facts.Refused = mail.Others, mail.Refused
			d.facts.WaitedMS = asked.Sub(begin).Milliseconds()
			if e := mail.Event; e != nil {
				arrived := now.Add(-time.Duration(e.AgeMS) * time.Millisecond)
				d.facts.Arrival = &Arrival{TookMS: max(arrived.Sub(fired).Milliseconds(), 0), From: e.From, Queue: e.Queue, Copies: mail.Copies}
				return true
			}
			if late {
				return false
			}
		}
		wait := mailboxWaits[min(poll, len(mailboxWaits)-1)]
		select {
		case <-time.After(min(wait, max(d.limit-time.Since(begin), 0))):
		case <-ctx.Done():
			return false
		}
	}
}

// receiverError records err, if any, as the reason why the receiver could not be used.
func (d *delivery) receiverError(leg LegName, err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, receiver.ErrBusy):
		d.facts.Trouble = &ReceiverTrouble{Leg: leg, Reason: ReceiverBusy}
	case errors.Is(err, receiver.ErrNoReceiver):
		d.facts.Trouble = &ReceiverTrouble{Leg: leg, Reason: ReceiverNone}
	case errors.Is(err, receiver.ErrForgotten):
		d.facts.Trouble = &ReceiverTrouble{Leg: leg, Reason: ReceiverForgot}
	default:
		d.facts.Trouble = &ReceiverTrouble{leg, ReceiverUnreachable, transport.StageOf(err), transport.FailureOf(err)}
	}
	return true
}

// leg runs one stage and reports it to the observer, even if it panics.
func (d *delivery) leg(name LegName, runStage func() bool) (done bool) {
	d.facts.Legs = append(d.facts.Legs, Leg{Name: name, State: LegUnderWay, Began: time.Now().UTC()})
	leg := d.last()
	if name == LegTravel {
		leg.LimitMS = d.facts.LimitMS
	}
	d.env.reportLeg(EventDelivery, *leg)
	defer func() {
		leg.State, leg.TookMS = LegFailed, transport.Since(leg.Began)
		if done {
			leg.State = LegDone
		}
		if done && name == LegTravel && d.facts.Arrival != nil {
			leg.TookMS = d.facts.Arrival.TookMS
		}
		d.env.reportLeg(EventDelivery, *leg)
	}()
	return runStage()
}

func (d *delivery) last() *Leg { return &d.facts.Legs[len(d.facts.Legs)-1] }

func judgeDelivery(f *DeliveryFacts, seen FactsByCheck) []Result {
	args := Args{"receiver": f.Receiver, "left_bound": f.LeftBound, "limit": float64(f.LimitMS) / 1000, "seconds": 0.0, "from": "", "queue": "", "copies": 0,
		"others": f.Others, "refused": f.Refused, "reason": "", "hosts": []string{f.Receiver}, "why": []string(nil), "method": "", "error": "", "description": ""}
	if a := f.Arrival; a != nil {
		args["seconds"], args["from"], args["queue"], args["copies"] = float64(a.TookMS)/1000, a.From.String(), string(a.Queue), a.Copies
		return about(ok(), args)
	}
	last := lastStep(f.Steps)
	if last != nil {
		for name, value := range answerArgs(&last.Exchange) {
			args[name] = value
		}
		args["method"] = last.Method
	}
	var r Result
	switch t := f.Trouble; {
	case t != nil && t.Reason == ReceiverUnreachable:
		r = requestFailed(t.Failure)
		why := string(t.Failure)
		if t.Failure == transport.Other {
			why = whyUnusable
		}
		args["reason"], args["why"] = string(t.Reason), []string{why}
	case t != nil:
		r = unknown(UnexpectedAnswer, Vendor)
		args["reason"] = string(t.Reason)
	case last == nil:
		r = unknown(UnexpectedAnswer, Vendor)
	case !last.succeeded():
		if r = refusedCall(&last.Exchange, seen); r.State == Skipped {
			return one(r)
		}
		r.Owner = cmp.Or(r.Owner, ServerAdmin)
	case last.Method != fireMethod:
		r = unknown(UnexpectedAnswer, ServerAdmin)
	case f.WaitedMS < f.LimitMS:
		r = unknown(TimedOut, You) // our own time was over
	case len(f.Addresses) > 0 && !slices.ContainsFunc(f.Addresses, isPublic):
		r = unknown(UnexpectedAnswer, Vendor)
		args["reason"] = string(ReceiverPrivate)
	default:
		r = problem(EventNotDelivered, NetworkAdmin)
	}
	r.Owner = cmp.Or(r.Owner, Vendor)
	if args["reason"] != "" {
		r.Vantage = FromComputer // which asked the receiver; the portal has no part in it
	}
	return about(one(r), args)
}
