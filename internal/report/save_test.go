package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"boxready/internal/report"
)

func saveReason(err error) report.SaveReason {
	var save *report.SaveError
	if errors.As(err, &save) {
		return save.Reason
	}
	return ""
}

func TestSave(t *testing.T) {
	o := runDemo(t)
	p := reporter(t, "en")
	c := report.Contents{Outcome: o, Letters: letters("a letter\n")}
	b := bundle(t, p, c)
	folder := t.TempDir()
	for name, want := range map[string][]byte{
		"all.zip": zipped(t, b), "page.HTML": b.File(report.HTMLFile), "data.json": b.File(report.JSONFile), "short.txt": b.File(report.SummaryFile),
		"letter.txt": b.File(report.LetterFile), "hidden.txt": b.File(report.HiddenFile), "log.jsonl": b.File(report.LogFile), "con.zip": zipped(t, b),
	} {
		path := filepath.Join(folder, name)
		if saved, err := p.Save(path, c); err != nil || saved != path {
			t.Errorf("%s: saved as %s, %v", name, saved, err)
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s holds something else than the bundle (%v)", name, err)
		}
		if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %v", name, info.Mode())
		}
	}
	if saved, err := p.Save(folder, c); err != nil || saved != filepath.Join(folder, b.Name) {
		t.Errorf("into a folder: %s, %v", saved, err)
	}

	for name, want := range map[string]report.SaveReason{
		"report.pdf": report.SaveFormat, "report": report.SaveFormat, "no/such/report.zip": report.SaveNoFolder, "all.zip/report.zip": report.SaveNoFolder,
		strings.Repeat("long", 100) + ".zip": report.SaveTooLong,
	} {
		if _, err := p.Save(filepath.Join(folder, name), c); saveReason(err) != want {
			t.Errorf("%.40s: %v, want %s", name, err, want)
		}
	}
	if _, err := p.Save(filepath.Join(folder, "letter.txt"), report.Contents{Outcome: o}); saveReason(err) != report.SaveNoLetter {
		t.Errorf("a letter that there isn't: %v", err)
	}
	assertNoTemporaryFiles(t, folder)
}

// TestSaveKeepsEarlierFiles asserts that no report replaces an earlier one, nor anything else.
func TestSaveKeepsEarlierFiles(t *testing.T) {
	b := &report.Bundle{Name: "portal-2026-11-23-1042.boxready.zip", Files: []report.File{{Name: report.JSONFile, Data: []byte("new")}, {Name: report.LetterFile, Data: []byte("new")}}}
	folder := t.TempDir()
	for _, c := range []struct{ name, path, second, third string }{
		{"in a folder", "", "portal-2026-11-23-1042 (2).boxready.zip", "portal-2026-11-23-1042 (3).boxready.zip"},
		{"by its own name", "before.zip", "before (2).zip", "before (3).zip"},
		{"one file", "before.json", "before (2).json", "before (3).json"},
		{"the letter", "letter.txt", "letter (2).txt", "letter (3).txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(folder, c.path)
			first, err := b.Save(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(first, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{c.second, c.third} {
				if got, err := b.Save(path); err != nil || got != filepath.Join(folder, want) {
					t.Errorf("saved as %s, %v; want %s", got, err, want)
				}
			}
			if got, err := os.ReadFile(first); err != nil || string(got) != "old" {
				t.Errorf("the first one holds %q (%v)", got, err)
			}
		})
	}
	assertNoTemporaryFiles(t, folder)
}

// TestSaveAtOnce saves under one name from several goroutines.
func TestSaveAtOnce(t *testing.T) {
	b := &report.Bundle{Files: []report.File{{Name: report.JSONFile, Data: []byte("data")}}}
	folder := t.TempDir()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := b.Save(filepath.Join(folder, "report.json")); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 8 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		if data, err := os.ReadFile(filepath.Join(folder, f.Name())); err != nil || string(data) != "data" {
			t.Errorf("%s holds %q (%v)", f.Name(), data, err)
		}
	}
}

// assertNoTemporaryFiles asserts that no temporary file was left.
func assertNoTemporaryFiles(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".boxready-") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

// TestFailedWrite asserts that an error during a write leaves the old file, and nothing else.
func TestFailedWrite(t *testing.T) {
	folder := t.TempDir()
	for _, before := range []string{"", "what was there before"} {
		path := filepath.Join(folder, "report"+before[:min(len(before), 1)]+".zip")
		if before != "" {
			if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		broken := errors.New("broken off")
		err := report.WriteFile(path, func(w io.Writer) error {
			io.WriteString(w, strings.Repeat("half of it ", 10_000))
			return broken
		})
		if !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
		got, err := os.ReadFile(path)
		if string(got) != before || before == "" && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file holds %.30q (%v)", got, err)
		}
	}
	assertNoTemporaryFiles(t, folder)
}

// TestKilledDuringWrite kills a program that is writing a report and asserts that the old one is unchanged.
func TestKilledDuringWrite(t *testing.T) {
	if path := os.Getenv("BOXREADY_TEST_WRITE"); path != "" {
		report.WriteFile(path, func(w io.Writer) error {
			for {
				io.WriteString(w, strings.Repeat("new ", 10_000))
				fmt.Println("writing")
			}
		})
		return
	}
	path := filepath.Join(t.TempDir(), "report.zip")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	writer := exec.Command(os.Args[0], "-test.run", "^TestKilledDuringWrite$")
	writer.Env = append(os.Environ(), "BOXREADY_TEST_WRITE="+path)
	out, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	writer.Process.Kill()
	writer.Wait()
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("the file holds %.30q (%v)", got, err)
	}
}

// TestFullAndReadOnlyDisk saves on a disk of 16 KiB that the test creates.
func TestFullAndReadOnlyDisk(t *testing.T) {
	if folder := os.Getenv("BOXREADY_TEST_DISK"); folder != "" {
		path := filepath.Join(folder, "report.zip")
		err := report.WriteFile(path, func(w io.Writer) error {
			_, err := io.CopyN(w, zeros{}, 1<<20)
			return err
		})
		fmt.Printf("reason=%s\n", saveReason(err))
		return
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		needed(t, "unshare (util-linux)", err)
	}
	for mount, want := range map[string]report.SaveReason{"size=16k": report.SaveDiskFull, "size=4m,ro": report.SaveReadOnly, "size=4m": ""} {
		folder := t.TempDir()
		script := `mount -t tmpfs -o "$1" tmpfs "$2" && BOXREADY_TEST_DISK="$2" exec "$3" -test.run '^TestFullAndReadOnlyDisk$'`
		out, err := exec.Command(unshare, "--mount", "--map-root-user", "sh", "-c", script, "sh", mount, folder, os.Args[0]).CombinedOutput()
		if err != nil {
			needed(t, "a mount namespace", fmt.Errorf("%w: %s", err, out))
		}
		if !strings.Contains(string(out), fmt.Sprintf("reason=%s\n", want)) {
			t.Errorf("%s: want %q, got %s", mount, want, out)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// needed skips a test that can't run here; where all tests are required, it fails.
func needed(t *testing.T, what string, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is needed here: %v", what, err)
	}
	t.Skipf("NOT TESTED WITHOUT %s: %v", what, err)
}
