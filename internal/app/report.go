package app

import (
	"context"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/feed"
	"boxready/internal/letter"
	"boxready/internal/report"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Rules returns the options of the rules and the letters about a run, from its target, without Lists.
func Rules(outcome *checks.Outcome, version string) allowlist.Options {
	t := outcome.Target
	return allowlist.Options{Portal: t.Address, Region: t.Region, Handlers: t.Handlers, Requirements: t.Requirements, Outcome: outcome, Now: outcome.Finished,
		Version: version}
}

// Lists fetches the event queue's addresses that rules for o need, see allowlist.Fetch.
func (a *App) Lists(ctx context.Context, o allowlist.Options, offline bool) ([]feed.List, error) {
	return allowlist.Fetch(ctx, a.feed, o, offline)
}

// Letter writes the letter to an owner of a run's findings, see letter.Write.
func Letter(w *words.Texts, o *checks.Outcome, to checks.Owner, rules *allowlist.Rules, equipment allowlist.Equipment) (letter.Letter, error) {
	run := letter.Run{Portal: o.Target.Address, Demo: o.Target.Demo != nil, When: o.Finished, Version: rules.Version, ID: view.RunID(o.Started, o.Finished), Rules: rules, Equipment: equipment}
	if of, ok := o.Target.Requirements.Support(); ok {
		run.Support = of.Support
	}
	return letter.Write(w.For(o.Setup()), view.Of(o.Results), to, run)
}

// MakeReport makes the report for support, with the letters to those who have to fix something.
func MakeReport(reporter *report.Reporter, c report.Contents, o allowlist.Options) (*report.Bundle, error) {
	rules, err := allowlist.New(o)
	if err != nil {
		return nil, err
	}
	var letters []letter.Letter
	for _, to := range letter.Recipients(view.Of(c.Outcome.Results)) {
		l, err := Letter(reporter.Words, c.Outcome, to.ID, rules, "")
		if err != nil {
			return nil, err
		}
		letters = append(letters, l)
	}
	c.Letters = func(hide func(string) string) (files []report.File) {
		for i, l := range letters {
			name := "letter-" + string(l.To)
			if i == 0 {
				name = "letter"
			}
			l = l.Replace(hide)
			files = append(files, report.File{Name: name + ".txt", Data: []byte(l.Text(reporter.Words))}, report.File{Name: name + ".eml", Data: l.EML(c.Outcome.Finished)})
		}
		return files
	}
	return reporter.Bundle(c)
}

// SaveReport makes the report about a run and saves it, see report.Bundle.Save.
func (a *App) SaveReport(path string, reporter *report.Reporter, c report.Contents) (string, error) {
	rules := Rules(c.Outcome, a.options.Version)
	rules.Lists, _ = a.Lists(context.Background(), rules, true) // from the run's cache; the letter names missing ones
	bundle, err := MakeReport(reporter, c, rules)
	if err != nil {
		return "", err
	}
	return bundle.Save(path)
}
