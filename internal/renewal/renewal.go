// Package renewal keeps a catalogue on this computer that is newer than the built-in one: it takes a file, or downloads it from the
// address that the packager set, and accepts it only with a signature in minisign's format (https://jedisct1.github.io/minisign/)
// by the packager's key. The signature is checked again whenever the kept copy is loaded.
package renewal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"boxready/internal/atomicfile"
	"boxready/internal/bitrix"
	"boxready/internal/untrusted"

	"aead.dev/minisign"
)

// Code is why a catalogue wasn't taken over, or why the kept one isn't used: one of these, or a bitrix.RenewalFault.
type Code string

// The codes besides bitrix's.
const (
	NoAddress    Code = "no-address"    // none was set when this program was built
	NoKey        Code = "no-key"        // none was set when this program was built, or it is no key
	NoFile       Code = "no-file"       // a file that can't be read
	NoAnswer     Code = "no-answer"     // the address can't be reached
	BadAnswer    Code = "bad-answer"    // the address answers with another status than 200
	Redirected   Code = "redirected"    // the address leads to another one
	TooLarge     Code = "too-large"     // more bytes than a catalogue has
	NoSignature  Code = "no-signature"  // there is none, or it isn't in minisign's format
	OtherKey     Code = "other-key"     // signed with another key
	BadSignature Code = "bad-signature" // of another file, or of another key with the same id
	Future       Code = "future"        // dated after today
	SameDate     Code = "same-date"     // not newer than the one in use
	Older        Code = "older"
	NotKept      Code = "not-kept" // it can't be written
)

// Error says why a catalogue wasn't taken over, or isn't used.
type Error struct {
	Code   Code
	From   string // address or file
	Date   string // of the catalogue, if it was read
	Status int    // HTTP status of BadAnswer
	Err    error  // nil if the code says all
}

func (e *Error) Error() string {
	return fmt.Sprintf("renew catalogue from %s: %s: %v", e.From, e.Code, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

const (
	maxBytes     = 1 << 20 // of a catalogue; the built-in one has 30 KB
	maxSignature = 4 << 10
	maxKept      = 2 * (maxBytes + maxSignature) // base64 and the rest
	suffix       = ".minisig"
)

// Source is where renewals come from and where they are kept. Its zero value has neither.
type Source struct {
	Address string // https; "" for none
	Key     string // minisign's public key, the line in base64; "" for none
	Folder  string // for the kept copy; "" keeps none
}

// kept is the copy in the folder, one file so that it is replaced as a whole.
type kept struct {
	From      string    `json:"from"`
	When      time.Time `json:"when"`
	Signature []byte    `json:"signature"`
	Catalogue []byte    `json:"catalogue"`
}

func (s Source) path() string { return filepath.Join(s.Folder, "catalogue.json") }

// Load installs the kept catalogue for the whole program, see bitrix.Use; one that isn't newer than the built-in one has no effect.
// There is no error if none is kept.
func (s Source) Load() *Error {
	if s.Folder == "" {
		return nil
	}
	data, err := readFile(s.path(), maxKept)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return &Error{Code: NoFile, From: s.path(), Err: err}
	}
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		return &Error{Code: Code(bitrix.FaultDamaged), From: s.path(), Err: err}
	}
	r, key, bad := s.read(k.Catalogue, k.Signature)
	if bad != nil {
		bad.From = s.path()
		return bad
	}
	bitrix.Use(r, bitrix.RenewalOrigin{From: untrusted.Truncate(untrusted.Line(k.From), 200), When: k.When, Key: key})
	return nil
}

