package schedule

import (
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"boxready/internal/simtest"
	"boxready/internal/simtest/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.M{M: m}.Run()) }

var update = flag.Bool("update", false, "write the expected files")

// awkward has what each format has to quote.
var awkward = Job{
	Name: "portal.example.ru-1a2b3c4d", Description: `100% «портал» & "box" <a>`, Time: Time{9, 5},
	Command: []string{`/home/Иван Петров/50% off $HOME/"it's"/boxready`, "check", "https://portal.example.ru", "--scheduled", "--trust",
		`/etc/$$ ${x} 5%/a "b" 'c' \d\\e\`, "", "Пример", " ", `" "`, `$HOME`, `x\"y\\"`, "&amp;<>", "--lang", "ru"},
}

// fakeTools records how tools are run, and answers like them.
type fakeTools struct {
	calls    []string
	fail     string // the calls that begin with it fail
	failures int    // so many of them; 0 for all
	answer   func(call string) string
}

func (f *fakeTools) run(_ context.Context, name string, args ...string) (string, error) {
	call := strings.Join(append([]string{name}, args...), " ")
	f.calls = append(f.calls, call)
	if f.fail != "" && strings.HasPrefix(call, f.fail) {
		if f.failures--; f.failures == 0 {
			f.fail = ""
		}
		return "refused", &ToolError{name, "refused", exec.ErrNotFound}
	}
	if f.answer != nil {
		return f.answer(call), nil
	}
	return "", nil
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n%s", name, got)
	}
}

func newSystemd(t *testing.T, tools *fakeTools) Systemd {
	s := Systemd{Dir: filepath.Join(t.TempDir(), "systemd", "user"), Run: tools.run}
	tools.answer = func(call string) string {
		if name, ok := strings.CutPrefix(call, "systemctl --user enable "); ok {
			wants := filepath.Join(s.Dir, "timers.target.wants")
			if err := errors.Join(os.MkdirAll(wants, 0o700), os.Symlink(filepath.Join(s.Dir, name), filepath.Join(wants, name))); err != nil && !errors.Is(err, os.ErrExist) {
				t.Error(err)
			}
		}
		return ""
	}
	return s
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestSystemd(t *testing.T) {
	testenv.NotOnWindows(t, "links need rights there")
	tools := &fakeTools{}
	s := newSystemd(t, tools)
	golden(t, "service", s.Service(awkward))
	golden(t, "timer", s.Timer(awkward))
	ctx := t.Context()
	if err := s.Set(ctx, awkward); err != nil {
		t.Fatal(err)
	}
	later := awkward
	later.Time = Time{18, 30}
	if err := s.Set(ctx, later); err != nil {
		t.Fatal(err)
	}
	if jobs, err := s.Jobs(ctx); err != nil || !reflect.DeepEqual(jobs, []Job{later}) {
		t.Errorf("read back: %q, %v", jobs, err)
	}
	timer := "boxready-portal.example.ru-1a2b3c4d.timer"
	want := []string{"systemctl --user daemon-reload", "systemctl --user enable " + timer, "systemctl --user restart " + timer}
	if !slices.Equal(tools.calls[3:], want) {
		t.Errorf("ran %q", tools.calls)
	}
	if err := s.Remove(ctx, awkward.Name); err != nil {
		t.Fatal(err)
	}
	if left := files(t, s.Dir); left != nil {
		t.Errorf("left: %q", left)
	}
	if err := s.Remove(ctx, awkward.Name); err != nil {
		t.Errorf("removed again: %v", err)
	}
}

func TestSystemdFailures(t *testing.T) {
	testenv.NotOnWindows(t, "links need rights there")
	for name, c := range map[string]struct {
		fail string
		none bool
	}{
		"no systemd":    {"systemctl --user daemon-reload", true},
		"refuses":       {"systemctl --user enable", false},
		"doesn't start": {"systemctl --user restart", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSystemd(t, &fakeTools{fail: c.fail})
			err := s.Set(t.Context(), awkward)
			var tool *ToolError
			if errors.Is(err, ErrNone) != c.none || !errors.As(err, &tool) || tool.Output != "refused" {
				t.Errorf("error %v", err)
			}
			if left := files(t, s.Dir); left != nil {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// TestFailedChangeKeepsFormerJob asserts that the daily check that worked before goes on, as it was, when a change of it fails.
func TestFailedChangeKeepsFormerJob(t *testing.T) {
	testenv.NotOnWindows(t, "links need rights there")
	const timer = "boxready-portal.example.ru-1a2b3c4d.timer"
	later := awkward
	later.Time, later.Command = Time{18, 30}, []string{"/opt/boxready"}
	for name, c := range map[string]struct {
		launchd bool
		fail    string // the first call that begins with it fails
		after   []string
	}{
		"no reload":  {fail: "systemctl --user daemon-reload"},
		"no enable":  {fail: "systemctl --user enable", after: []string{"systemctl --user daemon-reload", "systemctl --user restart " + timer}},
		"no restart": {fail: "systemctl --user restart", after: []string{"systemctl --user daemon-reload", "systemctl --user restart " + timer}},
		"launchd":    {launchd: true, fail: "launchctl bootstrap", after: []string{"launchctl bootstrap gui/501 agent"}},
	} {
		t.Run(name, func(t *testing.T) {
			tools := &fakeTools{}
			units := newSystemd(t, tools)
			var s Scheduler = units
			dir := units.Dir
			if c.launchd {
				dir = t.TempDir()
				s = Launchd{Dir: dir, UID: 501, Run: tools.run}
			}
			ctx := t.Context()
			if err := s.Set(ctx, awkward); err != nil {
				t.Fatal(err)
			}
			before, err := s.Jobs(ctx)
			if err != nil || len(before) != 1 {
				t.Fatalf("%q, %v", before, err)
			}
			left := files(t, dir)
			tools.fail, tools.failures, tools.calls = c.fail, 1, nil
			if err := s.Set(ctx, later); err == nil {
				t.Error("no error")
			}
			if now, err := s.Jobs(ctx); err != nil || !reflect.DeepEqual(now, before) || !slices.Equal(files(t, dir), left) {
				t.Errorf("left %q with %q, %v", files(t, dir), now, err)
			}
			failed := slices.IndexFunc(tools.calls, func(call string) bool { return strings.HasPrefix(call, c.fail) })
			for i := range tools.calls {
				tools.calls[i] = strings.ReplaceAll(tools.calls[i], s.Place(awkward.Name), "agent")
			}
			if got := tools.calls[failed+1:]; !slices.Equal(got, c.after) {
				t.Errorf("ran %q after the failure", got)
			}
		})
	}
}

func TestDisabledTimerIsNotListed(t *testing.T) {
	s := Systemd{Dir: t.TempDir(), Run: (&fakeTools{}).run}
	if err := s.Set(t.Context(), awkward); err != nil {
		t.Fatal(err)
	}
	if jobs, err := s.Jobs(t.Context()); err != nil || jobs != nil {
		t.Errorf("%q, %v", jobs, err)
	}
}

func TestControlCharactersAreRefused(t *testing.T) {
	j := awkward
	j.Command = []string{"/usr/bin/boxready\nExecStartPre=/bin/false"}
	tools := &fakeTools{}
	for _, s := range []Scheduler{newSystemd(t, tools), Launchd{t.TempDir(), 501, tools.run}, Windows{"S-1-5-21-1", tools.run, time.Now}} {
		if err := s.Set(t.Context(), j); !errors.Is(err, ErrCommand) {
			t.Errorf("%T: error %v", s, err)
		}
	}
	if _, err := Crontab(j, 1000); !errors.Is(err, ErrCommand) {
		t.Errorf("crontab: error %v", err)
	}
	if tools.calls != nil {
		t.Errorf("ran %q", tools.calls)
	}
}

// TestSystemdReadsIt has systemd's own tools read the units.
func TestSystemdReadsIt(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		testenv.Missing(t, "by systemd itself: systemd-analyze is missing; Debian has it in systemd")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, `50% off $HOME Иван`) // systemd refuses quotation marks in a program's path
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	j := awkward
	j.Command = append([]string{program}, j.Command[1:]...)
	units := []string{filepath.Join(dir, "boxready-x.service"), filepath.Join(dir, "boxready-x.timer")}
	for i, text := range []string{Systemd{}.Service(j), Systemd{}.Timer(j)} {
		if err := os.WriteFile(units[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// With any warning there is output; a unit of another package is none of ours.
	verify := exec.CommandContext(t.Context(), "systemd-analyze", "--user", "verify", units[0], units[1])
	verify.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "SYSTEMD_LOG_LEVEL=warning")
	if out, err := verify.CombinedOutput(); err != nil || strings.Contains(string(out), "boxready") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	calendar := between(Systemd{}.Timer(j), "OnCalendar=", "\n")[0]
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "calendar", "--iterations=2", calendar).CombinedOutput()
	if err != nil || strings.Count(string(out), " 09:05:00") < 3 {
		t.Errorf("systemd-analyze calendar: %v\n%s", err, out)
	}
}

// TestSystemdCommand has the line split by the rules of systemd.service(5).
func TestSystemdCommand(t *testing.T) {
	line := between(Systemd{}.Service(awkward), "ExecStart=", "\n")[0]
	if got, err := simtest.SplitExecStart(line); err != nil || !slices.Equal(got, awkward.Command) {
		t.Errorf("%q\nis read as %q, %v", line, got, err)
	}
}

// TestCrontab has cron's and the shell's rules applied to the line.
func TestCrontab(t *testing.T) {
	testenv.NotOnWindows(t, "it has neither cron nor its shell")
	line, err := Crontab(awkward, 1000)
	if err != nil {
		t.Fatal(err)
	}
	command, ok := strings.CutPrefix(line, "5 9 * * * XDG_RUNTIME_DIR=/run/user/1000 ")
	if !ok || strings.Contains(strings.ReplaceAll(command, `\%`, ""), "%") {
		t.Fatalf("line %s", line)
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\n' `+strings.ReplaceAll(command, `\%`, "%")).Output()
	if err != nil || string(out) != strings.Join(awkward.Command, "\n")+"\n" {
		t.Errorf("%v: %s", err, out)
	}
}

func TestLaunchd(t *testing.T) {
	tools := &fakeTools{}
	l := Launchd{Dir: filepath.Join(t.TempDir(), "LaunchAgents"), UID: 501, Run: tools.run}
	golden(t, "plist", l.Plist(awkward))
	ctx := t.Context()
	if err := l.Set(ctx, awkward); err != nil {
		t.Fatal(err)
	}
	want := awkward
	want.Description = "" // an agent has none
	if jobs, err := l.Jobs(ctx); err != nil || !reflect.DeepEqual(jobs, []Job{want}) {
		t.Errorf("read back: %q, %v", jobs, err)
	}
	if err := l.Remove(ctx, awkward.Name); err != nil {
		t.Fatal(err)
	}
	path := l.Place(awkward.Name)
	if got, want := tools.calls, []string{"launchctl bootout gui/501/dev.boxready.portal.example.ru-1a2b3c4d", "launchctl bootstrap gui/501 " + path,
		"launchctl bootout gui/501/dev.boxready.portal.example.ru-1a2b3c4d"}; !slices.Equal(got, want) {
		t.Errorf("ran %q", got)
	}
	tools.fail = "launchctl bootstrap"
	if err := l.Set(ctx, awkward); err == nil {
		t.Error("no error")
	}
	if left := files(t, l.Dir); left != nil {
		t.Errorf("left: %q", left)
	}
}

// TestPlistIsRead has another program's parser read the agent.
func TestPlistIsRead(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		testenv.Missing(t, "with a parser of property lists: python3 is missing")
	}
	path := filepath.Join(t.TempDir(), "agent.plist")
	if err := os.WriteFile(path, []byte(Launchd{}.Plist(awkward)), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `import plistlib, sys
p = plistlib.load(open(sys.argv[1], "rb"))
print(p["Label"], p["StartCalendarInterval"]["Hour"], p["StartCalendarInterval"]["Minute"], sorted(p))
print("\n".join(p["ProgramArguments"]))`
	out, err := exec.CommandContext(t.Context(), "python3", "-X", "utf8", "-c", script, path).CombinedOutput()
	want := "dev.boxready.portal.example.ru-1a2b3c4d 9 5 ['Label', 'ProcessType', 'ProgramArguments', 'StartCalendarInterval']\n" + strings.Join(awkward.Command, "\n") + "\n"
	if err != nil || string(out) != want {
		t.Errorf("%v: %s", err, out)
	}
}

const sid = "S-1-5-21-1111111111-2222222222-3333333333-1001"

var morning = time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)

