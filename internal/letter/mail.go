package letter

import (
	"bytes"
	"fmt"
	"html/template"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"boxready/internal/allowlist"
)

// Mailto returns a URL that opens a mail program with the letter. fits is false if it is too long for that: use EML then.
func (l Letter) Mailto() (url string, fits bool) {
	url = allowlist.MailtoURL(oneLine(l.Subject), l.Body)
	return url, len(url) <= allowlist.MailtoLimit
}

// EML is the letter as a message (RFC 5322) that mail programs open as a draft. It has neither From nor To: who is to send it
// chooses both.
func (l Letter) EML(now time.Time) []byte {
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("Date", now.Format(time.RFC1123Z))
	// The encoder writes words of at most 75 characters with a space between them, where a header may be folded.
	header("Subject", strings.ReplaceAll(mime.QEncoding.Encode("utf-8", oneLine(l.Subject)), "?= =?", "?=\r\n =?"))
	header("X-Unsent", "1") // to Outlook: a draft, not a message that was received
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	// A carriage return alone can make the writer drop a later line feed. A buffer takes everything.
	_, _ = body.Write([]byte(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(l.Body)))
	_ = body.Close()
	return b.Bytes()
}

// oneLine joins the lines of a subject: a line break would begin another header.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\r' || r == '\n' }), " ")
}

var page = template.Must(template.New("letter").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}">
<head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body><h1 style="font-size:1.2em">{{.Subject}}</h1>
<div style="white-space:pre-wrap">{{.Body}}</div></body>
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
