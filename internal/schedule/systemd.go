package schedule

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"boxready/internal/atomicfile"
)

// Systemd is the user's instance of systemd. Each job is a service and the timer that starts it, see systemd.service(5),
// systemd.timer(5).
type Systemd struct {
	Dir string // of the user's units
	Run Run
}

// Service is the text of a job's service. 3, 4 and 5 are exit codes of BoxReady with a result.
func (Systemd) Service(j Job) string {
	return "[Unit]\nDescription=" + escapeSpecifiers(j.Description) + "\n\n[Service]\nType=oneshot\nExecStart=" + systemdCommand(j.Command) +
		"\nSuccessExitStatus=3 4 5\n"
}

// Timer is the text of a job's timer. A run that was missed is made up for at the next login; the delay is for the networks that the
// computer may just be connecting to.
func (Systemd) Timer(j Job) string {
	return fmt.Sprintf("[Unit]\nDescription=%s\n\n[Timer]\nOnCalendar=*-*-* %02d:%02d:00\nRandomizedDelaySec=2min\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n",
		escapeSpecifiers(j.Description), j.Time.Hour, j.Time.Minute)
}

func escapeSpecifiers(text string) string { return strings.ReplaceAll(text, "%", "%%") }

var systemdEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%")

// systemdCommand quotes a command by the rules of systemd.service(5), "Command lines": in the program's path $ stands for itself.
func systemdCommand(command []string) string {
	var line strings.Builder
	for i, word := range command {
		if word = systemdEscapes.Replace(word); i > 0 {
			word = " " + `"` + strings.ReplaceAll(word, "$", "$$") + `"`
		} else {
			word = `"` + word + `"`
		}
		line.WriteString(word)
	}
	return line.String()
}

// readSystemdCommand is the reverse of systemdCommand.
func readSystemdCommand(line string) (command []string) {
	line = strings.TrimSuffix(strings.TrimPrefix(line, `"`), `"`)
	for i, word := range strings.Split(line, `" "`) { // inside a word a quotation mark follows a backslash
		if i > 0 {
			word = strings.ReplaceAll(word, "$$", "$")
		}
		command = append(command, strings.NewReplacer(`\\`, `\`, `\"`, `"`, "%%", "%").Replace(word))
	}
	return command
}

func (s Systemd) service(name string) string { return filepath.Join(s.Dir, prefix+name+".service") }

// Place is the timer's file.
func (s Systemd) Place(name string) string { return filepath.Join(s.Dir, timerName(name)) }

func timerName(name string) string { return prefix + name + ".timer" }

func (s Systemd) systemctl(ctx context.Context, args ...string) error {
	_, err := s.Run(ctx, "systemctl", append([]string{"--user"}, args...)...)
	return err
}

// Set writes the units and starts the timer. If that fails, for instance where the user has no systemd, the units that were there before
// are put back.
func (s Systemd) Set(ctx context.Context, j Job) error {
	if err := j.check(); err != nil {
		return err
	}
	restore, err := remember(s.Place(j.Name), s.service(j.Name))
	if err != nil {
		return err
	}
	_, disabled := os.Lstat(s.enabled(j.Name))
	for path, text := range map[string]string{s.service(j.Name): s.Service(j), s.Place(j.Name): s.Timer(j)} {
		if err := atomicfile.Keep(path, []byte(text)); err != nil {
			return errors.Join(fmt.Errorf("write a unit: %w", err), restore())
		}
	}
	if err := s.systemctl(ctx, "daemon-reload"); err != nil { // there is none, or it isn't this session's
		return errors.Join(ErrNone, err, restore())
	}
	// A running timer takes over another time only when it is started again.
	for _, verb := range []string{"enable", "restart"} {
		err := s.systemctl(ctx, verb, timerName(j.Name))
		if err == nil {
			continue
		}
		ctx := context.WithoutCancel(ctx) // which may be why it failed
		if disabled != nil {
			return errors.Join(err, s.Remove(ctx, j.Name), restore())
		}
		return errors.Join(err, restore(), s.systemctl(ctx, "daemon-reload"), s.systemctl(ctx, "restart", timerName(j.Name)))
	}
	return nil
}

// Remove stops the timer and removes the units. Systemd's own note of the last run goes too: it would make a new timer run at once.
func (s Systemd) Remove(ctx context.Context, name string) error {
	_ = s.systemctl(ctx, "disable", "--now", timerName(name))      // fails for one that isn't loaded
	_ = s.systemctl(ctx, "clean", "--what=state", timerName(name)) // older versions can't
	if err := s.removeFiles(name); err != nil {
		return err
	}
	return s.systemctl(ctx, "daemon-reload")
}

func (s Systemd) removeFiles(name string) error {
	for _, path := range []string{s.enabled(name), s.Place(name), s.service(name)} {
		if err := remove(path); err != nil {
			return fmt.Errorf("remove a unit: %w", err)
		}
	}
	return nil
}

// enabled is the link that "systemctl enable" makes, see [Install] of the timer.
func (s Systemd) enabled(name string) string {
	return filepath.Join(s.Dir, "timers.target.wants", timerName(name))
}

// Jobs reads the units of the timers that are enabled.
func (s Systemd) Jobs(context.Context) (jobs []Job, err error) {
	timers, err := filepath.Glob(filepath.Join(s.Dir, timerName("*")))
	if err != nil {
		return nil, fmt.Errorf("list the units: %w", err)
	}
	for _, path := range timers {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), prefix), ".timer")
		timer, service := readFile(path), readFile(s.service(name))
		at, command := between(timer, "OnCalendar=*-*-* ", ":00\n"), between(service, "ExecStart=", "\n")
		if _, err := os.Lstat(s.enabled(name)); err != nil || len(at) != 1 || len(command) != 1 {
			continue
		}
		if t, ok := ParseTime(at[0]); ok {
			jobs = append(jobs, Job{name, strings.ReplaceAll(strings.Join(between(timer, "Description=", "\n"), ""), "%%", "%"), t, readSystemdCommand(command[0])})
		}
	}
	return jobs, nil
}

func readFile(path string) string {
	data, _ := os.ReadFile(path) // #nosec G304 -- a scheduler's file
	return string(data)
}

// Crontab is the line for a crontab that does the same where there is no systemd, for a user with this ID. Without the session's
// folder the notification would not find the session.
func Crontab(j Job, uid int) (string, error) {
	if err := j.check(); err != nil {
		return "", err
	}
	line := fmt.Sprintf("%d %d * * * XDG_RUNTIME_DIR=/run/user/%d", j.Time.Minute, j.Time.Hour, uid)
	for _, word := range j.Command {
		// For the shell, and before it for cron, to which % is a line break even in quotes.
		line += " '" + strings.NewReplacer("'", `'\''`, "%", `\%`).Replace(word) + "'"
	}
	return line, nil
}
