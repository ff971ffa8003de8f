package oauthflow

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"sync"

	"boxready/internal/portal"
)

// Page holds the texts of the landing page in the program's language. All are plain text.
type Page struct {
	Lang    string            // "ru" or "en"
	Done    Words             // the sign-in is complete
	Failed  Words             // it is not; the reason follows
	Waiting Words             // the request is not the answer, the sign-in goes on
	Reasons map[Reason]string // whole sentences; for a missing one the code is shown
}

// Words are the texts of one outcome.
type Words struct {
	Title string
	Text  string
}

//go:embed page.html
var pageHTML string

// Parsed on first use: most runs never show the page.
var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageHTML)) })

// write sends the page. err is why the sign-in failed, if it did.
func (p Page) write(w http.ResponseWriter, status int, words Words, address portal.Address, err error) {
	view := struct {
		Lang, Kind, Title, Text, Reason, Detail, Portal string
	}{Lang: p.Lang, Kind: "waiting", Title: words.Title, Text: words.Text}
	switch {
	case err != nil:
		view.Kind = "failed"
		reason := ReasonOf(err)
		if view.Reason = p.Reasons[reason]; view.Reason == "" {
			view.Reason = string(reason)
		}
		view.Detail = Detail(err)
		view.Portal = address.Display()
	case status == http.StatusOK:
		view.Kind = "done"
		view.Portal = address.Display()
	}
	var body bytes.Buffer
	if err := pageTemplate().Execute(&body, view); err != nil {
		body.Reset() // can't happen: tests execute the template with every outcome
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address holds code and state
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// Detail is the failure's code in documentation and support, with its description, or the other portal's name, as one line that is fit
// for printing; "" if there is none.
func Detail(err error) string { return printable(detail(err), maxDetail) }

const maxDetail = 500

func detail(err error) string {
	var (
		denied *DeniedError
		grant  *GrantError
		other  *OtherPortalError
	)
	switch {
	case errors.As(err, &denied):
		return withDetails(denied.Code, denied.Description)
	case errors.As(err, &grant):
		return withDetails(grant.Code, grant.Description)
	case errors.As(err, &other):
		return other.Got
	}
	return ""
}
