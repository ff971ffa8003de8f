// Package portal is a client of a Bitrix24 portal: its address, a REST call, a
// batch, the reply and its errors.
package portal

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"boxready/internal/bitrix"
	"boxready/internal/secret"
	"boxready/internal/untrusted"
)

// Form is the kind of a reply's content.
type Form string

// The forms of a reply.
const (
	FormJSON        Form = "json"         // a REST reply, perhaps with other text around it
	FormOtherJSON   Form = "other-json"   // JSON, but neither a result nor an error
	FormHTML        Form = "html"         // a page
	FormText        Form = "text"         // anything else
	FormEmpty       Form = "empty"        // nothing, or white space
	FormCutOff      Form = "cut-off"      // incomplete
	FormTooBig      Form = "too-big"      // more than MaxBody, on the wire or decompressed
	FormBadEncoding Form = "bad-encoding" // Content-Encoding unknown, or its data damaged
)

// MaxBody is how much of a reply is read, on the wire as well as decompressed.
const MaxBody = 8 << 20

// Reply is what a portal or an authorization server answered.
type Reply struct {
	Status int
	Header http.Header
	Form   Form
	Body   []byte // decompressed, at most MaxBody
	// BOM says that it begins with a byte order mark.
	BOM bool
	// Before and After are text around the JSON, such as PHP's warnings; nil if
	// only white space and the byte order mark.
	Before, After []byte
	// NotUTF8 says that text is in another encoding. It is decoded as
	// windows-1251, the encoding of old portals.
	NotUTF8 bool

	Result json.RawMessage // nil when there is none
	Error  *Error          // the reply's own error, nil when there is none
	Next   *int            // where the next page starts
	Total  *int
	Time   *ServerTime // when the portal processed it

	text []byte // Body in UTF-8
}

// ServerTime is when and how long the portal processed a request, by its own
// clock. Missing values are zero.
type ServerTime struct {
	Start, Finish        time.Time
	Duration, Processing time.Duration
}

// ReadReply reads a response to its end or to MaxBody and closes its body. Its form
// doesn't depend on the status. The error is not nil exactly if the reply is cut
// off; it wraps the cause, or io.ErrUnexpectedEOF if there is none.
func ReadReply(resp *http.Response) (Reply, error) {
	r := Reply{Status: resp.StatusCode, Header: resp.Header}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	var wire []byte
	var err error
	if resp.Body != nil {
		defer resp.Body.Close()
		wire, err = io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	}
	body, damage := decompress(wire, r.Header)
	tooBig := len(wire) > MaxBody || len(body) > MaxBody
	if len(body) > MaxBody {
		body = body[:MaxBody]
	}
	r.Body = body
	r.decode()

	switch {
	case tooBig:
		r.Form = FormTooBig
	case err != nil:
		r.Form = FormCutOff
		return r, fmt.Errorf("read the reply: %w", err)
	case errors.Is(damage, io.ErrUnexpectedEOF):
		r.Form = FormCutOff
		return r, fmt.Errorf("decompress the reply: %w", damage)
	case damage != nil:
		r.Form = FormBadEncoding
	default:
		r.parse()
		if r.Form == FormCutOff {
			return r, fmt.Errorf("read the reply: JSON has no end: %w", io.ErrUnexpectedEOF)
		}
	}
	return r, nil
}

// Polluted reports whether there is text around the JSON, on which strict clients
// fail.
func (r Reply) Polluted() bool {
	return r.Form == FormJSON && (r.BOM || r.Before != nil || r.After != nil)
}

// excerptLen is the maximum of Excerpt in bytes.
const excerptLen = 200

// Shorten truncates the body to n bytes. The fields parsed from it stay.
func (r *Reply) Shorten(n int) {
	cut := func(b []byte) []byte { return slices.Clone(b[:min(len(b), n)]) }
	r.Body, r.text, r.Before, r.After = cut(r.Body), cut(r.text), cut(r.Before), cut(r.After)
}

