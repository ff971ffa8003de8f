package schedule

import (
	"context"
	"encoding/binary"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf16"

	"boxready/internal/atomicfile"
	"boxready/internal/lazyregexp"
)

// Windows is the Windows Task Scheduler. Each job is a task of the user, without more rights than the user has, see "Task Scheduler
// Schema" of Microsoft's documentation.
type Windows struct {
	User string // security identifier
	Run  Run
	Now  func() time.Time
}

// Place is the task's name. All users' tasks are in one folder.
func (w Windows) Place(name string) string { return w.prefix() + name }

func (w Windows) prefix() string { return prefix + w.User[strings.LastIndex(w.User, "-")+1:] + "-" }

// Task is a job's task in XML. A run that was missed is made up for; one that takes ten minutes hangs. It begins with the next time:
// one that has passed would be made up for at once.
func (w Windows) Task(j Job) string {
	now := w.Now()
	first := time.Date(now.Year(), now.Month(), now.Day(), j.Time.Hour, j.Time.Minute, 0, 0, now.Location())
	if !first.After(now) {
		first = first.AddDate(0, 0, 1)
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Source>%s</Source>
    <Description>%s</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>%s</StartBoundary>
      <RandomDelay>PT2M</RandomDelay>
      <ScheduleByDay>
        <DaysInterval>1</DaysInterval>
      </ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>%s</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT10M</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>%s</Command>
      <Arguments>%s</Arguments>
    </Exec>
  </Actions>
</Task>
`, sourceOf(j.Command), html.EscapeString(j.Description), first.Format("2006-01-02T15:04:05"), html.EscapeString(w.User), html.EscapeString(j.Command[0]),
		html.EscapeString(windowsArguments(j.Command[1:])))
}

var (
	beforeQuote = lazyregexp.New(`(\\*)"`)
	atEnd       = lazyregexp.New(`\\+$`)
)

// windowsArguments quotes arguments as programs for Windows read them, see CommandLineToArgvW: backslashes stand for themselves but
// before a quotation mark.
func windowsArguments(words []string) string {
	var line []string
	for _, word := range words {
		word = atEnd().ReplaceAllString(beforeQuote().ReplaceAllString(word, `$1$1\"`), "$0$0")
		line = append(line, `"`+word+`"`)
	}
	return strings.Join(line, " ")
}

// sourceOf is a command in ASCII, as it is read back: schtasks writes other characters in a code page, which may lack them.
func sourceOf(command []string) string {
	words := make([]string, len(command))
	for i, word := range command {
		words[i] = url.QueryEscape(word)
	}
	return strings.Join(words, ",")
}

// readSource is the reverse of sourceOf; nil for another program's text.
func readSource(source string) (command []string) {
	for word := range strings.SplitSeq(source, ",") {
		word, err := url.QueryUnescape(word)
		if err != nil || source == "" {
			return nil
		}
		command = append(command, word)
	}
	return command
}

// utf16File is a text as the Task Scheduler reads it: UTF-16 with a byte order mark.
func utf16File(text string) []byte {
	data, _ := binary.Append([]byte{0xFF, 0xFE}, binary.LittleEndian, utf16.Encode([]rune(strings.ReplaceAll(text, "\n", "\r\n")))) // numbers have a size
	return data
}

// Set registers the task from a file, which is removed again.
func (w Windows) Set(ctx context.Context, j Job) error {
	if err := j.check(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "boxready")
	if err != nil {
		return fmt.Errorf("make a folder for the task: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "task.xml")
	if err := atomicfile.Keep(file, utf16File(w.Task(j))); err != nil {
		return fmt.Errorf("write the task: %w", err)
	}
	_, err = w.Run(ctx, "schtasks", "/Create", "/TN", w.Place(j.Name), "/XML", file, "/F")
	return err
}

// Remove deletes the task.
func (w Windows) Remove(ctx context.Context, name string) error {
	_, err := w.Run(ctx, "schtasks", "/Delete", "/TN", w.Place(name), "/F")
	return err
}

// Jobs asks for all tasks' names, and for the XML of those that are this user's. The list of names may come with the error about a
// damaged task of another program.
func (w Windows) Jobs(ctx context.Context) (jobs []Job, err error) {
	list, err := w.Run(ctx, "schtasks", "/Query", "/FO", "CSV", "/NH")
	if err != nil && !strings.Contains(list, `"\`) {
		return nil, err
	}
	seen := map[string]bool{}
	for _, name := range between(list, `"\`+w.prefix(), `"`) {
		if seen[name] { // a task has a line for each trigger
			continue
		}
		seen[name] = true
		text, err := w.Run(ctx, "schtasks", "/Query", "/TN", w.Place(name), "/XML")
		if err != nil {
			return nil, err
		}
		text = asciiOnly(text)
		element := func(name string) string {
			return html.UnescapeString(strings.Join(between(text, "<"+name+">", "</"+name+">"), ""))
		}
		_, at, _ := strings.Cut(element("StartBoundary"), "T")
		t, ok := ParseTime(at[:min(len(at), len("15:04"))])
		if command := readSource(element("Source")); ok && command != nil && element("UserId") == w.User {
			jobs = append(jobs, Job{Name: name, Time: t, Command: command})
		}
	}
	return jobs, nil
}

// asciiOnly returns the ASCII in a text in UTF-16 or a code page of the console: which of them schtasks writes depends on the system.
func asciiOnly(text string) string {
	return strings.Map(func(r rune) rune {
		if r == 0 || r >= 0x80 {
			return -1
		}
		return r
	}, text)
}