func TestWindows(t *testing.T) {
	tools := &fakeTools{}
	w := Windows{User: sid, Run: tools.run, Now: func() time.Time { return morning }}
	golden(t, "task.xml", w.Task(awkward))
	ctx := t.Context()
	var registered []byte
	tools.answer = func(call string) string {
		_, path, _ := strings.Cut(call, "/XML ")
		registered, _ = os.ReadFile(strings.TrimSuffix(path, " /F"))
		return ""
	}
	if err := w.Set(ctx, awkward); err != nil {
		t.Fatal(err)
	}
	if got := fromUTF16(t, registered); got != strings.ReplaceAll(w.Task(awkward), "\n", "\r\n") {
		t.Errorf("registered %q", got)
	}
	name := "boxready-1001-portal.example.ru-1a2b3c4d"
	if call := tools.calls[0]; !strings.HasPrefix(call, "schtasks /Create /TN "+name+" /XML ") || !strings.HasSuffix(call, " /F") {
		t.Errorf("ran %q", call)
	}
	for codePage, xml := range map[string]string{"UTF-16": string(registered), "866": asciiOnly(w.Task(awkward)) + "\x8f\xe0",
		"437": regexp.MustCompile(`[^\x00-\x7f]`).ReplaceAllString(w.Task(awkward), "?")} {
		tools.answer = func(call string) string {
			switch call {
			case "schtasks /Query /FO CSV /NH":
				return "\"\\OneDrive\",\"N/A\",\"Ready\"\r\n\"\\" + name + "\",\"01.12.2026 9:05:00\",\"Ready\"\r\n\"\\" + name + "\",\"N/A\",\"Ready\"\r\n\"\\boxready-1002-other\",\"N/A\",\"Ready\"\r\n"
			case "schtasks /Query /TN " + name + " /XML":
				return xml
			}
			t.Errorf("ran %q", call)
			return ""
		}
		want := awkward
		want.Description = "" // in a code page it isn't known
		if jobs, err := w.Jobs(ctx); err != nil || !reflect.DeepEqual(jobs, []Job{want}) {
			t.Errorf("%s: read back %q, %v", codePage, jobs, err)
		}
	}
	tools.answer = nil
	if err := w.Remove(ctx, awkward.Name); err != nil || tools.calls[len(tools.calls)-1] != "schtasks /Delete /TN "+name+" /F" {
		t.Errorf("%v, ran %q", err, tools.calls)
	}
}

