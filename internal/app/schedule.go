package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/schedule"
	"boxready/internal/words"
)

// Daily is a check of a portal that the system's scheduler starts every day. Its consents stand in the command that is started.
type Daily struct {
	Portal   portal.Address
	Time     schedule.Time
	Deep     bool     // see checks.Deep
	SignedIn bool     // use the saved sign-in, if the keyring gives it without asking
	Flags    []string // more flags of "boxready check"
	Place    string   // where the scheduler shows it; set by List
}

// ScheduledFlag is the flag of "boxready check" for a run by the system's scheduler: nobody is there to answer, and what got worse is
// told by a notification.
const ScheduledFlag = "scheduled"

// Schedules are the daily checks of the current user.
type Schedules struct {
	Scheduler schedule.Scheduler
	Program   []string // what is started
}

// NewSchedules returns those of the system's scheduler, which start this program.
func NewSchedules() Schedules { return Schedules{schedule.System(), program(os.Executable)} }

// program is the command that starts this program again, after an update as well.
func program(executable func() (string, error)) []string {
	if id := os.Getenv("FLATPAK_ID"); id != "" {
		return []string{"flatpak", "run", id}
	}
	if image := os.Getenv("APPIMAGE"); image != "" { // the program itself is mounted for this run only
		return []string{image}
	}
	path, err := executable()
	if err != nil {
		path = os.Args[0]
	}
	// On Windows a program with a console would open it in the middle of the owner's work.
	window := filepath.Join(filepath.Dir(path), "boxready.exe")
	if info, err := os.Stat(window); runtime.GOOS == "windows" && err == nil && info.Mode().IsRegular() { // #nosec G703 -- beside this program
		path = window
	}
	return []string{path}
}

// jobName is the same for a portal at any time. The checksum distinguishes what looks the same in a file's name.
func jobName(address portal.Address) string {
	sum := sha256.Sum256([]byte(address.String()))
	return fmt.Sprintf("%s-%x", report.FileName(address.String()), sum[:4])
}

func (s Schedules) job(d Daily, w *words.Texts) schedule.Job {
	command := append(slices.Clone(s.Program), "check", d.Portal.String(), "--"+ScheduledFlag)
	for _, f := range []struct {
		name  string
		given bool
	}{{"--deep", d.Deep}, {"--signed-in", d.SignedIn}} {
		if f.given {
			command = append(command, f.name)
		}
	}
	// The scheduler may have another language than the owner, or none.
	command = append(append(command, "--lang", w.Lang()), d.Flags...)
	return schedule.Job{Name: jobName(d.Portal), Description: w.Say("schedule.task", checks.Args{"portal": d.Portal.Display()}), Time: d.Time, Command: command}
}

// Set schedules a daily check, in the place of an earlier one of the same portal, and returns where the scheduler shows it. The error
// is schedule.Scheduler's.
func (s Schedules) Set(ctx context.Context, d Daily, w *words.Texts) (place string, err error) {
	j := s.job(d, w)
	if os.Getenv("FLATPAK_ID") != "" { // which can't reach the system's scheduler
		return "", schedule.ErrNone
	}
	return s.Scheduler.Place(j.Name), s.Scheduler.Set(ctx, j)
}

// Crontab is the line for a crontab that does the same; "" if there is none.
func (s Schedules) Crontab(d Daily, w *words.Texts) string {
	line, err := schedule.Crontab(s.job(d, w), os.Getuid())
	if err != nil || runtime.GOOS == "windows" {
		return ""
	}
	return line
}

// Off removes a portal's daily check; false if there is none.
func (s Schedules) Off(ctx context.Context, address portal.Address) (was bool, err error) {
	list, err := s.List(ctx)
	if err != nil || !slices.ContainsFunc(list, func(d Daily) bool { return d.Portal == address }) {
		return false, err
	}
	return true, s.Scheduler.Remove(ctx, jobName(address))
}

// Withdraw makes a portal's daily check, if it has one, one without tokens: its owner took the confirmation of the address back.
func (s Schedules) Withdraw(ctx context.Context, address portal.Address, w *words.Texts) error {
	list, err := s.List(ctx)
	for _, d := range list {
		if d.Portal == address && (d.Deep || d.SignedIn) {
			d.Deep, d.SignedIn = false, false
			_, err = s.Set(ctx, d, w)
		}
	}
	return err
}

// List returns the daily checks, as the scheduler has them.
func (s Schedules) List(ctx context.Context) (list []Daily, err error) {
	jobs, err := s.Scheduler.Jobs(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the daily checks: %w", err)
	}
	for _, j := range jobs {
		at := slices.Index(j.Command, "--"+ScheduledFlag)
		if at < 1 {
			continue
		}
		address, err := portal.ParseAddress(j.Command[at-1])
		if err != nil || j.Name != jobName(address) {
			continue
		}
		d := Daily{Portal: address, Time: j.Time, Place: s.Scheduler.Place(j.Name)}
		for _, flag := range j.Command[at+1:] {
			switch flag {
			case "--deep":
				d.Deep = true
			case "--signed-in":
				d.SignedIn = true
			default:
				d.Flags = append(d.Flags, flag)
			}
		}
		if i := slices.Index(d.Flags, "--lang"); i >= 0 { // Set adds the one of that time
			d.Flags = slices.Delete(d.Flags, i, min(i+2, len(d.Flags)))
		}
		list = append(list, d)
	}
	return list, nil
}

// ScheduleProblem classifies an error of Schedules: none, command or refused; said is what the scheduler's tool said, untrusted.
func ScheduleProblem(err error) (problem, said string) {
	var tool *schedule.ToolError
	switch {
	case errors.Is(err, schedule.ErrNone):
		return "none", ""
	case errors.Is(err, schedule.ErrCommand):
		return "command", ""
	case errors.As(err, &tool):
		return "refused", tool.Output
	}
	return "refused", err.Error()
}
