package letter_test

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"boxready/checks"
	"boxready/internal/letter"
	"boxready/internal/portal"
	"boxready/internal/view"
	"boxready/internal/words"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func texts(t testing.TB, lang string) *words.Texts {
	t.Helper()
	w, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func run(t *testing.T) letter.Run {
	t.Helper()
	address, err := portal.ParseAddress("https://портал.example.ru:8443")
	if err != nil {
		t.Fatal(err)
	}
	return letter.Run{Portal: address, When: noon, Version: "0.1.0-test"}
}

func finding(id checks.ID, state checks.State, cause checks.Cause, owner checks.Owner) checks.Result {
	return checks.Result{Check: id, State: state, Cause: cause, Owner: owner, Vantage: checks.FromComputer}
}

var broken = []checks.Result{
	{Check: checks.PortalDNS, State: checks.OK, Vantage: checks.FromComputer},
	finding(checks.PortalTLS, checks.Notice, checks.TLSExpiresSoon, checks.ServerAdmin),
	finding(checks.RESTRoute, checks.Problem, checks.RESTBlocked, checks.ServerAdmin),
	finding(checks.AuthServerFromPortal, checks.Problem, checks.AuthServerUnreachable, checks.NetworkAdmin),
	finding(checks.QueueFeed, checks.Unknown, checks.TimedOut, checks.You),
	{Check: checks.CredentialsArrive, State: checks.Skipped, Because: checks.AuthServerFromPortal, Owner: checks.Vendor},
}

func TestRecipients(t *testing.T) {
	var got []string
	for _, o := range letter.Recipients(view.Of(broken)) {
		got = append(got, string(o.ID)+" "+string(o.State))
	}
	if want := []string{"server-admin problem", "network-admin problem"}; !slices.Equal(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
}

func TestLetter(t *testing.T) {
	for lang, want := range map[string]struct{ subject, greeting, end string }{
		"ru": {"(и ещё 1) — Битрикс24, портал.example.ru:8443", "Добрый день.\n", "BoxReady 0.1.0-test, 23.11.2026 12:00\n"},
		"en": {"(and 1 more): Bitrix24, портал.example.ru:8443", "Hello.\n", "BoxReady 0.1.0-test, 23 November 2026 12:00\n"},
	} {
		w := texts(t, lang)
		l := letter.Write(w, view.Of(broken), checks.ServerAdmin, run(t))
		title := func(i int) string { return w.Finding(broken[i], "").Title }
		if l.To != checks.ServerAdmin || !strings.HasPrefix(l.Subject, title(2)) || !strings.HasSuffix(l.Subject, want.subject) {
			t.Errorf("%s: to %q, subject %q", lang, l.To, l.Subject)
		}
		if !strings.HasPrefix(l.Body, want.greeting) || !strings.HasSuffix(l.Body, want.end) {
			t.Errorf("%s: the text is\n%s", lang, l.Body)
		}
		worst, other := strings.Index(l.Body, title(2)), strings.Index(l.Body, title(1))
		if worst < 0 || other < worst {
			t.Errorf("%s: the findings are at %d and %d in\n%s", lang, worst, other, l.Body)
		}
		if strings.Contains(l.Body, title(3)) || strings.Contains(l.Body, "`") || strings.Contains(l.Body, "\n\n\n") {
			t.Errorf("%s: the text is\n%s", lang, l.Body)
		}
		if got := l.Text(w); !strings.HasSuffix(got, ": "+l.Subject+"\n\n"+l.Body) {
			t.Errorf("%s: the letter as text is\n%s", lang, got)
		}
	}
	if l := letter.Write(texts(t, "en"), view.Of(broken), checks.Bitrix24, run(t)); l != (letter.Letter{}) {
		t.Errorf("a letter to somebody who has nothing to do: %+v", l)
	}
}

// TestNoCommandsOfBoxReady asserts that steps lose the program's own command lines, and no others.
func TestNoCommandsOfBoxReady(t *testing.T) {
	for _, lang := range words.Languages() {
		w := texts(t, lang)
		for _, c := range checks.Catalog() {
			for _, cause := range c.Causes {
				r := finding(c.ID, checks.Problem, cause, checks.NetworkAdmin)
				body := letter.Write(w, view.Of([]checks.Result{r}), checks.NetworkAdmin, run(t)).Body
				if strings.Contains(body, "boxready ") || strings.Contains(body, "`") {
					t.Errorf("%s, %s %s:\n%s", lang, c.ID, cause, body)
				}
				for _, step := range w.Finding(r, run(t).Portal.Display()).Steps {
					if _, command, found := strings.Cut(step, "`curl "); found && !strings.Contains(body, command[:strings.IndexByte(command, '`')]) {
						t.Errorf("%s, %s %s: no command %s in\n%s", lang, c.ID, cause, command, body)
					}
				}
			}
		}
	}
}

func TestDemoLetterSaysSo(t *testing.T) {
	w, r := texts(t, "en"), run(t)
	r.Demo = true
	if l := letter.Write(w, view.Of(broken), checks.ServerAdmin, r); !strings.Contains(l.Body, w.Say("letter.demo", nil)) {
		t.Errorf("the letter is\n%s", l.Body)
	}
}

func TestAttach(t *testing.T) {
	l := letter.Letter{Subject: "s", Body: "text\n\n"}
	if got := l.Attach("Rules", "").Body; got != l.Body {
		t.Errorf("nothing: %q", got)
	}
	if got, want := l.Attach("Rules", "a\nb\n").Body, "text\n\nRules\n\na\nb\n"; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}

// hard are texts that mail programs are known to break.
var hard = []string{
	"", "plain", "two\nlines\n", "Windows'\r\nlines\r\n", "a page\r\fbreak\n", "umlauts äöüß ÄÖÜ", "Кириллица, ё и «кавычки»", "a & b = c ? d # e", "100 % %20 %D0", "1 + 1", " spaces  around ",
	"tab\tand trailing space \n", "From here\n.\n", "日本語 🙂", "'; rm -rf ~ #`$(id)", "\"quoted\\\"", strings.Repeat("длинное слово ", 60),
}

func TestMailto(t *testing.T) {
	for _, text := range hard {
		checkMail(t, letter.Letter{Subject: text, Body: text})
	}
	short := letter.Letter{Subject: "s", Body: strings.Repeat("a", 1800)}
	if _, fits := short.Mailto(); !fits {
		t.Error("a letter of 1800 bytes is too long")
	}
	if _, fits := (letter.Letter{Subject: "s", Body: strings.Repeat("ы", 400)}).Mailto(); fits {
		t.Error("2400 bytes of a URL are not too long")
	}
}

func FuzzMail(f *testing.F) {
	for _, text := range hard {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, subject, body string) {
		// What looks encoded already is read as that, and the window takes no longer subjects.
		if utf8.ValidString(subject) && utf8.ValidString(body) && !strings.Contains(subject, "=?") && utf8.RuneCountInString(subject) <= 300 {
			checkMail(t, letter.Letter{Subject: subject, Body: body})
		}
	})
}

// checkMail asserts that a letter arrives unchanged in a mail program, by a URL and by a file.
func checkMail(t *testing.T, l letter.Letter) {
	t.Helper()
	subject := strings.Join(strings.FieldsFunc(l.Subject, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace
	address, _ := l.Mailto()
	query, found := strings.CutPrefix(address, "mailto:?subject=")
	s, b, both := strings.Cut(query, "&body=")
	if !found || !both || strings.ContainsAny(query, "+ \r\n\"'") || strings.ContainsFunc(query, func(r rune) bool { return r > '~' }) {
		t.Fatalf("the URL is %q", address)
	}
	decodedSubject, err := url.PathUnescape(s)
	if err != nil || decodedSubject != subject {
		t.Errorf("subject %q, %v, expected %q", decodedSubject, err, subject)
	}
	decodedBody, err := url.PathUnescape(b)
	if err != nil || lines(decodedBody) != lines(l.Body) || strings.Contains(strings.ReplaceAll(decodedBody, "\r\n", ""), "\n") {
		t.Errorf("body %q, %v, expected %q", decodedBody, err, l.Body)
	}

	file := l.EML(noon)
	message, err := mail.ReadMessage(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("%v in\n%q", err, file)
	}
	decodedSubject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil || strings.TrimSpace(decodedSubject) != strings.TrimSpace(subject) {
		t.Errorf("subject %q, %v, expected %q", decodedSubject, err, subject)
	}
	if date, err := message.Header.Date(); err != nil || !date.Equal(noon) || message.Header.Get("X-Unsent") != "1" || len(message.Header) != 6 {
		t.Errorf("%v, headers %v", err, message.Header)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	if err != nil || lines(string(body)) != lines(l.Body) {
		t.Errorf("text %q, %v, expected %q", body, err, l.Body)
	}
	for line := range bytes.Lines(file) {
		if len(line) > 998 || !bytes.HasSuffix(line, []byte("\r\n")) && !bytes.HasSuffix(file, line) || bytes.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("a line of the file is %q", line)
		}
	}
}

func TestHTML(t *testing.T) {
	page, err := letter.Letter{Subject: "<script>1 & 2", Body: "a <b>\n  c"}.HTML("ru")
	if err != nil || !strings.HasPrefix(page, "<!DOCTYPE html>\n<html lang=\"ru\">") || strings.Contains(page, "<script>") || !strings.Contains(page, "a &lt;b&gt;\n  c") {
		t.Errorf("%v\n%s", err, page)
	}
}
