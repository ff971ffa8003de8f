package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// adoptOrphans makes this process the parent of the processes that its children leave behind.
func adoptOrphans() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// endProcesses returns the children that don't end by themselves, and kills them.
func endProcesses() (left []string) {
	var running map[int]string
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		if running = children(); len(running) == 0 {
			return nil
		}
	}
	for pid, name := range running {
		left = append(left, fmt.Sprintf("%d %s", pid, name))
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return left
}

// children returns this process's running children and their command lines.
func children() map[int]string {
	running := map[int]string{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		stat, err := os.ReadFile(file) // #nosec G304 -- a file of /proc
		if err != nil {
			continue // it has ended
		}
		// PID (NAME) STATE PARENT …; the name may hold anything.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) < 2 || fields[1] != strconv.Itoa(os.Getpid()) || fields[0] == "Z" {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		running[pid] = strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
	}
	return running
}