// Excerpt returns the beginning of the body for people to read: at most 200
// bytes, masked, control characters replaced.
func (r Reply) Excerpt(mask func(string) string) string {
	// Mask before truncating, or a truncated secret would not be found. Text
	// past the window can't reach the excerpt unless secrets fill the window.
	const window = 64 << 10
	text := r.text
	if text == nil {
		text = r.Body
	}
	text = untrusted.Prefix(text, window)
	masked := untrusted.Line(mask(string(text)))
	return untrusted.Prefix(masked, excerptLen)
}

// decompress undoes Content-Encoding, and gzip that isn't declared, and returns
// at most one byte more than MaxBody. Beside an error it returns what it could
// read.
func decompress(wire []byte, header http.Header) ([]byte, error) {
	var codings []string
	for _, line := range header.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(line, ",") {
			if coding = strings.ToLower(strings.TrimSpace(coding)); coding != "" && coding != "identity" {
				codings = append(codings, coding)
			}
		}
	}
	// Two, because proxies may compress a compressed reply.
	const layers = 2
	if len(codings) > layers {
		return wire, fmt.Errorf("%d content encodings", len(codings))
	}
	slices.Reverse(codings)
	body := wire
	for _, coding := range codings {
		if len(body) == 0 {
			return body, nil
		}
		var err error
		switch coding {
		case "gzip", "x-gzip":
			if isGzip(body) {
				body, err = gunzip(body)
			} // otherwise declared but not compressed, as PHP's warnings before compression starts
		case "deflate":
			body, err = inflate(body)
		default:
			return body, fmt.Errorf("unknown content encoding")
		}
		if err != nil {
			return body, err
		}
	}
	if len(codings) < layers && isGzip(body) {
		return gunzip(body)
	}
	return body, nil
}

// isGzip reports whether b starts as gzip with its only compression method.
func isGzip(b []byte) bool { return bytes.HasPrefix(b, []byte{0x1f, 0x8b, 8}) }

func gunzip(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, unexpectedEOF(err)
	}
	body, err := io.ReadAll(io.LimitReader(z, MaxBody+1))
	if errors.Is(err, gzip.ErrHeader) {
		err = nil // uncompressed data follows
	}
	return body, unexpectedEOF(err)
}

// inflate reads "deflate", which is zlib by the standard and often raw in practice.
func inflate(b []byte) ([]byte, error) {
	if z, err := zlib.NewReader(bytes.NewReader(b)); err == nil {
		body, err := io.ReadAll(io.LimitReader(z, MaxBody+1))
		return body, unexpectedEOF(err)
	}
	body, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), MaxBody+1))
	if err != nil && utf8.Valid(b) {
		return b, nil // declared but not compressed; compressed data is rarely valid text
	}
	return body, unexpectedEOF(err)
}

func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

var bom = []byte("\ufeff")

// decode turns the body into UTF-8 text.
func (r *Reply) decode() {
	r.text = r.Body
	for bytes.HasPrefix(r.text, bom) { // a PHP file with one may include another
		r.BOM = true
		r.text = r.text[len(bom):]
	}
	// A few invalid characters, as truncating by bytes leaves, don't mean another
	// encoding.
	whole, invalid := 0, 0
	for b := r.text; len(b) > 0; {
		c, n := utf8.DecodeRune(b)
		switch {
		case c == utf8.RuneError && n == 1:
			invalid++
		case n > 1:
			whole++
		}
		b = b[n:]
	}
	if invalid == 0 {
		return
	}
	r.NotUTF8 = true
	if invalid > whole {
		if text, err := charmap.Windows1251.NewDecoder().Bytes(r.text); err == nil {
			r.text = text
		}
	}
}

