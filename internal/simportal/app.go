package simportal

import "net/http"

// app is an application's server with one page, which the portal shows in a frame.
func (s *Sim) app(h *request) {
	header := h.w.Header()
	switch h.faults.in("application-page") {
	case "app-frame-options":
		header.Set("X-Frame-Options", "SAMEORIGIN")
	case "app-frame-ancestors":
		header.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'self' https://another.demo.example")
	case "app-frame-allowed":
		header.Set("X-Frame-Options", "DENY")
		header.Set("Content-Security-Policy", "frame-ancestors 'self' https://"+s.opt.Host)
	}
	h.page(http.StatusOK, "<!DOCTYPE html><title>Demo application</title><p>Demo application")
}

func (s *Sim) appTLS(f *faultSet) (tlsMode, error) {
	kind := f.in("application-tls")
	if kind == "" {
		kind = tlsApp
	}
	c, err := s.ca.config(kind)
	return tlsMode{config: c}, err
}

// appAt is the loopback address of the application's server.
func (s *Sim) appAt(f *faultSet) string {
	if f.on("app-host-unreachable") {
		return s.at.refused
	}
	return s.at.app
}

// appAddress is its address in DNS.
func appAddress(f *faultSet) string {
	if f.on("app-private") {
		return addrAppPrivate
	}
	return addrApp
}
