package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/gui/store"
	"boxready/internal/bitrix"
	"boxready/internal/requirements"
	"boxready/internal/untrusted"
	"boxready/internal/words"
)

// Application is one whose requirements are compared with the portal.
type Application struct {
	Kept  store.Application
	Needs *requirements.Requirements
}

// ReadApplication reads what the owner gave, or a ready file. The error is a requirements.Errors, or ErrNotInLibrary.
func ReadApplication(kept store.Application) (*Application, error) {
	if kept.Library != "" {
		needs, ok := requirements.FromLibrary(kept.Library)
		if !ok {
			return nil, ErrNotInLibrary
		}
		return &Application{kept, needs}, nil
	}
	needs, err := requirements.Read(kept.File, []byte(kept.Text))
	if err != nil {
		return nil, err
	}
	return &Application{kept, needs}, nil
}

// ErrNotInLibrary means that this version has no such ready file.
var ErrNotInLibrary = errors.New("there is no such ready file")

// Name returns the application's name.
func (a *Application) Name(w *words.Texts) string {
	if len(a.Needs.Applications) > 0 {
		return untrusted.Line(a.Needs.Applications[0].NameIn(w.Lang()))
	}
	return untrusted.Line(a.Kept.File)
}

// Source names where the requirements come from.
func (a *Application) Source(w *words.Texts) string {
	if a.Kept.Library != "" {
		return w.Say("window.requirements.from-library", nil)
	}
	vendor := ""
	if len(a.Needs.Applications) > 0 {
		vendor = untrusted.Line(a.Needs.Applications[0].Vendor)
	}
	return join(" · ", vendor, untrusted.Line(a.Kept.File))
}

// maxNamed is how many methods and events are named.
const maxNamed = 6

// Summary returns the application's requirements in short, each with its name.
func (a *Application) Summary(w *words.Texts) []Fact {
	r := a.Needs
	var modules, hosts []string
	for _, m := range r.Modules {
		if m.AtLeast != "" {
			modules = append(modules, w.Say("need.or-newer", checks.Args{"module": m.Name, "version": m.AtLeast}))
		} else {
			modules = append(modules, m.Name)
		}
	}
	for _, h := range r.Hosts {
		hosts = append(hosts, w.Say("window.requirements.host-"+string(h.Direction), checks.Args{"host": h.Host, "port": fmt.Sprint(h.Port)}))
	}
	if r.Receiver != "" {
		hosts = append(hosts, w.Say("window.requirements.receiver", checks.Args{"address": r.Receiver}))
	}
	handlers := ""
	if r.Handlers != "" {
		handlers = w.Say("allowlist.handlers."+string(r.Handlers)+".name", nil)
	}
	var facts []Fact
	for _, f := range []Fact{
		{"permissions", strings.Join(r.Permissions(), ", ")},
		{"modules", strings.Join(modules, ", ")},
		{"methods", some(w, r.Methods, maxNamed)},
		{"events", some(w, r.Events, maxNamed)},
		{"hosts", strings.Join(hosts, "; ")},
		{"handlers", handlers},
	} {
		if f.Value != "" {
			facts = append(facts, Fact{w.Say("window.requirements."+f.Name, nil), f.Value})
		}
	}
	return facts
}

// some names the first of a list and counts the rest.
func some(w *words.Texts, names []string, most int) string {
	if more := len(names) - most; more > 1 {
		return strings.Join(names[:most], ", ") + " " + w.Say("need.more", checks.Args{"n": more})
	}
	return strings.Join(names, ", ")
}

// Require sets the applications whose requirements are compared with the portal.
func (s *Session) Require(applications []*Application) {
	s.Applications, s.Loaded = applications, true
	s.Target.Requirements = s.Given
	if len(applications) > 0 {
		s.Target.Requirements = Together(applications)
	}
}

// Add returns applications with others behind them; a file replaces one of the same name.
func Add(all, more []*Application) []*Application {
	all = slices.Clone(all)
	for _, a := range more {
		i := slices.IndexFunc(all, func(old *Application) bool {
			return old.Kept.Library == a.Kept.Library && old.Kept.File == a.Kept.File
		})
		if i < 0 {
			all = append(all, a)
		} else {
			all[i] = a
		}
	}
	return all
}

