package scan

import (
	"regexp"
	"strings"
	"sync"

	"boxready/internal/bitrix"
)

// finding is a name in the code, its kind and its line.
type finding struct {
	kind What
	name string
	line int
	weak bool // other things have such names, too
}

// What is the kind of a finding.
type What string

// The kinds of findings.
const (
	Method  What = "method"
	Event   What = "event"
	Scope   What = "scope"
	Unknown What = "unknown" // looks like a method and is not in the catalogue
	Built   What = "built"   // a method whose name is assembled at run time
	SDKCall What = "sdk"     // a call of an SDK whose method isn't certain
	Handler What = "handler" // address of a handler
	// Possible is a method or event of the catalogue that may be the name of something else.
	Possible What = "possible"
)

// commonFirstParts are the first parts of names that other identifiers share: keys of translations, routes, settings. Such a name
// counts as a method only next to a certain one or in a call, unless its second part is rare elsewhere.
var commonFirstParts = set("access", "ai", "app", "booking", "calendar", "call", "catalog", "department", "documentation", "entity", "event", "feature", "lists",
	"mail", "main", "method", "note", "placement", "rest", "server", "sign", "task", "user", "vote")

var commonSecondParts = set("catalog", "comment", "document", "element", "event", "field", "item", "items", "option", "price", "product", "property",
	"resource", "section", "settings", "stages", "store", "type", "user", "userfield")

func isCommonName(lowerName string) bool {
	parts := strings.SplitN(lowerName, ".", 4)
	return commonFirstParts[parts[0]] && (len(parts) < 3 || commonSecondParts[parts[1]])
}

// Parts of the names of functions, keys and variables of a call. Those in callWords may belong to another service than a portal.
var (
	bitrixWords = []string{"bitrix", "b24", "bx", "callmethod", "call_method", "crest", "webhook"}
	sdkWords    = []string{"bitrix", "b24", "bx24"}
	callWords   = []string{"call", "method", "batch", "rest", "cmd", "command", "invoke", "exec", "request", "fetch", "get_all", "getall", "get_by",
		"getlist", "get_list", "endpoint", "query", "send", "post", "uri", "url", "api"}
)

// eventWords are parts of the names of functions, keys and variables around an event.
var eventWords = []string{"event", "bind", "handler", "case"}

// permissionWords are parts of the names around lists of permissions, roles and translations, whose names look like methods.
var permissionWords = []string{"permission", "abilit", "privilege", "translation", "locale", "i18n"}

// textFolders hold texts and their keys.
var textFolders = set("lang", "langs", "locale", "locales", "i18n", "l10n", "translations")

// otherCallees are functions whose arguments are names of other things.
var otherCallees = set("route", "to_route", "trans", "trans_choice", "__", "_", "t", "$t", "tc", "lang", "i18n", "gettext", "view", "config", "can", "cannot",
	"authorize", "middleware", "includecomponent", "require", "require_once", "include", "import", "asset", "loadext", "addeventhandler",
	"addeventhandlercompatible", "registereventhandler", "registereventhandlercompatible", "unregistereventhandler", "registermoduledependences",
	"unregistermoduledependences", "addeventlistener", "addcustomevent", "oncustomevent", "emit", "dispatch", "getelementbyid", "queryselector",
	"queryselectorall", "getmessage", "getstring", "message", "localize", "translate", "has_perm", "haspermission", "haspermissionto", "name", "getlogger", "addclass", "hasclass", "removeclass", "env", "getenv",
	"log", "info", "warn", "warning", "error", "debug", "trace", "print", "println", "publish", "subscribe", "on", "off", "once")

// textKeys are keys of texts shown to people.
var textKeys = set("title", "label", "text", "note", "description", "caption", "placeholder", "message", "alt", "classname", "tooltip", "comment")

// nameKeys are keys whose values are names of other things, unless such a name can only be a method.
var nameKeys = set("as", "name", "permission", "permissions", "ability", "route", "role", "slug", "translation", "id", "key", "icon", "case")

func set(words ...string) map[string]bool {
	s := map[string]bool{}
	for _, w := range words {
		s[w] = true
	}
	return s
}

