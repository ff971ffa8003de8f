package words_test

import (
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/requirements"
	"boxready/internal/words"
)

func TestNeedsInWords(t *testing.T) {
	many := func(n int, name string) []string { return slices.Repeat([]string{name}, n) }
	const update, module, method = requirements.Update, requirements.ModuleNeed, requirements.MethodNeed
	cases := map[string]struct {
		finding requirements.Finding
		ru, en  string
	}{
		"method that came between two known versions": {
			requirements.Finding{Kind: update, What: method, Name: "crm.item.list", Module: "crm", After: "20.0.287", NotLater: "23.400.501"},
			"crm.item.list — модуль crm, появился после версии 20.0.287 и не позже 23.400.501",
			"crm.item.list — module crm, added after version 20.0.287 and no later than 23.400.501",
		},
		"method whose version is documented, and what is known of the portal's": {
			requirements.Finding{Kind: update, What: method, Name: "booking.v1.booking.add", Module: "booking", Since: "25.300.0", Has: requirements.Range{AtLeast: "25.100.0", Below: "25.300.0"}},
			"booking.v1.booking.add — модуль booking, есть с версии 25.300.0, на портале не ниже 25.100.0, но ниже 25.300.0",
			"booking.v1.booking.add — module booking, available since version 25.300.0, the portal has 25.100.0 or newer, but older than 25.300.0",
		},
		"method that needs further modules": {
			requirements.Finding{Kind: update, What: method, Name: "catalog.documentcontractor.add", Module: "catalog", NotLater: "23.0.0", AlsoNeeds: []string{"crm", "rest >=23.100.0"}},
			"catalog.documentcontractor.add — модуль catalog, в версии 23.0.0 есть, нужны и модули crm и rest 23.100.0 или новее",
			"catalog.documentcontractor.add — module catalog, version 23.0.0 has it, also needs the modules crm and rest 23.100.0 or newer",
		},
		"misspelt method": {
			requirements.Finding{Kind: requirements.AskVendor, Reason: requirements.UnknownName, What: method, Name: "crm.deals.list", Nearest: []string{"crm.deal.list", "crm.lead.list"}},
			"crm.deals.list — возможно, имелось в виду crm.deal.list, crm.lead.list",
			"crm.deals.list — perhaps crm.deal.list, crm.lead.list was meant",
		},
		"nothing more to say": {
			requirements.Finding{Kind: requirements.AskVendor, Reason: requirements.UnknownName, What: method, Name: "no.such.thing"},
			"no.such.thing", "no.such.thing",
		},
		"method that is gone": {
			requirements.Finding{Kind: requirements.AskVendor, Reason: requirements.Removed, What: method, Name: "task.item.add", Module: "tasks", Has: requirements.Range{Exactly: "25.0.0"}, ReplacedBy: "tasks.task.add"},
			"task.item.add — модуль tasks, на портале 25.0.0, в ней его уже нет, вместо него есть tasks.task.add",
			"task.item.add — module tasks, the portal has 25.0.0, which no longer has it, its successor is tasks.task.add",
		},
		"deprecated method": {
			requirements.Finding{Kind: requirements.Deprecated, What: method, Name: "crm.deal.list", Module: "crm", ReplacedBy: "crm.item.list"},
			"crm.deal.list — вместо него есть crm.item.list",
			"crm.deal.list — its successor is crm.item.list",
		},
		"method without an answer": {
			requirements.Finding{Kind: requirements.Undetermined, Reason: requirements.NoAnswer, What: method, Name: "crm.item.list", Module: "crm", NotLater: "23.400.501"},
			"crm.item.list — модуль crm, в версии 23.400.501 есть, портал о нём не ответил",
			"crm.item.list — module crm, version 23.400.501 has it, the portal didn't answer about it",
		},
		"method of REST 3.0": {
			requirements.Finding{Kind: update, Reason: requirements.NoREST3, What: method, Name: "mail.message.send", Module: "rest", Since: "25.800.0"},
			"mail.message.send — модуль rest, есть с версии 25.800.0, метод REST 3.0, которого на портале нет",
			"mail.message.send — module rest, available since version 25.800.0, a method of REST 3.0, which the portal doesn't have",
		},
		"event that is missing from a module that is new enough": {
			requirements.Finding{Kind: requirements.Undetermined, Reason: requirements.NewEnough, What: requirements.EventNeed, Name: "ONCRMDEALADD", Module: "crm", Since: "18.0.0", Has: requirements.Range{AtLeast: "20.0.0"}},
			"ONCRMDEALADD — модуль crm, есть с версии 18.0.0, на портале не ниже 20.0.0, хотя версия достаточно новая",
			"ONCRMDEALADD — module crm, available since version 18.0.0, the portal has 20.0.0 or newer, although the version is new enough",
		},
		"missing module": {
			requirements.Finding{Kind: requirements.Install, What: module, Name: "booking", Module: "booking", AtLeast: "25.300.0",
				Methods: []string{"a", "b", "c", "d", "e"}, Events: []string{"ONX", "ONY"}, Scopes: []string{"booking"}},
			"booking — нужна версия 25.300.0 или новее, 5 методов (a, b, c…), 2 события (ONX, ONY), 1 право (booking)",
			"booking — version 25.300.0 or newer is needed, 5 methods (a, b, c…), 2 events (ONX, ONY), 1 permission (booking)",
		},
		"module that is missing or too old": {
			requirements.Finding{Kind: requirements.Install, What: module, Name: "rpa", Module: "rpa", After: "19.0.1", NotLater: "23.100.0", Methods: many(21, "m")},
			"rpa — или он старый: в версии 19.0.1 приложениям ещё ничего не предлагал, в 23.100.0 уже предлагал, 21 метод (m, m, m…)",
			"rpa — or it is old: version 19.0.1 offered nothing to applications yet, 23.100.0 did, 21 methods (m, m, m…)",
		},
		"module too old": {
			requirements.Finding{Kind: update, What: module, Name: "crm", Module: "crm", AtLeast: "24.0.0", Has: requirements.Range{Below: "23.400.501"}},
			"crm — нужна версия 24.0.0 или новее, на портале ниже 23.400.501",
			"crm — version 24.0.0 or newer is needed, the portal has one older than 23.400.501",
		},
		"module whose version can't be told": {
			requirements.Finding{Kind: requirements.Undetermined, Reason: requirements.VersionUnsure, What: module, Name: "im", Module: "im", AtLeast: "24.0.0", Has: requirements.Range{AtLeast: "23.0.0"}},
			"im — нужна версия 24.0.0 или новее, на портале не ниже 23.0.0, достаточно ли новая версия на портале, не видно",
			"im — version 24.0.0 or newer is needed, the portal has 23.0.0 or newer, whether the portal's is new enough can't be seen",
		},
		"module that may not be there": {
			requirements.Finding{Kind: requirements.Undetermined, Reason: requirements.ModuleUnsure, What: module, Name: "sign", Module: "sign", Methods: many(2, "m")},
			"sign — есть ли такой модуль, не видно, 2 метода (m, m)",
			"sign — whether this module is installed can't be seen, 2 methods (m, m)",
		},
		"permission that a newer module brings": {
			requirements.Finding{Kind: update, What: requirements.ScopeNeed, Name: "imbot", Module: "im", Has: requirements.Range{Below: "24.0.0"}},
			"imbot — это право даёт более новый модуль im, на портале ниже 24.0.0",
			"imbot — a permission that a newer module im brings, the portal has one older than 24.0.0",
		},
		"permission": {
			requirements.Finding{Kind: requirements.Grant, What: requirements.ScopeNeed, Name: "crm", AnyOf: []string{"crm"}, Methods: many(3, "m")},
			"crm — 3 метода (m, m, m)",
			"crm — 3 methods (m, m, m)",
		},
		"one permission of several": {
			requirements.Finding{Kind: requirements.Grant, What: requirements.ScopeNeed, Name: "user", AnyOf: []string{"user", "user_basic", "user_brief"}},
			"user — хватит одного из прав user, user_basic, user_brief",
			"user — one of the permissions user, user_basic, user_brief is enough",
		},
		"method that everybody may call, and this key may not": {
			requirements.Finding{Kind: requirements.Grant, What: method, Name: "profile", Module: "rest", AnyOf: []string{"basic"}},
			"profile", "profile",
		},
		"method that needs a permission": {
			requirements.Finding{Kind: requirements.Grant, What: method, Name: "crm.item.list", Module: "crm", AnyOf: []string{"crm"}},
			"crm.item.list — нужно право crm",
			"crm.item.list — needs the permission crm",
		},
	}
	for name, c := range cases {
		for lang, want := range map[string]string{"ru": c.ru, "en": c.en} {
			t.Run(name+"/"+lang, func(t *testing.T) {
				if got := clauses(t, lang, c.finding); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		}
	}
}

func TestOnlyTheFirstNeedsAreNamed(t *testing.T) {
	eleven := slices.Repeat([]requirements.Finding{{Kind: requirements.AskVendor, What: requirements.MethodNeed, Name: "no.such"}}, 11)
	eight := strings.Repeat("no.such; ", 8)
	if got := clauses(t, "ru", eleven...); got != eight+"и ещё 3" {
		t.Errorf("got %q", got)
	}
	if got := clauses(t, "en", eleven...); got != eight+"and 3 more" {
		t.Errorf("got %q", got)
	}
}

// clauses returns the findings' part of a sentence, its end.
func clauses(t *testing.T, lang string, found ...requirements.Finding) string {
	t.Helper()
	words, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	saw := words.Say("methods.method-missing.saw", checks.Args{"needs": found})
	_, clauses, _ := strings.Cut(saw, ": ")
	return strings.TrimSuffix(clauses, ".")
}
