//go:build linux

// Package dist installs, starts and removes the packages that "make dist" has built. "make dist-test" runs it; it
// needs root, and restores the machine's state. Programs for Windows run under Wine.
package dist

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"debug/macho"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// timeout for events that are expected soon, on a machine under load.
const timeout = 3 * time.Minute

// folder returns the folder of the artefacts.
func folder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("BOXREADY_DIST")
	if dir == "" {
		t.Skip("BOXREADY_DIST doesn't name the folder of what was built; make dist-test does")
	}
	return dir
}

// artefact returns the artefact that matches.
func artefact(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder(t), pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %q, %v", pattern, found, err)
	}
	return found[0]
}

// need skips the test if a program is missing; in CI it fails the test.
func need(t *testing.T, programs ...string) {
	t.Helper()
	folder(t)
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, "NOT TESTED: "+program+" is missing; make dist-test installs it")
		}
	}
}

func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// result is a program's output and exit code.
type result struct {
	out, err string
	code     int
}

// command holds the settings for running a program.
type command struct {
	dir   string
	env   []string // besides the test's own
	input string
}

func (c command) run(t *testing.T, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*timeout)
	defer cancel()
	p := exec.CommandContext(ctx, name, args...)
	p.Dir, p.Env, p.Stdin = c.dir, append(os.Environ(), c.env...), strings.NewReader(c.input)
	p.WaitDelay = time.Second // what it started may hold its pipes
	var out, errs bytes.Buffer
	p.Stdout, p.Stderr = &out, &errs
	err := p.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("%s: %v", name, err)
	}
	return result{out.String(), errs.String(), p.ProcessState.ExitCode()}
}

// must runs a program that has to succeed, and returns what it printed.
func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	return command{}.must(t, name, args...)
}

