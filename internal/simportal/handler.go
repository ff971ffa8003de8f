package simportal

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
)

// forwarded is how the simulated queue says from which of its addresses it calls, as a proxy would in front of the handler: all of
// this is one computer.
const forwarded = "X-Forwarded-For"

// HandlerHost is the host that event handlers can be bound at, in https: Options.Handler answers for it.
const HandlerHost = "events.demo.example"

// handlerFront is what stands in front of Options.Handler, and what can be wrong with it.
func (s *Sim) handlerFront(h *hit) {
	switch h.f.in("handler") {
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
	if from := r.Header.Get(forwarded); from != "" {
		r.RemoteAddr = net.JoinHostPort(from, "40000")
		r.Header.Del(forwarded)
	}
	w := &noting{ResponseWriter: h.w, h: h}
	s.opt.Handler.ServeHTTP(w, r)
}

// noting writes a handler's status down.
type noting struct {
	http.ResponseWriter
	h *hit
}

func (w *noting) WriteHeader(status int) {
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

// HandlerCertificate is a healthy certificate for HandlerHost with its intermediates, and its key, in PEM: for a server at
// Options.HandlerAt.
func (s *Sim) HandlerCertificate() (cert, key []byte, err error) {
	c, err := s.ca.config(tlsEvents)
	if err != nil {
		return nil, nil, err
	}
	for _, der := range c.Certificates[0].Certificate {
		cert = append(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.Certificates[0].PrivateKey)
	if err != nil {
		return nil, nil, fmt.Errorf("write the handler's key: %w", err)
	}
	return cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// eventsAt is where that host listens.
func (s *Sim) eventsAt(f *faultSet) string {
	switch {
	case f.on("receiver-unreachable"):
		return s.at.refused
	case s.opt.HandlerAt != "":
		return s.opt.HandlerAt
	}
	return s.at.events
}

// eventsAddress is what the DNS server says of it.
func eventsAddress(f *faultSet) string {
	if f.on("receiver-private") {
		return addrEventsIn
	}
	return addrEvents
}