// FromFile takes over a file, whose signature is in FILE.minisig, and returns its date. It is used from the next start on.
func (s Source) FromFile(path string, now time.Time) (string, error) {
	if _, err := s.key(); err != nil {
		return "", err
	}
	data, err := readFile(path, maxBytes)
	if errors.Is(err, errTooLarge) {
		return "", &Error{Code: TooLarge, From: path}
	}
	if err != nil {
		return "", &Error{Code: NoFile, From: path, Err: err}
	}
	signature, err := readFile(path+suffix, maxSignature)
	if err != nil {
		return "", &Error{Code: NoSignature, From: path, Err: err}
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return s.take(kept{From: path, When: now, Catalogue: data, Signature: signature})
}

// Download takes over what is at the address, with the signature at the same address and ".minisig", and returns its date. client
// must not follow redirects. At most two requests are made.
func (s Source) Download(ctx context.Context, client *http.Client, now time.Time) (string, error) {
	if s.Address == "" {
		return "", &Error{Code: NoAddress}
	}
	if _, err := s.key(); err != nil {
		return "", err
	}
	// The signature first, because it is short.
	signature, err := s.get(ctx, client, suffix, maxSignature)
	if err != nil {
		return "", err
	}
	data, err := s.get(ctx, client, "", maxBytes)
	if err != nil {
		return "", err
	}
	return s.take(kept{From: s.Address, When: now, Catalogue: data, Signature: signature})
}

// get downloads the file at the address with a suffix of its path.
func (s Source) get(ctx context.Context, client *http.Client, suffix string, limit int64) ([]byte, error) {
	fail := func(code Code, err error) ([]byte, error) { return nil, &Error{Code: code, From: s.Address, Err: err} }
	at, err := url.Parse(s.Address)
	if err != nil || at.Scheme != "https" || at.Host == "" {
		return fail(NoAnswer, errors.New("the address isn't https"))
	}
	at.Path += suffix
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return fail(NoAnswer, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return fail(NoAnswer, err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode/100 == 3:
		return fail(Redirected, nil)
	case response.StatusCode == http.StatusNotFound && suffix != "":
		return fail(NoSignature, nil)
	case response.StatusCode != http.StatusOK:
		return nil, &Error{Code: BadAnswer, From: s.Address, Status: response.StatusCode}
	}
	data, err := readAll(response.Body, limit)
	switch {
	case errors.Is(err, errTooLarge):
		return fail(TooLarge, nil)
	case err != nil:
		return fail(NoAnswer, err)
	}
	return data, nil
}

// take keeps a catalogue that is signed, valid and newer than the one in use.
func (s Source) take(k kept) (string, error) {
	r, _, bad := s.read(k.Catalogue, k.Signature)
	if bad != nil {
		bad.From = k.From
		return "", bad
	}
	fail := func(code Code, err error) (string, error) {
		return "", &Error{Code: code, From: k.From, Date: r.Date(), Err: err}
	}
	switch inUse := bitrix.CatalogueInfo().Date; {
	case r.Date() > k.When.UTC().AddDate(0, 0, 1).Format(time.DateOnly): // a clock may be in another time zone
		return fail(Future, nil)
	case r.Date() == inUse:
		return fail(SameDate, nil)
	case r.Date() < inUse:
		return fail(Older, nil)
	case s.Folder == "":
		return fail(NotKept, errors.New("there is no folder for it"))
	}
	if err := k.write(s.path()); err != nil {
		return fail(NotKept, err)
	}
	return r.Date(), nil
}

// write replaces the file at once.
func (k kept) write(path string) error {
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return atomicfile.Keep(path, data)
}

// key parses the packager's key.
func (s Source) key() (key minisign.PublicKey, _ error) {
	if err := key.UnmarshalText([]byte(s.Key)); err != nil {
		return key, &Error{Code: NoKey, Err: err}
	}
	return key, nil
}

// read checks the signature and then the content. key is the id of the key.
func (s Source) read(data, signature []byte) (r *bitrix.Renewal, key string, _ *Error) {
	public, err := s.key()
	if err != nil {
		return nil, "", &Error{Code: NoKey, Err: err}
	}
	var signed minisign.Signature
	if err := signed.UnmarshalText(signature); err != nil {
		return nil, "", &Error{Code: NoSignature, Err: err}
	}
	switch {
	case signed.KeyID != public.ID():
		return nil, "", &Error{Code: OtherKey}
	case !minisign.Verify(public, data, signature):
		return nil, "", &Error{Code: BadSignature}
	}
	r, err = bitrix.ParseRenewal(data)
	if invalid, ok := errors.AsType[*bitrix.RenewalError](err); ok {
		return nil, "", &Error{Code: Code(invalid.Fault), Err: err}
	}
	return r, strings.ToUpper(fmt.Sprintf("%016x", public.ID())), nil
}

var errTooLarge = errors.New("more bytes than it may have")

func readFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path) // #nosec G304 -- the user names it
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, limit)
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errTooLarge
	}
	return data, err
}
