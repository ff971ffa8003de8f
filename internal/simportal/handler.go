package simportal

import (
	"bytes"
	"io"
	"net"
	"net/http"
)

// forwardedFor is the header in which the simulated queue sends its invented source address, as a proxy in front of the handler
// would; the connections themselves come from loopback.
const forwardedFor = "X-Forwarded-For"

// HandlerHost is the https host where event handlers can be bound; Options.Handler serves it.
const HandlerHost = "events.demo.example"

// handlerServer is the server in front of Options.Handler, with its faults.
func (s *Sim) handlerServer(h *request) {
	switch h.faults.in("handler") {
	case "receiver-busy":
		h.page(http.StatusServiceUnavailable, nginxPage("503 Service Temporarily Unavailable", ""))
		return
	case "receiver-page":
		h.page(http.StatusOK, otherProductPage)
		return
	case "receiver-forgets":
		if h.r.Method == http.MethodGet {
			h.page(http.StatusNotFound, nginxPage("404 Not Found", ""))
			return
		}
	}
	if s.opt.Handler == nil {
		h.page(http.StatusOK, "")
		return
	}
	r := h.r.Clone(h.r.Context())
	r.Body = io.NopCloser(bytes.NewReader(h.body))
	if from := r.Header.Get(forwardedFor); from != "" {
		r.RemoteAddr = net.JoinHostPort(from, "40000")
		r.Header.Del(forwardedFor)
	}
	w := &statusRecorder{ResponseWriter: h.w, h: h}
	s.opt.Handler.ServeHTTP(w, r)
}

// statusRecorder records a handler's status.
type statusRecorder struct {
	http.ResponseWriter
	h *request
}

func (w *statusRecorder) WriteHeader(status int) {
	w.h.status(status)
	w.ResponseWriter.WriteHeader(status)
}

func (s *Sim) handlerTLS(f *faultSet) (tlsMode, error) {
	kind := tlsEvents
	if f.on("receiver-tls-self-signed") {
		kind += "tls-self-signed"
	}
	c, err := s.ca.config(kind)
	return tlsMode{config: c}, err
}

// HandlerCertificate returns a healthy certificate for HandlerHost with its intermediates, and its key, in PEM: for a server at
// Options.HandlerAt.
func (s *Sim) HandlerCertificate() (cert, key []byte, err error) {
	return s.encodeCertificate(tlsEvents)
}

// eventsAt is the loopback address of HandlerHost.
func (s *Sim) eventsAt(f *faultSet) string {
	switch {
	case f.on("receiver-unreachable"):
		return s.at.refused
	case s.opt.HandlerAt != "":
		return s.opt.HandlerAt
	}
	return s.at.events
}

// eventsAddress is its address in DNS.
func eventsAddress(f *faultSet) string {
	if f.on("receiver-private") {
		return addrEventsPrivate
	}
	return addrEvents
}
