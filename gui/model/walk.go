package model

import (
	"slices"
	"strconv"

	"boxready/checks"
	"boxready/internal/view"
	"boxready/internal/words"
)

// WalkStep is a step of the walk as the window shows it.
type WalkStep struct {
	ID     checks.Step
	Number int
	Sign   Sign // None while its question is open
	Name   string
	State  string // in words
	Now    bool   // it is under way, or the next one
}

// Steps returns the five steps. next is what the verdict asks for.
func (s *Session) Steps(w *words.Texts, next words.Action) (steps []WalkStep) {
	now := s.stepNow(next)
	for i, step := range view.Of(s.Results()).Steps() {
		shown := WalkStep{ID: step.ID, Number: i + 1, Sign: Sign(step.State), Name: w.Say("step."+string(step.ID), nil)}
		code := string(step.State)
		switch {
		case step.ID == now && step.State != checks.Problem:
			shown.Now, shown.Sign, code = true, None, "now"
		case step.State == "":
			code = "open"
		}
		shown.State = w.Say("window.walk."+code, nil)
		steps = append(steps, shown)
	}
	return steps
}

// stepNow is the step that is under way: the first with a check that is, or after the run the one that the next action is about.
func (s *Session) stepNow(next words.Action) checks.Step {
	if s.Running {
		for _, step := range checks.Steps() {
			if slices.ContainsFunc(s.working, func(w Working) bool { return view.StepOf(w.Check) == step }) {
				return step
			}
		}
		return ""
	}
	switch next {
	case words.ConsentDeep:
		return checks.StepAuthServer
	case words.EnterSignIn:
		return checks.StepSignIn
	}
	return ""
}

// StepTitle is the name of a step with its number.
func StepTitle(w *words.Texts, step checks.Step) string {
	number := strconv.Itoa(slices.Index(checks.Steps(), step) + 1)
	return w.Say("window.walk.title", checks.Args{"number": number, "name": w.Say("step."+string(step), nil)})
}
