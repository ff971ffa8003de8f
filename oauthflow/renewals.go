package oauthflow

import (
	"errors"
	"sync"
	"time"
)

// RenewalTimeout is how long a renewal in progress takes at most: the authorization server's answer, and saving it.
const RenewalTimeout = exchangeTimeout + 5*time.Second

// errEnding is why a renewal doesn't begin.
var errEnding = errors.New("the program is ending")

// renewals are those in progress. An authorization server that answers a renewal has replaced the refresh token, so a program that
// ends before the answer is saved loses the sign-in.
type renewals struct {
	mu      sync.Mutex
	running int
	ended   chan struct{} // nil until none may begin; closed when none is in progress any more
}

// begin reports whether a renewal may begin, which then has to end.
func (r *renewals) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended != nil {
		return false
	}
	r.running++
	return true
}

func (r *renewals) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running--; r.running == 0 && r.ended != nil {
		close(r.ended)
	}
}

func (r *renewals) finish() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended == nil {
		r.ended = make(chan struct{})
		if r.running == 0 {
			close(r.ended)
		}
	}
	return r.ended
}
