package report

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"boxready/checks"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"boxready/internal/lazyregexp"
	"boxready/internal/untrusted"
	"boxready/internal/view"
)

// ReadReason is why a file could not be read as a report: a stable code.
type ReadReason string

// The reasons.
const (
	ReadMissing  ReadReason = "missing"
	ReadRefused  ReadReason = "refused" // no permission
	ReadNoReport ReadReason = "no-report"
	ReadTooBig   ReadReason = "too-big"
	ReadDamaged  ReadReason = "damaged" // a damaged report
	ReadForeign  ReadReason = "foreign" // of a version of BoxReady with another schema
)

// ReadError means that a file could not be read as a report.
type ReadError struct {
	Reason ReadReason
	Path   string
	Schema int   // of the report, if that is the reason
	Err    error // may be nil
}

func (e *ReadError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("read the report %s: %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("read the report %s: %s: %v", e.Path, e.Reason, e.Err)
}

func (e *ReadError) Unwrap() error { return e.Err }

// A report is untrusted input. These limits are far beyond any run's report.
const (
	maxZipBytes  = 8 << 20
	maxPageBytes = 32 << 20
	maxDataBytes = 8 << 20 // of a file in a zip, unpacked
	maxResults   = 5000
	maxWords     = 4000 // characters of one text
	maxDepth     = 32   // of lists and objects in each other
	maxValues    = 100_000
)

// Saved is a report read back.
type Saved struct {
	Document
	// Altered are the files of a zip that don't match its manifest.
	Altered []string
}

// Outside returns the run as a run from the internet.
func (s *Saved) Outside() *checks.Outside {
	outside := &checks.Outside{Made: s.Started}
	for _, e := range s.Results {
		outside.Results = append(outside.Results, checks.Result{Check: e.Check, State: e.State, Cause: e.Cause, Vantage: e.Vantage, Facts: e.Facts})
	}
	return outside
}

// Read reads a report that BoxReady, of this or another version, saved: the zip, report.html, or report.json. Nothing in it is
// trusted; the result has no control characters and no invalid codes. The error is a *ReadError.
func Read(path string) (*Saved, error) {
	data, altered, err := readData(path, true)
	if err != nil {
		return nil, readError(path, err)
	}
	s, err := ReadLine(data)
	if err != nil {
		return nil, readError(path, err)
	}
	s.Altered = altered
	return s, nil
}

// ReadLine reads a report from a line of a file with many, see Read. The error is a *ReadError.
func ReadLine(line []byte) (*Saved, error) {
	var s Saved
	var err error
	if s.Document, s.Results, err = decode[Entry](line); err == nil {
		err = s.clean()
	}
	if err != nil {
		return nil, readError("", err)
	}
	return &s, nil
}

func readError(path string, err error) error {
	var known *ReadError
	if errors.As(err, &known) {
		known.Path = path
		return known
	}
	reason := ReadDamaged
	switch {
	case errors.Is(err, fs.ErrNotExist):
		reason = ReadMissing
	case errors.Is(err, fs.ErrPermission):
		reason = ReadRefused
	}
	return &ReadError{Reason: reason, Path: path, Err: err}
}

// readData returns a report's JSON from any format, and if verify is true, which files of a bundle were altered.
func readData(path string, verify bool) (data []byte, altered []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, &ReadError{Reason: ReadNoReport} // opening a pipe would block
	}
	file, err := os.Open(path) // #nosec G304 -- the user names it
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	start := make([]byte, 512)
	n, err := io.ReadFull(file, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	start = bytes.TrimLeft(bytes.TrimPrefix(start[:n], []byte("\ufeff")), " \t\r\n")
	switch {
	case bytes.HasPrefix(start, []byte("PK")):
		return readZip(file, info.Size(), verify)
	case bytes.HasPrefix(start, []byte("{")):
		data, err = limited(io.NewSectionReader(file, 0, info.Size()))
		return bytes.TrimPrefix(data, []byte("\ufeff")), nil, err
	case bytes.HasPrefix(bytes.ToLower(start), []byte("<!doctype html")):
		data, err = readPage(io.LimitReader(io.NewSectionReader(file, 0, info.Size()), maxPageBytes))
		return data, nil, err
	}
	return nil, nil, &ReadError{Reason: ReadNoReport}
}

// limited reads all, up to the limit of a report's size.
func limited(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDataBytes+1))
	if err == nil && len(data) > maxDataBytes {
		err = &ReadError{Reason: ReadTooBig}
	}
	return data, err
}

