package secret

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Mask replaces the known secrets, see Known, and whatever looks like a credential in s, an
// untrusted text that may be cut off inside one. Of the latter it masks too much rather than
// too little.
func Mask(s string, known ...String) string { return Masker(known...)(s) }

// Masker is Mask for several texts with the same known secrets.
func Masker(known ...String) func(s string) string {
	all := sync.OnceValue(func() *Known { return NewKnown(known...) })
	return func(s string) string {
		if s == "" {
			return s
		}
		return all().MaskText(s)
	}
}

// MaskText is Mask with these secrets.
func (k *Known) MaskText(s string) string {
	var hidden spans
	if k.Number > 0 {
		hidden = k.spans(s, true, true)
	}
	// Most texts are short and lack what a rule requires.
	has := func(any string) bool { return strings.ContainsAny(s, any) }
	parts := partsOf(s)
	if parts.name && has("=:%") {
		hidden.addNamed(s)
	}
	if parts.name && has("<") {
		hidden.addMarkup(s)
	}
	if parts.bearer {
		hidden.addBearer(s)
	}
	if parts.rest && has("/%") {
		hidden.addWebhooks(s)
	}
	if has("@%") {
		hidden.addUserinfo(s)
	}
	return hidden.replace(s)
}

// parts are which words of the rules a text has: names of credentials, "bearer", "rest" with two slashes behind it. Without them the
// rules' expressions, which are slow, match nothing.
type parts struct{ name, bearer, rest bool }

func partsOf(s string) parts {
	if strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) { // some count as letters of ASCII in another case
		return parts{true, true, true}
	}
	s = strings.ToLower(s)
	has := func(part string) bool { return strings.Contains(s, part) }
	_, behind, _ := strings.Cut(s, "rest")
	p := parts{bearer: has("bearer"), rest: strings.Count(behind, "/")+strings.Count(behind, "2f") >= 2}
	// The name "ap" can't have another "p" behind it; most texts have "app".
	p.name = slices.ContainsFunc(nameParts, has) || strings.Count(s, "ap") > strings.Count(s, "app")
	return p
}

// nameParts are what secretNames, wholeNames and headerNames have one of, unless it is "ap".
var nameParts = []string{"token", "secret", "key", "auth", "refresh", "sess", "pass", "pwd", "csrf", "cookie", "code"}

type span struct{ start, end int }

// spans are the parts of one text to mask. All rules read the original text, so
// that none depends on another's replacements.
type spans []span

func (h *spans) add(start, end int) {
	if start < end {
		*h = append(*h, span{start, end})
	}
}