func anyContains(words, parts []string) bool {
	for _, word := range words {
		word = strings.ToLower(word)
		for _, part := range parts {
			if strings.Contains(word, part) {
				return true
			}
		}
	}
	return false
}

func hasCallWord(words []string) bool {
	return anyContains(words, bitrixWords) || anyContains(words, callWords)
}

// nonMethodSuffixes are file extensions and top-level domains; no method ends in one.
var nonMethodSuffixes = set("js", "mjs", "ts", "tsx", "jsx", "vue", "css", "scss", "less", "php", "html", "htm", "json", "xml", "yaml", "yml", "md", "txt", "py", "go", "rb",
	"java", "cs", "kt", "sql", "png", "jpg", "jpeg", "gif", "svg", "ico", "pdf", "doc", "docx", "xls", "xlsx", "csv", "zip", "log", "lock", "map", "exe", "dll",
	"ru", "com", "net", "org", "io", "by", "kz", "ua", "local", "example", "test", "env", "ini", "conf", "cfg", "sh", "bat", "tpl", "twig", "blade")

var namespaces = sync.OnceValue(func() map[string]bool {
	s := map[string]bool{}
	for m := range bitrix.Methods() {
		if first, _, dotted := strings.Cut(m.Name, "."); dotted {
			s[strings.ToLower(first)] = true
		}
	}
	return s
})

// methodPrefixes are the beginnings of methods' names, as crm.deal.
var methodPrefixes = sync.OnceValue(func() map[string]bool {
	s := map[string]bool{}
	for m := range bitrix.Methods() {
		for name := parent(strings.ToLower(m.Name)); strings.Contains(name, "."); name = parent(name) {
			s[name] = true
		}
	}
	return s
})

// parent is a name without its last part.
func parent(name string) string { return name[:max(strings.LastIndexByte(name, '.'), 0)] }

// placeholders match the parts of a string that are replaced at run time.
var placeholders = regexp.MustCompile(`\x00|\{\{[^}]*\}\}|\$\{[^}]*\}|\{\$[^}]*\}|#\{[^}]*\}|\{[A-Za-z0-9_.:]*\}|%[sdv]|\$[A-Za-z_][A-Za-z0-9_]*(->[A-Za-z_][A-Za-z0-9_]*)*`)

// variableInside matches the variable that a placeholder stands for.
var variableInside = regexp.MustCompile(`^[$#]?\{?\$?(?:[A-Za-z_][A-Za-z0-9_]*(?:->|\.))*([A-Za-z_][A-Za-z0-9_]*)\}?$`)

// unknownEvent matches names that have the form of a portal event.
var unknownEvent = regexp.MustCompile(`^ON(APP|CRM|IM|TASK|VOXIMPLANT)[A-Z0-9_]{3,60}$`)

// classifyLiteral looks for names in a string.
func (r *reader) classifyLiteral(l *literal, isKey bool) {
	text, gaps := l.text, l.gaps
	if strings.ContainsAny(text, "{$%#") {
		gaps = nil
		inserted := l.gaps
		text = placeholders.ReplaceAllStringFunc(text, func(placeholder string) string {
			variable := ""
			if placeholder[0] != gap {
				if m := variableInside.FindStringSubmatch(placeholder); m != nil {
					variable = m[1]
				}
			} else if len(inserted) > 0 {
				variable, inserted = inserted[0], inserted[1:]
			}
			gaps = append(gaps, variable)
			return "\x00"
		})
	}
	text = strings.TrimSpace(text)
	r.scopes(l, text)
	r.handler(l, text)
	if l.joined {
		text, gaps = "\x00"+text, append([]string{l.variable}, gaps...)
	}
	variants := []string{text}
	if strings.IndexByte(text, gap) >= 0 {
		variants = r.values.variants(text, gaps)
	}
	for _, text := range variants {
		r.classifyText(l, text, isKey)
	}
	if l.assigned && !isKey {
		r.values.hold(r, l, variants)
	}
}

