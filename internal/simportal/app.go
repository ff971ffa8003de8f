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
	case "app-frame-http":
		h.redirect(http.StatusFound, "http://"+appHost+"/")
		return
	case "app-frame-cookie":
		header.Add("Set-Cookie", "PHPSESSID=5f1c; path=/; HttpOnly; Secure")
		header.Add("Set-Cookie", "theme=dark; path=/; SameSite=None; Secure")
	}
	h.page(http.StatusOK, "<!DOCTYPE html><title>Demo application</title><p>Demo application")
}

// browserLibrary has the script that applications' pages load.
func (s *Sim) browserLibrary(h *request) {
	if h.r.URL.Path != "/api/v1/" {
		h.page(http.StatusNotFound, nginxPage("404 Not Found", ""))
		return
	}
	h.send(http.StatusOK, "application/javascript", []byte("var BX24 = {};"))
}

func (s *Sim) libraryTLS(f *faultSet) (tlsMode, error) {
	kind := tlsVendor
	if f.on("library-intercepted") {
		kind = tlsVendorIntercepted
	}
	c, err := s.ca.config(kind)
	return tlsMode{config: c}, err
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
