package scan

import (
	"regexp"
	"strings"
	"sync"

	"boxready/internal/bitrix"
)

// found is something found.
type found struct {
	kind What
	name string
	line int
}

// What says what was found.
type What string

// What can be found.
const (
	Method  What = "method"
	Event   What = "event"
	Scope   What = "scope"
	Unknown What = "unknown" // looks like a method, and the catalogue hasn't got it
	Built   What = "built"   // a method whose name is put together at run time
	SDKCall What = "sdk"     // a call of an SDK whose method isn't certain
	Handler What = "handler" // address of a handler
)

// everyday are the first parts of names that other things are called too: keys of translations, routes, settings. Such a name
// needs a sign that it is a method, unless its second part is one that hardly anyone else uses.
var everyday = set("access", "ai", "app", "booking", "calendar", "call", "catalog", "department", "documentation", "entity", "event", "feature", "lists",
	"mail", "main", "method", "note", "placement", "rest", "server", "sign", "task", "user", "vote")

var everydaySecond = set("catalog", "comment", "document", "element", "event", "field", "item", "items", "option", "price", "product", "property",
	"resource", "section", "settings", "stages", "store", "type", "user", "userfield")

func isEveryday(lowerName string) bool {
	parts := strings.SplitN(lowerName, ".", 4)
	return everyday[parts[0]] && (len(parts) < 3 || everydaySecond[parts[1]])
}

// signs of a call, in names of functions, keys and variables. The others may also be about another service than a portal.
var (
	strongSigns = []string{"bitrix", "b24", "bx", "callmethod", "call_method", "crest", "webhook"}
	signs       = []string{"call", "method", "batch", "rest", "cmd", "command", "invoke", "exec", "request", "fetch", "get_all", "getall", "get_by",
		"getlist", "get_list", "endpoint", "query", "send", "post", "uri", "url", "api"}
)

// elsewhere are functions whose arguments are names of other things.
var elsewhere = set("route", "to_route", "trans", "trans_choice", "__", "_", "t", "$t", "tc", "lang", "i18n", "gettext", "view", "config", "can", "cannot",
	"authorize", "middleware", "includecomponent", "require", "require_once", "include", "import", "asset", "loadext", "addeventhandler",
	"addeventhandlercompatible", "registereventhandler", "registereventhandlercompatible", "unregistereventhandler", "registermoduledependences",
	"unregistermoduledependences", "addeventlistener", "addcustomevent", "oncustomevent", "emit", "dispatch", "getelementbyid", "queryselector",
	"queryselectorall", "getmessage", "getstring", "message", "localize", "translate", "has_perm", "haspermission", "haspermissionto", "name", "getlogger", "addclass", "hasclass", "removeclass", "env", "getenv")

// texts are keys of what people read.
var texts = set("title", "label", "text", "note", "description", "caption", "placeholder", "message", "alt", "classname", "tooltip", "comment")

// names are keys of names of other things, unless a name can be nothing else.
var names = set("as", "name", "permission", "permissions", "ability", "route", "role", "slug", "translation", "id", "key", "icon", "case")

func set(words ...string) map[string]bool {
	s := map[string]bool{}
	for _, w := range words {
		s[w] = true
	}
	return s
}

