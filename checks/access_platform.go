package checks

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
)

// UserNotAdmin is the cause of user-rights.
const UserNotAdmin Cause = "user-not-admin"

// RightsFacts are the credential's user.
type RightsFacts struct {
	Call
	UserID string `json:"user_id,omitempty" hide:"user"`
	Admin  *bool  `json:"admin,omitempty"` // absent: not in the answer
	// SystemUser means that the portal doesn't list this user: a technical account that took over integrations of a dismissed
	// employee (EXTERNAL_AUTH_ID rest_system, https://apidocs.bitrix24.com/settings/system-user.html). Asked if it is no administrator.
	SystemUser bool `json:"system_user,omitempty"`
}

func observeRights(ctx context.Context, env *Env) (*RightsFacts, error) {
	b, err := env.askFirstBatch(ctx)
	if err != nil {
		return nil, err
	}
	f := &RightsFacts{Call: b.call}
	var profile struct {
		ID    portal.Text  `json:"ID"`
		Admin *portal.Bool `json:"ADMIN"`
	}
	if result := b.items["profile"].Result; result != nil && json.Unmarshal(result, &profile) == nil {
		f.UserID, f.Admin = short(string(profile.ID)), (*bool)(profile.Admin)
	}
	var admin portal.Bool
	if result := b.items["admin"].Result; f.Admin == nil && result != nil && json.Unmarshal(result, &admin) == nil {
		f.Admin = (*bool)(&admin)
	}
	switch {
	case f.Admin == nil:
		f.Call = b.command("admin")
	case !*f.Admin && f.UserID != "":
		call, a := env.call(ctx, b.call.Credential, "user.get", url.Values{"ID": {f.UserID}})
		var listed []json.RawMessage
		f.SystemUser = call.answered() && json.Unmarshal(a.Result, &listed) == nil && listed != nil && len(listed) == 0
	}
	return f, nil
}

func judgeRights(f *RightsFacts, _ FactsByCheck) []Result {
	args := Args{"credential": string(f.Credential), "user": f.UserID, "system_user": f.SystemUser}
	switch fault := f.fault(); {
	case fault != nil:
		return fault
	case f.Admin == nil:
		return about(one(unknown(UnexpectedAnswer, PortalAdmin)), answerArgs(&f.Exchange))
	case !*f.Admin && !f.SystemUser: // it has the rights that the integration had before
		return about(one(notice(UserNotAdmin, PortalAdmin)), args)
	}
	return about(ok(), args)
}

// PlatformFacts are the ranges of module versions that the presence of methods proves.
type PlatformFacts struct {
	Credential Credential     `json:"credential"`
	Modules    []VersionRange `json:"modules,omitempty"`
	Unanswered *Exchange      `json:"unanswered,omitempty"`
}

// VersionRange is the provable range of a module's version: at least the first, below the second; "" is open.
type VersionRange struct {
	Module  string `json:"module"`
	AtLeast string `json:"at_least,omitempty"`
	Below   string `json:"below,omitempty"`
}

// Modules that every portal has, so an absent method can only mean an old version.
var platformModules = []string{"rest", "main"}

// probes returns methods that determine the age of modules: for each known version of a module, one method that came with it.
func (t *Target) probes() []string {
	modules := slices.Clone(platformModules)
	for _, m := range t.required().Modules {
		modules = append(modules, strings.ToLower(m.Name))
	}
	type step struct{ module, version string }
	taken := map[step]bool{}
	var names []string
	for m := range bitrix.Methods() {
		if !slices.Contains(modules, m.Module) || m.Deprecated || m.OnlyREST3() {
			continue
		}
		version := m.Since()
		if version == "" && m.AbsentIn != "" {
			version = m.PresentIn
		}
		if at := (step{m.Module, version}); version != "" && !taken[at] {
			taken[at] = true
			names = append(names, m.Name)
		}
	}
	return names
}

func observePlatform(ctx context.Context, env *Env) (*PlatformFacts, error) {
	inv, err := env.askInventory(ctx)
	if err != nil {
		return nil, err
	}
	f := &PlatformFacts{Credential: inv.credential}
	if inv.unanswered != nil {
		f.Unanswered = &inv.unanswered.Exchange
	}
	for _, module := range platformModules {
		var present, absent []string
		for _, m := range inv.methods {
			if info, known := bitrix.Method(m.Name); !known || info.Module != module || m.Existing == nil {
				continue
			}
			if *m.Existing {
				present = append(present, m.Name)
			} else {
				absent = append(absent, m.Name)
			}
		}
		if inv.listed != nil && module == "rest" { // no method.get
			absent = append(absent, ageMethod)
		}
		if atLeast, below := bitrix.VersionRange(present, absent); atLeast+below != "" {
			f.Modules = append(f.Modules, VersionRange{module, atLeast, below})
		}
	}
	return f, nil
}

// asOf is the day of this program's data on versions. Judged by today's date, an unchanged result would become outdated.
var asOf = time.Date(2026, time.August, 21, 0, 0, 0, 0, time.UTC)

// Two years without updates.
const oldAfterYears = 2

// newestBelow is a day on which every version below v was released: versions are named after the year, and the last of a year
// come out early in the next one (rest 25.1300.0 in January 2026).
func newestBelow(v string) time.Time {
	major, rest, _ := strings.Cut(v, ".")
	year, err := strconv.Atoi(major)
	if err != nil {
		return asOf
	}
	if strings.Trim(rest, "0.") == "" {
		year--
	}
	return time.Date(2000+year+1, time.April, 1, 0, 0, 0, 0, time.UTC)
}

func judgePlatform(f *PlatformFacts, _ FactsByCheck) []Result {
	var old []string
	for _, m := range f.Modules {
		if m.Below != "" && newestBelow(m.Below).Before(asOf.AddDate(-oldAfterYears, 0, 0)) {
			old = append(old, m.Module+" < "+m.Below)
		}
	}
	switch {
	case old != nil:
		return one(notice(PlatformOutdated, PortalAdmin).with(Args{"modules": old, "credential": string(f.Credential)}))
	case f.Unanswered != nil:
		return (&Call{Exchange: *f.Unanswered}).fault()
	}
	return ok()
}