// readZip reads the data of a bundle and compares its files with the manifest. Nothing is written to the disk, and only files
// that a bundle has are read.
func readZip(file io.ReaderAt, size int64, verify bool) (data []byte, altered []string, err error) {
	if size > maxZipBytes {
		return nil, nil, &ReadError{Reason: ReadTooBig}
	}
	z, err := zip.NewReader(file, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, nil, err
	}
	read := func(name string) ([]byte, error) { return unzip(z, name) }
	if data, err = read(JSONFile); err != nil {
		return nil, nil, err
	}
	if data == nil {
		return nil, nil, &ReadError{Reason: ReadNoReport}
	}
	if !verify {
		return data, nil, nil
	}
	manifest, err := read(ManifestFile)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range filesIn(z, manifest) {
		if name == ManifestFile {
			continue
		}
		content, err := read(name)
		if err != nil {
			return nil, nil, err
		}
		line := fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name)
		listed := bytes.Contains(manifest, []byte("  "+name+"\n"))
		if (content != nil || listed) && !bytes.Contains(manifest, []byte(line)) {
			altered = append(altered, name)
		}
	}
	return data, altered, nil
}

// filesIn are the names of the files that a bundle may have, with the letters that are in this one or in its manifest.
func filesIn(z *zip.Reader, manifest []byte) []string {
	var letters []string
	add := func(name string) {
		if IsLetter(name) && !slices.Contains(letters, name) && len(letters) < mostLetters {
			letters = append(letters, name)
		}
	}
	for _, f := range z.File {
		add(f.Name)
	}
	for line := range bytes.Lines(manifest) {
		_, name, _ := strings.Cut(strings.TrimSpace(string(line)), "  ")
		add(name)
	}
	return slices.Concat([]string{HTMLFile, JSONFile, SummaryFile}, letters, []string{LogFile, HiddenFile, ManifestFile})
}

// mostLetters is more than there are recipients.
const mostLetters = 20

// unzip returns one file of a zip, or nil.
func unzip(z *zip.Reader, name string) ([]byte, error) {
	var found *zip.File
	for _, f := range z.File {
		if f.Name == name && found != nil {
			return nil, &ReadError{Reason: ReadDamaged} // duplicate: other programs may read the other one
		}
		if f.Name == name {
			found = f
		}
	}
	if found == nil {
		return nil, nil
	}
	unpacked, err := found.Open()
	if err != nil {
		return nil, err
	}
	defer unpacked.Close()
	return limited(unpacked)
}

// ReadFiles returns the files of a report that Read has read, as they are: a bundle's, or the one that it consists of. The error is a
// *ReadError.
func ReadFiles(path string) ([]File, error) {
	// Of a page, Read reads only as far as its data.
	if info, err := os.Stat(path); err == nil && info.Size() > maxPageBytes {
		return nil, readError(path, &ReadError{Reason: ReadTooBig})
	}
	data, err := os.ReadFile(path) // #nosec G304 -- the user names it
	if err != nil {
		return nil, readError(path, err)
	}
	if !bytes.HasPrefix(data, []byte("PK")) {
		return []File{{filepath.Base(path), data}}, nil
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, readError(path, err)
	}
	var files []File
	for _, name := range filesIn(z, nil) {
		content, err := unzip(z, name)
		if err != nil {
			return nil, readError(path, err)
		}
		if content != nil {
			files = append(files, File{name, content})
		}
	}
	return files, nil
}

// readPage reads the data from a template element of report.html.
func readPage(r io.Reader) ([]byte, error) {
	page := html.NewTokenizer(r)
	page.SetMaxBuf(maxDataBytes)
	for {
		switch page.Next() {
		case html.ErrorToken:
			if errors.Is(page.Err(), html.ErrBufferExceeded) {
				return nil, &ReadError{Reason: ReadTooBig}
			}
			return nil, &ReadError{Reason: ReadNoReport}
		case html.StartTagToken:
			tag := page.Token()
			if tag.DataAtom == atom.Template && len(tag.Attr) == 1 && tag.Attr[0].Val == dataElement && page.Next() == html.TextToken {
				return page.Text(), nil
			}
		}
	}
}

// dataElement is the id of the element in report.html with the data.
const dataElement = "boxready-report"