func (r *reader) classifyText(l *literal, text string, isKey bool) {
	for i := 0; i < len(text); {
		if !isNameByte(text[i]) {
			i++
			continue
		}
		start := i
		for i < len(text) && isNameByte(text[i]) {
			i++
		}
		if i-start <= 200 {
			r.classifyName(l, text, start, i, isKey)
		}
	}
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.'
}

// position is the position of a name in a string.
type position int

const (
	inProse        position = iota // between other words
	wholeString                    // it is all of the string
	withParameters                 // name?parameter=…, in a batch or an address
	inRESTPath                     // …/rest/…/name
	afterSeparator                 // after a slash or a value inserted at run time
	nestedQuotes                   // in quotes of its own: the string holds code
)

// occurrence is one sequence of letters, digits and dots in a string.
type occurrence struct {
	*literal
	text       string // of the string
	start, end int
	name       string
	suffixed   bool // an extension was cut off
	position   position
	words      []string // around it
	isKey      bool
	denied     bool // it names something else, unless it can only be a method
	rest3      bool // it is called as REST 3.0
}

// classifyName classifies text[start:end], a sequence of letters, digits and dots.
func (r *reader) classifyName(l *literal, text string, start, end int, isKey bool) {
	o := &occurrence{literal: l, text: text, start: start, end: end, name: text[start:end], isKey: isKey}
	left, right := o.neighbours()
	callee := strings.ToLower(l.callee)
	dotted := strings.Contains(o.name, ".")
	if !dotted && !plausibleWord(o.name) {
		return
	}
	o.words = append([]string{l.key, l.callee}, l.words...)
	o.denied = r.texts || otherCallees[callee] || textKeys[strings.ToLower(l.key)] || l.denied || anyContains([]string{l.key}, permissionWords)
	if strings.HasSuffix(o.name, ".") && right == gap || strings.HasPrefix(o.name, ".") && left == gap {
		r.built(o)
		return
	}
	for _, suffix := range []string{".json", ".xml"} {
		if short, ok := cutSuffixFold(o.name, suffix); ok {
			o.name, o.suffixed = short, true
		}
	}
	o.position = positionOf(text, start, end, left, right)
	switch o.position {
	case inProse:
		return
	case inRESTPath:
		o.rest3 = strings.Contains(text[max(start-maxAddress, 0):start], "/rest/api/")
	case nestedQuotes:
		o.words, o.denied = []string{text[max(start-40, 0):start]}, false
	}
	o.rest3 = o.rest3 || l.rest3
	lowerName := strings.ToLower(o.name)
	switch m, known := r.method(o); {
	case isBatchKey(lowerName):
	case callee == "list_and_get" && methodPrefixes()[lowerName]: // of fast_bitrix24, which names only what both have
		r.calls(l.line, o.name+".list", o.name+".get")
	case known:
		r.known(o, m)
	case right == gap && o.position != inRESTPath && methodPrefixes()[lowerName]:
		r.built(o)
	case dotted && methodPrefixes()[lowerName] && !isKey && (strings.Contains(callee, "call") || anyContains(o.words, bitrixWords)):
		r.beginning(l, o.name)
	default:
		r.unknown(o)
	}
}

// neighbours returns the characters before and after a name.
func (o *occurrence) neighbours() (left, right byte) {
	left, right = edge, edge
	if o.start > 0 {
		left = o.text[o.start-1]
	}
	if o.end < len(o.text) {
		right = o.text[o.end]
	}
	return left, right
}

// method returns what the catalogue knows of a name.
func (r *reader) method(o *occurrence) (bitrix.MethodInfo, bool) {
	if o.rest3 {
		if m, known := bitrix.Method(bitrix.REST3Prefix + o.name); known {
			return m, true
		}
	}
	return bitrix.Method(o.name)
}

