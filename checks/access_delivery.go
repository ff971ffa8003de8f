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

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/receiver"
	"boxready/internal/transport"
)

// EventNotDelivered is the cause of event-delivery.
const EventNotDelivered Cause = "event-not-delivered"

// DeliveryFacts are a test event's whole way: the portal hands it to the authorization server, which puts it into a queue, and
// the queue calls a handler, here a mailbox at a receiver. What lies between the portal and the receiver can't be looked into.
// https://apidocs.bitrix24.com/api-reference/events/index.html
type DeliveryFacts struct {
	Receiver  string           `json:"receiver" hide:"host"`
	Legs      []Leg            `json:"legs"`            // those that were begun, in order
	Steps     []EventStep      `json:"steps,omitempty"` // calls to the portal
	Trouble   *ReceiverTrouble `json:"trouble,omitempty"`
	LimitMS   int64            `json:"limit_ms"`            // how long the event may be waited for
	WaitedMS  int64            `json:"waited_ms,omitempty"` // how long it was, from the portal's answer to event.test
	Arrival   *Arrival         `json:"arrival,omitempty"`
	Addresses []netip.Addr     `json:"addresses,omitempty" hide:"ip"` // of the receiver, as this computer finds it
	Others    int              `json:"others,omitempty"`              // events in the mailbox that weren't the expected one
	Refused   int              `json:"refused,omitempty"`             // requests to the mailbox that were no event, e.g. not application/x-www-form-urlencoded
	LeftBound bool             `json:"left_bound,omitempty"`
}

// HandlerLeft tells whether the test event's handler could not be taken away.
func (f *DeliveryFacts) HandlerLeft() bool { return f.LeftBound }

// Arrival is how the event came.
type Arrival struct {
	TookMS int64            `json:"took_ms"` // from firing
	From   netip.Addr       `json:"from" hide:"ip"`
	Queue  receiver.Listing `json:"queue"` // whether that is one of the event queue's addresses
	Copies int              `json:"copies,omitempty"`
}

// ReceiverTrouble is why the receiver was of no use.
type ReceiverTrouble struct {
	Leg     LegName           `json:"leg"`
	Reason  ReceiverReason    `json:"reason"`
	Layer   transport.Stage   `json:"layer,omitempty"`   // of ReceiverUnreachable
	Failure transport.Failure `json:"failure,omitempty"` // of ReceiverUnreachable
}

// ReceiverReason is why, as a code.
type ReceiverReason string

// The reasons.
const (
	ReceiverUnreachable ReceiverReason = "unreachable" // no answer, see the failure
	ReceiverBusy        ReceiverReason = "busy"        // no room, or asked too often
	ReceiverNone        ReceiverReason = "no-receiver" // something else answers
	ReceiverForgot      ReceiverReason = "forgot"      // it lost the mailbox, as it does when it is restarted
	ReceiverPrivate     ReceiverReason = "private"     // no public address leads to it, so the queue may have found none either
)

// LegName is a stretch of the way.
type LegName string

// The legs, in order.
const (
	LegMailbox LegName = "mailbox" // this computer asks the receiver for a mailbox
	LegBind    LegName = "bind"    // the portal takes the mailbox as a handler
	LegFire    LegName = "fire"    // the portal says that it fired the event
	LegTravel  LegName = "travel"  // portal → authorization server → queue → receiver, which can't be told apart from here
	LegUnbind  LegName = "unbind"  // the portal forgets the handler
)

// Legs are all of them, in order.
func Legs() []LegName { return []LegName{LegMailbox, LegBind, LegFire, LegTravel, LegUnbind} }

// LegState is how far a leg is.
type LegState string

// The states.
const (
	LegUnderWay LegState = "under-way"
	LegDone     LegState = "done"
	LegFailed   LegState = "failed" // or was broken off
)

// Leg is how one stretch went.
type Leg struct {
	Name    LegName   `json:"name"`
	State   LegState  `json:"state"`
	Began   time.Time `json:"began"`
	TookMS  int64     `json:"took_ms,omitempty"`  // when it is over; of travel from firing until the event arrived
	LimitMS int64     `json:"limit_ms,omitempty"` // of travel: how long the event is waited for
}

// LegWatcher is an Observer that also wants to know how far the test event has come: it is told each leg when it begins and when
// it is over, one call at a time with the Observer's own. The way may end after any leg; LegUnbind is always gone after LegBind, unless the portal
// said that it didn't bind.
type LegWatcher interface {
	Leg(ID, Leg)
}

// deliveryWait is how long an event may be on its way. Nobody promises a time; the documentation says that slow handlers are
// called less often, and a mailbox answers at once.
const deliveryWait = 2 * time.Minute

// Waits between looks into the mailbox; the last one stays.
var mailboxWaits = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, time.Second, time.Second, time.Second, 2 * time.Second}

func (t *Target) eventWait() time.Duration { return cmp.Or(t.EventWait, deliveryWait) }

func deliveryDeadline(t *Target) time.Duration { return checkDeadline + t.eventWait() }

// UseReceiver sets the receiver that the owner agreed to. The error is receiver.ErrAddress; the portal can't be its own.
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

// ReceiverHost is what the owner has to see before agreeing to a receiver, e.g. one that requirements name.
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