// TestTasksThatCannotBeRead asserts that what the Task Scheduler refuses to show isn't taken for no daily check.
func TestTasksThatCannotBeRead(t *testing.T) {
	const list, one = "schtasks /Query /FO CSV /NH", "schtasks /Query /TN boxready-1001-a /XML"
	ours, foreign := "\"\\boxready-1001-a\",\"N/A\",\"Ready\"\r\n", "\"\\boxready-1002-a\",\"N/A\",\"Ready\"\r\n"
	task := Windows{User: sid, Now: func() time.Time { return morning }}.Task(Job{Command: []string{"boxready"}})
	for name, c := range map[string]struct {
		fail, output, list string
		jobs               int
		err                bool
	}{
		"none":                        {list: "INFO: There are no scheduled tasks presently available at your access level.\r\n"},
		"list refused":                {fail: list, output: "ERROR: Access is denied.\r\n", err: true},
		"list refused without a word": {fail: list, err: true},
		"another task is damaged":     {fail: list, output: "ERROR: The task image is corrupt or has been tampered with.\r\n" + ours, jobs: 1},
		"task refused":                {fail: one, output: "ERROR: Access is denied.\r\n", list: ours, err: true},
		"task of another user":        {fail: one, list: foreign},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(_ context.Context, name string, args ...string) (string, error) {
				call := strings.Join(append([]string{name}, args...), " ")
				switch call {
				case c.fail:
					return c.output, &ToolError{name, c.output, os.ErrPermission}
				case list:
					return c.list, nil
				case one:
					return task, nil
				}
				t.Errorf("ran %q", call)
				return "", nil
			}
			jobs, err := Windows{User: sid, Run: run}.Jobs(t.Context())
			var tool *ToolError
			if len(jobs) != c.jobs || errors.As(err, &tool) != c.err || c.err && tool.Output != c.output {
				t.Errorf("%q, %v", jobs, err)
			}
		})
	}
}

