package allowlist_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/requirements"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the files that the tests compare with")

// A sample is the rules for one region and one place of the handlers.
type sample struct {
	name string
	*allowlist.Rules
}

func samples(t testing.TB) (all []sample) {
	for _, region := range append(bitrix.Regions(), "") {
		for _, place := range allowlist.Places() {
			o := options()
			o.Region, o.Handlers = region, place
			if place == requirements.Custom {
				o.PortalIP, o.HandlerIP = netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("10.0.0.6")
			}
			o.Outcome = &checks.Outcome{Finished: noon, Results: []checks.Result{
				{Check: checks.PortalTCP, State: checks.OK, Vantage: checks.FromComputer},
				{Check: checks.AuthServerFromPortal, State: checks.Problem, Cause: checks.AuthServerUnreachable, Vantage: checks.FromPortal},
			}}
			name := string(region)
			if name == "" {
				name = "both"
			}
			all = append(all, sample{fmt.Sprintf("%s-%s", name, place), rules(t, o)})
		}
	}
	o := options()
	o.Handlers, o.Lists = requirements.LAN, nil
	return append(all, sample{"cis-lan-without-list", rules(t, o)})
}

var parts = []allowlist.Part{allowlist.Add, allowlist.Refresh, allowlist.Remove}

// file is a file written from a sample.
type file struct {
	sample string
	of     allowlist.Equipment
	part   allowlist.Part
	text   string
}

var (
	once  sync.Once
	files []file
)

// written returns all files of all samples.
func written(t testing.TB) []file {
	once.Do(func() {
		for _, s := range samples(t) {
			for _, e := range allowlist.Equipments() {
				for _, part := range parts {
					if s.Has(e, part) {
						files = append(files, file{s.name, e, part, write(t, s.Rules, e, part, "ru")})
					}
				}
			}
		}
	})
	return files
}

// All files, byte for byte; go test ./internal/allowlist -run TestGolden -update rewrites them.
func TestGolden(t *testing.T) {
	archives := map[string]*txtar.Archive{}
	put := func(archive, name, text string) {
		if archives[archive] == nil {
			archives[archive] = &txtar.Archive{}
		}
		archives[archive].Files = append(archives[archive].Files, txtar.File{Name: name, Data: []byte(text)})
	}
	for _, s := range samples(t) {
		for _, lang := range []string{"ru", "en"} {
			l := letter(t, s.Rules, lang)
			put(s.name, "letter."+lang+".txt", l.Text())
			if page, err := l.HTML(); err != nil {
				t.Fatal(err)
			} else if s.name == "cis-lan" {
				put(s.name, "letter."+lang+".html", page)
			}
		}
	}
	for _, f := range written(t) {
		put(f.sample, fmt.Sprintf("%s/%s", f.of, f.of.FileName(f.part)), f.text)
	}
	for name, archive := range archives {
		file := filepath.Join("testdata", "golden", name+".txtar")
		got := txtar.Format(archive)
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("%s (-want +got):\n%s", file, cmp.Diff(string(want), string(got)))
		}
	}
}
