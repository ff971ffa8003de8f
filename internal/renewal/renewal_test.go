package renewal_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/renewal"

	"aead.dev/minisign"
)

// keys returns a pair of keys.
func keys(t *testing.T) (string, minisign.PrivateKey) {
	t.Helper()
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return public.String(), private
}

// zipped returns a catalogue of a day with rows.
func zipped(t *testing.T, date string, rows ...string) []byte {
	t.Helper()
	return packed(t, append([]string{"D\t1\t" + date}, rows...)...)
}

func packed(t *testing.T, rows ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(strings.Join(rows, "\n") + "\n"))
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// day is a day after that of the catalogue in use, or before.
func day(t *testing.T, after int) string {
	t.Helper()
	d, err := time.Parse(time.DateOnly, bitrix.CatalogueInfo().Date)
	if err != nil {
		t.Fatal(err)
	}
	return d.AddDate(0, 0, after).Format(time.DateOnly)
}

const method = "M\tcrm.new.thing\tcrm\tcrm\tany\t\t2\t\t\t\t\tapi-reference/crm/new-thing.html"

func hosts(host string) string {
	return `H	{"id":"ai","pack":"ai","regions":["cis"],"hosts":["` + host + `"],"ports":["tcp/443"],"directions":["portal-out"],"mark":"product code","source":"ai module","date":"2026-11"}`
}

