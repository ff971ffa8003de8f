package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"

	"boxready/checks"
	"boxready/internal/fleet"
	"boxready/internal/portal"
	"boxready/internal/report"
)

// readBaseline reads the earlier run that a run against a portal is compared with.
func (cl *commandLine) readBaseline(file string, address portal.Address) (*report.Saved, error) {
	saved, err := cl.readReport(file)
	if err != nil {
		return nil, err
	}
	if !report.SamePortal(saved.Document, report.Document{Portal: address.String()}) {
		return nil, badUsage("baseline.other-portal", checks.Args{"file": file, "other": saved.Portal, "portal": address.Display()})
	}
	if saved.HidesPortal() {
		fmt.Fprintln(cl.Err, cl.words.Say("baseline.hidden", checks.Args{"file": file}))
	}
	return saved, nil
}

// baselines are earlier runs against the portals of a list, in a file with a document in each line.
type baselines struct {
	path string
	file *os.File
	at   map[string]line // the last one by portal
}

// line is where a line stands in a file, in bytes.
type line struct{ offset, size int64 }

// openBaselines finds the earlier runs against portals in a file, which is not changed. What an interrupted run left of a last line is
// ignored.
func (cl *commandLine) openBaselines(path string, portals []fleet.Portal) (*baselines, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a file") // opening a pipe would block
	}
	var file *os.File
	if err == nil {
		file, err = os.Open(path) // #nosec G304 -- the user names it
	}
	if err != nil {
		return nil, badUsage("cli.bad-file", checks.Args{"flag": "--baseline", "file": path, "missing": errors.Is(err, os.ErrNotExist)})
	}
	b := &baselines{path: path, file: file, at: map[string]line{}}
	wanted := map[string]bool{}
	for _, p := range portals {
		wanted[p.Address.String()] = true
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	lines.Split(wholeLines)
	offset := int64(0)
	for n := 1; lines.Scan(); n++ {
		data := lines.Bytes()
		size := int64(len(data))
		saved, err := report.ReadLine(data)
		switch {
		case err != nil && !bytes.HasSuffix(data, []byte("\n")):
		case err != nil:
			file.Close()
			return nil, badUsage("baseline.bad-line", checks.Args{"file": path, "line": n})
		case wanted[saved.Portal]:
			b.at[saved.Portal] = line{offset, size}
		}
		offset += size
	}
	if lines.Err() != nil {
		file.Close()
		return nil, badUsage("cli.bad-file", checks.Args{"flag": "--baseline", "file": path, "missing": false})
	}
	return b, nil
}

// of reads the earlier run against a portal; nil for none.
func (b *baselines) of(address string) (*report.Saved, error) {
	at, ok := b.at[address]
	if !ok {
		return nil, nil
	}
	data := make([]byte, at.size)
	if _, err := b.file.ReadAt(data, at.offset); err != nil {
		return nil, fmt.Errorf("read %s: %w", b.path, err)
	}
	return report.ReadLine(data)
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, otherErr := os.Stat(b)
	return err == nil && otherErr == nil && os.SameFile(one, other)
}
