//go:build linux

package dist

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestREADME installs the packages one after the other into a new Debian, and runs every command that README and the units of
// systemd name, where there is no network but this computer's own.
func TestREADME(t *testing.T) {
	need(t, "mmdebstrap", "ip", "chroot")
	if os.Geteuid() != 0 {
		missing(t, "NOT TESTED: only root can install a package")
	}
	r := newRoot(t, artefact(t, "boxready_amd64.deb"))
	r.prepare(t)
	commands := append(named(t, "../../README.md"), named(t, "../../README.ru.md")...)
	if len(commands) < 40 {
		t.Fatalf("README names %d commands: %q", len(commands), commands)
	}
	runAll := func(t *testing.T, commands []string) {
		for _, command := range commands {
			r.try(t, command)
		}
	}
	t.Run("boxready", func(t *testing.T) {
		if out := r.run(t, "boxready exporter --portals portals.yaml"); out.code != 2 || !strings.Contains(out.err, "boxready-server") {
			t.Errorf("exit %d: %s", out.code, out.err)
		}
		runAll(t, slices.DeleteFunc(slices.Clone(commands), func(command string) bool { return strings.HasPrefix(command, "boxready exporter") }))
	})
	t.Run("boxready-server", func(t *testing.T) {
		r.install(t, artefact(t, "boxready-server_amd64.deb"))
		if status := must(t, "chroot", r.dir, "dpkg-query", "-W", "-f", "${Status}", "boxready"); strings.HasSuffix(status, " installed") {
			t.Error("both packages are installed")
		}
		runAll(t, append(commands, r.started(t)...))
		r.pages(t)
		must(t, "chroot", r.dir, "dpkg", "--purge", "boxready-server")
		for _, left := range []string{"/usr/bin/boxready", "/etc/boxready", "/usr/share/boxready-server", "/usr/lib/systemd/system/boxready-exporter.service"} {
			if exists(r.dir + left) {
				t.Errorf("%s is left", left)
			}
		}
	})
}

// root is an installed system in a folder, with a network of its own.
type root struct {
	dir, network         string
	portal, way, webhook string // the simulated portal, flags that lead to it, its webhook
}

func newRoot(t *testing.T, deb string) *root {
	t.Helper()
	parent, err := os.MkdirTemp("", "root")
	if err != nil {
		t.Fatal(err)
	}
	r := &root{dir: filepath.Join(parent, "root"), network: filepath.Base(parent)}
	t.Cleanup(func() { os.RemoveAll(parent) })
	made := command{env: noQuestions}.run(t, "mmdebstrap", "--quiet", "--mode=root", "--variant=apt",
		"--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount", "--include="+deb, "bookworm", r.dir)
	if made.code != 0 {
		missing(t, "NOT TESTED: no new Debian with "+deb+": "+made.err)
	}
	must(t, "ip", "netns", "add", r.network)
	t.Cleanup(func() { must(t, "ip", "netns", "delete", r.network) })
	must(t, "ip", "-n", r.network, "link", "set", "lo", "up")
	return r
}

func (r *root) install(t *testing.T, deb string) {
	t.Helper()
	copied := filepath.Join(r.dir, "root", filepath.Base(deb))
	must(t, "cp", deb, copied)
	command{env: noQuestions}.must(t, "chroot", r.dir, "dpkg", "-i", "/root/"+filepath.Base(deb))
}