// Together merges the requirements of applications; nil for none.
func Together(applications []*Application) *requirements.Requirements {
	var all []*requirements.Requirements
	for _, a := range applications {
		all = append(all, a.Needs)
	}
	if all == nil {
		return nil
	}
	merged := requirements.Merge(all...)
	merged.BuiltIn = false // the owner chose them
	return merged
}

// Comparison is the result of comparing requirements with a portal.
type Comparison struct {
	Stage  CompareStage
	Why    *checks.Result // of Unclear: the cause
	Groups []NeedGroup    // of Compared; none: nothing is missing
	Former *Former        // the last comparison, as long as there is no newer one; nil for none
}

// Former is an earlier comparison, of requirements or results that may have changed since.
type Former struct {
	When   time.Time
	Groups []NeedGroup // without findings
}

// CompareStage is how far a comparison is.
type CompareStage string

// The stages.
const (
	NothingWanted CompareStage = "nothing-wanted" // no application was chosen
	NoPortal      CompareStage = "no-portal"      // no portal is chosen
	NoAccess      CompareStage = "no-access"      // a webhook or a sign-in is needed
	NotCompared   CompareStage = "not-compared"   // not yet, or with other requirements
	Comparing     CompareStage = "comparing"
	Unclear       CompareStage = "unclear" // the run could not determine it
	Compared      CompareStage = "compared"
)

// NeedGroup is the missing requirements of one kind.
type NeedGroup struct {
	Kind    requirements.Kind
	Sign    Sign
	Title   string
	Do      string
	Needs   []string       // a sentence each
	Finding *checks.Result // whose steps are shown; nil if there is none
}

// needGroups are the kinds in the order in which they are shown, and the results whose steps are shown with them.
var needGroups = []struct {
	kind    requirements.Kind
	sign    Sign
	results []resultKey
}{
	{requirements.Install, Problem, []resultKey{{checks.RequiredModules, checks.ModuleMissing}}},
	{requirements.Update, Problem, []resultKey{{checks.RequiredModules, checks.ModuleOutdated}, {checks.RequiredMethods, checks.MethodMissing}, {checks.RequiredEvents, checks.EventMissing}}},
	{requirements.Grant, Problem, []resultKey{{checks.RequiredScopes, checks.ScopeNotGranted}, {checks.RequiredMethods, checks.MethodNotPermitted}}},
	{requirements.AskVendor, Notice, []resultKey{{checks.RequiredMethods, checks.MethodUnknown}, {checks.RequiredScopes, checks.ScopeUnknown}, {checks.RequiredEvents, checks.EventMissing}}},
	{requirements.Undetermined, Unknown, []resultKey{{checks.RequiredModules, checks.ModuleVersionUnknown}, {checks.RequiredMethods, checks.MethodUnsure}, {checks.RequiredEvents, checks.EventMissing}}},
	{requirements.Deprecated, Notice, []resultKey{{checks.RequiredMethods, checks.MethodDeprecated}}},
}

type resultKey struct {
	check checks.ID
	cause checks.Cause
}

// Compare compares the requirements with the results of the last run. hasCredentials means that a webhook or a sign-in is saved
// for the portal.
func (s *Session) Compare(w *words.Texts, hasCredentials bool) Comparison {
	c := s.compare(w, hasCredentials)
	if s.compared == nil || c.Stage == NothingWanted || c.Stage == Compared {
		return c
	}
	c.Former = &Former{When: s.compared.Finished, Groups: s.groups(w, s.compared.Target.Requirements, modulesIn(s.compared))}
	for i := range c.Former.Groups {
		c.Former.Groups[i].Finding = nil
	}
	return c
}

func (s *Session) compare(w *words.Texts, hasCredentials bool) Comparison {
	facts := s.modules()
	switch {
	case s.Target.Requirements == nil:
		return Comparison{Stage: NothingWanted}
	case s.Running:
		return Comparison{Stage: Comparing}
	case facts != nil && s.Outcome.Target.Requirements == s.Target.Requirements:
		return Comparison{Stage: Compared, Groups: s.groups(w, s.Target.Requirements, facts)}
	case !hasCredentials:
		return Comparison{Stage: NoAccess}
	case s.Outcome == nil || s.Outcome.Target.Requirements != s.Target.Requirements:
		return Comparison{Stage: NotCompared}
	}
	for _, r := range s.Results() {
		if r.Check != checks.RequiredModules {
			continue
		}
		if r.State != checks.Skipped {
			return Comparison{Stage: Unclear, Why: &r}
		}
		if because, ok := s.Result(r.Because, ""); ok {
			return Comparison{Stage: Unclear, Why: &because}
		}
	}
	return Comparison{Stage: NotCompared}
}

