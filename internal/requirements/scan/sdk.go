package scan

import (
	_ "embed"
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
	php     classNames
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
	"getlistsscope": {"lists"}, "getlogscope": {"log"}, "getmainscope": {""}, "getpaysystemscope": {"sale.paysystem"}, "getplacementscope": {"placement", ""},
	"getsalescope": {"sale"}, "getsonetgroupscope": {"sonet_group"}, "gettaskscope": {"tasks", "task"},
	"gettelephonyscope": {"telephony", "voximplant", ""}, "getuserconsentscope": {"userconsent"}, "getuserscope": {"user"},
}

//go:embed phpsdk.txt
var phpTable string

// phpMethods are the methods that wrappers of the PHP SDKs call where their names don't say it, by scope, service and wrapper.
var phpMethods = sync.OnceValue(func() map[string][]string {
	methods := map[string][]string{}
	for line := range strings.Lines(phpTable) {
		columns := strings.Fields(line)
		if columns[0] == "#" {
			continue
		}
		beginning := strings.TrimPrefix(columns[2]+".", "-.")
		for _, wrapper := range columns[3:] {
			wrapper, rest, other := strings.Cut(wrapper, "=")
			if !other {
				rest = strings.ToLower(wrapper)
			}
			for name := range strings.SplitSeq(rest, ",") {
				k := phpKey(columns[0], columns[1], wrapper)
				methods[k] = append(methods[k], beginning+name)
			}
		}
	}
	return methods
})

