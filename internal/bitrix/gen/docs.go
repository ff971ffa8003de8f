package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// aName is a method's name of several words.
const aName = `[a-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)+`

// Pages of both languages have one shape: a heading that ends in the name, a
// quoted block with the scope and who may call, a note if the method is
// discouraged, parameters, samples in several languages, error codes.
var (
	dotted          = regexp.MustCompile(`^` + aName + `$`)
	oneWord         = regexp.MustCompile(`^[a-z]+$`)
	sampleCall      = regexp.MustCompile(`(?:/rest/(?:api/)?(?:[^/\s'"` + "`" + `]+/){0,2}|(?:callMethod|CRest::call|callBatch|callListMethod|fetchListMethod)\(\s*['"])([a-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)`)
	eventName       = regexp.MustCompile(`\b[oO][nN][A-Z][A-Za-z0-9]+\b|\b[A-Z]+(?:\.[A-Z]+)*\.ON\.[A-Z]+\b`)
	sampleEvent     = regexp.MustCompile(`['"]event['"]\s*(?:=>|:)\s*['"]([A-Za-z.0-9]+)['"]`)
	quotedLine      = regexp.MustCompile(`(?m)^>[ \t]*([^:\n]+):[ \t]*(.*(?:\n>[ \t]*-.*)*)$`)
	eventTitle      = regexp.MustCompile(`(?m)^## (ON[A-Z0-9]+)\b`)
	whoLabel        = regexp.MustCompile(`^Who can `)
	whoMayCall      = regexp.MustCompile(`^Who can (?:execute|perform) th(?:e|is) method$`)
	whoMaySubscribe = regexp.MustCompile(`^Who can subscribe$`)
	scopeLabel      = regexp.MustCompile(`^Scope$`)
	scopeName       = regexp.MustCompile(`^[a-z][a-z0-9_.]*$`)
	code            = regexp.MustCompile("`([^`]+)`")
	discouraged     = regexp.MustCompile(`(?si)\{% note \w+ "[^"]*deprecated[^"]*" %\}(.*?)\{% endnote %\}`)
	outdated        = regexp.MustCompile(`/(?:outdated|deprecated)/`)
	linkedName      = regexp.MustCompile(`\[` + "`?" + `([a-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_*]+)+)` + "`?" + `\]\(`)
	onlyApps        = regexp.MustCompile(`(?i)\bonly (?:works? |be called |be executed |possible )?(?:with)?in the (?:authorization )?context of|only (?:be (?:called|executed) )?(?:for|in the) application (?:context|authorization)|application context required`)
	sinceCell       = regexp.MustCompile("(?m)^\\|\\| \\[`?(" + aName + ")`?\\]\\([^)]*\\) \\|.*\\| *([0-9]+\\.[0-9]+\\.[0-9]+) *\\|\\|$")
	aliasOf         = regexp.MustCompile("`(" + aName + ")` — an alias")
	named           = regexp.MustCompile("(?i)method `(" + aName + ")`|`(" + aName + ")` method")
)

// A page is one page of the documentation in both languages.
type page struct {
	path   string // as in the address: ends in .html
	en, ru string // ru is "" if there is no translation
}

// pages reads all pages below the checkouts, sorted by path. The English
// checkout decides which there are.
func pages(en, ru string) ([]page, error) {
	var list []page
	for _, dir := range []string{"api-reference", "settings"} {
		err := filepath.WalkDir(filepath.Join(en, dir), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(file) != ".md" {
				return err
			}
			rel, err := filepath.Rel(en, file)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(file) // #nosec G304 G122 -- a checkout that the caller names
			if err != nil {
				return err
			}
			translation, err := os.ReadFile(filepath.Join(ru, rel)) // #nosec G304 -- as above
			if err != nil && !os.IsNotExist(err) {
				return err
			}
			list = append(list, page{strings.TrimSuffix(filepath.ToSlash(rel), ".md") + ".html", string(text), string(translation)})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the documentation in %s: %w", en, err)
		}
	}
	slices.SortFunc(list, func(a, b page) int { return strings.Compare(a.path, b.path) })
	return list, nil
}

func (p page) overview() bool { return path.Base(p.path) == "index.html" }

