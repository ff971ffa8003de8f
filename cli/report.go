package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/report"

	"github.com/spf13/cobra"
)

func (a *app) reportCommand() *cobra.Command {
	c := &cobra.Command{Use: "report", Short: "Read reports that BoxReady saved: show, judge again, compare, count", Args: knownCommand, RunE: help}
	var verbose bool
	var format string
	withFormat := func(c *cobra.Command, words string) *cobra.Command {
		c.Flags().StringVar(&format, "format", "text", "of the result: "+words)
		return c
	}
	withVerbose := func(c *cobra.Command) *cobra.Command {
		c.Flags().BoolVarP(&verbose, "verbose", "v", false, "show the checks that are in order, and what every check saw")
		return c
	}
	c.AddCommand(
		withVerbose(&cobra.Command{
			Use: "show FILE", Short: "Show a report: the .zip, .html or .json", Args: files(1, "cli-report.no-file"),
			RunE: func(_ *cobra.Command, args []string) error { return a.showReport(args[0], verbose) },
		}),
		withVerbose(withFormat(&cobra.Command{
			Use: "check FILE", Short: "Judge what a report's run saw once more, with what this version knows", Args: files(1, "cli-report.no-file"),
			Long: "Judge what a report's run saw once more, with what this version of BoxReady knows. Nothing is asked over the network.\n\n" +
				"Exit codes: as those of check.",
			RunE: func(_ *cobra.Command, args []string) error { return a.checkReport(args[0], format, verbose) },
		}, "text or json")),
		withFormat(&cobra.Command{
			Use: "diff BEFORE AFTER", Short: "Show what changed between two reports", Args: files(2, "cli-report.two-files"),
			Long: "Show what changed between two reports: what is new, gone, graver, and what was seen differently. They may be in different\n" +
				"languages and of different versions.\n\n" +
				"Exit codes: 0 nothing new, 3 a new problem, 4 a new notice or unknown, 2 wrong usage, 1 could not run.",
			RunE: func(_ *cobra.Command, args []string) error { return a.diffReports(args[0], args[1], format) },
		}, "text or json"),
		withFormat(&cobra.Command{
			Use: "summarize FILE...", Short: "Count causes, portals and versions in any number of reports, or folders of them", Args: files(-1, "cli-report.no-file"),
			RunE: func(_ *cobra.Command, args []string) error { return a.summarizeReports(args, format) },
		}, "text, csv or json"),
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of the result of check --format json", Args: atMost(0),
			RunE: func(*cobra.Command, []string) error {
				_, err := a.Out.Write(assets.ResultSchema)
				return err
			},
		},
	)
	return c
}

// files asks for n files, or for any number of them if n is negative.
func files(n int, otherwise string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 || n >= 0 && len(args) != n {
			return wrong(otherwise, nil)
		}
		return nil
	}
}

func (a *app) reporter() *report.Reporter {
	return &report.Reporter{Words: a.words, Version: a.version}
}

// readReport reads a report, and says if it isn't as it was written.
func (a *app) readReport(path string) (*report.Saved, error) {
	saved, err := report.Read(path)
	if err != nil {
		return nil, a.reportError(err)
	}
	if len(saved.Altered) > 0 {
		fmt.Fprintln(a.Err, a.words.Say("cli-report.altered", checks.Args{"file": path, "files": saved.Altered}))
	}
	return saved, nil
}

// reportError puts what goes wrong with reports into words. A file that can't be read is wrong usage, one that can't be
// written isn't.
func (a *app) reportError(err error) error {
	var read *report.ReadError
	var save *report.SaveError
	var leak *report.LeakError
	switch {
	case errors.As(err, &read):
		return wrong("cli-report.read."+string(read.Reason), checks.Args{"file": read.Path, "schema": read.Schema, "known": report.SchemaVersion})
	case errors.As(err, &save) && slices.Contains([]report.SaveReason{report.SaveFormat, report.SaveBadName, report.SaveNoLetter}, save.Reason):
		return wrong("cli-report.save."+string(save.Reason), checks.Args{"file": save.Path})
	case errors.As(err, &save):
		return a.fail(errors.New(a.words.Say("cli-report.save."+string(save.Reason), checks.Args{"file": save.Path})))
	case errors.As(err, &leak):
		return a.fail(errors.New(a.words.Say("cli-report.leak", checks.Args{"file": leak.File})))
	}
	return a.fail(err)
}

