package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/requirements"
	"boxready/internal/requirements/scan"
	"boxready/internal/untrusted"

	"github.com/spf13/cobra"
)

func (cl *commandLine) requirementsCommand() *cobra.Command {
	c := &cobra.Command{Use: "requirements", Args: knownCommand, RunE: cl.showHelp}
	var format string
	var without []string
	withFormat := func(c *cobra.Command) *cobra.Command {
		addFormat(c, &format, "text", "json")
		return c
	}
	scanCommand := withFormat(&cobra.Command{
		Use: "scan", Args: cl.exactly(1, "cli-requirements.need-dir"),
		RunE: func(c *cobra.Command, args []string) error {
			return cl.requirementsScan(c.Context(), args[0], without, format)
		},
	})
	scanCommand.Flags().StringArrayVar(&without, "without", nil, "")
	c.AddCommand(
		scanCommand,
		withFormat(&cobra.Command{
			Use: "check", Args: cl.exactly(1, "cli-requirements.need-file"),
			RunE: func(_ *cobra.Command, args []string) error { return cl.requirementsCheck(args[0], format) },
		}),
		withFormat(&cobra.Command{
			Use: "diff", Args: cl.exactly(2, "cli-requirements.need-files"),
			RunE: func(_ *cobra.Command, args []string) error { return cl.requirementsDiff(args[0], args[1], format) },
		}),
		&cobra.Command{
			Use: "library", Args: atMost(1),
			RunE: func(_ *cobra.Command, args []string) error { return cl.requirementsLibrary(args) },
		},
		cl.schemaCommand(assets.RequirementsSchema),
	)
	return c
}

// exactly accepts n arguments; key is the text about missing ones.
func (cl *commandLine) exactly(n int, key string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return badUsage(key, nil)
		}
		return nil
	}
}

func (cl *commandLine) requirementsScan(ctx context.Context, dir string, without []string, format string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return badUsage("cli-requirements.bad-dir", checks.Args{"dir": dir, "missing": errors.Is(err, os.ErrNotExist)})
	}
	name := filepath.Base(dir)
	if absolute, err := filepath.Abs(dir); err == nil {
		name = filepath.Base(absolute)
	}
	source := scan.DirFS{Dir: dir}
	for _, name := range without {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return badUsage("cli-requirements.bad-without", checks.Args{"path": name, "dir": dir})
		}
		source.Without = append(source.Without, path.Clean(filepath.ToSlash(name)))
	}
	progress := &scanProgress{cl: cl, now: time.Now}
	found, err := scan.Dir(ctx, source, progress.file)
	progress.end()
	if err != nil {
		return cl.fail(err)
	}
	apart := found.Apart()
	certain := len(found.Methods) + len(found.Events)
	if apart > 0 || certain == 0 || len(found.Large) > 0 || len(found.Unreadable)+found.Huge > 0 {
		cl.exit = ExitNotice
	}
	if format == "json" {
		err = report.WriteJSON(cl.Out, scanDocument(found, name), true)
	} else {
		_, err = cl.Out.Write(found.Draft(name, func(key string, args map[string]any) string { return cl.words.Say(key, args) }))
	}
	if err != nil {
		return cl.fail(err)
	}
	if len(found.Unreadable) > 0 {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-requirements.unreadable", checks.Args{"files": cl.shortened(found.Unreadable)}))
	}
	for _, f := range found.Large {
		fmt.Fprintln(cl.Err, cl.words.Say("requirements.draft.large", checks.Args{"path": untrusted.Line(f.Path), "methods": f.Methods}))
	}
	if kinds := cl.notRead(found); len(kinds) > 0 {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-requirements.not-read", checks.Args{"kinds": kinds}))
	}
	key := "cli-requirements.scanned"
	switch {
	case certain > 0:
	case apart > 0:
		key = "cli-requirements.only-apart"
	default:
		key = "cli-requirements.nothing"
	}
	fmt.Fprintln(cl.Err, cl.words.Say(key, checks.Args{"files": found.Files, "methods": len(found.Methods), "events": len(found.Events), "apart": apart}))
	return nil
}

// notRead says how many files of which kinds were not read, the most frequent first.
func (cl *commandLine) notRead(r *scan.Result) []string {
	extensions := slices.SortedFunc(maps.Keys(r.NotRead), func(a, b string) int {
		return cmp.Or(r.NotRead[b]-r.NotRead[a], strings.Compare(a, b))
	})
	var kinds []string
	for _, extension := range extensions {
		kind := fmt.Sprint(r.NotRead[extension], " ", extension)
		if extension == "" {
			kind = cl.words.Say("cli-requirements.no-extension", checks.Args{"n": r.NotRead[extension]})
		}
		kinds = append(kinds, kind)
	}
	kinds = cl.shortened(kinds)
	if r.Binary > 0 {
		kinds = append(kinds, cl.words.Say("cli-requirements.binary", checks.Args{"n": r.Binary}))
	}
	if r.Huge > 0 {
		kinds = append(kinds, cl.words.Say("cli-requirements.huge", checks.Args{"n": r.Huge, "limit": scan.MaxFile >> 20}))
	}
	return kinds
}

