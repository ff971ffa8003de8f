package schedule

import (
	"context"
	"errors"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"boxready/internal/atomicfile"
)

// Launchd is launchd of macOS. Each job is an agent of the user, see launchd.plist(5). What was missed while the computer slept is
// made up for when it wakes.
type Launchd struct {
	Dir string // of the user's agents
	UID int
	Run Run
}

// label is what launchd calls an agent.
func label(name string) string { return "dev.boxready." + name }

// Place is the agent's file.
func (l Launchd) Place(name string) string { return filepath.Join(l.Dir, label(name)+".plist") }

// Plist is the text of a job's agent.
func (Launchd) Plist(j Job) string {
	var words strings.Builder
	for _, word := range j.Command {
		fmt.Fprintf(&words, "\t\t<string>%s</string>\n", html.EscapeString(word))
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>%s</string>
	<key>ProgramArguments</key>
	<array>
%s	</array>
	<key>StartCalendarInterval</key>
	<dict>
		<key>Hour</key>
		<integer>%d</integer>
		<key>Minute</key>
		<integer>%d</integer>
	</dict>
	<key>ProcessType</key>
	<string>Background</string>
</dict>
</plist>
`, html.EscapeString(label(j.Name)), words.String(), j.Time.Hour, j.Time.Minute)
}

func (l Launchd) domain() string { return "gui/" + strconv.Itoa(l.UID) }

// Set writes the agent and loads it. If that fails, the agent that was there before is put back.
func (l Launchd) Set(ctx context.Context, j Job) error {
	if err := j.check(); err != nil {
		return err
	}
	path := l.Place(j.Name)
	_, none := os.Lstat(path)
	restore, err := remember(path)
	if err != nil {
		return err
	}
	if err := atomicfile.Keep(path, []byte(l.Plist(j))); err != nil {
		return fmt.Errorf("write the agent: %w", err)
	}
	l.unload(ctx, j.Name)
	if err = l.load(ctx, path); err == nil {
		return nil
	}
	if err = errors.Join(err, restore()); none != nil {
		return err
	}
	return errors.Join(err, l.load(context.WithoutCancel(ctx), path)) // a cancelled ctx may be why it failed
}

func (l Launchd) load(ctx context.Context, path string) error {
	_, err := l.Run(ctx, "launchctl", "bootstrap", l.domain(), path)
	return err
}

// unload fails for an agent that isn't loaded.
func (l Launchd) unload(ctx context.Context, name string) {
	_, _ = l.Run(ctx, "launchctl", "bootout", l.domain()+"/"+label(name))
}

// Remove unloads the agent and removes its file.
func (l Launchd) Remove(ctx context.Context, name string) error {
	l.unload(ctx, name)
	if err := remove(l.Place(name)); err != nil {
		return fmt.Errorf("remove the agent: %w", err)
	}
	return nil
}

// Jobs reads the agents' files.
func (l Launchd) Jobs(context.Context) (jobs []Job, err error) {
	files, err := filepath.Glob(l.Place("*"))
	if err != nil {
		return nil, fmt.Errorf("list the agents: %w", err)
	}
	for _, path := range files {
		text := readFile(path)
		j := Job{Name: strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), label("")), ".plist")}
		for _, word := range between(strings.Join(between(text, "<array>", "</array>"), ""), "<string>", "</string>") {
			j.Command = append(j.Command, html.UnescapeString(word))
		}
		numbers := between(text, "<integer>", "</integer>")
		if len(numbers) != 2 || j.Command == nil {
			continue
		}
		if t, ok := ParseTime(numbers[0] + ":" + fmt.Sprintf("%02s", numbers[1])); ok {
			j.Time = t
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}