// known classifies the name of a method of the catalogue.
func (r *reader) known(o *occurrence, m bitrix.MethodInfo) {
	fd := finding{kind: Method, name: m.Name, line: o.line}
	lowerName := strings.ToLower(o.name)
	switch {
	case o.position == inRESTPath, o.rest3 && !o.isKey:
		r.certain(fd)
	case !strings.Contains(lowerName, "."): // batch, profile, scope, …
		if !o.denied && !o.isKey && (o.position == wholeString || o.position == nestedQuotes) && strictlyCalled(o.literal, o.words, o.position) {
			r.likely(fd)
		}
	case !isCommonName(lowerName):
		if !o.denied || o.position == withParameters {
			r.certain(fd)
		}
	case o.position == withParameters || o.suffixed && o.position == afterSeparator:
		r.certain(fd)
	case o.denied || o.isKey || nameKeys[strings.ToLower(o.key)] || o.subscript && o.position == wholeString:
	case anyContains(o.words, bitrixWords):
		r.certain(fd)
	case anyContains(o.words, callWords):
		r.likely(fd)
	default:
		r.addUncertain(fd)
	}
}

// unknown classifies a name that is no method of the catalogue.
func (r *reader) unknown(o *occurrence) {
	if e, known := bitrix.Event(o.name); known {
		r.event(o, e)
		return
	}
	lowerName := strings.ToLower(o.name)
	fd := finding{kind: Unknown, name: o.name, line: o.line}
	if o.position == wholeString && unknownEvent.MatchString(o.name) {
		r.accept(fd)
		return
	}
	first, _, dotted := strings.Cut(lowerName, ".")
	if !dotted || o.suffixed && o.position == wholeString || o.denied || !namespaces()[first] || !looksLikeMethod(lowerName) {
		return
	}
	if o.rest3 {
		fd.name = bitrix.REST3Prefix + fd.name
	}
	like := methodPrefixes()[parent(lowerName)] && !commonFirstParts[first]
	switch {
	case o.position == inRESTPath, o.rest3, !o.isKey && anyContains(o.words, bitrixWords), !o.isKey && like && anyContains(o.words, callWords):
		r.prove()
		r.accept(fd)
	case o.position == withParameters, !o.isKey && (like || anyContains(o.words, callWords)):
		r.accept(fd)
	}
}

// isBatchKey reports whether a name is a method with something after it, as commands of a batch are often called: crm.deal.add_5.
func isBatchKey(lowerName string) bool {
	short, isKey := strings.CutSuffix(strings.TrimRight(lowerName, "0123456789"), "_")
	_, known := bitrix.Method(short)
	return isKey && known
}

// edge stands for the character before the beginning and after the end of a string.
const edge = 1

// maxAddress limits how much of a URL before a name is examined.
const maxAddress = 300

// positionOf returns the position of text[start:end] in a string.
func positionOf(text string, start, end int, left, right byte) position {
	ends := right == edge || right == '?' || right == gap || right == '&' || right == '/' || right == '"' || right == '\''
	switch {
	case left == edge && right == edge:
		return wholeString
	case left == edge && right == '?':
		return withParameters
	case left == edge && right == gap:
		return afterSeparator
	case left == '/' && ends:
		before := text[max(start-maxAddress, 0):start]
		if i := strings.LastIndex(before, "/rest/"); i >= 0 && !strings.ContainsAny(before[i:], " \n?") {
			return inRESTPath
		}
		if start < maxAddress && strings.Trim(before, "/\x00") == "" && right != '/' {
			return afterSeparator
		}
	case left == gap && ends && right != '/':
		if right == '?' {
			return withParameters
		}
		return afterSeparator
	case left == '=' && (right == '?' || right == edge || right == '&' || right == gap):
		key := strings.ToLower(text[max(start-12, 0):start])
		switch {
		case right == '?' && strings.HasSuffix(key, "]="):
			return withParameters
		case strings.HasSuffix(key, "method="), strings.HasSuffix(key, "cmd="), strings.HasSuffix(key, "event="), strings.HasSuffix(key, "]="):
			return nestedQuotes
		}
	case left == '"' || left == '\'' || left == '`':
		line := text[max(start-maxAddress, 0):start]
		line = line[strings.LastIndexByte(line, '\n')+1:]
		if right != left && right != '?' || strings.HasPrefix(strings.TrimSpace(line), "//") {
			return inProse
		}
		before := strings.TrimRight(text[:start-1], " \n\t\\")
		if before != "" && strings.IndexByte("(,[{=:>+", before[len(before)-1]) >= 0 {
			if right == '?' {
				return withParameters
			}
			return nestedQuotes
		}
	}
	return inProse
}

