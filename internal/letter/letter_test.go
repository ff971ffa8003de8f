package letter_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/letter"
	"boxready/internal/portal"
	"boxready/internal/serverprobe"
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

// write writes a letter without network rules.
func write(t *testing.T, w *words.Texts, results []checks.Result, to checks.Owner, run letter.Run) letter.Letter {
	t.Helper()
	l, err := letter.Write(w, view.Of(results), to, run)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLetter(t *testing.T) {
	for lang, want := range map[string]struct{ subject, greeting, end string }{
		"ru": {"(и ещё 1) — Битрикс24, портал.example.ru:8443", "Добрый день.\n", "BoxReady 0.1.0-test, 23.11.2026 12:00\n"},
		"en": {"(and 1 more): Bitrix24, портал.example.ru:8443", "Hello,\n", "BoxReady 0.1.0-test, 23 November 2026 12:00\n"},
	} {
		w := texts(t, lang)
		l := write(t, w, broken, checks.ServerAdmin, run(t))
		title := func(i int) string { return w.Finding(broken[i], "").Title }
		if l.To != checks.ServerAdmin || !strings.HasPrefix(l.Subject, title(2)) || !strings.HasSuffix(l.Subject, want.subject) {
			t.Errorf("%s: to %q, subject %q", lang, l.To, l.Subject)
		}
		if !strings.HasPrefix(l.Body, want.greeting) || !strings.HasSuffix(l.Whole(), want.end) {
			t.Errorf("%s: the text is\n%s", lang, l.Whole())
		}
		for _, text := range []string{l.Body, l.Attached()} {
			worst, other := strings.Index(text, title(2)), strings.Index(text, title(1))
			if worst < 0 || other < worst {
				t.Errorf("%s: the findings are at %d and %d in\n%s", lang, worst, other, text)
			}
		}
		if whole := l.Whole(); strings.Contains(whole, title(3)) || strings.Contains(whole, "`") || strings.Contains(whole, "\n\n\n") {
			t.Errorf("%s: the text is\n%s", lang, whole)
		}
		if got := l.Text(w); !strings.HasSuffix(got, ": "+l.Subject+"\n\n"+l.Whole()) {
			t.Errorf("%s: the letter as text is\n%s", lang, got)
		}
	}
	if l := write(t, texts(t, "en"), broken, checks.Bitrix24, run(t)); l.To != "" || l.Body != "" {
		t.Errorf("a letter to somebody who has nothing to do: %+v", l)
	}
}

// TestShort asserts that a letter stays short, however many findings there are, and that all of them are attached.
func TestShort(t *testing.T) {
	for _, lang := range words.Languages() {
		w := texts(t, lang)
		var all []checks.Result
		for _, c := range checks.Catalog() {
			for _, cause := range c.Causes {
				r := finding(c.ID, checks.Problem, cause, checks.NetworkAdmin)
				all = append(all, r)
				if l := write(t, w, []checks.Result{r}, checks.NetworkAdmin, run(t)); letter.CountWords(l.Body) > letter.MaxWords {
					t.Errorf("%s: %s/%s: %d words:\n%s", lang, c.ID, cause, letter.CountWords(l.Body), l.Body)
				}
			}
		}
		l := write(t, w, all, checks.NetworkAdmin, run(t))
		if n := letter.CountWords(l.Body); n > letter.MaxWords {
			t.Errorf("%s: %d words:\n%s", lang, n, l.Body)
		}
		for _, r := range all {
			if title := strings.ReplaceAll(w.Finding(r, run(t).Portal.Display()).Title, "`", ""); !strings.Contains(l.Attached(), title) {
				t.Errorf("%s: %q isn't attached", lang, title)
			}
		}
	}
}

// TestNoCommandsOfBoxReady asserts that letters have no command lines of the program, and those of the recipient's steps.
func TestNoCommandsOfBoxReady(t *testing.T) {
	for _, lang := range words.Languages() {
		w := texts(t, lang)
		for _, c := range checks.Catalog() {
			for _, cause := range c.Causes {
				r := finding(c.ID, checks.Problem, cause, checks.NetworkAdmin)
				whole := write(t, w, []checks.Result{r}, checks.NetworkAdmin, run(t)).Whole()
				if strings.Contains(whole, "boxready ") || strings.Contains(whole, "`") {
					t.Errorf("%s, %s %s:\n%s", lang, c.ID, cause, whole)
				}
				for _, step := range w.Finding(r, run(t).Portal.Display()).Steps {
					for _, command := range step.WithoutOwnCommands().Commands {
						if step.By == checks.NetworkAdmin && !strings.Contains(whole, "\n"+command.Line+"\n") {
							t.Errorf("%s, %s %s: no command %s in\n%s", lang, c.ID, cause, command.Line, whole)
						}
					}
				}
			}
		}
	}
}

func TestDemoLetterSaysSo(t *testing.T) {
	w, r := texts(t, "en"), run(t)
	r.Demo = true
	if l := write(t, w, broken, checks.ServerAdmin, r); !strings.Contains(l.Body, w.Say("letter.demo", nil)) {
		t.Errorf("the letter is\n%s", l.Body)
	}
}

// TestRulesAreAttached asserts that the letter to the network's administrator has the table of what was found closed and the rules for
// the equipment, and names the server's address.
func TestRulesAreAttached(t *testing.T) {
	w, r := texts(t, "en"), run(t)
	o := allowlist.Options{Portal: r.Portal, PortalIP: netip.MustParseAddr("192.0.2.5"), Outcome: &checks.Outcome{Results: broken, Finished: noon}, Now: noon, Version: "test"}
	rules, err := allowlist.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Rules, r.Equipment = rules, allowlist.Squid
	l := write(t, w, broken, checks.NetworkAdmin, r)
	var names []string
	for _, a := range l.Attachments {
		names = append(names, a.Name)
	}
	if want := []string{"connections.txt", "boxready-squid.conf", "boxready-squid-remove.sh", "details.txt"}; !slices.Equal(names, want) {
		t.Errorf("attached: %q, expected %q", names, want)
	}
	if !strings.Contains(l.Body, "192.0.2.5") || !strings.Contains(l.Attachments[0].Text, "oauth.bitrix24.tech") {
		t.Errorf("the letter is\n%s", l.Whole())
	}
	if l := write(t, w, broken, checks.ServerAdmin, r); len(l.Attachments) != 1 || strings.Contains(l.Body, "192.0.2.5") {
		t.Errorf("the letter to the server's administrator is\n%s", l.Whole())
	}
}

// hard are texts that mail programs are known to break.
var hard = []string{
	"", "plain", "two\nlines\n", "Windows'\r\nlines\r\n", "a page\r\fbreak\n", "umlauts äöüß ÄÖÜ", "Кириллица, ё и «кавычки»", "a & b = c ? d # e", "100 % %20 %D0", "1 + 1", " spaces  around ",
	"tab\tand trailing space \n", "From here\n.\n", "日本語 🙂", "'; rm -rf ~ #`$(id)", "\"quoted\\\"", strings.Repeat("длинное слово ", 60),
}

func TestMailto(t *testing.T) {
	for _, text := range hard {
		checkMail(t, letter.Letter{Subject: text, Body: text, Attachments: []allowlist.File{{Title: "t", Name: "connections.txt", Text: text}}})
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
	if date, err := message.Header.Date(); err != nil || !date.Equal(noon) || message.Header.Get("X-Unsent") != "1" || len(message.Header) != 5 {
		t.Errorf("%v, headers %v", err, message.Header)
	}
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	texts := append([]allowlist.File{{Text: l.Body}}, l.Attachments...)
	for _, want := range texts {
		part, err := parts.NextPart() // decodes quoted-printable
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(part)
		if err != nil || lines(string(got)) != lines(want.Text) || part.FileName() != want.Name {
			t.Errorf("%q %q, %v, expected %q %q", part.FileName(), got, err, want.Name, want.Text)
		}
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("more than %d parts: %v", len(texts), err)
	}
	for line := range bytes.Lines(file) {
		if len(line) > 998 || !bytes.HasSuffix(line, []byte("\r\n")) && !bytes.HasSuffix(file, line) || bytes.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("a line of the file is %q", line)
		}
	}
}

func TestHTML(t *testing.T) {
	page, err := letter.Letter{Subject: "<script>1 & 2", Body: "a <b>\n  c", Attachments: []allowlist.File{{Title: "<t>", Text: "<u>"}}}.HTML("ru")
	if err != nil || !strings.HasPrefix(page, "<!DOCTYPE html>\n<html lang=\"ru\">") || strings.Contains(page, "<script>") || !strings.Contains(page, "a &lt;b&gt;\n  c") || !strings.Contains(page, "&lt;t&gt;") || !strings.Contains(page, "&lt;u&gt;") {
		t.Errorf("%v\n%s", err, page)
	}
}

// TestEndings: a letter tells what ends soon if its recipient can renew it and no finding is about it.
func TestEndings(t *testing.T) {
	w := texts(t, "en")
	licence := finding(checks.ServerLicence, checks.OK, "", "")
	licence.Facts = &checks.ServerLicenceFacts{Licence: &serverprobe.Licence{Ends: noon.AddDate(0, 0, 40).Format(time.DateOnly)}}
	php := finding(checks.ServerPlatform, checks.OK, "", "")
	php.Facts = &checks.ServerPlatformFacts{Web: true, PHP: &serverprobe.PHPSettings{Version: "8.2.20"}}
	tls := finding(checks.PortalTLS, checks.Notice, checks.TLSExpiresSoon, checks.ServerAdmin)
	tls.Facts = &checks.TLSFacts{Addresses: []checks.TLSSeen{{Trust: &checks.Trust{}, Chain: []checks.Certificate{{CommonName: "portal", NotAfter: noon.AddDate(0, 0, 9)}}}}}
	results := []checks.Result{licence, php, tls, finding(checks.AppInstalled, checks.Problem, checks.AppInactive, checks.PortalAdmin)}
	for to, want := range map[checks.Owner][]string{
		checks.ServerAdmin: {"Security fixes of the PHP project for PHP 8.2: until 31 December 2026"},
		checks.PortalAdmin: {"Licence: until 2 January 2027"},
	} {
		l := write(t, w, results, to, run(t))
		for _, text := range []string{l.Body, l.Attached()} {
			for _, ending := range []string{"Security fixes of the PHP project for PHP 8.2: until 31 December 2026", "Licence: until 2 January 2027", "Certificate of portal: until"} {
				if strings.Contains(text, ending) != slices.Contains(want, ending) {
					t.Errorf("to %s: %q, expected %q in\n%s", to, ending, want, text)
				}
			}
		}
	}
}

// TestSupport: the address that requirements name is the letter's to the vendor, and nobody else's.
func TestSupport(t *testing.T) {
	w := texts(t, "en")
	results := append([]checks.Result{finding(checks.AppInstalled, checks.Problem, checks.AppPaymentRequired, checks.Vendor)}, broken...)
	for support, want := range map[string]struct{ text, url, header string }{
		"":                             {"Subject: ", "mailto:?", ""},
		"mailto:help@vendor.example":   {"To: help@vendor.example\nSubject: ", "mailto:help@vendor.example?", "To: help@vendor.example\r\n"},
		"https://vendor.example/help?": {"To: https://vendor.example/help?\nSubject: ", "mailto:?", ""},
	} {
		for _, to := range []checks.Owner{checks.Vendor, checks.ServerAdmin} {
			asked := run(t)
			asked.ID, asked.Support = "J0WR431Y", support
			l := write(t, w, results, to, asked)
			want := want
			if to != checks.Vendor {
				want.text, want.url, want.header = "Subject: ", "mailto:?", ""
			}
			url, _ := l.Mailto()
			if text := l.Text(w); !strings.HasPrefix(text, want.text) || !strings.HasPrefix(url, want.url) {
				t.Errorf("%s to %s: %.80q, %.80q", support, to, text, url)
			}
			head, _, _ := strings.Cut(string(l.EML(noon)), "\r\n\r\n")
			if strings.Contains(head, "\nTo:") != (want.header != "") || !strings.Contains(head, want.header) {
				t.Errorf("%s to %s: %s", support, to, head)
			}
			if !strings.HasSuffix(l.Subject, " [J0WR431Y]") {
				t.Errorf("the subject %q lacks the report's ID", l.Subject)
			}
		}
	}
}