func (c command) must(t *testing.T, name string, args ...string) string {
	t.Helper()
	r := c.run(t, name, args...)
	if r.code != 0 {
		t.Fatalf("%s %s: exit %d\n%s%s", name, strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r.out
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(timeout); !done(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("timed out waiting for %s", what)
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// tree lists the files below a folder with their types, modes and contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		what := info.Mode().String()
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			what = "link to " + to
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" %x", sha256.Sum256(data))
		}
		name, err := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = what
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// compareTrees compares two trees.
func compareTrees(t *testing.T, a, b map[string]string) {
	t.Helper()
	if len(a) == 0 {
		t.Error("there is nothing")
	}
	for name, what := range a {
		if b[name] != what {
			t.Errorf("%s: %s and %s", name, what, b[name])
		}
	}
	for name := range b {
		if a[name] == "" {
			t.Errorf("%s is in one of them only", name)
		}
	}
}

func unpack(t *testing.T, archive string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	must(t, "tar", "-xf", archive, "-C", dir, "--strip-components=1")
	return dir
}

func unzip(t *testing.T, archive string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSums(t *testing.T) {
	dir := folder(t)
	command{dir: dir}.must(t, "sha256sum", "--check", "--strict", "SHA256SUMS")
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Type().IsRegular() && f.Name() != "SHA256SUMS" && !strings.Contains(string(sums), "  "+f.Name()+"\n") {
			t.Errorf("%s has no sum", f.Name())
		}
	}
	// A single changed bit.
	name := filepath.Base(artefact(t, "boxready_amd64.deb"))
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	copied := t.TempDir()
	for to, data := range map[string][]byte{name: data, "SHA256SUMS": sums} {
		if err := os.WriteFile(filepath.Join(copied, to), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := (command{dir: copied}).run(t, "sha256sum", "--check", "--ignore-missing", "SHA256SUMS"); r.code == 0 {
		t.Error("a changed file has the right sum")
	}
}

func version(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(artefact(t, "latest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var latest struct{ Version string }
	if err := json.Unmarshal(data, &latest); err != nil || latest.Version == "" {
		t.Fatalf("%s: %v", data, err)
	}
	return latest.Version
}

func TestStaticPrograms(t *testing.T) {
	folder(t)
	for target, machine := range map[string]any{"linux-amd64": elf.EM_X86_64, "linux-arm64": elf.EM_AARCH64, "darwin-amd64": macho.CpuAmd64, "darwin-arm64": macho.CpuArm64} {
		t.Run(target, func(t *testing.T) {
			dir := unpack(t, artefact(t, "boxready-cli-"+target+".tar.gz"))
			program := filepath.Join(dir, "boxready")
			for _, file := range []string{"LICENCES.txt", "share/man/man1/boxready-check.1.gz", "share/bash-completion/completions/boxready"} {
				if !exists(filepath.Join(dir, file)) {
					t.Errorf("%s is missing", file)
				}
			}
			if cpu, ok := machine.(macho.Cpu); ok {
				file, err := macho.Open(program)
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				if file.Cpu != cpu {
					t.Errorf("it is for %s", file.Cpu)
				}
				return
			}
			file, err := elf.Open(program)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if file.Machine != machine.(elf.Machine) {
				t.Errorf("it is for %s", file.Machine)
			}
			for _, p := range file.Progs {
				if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
					t.Error("it isn't static")
				}
			}
		})
	}
	// It needs only the kernel.
	program := filepath.Join(unpack(t, artefact(t, "boxready-cli-linux-amd64.tar.gz")), "boxready")
	if got := must(t, program, "version"); got != "boxready "+version(t)+"\n" {
		t.Errorf("version: %q", got)
	}
}

// TestBills compares the bills of materials with the modules recorded in the programs, and with the licences.
func TestBills(t *testing.T) {
	licences, err := os.ReadFile(artefact(t, "LICENCES.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for bill, program := range map[string]string{
		"boxready-cli-linux-amd64.cdx.json": filepath.Join(unpack(t, artefact(t, "boxready-cli-linux-amd64.tar.gz")), "boxready"),
		"boxready-linux-amd64.cdx.json":     filepath.Join(unpack(t, artefact(t, "boxready-linux-amd64.tar.xz")), "bin", "boxready"),
		"boxready-windows-amd64.cdx.json":   filepath.Join(unzip(t, artefact(t, "boxready-portable.zip")), "BoxReady", "boxready.exe"),
	} {
		data, err := os.ReadFile(artefact(t, bill))
		if err != nil {
			t.Fatal(err)
		}
		var sbom struct {
			BomFormat  string
			Components []struct{ Name, Version, Purl string }
		}
		if err := json.Unmarshal(data, &sbom); err != nil || sbom.BomFormat != "CycloneDX" {
			t.Fatalf("%s: %v", bill, err)
		}
		listed := map[string]string{}
		for _, c := range sbom.Components {
			listed[c.Name] = c.Version
		}
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		if len(info.Deps) < 10 {
			t.Errorf("%s has %d modules", program, len(info.Deps))
		}
		for _, m := range info.Deps {
			if listed[m.Path] != m.Version {
				t.Errorf("%s: %s %s is listed as %q", bill, m.Path, m.Version, listed[m.Path])
			}
			if !bytes.Contains(licences, []byte(m.Path+"\n===")) {
				t.Errorf("the licence of %s is missing", m.Path)
			}
		}
		if listed["std"] == "" {
			t.Errorf("%s doesn't list Go's own library", bill)
		}
	}
}

// demo is the simulated portal, started by a built program.
type demo struct{ args []string }

// startDemo starts a simulated portal and returns the arguments of "check" for it.
func startDemo(t *testing.T, program string, args ...string) demo {
	t.Helper()
	return startDemoOf(t, exec.Command(program, append([]string{"demo"}, args...)...))
}

func startDemoOf(t *testing.T, p *exec.Cmd) demo {
	t.Helper()
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Signal(os.Interrupt)
		_ = p.Wait()
	})
	line := make([]byte, 0, 4096)
	for one := make([]byte, 1); !bytes.HasSuffix(line, []byte("\n")); {
		if _, err := io.ReadFull(out, one); err != nil {
			t.Fatalf("the demo ended: %v", err)
		}
		line = append(line, one...)
	}
	words := strings.Fields(string(line))
	at := slices.Index(words, "check")
	if at < 0 {
		t.Fatalf("no command in %q", line)
	}
	return demo{words[at:]}
}

// verdict is the part of a run's JSON that is compared.
type verdict struct {
	Verdict string
	Results []struct{ Check, State, Cause string }
}

func verdictOf(t *testing.T, r result) (v verdict) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.out), &v); err != nil {
		t.Fatalf("exit %d: %v\n%s%s", r.code, err, r.out, r.err)
	}
	return v
}
