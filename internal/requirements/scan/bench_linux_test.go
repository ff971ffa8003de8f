package scan_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"boxready/internal/requirements/scan"
	"boxready/internal/simtest/testenv"
)

// BenchmarkTree scans a tree of many kinds of files and compares the processor time with ripgrep's for the words that the prefilter
// looks for, in the same files. BOXREADY_TREE is its size in MB.
func BenchmarkTree(b *testing.B) {
	rg, err := exec.LookPath("rg")
	if err != nil {
		testenv.Missing(b, "ripgrep is not installed")
	}
	size, err := strconv.Atoi(cmp.Or(os.Getenv("BOXREADY_TREE"), "128"))
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	source := writeTree(b, dir, int64(size)<<20)
	words := filepath.Join(b.TempDir(), "words")
	if err := os.WriteFile(words, []byte(strings.Join(scan.Signs(), "\n")+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	ratio, rate, wall := []float64{}, []float64{}, []float64{}
	for b.Loop() {
		search := exec.Command(rg, "--no-config", "--no-ignore", "--hidden", "-c", "-i", "-F", "-f", words, "-g", "*.{php,js,ts,vue,py,json}", dir)
		if out, err := search.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		theirs := search.ProcessState.UserTime() + search.ProcessState.SystemTime()
		before, start := processorTime(b), time.Now()
		result, err := scan.Dir(context.Background(), os.DirFS(dir), nil)
		if err != nil {
			b.Fatal(err)
		}
		took, ours := time.Since(start), processorTime(b)-before
		if result.Bytes != source || len(result.Methods) < 20 || result.NotRead[".css"] == 0 || result.Binary == 0 {
			b.Fatalf("%d of %d bytes, %d methods, not read: %v and %d", result.Bytes, source, len(result.Methods), result.NotRead, result.Binary)
		}
		b.Logf("%d files, %d MB of source: %v of processor time in %v; ripgrep %v", result.Files, source>>20, ours, took, theirs)
		ratio = append(ratio, ours.Seconds()/theirs.Seconds())
		rate = append(rate, float64(source>>20)/ours.Seconds())
		wall = append(wall, float64(source>>20)/took.Seconds())
	}
	b.ReportMetric(middle(ratio), "×ripgrep")
	b.ReportMetric(middle(rate), "MB/cpu-s")
	b.ReportMetric(middle(wall), "MB/s")
	if r := middle(ratio); r > 8 {
		b.Errorf("%.1f times ripgrep's processor time; at most 8", r)
	}
	if r := middle(rate); r < 50 {
		b.Errorf("%.0f MB in a second of processor time; at least 50, which two cores make 100", r)
	}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func middle(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// code is how lines of a kind of files look; NAME and WORD are replaced by invented ones.
var code = map[string][]string{
	".js": {"const NAME = await this.NAME.NAME(NAME, { WORD: NAME.NAME, WORD: 'WORD' });", "if (NAME !== undefined && NAME.length > 0) {", "  return NAME.map((NAME) => NAME.WORD);", "}",
		"// WORD WORD WORD, see https://WORD.example.com/WORD", "import { NAME } from './WORD/WORD.service';", "document.querySelector('.WORD').addEventListener('click', NAME);", ""},
	".php": {"<?php", "use WORD\\NAME;", "    public function NAME(array $NAME, ?string $NAME = null): array", "    {", "        return $this->NAME->NAME(['WORD' => $NAME['WORD'], 'WORD' => \"{$NAME} WORD\"]);", "    }",
		"    /** WORD WORD WORD. @return NAME */", "$NAME .= 'WORD ' . $NAME . PHP_EOL;", ""},
	".py":   {"def NAME(NAME, NAME=None):\n    \"\"\"WORD WORD WORD.\"\"\"", "    NAME = self.NAME.NAME(NAME, WORD='WORD')  # WORD", "    return [NAME.WORD for NAME in NAME if NAME]", "    raise NAME('WORD WORD: %s' % NAME)", ""},
	".ts":   {"export interface NAME { WORD: string; WORD?: NAME[]; }", "  private readonly NAME: NAME<string> = new NAME();", "  this.NAME$.pipe(NAME(NAME => NAME.WORD)).subscribe();", "/* WORD WORD */", ""},
	".vue":  {"<div class=\"WORD WORD\" :WORD=\"NAME.WORD\" @click=\"NAME\">{{ NAME }}</div>", "<WORD-WORD v-if=\"NAME\" />", ""},
	".json": {"  \"WORD\": \"WORD WORD\",", "  \"WORD\": [1, 2, 3],", "  \"@WORD/WORD\": \"^1.2.3\","},
	".css":  {".WORD { color: #333; margin: 0 auto; }"},
	".md":   {"WORD WORD WORD WORD. WORD `NAME` WORD."},
	".png":  {"\x00\x89NAME\x1a"},
}

// calls are lines of files that call a portal.
var calls = map[string][]string{
	".js":  {"  const WORD = await BX24.callMethod('METHOD', { ID: NAME });"},
	".ts":  {"  return this.NAME.call<NAME>('METHOD', { order: 'WORD' });"},
	".php": {"        $NAME = CRest::call('METHOD', ['filter' => ['ID' => $NAME]]);"},
	".py":  {"    NAME = bitrix.get_all('METHOD', {'WORD': NAME})"},
}

var methods = []string{"crm.deal.list", "crm.lead.add", "crm.contact.get", "crm.item.update", "crm.company.list", "tasks.task.list", "task.stages.get", "user.get", "im.notify.system.add",
	"disk.folder.getchildren", "sonet_group.get", "calendar.event.get", "lists.element.get", "bizproc.workflow.start", "telephony.externalcall.register", "voximplant.statistic.get",
	"crm.product.list", "crm.quote.get", "crm.activity.add", "crm.status.list", "catalog.product.list", "sale.order.list", "department.get", "log.blogpost.add"}

// writeTree writes files of about size bytes in all, the same for the same size, and returns the bytes of those that are read. One in
// sixteen files of source calls a portal.
func writeTree(b *testing.B, dir string, size int64) (source int64) {
	b.Helper()
	r := rand.New(rand.NewPCG(7, 8)) // #nosec G404 -- the same tree in each run
	kinds := slices.Sorted(maps.Keys(code))
	var known []string
	for range 2000 {
		known = append(known, syllables(r))
	}
	word := func() string { return known[r.IntN(len(known))] }
	for n := 0; size > 0; n++ {
		kind := kinds[n%len(kinds)]
		lines := code[kind]
		calling := len(calls[kind]) > 0 && r.IntN(16) == 0
		var text bytes.Buffer
		for until := 1 << (9 + r.IntN(9)); text.Len() < until; text.WriteByte('\n') { // half a kilobyte to 128
			line := lines[r.IntN(len(lines))]
			if calling && r.IntN(20) == 0 {
				line = calls[kind][0]
			}
			for part := range strings.SplitAfterSeq(line, " ") {
				text.WriteString(strings.NewReplacer("METHOD", methods[r.IntN(len(methods))], "NAME", word()+"Of"+word(), "WORD", word()).Replace(part))
			}
		}
		name := filepath.Join(dir, fmt.Sprintf("%02d", n%50), fmt.Sprintf("%05d%s", n, kind))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, text.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		size -= int64(text.Len())
		if kind != ".css" && kind != ".md" && kind != ".png" {
			source += int64(text.Len())
		}
	}
	return source
}

// syllables is a word that nobody knows.
func syllables(r *rand.Rand) string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	word := make([]byte, 0, 8)
	for range 2 + r.IntN(3) {
		word = append(word, consonants[r.IntN(len(consonants))], vowels[r.IntN(len(vowels))])
	}
	return string(word)
}