func fromUTF16(t *testing.T, data []byte) string {
	t.Helper()
	if len(data) < 2 || data[0] != 0xFF || data[1] != 0xFE {
		t.Fatalf("no byte order mark: %x", data[:min(4, len(data))])
	}
	var units []uint16
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, uint16(data[i])|uint16(data[i+1])<<8)
	}
	return string(utf16.Decode(units))
}

// TestTaskBeginsInFuture asserts that a task isn't made up for as soon as it is registered.
func TestTaskBeginsInFuture(t *testing.T) {
	for now, want := range map[time.Time]string{
		morning:                       "2026-11-30T09:05:00",
		morning.Add(65 * time.Minute): "2026-12-01T09:05:00",
		morning.Add(12 * time.Hour):   "2026-12-01T09:05:00",
	} {
		w := Windows{User: sid, Now: func() time.Time { return now }}
		if got := between(w.Task(awkward), "<StartBoundary>", "</StartBoundary>"); !slices.Equal(got, []string{want}) {
			t.Errorf("at %v: %q", now, got)
		}
	}
}

// element is what the Task Scheduler's schema allows in an element: its children, in this order where it is a sequence. Each may be
// left out; texts are checked by their pattern.
type element struct {
	sequence bool
	children []string
}

// taskSchema is the part of "Task Scheduler Schema" ([MS-TSCH], section 2.5.1) that a task of BoxReady uses.
var taskSchema = map[string]element{
	"Task":             {children: []string{"RegistrationInfo", "Triggers", "Settings", "Data", "Principals", "Actions"}},
	"RegistrationInfo": {children: []string{"URI", "SecurityDescriptor", "Source", "Date", "Author", "Version", "Description", "Documentation"}},
	"Triggers":         {children: []string{"CalendarTrigger"}},
	"CalendarTrigger":  {true, []string{"Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit", "RandomDelay", "ScheduleByDay"}},
	"ScheduleByDay":    {children: []string{"DaysInterval"}},
	"Principals":       {children: []string{"Principal"}},
	"Principal":        {children: []string{"UserId", "LogonType", "GroupId", "DisplayName", "RunLevel"}},
	"Settings": {children: []string{"AllowStartOnDemand", "RestartOnFailure", "MultipleInstancesPolicy", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries",
		"AllowHardTerminate", "StartWhenAvailable", "NetworkProfileName", "RunOnlyIfNetworkAvailable", "WakeToRun", "Enabled", "Hidden", "DeleteExpiredTaskAfter",
		"IdleSettings", "NetworkSettings", "ExecutionTimeLimit", "Priority", "RunOnlyIfIdle"}},
	"Actions": {children: []string{"Exec"}},
	"Exec":    {true, []string{"Command", "Arguments", "WorkingDirectory"}},
}