func (a *app) checkReportFormat(format string, allowed ...string) error {
	if !slices.Contains(allowed, format) {
		return wrong("cli.bad-value", checks.Args{"flag": "--format", "value": format, "allowed": allowed})
	}
	return nil
}

func (a *app) showReport(path string, verbose bool) error {
	saved, err := a.readReport(path)
	if err != nil {
		return err
	}
	style, out := a.style(verbose)
	if err := a.reporter().WriteSaved(out, saved, style); err != nil {
		return a.fail(err)
	}
	return nil
}

func (a *app) checkReport(path, format string, verbose bool) error {
	if err := a.checkReportFormat(format, "text", "json"); err != nil {
		return err
	}
	saved, err := a.readReport(path)
	if err != nil {
		return err
	}
	again, kept := a.reporter().JudgeAgain(saved)
	for _, k := range kept {
		fmt.Fprintln(a.Err, a.words.Say("cli-report.kept."+string(k.Reason), checks.Args{"check": a.words.Name(k.Check)}))
	}
	a.exit = exitOfCounts(again.Counts)
	if format == "json" {
		err = report.WriteJSON(a.Out, again.Document, true)
	} else {
		style, out := a.style(verbose)
		if err = a.reporter().WriteSaved(out, again, style); err == nil {
			fmt.Fprintln(out)
			err = a.reporter().WriteChanges(out, saved.Document, again.Document, style)
		}
	}
	if err != nil {
		return a.fail(err)
	}
	return nil
}

func (a *app) diffReports(before, after, format string) error {
	if err := a.checkReportFormat(format, "text", "json"); err != nil {
		return err
	}
	then, err := a.readReport(before)
	if err != nil {
		return err
	}
	now, err := a.readReport(after)
	if err != nil {
		return err
	}
	changes := a.reporter().Compare(then.Document, now.Document)
	counts := map[checks.State]int{}
	for _, d := range slices.Concat(changes.New, changes.Revealed) {
		counts[d.After]++
	}
	a.exit = exitOfCounts(counts)
	if format == "json" {
		err = report.WriteJSON(a.Out, changes, true)
	} else {
		style, out := a.style(false)
		err = a.reporter().WriteChanges(out, then.Document, now.Document, style)
	}
	if err != nil {
		return a.fail(err)
	}
	return nil
}

// shownUnreadable files are named; of more, the number is enough.
const shownUnreadable = 20

func (a *app) summarizeReports(args []string, format string) error {
	if err := a.checkReportFormat(format, "text", "csv", "json"); err != nil {
		return err
	}
	tally, failed := report.NewTally(), 0
	err := eachReport(args, func(path string) {
		if err := tally.Add(path); err != nil {
			if failed++; failed <= shownUnreadable {
				var usage *usageError
				errors.As(a.reportError(err), &usage)
				fmt.Fprintln(a.Err, a.words.Say(usage.key, usage.args))
			}
		}
	})
	if err != nil {
		return a.fail(err)
	}
	totals := tally.Totals()
	if totals.Reports == 0 {
		return wrong("cli-report.no-reports", nil)
	}
	switch format {
	case "csv":
		err = totals.WriteCSV(a.Out)
	case "json":
		err = report.WriteJSON(a.Out, totals, true)
	default:
		err = a.reporter().WriteTotals(a.Out, totals)
	}
	if err != nil {
		return a.fail(err)
	}
	return nil
}

// eachReport goes through files, folders of reports and, since a shell of Windows doesn't know them, patterns.
func eachReport(args []string, f func(path string)) error {
	for _, arg := range args {
		paths := []string{arg}
		if _, err := os.Lstat(arg); err != nil {
			if found, _ := filepath.Glob(arg); found != nil {
				paths = found
			}
		}
		for _, path := range paths {
			info, err := os.Stat(path)
			if err != nil || !info.IsDir() {
				f(path)
				continue
			}
			err = filepath.WalkDir(path, func(inside string, entry fs.DirEntry, err error) error {
				extension := strings.ToLower(filepath.Ext(inside))
				if err == nil && entry.Type().IsRegular() && slices.Contains([]string{".zip", ".json", ".html"}, extension) {
					f(inside)
				}
				return nil // what can't be looked into holds nothing
			})
			if err != nil {
				return fmt.Errorf("look into %s: %w", path, err)
			}
		}
	}
	return nil
}
