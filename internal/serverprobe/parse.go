package serverprobe

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"

	"boxready/internal/lazyregexp"
)

// PasteReason is a stable code of why pasted text can't be read.
type PasteReason string

// The reasons.
const (
	PasteEmpty     PasteReason = "empty"
	PasteTooBig    PasteReason = "too-big"
	PasteScript    PasteReason = "script"     // the script was pasted, not what it prints
	PastePHPError  PasteReason = "php-error"  // an error message of PHP without an answer
	PasteNotLoaded PasteReason = "not-loaded" // on the command line, the product ended the script while it was being loaded
	PasteNoAnswer  PasteReason = "no-answer"  // the text has no answer in it
	PasteCutOff    PasteReason = "cut-off"    // the answer's end is missing
	PasteDamaged   PasteReason = "damaged"    // something in the middle is
	PasteNewer     PasteReason = "newer"      // the answer of a script of a newer BoxReady
)

// PasteError is the error of Parse.
type PasteError struct {
	Reason PasteReason
	Err    error // may be nil
}

func (e *PasteError) Error() string {
	if e.Err == nil {
		return "read the server probe's answer: " + string(e.Reason)
	}
	return fmt.Sprintf("read the server probe's answer: %s: %v", e.Reason, e.Err)
}

func (e *PasteError) Unwrap() error { return e.Err }

const (
	maxPasted = 32 << 20
	maxBlock  = 2 << 20 // between the markers
	maxJSON   = 8 << 20 // unpacked
	maxBlocks = 100
)

// The markers; mail and chat programs may have replaced or removed their dashes.
var (
	begin     = regexp.MustCompile(`BOXREADY\W{0,3}PROBE\W{0,3}BEGIN`)
	end       = regexp.MustCompile(`BOXREADY\W{0,3}PROBE\W{0,3}END`)
	notLoaded = regexp.MustCompile(`BOXREADY\W{0,3}PROBE\W{0,3}NOT\W{0,3}LOADED`)
)

const title = "title: BoxReady" // first line of the script for PHP

// Print writes an answer in the format of the scripts.
func Print(a *Answer) (string, error) {
	data, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("write an answer: %w", err)
	}
	return fmt.Sprintf("BOXREADY-PROBE-BEGIN\nv:%d;packed:no;sha256:%x;data:\n%s\n;\nBOXREADY-PROBE-END\n", Version, sha256.Sum256(data), base64.StdEncoding.EncodeToString(data)), nil
}

// Parse reads pasted text: answers of the scripts, with any text around them, and wrapped, quoted and
// escaped by mail and chat programs, or the log of the product's own system check. Of several answers of one kind, the last counts. The
// error is a *PasteError.
func Parse(pasted []byte) (*Probe, error) {
	switch {
	case len(pasted) > maxPasted:
		return nil, &PasteError{Reason: PasteTooBig}
	case len(bytes.TrimSpace(pasted)) == 0:
		return nil, &PasteError{Reason: PasteEmpty}
	}
	pasted = fromUTF16(pasted)
	answers := map[Kind]*Answer{}
	var failed error
	for rest, n := pasted, 0; n < maxBlocks; n++ {
		at := begin.FindIndex(rest)
		if at == nil {
			break
		}
		rest = rest[at[1]:]
		block := rest[:min(len(rest), maxBlock)]
		// The first answer may be cut off and be followed by another one.
		if next := begin.FindIndex(block); next != nil {
			block = block[:next[0]]
		}
		closing := end.FindIndex(block)
		if closing == nil {
			failed = &PasteError{Reason: PasteCutOff}
			continue
		}
		answer, err := readBlock(block[:closing[0]])
		if err != nil {
			failed = err
			continue
		}
		answers[answer.Kind] = answer
	}
	probe := &Probe{SystemCheck: readSystemCheck(pasted)}
	for _, kind := range Kinds() {
		if answers[kind] != nil {
			probe.add(answers[kind])
		}
	}
	switch {
	case len(probe.Kinds) > 0 || probe.SystemCheck != nil:
		return probe, nil
	case failed != nil:
		return nil, failed
	case notLoaded.Match(pasted):
		return nil, &PasteError{Reason: PasteNotLoaded}
	case bytes.Contains(pasted, []byte(title)):
		return nil, &PasteError{Reason: PasteScript}
	case bytes.Contains(pasted, []byte("Parse error")), bytes.Contains(pasted, []byte("Fatal error")):
		return nil, &PasteError{Reason: PastePHPError}
	}
	return nil, &PasteError{Reason: PasteNoAnswer}
}

// Read calls Parse with everything from in. Errors of in are returned unchanged.
func Read(in io.Reader) (*Probe, error) {
	pasted, err := io.ReadAll(io.LimitReader(in, maxPasted+1))
	if err != nil {
		return nil, err
	}
	return Parse(pasted)
}

// fromUTF16 converts the UTF-16 that PowerShell's > writes.
func fromUTF16(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte{0xff, 0xfe}) {
		return b
	}
	var out []byte
	for i := 2; i+1 < len(b); i += 2 {
		if b[i+1] == 0 {
			out = append(out, b[i])
		} else {
			out = append(out, '?') // an answer is in ASCII
		}
	}
	return out
}

var (
	tag         = lazyregexp.New(`<[^<>]{0,200}>`)
	notInAnswer = regexp.MustCompile(`[^A-Za-z0-9+/=:;.-]+`) // characters that no answer has: line breaks, quotation marks, invisible ones
)

// readBlock reads the text between the markers.
func readBlock(block []byte) (*Answer, error) {
	text := notInAnswer.ReplaceAllString(html.UnescapeString(tag().ReplaceAllString(string(block), "")), "")
	fields := map[string]string{}
	for _, field := range strings.Split(text, ";") {
		if name, value, ok := strings.Cut(field, ":"); ok {
			fields[name] = value
		}
	}
	damaged := func(err error) (*Answer, error) { return nil, &PasteError{PasteDamaged, err} }
	if v := fields["v"]; v != fmt.Sprint(Version) {
		if v == "" || strings.Trim(v, "0123456789") != "" {
			return damaged(errors.New("no version"))
		}
		return nil, &PasteError{Reason: PasteNewer}
	}
	packed, err := base64.StdEncoding.DecodeString(fields["data"])
	if err != nil {
		return damaged(err)
	}
	data := packed
	if fields["packed"] == "gzip" {
		if data, err = unpack(packed); err != nil {
			return damaged(err)
		}
	}
	// Without PHP's hash extension only the checksum of gzip protects the data.
	sum := sha256.Sum256(data)
	if want := fields["sha256"]; want != hex.EncodeToString(sum[:]) && (want != "" || fields["packed"] != "gzip") {
		return damaged(errors.New("checksum differs"))
	}
	a := &Answer{}
	if err := json.Unmarshal(data, a); err != nil {
		return damaged(err)
	}
	if !slices.Contains(Kinds(), a.Kind) || a.Time.IsZero() {
		return damaged(errors.New("no kind or no time"))
	}
	a.normalize()
	return a, nil
}

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxJSON+1))
	if err == nil && len(data) > maxJSON {
		err = errors.New("too much in it")
	}
	return data, err
}
