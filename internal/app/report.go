package app

import (
	"context"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/feed"
	"boxready/internal/report"
)

// Rules returns the options of the rules and the letter about a run, from its target, without Lists.
func (a *App) Rules(outcome *checks.Outcome) allowlist.Options {
	t := outcome.Target
	return allowlist.Options{Portal: t.Address, Region: t.Region, Handlers: t.Handlers, Requirements: t.Requirements, Outcome: outcome, Now: outcome.Finished,
		Version: a.options.Version}
}

// Lists fetches the event queue's addresses that rules for o need, see allowlist.Fetch.
func (a *App) Lists(ctx context.Context, o allowlist.Options, offline bool) ([]feed.List, error) {
	return allowlist.Fetch(ctx, a.feed, o, offline)
}

// MakeReport makes the report for support, with the letter to the network's administrator if there is a finding for it.
func MakeReport(reporter *report.Reporter, c report.Contents, rules allowlist.Options) (*report.Bundle, error) {
	letter, err := allowlist.LetterFor(rules, reporter.Words)
	if err != nil {
		return nil, err
	}
	c.Letter = letter
	return reporter.Bundle(c)
}

// SaveReport makes the report about a run and saves it, see report.Bundle.Save.
func (a *App) SaveReport(path string, reporter *report.Reporter, c report.Contents) (string, error) {
	rules := a.Rules(c.Outcome)
	rules.Lists, _ = a.Lists(context.Background(), rules, true) // from the run's cache; the letter names missing ones
	bundle, err := MakeReport(reporter, c, rules)
	if err != nil {
		return "", err
	}
	return bundle.Save(path)
}