// scannedJSON is what scan --format json prints.
type scannedJSON struct {
	Schema      int      `json:"schema"`
	Application string   `json:"application"`
	Files       int      `json:"files"`
	Bytes       int64    `json:"bytes"`
	Unreadable  []string `json:"unreadable"`
	// NotRead are the numbers of files of other kinds by extension, "" for none; of binary files, and of larger ones than are read.
	NotRead      map[string]int `json:"not_read"`
	Binary       int            `json:"binary"`
	Huge         int            `json:"huge"`
	Scopes       []string       `json:"scopes"` // found and needed
	Handlers     string         `json:"handlers,omitempty"`
	Methods      []scannedName  `json:"methods"`
	Events       []scannedName  `json:"events"`
	FoundScopes  []scannedName  `json:"found_scopes"`
	Unknown      []scannedName  `json:"unknown"`
	Built        []scannedName  `json:"built"`
	Possible     []scannedName  `json:"possible"` // methods and events whose names other things have, too
	SDKCalls     []scannedName  `json:"sdk_calls"`
	OnlyInTests  []scannedName  `json:"only_in_tests"`
	LargeFolders []scannedSize  `json:"large_folders"` // that look like an SDK
	HandlerHosts []scannedName  `json:"handler_addresses"`
}

type scannedName struct {
	Name  string        `json:"name"`
	Where []scannedSpot `json:"where"` // only the first
	Times int           `json:"times"`
}

type scannedSize struct {
	Path    string `json:"path"`
	Methods int    `json:"methods"`
}

type scannedSpot struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

func scanDocument(r *scan.Result, name string) scannedJSON {
	names := func(list []scan.Name) []scannedName {
		out := []scannedName{}
		for _, n := range list {
			s := scannedName{Name: n.Name, Times: n.Times}
			for _, p := range n.Where {
				s.Where = append(s.Where, scannedSpot(p))
			}
			out = append(out, s)
		}
		return out
	}
	req := r.Requirements(name)
	large := []scannedSize{}
	for _, f := range r.Large {
		large = append(large, scannedSize(f))
	}
	return scannedJSON{Schema: report.SchemaVersion, Application: name, Files: r.Files, Bytes: r.Bytes, Unreadable: append([]string{}, r.Unreadable...),
		NotRead: r.NotRead, Binary: r.Binary, Huge: r.Huge,
		Scopes: append([]string{}, req.Scopes...), Handlers: string(req.Handlers), Methods: names(r.Methods), Events: names(r.Events),
		FoundScopes: names(r.Scopes), Unknown: names(r.Unknown), Built: names(r.Built), Possible: names(r.Possible), OnlyInTests: names(r.Tests), LargeFolders: large, SDKCalls: names(r.SDKCalls), HandlerHosts: names(r.Handlers)}
}

// scanProgress shows a scan's progress on standard error: on a terminal in one line that is overwritten, elsewhere only when it
// takes long.
type scanProgress struct {
	cl     *commandLine
	now    func() time.Time
	begun  time.Time
	last   time.Time
	said   bool
	drawn  int // columns
	onTerm bool
}

func (p *scanProgress) file(files int, bytes int64) {
	now := p.now()
	if p.begun.IsZero() {
		p.begun, p.last = now, now
		_, p.onTerm = width(p.cl.Err)
	}
	args := checks.Args{"files": files, "mb": int(bytes >> 20)}
	switch {
	case p.onTerm && now.Sub(p.last) >= 250*time.Millisecond:
		p.last = now
		line := p.cl.words.Say("cli-requirements.progress", args)
		fmt.Fprint(p.cl.Err, "\r", line, strings.Repeat(" ", max(p.drawn-len([]rune(line)), 0)))
		p.drawn = len([]rune(line))
	case !p.onTerm && !p.said && now.Sub(p.begun) >= slow:
		p.said = true
		fmt.Fprintln(p.cl.Err, p.cl.words.Say("cli-requirements.progress", args))
	}
}

func (p *scanProgress) end() {
	if p.drawn > 0 {
		fmt.Fprint(p.cl.Err, "\r", strings.Repeat(" ", p.drawn), "\r")
	}
}

// checkedJSON is what check --format json prints.
type checkedJSON struct {
	Schema  int           `json:"schema"`
	File    string        `json:"file"`
	Errors  []checkedLine `json:"errors"`
	Remarks []checkedLine `json:"remarks"`
}

