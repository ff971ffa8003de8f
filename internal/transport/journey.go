package transport

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
)

// journey is what a request and the dials that net/http makes for it know of each other.
type journey struct {
	request context.Context
	via     *url.URL // the proxy that a request over plain http goes to; nil for none
	stage   atomic.Value
}

type journeyKey struct{}

func journeyOf(ctx context.Context) *journey {
	j, _ := ctx.Value(journeyKey{}).(*journey)
	return j
}

// reach notes how far the request of ctx got.
func reach(ctx context.Context, stage Stage) {
	if j := journeyOf(ctx); j != nil {
		j.stage.Store(stage)
	}
}

// inProxy returns a context in which the look-up, connection and handshake are a proxy's: the request stays at that stage.
func inProxy(ctx context.Context) context.Context {
	reach(ctx, StageProxy)
	return context.WithValue(ctx, journeyKey{}, (*journey)(nil))
}

// UntilRequestEnds is for the dial functions of a transport wrapped by Identify. net/http takes the end of a request away
// from the context of its dials, in case another request can use the connection; here a dial ends with its request, so
// that nothing goes on when a run is cancelled.
func UntilRequestEnds(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	j := journeyOf(ctx)
	if j == nil {
		return ctx, cancel
	}
	stop := context.AfterFunc(j.request, cancel)
	return ctx, func() { stop(); cancel() }
}

// Identify makes every request through rt carry BoxReady's User-Agent, and its errors tell their stage.
func (n *Net) Identify(rt http.RoundTripper) http.RoundTripper { return &identified{rt, n} }

type identified struct {
	beneath http.RoundTripper
	net     *Net
}

func (i *identified) RoundTrip(r *http.Request) (*http.Response, error) {
	j := &journey{request: r.Context()}
	if r.URL.Scheme == "http" {
		via, err := i.net.ProxyFor("http", r.URL.Hostname(), PortOf(r.URL))
		if err != nil {
			if r.Body != nil {
				r.Body.Close()
			}
			return nil, err
		}
		j.via = via
	}
	r = r.Clone(context.WithValue(r.Context(), journeyKey{}, j))
	r.Header.Set("User-Agent", i.net.userAgent)
	response, err := i.beneath.RoundTrip(r)
	if err != nil {
		return nil, j.blame(err)
	}
	if j.via != nil && response.StatusCode == http.StatusProxyAuthRequired {
		response.Body.Close()
		return nil, fmt.Errorf("ask %s: %w", ProxyName(j.via), ErrProxyAuth)
	}
	return response, nil
}

// blame makes of an error after the request's end just that, with the stage it had reached: what a dial says of its being
// broken off differs from one time to the next.
func (j *journey) blame(err error) error {
	end := j.request.Err()
	if end == nil {
		return err
	}
	stage, ok := j.stage.Load().(Stage)
	if !ok {
		stage = StageHTTP // no dial was needed
	}
	return at(stage, end)
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach the transport beneath.
func (i *identified) CloseIdleConnections() {
	if c, ok := i.beneath.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
