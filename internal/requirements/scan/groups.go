package scan

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"
)

// found is a name and what decides to which group it belongs.
type found struct {
	Name
	files []string // that have it
}

// Folder is a folder or file with so many methods that it is a client library rather than an application.
type Folder struct {
	Path    string
	Methods int // different ones
}

const largeFolder = 150 // methods

// testFolders hold code that isn't part of an application.
var testFolders = set("test", "tests", "__tests__", "testing", "testdata", "spec", "specs", "e2e", "fixture", "fixtures", "__fixtures__", "mock", "mocks",
	"__mocks__", "stubs", "example", "examples", "sample", "samples", "demo", "demos")

var testFile = regexp.MustCompile(`(?i:^test_|^conftest\.py$|[._-](test|spec)\.[a-z]+$|_(test|spec)\.[a-z]+$)|Tests?\.(php|java|kt|cs)$`)

func isTest(file string) bool {
	return inFolder(file, testFolders) || testFile.MatchString(path.Base(file))
}

// inFolder reports whether one of the folders of a file has one of these names.
func inFolder(file string, names map[string]bool) bool {
	folders := strings.Split(strings.ToLower(path.Dir(file)), "/")
	return slices.ContainsFunc(folders, func(folder string) bool { return names[folder] })
}

// readingVerbs end the names of methods that hardly anything else has, not even lists of permissions or events.
var readingVerbs = set("bind", "current", "fields", "get", "getlist", "list", "search", "unbind")

// Apart returns how many names are in the groups that are told apart from the requirements.
func (r *Result) Apart() int {
	return len(r.Built) + len(r.Possible) + len(r.Unknown) + len(r.SDKCalls) + len(r.Tests)
}

// group sorts what was found into the groups of a result.
func (c *collector) group(result *Result) {
	if !c.bitrix { // names in an application that never calls a portal are something else
		c.names, c.order = map[key]*found{}, nil
	}
	for _, l := range c.likely {
		if name := strings.ToLower(l.name); !c.bitrix || l.weak && l.kind == Method && !readingVerbs[name[strings.LastIndexByte(name, '.')+1:]] {
			l.kind = Possible
		}
		c.add(l.file, l.finding)
	}
	test := map[string]bool{}
	for _, k := range c.order {
		n := c.names[k]
		for _, file := range n.files {
			if _, known := test[file]; !known {
				test[file] = isTest(file)
			}
		}
		into := map[What]*[]Name{Method: &result.Methods, Event: &result.Events, Scope: &result.Scopes, Unknown: &result.Unknown,
			Built: &result.Built, SDKCall: &result.SDKCalls, Handler: &result.Handlers, Possible: &result.Possible}[k.what]
		switch {
		case k.what == Possible && (c.names[key{Method, k.name}] != nil || c.names[key{Event, k.name}] != nil):
			continue
		case !slices.ContainsFunc(n.files, func(file string) bool { return !test[file] }):
			into = &result.Tests
		}
		*into = append(*into, n.Name)
	}
	for _, list := range []*[]Name{&result.Methods, &result.Events, &result.Scopes, &result.Unknown, &result.Built, &result.SDKCalls, &result.Handlers,
		&result.Possible, &result.Tests} {
		slices.SortStableFunc(*list, func(a, b Name) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	}
	result.Large = c.large(test)
}

// large returns the innermost folders that together bring most of a large number of methods.
func (c *collector) large(test map[string]bool) []Folder {
	methods := map[string]map[string]bool{} // in and below each path
	children := map[string]map[string]bool{}
	for k, n := range c.names {
		if k.what != Method && k.what != Unknown {
			continue
		}
		for _, file := range n.files {
			if test[file] {
				continue
			}
			for p, child := file, ""; ; p, child = path.Dir(p), p {
				if methods[p] == nil {
					methods[p], children[p] = map[string]bool{}, map[string]bool{}
				}
				methods[p][k.name], children[p][child] = true, true
				if p == "." {
					break
				}
			}
		}
	}
	var folders []Folder
	var look func(p string)
	look = func(p string) {
		var large []string
		most := 0
		for child := range children[p] {
			if n := len(methods[child]); n > largeFolder {
				large, most = append(large, child), max(most, n)
			}
		}
		if p != "." && 3*most < 2*len(methods[p]) {
			folders = append(folders, Folder{p, len(methods[p])})
			return
		}
		for _, child := range large {
			look(child)
		}
	}
	look(".")
	slices.SortFunc(folders, func(a, b Folder) int { return cmp.Compare(a.Path, b.Path) })
	return folders
}