func contain(words, parts []string) bool {
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

func signed(words []string) bool { return contain(words, strongSigns) || contain(words, signs) }

// endings that files and hosts have, and methods don't.
var endings = set("js", "mjs", "ts", "tsx", "jsx", "vue", "css", "scss", "less", "php", "html", "htm", "json", "xml", "yaml", "yml", "md", "txt", "py", "go", "rb",
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

// relatives are the beginnings of methods' names, as crm.deal.
var relatives = sync.OnceValue(func() map[string]bool {
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

// placeholders are what is replaced at run time.
var placeholders = regexp.MustCompile(`\{\{[^}]*\}\}|\$\{[^}]*\}|\{\$[^}]*\}|#\{[^}]*\}|\{[A-Za-z0-9_.:]*\}|%[sdv]|\$[A-Za-z_][A-Za-z0-9_]*(->[A-Za-z_][A-Za-z0-9_]*)*`)

// unknownEvent is what an event of a portal looks like.
var unknownEvent = regexp.MustCompile(`^ON(APP|CRM|IM|TASK|VOXIMPLANT)[A-Z0-9_]{3,60}$`)

// judgeLiteral looks for names in a string.
func (r *reader) judgeLiteral(l *literal, isKey bool) {
	text := l.text
	if strings.ContainsAny(text, "{$%#") {
		text = placeholders.ReplaceAllString(text, "\x00")
	}
	text = strings.TrimSpace(text)
	r.scopes(l, text)
	r.handler(l, text)
	if l.around.joined {
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
			r.run(l, text, start, i, isKey)
		}
	}
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.'
}

// form is where in a string a name stands.
type form int

const (
	prose    form = iota // between other words
	whole                // it is all of the string
	called               // name?parameter=…, in a batch or an address
	rest                 // …/rest/…/name
	behind               // behind a slash or something put in at run time
	inQuotes             // in quotes of its own: code inside the string
)

// run judges one run of letters, digits and dots.
func (r *reader) run(l *literal, text string, start, end int, isKey bool) {
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
	f := standing(text, start, end, left, right)
	if f == prose {
		return
	}
	lowerName := strings.ToLower(name)
	if right == gap && f != rest && relatives()[lowerName] {
		r.built(l, text, start, end, left)
		return
	}
	words := append([]string{l.key, l.callee}, l.words...)
	if f == inQuotes {
		words = []string{text[max(start-40, 0):start]}
	}
	first, _, dotted := strings.Cut(lowerName, ".")
	denied := f != inQuotes && (elsewhere[strings.ToLower(l.callee)] || texts[strings.ToLower(l.key)])
	if m, known := bitrix.Method(name); known {
		fd := found{Method, m.Name, l.line}
		switch {
		case f == rest:
			r.certain(fd)
		case !dotted: // batch, profile, scope, …
			if !denied && !isKey && (f == whole || f == inQuotes) && strictlyCalled(l, words, f) {
				r.likely(fd)
			}
		case !isEveryday(lowerName):
			if !denied || f == called {
				r.certain(fd)
			}
		case f == called || suffixed && f == behind:
			r.certain(fd)
		case denied || isKey || names[strings.ToLower(l.key)] || l.subscript && f == whole:
		case contain(words, strongSigns):
			r.certain(fd)
		case contain(words, signs):
			r.likely(fd)
		default:
			r.doubt(fd)
		}
		return
	}
	if e, known := bitrix.Event(name); known {
		r.event(l, e, name, f, denied, words)
		return
	}
	if f == whole && unknownEvent.MatchString(name) {
		r.accept(found{Unknown, name, l.line})
		return
	}
	if !dotted || suffixed && f == whole || denied || !namespaces()[first] || !looksLikeMethod(lowerName) {
		return
	}
	if f == rest || f == called || signed(words) && !isKey || relatives()[parent(lowerName)] && !everyday[first] && !isKey {
		r.accept(found{Unknown, name, l.line})
	}
}

// edge is what stands before the beginning and behind the end of a string.
const edge = 1

// maxAddress is how far an address is looked back at.
const maxAddress = 300

// standing says where in a string text[start:end] stands.
func standing(text string, start, end int, left, right byte) form {
	ends := right == edge || right == '?' || right == gap || right == '&' || right == '/' || right == '"' || right == '\''
	switch {
	case left == edge && right == edge:
		return whole
	case left == edge && right == '?':
		return called
	case left == edge && right == gap:
		return behind
	case left == '/' && ends:
		before := text[max(start-maxAddress, 0):start]
		if i := strings.LastIndex(before, "/rest/"); i >= 0 && !strings.ContainsAny(before[i:], " \n?") {
			return rest
		}
		if start < maxAddress && strings.Trim(before, "/\x00") == "" && right != '/' {
			return behind
		}
	case left == gap && ends && right != '/':
		if right == '?' {
			return called
		}
		return behind
	case left == '=' && (right == '?' || right == edge || right == '&' || right == gap):
		key := strings.ToLower(text[max(start-12, 0):start])
		switch {
		case right == '?' && strings.HasSuffix(key, "]="):
			return called
		case strings.HasSuffix(key, "method="), strings.HasSuffix(key, "cmd="), strings.HasSuffix(key, "event="), strings.HasSuffix(key, "]="):
			return inQuotes
		}
	case left == '"' || left == '\'' || left == '`':
		line := text[max(start-maxAddress, 0):start]
		line = line[strings.LastIndexByte(line, '\n')+1:]
		if right != left && right != '?' || strings.HasPrefix(strings.TrimSpace(line), "//") {
			return prose
		}
		before := strings.TrimRight(text[:start-1], " \n\t\\")
		if before != "" && strings.IndexByte("(,[{=:>+", before[len(before)-1]) >= 0 {
			if right == '?' {
				return called
			}
			return inQuotes
		}
	}
	return prose
}

// strictlyCalled reports whether a word like batch or profile is a method for sure.
func strictlyCalled(l *literal, words []string, f form) bool {
	if f == inQuotes {
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
	return !endings[parts[len(parts)-1]]
}

// built lists a name that is put together at run time.
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
	if elsewhere[strings.ToLower(l.callee)] || everyday[first] && !signed(words) {
		return
	}
	r.accept(found{Built, strings.ReplaceAll(name, "\x00", "…"), l.line})
}

func (r *reader) event(l *literal, e bitrix.EventInfo, written string, f form, denied bool, words []string) {
	fd := found{Event, e.Name, l.line}
	own := written == e.Name // as only portals write it
	for _, part := range []string{"CRM", "IMBOT", "IMCONNECTOR", "IMCOMMAND", "VOXIMPLANT", "OPENLINE", "EXTERNALCALL", "ONAPPINSTALL", "ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPTEST"} {
		own = own || strings.Contains(e.Name, part)
	}
	switch {
	case denied || f == behind:
	case own:
		r.certain(fd)
	default:
		for _, w := range append(words, l.key) {
			if w = strings.ToLower(w); strings.Contains(w, "event") || strings.Contains(w, "bind") || strings.Contains(w, "handler") {
				r.doubt(fd)
				return
			}
		}
	}
}

// revealing are scopes that only Bitrix24 has.
var revealing = set("bizproc", "contact_center", "crm", "documentgenerator", "im", "imbot", "imconnector", "imopenlines", "landing", "pay_system", "placement",
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
		certain = certain || revealing[s.Name]
	}
	for _, w := range words {
		if fd := (found{Scope, w, l.line}); certain {
			r.accept(fd)
		} else {
			r.doubt(fd)
		}
	}
}

var handlerURL = regexp.MustCompile(`^https?://[^\s\x00"'<>]+`)

// handler finds the address that events go to.
func (r *reader) handler(l *literal, text string) {
	key := strings.ToLower(l.key)
	if key != "handler" && !strings.HasSuffix(key, "_handler") && !strings.HasSuffix(key, "handler_url") && !strings.HasSuffix(key, "handlerurl") {
		return
	}
	if url := handlerURL.FindString(text); url != "" {
		r.accept(found{Handler, url, l.line})
	}
}

// certain accepts what can be nothing else, and with it what stands doubtful around it.
func (r *reader) certain(f found) {
	if n := len(r.stack); n > 0 {
		r.stack[n-1].certain = true
	}
	r.bitrix, r.collector.bitrix = true, true
	r.accept(f)
}

// likely keeps what counts if the application calls a portal at all.
func (r *reader) likely(f found) {
	if len(r.collector.likely) < maxLikely {
		r.collector.likely = append(r.collector.likely, likely{r.file, f})
	}
}

// doubt keeps what counts only if something certain stands beside it, or at least in the same file.
func (r *reader) doubt(f found) {
	into := &r.doubtful
	if n := len(r.stack); n > 0 {
		into = &r.stack[n-1].doubtful
	}
	if len(*into) < maxDoubtful {
		*into = append(*into, f)
	}
}

const (
	maxDoubtful = 1000
	maxLikely   = 10_000
)