// badFiles are files that are never taken over; sign signs what isn't nil.
func badFiles(t *testing.T) map[string]struct {
	data, signed []byte // signed is what the signature is of; nil for none
	other        bool   // the signature is of another key
	want         renewal.Code
} {
	type bad = struct {
		data, signed []byte
		other        bool
		want         renewal.Code
	}
	all := map[string]bad{}
	own := func(data []byte, want renewal.Code) bad { return bad{data, data, false, want} }
	good := zipped(t, day(t, 1), method)
	all["another key"] = bad{good, good, true, renewal.OtherKey}
	all["no signature"] = bad{good, nil, false, renewal.NoSignature}
	all["the signature of another file"] = bad{good, zipped(t, day(t, 2)), false, renewal.BadSignature}
	all["an older date"] = own(zipped(t, day(t, -1), method), renewal.Older)
	all["the same date"] = own(zipped(t, day(t, 0), method), renewal.SameDate)
	all["a day to come"] = own(zipped(t, time.Now().AddDate(0, 0, 3).Format(time.DateOnly), method), renewal.Future)
	all["cut off"] = own(good[:len(good)-12], renewal.Code(bitrix.FaultDamaged))
	all["huge"] = own(make([]byte, 1<<20+1), renewal.TooLarge)
	all["a gzip bomb"] = own(zipped(t, day(t, 1), strings.Repeat("\n", 64<<20)), renewal.Code(bitrix.FaultTooLong))
	all["a name twice"] = own(zipped(t, day(t, 1), method, method), renewal.Code(bitrix.FaultDuplicate))
	all["a host for secrets"] = own(zipped(t, day(t, 1), hosts("oauth.evil.example")), renewal.Code(bitrix.FaultSecretHost))
	all["an address to ask"] = own(zipped(t, day(t, 1), strings.Replace(hosts("x.example.com"), `"mark"`, `"urls":["https://x.example.com/"],"mark"`, 1)), renewal.Code(bitrix.FaultMalformed))
	all["control characters"] = own(zipped(t, day(t, 1), strings.Replace(method, "crm.new", "crm\x1b[2J", 1)), renewal.Code(bitrix.FaultControl))
	all["reversed text"] = own(zipped(t, day(t, 1), strings.Replace(method, "crm.new", "crm\u202e", 1)), renewal.Code(bitrix.FaultBidi))
	all["another format"] = own(packed(t, "D\t2\t"+day(t, 1)), renewal.Code(bitrix.FaultFormat))
	all["not UTF-8"] = own(zipped(t, day(t, 1), strings.Replace(method, "crm.new", "crm\xff", 1)), renewal.Code(bitrix.FaultEncoding))
	all["no row"] = own(zipped(t, day(t, 1), "nothing"), renewal.Code(bitrix.FaultMalformed))
	return all
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func codeOf(err error) renewal.Code {
	e, _ := errors.AsType[*renewal.Error](err)
	if e == nil {
		return ""
	}
	return e.Code
}

// No bad file is taken over: nothing is kept, and the data in use stays.
func TestBadFilesAreRefused(t *testing.T) {
	public, private := keys(t)
	_, otherKey := keys(t)
	before := bitrix.CatalogueInfo()
	for name, c := range badFiles(t) {
		t.Run(name, func(t *testing.T) {
			s := renewal.Source{Key: public, Folder: filepath.Join(t.TempDir(), "boxready")}
			path := filepath.Join(t.TempDir(), "catalogue.tsv.gz")
			write(t, path, c.data)
			if c.signed != nil {
				key := private
				if c.other {
					key = otherKey
				}
				write(t, path+".minisig", minisign.Sign(key, c.signed))
			}
			if _, err := s.FromFile(path, time.Now()); codeOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			if _, err := os.Stat(s.Folder); err == nil {
				t.Error("something is kept")
			}
		})
	}
	after := bitrix.CatalogueInfo()
	if after.Date != before.Date || after.Methods != before.Methods || after.Renewed.Key != "" {
		t.Errorf("the data in use has changed: %+v", after)
	}
}

func TestWithoutSettings(t *testing.T) {
	public, private := keys(t)
	good := zipped(t, day(t, 1), method)
	path := filepath.Join(t.TempDir(), "catalogue.tsv.gz")
	write(t, path, good)
	write(t, path+".minisig", minisign.Sign(private, good))
	for name, c := range map[string]struct {
		s    renewal.Source
		path string
		want renewal.Code
	}{
		"no key":           {renewal.Source{Folder: t.TempDir()}, path, renewal.NoKey},
		"a key that isn't": {renewal.Source{Key: "RWQ", Folder: t.TempDir()}, path, renewal.NoKey},
		"no file":          {renewal.Source{Key: public, Folder: t.TempDir()}, path + "x", renewal.NoFile},
		"no folder":        {renewal.Source{Key: public}, path, renewal.NotKept},
		"a file there":     {renewal.Source{Key: public, Folder: path}, path, renewal.NotKept},
	} {
		if _, err := c.s.FromFile(c.path, time.Now()); codeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := (renewal.Source{Key: public}).Download(t.Context(), http.DefaultClient, time.Now()); codeOf(err) != renewal.NoAddress {
		t.Errorf("without an address: %v", err)
	}
}

// What is kept is checked again whenever it is loaded. That a good copy is used is tested with the program, because a process
// reads its catalogue once.
func TestKeptCopyIsChecked(t *testing.T) {
	public, private := keys(t)
	other, _ := keys(t)
	s := renewal.Source{Key: public, Folder: t.TempDir()}
	if err := s.Load(); err != nil {
		t.Errorf("nothing is kept: %v", err)
	}
	if err := (renewal.Source{}).Load(); err != nil {
		t.Errorf("no folder: %v", err)
	}
	good := zipped(t, day(t, 1), method)
	path := filepath.Join(t.TempDir(), "catalogue.tsv.gz")
	write(t, path, good)
	write(t, path+".minisig", minisign.Sign(private, good))
	if date, err := s.FromFile(path, time.Now()); err != nil || date != day(t, 1) {
		t.Fatalf("%s, %v", date, err)
	}
	file := filepath.Join(s.Folder, "catalogue.json")
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(s.Folder); err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, %v", len(entries), err)
	}
	for name, c := range map[string]struct {
		key  string
		data []byte
		want renewal.Code
	}{
		"no JSON":       {public, []byte("{"), renewal.Code(bitrix.FaultDamaged)},
		"cut off":       {public, kept[:len(kept)/2], renewal.Code(bitrix.FaultDamaged)},
		"huge":          {public, make([]byte, 4<<20), renewal.NoFile},
		"empty":         {public, []byte("{}"), renewal.NoSignature},
		"changed":       {public, bytes.Replace(kept, []byte(`"catalogue":"H4sI`), []byte(`"catalogue":"H4sJ`), 1), renewal.BadSignature},
		"another key":   {other, kept, renewal.OtherKey},
		"no key at all": {"", kept, renewal.NoKey},
	} {
		write(t, file, c.data)
		if err := (renewal.Source{Key: c.key, Folder: s.Folder}).Load(); err == nil || err.Code != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestDownload(t *testing.T) {
	public, private := keys(t)
	good := zipped(t, day(t, 1), method)
	var asked []string
	mux := http.NewServeMux()
	serve := func(path string, status int, data []byte) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write(data)
		})
	}
	signature := minisign.Sign(private, good)
	for _, name := range []string{"/good", "/huge", "/gone", "/moved", "/down"} {
		serve(name+".minisig", http.StatusOK, signature)
	}
	serve("/good", http.StatusOK, good)
	serve("/huge", http.StatusOK, make([]byte, 1<<20+1))
	serve("/gone", http.StatusNotFound, nil)
	serve("/down", http.StatusServiceUnavailable, nil)
	serve("/unsigned", http.StatusOK, good)
	serve("/long-signature", http.StatusOK, good)
	serve("/long-signature.minisig", http.StatusOK, make([]byte, 5<<10))
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good", http.StatusFound) })
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.String())
		mux.ServeHTTP(w, r)
	}))
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	for name, c := range map[string]struct {
		address string
		want    renewal.Code
		asked   string
	}{
		"good":                      {server.URL + "/good", "", "GET /good.minisig, GET /good"},
		"too much":                  {server.URL + "/huge", renewal.TooLarge, "GET /huge.minisig, GET /huge"},
		"not found":                 {server.URL + "/gone", renewal.BadAnswer, "GET /gone.minisig, GET /gone"},
		"a redirect":                {server.URL + "/moved", renewal.Redirected, "GET /moved.minisig, GET /moved"},
		"an error of the server":    {server.URL + "/down", renewal.BadAnswer, "GET /down.minisig, GET /down"},
		"no signature":              {server.URL + "/unsigned", renewal.NoSignature, "GET /unsigned.minisig"},
		"a signature without end":   {server.URL + "/long-signature", renewal.TooLarge, "GET /long-signature.minisig"},
		"plain http":                {strings.Replace(server.URL, "https", "http", 1) + "/good", renewal.NoAnswer, ""},
		"no address":                {"catalogue", renewal.NoAnswer, ""},
		"nobody listens":            {"https://127.0.0.1:1/good", renewal.NoAnswer, ""},
		"a certificate of nobody's": {strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/good", renewal.NoAnswer, ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked = nil
			s := renewal.Source{Address: c.address, Key: public, Folder: filepath.Join(t.TempDir(), "boxready")}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := s.Download(ctx, client, time.Now())
			if codeOf(err) != c.want || (err == nil) != (c.want == "") {
				t.Errorf("%v, want %q", err, c.want)
			}
			if got := strings.Join(asked, ", "); got != c.asked {
				t.Errorf("asked %s, want %s", got, c.asked)
			}
			if _, err := os.Stat(s.Folder); (err == nil) != (c.want == "") {
				t.Errorf("kept: %v", err == nil)
			}
		})
	}
	asked = nil
	if _, err := (renewal.Source{Address: server.URL + "/good", Folder: t.TempDir()}).Download(t.Context(), client, time.Now()); codeOf(err) != renewal.NoKey || asked != nil {
		t.Errorf("without a key: %v, asked %v", err, asked)
	}
}
