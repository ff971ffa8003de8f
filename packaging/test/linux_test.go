//go:build linux

package dist

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const installed = "/usr/bin/boxready"

func TestDeb(t *testing.T) {
	need(t, "apt-get", "dpkg-deb", "lintian", "desktop-file-validate", "appstreamcli", "gtk-launch", "Xvfb", "xdotool", "import", "dbus-run-session", "ldd")
	if os.Geteuid() != 0 {
		missing(t, "NOT TESTED: only root can install a package")
	}
	if exists(installed) {
		t.Fatal("BoxReady is installed on this machine; this test would remove it")
	}
	deb := artefact(t, "boxready_amd64.deb")
	for _, file := range []string{deb, artefact(t, "boxready-server_amd64.deb")} {
		if r := (command{}).run(t, "lintian", "--allow-root", "--fail-on", "error", file); r.code != 0 {
			t.Errorf("lintian: %s%s", r.out, r.err)
		}
	}
	t.Cleanup(func() {
		command{env: noQuestions}.run(t, "apt-get", "purge", "-y", "-q", "boxready")
	})
	apt := func(args ...string) {
		command{env: noQuestions}.must(t, "apt-get", append([]string{"-y", "-q"}, args...)...)
	}

	// An earlier version, with a file that the next one doesn't have.
	older := t.TempDir()
	must(t, "dpkg-deb", "-R", deb, older)
	control := filepath.Join(older, "DEBIAN", "control")
	text, err := os.ReadFile(control)
	if err != nil {
		t.Fatal(err)
	}
	const dropped = "/usr/share/boxready-of-old"
	for file, content := range map[string]string{control: regexp.MustCompile(`(?m)^Version: .*$`).ReplaceAllString(string(text), "Version: 0.0.1"), filepath.Join(older, dropped): "old"} {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := filepath.Join(t.TempDir(), "boxready_0.0.1_amd64.deb")
	must(t, "dpkg-deb", "-b", older, before)
	if err := os.Chmod(filepath.Dir(before), 0o755); err != nil {
		t.Fatal(err)
	}
	apt("install", "--no-install-recommends", before)
	if !exists(dropped) || !exists(installed) {
		t.Fatal("the earlier version isn't installed")
	}
	apt("install", "--no-install-recommends", deb)
	if exists(dropped) {
		t.Error("what the earlier version had is still there")
	}
	if got := must(t, "dpkg-query", "-W", "-f", "${Version}", "boxready"); got != strings.Replace(version(t), "-", "~", 1) {
		t.Errorf("version %s is installed", got)
	}
	if out := must(t, "dpkg", "--verify", "boxready"); out != "" {
		t.Errorf("dpkg --verify: %s", out)
	}
	files := strings.Fields(must(t, "dpkg", "-L", "boxready"))

	if got := must(t, installed, "version"); got != "boxready "+version(t)+"\n" {
		t.Errorf("version: %q", got)
	}
	if out := must(t, "ldd", installed); strings.Contains(out, "not found") {
		t.Errorf("libraries are missing:\n%s", out)
	}
	must(t, "desktop-file-validate", "/usr/share/applications/dev.boxready.BoxReady.desktop")
	must(t, "appstreamcli", "validate", "--no-net", "/usr/share/metainfo/dev.boxready.BoxReady.metainfo.xml")
	must(t, "bash", "-c", ". /usr/share/bash-completion/completions/boxready && complete -p boxready")
	for cache, needs := range map[string]string{
		"/usr/share/applications/mimeinfo.cache": "application/vnd.boxready.report+zip=dev.boxready.BoxReady.desktop",
		"/usr/share/mime/globs2":                 "60:application/vnd.boxready.requirements+yaml:*.boxready.yaml",
	} {
		data, err := os.ReadFile(cache)
		if os.IsNotExist(err) {
			continue // the desktop that would use it isn't there
		}
		if err != nil || !strings.Contains(string(data), needs) {
			t.Errorf("%s doesn't have %s: %v", cache, needs, err)
		}
	}
	t.Run("the window", launch)
	checkAgainstDemo(t, installed, installed, nil)

	apt("remove", "boxready")
	for _, file := range files {
		if info, err := os.Lstat(file); err == nil && !info.IsDir() {
			t.Errorf("%s is left", file)
		}
	}
	if out := (command{}).run(t, "dpkg-query", "-W", "-f", "${Status}", "boxready").out; strings.Contains(out, "config-files") {
		t.Errorf("dpkg says %q", out)
	}
}

// TestMetainfo validates what software centres show when the packager has a page; TestDeb validates the packages as they are.
func TestMetainfo(t *testing.T) {
	need(t, "appstreamcli")
	template, err := os.ReadFile("../linux/dev.boxready.BoxReady.metainfo.xml")
	if err != nil {
		t.Fatal(err)
	}
	filled := strings.NewReplacer("@VERSION@", "1.2.3", "@RELEASE@", "1.2.3", "@DATE@", "2026-11-30", "@HOMEPAGE@", homepage).Replace(string(template))
	for _, picture := range []string{"boxready-window-en.png", "boxready-window-ru.png"} {
		if !strings.Contains(filled, homepage+"/releases/download/v1.2.3/"+filepath.Base(artefact(t, picture))+"</image>") {
			t.Errorf("%s isn't shown", picture)
		}
	}
	file := filepath.Join(t.TempDir(), "dev.boxready.BoxReady.metainfo.xml")
	if err := os.WriteFile(file, []byte(filled), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "appstreamcli", "validate", "--no-net", file)
}

var noQuestions = []string{"DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"}

// launch starts the window as a desktop does.
func launch(t *testing.T) {
	s := newScreen(t)
	s.must(t, "dbus-run-session", "--", "true") // or it would look as if BoxReady didn't start
	session := exec.Command("dbus-run-session", "--", "sh", "-c", "gtk-launch dev.boxready.BoxReady; read wait")
	hold, err := session.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	session.Env = append(os.Environ(), s.env...)
	session.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		hold.Close()
		_ = session.Wait()
	})
	window := s.window(t, "^BoxReady$")
	pid := strings.TrimSpace(s.must(t, "xdotool", "getwindowpid", window))
	if exe, err := os.Readlink("/proc/" + pid + "/exe"); err != nil || exe != installed {
		t.Errorf("the window is that of %s: %v", exe, err)
	}
	if of := s.must(t, "xdotool", "search", "--onlyvisible", "--class", "^BoxReady$"); !slices.Contains(strings.Fields(of), window) {
		t.Error("the window's class isn't that of StartupWMClass")
	}
	before := s.screenshot(t)
	s.saveScreenshot(t, "deb")

	// A file that is opened later goes to this window.
	file := filepath.Join(s.home, "application.boxready.yaml")
	if err := os.WriteFile(file, []byte("boxready: 1\napplication: {name: Opened}\nscopes: [crm]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.must(t, "dbus-run-session", "--", installed, file)
	until(t, "the file to be shown", func() bool { return s.changed(t, before) })
	s.saveScreenshot(t, "deb-file")
	if windows := strings.Fields(s.must(t, "xdotool", "search", "--onlyvisible", "--name", "^BoxReady$")); len(windows) != 1 {
		t.Errorf("%d windows", len(windows))
	}
	s.must(t, "kill", pid)
	until(t, "the end", func() bool { return !exists("/proc/" + pid) })
	if !exists(filepath.Join(s.home, ".cache", "boxready")) {
		t.Error("nothing was kept for this person")
	}
}

// checkAgainstDemo checks simulated portals with a program, and expects the results of the program that simulates them.
func checkAgainstDemo(t *testing.T, simulator, program string, before []string) {
	t.Helper()
	for fault, want := range map[string]struct {
		code    int
		verdict string
		check   string
	}{"": {0, "no-obstacle", ""}, "tls-expired": {3, "not-ready", "portal-tls"}} {
		var args []string
		if fault != "" {
			args = []string{"--fault", fault}
		}
		d := startDemo(t, simulator, args...)
		run := append(append(before, program), append(d.args, "--format", "json", "--lang", "en")...)
		r := command{}.run(t, run[0], run[1:]...)
		got := verdictOf(t, r)
		if r.code != want.code || got.Verdict != want.verdict {
			t.Errorf("fault %q: exit %d, %s", fault, r.code, got.Verdict)
		}
		here := verdictOf(t, command{}.run(t, simulator, append(d.args, "--format", "json", "--lang", "en")...))
		if !reflect.DeepEqual(got, here) {
			t.Errorf("fault %q: %+v\n%+v", fault, got, here)
		}
		for _, result := range got.Results {
			if result.Check == want.check && result.State != "problem" {
				t.Errorf("fault %q: %s is %s", fault, result.Check, result.State)
			}
		}
	}
}

// accepted are rpmlint's accepted complaints. nfpm can't mark a tree as documentation, so rpm --excludedocs excludes nothing.
// The changelog is a file. Owners of repositories sign their packages. The server's
// program is static so that it runs anywhere.
var accepted = []string{"not-listed-as-documentation", "no-changelogname-tag", "no-signature", "statically-linked-binary"}

// TestRPM compares each .rpm with its .deb; no system to install it on is available here.
func TestRPM(t *testing.T) {
	need(t, "rpm", "rpm2cpio", "cpio", "dpkg-deb")
	for name, requires := range map[string]string{"boxready": "libGL.so.1()(64bit)", "boxready-server": ""} {
		t.Run(name, func(t *testing.T) { comparePackages(t, name, requires) })
	}
}

func comparePackages(t *testing.T, name, requires string) {
	rpm := artefact(t, name+".x86_64.rpm")
	fromRPM, fromDeb := t.TempDir(), t.TempDir()
	// Names in the payload begin with "/", and as root cpio would unpack them there.
	must(t, "sh", "-c", `rpm2cpio "$1" | (cd "$2" && cpio -idm --quiet --no-absolute-filenames)`, "sh", rpm, fromRPM)
	must(t, "dpkg-deb", "-x", artefact(t, name+"_amd64.deb"), fromDeb)
	if err := os.RemoveAll(filepath.Join(fromDeb, "usr/share/lintian")); err != nil { // Debian's own
		t.Fatal(err)
	}
	compareTrees(t, tree(t, fromRPM), tree(t, fromDeb))

	listed := strings.Fields(must(t, "rpm", "-qlp", rpm))
	for name := range tree(t, fromDeb) {
		if !strings.Contains(strings.Join(listed, "\n")+"\n", "/"+name+"\n") && !isDir(filepath.Join(fromDeb, name)) {
			t.Errorf("rpm -qlp doesn't list %s", name)
		}
	}
	must(t, "rpm", "-K", "--nosignature", rpm)
	if got := must(t, "rpm", "-qp", "--requires", rpm); !strings.Contains(got, requires) {
		t.Errorf("it requires %s", got)
	}
	if conflicts := must(t, "rpm", "-qp", "--conflicts", rpm); (strings.TrimSpace(conflicts) == "boxready") != (name == "boxready-server") {
		t.Errorf("it conflicts with %q", conflicts)
	}
	if _, err := exec.LookPath("rpmlint"); err != nil {
		t.Log("NOT TESTED with rpmlint, which is missing")
		return
	}
	safe := t.TempDir()
	shim := "#!/bin/sh\nexec /usr/bin/cpio --no-absolute-filenames \"$@\"\n"
	if err := os.WriteFile(filepath.Join(safe, "cpio"), []byte(shim), 0o755); err != nil {
		t.Fatal(err)
	}
	r := command{env: []string{"PATH=" + safe + ":" + os.Getenv("PATH")}}.run(t, "rpmlint", rpm)
	for line := range strings.Lines(r.out) {
		if strings.Contains(line, ": E: ") && !slices.ContainsFunc(accepted, func(tag string) bool { return strings.Contains(line, tag) }) {
			t.Error(line)
		}
	}
	if !strings.Contains(r.out, "1 packages") {
		t.Errorf("rpmlint: %s%s", r.out, r.err)
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// TestArchive unpacks the archive as documented.
func TestArchive(t *testing.T) {
	need(t, "dpkg-deb")
	dir, fromDeb := unpack(t, artefact(t, "boxready-linux-amd64.tar.xz")), t.TempDir()
	must(t, "dpkg-deb", "-x", artefact(t, "boxready_amd64.deb"), fromDeb)
	compareTrees(t, tree(t, dir), tree(t, filepath.Join(fromDeb, "usr")))
}

// TestRemoteScreens opens the window on screens that are shown somewhere else.
func TestRemoteScreens(t *testing.T) {
	for _, test := range []struct {
		name  string
		needs string
		open  func(*testing.T) *screen
	}{
		{"VNC", "Xvnc", func(t *testing.T) *screen {
			return screenOf(t, "Xvnc", "-geometry", "1280x800", "-depth", "24", "-SecurityTypes", "None", "-rfbport", "-1", "-rfbunixpath", filepath.Join(t.TempDir(), "vnc"))
		}},
		{"xrdp", xorg, func(t *testing.T) *screen {
			if !exists("/etc/X11/xrdp/xorg.conf") {
				missing(t, "NOT TESTED: xorgxrdp is missing; make dist-test installs it")
			}
			t.Setenv("XRDP_SOCKET_PATH", t.TempDir())
			return screenOf(t, xorg, "-config", "xrdp/xorg.conf", "-noreset", "-logfile", filepath.Join(t.TempDir(), "log"))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			need(t, test.needs, "dbus-run-session", "xdotool", "import")
			s := test.open(t)
			s.openWindow(t, "dbus-run-session", "--", linuxProgram(t))
		})
	}
}

// xorg is the server itself; Debian's Xorg starts it with more rights.
const xorg = "/usr/lib/xorg/Xorg"

// TestSSH opens the window over ssh -Y. The server takes this one connection over its standard input, so that nothing listens.
func TestSSH(t *testing.T) {
	need(t, "ssh", "ssh-keygen", sshd, "xauth", "Xvfb", "dbus-run-session", "xdotool", "import")
	if dir := "/run/sshd"; os.Geteuid() == 0 && !exists(dir) { // Debian's service makes it
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Remove(dir) })
	}
	s := newScreen(t)
	file := func(name string) string { return filepath.Join(s.home, name) }
	for _, key := range []string{"host", "key"} {
		must(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file(key))
	}
	there := file("there") // the home folder on the server
	if err := os.Mkdir(there, 0o700); err != nil {
		t.Fatal(err)
	}
	config := strings.Join([]string{
		"HostKey " + file("host"), "AuthorizedKeysFile " + file("key.pub"), "StrictModes no", "UsePAM no", "PermitRootLogin prohibit-password", "PasswordAuthentication no",
		"KbdInteractiveAuthentication no", "PidFile none", "X11Forwarding yes", "X11UseLocalhost yes",
		"SetEnv HOME=" + there + " XAUTHORITY=" + filepath.Join(there, "xauthority") + " XDG_RUNTIME_DIR=" + there + " LC_ALL=C.UTF-8", "",
	}, "\n")
	if err := os.WriteFile(file("sshd_config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s.openWindow(t, "ssh", "-Y", "-F", "none", "-i", file("key"), "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile="+file("known_hosts"), "-o", "ProxyCommand="+sshd+" -i -f "+file("sshd_config"),
		"localhost", "dbus-run-session -- "+linuxProgram(t))
}

// sshd has to be started with its whole path.
const sshd = "/usr/sbin/sshd"

func linuxProgram(t *testing.T) string {
	t.Helper()
	return filepath.Join(unpack(t, artefact(t, "boxready-linux-amd64.tar.xz")), "bin", "boxready")
}

// openWindow runs a program that opens the window, waits until it is drawn, and for it to draw a key's effect.
func (s *screen) openWindow(t *testing.T, program string, args ...string) {
	t.Helper()
	session := exec.Command(program, args...)
	session.Env = append(os.Environ(), s.env...)
	session.Stderr = t.Output()
	session.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	session.WaitDelay = time.Second // what it started may hold its pipes
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-session.Process.Pid, syscall.SIGTERM)
		_ = session.Wait()
	})
	window := s.window(t, "^BoxReady$")
	before := s.screenshot(t)
	s.must(t, "xdotool", "windowfocus", "--sync", window)
	s.must(t, "xdotool", "key", "F1")
	until(t, "a key's effect", func() bool { return s.changed(t, before) })
}