// parse determines the form, and parses a REST reply.
func (r *Reply) parse() {
	text := bytes.TrimSpace(r.text)
	if len(text) == 0 {
		r.Form = FormEmpty
		return
	}
	members, end, err := scanJSON(text)
	if err == nil {
		rest := bytes.TrimSpace(text[end:])
		switch {
		case isEnvelope(members):
			r.setMembers(members, nil, rest)
			return
		case len(rest) == 0:
			r.Form = FormOtherJSON
			return
		}
	} else if errors.Is(err, errJSONTruncated) && (text[0] == '{' || text[0] == '[') {
		r.Form = FormCutOff
		return
	}
	if r.parseEmbedded(text) {
		return
	}
	if r.Form = FormText; looksHTML(text) {
		r.Form = FormHTML
	}
}

// parseEmbedded looks for a reply within other text, and reports whether it found
// one or the beginning of one.
func (r *Reply) parseEmbedded(text []byte) bool {
	pages := pagesIn(text)
	for i := 0; i < len(text); {
		next := bytes.IndexByte(text[i:], '{')
		if next < 0 {
			return false
		}
		i += next
		// Scripts in a page are full of objects that look like replies.
		for len(pages) > 0 && pages[0].end <= i {
			pages = pages[1:]
		}
		if len(pages) > 0 && pages[0].start <= i {
			i = pages[0].end
			continue
		}
		members, end, err := scanJSON(text[i:])
		switch {
		case err == nil && isEnvelope(members):
			r.setMembers(members, text[:i], bytes.TrimSpace(text[i+end:]))
			return true
		case errors.Is(err, errJSONTruncated):
			if startsEnvelope(text[i:]) {
				r.Form = FormCutOff
				return true
			}
			return false
		}
		// Continuing after what was scanned keeps this linear, and keeps members
		// of a broken object from being taken for a reply.
		i += max(end, 1)
	}
	return false
}

func isEnvelope(members map[string]json.RawMessage) bool {
	return members["result"] != nil || members["error"] != nil
}

// startsEnvelope reports whether a truncated object begins as a reply.
func startsEnvelope(b []byte) bool {
	b = bytes.TrimLeft(b[1:], " \t\r\n")
	return bytes.HasPrefix(b, []byte(`"result"`)) || bytes.HasPrefix(b, []byte(`"error"`))
}

type span struct{ start, end int }

// pagesIn returns where whole HTML documents and scripts stand, in order.
func pagesIn(text []byte) []span {
	lower := asciiLower(text)
	var pages []span
	for i := 0; i < len(lower); {
		next := bytes.IndexByte(lower[i:], '<')
		if next < 0 {
			break
		}
		i += next
		closing := ""
		switch tag := lower[i:]; {
		case bytes.HasPrefix(tag, []byte("<!doctype")), bytes.HasPrefix(tag, []byte("<html")):
			closing = "</html>"
		case bytes.HasPrefix(tag, []byte("<script")):
			closing = "</script>"
		default:
			i++
			continue
		}
		end := len(lower)
		if at := bytes.Index(lower[i:], []byte(closing)); at >= 0 {
			end = i + at + len(closing)
		}
		pages = append(pages, span{i, end})
		i = end
	}
	return pages
}

// asciiLower keeps the length, unlike bytes.ToLower.
func asciiLower(b []byte) []byte {
	lower := make([]byte, len(b))
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return lower
}

func looksHTML(text []byte) bool {
	head := asciiLower(untrusted.Prefix(text, 4<<10))
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<title", "<script", "<br", "<center", "<h1", "<p>", "<div", "<meta", "<form", "<b>"} {
		if bytes.Contains(head, []byte(tag)) {
			return true
		}
	}
	return false
}

