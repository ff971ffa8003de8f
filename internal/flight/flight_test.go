package flight_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"boxready/internal/flight"
)

func TestEveryWaiterGetsTheValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceed, ran := make(chan struct{}), 0
		var group, waiters sync.WaitGroup
		c := flight.Go(&group, func() int { <-proceed; ran++; return 42 })
		for range 3 {
			waiters.Go(func() {
				if got, err := c.Wait(t.Context()); got != 42 || err != nil {
					t.Errorf("%d, %v", got, err)
				}
			})
		}
		synctest.Wait()
		close(proceed)
		waiters.Wait()
		group.Wait()
		if ran != 1 {
			t.Errorf("computed %d times", ran)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	proceed := make(chan struct{})
	c := flight.Go(nil, func() string { <-proceed; return "late" })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := c.Wait(ctx); got != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("%q, %v", got, err)
	}
	close(proceed)
	<-c.Done()
	if got, err := c.Wait(t.Context()); got != "late" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func fail() int { panic("broken") }

func TestPanicReachesTheWaiter(t *testing.T) {
	c := flight.Go(nil, fail)
	for range 2 {
		p := flight.Catch(func() { _, _ = c.Wait(t.Context()) })
		if p == nil || p.Value != "broken" || !strings.Contains(string(p.Stack), "flight_test.fail") {
			t.Errorf("%+v", p)
		}
	}
	if p := flight.Catch(func() {}); p != nil {
		t.Error(p)
	}
}
