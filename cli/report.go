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
	"boxready/internal/app"
	"boxready/internal/report"

	"github.com/spf13/cobra"
)

func (cl *commandLine) reportCommand() *cobra.Command {
	c := &cobra.Command{Use: "report", Args: knownCommand, RunE: cl.showHelp}
	var verbose, last, lastGood bool
	var format string
	withFormat := func(c *cobra.Command, allowed ...string) *cobra.Command {
		addFormat(c, &format, allowed...)
		return c
	}
	withVerbose := func(c *cobra.Command) *cobra.Command {
		c.Flags().BoolVarP(&verbose, "verbose", "v", false, "")
		return c
	}
	diff := withFormat(&cobra.Command{
		Use: "diff",
		Args: func(c *cobra.Command, args []string) error {
			if last || lastGood {
				return atMost(1)(c, args)
			}
			return files(2, "cli-report.two-files")(c, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if last || lastGood {
				return cl.diffLast(args, lastGood, format)
			}
			return cl.diffReports(args[0], args[1], format)
		},
	}, "text", "json")
	diff.Flags().BoolVar(&last, "last", false, "")
	diff.Flags().BoolVar(&lastGood, "last-good", false, "")
	c.AddCommand(
		withVerbose(&cobra.Command{
			Use: "show", Args: files(1, "cli-report.no-file"),
			RunE: func(_ *cobra.Command, args []string) error { return cl.showReport(args[0], verbose) },
		}),
		withVerbose(withFormat(&cobra.Command{
			Use: "check", Args: files(1, "cli-report.no-file"),
			RunE: func(_ *cobra.Command, args []string) error { return cl.checkReport(args[0], format, verbose) },
		}, "text", "json")),
		diff,
		withFormat(&cobra.Command{
			Use: "summarize", Args: files(-1, "cli-report.no-file"),
			RunE: func(_ *cobra.Command, args []string) error { return cl.summarizeReports(args, format) },
		}, "text", "csv", "json"),
		cl.schemaCommand(assets.ResultSchema),
	)
	return c
}

// addFormat adds the flag for the form of a command's output, text unless it is given.
func addFormat(c *cobra.Command, into *string, allowed ...string) {
	oneOf(c.Flags(), into, "format", "text", allowed...)
}

// schemaCommand prints a JSON Schema.
func (cl *commandLine) schemaCommand(schema []byte) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := cl.Out.Write(schema)
			return err
		},
	}
}

// files accepts n files, or any positive number if n is negative.
func files(n int, otherwise string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 || n >= 0 && len(args) != n {
			return badUsage(otherwise, nil)
		}
		return nil
	}
}

func (cl *commandLine) reporter() *report.Reporter {
	return &report.Reporter{Words: cl.words, Version: cl.version}
}

// readReport reads a report, with a warning if it was altered.
func (cl *commandLine) readReport(path string) (*report.Saved, error) {
	saved, err := reading(cl.ctx, func() (*report.Saved, error) { return report.Read(path) })
	if err != nil {
		return nil, cl.reportError(err)
	}
	if len(saved.Altered) > 0 {
		fmt.Fprintln(cl.Err, cl.words.Say("report-file.altered", checks.Args{"file": path, "files": saved.Altered}))
	}
	return saved, nil
}

// reportError translates an error about reports. A file that can't be read is wrong usage, one that can't be written isn't.
func (cl *commandLine) reportError(err error) error {
	var read *report.ReadError
	var save *report.SaveError
	var leak *report.LeakError
	switch {
	case errors.As(err, &read):
		return badUsage("report-file.read."+string(read.Reason), checks.Args{"file": read.Path, "schema": read.Schema, "known": report.SchemaVersion})
	case errors.As(err, &save) && slices.Contains([]report.SaveReason{report.SaveFormat, report.SaveBadName, report.SaveNoLetter}, save.Reason):
		return badUsage("report-file.save."+string(save.Reason), checks.Args{"file": save.Path})
	case errors.As(err, &save):
		return cl.fail(errors.New(cl.words.Say("report-file.save."+string(save.Reason), checks.Args{"file": save.Path})))
	case errors.As(err, &leak):
		return cl.fail(errors.New(cl.words.Say("report-file.leak", checks.Args{"file": leak.File})))
	}
	return cl.fail(err)
}

func (cl *commandLine) showReport(path string, verbose bool) error {
	saved, err := cl.readReport(path)
	if err != nil {
		return err
	}
	style, out := cl.style(verbose)
	if err := cl.reporter().WriteSaved(out, saved, style); err != nil {
		return cl.fail(err)
	}
	return nil
}