func phpKey(scope, service, wrapper string) string {
	return strings.ToLower(scope + "/" + service + "/" + wrapper)
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
	return strings.NewReplacer(".", "", "_", "", `\`, "").Replace(strings.ToLower(strings.Join(parts, "")))
}

const maxPath = 12

func (c *chain) token(r *reader, t token) {
	switch r.lang {
	case javascript:
		r.script(t)
		return
	case php:
		c.php.token(r, t)
	case python:
		if t.is("b24pysdk") {
			c.python = true
		}
	default:
		return
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
		n := len(c.outer)
		if n == 0 {
			c.path = nil
			return
		}
		if outer := c.outer[n-1]; outer.path != nil || r.lang != php { // (new Name())->wrapper()
			c.path, c.called = outer.path, outer.called
		}
		c.outer = c.outer[:n-1]
	case t.is("="):
		c.target = strings.Join(c.path, ".")
		c.path = nil
	case t.is(";"):
		if i := scopeOf(c.path); i >= 0 && len(c.path)-i <= 2 {
			c.alias(c.target, c.path)
		}
		c.path, c.target, c.outer = nil, "", c.outer[:0]
	default:
		c.path = nil
	}
}

// newline ends a statement of Python.
func (c *chain) newline() {
	if i := pythonScope(c.path); c.python && i > 0 && !c.called {
		c.alias(c.target, c.path)
	}
	c.path, c.target = nil, ""
}

// alias notes what a variable holds.
func (c *chain) alias(variable string, path []string) {
	if variable == "" || len(c.aliases) >= maxUncertain {
		return
	}
	if c.aliases == nil {
		c.aliases = map[string][]string{}
	}
	c.aliases[variable] = path
}

// resolve replaces a variable by what it holds.
func (c *chain) resolve() {
	if len(c.path) <= 2 {
		if alias := c.aliases[strings.Join(c.path, ".")]; alias != nil {
			c.path = alias
		}
	}
}

// scopeOf returns the index of the PHP SDK's getter of a scope, or of a class of the old one, in a path; or -1.
func scopeOf(path []string) int {
	return slices.IndexFunc(path, func(name string) bool { return name[0] == '\\' || scopeGetters[strings.ToLower(name)] != nil })
}

// call looks whether the path is a method of an SDK.
func (c *chain) call(r *reader, line int) {
	if r.lang == python {
		c.callPython(r, line)
		return
	}
	i := scopeOf(c.path)
	if i < 0 {
		return
	}
	names := slices.DeleteFunc(slices.Clone(c.path[i+1:]), func(name string) bool { return name == "batch" })
	var found []string
	switch scope, old := strings.CutPrefix(c.path[i], `\`); {
	case old && len(names) == 1:
		found = oldPHPMethod(scope, names[0])
	case !old && len(names) == 2:
		found = phpMethod(strings.ToLower(scope), names[0], names[1])
	default:
		return
	}
	if len(found) > 0 {
		r.calls(line, found...)
		return
	}
	r.certain(finding{kind: SDKCall, name: strings.Join(c.path[i:], "()->") + "()", line: line})
}

// phpMethod returns the methods that a wrapper of the PHP SDK calls, none if that isn't certain.
func phpMethod(getter, service, wrapper string) []string {
	scope := strings.TrimSuffix(strings.TrimPrefix(getter, "get"), "scope")
	if names := phpMethods()[phpKey(scope, service, wrapper)]; names != nil {
		return names
	}
	if wrapper == "countByFilter" { // counts what list would return
		wrapper = "list"
	}
	var matches []string
	for _, prefix := range scopeGetters[getter] {
		for _, parts := range [][]string{{prefix, service, wrapper}, {prefix, wrapper}} {
			name := methodsByCompactName()[compactName(parts...)]
			if name != "" && (len(parts) == 3 || strings.EqualFold(prefix, service)) && !slices.Contains(matches, name) {
				matches = append(matches, name)
			}
		}
	}
	if len(matches) != 1 {
		return nil
	}
	return matches
}

// oldPHPMethod returns the methods that a method of a class of the old PHP SDK calls; none if that isn't certain.
func oldPHPMethod(class, wrapper string) []string {
	if names := phpMethods()[phpKey("old", class, wrapper)]; names != nil {
		return names
	}
	parts := strings.Split(class, `\`)
	if n := len(parts); n > 1 && strings.EqualFold(parts[n-1], parts[n-2]) { // CRM\Deal\Deal
		class = strings.Join(parts[:n-1], `\`)
	}
	for _, wrapper := range []string{wrapper, strings.TrimPrefix(strings.ToLower(wrapper), "get")} { // getList is list
		if name := methodsByCompactName()[compactName(class, wrapper)]; name != "" {
			return []string{name}
		}
	}
	return nil
}

// calls adds methods that are certainly called.
func (r *reader) calls(line int, names ...string) {
	for _, name := range names {
		if m, known := bitrix.Method(name); known {
			r.certain(finding{kind: Method, name: m.Name, line: line})
		} else {
			r.certain(finding{kind: Unknown, name: name, line: line})
		}
	}
}

// pythonScope returns the index of a scope in a path of the Python SDK, or -1.
func pythonScope(path []string) int {
	for i := 1; i < len(path); i++ {
		if namespaces()[strings.ToLower(path[i])] {
			return i
		}
	}
	return -1
}

func (c *chain) callPython(r *reader, line int) {
	i := pythonScope(c.path)
	if !c.python || i < 0 || i == len(c.path)-1 {
		return
	}
	if name := methodsByCompactName()[compactName(c.path[i:]...)]; name != "" {
		r.calls(line, name)
	}
}

// classNames follows the names of the PHP SDKs' classes: a variable that is declared with one, or that holds a new object of one,
// is the service, as the result of its getter would be.
type classNames struct {
	name    []string            // that is being read
	isNew   bool                // after "new"
	using   bool                // in a statement "use"
	group   []string            // beginning of the names in its braces
	as      bool                // the next name is the short one
	imports map[string][]string // names by the short ones, in lower case
}

func (n *classNames) token(r *reader, t token) {
	inside := t.is(`\`) || t.kind == 'w' && r.last().is(`\`)
	if len(n.name) > 0 && !inside && !n.using {
		n.named(r, n.full(), t)
		n.name, n.isNew = nil, false
	}
	switch {
	case t.is("use"):
		n.using, n.group, n.name = true, nil, nil
	case t.is("new"):
		n.isNew = true
	case n.using && t.is("as"):
		n.as = true
	case n.as && t.kind == 'w':
		n.imported(t.text)
	case n.using && t.is("("): // the variables of a closure
		n.using = false
	case n.using && t.is("{"):
		n.group, n.name = n.name, nil
	case n.using && t.is(",", "}", ";"):
		if len(n.name) > 0 {
			n.imported(n.name[len(n.name)-1])
		}
		n.using = !t.is(";")
	case t.kind == 'w' && inside && len(n.name) < maxPath:
		n.name = append(n.name, t.text)
	case t.kind == 'w' && !strings.HasPrefix(t.text, "$"):
		n.name = []string{t.text}
	}
}

func (n *classNames) imported(short string) {
	full := slices.Concat(n.group, n.name)
	n.name, n.as = nil, false
	if len(full) == 0 || full[0] != "Bitrix24" || len(n.imports) >= maxUncertain {
		return
	}
	if n.imports == nil {
		n.imports = map[string][]string{}
	}
	n.imports[strings.ToLower(short)] = full
}

// full returns the whole name of a class, or nil if it is none of an SDK.
func (n *classNames) full() []string {
	if n.name[0] == "Bitrix24" {
		return n.name
	}
	if full := n.imports[strings.ToLower(n.name[0])]; full != nil {
		return slices.Concat(full, n.name[1:])
	}
	return nil
}

// named processes the name of a class before the token t.
func (n *classNames) named(r *reader, full []string, t token) {
	variable := t.kind == 'w' && strings.HasPrefix(t.text, "$")
	c := &r.chain
	if variable {
		delete(c.aliases, t.text)
	}
	if full == nil {
		return
	}
	if e, known := eventOfClass(full); known {
		r.certain(finding{kind: Event, name: e.Name, line: t.line})
		return
	}
	path := serviceOfClass(full)
	switch {
	case path == nil:
	case variable:
		c.alias(t.text, path)
		c.alias("$this."+t.text[1:], path)
	case n.isNew:
		c.path = path
	}
}

// eventOfClass returns the event that a class of the PHP SDK stands for; its name is the event's.
func eventOfClass(full []string) (bitrix.EventInfo, bool) {
	name := strings.ToUpper(full[len(full)-1])
	if !strings.HasPrefix(name, "ON") || full[min(1, len(full)-1)] != "SDK" {
		return bitrix.EventInfo{}, false
	}
	return bitrix.Event(strings.Replace(name, "ONAPPLICATION", "ONAPP", 1))
}

// serviceOfClass returns the chain of calls that a class of an SDK is the result of, or nil.
func serviceOfClass(full []string) []string {
	n := len(full)
	switch {
	case n < 3:
		return nil
	case full[1] != "SDK":
		if slices.Contains([]string{"Contracts", "Exceptions", "Presets"}, full[1]) {
			return nil
		}
		return []string{`\` + strings.Join(full[1:], `\`)}
	case n < 5 || full[2] != "Services":
		return nil
	}
	getter := "get" + full[3] + "Scope"
	switch full[3] {
	case "AI":
		getter = "getAiAdminScope"
	case "Workflows":
		getter = "getBizProcScope"
	}
	name := full[n-1]
	switch {
	case scopeGetters[strings.ToLower(getter)] == nil:
		return nil
	case strings.HasSuffix(name, "ServiceBuilder"):
		return []string{getter}
	case full[n-2] != "Service":
		return nil
	case n > 7 && strings.EqualFold(full[n-3], name): // Timeline\Comment\Service\Comment
		name = strings.Join(full[4:n-2], "")
	}
	return []string{getter, name}
}

// scriptCalls and loadedData are the methods that functions and constants of the scripts for the portal's frame lead to: BX24
// (apidocs.bitrix24.com/sdk/bx24-js-sdk) and b24jssdk (github.com/bitrix24/b24jssdk, packages/jssdk/src/helper).
var (
	scriptCalls = map[string]string{"callBind": "event.bind", "callUnbind": "event.unbind", "usePullClient": "pull.application.config.get"}
	loadedData  = map[string][]string{
		"App": {"app.info"}, "Profile": {"profile"}, "Currency": {"crm.currency.base.get", "crm.currency.list"},
		"AppOptions": {"app.option.get"}, "UserOptions": {"user.option.get"},
	}
)

// script looks for calls of SDKs in JavaScript.
func (r *reader) script(t token) {
	last, object := r.last(), r.before(2)
	switch {
	case t.is("("):
		switch {
		case last.is("usePullClient"), last.is("callBind", "callUnbind") && object.is("BX24"):
			r.calls(t.line, scriptCalls[last.text])
		case last.is("initB24Helper"): // what it loads by default isn't said in the call
			r.certain(finding{kind: SDKCall, name: "initB24Helper()", line: t.line})
		case object.is("appOption", "userOption") && r.before(4).is("BX24"): // asks the portal's page
			r.certain(finding{kind: SDKCall, name: "BX24." + object.text + "." + last.text + "()", line: t.line})
		}
	case t.kind == 'w' && last.is(".", "?.") && r.before(1).is("LoadDataType"):
		r.calls(t.line, loadedData[t.text]...)
	case t.is("v3") && last.is(".", "?.") && r.before(1).is("actions"):
		r.rest3 = len(r.stack) + 1
	}
}