// strictlyCalled reports whether a word like batch or profile certainly is a method.
func strictlyCalled(l *literal, words []string, f position) bool {
	if f == nestedQuotes {
		before := strings.ToLower(words[0])
		return strings.Contains(before, "callmethod(") || strings.Contains(before, "method\":") || strings.Contains(before, "method':")
	}
	callee, key := strings.ToLower(l.callee), strings.ToLower(l.key)
	return l.first && (callee == "call" || strings.Contains(callee, "callmethod") || strings.Contains(callee, "call_method") ||
		strings.Contains(callee, "bitrix") && strings.Contains(callee, "call")) || key == "method"
}

// undotted are the methods of one word.
var undotted = sync.OnceValue(func() map[string]bool {
	s := map[string]bool{}
	for m := range bitrix.Methods() {
		if !strings.Contains(m.Name, ".") {
			s[strings.ToLower(m.Name)] = true
		}
	}
	return s
})

// plausibleWord reports whether a name without dots may be a method or an event.
func plausibleWord(s string) bool {
	return len(s) > 6 && lower(s[0]) == 'o' && lower(s[1]) == 'n' || len(s) < 16 && undotted()[strings.ToLower(s)]
}

func cutSuffixFold(s, suffix string) (string, bool) {
	if n := len(s) - len(suffix); n > 0 && strings.EqualFold(s[n:], suffix) {
		return s[:n], true
	}
	return s, false
}

// clientID matches the identifiers of applications.
var clientID = regexp.MustCompile(`^(app|local)\.[0-9a-z]{8,}\.`)

func looksLikeMethod(lowerName string) bool {
	parts := strings.Split(lowerName, ".")
	if clientID.MatchString(lowerName) {
		return false
	}
	for _, part := range parts {
		if part == "" || part[0] >= '0' && part[0] <= '9' {
			return false
		}
	}
	return !nonMethodSuffixes[parts[len(parts)-1]]
}

// verbs end methods' names of which only the end is known.
var verbs = set("add", "bind", "delete", "fields", "get", "getlist", "list", "register", "search", "set", "unbind", "update")

// built adds a name that is assembled at run time.
func (r *reader) built(o *occurrence) {
	left, right := o.neighbours()
	end := o.end
	for end < len(o.text) && (isNameByte(o.text[end]) || o.text[end] == gap) {
		end++
	}
	name := o.text[o.start:end]
	if name[0] == '.' {
		inside := o.start > 1 && isNameByte(o.text[o.start-2]) // what is before the gap begins the name
		verb := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
		if !inside && !o.denied && verbs[verb] && (right == edge || right == '?') && (strictlyCalled(o.literal, nil, wholeString) || anyContains(o.words, sdkWords)) {
			r.accept(finding{kind: Built, name: "…" + name, line: o.line})
		}
		return
	}
	first, _, _ := strings.Cut(strings.ToLower(name), ".")
	if !namespaces()[first] || strings.IndexByte("\x00\x01/=\"'", left) < 0 || o.denied || commonFirstParts[first] && !hasCallWord(o.words) {
		return
	}
	begin, _, _ := strings.Cut(strings.ToLower(name), "\x00")
	inRESTPath := positionOf(o.text, o.start, end, left, gap) == inRESTPath
	if inRESTPath || anyContains(o.words, bitrixWords) || methodPrefixes()[strings.TrimSuffix(begin, ".")] && !commonFirstParts[first] && anyContains(o.words, callWords) {
		r.prove()
	}
	r.accept(finding{kind: Built, name: strings.ReplaceAll(name, "\x00", "…"), line: o.line})
}