func (cl *commandLine) checkReport(path, format string, verbose bool) error {
	saved, err := cl.readReport(path)
	if err != nil {
		return err
	}
	again, kept := cl.reporter().JudgeAgain(saved)
	for _, k := range kept {
		fmt.Fprintln(cl.Err, cl.words.Say("cli-report.kept."+string(k.Reason), checks.Args{"check": cl.words.Name(k.Check)}))
	}
	cl.exit = exitOfCounts(again.Counts)
	if format == "json" {
		err = report.WriteJSON(cl.Out, again.Document, true)
	} else {
		style, out := cl.style(verbose)
		if err = cl.reporter().WriteSaved(out, again, style); err == nil {
			fmt.Fprintln(out)
			changes := cl.reporter().Compare(saved.Document, again.Document)
			err = cl.reporter().WriteChanges(out, saved.Document, again.Document, &changes, style)
		}
	}
	if err != nil {
		return cl.fail(err)
	}
	return nil
}

func (cl *commandLine) diffReports(before, after, format string) error {
	then, err := cl.readReport(before)
	if err != nil {
		return err
	}
	now, err := cl.readReport(after)
	if err != nil {
		return err
	}
	return cl.writeChanges(then.Document, now.Document, format)
}

// diffLast compares the last kept run against a portal, the one that was checked last if none is given, with the one before, or with the
// last one before in which all was well.
func (cl *commandLine) diffLast(args []string, good bool, format string) error {
	past := app.History(cl.App.Cache)
	portal, err := past.LastPortal()
	if len(args) > 0 {
		address, bad := cl.parsePortal(args[0])
		if bad != nil {
			return bad
		}
		portal = address.String()
	}
	if err != nil {
		return cl.fail(err)
	}
	now, err := past.Last(portal)
	if err != nil {
		return cl.reportError(err)
	}
	if now == nil {
		return badUsage("cli-report.no-runs", checks.Args{"portal": portal, "runs": 0})
	}
	then, err := past.Before(portal, now.Started, good)
	switch {
	case err != nil:
		return cl.fail(err)
	case then == nil && good:
		return badUsage("cli-report.no-good-run", checks.Args{"portal": portal})
	case then == nil:
		return badUsage("cli-report.no-runs", checks.Args{"portal": portal, "runs": 1})
	}
	return cl.writeChanges(then.Document, now.Document, format)
}

func (cl *commandLine) writeChanges(then, now report.Document, format string) (err error) {
	changes := cl.reporter().Compare(then, now)
	counts := map[checks.State]int{}
	for _, d := range slices.Concat(changes.Worse(), changes.Revealed, changes.Unseen) {
		counts[d.After]++
	}
	cl.exit = exitOfCounts(counts)
	if format == "json" {
		err = report.WriteJSON(cl.Out, changes, true)
	} else {
		style, out := cl.style(false)
		err = cl.reporter().WriteChanges(out, then, now, &changes, style)
	}
	if err != nil {
		return cl.fail(err)
	}
	return nil
}

// shownUnreadable limits the named files; the rest is counted.
const shownUnreadable = 20

func (cl *commandLine) summarizeReports(args []string, format string) error {
	tally, failed := report.NewTally(), 0
	err := eachReport(args, func(path string) {
		if err := tally.Add(path); err != nil {
			if failed++; failed <= shownUnreadable {
				var usage *usageError
				errors.As(cl.reportError(err), &usage)
				fmt.Fprintln(cl.Err, cl.words.Say(usage.key, usage.args))
			}
		}
	})
	if err != nil {
		return cl.fail(err)
	}
	totals := tally.Totals()
	if totals.Reports == 0 {
		return badUsage("cli-report.no-reports", nil)
	}
	switch format {
	case "csv":
		err = cl.reporter().WriteCSV(cl.Out, totals)
	case "json":
		err = report.WriteJSON(cl.Out, totals, true)
	default:
		err = cl.reporter().WriteTotals(cl.Out, totals)
	}
	if err != nil {
		return cl.fail(err)
	}
	return nil
}

// eachReport visits files, folders of reports and, since shells of Windows don't expand them, patterns.
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
				return nil // unreadable folders are skipped
			})
			if err != nil {
				return fmt.Errorf("look into %s: %w", path, err)
			}
		}
	}
	return nil
}
