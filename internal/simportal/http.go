package simportal

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// send writes an answer, header and body in one segment if they fit.
func (h *request) send(status int, contentType string, body []byte) {
	if h.errorReplaced(status) {
		clear(h.w.Header())
		contentType, body = typeHTML, []byte(sorryPage)
	}
	if edit := h.sim.opt.Edit; edit != nil {
		var r Request
		h.sim.update(func() { r = h.entry.clone() })
		body = edit(r, h.w.Header(), body)
	}
	h.head(status, contentType, len(body))
	if h.r.Method != http.MethodHead {
		_, _ = h.w.Write(body) // #nosec G705 -- answers of a simulated portal
	}
}

// errorReplaced reports whether a proxy in front of the portal shows a page of its own instead of answers with this status.
func (h *request) errorReplaced(status int) bool {
	return h.faults.on("errors-replaced") && strings.HasPrefix(h.entry.Server, "portal") &&
		(status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound)
}

// head writes the status line and the header of an answer with a body of the given length.
func (h *request) head(status int, contentType string, length int) {
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

func (h *request) status(code int) { h.sim.update(func() { h.entry.Status = code }) }

// page sends HTML.
func (h *request) page(status int, html string) {
	h.send(status, typeHTML, []byte(html))
}

// redirect sends nginx's redirect.
func (h *request) redirect(status int, location string) {
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

// nginxPage is nginx's built-in page for a status.
func nginxPage(title, more string) string {
	return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n" + more + "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
}

// abort closes the connection without an answer.
func (h *request) abort() { panic(http.ErrAbortHandler) }
