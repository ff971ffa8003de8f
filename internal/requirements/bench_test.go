package requirements_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/growth"
	"boxready/internal/requirements"
	"boxready/internal/requirements/scan"
)

func median(times []time.Duration) time.Duration {
	times = slices.Clone(times)
	slices.Sort(times)
	return times[len(times)/2]
}

// BenchmarkJudge judges 5000 required methods, those of the catalogue and misspelt ones, on a portal that has every second.
func BenchmarkJudge(b *testing.B) {
	ms := judgeTime(b, 5000)
	b.ReportMetric(ms, "ms")
	if ms >= 5 {
		b.Errorf("%.1f ms for 5000 methods; less than 5", ms)
	}
}

// BenchmarkJudgeGrowth measures how the time grows with the number of required methods.
func BenchmarkJudgeGrowth(b *testing.B) {
	sizes := []int{1250, 2500, 5000, 10_000, 20_000}
	var times []float64
	for _, n := range sizes {
		times = append(times, judgeTime(b, n))
		b.Logf("%5d methods: %.2f ms", n, times[len(times)-1])
	}
	e := growth.Exponent(sizes, times)
	b.ReportMetric(e, "exponent")
	if e > 1.3 {
		b.Errorf("the time grows with the %.2f-th power of the number of methods; at most 1.3", e)
	}
}

// judgeTime is how many milliseconds it takes to judge n required methods.
func judgeTime(b *testing.B, n int) float64 {
	b.Helper()
	r := &requirements.Requirements{}
	for m := range bitrix.Methods() {
		r.Methods = append(r.Methods, m.Name)
	}
	for i, known := 0, len(r.Methods); len(r.Methods) < n; i++ {
		name := r.Methods[i%known]
		r.Methods = append(r.Methods, fmt.Sprintf("%s%c", name[:len(name)-1], 'a'+rune(i/known)))
	}
	r.Methods = r.Methods[:n]
	inv := portal()
	for i, name := range r.Methods {
		inv.Existing[strings.ToLower(name)] = i%2 == 0
	}
	var times []time.Duration
	for range 100 { // the shortest counts: it is the least disturbed by other processes
		start := time.Now()
		if found := requirements.Resolve(r, inv); len(found) == 0 {
			b.Fatal("nothing found")
		}
		times = append(times, time.Since(start))
	}
	return float64(slices.Min(times).Microseconds()) / 1000
}

// sources are pieces of source code that are difficult for the scanner.
var sources = map[string]struct{ file, piece string }{
	"code":       {"a.php", "<?php $x = $this->client->call('crm.deal.list', ['filter' => ['ID' => $id]]); // comment\n/* more */ $y = \"{$a['b']}\";\n"},
	"minified":   {"a.js", `function(e){return BX24.callMethod("crm.deal.list",{filter:{ID:e}},(function(e){a=/['"]/g,u(e.data(),'it\'s')}))},`},
	"open-quote": {"a.php", "<?php $x = 'never closed "},
	"brackets":   {"a.js", "(([{"},
	"quotes":     {"a.py", `"'"`},
	"slashes":    {"a.js", `"/a/b/rest/c/`},
	"joined":     {"a.js", "'a'+"},
	"inside":     {"a.js", "`${"},
	"heredocs":   {"a.rb", "x(<<A, <<B) "},
	"dots":       {"a.json", `"crm.crm.crm.`},
	"yaml":       {"a.yaml", "- crm.deal.list # x\n"},
}

// Time grows linearly with the size of any source, memory doesn't grow.
func BenchmarkScan(b *testing.B) {
	const size = 1 << 20
	for name, source := range sources {
		b.Run(name, func(b *testing.B) {
			var small, large []time.Duration
			for b.Loop() {
				small = append(small, scanTime(b, source.file, source.piece, size))
				large = append(large, scanTime(b, source.file, source.piece, 8*size))
			}
			ratio := float64(median(large)) / float64(median(small)) / 8
			b.ReportMetric(ratio, "×linear")
			b.ReportMetric(float64(8*size)/median(large).Seconds()/(1<<20), "MB/s")
			if ratio > 1.5 {
				b.Errorf("8 times the source takes %.1f times the time", 8*ratio)
			}
		})
	}
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			peak := uint64(0)
			dir := syntheticFiles{"a.php": {sources["code"].piece, 64 * size}, "b.js": {sources["minified"].piece, 64 * size}, "c.php": {sources["open-quote"].piece, 64 * size}}
			_, err := scan.Dir(context.Background(), dir.withWatcher(func() {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.Sys)
			}), nil)
			if err != nil {
				b.Fatal(err)
			}
			mb := float64(peak >> 20)
			b.ReportMetric(mb, "MB")
			if mb >= 100 {
				b.Errorf("%.0f MB for 192 MB of source; less than 100", mb)
			}
		}
	})
}

func scanTime(b *testing.B, file, piece string, size int) time.Duration {
	b.Helper()
	// With this word at its end, no file is left out before the lexer has seen it.
	dir := fstest.MapFS{file: &fstest.MapFile{Data: []byte(strings.Repeat(piece, size/len(piece)) + "\nbitrix")}}
	start := time.Now()
	if _, err := scan.Dir(context.Background(), dir, nil); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// syntheticFiles are large files that are produced while they are read.
type syntheticFiles map[string]struct {
	piece string
	size  int
}

func (e syntheticFiles) withWatcher(watch func()) fs.FS { return watcherFS{e, watch} }

type watcherFS struct {
	files syntheticFiles
	watch func()
}

func (w watcherFS) Open(name string) (fs.File, error) {
	f, ok := w.files[name]
	if !ok {
		return w.listing().Open(name)
	}
	info, err := w.listing().Stat(name)
	return &syntheticFile{piece: []byte(f.piece), left: f.size, watch: w.watch, info: info}, err
}

func (w watcherFS) listing() fstest.MapFS {
	list := fstest.MapFS{}
	for name := range w.files {
		list[name] = &fstest.MapFile{}
	}
	return list
}

type syntheticFile struct {
	piece    []byte
	at, left int
	reads    int
	watch    func()
	info     fs.FileInfo
}

func (f *syntheticFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (*syntheticFile) Close() error                 { return nil }

func (f *syntheticFile) Read(p []byte) (int, error) {
	if f.reads++; f.reads%100 == 0 {
		f.watch()
	}
	if f.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && f.left > 0 {
		k := copy(p[n:min(len(p), n+f.left)], f.piece[f.at:])
		n, f.left, f.at = n+k, f.left-k, (f.at+k)%len(f.piece)
	}
	return n, nil
}