// heading returns the first heading of a page's text.
func heading(text string) string {
	_, rest, _ := strings.Cut("\n"+text, "\n# ")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.ReplaceAll(line, `\`, "")
}

// quoted returns the value of the first quoted line whose label matches, and
// whether there is one.
func (p page) quoted(label *regexp.Regexp) (string, bool) {
	for _, m := range quotedLine.FindAllStringSubmatch(p.en, -1) {
		if label.MatchString(m[1]) {
			return strings.TrimSpace(m[2]), true
		}
	}
	return "", false
}

// methodName returns the name of the method that the page is about, or "", and
// whether the page says that it is about one. Headings have typing errors and
// some lack the name, samples are copied from other pages: two of English
// heading, Russian heading and samples have to agree where there are as many.
func (p page) methodName() (name string, stated bool) {
	if p.overview() {
		return "", false
	}
	_, stated = p.quoted(whoMayCall)
	sample := mostFrequent(sampleCall, p.en)
	candidates := []string{nameIn(heading(p.en)), nameIn(heading(p.ru)), sample}
	for i, v := range candidates {
		if v != "" && slices.ContainsFunc(candidates[i+1:], func(other string) bool { return strings.EqualFold(v, other) }) {
			switch {
			case stated && strings.HasPrefix(strings.ToLower(sample), strings.ToLower(v)+"."):
				return sample, true // cut short in both headings
			case stated || strings.EqualFold(v, sample):
				return v, stated
			}
		}
	}
	if !stated {
		return "", false
	}
	return cmp.Or(candidates...), candidates[0] != "" || candidates[1] != ""
}

// nameIn returns the method's name in a heading: its first dotted word, or its
// last word if that is all lower case, or "".
func nameIn(heading string) string {
	words := strings.FieldsFunc(heading, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '_' })
	for _, w := range words {
		if name := strings.Trim(w, "."); dotted.MatchString(name) {
			return name
		}
	}
	if n := len(words); n > 0 && oneWord.MatchString(words[n-1]) {
		return words[n-1]
	}
	return ""
}

// mostFrequent returns what the first group matches most often, and first
// among equals; letter case does not count.
func mostFrequent(re *regexp.Regexp, text string) string {
	count, best := map[string]int{}, ""
	all := re.FindAllStringSubmatch(text, -1)
	for _, m := range all {
		count[strings.ToLower(strings.TrimSuffix(m[1], ".json"))]++
	}
	for _, m := range all {
		name := strings.TrimSuffix(m[1], ".json")
		if best == "" || count[strings.ToLower(name)] > count[strings.ToLower(best)] {
			best = name
		}
	}
	return best
}

// eventNames returns the events that the page is about. A page about the
// shape of a module's events has several.
func (p page) eventNames() []string {
	_, subscribe := p.quoted(whoMaySubscribe)
	if p.overview() || !subscribe && !strings.Contains(p.path, "/events") && !strings.HasPrefix(path.Base(p.path), "on-") {
		return nil
	}
	var names []string
	samples := slices.Concat(eventTitle.FindAllStringSubmatch(p.en, -1), sampleEvent.FindAllStringSubmatch(p.en, -1))
	for _, m := range samples {
		if name := strings.ToUpper(m[1]); eventName.MatchString(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		for _, h := range []string{heading(p.en), heading(p.ru)} {
			if name := eventName.FindString(h); name != "" {
				return []string{strings.ToUpper(name)}
			}
		}
	}
	return names
}

// scopes returns the first scope that the page names, and all of them joined
// by commas if there are several.
func (p page) scopes() (main, all string) {
	value, _ := p.quoted(scopeLabel)
	var list []string
	for _, m := range code.FindAllStringSubmatch(value, -1) {
		for s := range strings.SplitSeq(m[1], ",") {
			if s = strings.TrimSpace(s); scopeName.MatchString(s) {
				list = append(list, s)
			}
		}
	}
	switch len(list) {
	case 0:
		return "", ""
	case 1:
		return list[0], ""
	}
	return list[0], strings.Join(list, ",")
}

// who returns the Who of package bitrix.
func who(value string) string {
	switch value = strings.ToLower(strings.Trim(value, "`. ")); value {
	case "":
		return ""
	case "any user", "authorized user", "any user upon application authorization", "authorized application user",
		"a user authorized in the application":
		return "any"
	case "administrator", "administrator, authorized in the application",
		"administrator with access to crm in the application context":
		return "admin"
	}
	return "other"
}

