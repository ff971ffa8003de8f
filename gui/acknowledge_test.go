package gui_test

import (
	"strings"
	"testing"
	"time"

	"boxready/checks"
)

// leaveAsItIs opens a finding of the list, and leaves it as it is without an end.
func (r *testWindow) leaveAsItIs(title, reason string) {
	r.t.Helper()
	r.tap(title)
	r.tap(r.say("window.known.ask", nil))
	r.typeIn(reason)
	r.tap(r.say("window.known.leave", nil))
	r.waitUntil("the decision", func() bool { return r.says(r.say("window.known.count-again", nil)) })
}

// TestAcknowledge leaves the finding that the verdict is about as it is, and lets it count again.
func TestAcknowledge(t *testing.T) {
	r := checkedPortal(t, setup{checker: broken(t)})
	title := r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable)
	r.tap(title)
	r.tap(r.say("window.known.ask", nil))
	r.tap(r.say("window.known.leave", nil))
	r.mustSay(r.say("window.known.no-reason", nil))
	r.typeIn(strings.Repeat("token=a ", 60)) // 480 letters, 600 with what masks them
	r.tap(r.say("window.known.leave", nil))
	r.mustSay(r.say("cli-acknowledge.long-reason", checks.Args{"limit": 500, "masked": true}))
	if known := r.checker.Acknowledged(); len(known) != 0 {
		t.Errorf("%+v", known)
	}
	r.typeIn("the proxy comes in spring")
	r.option(r.say("window.known.no-end", nil), r.say("window.known.year", nil))
	r.tap(r.say("window.known.leave", nil))
	r.waitUntil("the decision", func() bool { return r.says(r.say("window.known.count-again", nil)) })
	if known := r.checker.Acknowledged(); len(known) != 1 || known[0].Reason != "the proxy comes in spring" || known[0].State != checks.Problem || known[0].Portal != "https://portal.example.ru" ||
		!known[0].Until.Equal(time.Date(r.clock.now().Year()+1, time.January, 1, 0, 0, 0, 0, time.Local)) {
		t.Fatalf("%+v", known)
	}
	r.mustSay(r.words().Acknowledged(&checks.Acknowledged{Reason: "the proxy comes in spring", Until: r.checker.Acknowledged()[0].Until}))

	r.tap(r.say("window.finding.back", nil))
	r.mustSay(r.say("verdict.apart", checks.Args{"n": 1}), r.say("part.acknowledged", nil))
	r.mustNotSay(title) // it is folded, and the verdict is about something else
	r.tap(r.words().Count("window.known.count", 1))
	r.tap(title)
	r.tap(r.say("window.known.count-again", nil))
	r.waitUntil("the decision", func() bool { return r.says(r.say("window.known.ask", nil)) })
	if known := r.checker.Acknowledged(); len(known) != 0 {
		t.Errorf("%+v", known)
	}
	r.tap(r.say("window.finding.back", nil))
	r.mustSay(title)
	r.mustNotSay(r.say("verdict.apart", checks.Args{"n": 1}))
}

// TestAcknowledgeFails shows that nothing was kept, and keeps what was typed.
func TestAcknowledgeFails(t *testing.T) {
	r := checkedPortal(t, setup{checker: broken(t)})
	r.tap(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable))
	r.tap(r.say("window.known.ask", nil))
	r.typeIn(unkept)
	r.tap(r.say("window.known.leave", nil))
	r.waitUntil("the message", func() bool { return r.says(r.say("window.known.not-kept", nil)) })
	r.tap(r.say("window.close", nil))
	r.mustSay(r.say("window.known.title", nil))
	r.tap(r.say("window.sign-in.cancel", nil))
	r.mustSay(r.say("window.known.ask", nil))
	r.mustNotSay(r.say("window.known.title", nil))
}
