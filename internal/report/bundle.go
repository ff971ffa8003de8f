package report

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/lazyregexp"
	"boxready/internal/secret"
	"boxready/internal/words"
)

// Contents are what goes into a report for support.
type Contents struct {
	Outcome *checks.Outcome
	Hide    []Category // categories to replace by tokens; Categories() for all
	// Letters writes the letters of the run, see IsLetter, without what hide hides; nil for none.
	Letters func(hide func(string) string) []File
	Secrets []secret.String // in use besides the target's own; none may be in the report
}

// The files of a bundle.
const (
	HTMLFile     = "report.html"
	JSONFile     = "report.json"
	SummaryFile  = "summary.txt"
	LetterFile   = "letter.txt" // to the person who has to act first; see IsLetter
	HiddenFile   = "hidden.txt"
	LogFile      = "log.jsonl"
	ManifestFile = "manifest.sha256"
)

var letterName = lazyregexp.New(`^letter(-[a-z0-9-]{1,40})?\.(txt|eml)$`)

// IsLetter reports whether a file of a bundle is a letter: letter.txt is the one to the person who has to act first, others have the
// recipient in their names; each is also there as a message for a mail program.
func IsLetter(name string) bool { return letterName().MatchString(name) }

// File is one file of a bundle.
type File struct {
	Name string
	Data []byte
}

// Bundle is a report for support that is ready to be saved: its files are saved byte for byte as shown.
type Bundle struct {
	Name    string // of the zip: <portal>-<date>-<time>-<ID of the run>.boxready.zip, in local time
	ID      string // of the run
	Files   []File
	Names   []Name   // the identifying values, hidden or not; for the owner only
	Secrets int      // number of secrets searched for
	Blanks  []string // where one was found and what stood there was replaced: a check's id and the path of a fact, or a file's name
	made    time.Time
}

// LeakError means that something wasn't written because it would contain a secret that could not be replaced.
type LeakError struct {
	File string // that would contain it
}

func (e *LeakError) Error() string { return "a secret would be in " + e.File + " of the report" }

// Bundle makes the report. The error is a *LeakError, or an error of BoxReady's own.
func (p *Reporter) Bundle(c Contents) (*Bundle, error) {
	known := secret.NewScanner(append(c.Outcome.Target.Secrets(), c.Secrets...)...)
	b, err := p.bundle(c, known.Number, nothingBlanked())
	if err != nil || !slices.ContainsFunc(append(b.Files, File{Data: []byte(b.Name)}), func(f File) bool { return known.Finds(f.Data) }) {
		return b, err
	}
	// Value by value, which takes longer.
	return p.bundle(c, known.Number, &blanker{known: known})
}

// bundle makes the report without what leaks finds; secrets are as many as are looked for.
func (p *Reporter) bundle(c Contents, secrets int, leaks *blanker) (*Bundle, error) {
	h := newHider(c.Outcome.Target.Address, c.Hide)
	n := p.run(c.Outcome, h, leaks)
	b := &Bundle{Name: FileName(n.Portal) + "-" + n.Started.Local().Format(nameFormat) + "-" + n.ID + nameEnding, ID: n.ID, made: n.Finished}
	b.Secrets, b.Blanks = secrets, leaks.blanks

	var data, indented, log bytes.Buffer
	if err := WriteJSON(&data, n.Document, false); err != nil {
		return nil, err
	}
	if err := json.Indent(&indented, data.Bytes(), "", "  "); err != nil {
		return nil, fmt.Errorf("write %s: %w", JSONFile, err)
	}
	requests := n.requests()
	for _, r := range requests {
		if err := WriteJSON(&log, r, false); err != nil {
			return nil, err
		}
	}
	var letters []File
	if c.Letters != nil {
		letters = c.Letters(h.text)
	}
	b.Names = h.found() // complete only here
	var page bytes.Buffer
	if err := p.writeHTML(&page, n, requests, b, data.Bytes()); err != nil {
		return nil, err
	}
	b.add(HTMLFile, page.Bytes())
	b.add(JSONFile, indented.Bytes())
	b.add(SummaryFile, []byte(p.summary(n, b)))
	b.Files = append(b.Files, letters...)
	b.add(LogFile, log.Bytes())
	return b, p.finish(b, leaks)
}