// rows returns the rows of all methods and events that have a page of their
// own, methods first, each sorted by name, and then of the versions in tables of
// methods. A second page of a method is that of its REST 3.0 twin. Several pages
// about one event count once.
func rows(all []page) ([]row, error) {
	methods, events := map[string]row{}, map[string]row{}
	var unsure []row // of pages that don't state to be about a method: tutorials, pages with an error
	for _, p := range all {
		name, stated := p.methodName()
		if name == "" {
			for _, name := range p.eventNames() {
				if _, ok := events[name]; !ok {
					events[name] = p.event(name)
				}
			}
			continue
		}
		r := p.method(name)
		if !stated {
			unsure = append(unsure, r)
			continue
		}
		if err := add(methods, r); err != nil {
			return nil, err
		}
		if m := aliasOf.FindStringSubmatch(p.en); m != nil {
			a := slices.Clone(r)
			a[mName], a[mFlags], a[mReplaced] = m[1], strings.ReplaceAll(a[mFlags], "d", "")+"d", name
			if err := add(methods, a); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range unsure {
		if _, ok := methods[strings.ToLower(r[mName])]; !ok {
			if err := add(methods, r); err != nil {
				return nil, err
			}
		}
	}
	var facts []row
	for _, p := range all {
		for _, m := range sinceCell.FindAllStringSubmatch(p.en, -1) {
			facts = append(facts, newRow("F", m[1], "", "since", m[2], "", "method", "https://apidocs.bitrix24.com/"+p.path))
		}
	}
	return slices.Concat(sorted(methods), sorted(events), facts), nil
}

// add puts a method's row among the others by lower-case name.
func add(methods map[string]row, r row) error {
	key := strings.ToLower(r[mName])
	first, twice := methods[key]
	switch {
	case !twice:
		methods[key] = r
	case first[mAPI] == "2" && r[mAPI] == "3":
		first[mAPI], first[mScopeV3], first[mDocV3] = "2+3", r[mScope], r[mDoc]
	case first[mAPI] == "3" && r[mAPI] == "2":
		r[mAPI], r[mScopeV3], r[mDocV3] = "2+3", first[mScope], first[mDoc]
		methods[key] = r
	default:
		return fmt.Errorf("%s has two pages, %s and %s", r[mName], first[mDoc], r[mDoc])
	}
	return nil
}

// sorted returns the rows by lower-case name.
func sorted(rows map[string]row) []row {
	return slices.SortedFunc(maps.Values(rows), compareNames)
}

// method returns the row of the method that the page is about.
func (p page) method(name string) row {
	value, _ := p.quoted(whoLabel)
	r := newRow("M", name)
	r[mScope], r[mScopes] = p.scopes()
	r[mWho] = who(value)
	if onlyApps.MatchString(p.en) {
		r[mFlags] = "a"
	}
	note := discouraged.FindStringSubmatch(p.en)
	if note != nil || outdated.MatchString(p.path) {
		r[mFlags] += "d"
	}
	if note != nil {
		if m := linkedName.FindStringSubmatch(note[1]); m != nil && !strings.EqualFold(m[1], name) {
			r[mReplaced] = m[1]
		}
	}
	r[mAPI] = "2"
	if strings.Contains(p.en, "/rest/api/") {
		r[mAPI] = "3"
	}
	r[mDoc] = p.path
	return r
}

// event returns the row of one event that the page is about.
func (p page) event(name string) row {
	value, _ := p.quoted(whoLabel)
	r := newRow("E", name)
	r[eScope], r[eScopes] = p.scopes()
	r[eWho] = who(value)
	if discouraged.MatchString(p.en) || outdated.MatchString(p.path) {
		r[eFlags] = "d"
	}
	r[eDoc] = p.path
	return r
}

// called returns each name that the page's samples call and each that its text
// calls a method.
func (p page) called() []string {
	var names []string
	for _, m := range sampleCall.FindAllStringSubmatch(p.en, -1) {
		if name := strings.TrimSuffix(m[1], ".json"); dotted.MatchString(name) {
			names = append(names, name)
		}
	}
	for _, m := range named.FindAllStringSubmatch(p.en, -1) {
		names = append(names, cmp.Or(m[1], m[2]))
	}
	return names
}
