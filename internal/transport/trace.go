package transport

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
)

// requestTrace associates a request with net/http's dials for it.
type requestTrace struct {
	request context.Context
	via     *url.URL // the proxy that a request over plain http goes to; nil for none
	stage   atomic.Value
}

type traceKey struct{}

func traceOf(ctx context.Context) *requestTrace {
	t, _ := ctx.Value(traceKey{}).(*requestTrace)
	return t
}

// setStage records the stage of ctx's request.
func setStage(ctx context.Context, stage Stage) {
	if t := traceOf(ctx); t != nil {
		t.stage.Store(stage)
	}
}

// withoutTrace returns a context for the look-up, connection and handshake of a proxy: the request stays at StageProxy.
func withoutTrace(ctx context.Context) context.Context {
	setStage(ctx, StageProxy)
	return context.WithValue(ctx, traceKey{}, (*requestTrace)(nil))
}

// UntilRequestEnds returns a context for the dial functions of a transport wrapped by Identify. net/http lets a dial outlive its
// request, so that another request can use the connection; here a dial ends with its request, so that cancelling a run stops it.
func UntilRequestEnds(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	t := traceOf(ctx)
	if t == nil {
		return ctx, cancel
	}
	stop := context.AfterFunc(t.request, cancel)
	return ctx, func() { stop(); cancel() }
}

// Identify wraps rt: requests get BoxReady's User-Agent, and errors their stage.
func (n *Net) Identify(rt http.RoundTripper) http.RoundTripper { return &identified{rt, n} }

type identified struct {
	base http.RoundTripper
	net  *Net
}

func (i *identified) RoundTrip(r *http.Request) (*http.Response, error) {
	t := &requestTrace{request: r.Context()}
	if r.URL.Scheme == "http" {
		via, err := i.net.ProxyFor("http", r.URL.Hostname(), PortOf(r.URL))
		if err != nil {
			if r.Body != nil {
				r.Body.Close()
			}
			return nil, err
		}
		t.via = via
	}
	r = r.Clone(context.WithValue(r.Context(), traceKey{}, t))
	r.Header.Set("User-Agent", i.net.userAgent)
	response, err := i.base.RoundTrip(r)
	if err != nil {
		return nil, t.endError(err)
	}
	if t.via != nil && response.StatusCode == http.StatusProxyAuthRequired {
		response.Body.Close()
		return nil, fmt.Errorf("ask %s: %w", ProxyName(t.via), ErrProxyAuth)
	}
	return response, nil
}

// endError replaces an error after the request's end by the context's, with the stage reached: errors of a cancelled dial vary.
func (t *requestTrace) endError(err error) error {
	end := t.request.Err()
	if end == nil {
		return err
	}
	stage, ok := t.stage.Load().(Stage)
	if !ok {
		stage = StageHTTP // no dial was needed
	}
	return atStage(stage, end)
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach the wrapped transport.
func (i *identified) CloseIdleConnections() {
	if c, ok := i.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
