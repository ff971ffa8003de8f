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
	callWords   = []string{"call", "method", "batch", "rest", "cmd", "command", "invoke", "exec", "request", "fetch", "get_all", "getall", "get_by",
		"getlist", "get_list", "endpoint", "query", "send", "post", "uri", "url", "api"}
)

// otherCallees are functions whose arguments are names of other things.
var otherCallees = set("route", "to_route", "trans", "trans_choice", "__", "_", "t", "$t", "tc", "lang", "i18n", "gettext", "view", "config", "can", "cannot",
	"authorize", "middleware", "includecomponent", "require", "require_once", "include", "import", "asset", "loadext", "addeventhandler",
	"addeventhandlercompatible", "registereventhandler", "registereventhandlercompatible", "unregistereventhandler", "registermoduledependences",
	"unregistermoduledependences", "addeventlistener", "addcustomevent", "oncustomevent", "emit", "dispatch", "getelementbyid", "queryselector",
	"queryselectorall", "getmessage", "getstring", "message", "localize", "translate", "has_perm", "haspermission", "haspermissionto", "name", "getlogger", "addclass", "hasclass", "removeclass", "env", "getenv")

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
var placeholders = regexp.MustCompile(`\{\{[^}]*\}\}|\$\{[^}]*\}|\{\$[^}]*\}|#\{[^}]*\}|\{[A-Za-z0-9_.:]*\}|%[sdv]|\$[A-Za-z_][A-Za-z0-9_]*(->[A-Za-z_][A-Za-z0-9_]*)*`)

// unknownEvent matches names that have the form of a portal event.
var unknownEvent = regexp.MustCompile(`^ON(APP|CRM|IM|TASK|VOXIMPLANT)[A-Z0-9_]{3,60}$`)

// classifyLiteral looks for names in a string.
func (r *reader) classifyLiteral(l *literal, isKey bool) {
	text := l.text
	if strings.ContainsAny(text, "{$%#") {
		text = placeholders.ReplaceAllString(text, "\x00")
	}
	text = strings.TrimSpace(text)
	r.scopes(l, text)
	r.handler(l, text)
	if l.surroundings.joined {
		text = "\x00" + text
	}
	if l.joined {
		text += "\x00"
	}
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

// classifyName classifies one sequence of letters, digits and dots.
func (r *reader) classifyName(l *literal, text string, start, end int, isKey bool) {
	name := text[start:end]
	if !strings.Contains(name, ".") && !plausibleWord(name) {
		return
	}
	left, right := byte(edge), byte(edge)
	if start > 0 {
		left = text[start-1]
	}
	if end < len(text) {
		right = text[end]
	}
	if strings.HasSuffix(name, ".") && right == gap || strings.HasPrefix(name, ".") && left == gap {
		r.built(l, text, start, end, left)
		return
	}
	suffixed := false
	for _, suffix := range []string{".json", ".xml"} {
		if short, ok := cutSuffixFold(name, suffix); ok {
			name, suffixed = short, true
		}
	}
	f := positionOf(text, start, end, left, right)
	if f == inProse {
		return
	}
	lowerName := strings.ToLower(name)
	if right == gap && f != inRESTPath && methodPrefixes()[lowerName] {
		r.built(l, text, start, end, left)
		return
	}
	words := append([]string{l.key, l.callee}, l.words...)
	if f == nestedQuotes {
		words = []string{text[max(start-40, 0):start]}
	}
	first, _, dotted := strings.Cut(lowerName, ".")
	denied := f != nestedQuotes && (otherCallees[strings.ToLower(l.callee)] || textKeys[strings.ToLower(l.key)])
	if m, known := bitrix.Method(name); known {
		fd := finding{Method, m.Name, l.line}
		switch {
		case f == inRESTPath:
			r.certain(fd)
		case !dotted: // batch, profile, scope, …
			if !denied && !isKey && (f == wholeString || f == nestedQuotes) && strictlyCalled(l, words, f) {
				r.likely(fd)
			}
		case !isCommonName(lowerName):
			if !denied || f == withParameters {
				r.certain(fd)
			}
		case f == withParameters || suffixed && f == afterSeparator:
			r.certain(fd)
		case denied || isKey || nameKeys[strings.ToLower(l.key)] || l.subscript && f == wholeString:
		case anyContains(words, bitrixWords):
			r.certain(fd)
		case anyContains(words, callWords):
			r.likely(fd)
		default:
			r.addUncertain(fd)
		}
		return
	}
	if e, known := bitrix.Event(name); known {
		r.event(l, e, name, f, denied, words)
		return
	}
	if f == wholeString && unknownEvent.MatchString(name) {
		r.accept(finding{Unknown, name, l.line})
		return
	}
	if !dotted || suffixed && f == wholeString || denied || !namespaces()[first] || !looksLikeMethod(lowerName) {
		return
	}
	if f == inRESTPath || f == withParameters || hasCallWord(words) && !isKey || methodPrefixes()[parent(lowerName)] && !commonFirstParts[first] && !isKey {
		r.accept(finding{Unknown, name, l.line})
	}
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

func looksLikeMethod(lowerName string) bool {
	parts := strings.Split(lowerName, ".")
	for _, part := range parts {
		if part == "" || part[0] >= '0' && part[0] <= '9' {
			return false
		}
	}
	return !nonMethodSuffixes[parts[len(parts)-1]]
}

// built adds a name that is assembled at run time.
func (r *reader) built(l *literal, text string, start, end int, left byte) {
	for end < len(text) && (isNameByte(text[end]) || text[end] == gap) {
		end++
	}
	name := text[start:end]
	first, _, _ := strings.Cut(strings.ToLower(name), ".")
	if !namespaces()[first] || left != edge && left != '/' && left != gap && left != '=' && left != '"' && left != '\'' {
		return
	}
	words := append([]string{l.key, l.callee}, l.words...)
	if otherCallees[strings.ToLower(l.callee)] || commonFirstParts[first] && !hasCallWord(words) {
		return
	}
	r.accept(finding{Built, strings.ReplaceAll(name, "\x00", "…"), l.line})
}

func (r *reader) event(l *literal, e bitrix.EventInfo, written string, f position, denied bool, words []string) {
	fd := finding{Event, e.Name, l.line}
	distinctive := written == e.Name // as only portals write it
	for _, part := range []string{"CRM", "IMBOT", "IMCONNECTOR", "IMCOMMAND", "VOXIMPLANT", "OPENLINE", "EXTERNALCALL", "ONAPPINSTALL", "ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPTEST"} {
		distinctive = distinctive || strings.Contains(e.Name, part)
	}
	switch {
	case denied || f == afterSeparator:
	case distinctive:
		r.certain(fd)
	default:
		for _, w := range append(words, l.key) {
			if w = strings.ToLower(w); strings.Contains(w, "event") || strings.Contains(w, "bind") || strings.Contains(w, "handler") {
				r.addUncertain(fd)
				return
			}
		}
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
		if fd := (finding{Scope, w, l.line}); certain {
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
		r.accept(finding{Handler, url, l.line})
	}
}

// certain accepts an unambiguous finding, and with it the uncertain ones in the same bracket.
func (r *reader) certain(f finding) {
	if n := len(r.stack); n > 0 {
		r.stack[n-1].certain = true
	}
	r.bitrix, r.collector.bitrix = true, true
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