// decode reads a report's JSON, and of every result the fields of R.
func decode[R any](data []byte) (d Document, results []R, err error) {
	var saved struct {
		Document
		Schema     *int            `json:"schema"`
		Counts     json.RawMessage `json:"counts"` // recounted
		NotChecked json.RawMessage `json:"not_checked"`
		Baseline   json.RawMessage `json:"baseline"`
		Endings    json.RawMessage `json:"endings"` // found again, in the facts
		Results    json.RawMessage `json:"results"`
	}
	if err := checkSize(data); err != nil {
		return d, nil, err
	}
	if err := json.Unmarshal(data, &saved); err != nil {
		return d, nil, &ReadError{Reason: ReadDamaged, Err: err}
	}
	switch {
	case saved.Schema == nil || saved.Tool.Name != "boxready":
		return d, nil, &ReadError{Reason: ReadNoReport}
	case *saved.Schema != SchemaVersion:
		return d, nil, &ReadError{Reason: ReadForeign, Schema: *saved.Schema}
	}
	d = saved.Document
	d.Schema, d.ID = *saved.Schema, view.RunID(d.Started, d.Finished)
	if d.NotChecked, err = list[NotChecked](saved.NotChecked); err != nil {
		return d, nil, err
	}
	results, err = list[R](saved.Results)
	return d, results, err
}

// checkSize refuses JSON with more in it than any report has, before anything is made of it: a few bytes become a value with a path.
func checkSize(data []byte) error {
	depth, values, text := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			depth++
			values++
		case c == '}' || c == ']':
			depth--
		case c == ',':
			values++
		}
		if depth > maxDepth || values > maxValues {
			return &ReadError{Reason: ReadTooBig}
		}
	}
	return nil
}

// list reads a list element by element: in an untrusted file there may be millions of empty ones.
func list[T any](data json.RawMessage) ([]T, error) {
	elements := []T{}
	if data == nil {
		return elements, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
		return nil, &ReadError{Reason: ReadDamaged, Err: err}
	}
	for decoder.More() {
		if len(elements) == maxResults {
			return nil, &ReadError{Reason: ReadTooBig}
		}
		var element T
		if err := decoder.Decode(&element); err != nil {
			return nil, &ReadError{Reason: ReadDamaged, Err: err}
		}
		elements = append(elements, element)
	}
	return elements, nil
}

// UnmarshalJSON keeps the facts as JSON: their type depends on the check and on the version.
func (e *Entry) UnmarshalJSON(data []byte) error {
	type plain Entry
	saved := struct {
		*plain
		Facts json.RawMessage `json:"facts"`
	}{plain: (*plain)(e)}
	if err := json.Unmarshal(data, &saved); err != nil {
		return err
	}
	e.Facts = saved.Facts
	return nil
}

var isCode = lazyregexp.New(`^[a-z0-9-]{0,64}$`)

// clean makes the texts of an untrusted report safe to show, and rejects what isn't a report.
func (s *Document) clean() error {
	codes := []string{string(s.Verdict)}
	for _, n := range s.NotChecked {
		codes = append(codes, string(n.Check), string(n.Reason))
	}
	s.Counts, s.Acknowledged = map[checks.State]int{}, 0
	for i := range s.Results {
		e := &s.Results[i]
		if e.State.Severity() == 0 || e.Check == "" {
			return &ReadError{Reason: ReadDamaged, Err: fmt.Errorf("result %d has no state or no check", i+1)}
		}
		e.cleanAcknowledged(s.Finished)
		if e.Acknowledged == nil {
			s.Counts[e.State]++
		} else {
			s.Acknowledged++
		}
		codes = append(codes, string(e.Check), string(e.Cause), string(e.Because), string(e.Vantage), string(e.Owner))
		for _, a := range e.Affects {
			codes = append(codes, string(a))
		}
		e.Title, e.Text = short(e.Title), short(e.Text)
		for j := range e.Steps {
			e.Steps[j] = short(e.Steps[j])
		}
		if e.More = short(e.More); !strings.HasPrefix(e.More, "https://") {
			e.More = ""
		}
	}
	for _, c := range codes {
		if !isCode().MatchString(c) {
			return &ReadError{Reason: ReadDamaged, Err: fmt.Errorf("%q is no code", short(c))}
		}
	}
	s.Portal, s.Tool.Version, s.Tool.Catalogue = short(s.Portal), short(s.Tool.Version), short(s.Tool.Catalogue)
	return nil
}

// cleanAcknowledged drops what no run could have: only a finding is acknowledged, with a reason, and not longer than the run says.
func (e *Entry) cleanAcknowledged(finished time.Time) {
	a := e.Acknowledged
	if a == nil {
		return
	}
	if a.Reason = short(a.Reason); a.Reason == "" || !e.State.IsFinding() || !a.Until.IsZero() && !finished.Before(a.Until) {
		e.Acknowledged = nil
	}
}

// short makes an untrusted text safe to show.
func short(s string) string { return untrusted.Truncate(untrusted.Line(s), maxWords) }
