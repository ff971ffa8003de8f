package letter

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"html/template"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	neturl "net/url"
	"strings"
	"time"
)

// Mailto returns a URL that opens a mail program with the letter. fits is false if it is too long for that: use EML then.
func (l Letter) Mailto() (url string, fits bool) {
	// Mail programs don't decode a plus as a space.
	escape := func(s string) string { return strings.ReplaceAll(neturl.QueryEscape(s), "+", "%20") }
	lines := strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n")
	url = "mailto:" + l.email() + "?subject=" + escape(oneLine(l.Subject)) + "&body=" + escape(lines.Replace(l.Body))
	return url, len(url) <= mailtoLimit
}

// email is the address of the vendor's support; "" if there is none, or it is a page.
func (l Letter) email() string {
	address, _ := strings.CutPrefix(l.Support, "mailto:")
	if address == l.Support {
		return ""
	}
	return address
}

// mailtoLimit is the length of a mailto URL (RFC 6068) that Windows and the common mail programs accept.
const mailtoLimit = 1900

// EML is the letter with its attachments as a message (RFC 5322, 2046) that mail programs open as a draft. It has no From, and
// To only if the vendor's support has an address: who is to send it chooses both.
func (l Letter) EML(now time.Time) []byte {
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("Date", now.Format(time.RFC1123Z))
	if to := l.email(); to != "" {
		header("To", oneLine(to))
	}
	// The encoder writes words of at most 75 characters with a space between them, where a header may be folded.
	header("Subject", strings.ReplaceAll(mime.QEncoding.Encode("utf-8", oneLine(l.Subject)), "?= =?", "?=\r\n =?"))
	header("X-Unsent", "1") // to Outlook: a draft, not a message that was received
	header("MIME-Version", "1.0")
	parts := multipart.NewWriter(&b)
	_ = parts.SetBoundary(fmt.Sprintf("boxready-%x", sha256.Sum256([]byte(l.Whole())))[:60]) // the same for the same letter
	header("Content-Type", mime.FormatMediaType("multipart/mixed", map[string]string{"boundary": parts.Boundary()}))
	b.WriteString("\r\n")
	writePart(parts, nil, l.Body)
	for _, a := range l.Attachments {
		writePart(parts, map[string]string{"filename": a.Name}, a.Text)
	}
	_ = parts.Close() // a buffer takes everything
	return b.Bytes()
}

// writePart writes a text, as an attachment if it has a file name.
func writePart(parts *multipart.Writer, file map[string]string, text string) {
	header := textproto.MIMEHeader{}
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Content-Transfer-Encoding", "quoted-printable")
	if file != nil {
		header.Set("Content-Disposition", mime.FormatMediaType("attachment", file))
	}
	w, _ := parts.CreatePart(header)
	encoded := quotedprintable.NewWriter(w)
	// A carriage return alone can make the writer drop a later line feed.
	_, _ = encoded.Write([]byte(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)))
	_ = encoded.Close()
}

// oneLine joins the lines of a subject: a line break would begin another header.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\r' || r == '\n' }), " ")
}

var page = template.Must(template.New("letter").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}">
<head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body><h1 style="font-size:1.2em">{{.Subject}}</h1>
<div style="white-space:pre-wrap">{{.Body}}</div>
{{range .Attachments}}<h2 style="font-size:1.05em">{{.Title}}</h2>
<div style="white-space:pre-wrap">{{.Text}}</div>
{{end}}</body>
</html>
`))

// HTML is the letter as a page.
func (l Letter) HTML(lang string) (string, error) {
	var b strings.Builder
	if err := page.Execute(&b, struct {
		Letter
		Lang string
	}{l, lang}); err != nil {
		return "", fmt.Errorf("write the letter: %w", err)
	}
	return b.String(), nil
}
