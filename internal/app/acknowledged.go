package app

import (
	"context"
	"errors"
	"slices"

	"boxready/checks"
	"boxready/internal/acknowledged"
)

// readShared reads the files of acknowledged findings that a team shares. The error is an *InputError.
func readShared(files []string) (shared []checks.Acknowledgement, err error) {
	for _, file := range files {
		list, err := acknowledged.ReadFile(file)
		if bad, ok := errors.AsType[*acknowledged.Error](err); ok {
			return nil, &InputError{Option: "acknowledged", Code: BadAcknowledged, Args: checks.Args{"file": file, "line": bad.Line, "key": bad.Key}, Err: err}
		}
		if err != nil {
			return nil, badFile("acknowledged", file, err)
		}
		shared = append(shared, list...)
	}
	return shared, nil
}

// Acknowledged returns the findings that were acknowledged by now: the owner's, and those that a team shares. If the owner's file can't
// be read, it is kept aside, see Options.KeptAside.
func (a *App) Acknowledged() []checks.Acknowledgement {
	own, err := a.acknowledged.All()
	if aside, ok := errors.AsType[*acknowledged.AsideError](err); ok && a.options.KeptAside != nil {
		a.options.KeptAside(aside.Path)
	}
	return slices.Concat(own, a.shared)
}

// OwnAcknowledged returns the owner's alone.
func (a *App) OwnAcknowledged() []checks.Acknowledgement {
	all := a.Acknowledged()
	return all[:len(all)-len(a.shared)]
}

// Acknowledge keeps an acknowledgement in the owner's file, instead of the former one of the same finding.
func (a *App) Acknowledge(ctx context.Context, about checks.Acknowledgement) error {
	a.Acknowledged() // keeps aside what can't be read
	return a.acknowledged.Add(ctx, about)
}

// Unacknowledge makes a finding count again, and reports whether the owner had acknowledged it.
func (a *App) Unacknowledge(ctx context.Context, portal string, check checks.ID, cause checks.Cause) (bool, error) {
	a.Acknowledged()
	return a.acknowledged.Remove(ctx, portal, check, cause)
}