func TestTaskFollowsSchema(t *testing.T) {
	task := Windows{User: sid, Now: func() time.Time { return morning }}.Task(awkward)
	decoder := xml.NewDecoder(strings.NewReader(task))
	decoder.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) { return in, nil }
	var path []string
	last := []int{-1}
	texts := map[string]string{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Space != "http://schemas.microsoft.com/windows/2004/02/mit/task" {
				t.Errorf("%s is in the namespace %q", token.Name.Local, token.Name.Space)
			}
			if len(path) > 0 {
				parent := taskSchema[path[len(path)-1]]
				at := slices.Index(parent.children, token.Name.Local)
				if at < 0 || parent.sequence && at <= last[len(last)-1] {
					t.Errorf("%s has no %s here", path[len(path)-1], token.Name.Local)
				}
				last[len(last)-1] = at
			}
			path, last = append(path, token.Name.Local), append(last, -1)
		case xml.EndElement:
			path, last = path[:len(path)-1], last[:len(last)-1]
		case xml.CharData:
			if len(path) > 0 && taskSchema[path[len(path)-1]].children == nil {
				texts[path[len(path)-1]] += string(token)
			}
		}
	}
	for name, want := range map[string]string{"StartBoundary": "2026-11-30T09:05:00", "RandomDelay": "PT2M", "DaysInterval": "1", "UserId": sid, "LogonType": "InteractiveToken",
		"Source": sourceOf(awkward.Command), "RunLevel": "LeastPrivilege", "MultipleInstancesPolicy": "IgnoreNew", "StartWhenAvailable": "true", "ExecutionTimeLimit": "PT10M", "Description": awkward.Description,
		"Command": awkward.Command[0]} {
		if texts[name] != want {
			t.Errorf("%s is %q", name, texts[name])
		}
	}
	if got := readWindowsArguments(texts["Arguments"]); !slices.Equal(got, awkward.Command[1:]) {
		t.Errorf("arguments %s\nare read as %q", texts["Arguments"], got)
	}
}

// readWindowsArguments is the reverse of windowsArguments.
func readWindowsArguments(line string) (words []string) {
	if line == "" {
		return nil
	}
	var word strings.Builder
	quoted, backslashes := false, 0
	for _, c := range line {
		switch {
		case c == '\\':
			backslashes++
			continue
		case c == '"':
			word.WriteString(strings.Repeat(`\`, backslashes/2))
			if backslashes%2 == 1 {
				word.WriteByte('"')
			} else {
				quoted = !quoted
			}
		case c == ' ' && !quoted:
			words = append(words, word.String())
			word.Reset()
		default:
			word.WriteString(strings.Repeat(`\`, backslashes))
			word.WriteRune(c)
		}
		backslashes = 0
	}
	return append(words, word.String())
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{"9:00": "9:00", "09:00": "9:00", "23:59": "23:59", "0:05": "0:05", "24:00": "", "9": "", "": "", "9:5": "", "9:00 ": "", "-1:00": ""} {
		got, ok := ParseTime(text)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}