// finish looks for secrets in the files, and adds those about the others.
func (p *Reporter) finish(b *Bundle, leaks *blanker) error {
	for i := range b.Files {
		if err := leaks.file(&b.Files[i]); err != nil {
			return err
		}
	}
	if leaks.known.Finds([]byte(b.Name)) {
		leaks.note("*.zip")
		b.Name = b.made.Local().Format(nameFormat) + "-" + b.ID + nameEnding
	}
	b.Blanks = leaks.blanks
	b.add(HiddenFile, []byte(p.hidden(b)))
	if err := leaks.file(&b.Files[len(b.Files)-1]); err != nil {
		return err
	}
	var manifest bytes.Buffer
	for _, f := range b.Files {
		fmt.Fprintf(&manifest, "%x  %s\n", sha256.Sum256(f.Data), f.Name)
	}
	b.add(ManifestFile, manifest.Bytes())
	return nil
}

const (
	nameFormat = "2006-01-02-1504"
	nameEnding = ".boxready.zip"
)

func (b *Bundle) add(name string, data []byte) { b.Files = append(b.Files, File{name, data}) }

// File returns one of the files, or nil.
func (b *Bundle) File(name string) []byte {
	if i := slices.IndexFunc(b.Files, func(f File) bool { return f.Name == name }); i >= 0 {
		return b.Files[i].Data
	}
	return nil
}

// WriteZip writes all files as a zip, the same bytes for the same files.
func (b *Bundle) WriteZip(w io.Writer) error {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for _, f := range b.Files {
		// Times in a zip have no zone, so UTC.
		entry, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: b.made.UTC().Truncate(time.Second)})
		if err != nil {
			return fmt.Errorf("write %s into the zip: %w", f.Name, err)
		}
		if _, err := entry.Write(f.Data); err != nil {
			return fmt.Errorf("write %s into the zip: %w", f.Name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("write the zip: %w", err)
	}
	return nil
}

var notInNames = lazyregexp.New(`[^a-z0-9.-]+`)

// FileName makes a portal's address a valid part of a file name on any system.
func FileName(portal string) string {
	const most = 80
	name := notInNames().ReplaceAllString(strings.ToLower(strings.TrimPrefix(portal, "https://")), "-")
	return strings.Trim(name[:min(len(name), most)], "-.")
}

// hidden is the text about what was hidden, and why.
func (p *Reporter) hidden(b *Bundle) string {
	return p.Words.Say("report.hidden.title", nil) + "\n\n" + strings.Join(p.hiddenLines(b), "\n\n") + "\n"
}

// Searched says what was looked for in the report, and where it was found and left out.
func (b *Bundle) Searched(w *words.Texts) string {
	const most = 10
	switch {
	case len(b.Blanks) > 0:
		places := strings.Join(b.Blanks[:min(len(b.Blanks), most)], ", ")
		return w.Say("report.hidden.blanked", checks.Args{"places": places, "more": max(len(b.Blanks)-most, 0)})
	case b.Secrets > 0:
		return w.Count("report.hidden.scan", b.Secrets)
	}
	return w.Say("report.hidden.nothing-to-scan", nil)
}

func (p *Reporter) hiddenLines(b *Bundle) []string {
	say := func(key string, args checks.Args) string { return p.Words.Say("report.hidden."+key, args) }
	lines := []string{say("secrets", nil) + " " + b.Searched(p.Words)}
	for _, c := range Categories() {
		tokens, hides := b.tokens(c)
		lines = append(lines, say(string(c), checks.Args{"tokens": abridged(tokens), "count": len(tokens), "hidden": hides}))
	}
	return append(lines, say("masked", checks.Args{"mask": mask}))
}

// abridged reduces many tokens of one kind to the first and the last.
func abridged(tokens []string) []string {
	const few = 3
	var stems []string
	byStem := map[string][]string{}
	for _, token := range tokens {
		stem := token[:strings.LastIndexByte(token, '-')]
		if byStem[stem] == nil {
			stems = append(stems, stem)
		}
		byStem[stem] = append(byStem[stem], token)
	}
	var short []string
	for _, stem := range stems {
		list := byStem[stem]
		if len(list) > few {
			list = []string{list[0] + "…" + list[len(list)-1]}
		}
		short = append(short, list...)
	}
	return short
}

// tokens returns those of a category, and whether they replace its values in the report.
func (b *Bundle) tokens(c Category) (tokens []string, hides bool) {
	for _, n := range b.Names {
		if n.Category == c {
			tokens, hides = append(tokens, n.Token), n.Hidden
		}
	}
	return tokens, hides
}