type checkedLine struct {
	Line   int            `json:"line"`
	Column int            `json:"column"`
	Level  string         `json:"level"` // error, notice or note
	Code   string         `json:"code"`
	Args   map[string]any `json:"args"`
	Text   string         `json:"text"`
}

func (cl *commandLine) requirementsCheck(file, format string) error {
	findings, err := reading(cl.ctx, func() ([]requirements.Remark, error) { return requirements.Lint(file) })
	var bad requirements.Errors
	switch {
	case errors.As(err, &bad) && bad[0].Line == 0: // there is no file
		return bad
	case bad != nil:
		cl.exit = ExitProblem
	}
	document := checkedJSON{Schema: report.SchemaVersion, File: file, Errors: []checkedLine{}, Remarks: []checkedLine{}}
	for _, e := range bad {
		document.Errors = append(document.Errors, checkedLine{e.Line, e.Column, "error", e.Code, e.Args, cl.words.Say("requirements.error."+e.Code, e.Args)})
	}
	for _, r := range findings {
		if r.Level == requirements.Warning {
			cl.exit = ExitNotice
		}
		document.Remarks = append(document.Remarks, checkedLine{r.Line, r.Column, string(r.Level), r.Code, r.Args, cl.words.Say("requirements.remark."+r.Code, cl.readable(r.Args))})
	}
	if format == "json" {
		err = report.WriteJSON(cl.Out, document, true)
		if err != nil {
			return cl.fail(err)
		}
		return nil
	}
	for _, l := range slices.Concat(document.Errors, document.Remarks) {
		if _, err := fmt.Fprintf(cl.Out, "%s:%d:%d: %s: %s\n", file, l.Line, l.Column, cl.words.Say("requirements.level."+l.Level, nil), l.Text); err != nil {
			return cl.fail(err)
		}
	}
	if cl.exit == ExitOK {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-requirements.clean", checks.Args{"file": file}))
	}
	return nil
}

const readableNames = 5

// readable shortens lists.
func (cl *commandLine) readable(args map[string]any) map[string]any {
	names, long := args["names"].([]string)
	if !long {
		return args
	}
	args = maps.Clone(args)
	args["names"] = cl.shortened(names)
	return args
}

func (cl *commandLine) shortened(names []string) []string {
	if more := len(names) - readableNames; more > 0 {
		return append(slices.Clone(names[:readableNames]), cl.words.Say("requirements.more", checks.Args{"n": more}))
	}
	return names
}

func (cl *commandLine) requirementsDiff(old, new, format string) error {
	read := func(file string) (*requirements.Requirements, error) {
		return reading(cl.ctx, func() (*requirements.Requirements, error) { return requirements.ReadFile(file) })
	}
	before, err := read(old)
	if err != nil {
		return err
	}
	after, err := read(new)
	if err != nil {
		return err
	}
	differences := requirements.Diff(before, after)
	if len(differences) > 0 {
		cl.exit = ExitNotice
	}
	if format == "json" {
		if err := report.WriteJSON(cl.Out, struct {
			Schema      int                       `json:"schema"`
			Differences []requirements.Difference `json:"differences"`
		}{report.SchemaVersion, append([]requirements.Difference{}, differences...)}, true); err != nil {
			return cl.fail(err)
		}
		return nil
	}
	for _, d := range differences {
		sign := "~"
		switch {
		case d.Old == "":
			sign = "+"
		case d.New == "":
			sign = "-"
		}
		text := cl.words.Say("requirements.what."+d.What, nil)
		switch {
		case d.Name == "" || d.What == "module":
			value := d.Old + d.New
			if sign == "~" {
				value = d.Old + " -> " + d.New
			}
			text = strings.TrimSpace(text+" "+d.Name) + ": " + value
		default:
			text += " " + d.Name
		}
		if _, err := fmt.Fprintln(cl.Out, sign, text); err != nil {
			return cl.fail(err)
		}
	}
	if len(differences) == 0 {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-requirements.same", nil))
	}
	return nil
}

func (cl *commandLine) requirementsLibrary(args []string) error {
	for _, e := range requirements.Library() {
		switch {
		case len(args) == 0:
			if _, err := fmt.Fprintf(cl.Out, "%-14s %s\n", e.ID, e.Requirements.Applications[0].NameIn(cl.words.Lang())); err != nil {
				return cl.fail(err)
			}
		case args[0] == e.ID:
			if _, err := cl.Out.Write(e.File); err != nil {
				return cl.fail(err)
			}
			return nil
		}
	}
	if len(args) > 0 {
		return badUsage("cli-requirements.no-such", checks.Args{"name": args[0]})
	}
	return nil
}
