//go:build linux

package dist

import (
	"bytes"
	"debug/pe"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"
)

// windows is a new Wine prefix with a screen.
type windows struct {
	*screen
	drive string // C:
	user  string // the person's folder
}

func newWindows(t *testing.T, options ...string) *windows {
	t.Helper()
	need(t, "wine", "x86_64-w64-mingw32-gcc", "Xvfb", "xdotool", "import")
	w := &windows{screen: newScreen(t, options...)}
	prefix := filepath.Join(w.home, "wine")
	w.drive = filepath.Join(prefix, "drive_c")
	w.env = append(w.env, "WINEPREFIX="+prefix, "WINEARCH=win64", "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=")
	t.Cleanup(func() {
		w.run(t, "wineserver", "-k")
		w.run(t, "wineserver", "-w")
	})
	w.must(t, "wine", "wineboot", "-i")
	w.must(t, "x86_64-w64-mingw32-gcc", "-shared", "-O2", "-o", filepath.Join(w.drive, "windows", "system32", "bcryptprimitives.dll"),
		filepath.Join("testdata", "bcryptprimitives.c"), "-ladvapi32")
	users, err := filepath.Glob(filepath.Join(w.drive, "users", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range users {
		if filepath.Base(user) != "Public" {
			w.user = user
		}
	}
	return w
}

// registry returns the values below a key; "" if there are none.
func (w *windows) registry(t *testing.T, key string) string {
	t.Helper()
	if r := w.run(t, "wine", "reg", "query", key, "/s"); r.code == 0 {
		return r.out
	}
	return ""
}

// files returns the base names of the files below a folder.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	for name := range tree(t, dir) {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

const uninstallKey = `\Software\Microsoft\Windows\CurrentVersion\Uninstall`

func payload(t *testing.T) map[string]string {
	return tree(t, filepath.Join(unzip(t, artefact(t, "boxready-portable.zip")), "BoxReady"))
}

// assertContents asserts that a folder contains the files of the package and no others, whatever their modes.
func assertContents(t *testing.T, dir string, more ...string) {
	t.Helper()
	want, got := payload(t), tree(t, dir)
	for name, what := range want {
		sum := what[max(strings.LastIndex(what, " "), 0):]
		if what[0] == 'd' { // a folder has none
			sum = ""
		}
		if got[name] == "" || !strings.HasSuffix(got[name], sum) {
			t.Errorf("%s is %q in %s", name, got[name], dir)
		}
		delete(got, name)
	}
	for _, name := range more {
		if got[name] == "" {
			t.Errorf("%s is missing in %s", name, dir)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("there is more in %s: %v", dir, got)
	}
}

func TestSetup(t *testing.T) {
	w := newWindows(t)
	setup := artefact(t, "boxready-setup.exe")
	program := filepath.Join(w.user, "AppData", "Local", "Programs", "BoxReady")
	menu := filepath.Join(w.user, "AppData", "Roaming", "Microsoft", "Windows", "Start Menu", "Programs")
	startMenu := filepath.Join(menu, "BoxReady")

	w.must(t, "wine", setup, "/S", "/LANG=1049")
	assertContents(t, program, "uninstall.exe")
	if got := files(t, startMenu); !slices.Equal(got, []string{"BoxReady (текстовый режим).lnk", "BoxReady.lnk"}) {
		t.Errorf("start menu: %q", got)
	}
	entry := w.registry(t, "HKCU"+uninstallKey+`\BoxReady`)
	for _, want := range []string{version(t), "uninstall.exe\" /S", "EstimatedSize"} {
		if !strings.Contains(entry, want) {
			t.Errorf("uninstall entry lacks %q:\n%s", want, entry)
		}
	}
	for extension, class := range map[string]string{".yaml": "BoxReady.Requirements", ".zip": "BoxReady.Report"} {
		if got := w.registry(t, `HKCU\Software\Classes\`+extension); !strings.Contains(got, class) {
			t.Errorf("%s isn't offered for %s: %s", class, extension, got)
		}
		if got := w.registry(t, `HKCU\Software\Classes\`+class); !strings.Contains(got, `boxready.exe" "%1"`) {
			t.Errorf("%s opens with %s", class, got)
		}
		if got := w.registry(t, `HKCU\Software\Classes\SystemFileAssociations\`+extension+`\shell\BoxReady`); !strings.Contains(got, `System.FileName:"*.boxready`+extension) {
			t.Errorf("the menu of %s has %s", extension, got)
		}
	}

	t.Run("checking", func(t *testing.T) { w.check(t, filepath.Join(program, "boxready-cli.exe")) })
	t.Run("keyring", func(t *testing.T) { w.keyring(t, filepath.Join(program, "boxready-cli.exe")) })
	t.Run("console", func(t *testing.T) { w.console(t, filepath.Join(program, "boxready-cli.exe")) })
	t.Run("window", func(t *testing.T) { w.open(t, setup, filepath.Join(program, "boxready.exe")) })

	// Over an earlier version.
	if err := os.WriteFile(filepath.Join(program, "boxready-cli.exe"), []byte("MZ, the old one"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.must(t, "wine", setup, "/S", "/LANG=1033")
	assertContents(t, program, "uninstall.exe")
	if got := files(t, startMenu); !slices.Equal(got, []string{"BoxReady (text mode).lnk", "BoxReady.lnk"}) {
		t.Errorf("start menu after the upgrade: %q", got)
	}

	w.must(t, "wine", filepath.Join(program, "uninstall.exe"), "/S")
	until(t, "the uninstaller", func() bool { return !exists(program) && !exists(startMenu) }) // it works on from a copy of itself
	until(t, "the registry", func() bool { return w.registry(t, "HKCU"+uninstallKey+`\BoxReady`) == "" })
	for _, key := range []string{`BoxReady.Report`, `BoxReady.Requirements`, `.yaml\OpenWithProgids`, `SystemFileAssociations\.zip`, `SystemFileAssociations\.yaml`} {
		if got := w.registry(t, `HKCU\Software\Classes\`+key); got != "" {
			t.Errorf("left: %s", got)
		}
	}
	if !exists(filepath.Join(w.user, "AppData", "Local", "boxready")) {
		t.Error("what was kept for this person is gone")
	}

	// For all users.
	w.must(t, "wine", setup, "/S", "/AllUsers", "/LANG=1049")
	everybody := filepath.Join(w.drive, "Program Files", "BoxReady")
	assertContents(t, everybody, "uninstall.exe")
	if w.registry(t, "HKLM"+uninstallKey+`\BoxReady`) == "" || w.registry(t, "HKCU"+uninstallKey+`\BoxReady`) != "" {
		t.Error("the uninstall entry isn't everybody's")
	}
	w.must(t, "wine", filepath.Join(everybody, "uninstall.exe"), "/S")
	until(t, "the uninstaller", func() bool { return !exists(everybody) })
	until(t, "the registry", func() bool { return w.registry(t, "HKLM"+uninstallKey+`\BoxReady`) == "" })
}

// check compares runs with those of the same program on Linux.
func (w *windows) check(t *testing.T, cli string) {
	native := filepath.Join(unpack(t, artefact(t, "boxready-cli-linux-amd64.tar.gz")), "boxready")
	for _, e := range w.env {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	checkAgainstDemo(t, native, cli, []string{"wine"})
}

// keyring stores a webhook in the Credential Manager, reads it in another process, and deletes it.
func (w *windows) keyring(t *testing.T, cli string) {
	native := filepath.Join(unpack(t, artefact(t, "boxready-cli-linux-amd64.tar.gz")), "boxready")
	d := startDemo(t, native, "--webhook")
	at := slices.Index(d.args, "--webhook")
	if at < 0 {
		t.Fatalf("no webhook in %q", d.args)
	}
	portal, webhook := d.args[1], d.args[at+1]
	way := slices.Concat(d.args[2:at], d.args[at+2:])
	saved := func() result {
		return w.run(t, "wine", slices.Concat([]string{cli, "check", portal, "--webhook", "saved", "--format", "json", "--lang", "en"}, way)...)
	}
	if r := saved(); r.code == 0 {
		t.Errorf("there is a webhook before one was stored: %s", r.out)
	}
	keeping := w.command
	keeping.input = webhook + "\n"
	keeping.must(t, "wine", cli, "accounts", "add-webhook", portal, "--lang", "en")
	if got := w.must(t, "wine", cli, "accounts", "--lang", "en"); !strings.Contains(got, portal) || strings.Contains(got, webhook) {
		t.Errorf("accounts: %s", got)
	}
	r := saved()
	if v := verdictOf(t, r); r.code != 0 || v.Verdict != "ready" {
		t.Errorf("with the stored webhook: exit %d, %+v", r.code, v)
	}
	w.must(t, "wine", cli, "logout", portal, "--all", "--lang", "en")
	if r := saved(); r.code == 0 {
		t.Errorf("after logout the webhook is still there: %s", r.out)
	}
}

// console runs the dialogue after a double click: it asks for the address, shows the result and waits.
func (w *windows) console(t *testing.T, cli string) {
	typed := w.command
	typed.input = "not a portal/\n127.0.0.1:9\n\n"
	r := typed.run(t, "wine", cli)
	if r.code != 3 || !strings.Contains(r.out, "127.0.0.1:9") || strings.Count(r.err, "portal.example.com") < 2 || !strings.Contains(r.err, "Enter") {
		t.Errorf("exit %d\n%s\n%s", r.code, r.out, r.err)
	}
}

// background starts a program without waiting for it.
func (w *windows) background(t *testing.T, name string, args ...string) (done chan error) {
	t.Helper()
	p := exec.Command(name, args...)
	p.Env = append(os.Environ(), w.env...)
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	done = make(chan error, 1)
	go func() { done <- p.Wait() }()
	t.Cleanup(func() { _ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) })
	return done
}

// open opens the window, and a file in it by a second start. While it is open, the setup program changes nothing.
func (w *windows) open(t *testing.T, setup, program string) {
	done := w.background(t, "wine", program)
	window := w.window(t, "^BoxReady$")
	before := w.screenshot(t)
	w.saveScreenshot(t, "wine")
	if r := w.run(t, "wine", setup, "/S"); r.code != 2 {
		t.Errorf("setup while the window is open: exit %d", r.code)
	}
	file := filepath.Join(w.home, "application.boxready.yaml")
	if err := os.WriteFile(file, []byte("boxready: 1\napplication: {name: Opened}\nscopes: [crm]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.must(t, "wine", program, "Z:"+strings.ReplaceAll(file, "/", `\`))
	until(t, "the file to be shown", func() bool { return w.changed(t, before) })
	w.saveScreenshot(t, "wine-file")
	if windows := strings.Fields(w.must(t, "xdotool", "search", "--onlyvisible", "--name", "^BoxReady$")); len(windows) != 1 {
		t.Errorf("%d windows", len(windows))
	}
	w.must(t, "xdotool", "windowfocus", window)
	w.run(t, "wine", "taskkill", "/IM", "boxready.exe")
	select {
	case <-done:
	default:
		w.run(t, "wine", "taskkill", "/F", "/IM", "boxready.exe")
		<-done
	}
}

// nativeFirst lets the program's own OpenGL go before Wine's, which is silently used otherwise.
const nativeFirst = "WINEDLLOVERRIDES=mscoree,mshtml=;opengl32=n,b"

// portable unpacks the portable program.
func portable(t *testing.T) string {
	t.Helper()
	return filepath.Join(unzip(t, artefact(t, "boxready-portable.zip")), "BoxReady")
}

// processes are the ids of the programs of that name in a folder.
func processes(t *testing.T, folder, name string) (ids []string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		line, err := os.ReadFile(file) // it may have ended
		if err == nil && strings.Contains(strings.ReplaceAll(string(line), `\`, "/"), filepath.Join(folder, name)) {
			ids = append(ids, filepath.Base(filepath.Dir(file)))
		}
	}
	return ids
}

// mapsMesa reports whether a process has the software OpenGL of a folder in its memory.
func mapsMesa(t *testing.T, id, folder string) bool {
	t.Helper()
	maps, err := os.ReadFile(filepath.Join("/proc", id, "maps"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(maps), filepath.Join(folder, "opengl", "libgallium_wgl.dll"))
}

// start starts the window and waits for its first picture; it returns the process that shows it.
func (w *windows) start(t *testing.T, folder string, args ...string) (id string) {
	t.Helper()
	begun := time.Now()
	w.background(t, "wine", append([]string{filepath.Join(folder, "boxready.exe")}, args...)...)
	w.window(t, "BoxReady$")
	w.screenshot(t)
	ids := processes(t, folder, "boxready.exe")
	if len(ids) != 1 {
		t.Fatalf("the processes %q have the window", ids)
	}
	t.Logf("painted after %v", time.Since(begun).Round(10*time.Millisecond))
	return ids[0]
}

// end ends the program, and waits for that: a mark of the opening must not be left.
func (w *windows) end(t *testing.T, folder string) {
	t.Helper()
	w.run(t, "wine", "taskkill", "/F", "/IM", "boxready.exe")
	until(t, "the program's end", func() bool { return len(processes(t, folder, "boxready.exe")) == 0 })
}

// settle waits until the screen stays the same, and returns its picture.
func (w *windows) settle(t *testing.T) string {
	t.Helper()
	last := w.screenshot(t)
	until(t, "a picture that stays", func() bool {
		time.Sleep(500 * time.Millisecond)
		now := w.pixels(t)
		same := now == last
		last = now
		return same
	})
	return last
}

// hasColour counts the pixels of a colour.
func hasColour(picture string, red, green, blue byte) (n int) {
	for i := 0; i+3 <= len(picture); i += 3 {
		if picture[i] == red && picture[i+1] == green && picture[i+2] == blue {
			n++
		}
	}
	return n
}

// resident is how much memory a process has, in MB.
func resident(t *testing.T, id string) int {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", id, "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib * 1024 / 1e6
}

// openGLs are computers whose OpenGL isn't enough for the window.
var openGLs = map[string]struct{ server, env []string }{
	"none":    {server: []string{"-extension", "GLX"}},
	"too old": {env: []string{"MESA_GL_VERSION_OVERRIDE=1.4"}},
}

// TestSoftwareOpenGL opens the window on computers whose own OpenGL isn't enough for it, and drives it to a verdict.
func TestSoftwareOpenGL(t *testing.T) {
	usual := func(t *testing.T) string {
		w, folder := newWindows(t), portable(t)
		w.env = append(w.env, nativeFirst, "LC_ALL=C")
		id := w.start(t, folder)
		if mapsMesa(t, id, folder) {
			t.Error("a working OpenGL isn't used")
		}
		picture := w.settle(t)
		w.end(t, folder)
		return picture
	}(t)
	for name, c := range openGLs {
		t.Run(name, func(t *testing.T) {
			w, folder := newWindows(t, c.server...), portable(t)
			w.env = append(append(w.env, nativeFirst, "LC_ALL=C"), c.env...)
			id := w.start(t, folder)
			if !mapsMesa(t, id, folder) {
				t.Error("the software OpenGL isn't loaded")
			}
			picture, differ := w.settle(t), 0
			for i := range min(len(picture), len(usual)) {
				if d := int(picture[i]) - int(usual[i]); d < -32 || d > 32 {
					differ++
				}
			}
			if differ > len(usual)/1000 || len(picture) != len(usual) {
				w.saveScreenshot(t, "wine-software")
				t.Errorf("%d of %d values differ from the usual picture", differ, len(usual))
			}
			if mb := resident(t, id); mb >= 200 {
				t.Errorf("%d MB of memory", mb)
			}
			if got := strings.TrimSpace(w.must(t, "wine", filepath.Join(folder, "boxready.exe"), "--renderer")); got != "softpipe" {
				t.Errorf("the self-test is told %q", got)
			}
			w.end(t, folder)

			w.start(t, folder, "--demo")
			until(t, "a verdict", func() bool { return hasColour(w.pixels(t), 0xbf, 0x1d, 0x24) > 150 })
			w.saveScreenshot(t, "wine-software-"+strings.ReplaceAll(name, " ", "-"))
			w.end(t, folder)
		})
	}
}

// TestDriverThatCrashed starts the window when the last start ended while it was opening.
func TestDriverThatCrashed(t *testing.T) {
	w, folder := newWindows(t), portable(t)
	w.env = append(w.env, nativeFirst)
	mark := filepath.Join(w.user, "AppData", "Local", "boxready", "opening-graphics")
	if err := errors.Join(os.MkdirAll(filepath.Dir(mark), 0o700), os.WriteFile(mark, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // nor is it tried the next time
		if id := w.start(t, folder); !mapsMesa(t, id, folder) {
			t.Error("the driver is used again")
		}
		w.settle(t)
		w.end(t, folder)
	}
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	if id := w.start(t, folder); mapsMesa(t, id, folder) {
		t.Error("the driver isn't used")
	}
	until(t, "the end of the mark", func() bool { return !exists(mark) })
	w.end(t, folder)
}

// TestWithoutOpenGL starts the window where no OpenGL is left: the message's button opens the text mode.
func TestWithoutOpenGL(t *testing.T) {
	w, folder := newWindows(t, "-extension", "GLX"), portable(t)
	if err := os.RemoveAll(filepath.Join(folder, "opengl")); err != nil {
		t.Fatal(err)
	}
	done := w.background(t, "wine", filepath.Join(folder, "boxready.exe"))
	window := w.window(t, "^BoxReady$")
	until(t, "a picture", func() bool { return w.colours(t) > 2 })
	w.saveScreenshot(t, "wine-no-opengl")
	w.must(t, "xdotool", "windowfocus", window)
	w.must(t, "xdotool", "key", "Return")
	until(t, "the text mode", func() bool { return len(processes(t, folder, "boxready-cli.exe")) == 1 })
	err := <-done
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
		t.Errorf("it ended with %v", err)
	}
}

func TestMSI(t *testing.T) {
	w := newWindows(t)
	need(t, "msiextract")
	msi := artefact(t, "boxready.msi")
	t.Run("payload", func(t *testing.T) {
		dir := t.TempDir()
		must(t, "msiextract", "-C", dir, msi)
		assertContents(t, filepath.Join(dir, "BoxReady"))
	})
	program := filepath.Join(w.drive, "Program Files", "BoxReady")
	menu := filepath.Join(w.user, "AppData", "Roaming", "Microsoft", "Windows", "Start Menu", "Programs", "BoxReady") // Wine has one for all
	w.must(t, "wine", "msiexec", "/i", msi, "/qn")
	assertContents(t, program)
	if got := files(t, menu); !slices.Equal(got, []string{"BoxReady (text mode).lnk", "BoxReady.lnk"}) {
		t.Errorf("start menu: %q", got)
	}
	if got := w.registry(t, "HKLM"+uninstallKey); !strings.Contains(got, "BoxReady") {
		t.Errorf("no uninstall entry: %s", got)
	}
	if got := w.registry(t, `HKLM\Software\Classes\BoxReady.Report`); !strings.Contains(got, `C:\Program Files\BoxReady\boxready.exe" "%1"`) {
		t.Errorf("reports open with %s", got)
	}
	if got := w.must(t, "wine", filepath.Join(program, "boxready-cli.exe"), "version"); strings.TrimSpace(got) != "boxready "+version(t) {
		t.Errorf("version: %q", got)
	}
	w.must(t, "wine", "msiexec", "/x", msi, "/qn")
	for _, path := range []string{program, menu} {
		if exists(path) {
			t.Errorf("%s is left", path)
		}
	}
	if got := w.registry(t, "HKLM"+uninstallKey); strings.Contains(got, "BoxReady") {
		t.Errorf("left: %s", got)
	}
	if got := w.registry(t, `HKLM\Software\Classes\BoxReady.Report`); got != "" {
		t.Errorf("left: %s", got)
	}
}

func TestWindowsPrograms(t *testing.T) {
	need(t, "wrestool")
	dir := filepath.Join(unzip(t, artefact(t, "boxready-portable.zip")), "BoxReady")
	for name, subsystem := range map[string]uint16{"boxready.exe": pe.IMAGE_SUBSYSTEM_WINDOWS_GUI, "boxready-cli.exe": pe.IMAGE_SUBSYSTEM_WINDOWS_CUI} {
		path := filepath.Join(dir, name)
		file, err := pe.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if got := file.OptionalHeader.(*pe.OptionalHeader64).Subsystem; got != subsystem {
			t.Errorf("%s: subsystem %d", name, got)
		}
		libraries, err := file.ImportedLibraries()
		if err != nil {
			t.Fatal(err)
		}
		for _, library := range libraries {
			if !slices.Contains([]string{"gdi32.dll", "kernel32.dll", "msvcrt.dll", "shell32.dll", "user32.dll", "winmm.dll"}, strings.ToLower(library)) {
				t.Errorf("%s needs %s", name, library)
			}
		}
		manifest := must(t, "wrestool", "--extract", "--raw", "--type=24", path)
		for _, want := range []string{"asInvoker", "PerMonitorV2", "UTF-8", "longPathAware"} {
			if !strings.Contains(manifest, want) {
				t.Errorf("%s: the manifest lacks %s", name, want)
			}
		}
		resource := must(t, "wrestool", "--extract", "--raw", "--type=16", path)
		var wide bytes.Buffer
		for _, c := range utf16.Encode([]rune(version(t))) {
			wide.Write([]byte{byte(c), byte(c >> 8)})
		}
		if !strings.Contains(resource, wide.String()) {
			t.Errorf("%s: no version %s in its resources", name, version(t))
		}
		if icons := must(t, "wrestool", "--list", "--type=14", path); !strings.Contains(icons, "--type=14") {
			t.Errorf("%s has no icon", name)
		}
	}
}

// TestSignatures signs with a new certificate, and verifies the signatures of the built programs if they are signed.
func TestSignatures(t *testing.T) {
	need(t, "osslsigncode", "openssl")
	cert := t.TempDir()
	p12 := strings.TrimSpace(must(t, "../windows/test-certificate", cert))
	root := filepath.Join(cert, "test.pem")
	sign := command{env: []string{"SIGN_PKCS12=" + p12, "SIGN_PASSWORD_FILE=" + filepath.Join(cert, "test.password"), "SIGN_TIMESTAMP=", "SOURCE_DATE_EPOCH=1700000000"}}
	copies := t.TempDir()
	for _, path := range []string{
		filepath.Join(unzip(t, artefact(t, "boxready-portable.zip")), "BoxReady", "boxready-cli.exe"), artefact(t, "boxready-setup.exe"), artefact(t, "boxready.msi"),
	} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var signed [2][]byte
		file := filepath.Join(copies, filepath.Base(path))
		verify := func() result { return command{}.run(t, "osslsigncode", "verify", "-CAfile", root, file) }
		for i := range signed {
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if r := verify(); r.code == 0 {
				t.Errorf("%s verifies before it is signed with this certificate", path)
			}
			sign.must(t, "../windows/sign", file)
			if signed[i], err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(signed[0], signed[1]) {
			t.Errorf("%s: two signatures differ", path)
		}
		if r := verify(); r.code != 0 || !strings.Contains(r.out, "Signature verification: ok") {
			t.Errorf("%s: %s%s", path, r.out, r.err)
		}
		tampered := bytes.Clone(signed[0])
		tampered[len(data)/3] ^= 1
		if err := os.WriteFile(file, tampered, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := verify(); r.code == 0 {
			t.Errorf("%s: tampering isn't detected", path)
		}
	}
	if given := os.Getenv("SIGN_PKCS12"); given != "" {
		ca := strings.TrimSuffix(given, ".p12") + ".pem"
		for _, pattern := range []string{"boxready-setup.exe", "boxready.msi"} {
			if r := (command{}).run(t, "osslsigncode", "verify", "-CAfile", ca, artefact(t, pattern)); r.code != 0 {
				t.Errorf("%s isn't signed with %s: %s", pattern, given, r.out)
			}
		}
	}
}

// TestMesa puts another build of Mesa beside the program.
func TestMesa(t *testing.T) {
	folder(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"opengl32.dll": "MZ", "libgallium_wgl.dll": "MZ", "licence.txt": "the licence\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "out")
	given := command{env: []string{"MESA_DLL=" + filepath.Join(dir, "opengl32.dll") + " " + filepath.Join(dir, "libgallium_wgl.dll"), "MESA_LICENCE=" + filepath.Join(dir, "licence.txt")}}
	given.must(t, "../windows/mesa", out)
	if got, want := files(t, out), []string{"LICENCES.txt", "libgallium_wgl.dll", "opengl32.dll"}; !slices.Equal(got, want) {
		t.Errorf("it has %q", got)
	}
	given.env[1] = "MESA_LICENCE="
	if r := given.run(t, "../windows/mesa", out); r.code == 0 {
		t.Error("without a licence it goes out, too")
	}
}

// TestSizes are what is downloaded.
func TestSizes(t *testing.T) {
	for pattern, most := range map[string]int64{"boxready-setup.exe": 19e6, "boxready-portable.zip": 25e6} {
		info, err := os.Stat(artefact(t, pattern))
		if err != nil {
			t.Fatal(err)
		}
		if os.Getenv("MESA_DLL") == "" && info.Size() > most {
			t.Errorf("%s has %d bytes, at most %d are allowed", info.Name(), info.Size(), most)
		}
	}
}