// args returns the command that runs a line of a shell in this system.
func (r *root) args(line string) []string {
	return []string{"netns", "exec", r.network, "chroot", r.dir, "env", "-i", "HOME=/root", "LANG=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "STATE_DIRECTORY=/root", "sh", "-c", "cd; " + line}
}

func (r *root) run(t *testing.T, line string) result {
	t.Helper()
	return command{input: r.webhook + "\n"}.run(t, "ip", r.args(line)...)
}

// prepare starts the simulated portal in this system, and writes what README's commands read.
func (r *root) prepare(t *testing.T) {
	t.Helper()
	demo := startDemoOf(t, exec.Command("ip", r.args("exec boxready demo --webhook")...))
	at := slices.Index(demo.args, "--webhook")
	r.webhook = strings.Trim(demo.args[at+1], "'")
	r.portal, r.way = demo.args[1], strings.Join(slices.Delete(slices.Clone(demo.args), at, at+2)[2:], " ")
	for name, text := range map[string]string{
		"src/application.php":  "<?php $portal->call('crm.item.list');",
		"my-app.boxready.yaml": "boxready: 1\napplication: {name: Ours}\nscopes: [crm]\n",
		"portals.yaml":         "boxready: 1\nportals:\n  - address: " + demo.args[1] + "\n",
	} {
		path := filepath.Join(r.dir, "root", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// outcomes are the exit codes, and what is said, where a command can't do its work in this system: nobody types in anything, there is no
// keyring, and only one of the commands' addresses is that of a portal.
var outcomes = []struct {
	command string // a regular expression
	codes   []int
	says    string
}{
	{`^boxready login \S+$`, []int{2}, "Applications > Developer resources"},
	{`^boxready login \S+ --client-id`, []int{2}, "There is no keyring in this session"},
	{`^boxready (accounts|logout)`, []int{1}, "There is no keyring in this session"},
	{`--signed-in`, []int{1, 2}, "keyring"},
	{`^boxready schedule \S+ --daily`, []int{1}, "systemd can't be reached"},
	{`^boxready probe$`, []int{2}, "boxready probe php"},
	{`^boxready version --check`, []int{1}, "where to look for newer versions"},
	{`^boxready catalogue update`, []int{1}, "where newer lists are published"},
	{`^boxready exporter`, []int{0}, "Portals in the list: 1"},
	{`^boxready allowlist .*--handlers lan`, []int{4}, "no list of the event queue's addresses"},
	{`^boxready (demo --check|check)`, []int{0, 3, 4}, ""},
}

// try runs a command of a document against the simulated portal.
func (r *root) try(t *testing.T, documented string) {
	t.Helper()
	line := documented
	if strings.HasPrefix(line, "boxready check ") || strings.HasPrefix(line, "boxready exporter ") {
		line += " " + r.way
	}
	line = regexp.MustCompile(`check (portal\.example\.\w+|PORTAL|ПОРТАЛ)`).ReplaceAllString(line, "check "+r.portal)
	line = regexp.MustCompile(`--requires (FILE|ФАЙЛ)`).ReplaceAllString(line, "--requires my-app.boxready.yaml")
	if strings.HasPrefix(line, "boxready exporter ") {
		line = "timeout --preserve-status -s INT 2 " + line
	}
	got, codes, says := r.run(t, line), []int{0}, ""
	for _, o := range outcomes {
		if regexp.MustCompile(o.command).MatchString(documented) {
			codes, says = o.codes, o.says
			break
		}
	}
	if !slices.Contains(codes, got.code) || !strings.Contains(got.out+got.err, says) || strings.Contains(got.err, "goroutine ") {
		t.Errorf("%s: exit %d instead of %d\n%s%s", line, got.code, codes, got.out, got.err)
	}
}

var (
	block  = regexp.MustCompile("(?ms)^ *```\n(.*?)^ *```$")
	line   = regexp.MustCompile(`(?m)^ *(?:\$ )?(boxready .*?)(?: +#.*)?$`)
	inline = regexp.MustCompile("`(boxready [^`]+)`")
)

// named returns the command lines of boxready in a document.
func named(t *testing.T, file string) (commands []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, b := range block.FindAllStringSubmatch(text, -1) {
		for _, found := range line.FindAllStringSubmatch(b[1], -1) {
			commands = append(commands, found[1])
		}
	}
	for _, found := range inline.FindAllStringSubmatch(block.ReplaceAllString(text, ""), -1) {
		commands = append(commands, strings.Join(strings.Fields(found[1]), " "))
	}
	return commands
}

// started returns what the installed units start, with the list that the package brings.
func (r *root) started(t *testing.T) (commands []string) {
	t.Helper()
	units, err := filepath.Glob(filepath.Join(r.dir, "usr/lib/systemd/system/boxready-*"))
	if err != nil || len(units) != 3 {
		t.Fatalf("%q, %v", units, err)
	}
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindAllStringSubmatch(string(text), -1) {
			command := strings.NewReplacer("$$", "$", "%%", "%").Replace(found[1])
			if !strings.Contains(command, "/usr/bin/boxready ") {
				t.Errorf("%s starts %s", unit, command)
			}
			if inner, ok := strings.CutPrefix(command, "/bin/sh -c 'exec "); ok {
				command = strings.TrimSuffix(inner, "'")
			}
			commands = append(commands, strings.TrimPrefix(command, "/usr/bin/"))
		}
	}
	return commands
}

// pages asserts that there is a manual page of each command, and no other.
func (r *root) pages(t *testing.T) {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(r.dir, "usr/share/man/man1/boxready*.1.gz"))
	if err != nil || len(pages) < 10 {
		t.Fatalf("%q, %v", pages, err)
	}
	for _, page := range pages {
		command := strings.TrimSuffix(filepath.Base(page), ".1.gz")
		if command != "boxready" && r.run(t, "boxready "+longest(t, pages, command)+" --help").code != 0 {
			t.Errorf("there is a page about %s", command)
		}
	}
	if doc := filepath.Join(r.dir, "usr/share/doc/boxready-server"); !exists(filepath.Join(doc, "README.ru.md")) || !exists(filepath.Join(doc, "docs/security.md")) {
		t.Error("the documents are missing")
	}
}

// longest splits a page's name into the command's words: a word may itself have a hyphen, which then isn't the name of another page.
func longest(t *testing.T, pages []string, page string) string {
	t.Helper()
	words := strings.TrimPrefix(page, "boxready-")
	for i, c := range words {
		if c == '-' && slices.ContainsFunc(pages, func(p string) bool { return strings.HasSuffix(p, fmt.Sprintf("/boxready-%s.1.gz", words[:i])) }) {
			return words[:i] + " " + words[i+1:]
		}
	}
	return words
}
