package simportal

import (
	"net/http"
	"strconv"
	"time"
)

func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// send writes an answer whose header and body leave in one segment as far as they fit.
func (h *hit) send(status int, contentType string, body []byte) {
	h.head(status, contentType, len(body))
	if h.r.Method != http.MethodHead {
		_, _ = h.w.Write(body) // #nosec G705 -- a simulated portal says what the fault wants
	}
}

// head writes the status line and the header of an answer with a body of the given length.
func (h *hit) head(status int, contentType string, length int) {
	header := h.w.Header()
	if _, ok := header["Server"]; !ok {
		header.Set("Server", "nginx")
	}
	if _, ok := header["Date"]; !ok {
		header.Set("Date", httpDate(h.sim.clock()))
	}
	if contentType == "" {
		header["Content-Type"] = nil
	} else {
		header.Set("Content-Type", contentType)
	}
	if length >= 0 {
		header.Set("Content-Length", strconv.Itoa(length))
	}
	h.status(status)
	h.w.WriteHeader(status)
}

func (h *hit) status(code int) { h.sim.note(func() { h.entry.Status = code }) }

// page sends HTML.
func (h *hit) page(status int, html string) {
	h.send(status, "text/html; charset=UTF-8", []byte(html))
}

// redirect sends nginx's redirect.
func (h *hit) redirect(status int, location string) {
	h.w.Header().Set("Location", location)
	h.page(status, nginxPage(strconv.Itoa(status)+" "+redirectTitle(status), ""))
}

func redirectTitle(status int) string {
	switch status {
	case http.StatusMovedPermanently:
		return "Moved Permanently"
	case http.StatusFound:
		return "Found"
	}
	return http.StatusText(status)
}

// nginxPage is the page that nginx makes by itself.
func nginxPage(title, more string) string {
	return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n" + more + "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
}

// abort closes the connection without a further word.
func (h *hit) abort() { panic(http.ErrAbortHandler) }
