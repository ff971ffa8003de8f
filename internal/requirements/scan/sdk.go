package scan

import (
	"slices"
	"strings"
	"sync"

	"boxready/internal/bitrix"
)

// chain follows calls of the official SDKs whose names are those of the methods: $b24->getCRMScope()->deal()->list() of the PHP
// one, client.crm.deal.list() of the Python one.
type chain struct {
	path    []string
	outer   []link              // chains outside the open brackets
	called  bool                // the path's last name was called
	target  string              // variable that the statement assigns to
	aliases map[string][]string // paths by the variables that hold them
	python  bool                // the file imports the Python SDK
}

type link struct {
	path   []string
	called bool
}

// scopeGetters are the PHP SDK's, with the beginnings of the names that they lead to.
var scopeGetters = map[string][]string{
	"getaiadminscope": {"ai"}, "getbizprocscope": {"bizproc"}, "getbookingscope": {"booking.v1"}, "getcalendarscope": {"calendar"},
	"getcatalogscope": {"catalog"}, "getcrmscope": {"crm"}, "getdepartmentscope": {"department"}, "getdiskscope": {"disk"},
	"getentityscope": {"entity"}, "getimopenlinesscope": {"imopenlines", "imconnector"}, "getimscope": {"im"}, "getlandingscope": {"landing"},
	"getlistsscope": {"lists"}, "getlogscope": {"log"}, "getpaysystemscope": {"sale.paysystem"}, "getplacementscope": {"placement", ""},
	"getsalescope": {"sale"}, "getsonetgroupscope": {"sonet_group"}, "gettaskscope": {"tasks", "task"},
	"gettelephonyscope": {"telephony", "voximplant", ""}, "getuserconsentscope": {"userconsent"}, "getuserscope": {"user"},
}

// methodsByCompactName are the methods by their names without dots, underscores and capitals; no two share one.
var methodsByCompactName = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for m := range bitrix.Methods() {
		names[compactName(m.Name)] = m.Name
	}
	return names
})

func compactName(parts ...string) string {
	return strings.NewReplacer(".", "", "_", "").Replace(strings.ToLower(strings.Join(parts, "")))
}

const maxPath = 12

func (c *chain) token(r *reader, t token) {
	if r.lang != php && r.lang != python {
		return
	}
	if t.kind == 'w' && strings.EqualFold(t.text, "b24pysdk") {
		c.python = true
	}
	follows := r.last().is("->", "?->", "::") || r.lang == python && r.last().is(".")
	switch {
	case t.kind == 'w' && follows && len(c.path) > 0 && len(c.path) < maxPath:
		c.path = append(slices.Clip(c.path), t.text)
		c.called = false
		c.resolve()
	case t.kind == 'w':
		c.path, c.called = []string{t.text}, false
		c.resolve()
	case t.is("->", "?->", "::", "."):
	case t.is("("):
		if len(c.path) > 0 {
			c.called = true
			c.call(r, t.line)
		}
		if len(c.outer) < maxStack {
			c.outer = append(c.outer, link{c.path, c.called})
		}
		c.path = nil
	case t.is(")"):
		c.path = nil
		if n := len(c.outer); n > 0 {
			c.path, c.called = c.outer[n-1].path, c.outer[n-1].called
			c.outer = c.outer[:n-1]
		}
	case t.is("="):
		c.target = strings.Join(c.path, ".")
		c.path = nil
	case t.is(";"):
		if i := scopeOf(c.path); i >= 0 && c.target != "" && len(c.path)-i <= 2 && len(c.aliases) < maxUncertain {
			if c.aliases == nil {
				c.aliases = map[string][]string{}
			}
			c.aliases[c.target] = c.path
		}
		c.path, c.target, c.outer = nil, "", c.outer[:0]
	default:
		c.path = nil
	}
}

// resolve replaces a variable by what it holds.
func (c *chain) resolve() {
	if len(c.path) <= 2 {
		if alias := c.aliases[strings.Join(c.path, ".")]; alias != nil {
			c.path = alias
		}
	}
}

// scopeOf returns the index of the PHP SDK's getter of a scope in a path, or -1.
func scopeOf(path []string) int {
	return slices.IndexFunc(path, func(name string) bool { return scopeGetters[strings.ToLower(name)] != nil })
}

// call looks whether the path is a method of an SDK.
func (c *chain) call(r *reader, line int) {
	if r.lang == python {
		if c.python {
			c.callPython(r, line)
		}
		return
	}
	i := scopeOf(c.path)
	if i < 0 {
		return
	}
	names := slices.DeleteFunc(slices.Clone(c.path[i+1:]), func(name string) bool { return name == "batch" })
	if len(names) != 2 {
		return
	}
	if names[1] == "countByFilter" { // counts what list would return
		names[1] = "list"
	}
	matches := map[string]bool{}
	for _, prefix := range scopeGetters[strings.ToLower(c.path[i])] {
		if name := methodsByCompactName()[compactName(prefix, names[0], names[1])]; name != "" {
			matches[name] = true
		}
		if strings.EqualFold(prefix, names[0]) {
			if name := methodsByCompactName()[compactName(prefix, names[1])]; name != "" {
				matches[name] = true
			}
		}
	}
	if len(matches) == 1 {
		for name := range matches {
			r.certain(finding{Method, name, line})
		}
		return
	}
	r.certain(finding{SDKCall, strings.Join(c.path[i:i+1], "") + "()->" + strings.Join(c.path[i+1:], "()->") + "()", line})
}

func (c *chain) callPython(r *reader, line int) {
	for i := 1; i < len(c.path)-1; i++ {
		if !namespaces()[strings.ToLower(c.path[i])] {
			continue
		}
		if name := methodsByCompactName()[compactName(c.path[i:]...)]; name != "" {
			r.certain(finding{Method, name, line})
		}
		return
	}
}