// addressesOf looks a host up; nil where that isn't this computer's to do, or fails.
func (env *Env) addressesOf(ctx context.Context, address string) []netip.Addr {
	u, err := url.Parse(address)
	if err != nil || env.net.Overridden(u.Hostname(), transport.PortOf(u)) {
		return nil
	}
	if proxy, err := env.net.ProxyFor(u.Scheme, u.Hostname(), transport.PortOf(u)); err != nil || proxy != nil {
		return nil
	}
	addresses, _ := env.net.Lookup(ctx, u.Hostname()) // that it fails, the first request says
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
		// It would be forgotten anyway; what is wrong with closing it is nobody's concern.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unbindTimeout)
		defer cancel()
		_ = d.receiver.Close(ctx, mailbox)
	}()
	b := &binding{env: d.env, steps: &d.facts.Steps, handler: online(mailbox.Address)}
	// Whatever ends the test, a cancel or a panic included: what may be bound is unbound.
	defer func() {
		if b.asked && !b.refused {
			d.leg(LegUnbind, func() bool { return b.unbind(ctx) })
			d.facts.LeftBound = d.last().State != LegDone
		}
	}()
	fired := time.Now()
	if d.leg(LegBind, func() bool { return b.bind(ctx) }) && d.leg(LegFire, func() bool {
		fired = time.Now()
		call, _ := b.call(ctx, "event.test", url.Values{receiver.NonceField: {d.nonce}})
		return call.answered()
	}) {
		d.leg(LegTravel, func() bool { return d.await(ctx, mailbox, fired) })
	}
}

func (d *delivery) open(ctx context.Context) (mailbox *receiver.Opened, ok bool) {
	ok = d.leg(LegMailbox, func() bool {
		var err error
		mailbox, err = d.receiver.Open(ctx, d.nonce)
		return !d.trouble(LegMailbox, err)
	})
	return mailbox, ok
}

// await looks into the mailbox until the event is there or has had time enough.
func (d *delivery) await(ctx context.Context, mailbox *receiver.Opened, fired time.Time) bool {
	begin := time.Now()
	for look := 0; ; look++ {
		asked := time.Now()
		mail, err := d.receiver.Read(ctx, mailbox)
		now := time.Now()
		late := asked.Sub(begin) >= d.limit
		if err != nil {
			// One look that fails says nothing; the event may be there.
			if forgot := errors.Is(err, receiver.ErrForgotten); late || forgot || ctx.Err() != nil {
				d.trouble(LegTravel, err)
				return false
			}
		} else {
			d.facts.Others, d.facts.Refused = mail.Others, mail.Refused
			d.facts.WaitedMS = asked.Sub(begin).Milliseconds()
			if e := mail.Event; e != nil {
				came := now.Add(-time.Duration(e.AgeMS) * time.Millisecond)
				d.facts.Arrival = &Arrival{TookMS: max(came.Sub(fired).Milliseconds(), 0), From: e.From, Queue: e.Queue, Copies: mail.Copies}
				return true
			}
			if late {
				return false
			}
		}
		wait := mailboxWaits[min(look, len(mailboxWaits)-1)]
		select {
		case <-time.After(min(wait, max(d.limit-time.Since(begin), 0))):
		case <-ctx.Done():
			return false
		}
	}
}

// trouble notes why the receiver was of no use, if it was.
func (d *delivery) trouble(leg LegName, err error) bool {
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

// leg goes one stretch and tells of it, also when it ends in a panic.
func (d *delivery) leg(name LegName, going func() bool) (done bool) {
	d.facts.Legs = append(d.facts.Legs, Leg{Name: name, State: LegUnderWay, Began: time.Now().UTC()})
	leg := d.last()
	if name == LegTravel {
		leg.LimitMS = d.facts.LimitMS
	}
	d.env.tellLeg(EventDelivery, *leg)
	defer func() {
		leg.State, leg.TookMS = LegFailed, transport.Since(leg.Began)
		if done {
			leg.State = LegDone
		}
		if done && name == LegTravel && d.facts.Arrival != nil {
			leg.TookMS = d.facts.Arrival.TookMS
		}
		d.env.tellLeg(EventDelivery, *leg)
	}()
	return going()
}

func (d *delivery) last() *Leg { return &d.facts.Legs[len(d.facts.Legs)-1] }

func judgeDelivery(f *DeliveryFacts, _ FactsByCheck) []Result {
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
		r = unknown(causeOf(t.Failure))
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
	case last.Failure != "":
		r = unanswered(&last.Exchange)
		r.Owner = cmp.Or(r.Owner, ServerAdmin)
	case licenceFault(last.err()) != nil:
		return skipped(RESTLicence)
	case last.Form != portal.FormJSON, last.Error != "", last.Method != "event.test":
		r = unknown(UnexpectedAnswer, ServerAdmin)
		if bitrix.SameCode(last.Error, bitrix.CodeAccessDenied) {
			r.Owner = PortalAdmin
		}
	case f.WaitedMS < f.LimitMS:
		r = unknown(TimedOut, "") // of ours
	case len(f.Addresses) > 0 && !slices.ContainsFunc(f.Addresses, isPublic):
		r = unknown(UnexpectedAnswer, Vendor)
		args["reason"] = string(ReceiverPrivate)
	default:
		r = problem(EventNotDelivered, NetworkAdmin)
	}
	r.Owner = cmp.Or(r.Owner, Vendor)
	return about(one(r), args)
}