func (h spans) replace(s string) string {
	if len(h) == 0 {
		return s
	}
	slices.SortFunc(h, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	var out strings.Builder
	for i, shown := 0, 0; ; {
		if i == len(h) {
			out.WriteString(s[shown:])
			return out.String()
		}
		out.WriteString(s[shown:h[i].start])
		out.WriteString(mask)
		shown = h[i].end
		for i++; i < len(h) && h[i].start <= shown; i++ {
			shown = max(shown, h[i].end)
		}
	}
}

// A quote in plain text, and escaped for JSON, HTML or a URL.
const quote = `(?:\\*["']|\\+u002[27]|&quot;|&apos;|&#0?3[49];|&#x2[27];|%(?:25)*2[27])`

// Names of credentials. A name may be the end of a longer one (bitrix_sessid,
// PHPSESSID, USER_PASSWORD) unless it is too common a word.
const (
	secretNames = `(?:(?:access|refresh|application|csrf|bearer|auth|id|api|bot)[_-]?tokens?|(?:client[_-]?)?secret|(?:shared|api|private)[_-]?key|` +
		`auth[_-]?id|refresh[_-]?id|sess(?:ion)?[_-]?id|(?:passw(?:or)?d|pwd)(?:[_-]?(?:[0-9]+|confirm(?:ation)?|hash))?|csrf)`
	wholeNames  = `(?:auth|code|ap|token|pass)`
	headerNames = `(?:(?:proxy-)?authorization|(?:set-)?cookie2?|x-bitrix-csrf-token)`
	// Where a name begins, besides a word: an escape that ends in a letter or digit.
	nameStart = `(?:\b|\\+u00(?:22|27|5b|26)|%(?:25)*(?:2[02367]|3[BF]|5B)|\\[nrt])`
)

// A slash in plain text, and escaped for JSON or a URL.
const slash = `(?:\\?/|%(?:25)*2F)`

// What a segment of a path consists of, percent-encoded slashes excluded.
const segment = `((?:[^/\\?#\s"'<>&%]|%[013-9a-f][0-9a-f]|%2[0-46-9a-e])+)`

var (
	// Groups: a header's name, a whole name, what separates name and value, and
	// the quote that opens the value, which begins where the match ends.
	named = regexp.MustCompile(`(?i)` + nameStart + `(?:(` + headerNames + `)|[a-z0-9_-]*` + secretNames + `|(` + wholeNames + `))` +
		`(?:` + quote + `)?(?:\]|%5D|\\+u005d)?(?:` + quote + `)?` +
		`\s*(=>|=|:|%(?:25)*3[AD])\s*(?:string\(\d+\)\s*)?(` + quote + `)?`)

	element = regexp.MustCompile(`(?i)<[a-z0-9_-]*(?:` + secretNames + `|auth)\b[^<>]*>([^<]+)`)
	input   = regexp.MustCompile(`(?i)<(?:input|meta|param)\b[^>]*`)
	name    = regexp.MustCompile(`(?i)\b(?:name|id)\s*=\s*["']?(?:[\w\[-]*` + secretNames + `|(?:[\w-]*\[)?` + wholeNames + `)\]?(?:["'\s/]|$)`)
	value   = regexp.MustCompile(`(?i)\b(?:value|content)\s*=\s*(?:"([^"]*)|'([^']*)|([^\s"'>]+))`)

	bearer = regexp.MustCompile(`(?i)\bbearer(?:\s|%20|\+)+([a-z0-9._~+/=-]{8,})`)

	// /rest/<user>/<code>/
	webhook = regexp.MustCompile(`(?i)(?:\b|%2F)rest` + slash + `+(?:api` + slash + `+)?` + segment + slash + `+` + segment)

	userinfo        = regexp.MustCompile(`(?:\\?/){2}([^/?#\s"'<>\\]+)@`)
	escapedUserinfo = regexp.MustCompile(`(?i)(?:%2F){2}((?:[^%/?#\s"'<>&]|%3A|%[4-9a-f][0-9a-f]|%2[0-9a-e])+)%40`)
)

func (h *spans) addNamed(s string) {
	// Not FindAll, because no pattern finds where a value ends.
	for from := 0; from < len(s); {
		m := named.FindStringSubmatchIndex(s[from:])
		if m == nil {
			return
		}
		at := from + m[1]
		if at < len(s) && m[8] < 0 && (s[at] == '{' || s[at] == '[') {
			from = at + 1 // the names in it have values of their own
			continue
		}
		separator := s[from+m[6] : from+m[7]]
		opening := ""
		if m[8] >= 0 {
			opening = s[from+m[8] : from+m[9]]
		}
		var end int
		switch {
		case opening != "":
			end = quotedEnd(s, at, opening)
		case m[2] >= 0:
			end = at + strings.IndexFunc(s[at:]+"\n", func(c rune) bool { return strings.ContainsRune("\r\n\"'<", c) })
		default:
			end = bareEnd(s, at, separator)
		}
		isCode := m[4] >= 0 && strings.EqualFold(s[from+m[4]:from+m[5]], "code")
		if text := s[at:end]; !emptyValue.MatchString(text) && !(isCode && errorCode.MatchString(text)) {
			h.add(at, end)
		}
		from = max(end, at)
	}
}

var (
	emptyValue = regexp.MustCompile(`^(?:|null|true|false)$`)
	// code may name an OAuth code or an error code.
	errorCode = regexp.MustCompile(`^(?:-?[0-9]{1,4}|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)$`)
)

// quotedEnd returns where the quoted value that starts at s[at] ends.
func quotedEnd(s string, at int, opening string) int {
	last := opening[len(opening)-1]
	if last != '"' && last != '\'' {
		// Escapes are written in either case.
		if n := indexFold(s[at:], opening); n >= 0 {
			return at + n
		}
		return len(s)
	}
	escapes := len(opening) - 1
	backslashes := 0
	for i := at; i < len(s); i++ {
		switch s[i] {
		case '\\':
			backslashes++
			continue
		case last:
			// A quote with more backslashes than the opening one is inside.
			if escapes == 0 && backslashes%2 == 0 {
				return i - backslashes
			}
			if escapes > 0 && backslashes <= escapes {
				return i - backslashes
			}
		}
		backslashes = 0
	}
	return len(s)
}

func indexFold(s, part string) int {
	for i := 0; i+len(part) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

var (
	inQuery   = regexp.MustCompile(`(?i)[\s&"'<>#]|\\u00(?:26|22|27|3c)|\\["']`)
	inList    = regexp.MustCompile(`(?i)[\s&"'<>,;})\]]|\\u00(?:26|22|27|3c)|\\["']`)
	inEscaped = regexp.MustCompile(`(?i)[\s&"'<>#]|%(?:25)*2[2367]|%(?:25)*7D|\\["']`)
)

// bareEnd returns where the value without quotes that starts at s[at] ends. That
// depends on what separates it from its name.
func bareEnd(s string, at int, separator string) int {
	stop := inList
	switch {
	case separator == "=":
		stop = inQuery
	case separator[0] == '%':
		stop = inEscaped
	}
	if m := stop.FindStringIndex(s[at:]); m != nil {
		return at + m[0]
	}
	return len(s)
}

func (h *spans) addMarkup(s string) {
	for _, m := range element.FindAllStringSubmatchIndex(s, -1) {
		h.add(m[2], m[3])
	}
	for _, tag := range input.FindAllStringIndex(s, -1) {
		inside := s[tag[0]:tag[1]]
		if !name.MatchString(inside) {
			continue
		}
		for _, m := range value.FindAllStringSubmatchIndex(inside, -1) {
			for group := 2; group < len(m); group += 2 {
				if m[group] >= 0 {
					h.add(tag[0]+m[group], tag[0]+m[group+1])
				}
			}
		}
	}
}

func (h *spans) addBearer(s string) {
	for _, m := range bearer.FindAllStringSubmatchIndex(s, -1) {
		h.add(m[2], m[3])
	}
}

func (h *spans) addWebhooks(s string) {
	for from := 0; from < len(s); {
		m := webhook.FindStringSubmatchIndex(s[from:])
		if m == nil {
			return
		}
		user := s[from+m[2] : from+m[3]]
		switch {
		case strings.EqualFold(user, "api"): // a method of REST 3.0, without a webhook
		case strings.Trim(user, "0123456789") != "" && isSourcePath(s[:from+m[0]]):
		default:
			h.add(from+m[4], from+m[5])
		}
		from += m[0] + len("rest") // names repeat: /rest/rest/1/…
	}
}

// isSourcePath reports whether text ends within a path to a file of the
// product, as PHP's messages have them: …/modules/rest/lib/….
func isSourcePath(before string) bool {
	const longest = 1 << 10 // keeps the time linear in a text of many paths
	before = before[max(0, len(before)-longest):]
	path := before[strings.LastIndexAny(before, " \t\r\n\"'<>()")+1:]
	return strings.Contains(path, "modules") || strings.Contains(path, "components")
}

func (h *spans) addUserinfo(s string) {
	for _, pattern := range []*regexp.Regexp{userinfo, escapedUserinfo} {
		for _, m := range pattern.FindAllStringSubmatchIndex(s, -1) {
			h.add(m[2], m[3])
		}
	}
}