// modules returns the last run's facts about the portal's modules and methods; nil for none.
func (s *Session) modules() *checks.ModulesFacts {
	if s.Outcome == nil {
		return nil
	}
	return modulesIn(s.Outcome)
}

func modulesIn(o *checks.Outcome) *checks.ModulesFacts {
	for _, r := range o.Results {
		if facts, ok := r.Facts.(*checks.ModulesFacts); ok && (facts.Provided != nil || facts.Methods != nil || facts.Listed != nil) {
			return facts
		}
	}
	return nil
}

func (s *Session) groups(w *words.Texts, wanted *requirements.Requirements, facts *checks.ModulesFacts) []NeedGroup {
	known := facts.Inventory()
	findings := requirements.Resolve(wanted, known)
	var groups []NeedGroup
	for _, g := range needGroups {
		group := NeedGroup{Kind: g.kind, Sign: g.sign}
		key := string(g.kind)
		if g.kind == requirements.Grant && !facts.AsApplication {
			// A permission that BoxReady's own key lacks may be granted to the application.
			key, group.Sign, group.Needs = "tick", OK, permissionsLeft(wanted, known)
		} else {
			for _, f := range findings {
				if f.Kind == g.kind {
					group.Needs = append(group.Needs, w.Say("window.requirements.need", checks.Args{"needs": []requirements.Finding{f}}))
				}
			}
			for _, r := range g.results {
				if result, ok := s.Result(r.check, r.cause); ok && result.Cause == r.cause && group.Finding == nil {
					group.Finding = &result
				}
			}
		}
		if group.Needs == nil {
			continue
		}
		group.Title, group.Do = w.Count("window.requirements.kind."+key+".title", len(group.Needs)), w.Say("window.requirements.kind."+key+".do", checks.Args{"as_of": bitrix.CatalogueInfo().Day()})
		groups = append(groups, group)
	}
	return groups
}

// permissionsLeft returns those that can be granted to the application when it is installed: not those of missing modules.
func permissionsLeft(wanted *requirements.Requirements, known *requirements.Inventory) []string {
	permissions := wanted.Permissions()
	missing := requirements.Resolve(&requirements.Requirements{Scopes: permissions}, known)
	return slices.DeleteFunc(permissions, func(scope string) bool {
		return slices.ContainsFunc(missing, func(f requirements.Finding) bool {
			return f.Kind != requirements.Grant && (strings.EqualFold(f.Name, scope) || slices.ContainsFunc(f.Scopes, func(s string) bool { return strings.EqualFold(s, scope) }))
		})
	})
}

// Missing reports whether anything has to be changed on the portal before the application works there.
func (c Comparison) Missing() bool {
	return slices.ContainsFunc(c.Groups, func(g NeedGroup) bool { return g.Sign != OK && g.Kind != requirements.Deprecated })
}

// RequirementsLetter returns a comparison as a text for the portal's administrator.
func (s *Session) RequirementsLetter(w *words.Texts, version string, c Comparison) string {
	var t strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&t, format+"\n", args...) }
	var names []string
	for _, a := range s.Applications {
		names = append(names, a.Name(w))
	}
	line("%s", w.Say("window.requirements.letter", checks.Args{"portal": s.Target.Address.String(), "applications": names}))
	if s.Demo {
		line("%s", w.Say("letter.demo", nil))
	}
	if !c.Missing() {
		line("\n%s", w.Say("window.requirements.all-there", nil))
	}
	for _, g := range c.Groups {
		line("\n%s", g.Title)
		for _, need := range g.Needs {
			line("- %s", need)
		}
		if g.Finding == nil {
			line("%s", g.Do)
			continue
		}
		for i, step := range w.For(s.Setup()).Finding(*g.Finding, s.Target.Address.Display()).Steps {
			line("%d. %s", i+1, strings.ReplaceAll(step.String(), "`", ""))
		}
	}
	line("\n%s", w.Say("letter.end", checks.Args{"version": version, "when": When(w, s.Outcome.Finished)}))
	return t.String()
}