// take sets the fields from a reply's members.
func (r *Reply) setMembers(members map[string]json.RawMessage, before, after []byte) {
	r.Form = FormJSON
	if before = bytes.TrimSpace(before); len(before) > 0 {
		r.Before = before
	}
	if len(after) > 0 {
		r.After = after
	}
	r.Result = members["result"]
	if raw := members["error"]; raw != nil {
		r.Error = readError(raw, members["error_description"], r.Status, r.Result)
	}
	r.Next, r.Total = readInt(members["next"]), readInt(members["total"])
	r.Time = readTime(members["time"])
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// readError parses an error in all its forms: a code as string or number, the
// object of REST 3.0, or true. An empty one (null, false, 0, "", [] or {}) is an
// error only if there is no result either.
func readError(raw, description json.RawMessage, status int, result json.RawMessage) *Error {
	e := &Error{Status: status}
	value := raw
	for range 2 { // the first of a list of errors
		var list []json.RawMessage
		if len(value) == 0 || value[0] != '[' || json.Unmarshal(value, &list) != nil || len(list) == 0 {
			break
		}
		value = list[0]
	}
	empty := false
	if members, _, err := scanJSON(value); err == nil && members != nil {
		e.V3 = true
		e.Code = codeOf(members["code"])
		if e.Code == "" {
			e.Code = codeOf(members["error"])
		}
		for _, key := range []string{"message", "localMessage", "error_description"} {
			if e.Description == "" {
				e.Description = textOf(members[key])
			}
		}
		empty = e.Code == "" && e.Description == "" && strings.Trim(string(value), "{} \t\r\n") == ""
	} else {
		e.Code = codeOf(value)
		_, e.V3 = bitrix.V3Class(e.Code)
		empty = e.Code == "" || e.Code == "0"
	}
	if e.Description == "" {
		e.Description = textOf(description)
	}
	switch {
	case !empty:
		return e
	case e.Description == "" && (result != nil || isNull(raw)):
		return nil
	case result != nil && !isNull(result):
		return nil
	}
	return e
}

const (
	maxCode        = 200
	maxDescription = 1000
)

// codeOf returns an error code, "" if there is none.
func codeOf(raw json.RawMessage) string {
	text, err := scalar(raw)
	if err != nil || text == "null" || text == "false" {
		return ""
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10)
	}
	return untrusted.Prefix(untrusted.Line(text), maxCode)
}

// textOf returns a description: a string's content, or other JSON as it is.
func textOf(raw json.RawMessage) string {
	text, err := scalar(raw)
	if err != nil {
		text = string(raw)
	}
	switch text {
	case "null", "false", "true", "[]", "{}":
		return ""
	}
	text = untrusted.Line(secret.Mask(untrusted.Prefix(text, 4*maxDescription)))
	return strings.TrimSpace(untrusted.Prefix(text, maxDescription))
}

func readTime(raw json.RawMessage) *ServerTime {
	var fields struct {
		Start      json.RawMessage `json:"start"`
		Finish     json.RawMessage `json:"finish"`
		Duration   json.RawMessage `json:"duration"`
		Processing json.RawMessage `json:"processing"`
		DateStart  json.RawMessage `json:"date_start"`
		DateFinish json.RawMessage `json:"date_finish"`
	}
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	return &ServerTime{
		Start:      readTimestamp(fields.Start, fields.DateStart),
		Finish:     readTimestamp(fields.Finish, fields.DateFinish),
		Duration:   readSeconds(fields.Duration),
		Processing: readSeconds(fields.Processing),
	}
}

// readTimestamp reads seconds since 1970 or, failing that, an ISO 8601 date.
func readTimestamp(seconds, date json.RawMessage) time.Time {
	// The bounds are those of a four-digit year.
	if f := readFloat(seconds); f > 0 && f < 253402300800 {
		whole, fraction := math.Modf(f)
		return time.Unix(int64(whole), int64(fraction*1e9)).UTC()
	}
	text, err := scalar(date)
	if err != nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func readSeconds(raw json.RawMessage) time.Duration {
	f := readFloat(raw)
	if f < 0 || f > 1e9 {
		return 0
	}
	return time.Duration(f * 1e9)
}