// beginning adds the beginning of a name whose end isn't in the same file.
func (r *reader) beginning(l *literal, text string) {
	name := strings.Trim(text, ".")
	lowerName := strings.ToLower(name)
	words := append([]string{l.key, l.callee}, l.words...)
	first, _, dotted := strings.Cut(lowerName, ".")
	switch _, known := bitrix.Method(name); {
	case known || !methodPrefixes()[lowerName] || l.joined || !dotted && !strings.HasSuffix(text, "."):
	case r.texts || otherCallees[strings.ToLower(l.callee)] || nameKeys[strings.ToLower(l.key)] || textKeys[strings.ToLower(l.key)]:
	case commonFirstParts[first] && !hasCallWord(words):
	default:
		r.accept(finding{kind: Built, name: name + ".…", line: l.line})
	}
}

func (r *reader) event(o *occurrence, e bitrix.EventInfo) {
	fd := finding{kind: Event, name: e.Name, line: o.line}
	distinctive := o.name == e.Name // as only portals write it
	for _, part := range []string{"CRM", "IMBOT", "IMCONNECTOR", "IMCOMMAND", "VOXIMPLANT", "OPENLINE", "EXTERNALCALL", "ONAPPINSTALL", "ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPTEST"} {
		distinctive = distinctive || strings.Contains(e.Name, part)
	}
	switch {
	case o.denied || o.position == afterSeparator:
	case distinctive:
		r.certain(fd)
	case anyContains(o.words, eventWords):
		r.likely(fd)
	default:
		r.addUncertain(fd)
	}
}

// bitrixOnlyScopes are scopes that only Bitrix24 has.
var bitrixOnlyScopes = set("bizproc", "contact_center", "crm", "documentgenerator", "im", "imbot", "imconnector", "imopenlines", "landing", "pay_system", "placement",
	"sonet_group", "task", "telephony", "user_basic", "user_brief", "userfieldconfig")

// scopes finds lists of permissions.
func (r *reader) scopes(l *literal, text string) {
	named := strings.Contains(strings.ToLower(l.key), "scope")
	for _, w := range l.words {
		named = named || strings.Contains(strings.ToLower(w), "scope")
	}
	if !named || text == "" || len(text) > 1000 {
		return
	}
	words := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(", ;|", c) })
	certain := false
	for i, w := range words {
		s, known := bitrix.Scope(w)
		if !known {
			return
		}
		words[i] = s.Name
		certain = certain || bitrixOnlyScopes[s.Name]
	}
	for _, w := range words {
		if fd := (finding{kind: Scope, name: w, line: l.line}); certain {
			r.accept(fd)
		} else {
			r.addUncertain(fd)
		}
	}
}

var handlerURL = regexp.MustCompile(`^https?://[^\s\x00"'<>]+`)

// handler finds the address of an event handler.
func (r *reader) handler(l *literal, text string) {
	key := strings.ToLower(l.key)
	if key != "handler" && !strings.HasSuffix(key, "_handler") && !strings.HasSuffix(key, "handler_url") && !strings.HasSuffix(key, "handlerurl") {
		return
	}
	if url := handlerURL.FindString(text); url != "" {
		r.accept(finding{kind: Handler, name: url, line: l.line})
	}
}

// prove notes that the application certainly calls a portal.
func (r *reader) prove() { r.bitrix, r.collector.bitrix = true, true }

// certain accepts an unambiguous finding, and with it the uncertain ones in the same bracket.
func (r *reader) certain(f finding) {
	if n := len(r.stack); n > 0 {
		r.stack[n-1].certain = true
	}
	r.prove()
	r.accept(f)
}

// likely keeps a finding that counts if the application certainly calls a portal.
func (r *reader) likely(f finding) {
	if len(r.collector.likely) < maxLikely {
		r.collector.likely = append(r.collector.likely, likely{r.file, f})
	}
}

// addUncertain keeps a finding that counts only if there is a certain one in the same bracket, or at least in the same file.
func (r *reader) addUncertain(f finding) {
	into := &r.uncertain
	if n := len(r.stack); n > 0 {
		into = &r.stack[n-1].uncertain
	}
	if len(*into) < maxUncertain {
		*into = append(*into, f)
	}
}

const (
	maxUncertain = 1000
	maxLikely    = 10_000
)
