package report

import (
	"fmt"
	"html"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/lazyregexp"
	"boxready/internal/portal"
	"boxready/internal/view"
)

// Category is what an owner can hide with one option.
type Category string

// The categories.
const (
	Names     Category = "names"     // of hosts and companies
	Addresses Category = "addresses" // IP addresses
	People    Category = "people"    // users, and the portal's member_id
)

// Categories returns all categories, in the order of display.
func Categories() []Category { return []Category{Names, Addresses, People} }

// Name is one identifying value that was found in a run.
type Name struct {
	Category Category
	Token    string // its replacement when its category is hidden, e.g. portal-1
	Value    string // the value; shown to the owner, never in a report
	Hidden   bool
	stem     string // of the token
}

// hider replaces identifying values by tokens, the same value always by the same token.
type hider struct {
	hidden  map[Category]bool
	names   []*Name
	byText  map[string]*Name // by the value in lower case
	counts  map[string]int   // of tokens, by stem
	public  map[string]bool  // values that identify nobody, although their fields are tagged
	zones   []string         // domains below which every name is the portal's own
	lengths []int            // of the phrases, in bytes, the longest first
	shapes  shapes
}

func newHider(address portal.Address, hide []Category) *hider {
	h := &hider{hidden: map[Category]bool{}, byText: map[string]*Name{}, counts: map[string]int{}, public: map[string]bool{"?": true}, shapes: shapes{}}
	for _, c := range hide {
		h.hidden[c] = true
	}
	for _, region := range bitrix.Regions() {
		for _, address := range []string{bitrix.AuthServer(region), bitrix.Feed(region)} {
			h.public[hostIn(address)] = true
		}
	}
	if _, ip := address.IP(); ip || address.Host == "" {
		h.address(address.Host)
		return h
	}
	own := h.add(Names, "portal", address.Host)
	for _, spelling := range []string{address.Host, hostIn(address.Display())} {
		h.byText[spelling] = own
		if _, parent, _ := strings.Cut(spelling, "."); strings.Contains(parent, ".") && !bitrix.IsCloudHost(address.Host) {
			h.zones = append(h.zones, parent)
		}
	}
	return h
}

// add assigns a token to a value.
func (h *hider) add(c Category, stem, value string) *Name {
	key := fold(value)
	if known := h.byText[key]; known != nil {
		return known
	}
	token := ""
	for token == "" || token == key || h.byText[token] != nil { // a host may be called portal-1
		h.counts[stem]++
		token = fmt.Sprintf("%s-%d", stem, h.counts[stem])
	}
	n := &Name{c, token, value, h.hidden[c], stem}
	h.names = append(h.names, n)
	for _, spelling := range []string{key, fold(html.EscapeString(value))} {
		if h.byText[spelling] = n; n.phrase() && !slices.Contains(h.lengths, len(spelling)) {
			h.lengths = append(h.lengths, len(spelling))
			slices.SortFunc(h.lengths, func(a, b int) int { return b - a })
		}
	}
	return n
}

// found returns the identifying values so far.
func (h *hider) found() []Name {
	list := make([]Name, len(h.names))
	for i, n := range h.names {
		list[i] = *n
	}
	return list
}

// read finds the identifying values in a result's facts.
func (h *hider) read(r checks.Result, facts view.Value) {
	if own, ok := r.Facts.(interface{ Public() []string }); ok {
		for _, value := range own.Public() {
			h.public[value] = true
		}
	}
	eachString(&facts, h.shapes.of(r.Facts), func(s string, k Kind) string {
		if s != "" && !h.public[s] {
			h.collect(s, k)
		}
		return s
	})
}

func (h *hider) collect(s string, k Kind) {
	switch k {
	case Host:
		h.host(hostIn(s))
	case IP:
		h.address(s)
	case User:
		h.add(People, "user", s)
	case Member:
		h.add(People, "member", s)
	case Certificate:
		h.add(Names, "certificate", s)
	case Subject:
		for _, value := range subjectValues(s) {
			switch {
			case hostName().MatchString(value):
				h.host(strings.TrimPrefix(value, "*."))
			case utf8.RuneCountInString(value) >= shortest:
				h.add(Names, "organization", value)
			}
		}
	case Text:
		for _, m := range hostOfURL().FindAllString(s, -1) {
			h.host(hostIn(m))
		}
		for _, m := range userPath().FindAllStringSubmatch(s, -1) {
			if m[2] != firstUser {
				h.add(People, "user", m[2])
			}
		}
	}
}

// host assigns a token to a host name or an IP address.
func (h *hider) host(host string) {
	if host = strings.TrimPrefix(fold(host), "*."); host == "" || h.public[host] || h.address(host) {
		return
	}
	h.add(Names, "host", host)
}

// address assigns a token to an IP address; false means that it is none. Special addresses, e.g. loopback, stay.
func (h *hider) address(s string) bool {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return false
	}
	if addr = addr.Unmap(); !addr.IsUnspecified() && !addr.IsLoopback() && !h.public[addr.String()] {
		h.add(Addresses, "ip", addr.String())
	}
	return true
}

// firstUser is every portal's first administrator, and the user of the webhook that https-seen invents.
const firstUser = "1"

// Shorter names of people and companies are common words; they are hidden only as a whole value.
const shortest = 3

var (
	hostName  = lazyregexp.New(`^(?:\*\.)?[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+$`)
	hostOfURL = lazyregexp.New(`(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//[^\s/?#"'<>\\]+`)
	mail      = lazyregexp.New(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+`)
	numbered6 = lazyregexp.New(`\[?[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*\]?`)
	word      = lazyregexp.New(`[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?`)
	userPath  = lazyregexp.New(`(/rest/(?:api/)?)([^/\s]+)(/•••)`)
)

// hostIn is the host of a URL or of host:port, otherwise s.
func hostIn(s string) string {
	if _, after, ok := strings.Cut(s, "//"); ok {
		s = after
	}
	s, _, _ = strings.Cut(s, "/")
	s = s[strings.LastIndexByte(s, '@')+1:]
	if _, err := netip.ParseAddr(s); err == nil {
		return s
	}
	if u, err := url.Parse("//" + s); err == nil {
		return u.Hostname()
	}
	return s
}

// subjectValues returns the values in a distinguished name as Go writes it (RFC 2253), except the country; for anything else, the
// whole.
func subjectValues(s string) []string {
	if !strings.Contains(s, "=") {
		return []string{s}
	}
	var values []string
	for _, part := range attribute().FindAllStringSubmatch(s, -1) {
		if part[1] == "C" {
			continue
		}
		values = append(values, part[2])
		if plain := escaped().ReplaceAllString(part[2], "$1"); plain != part[2] {
			values = append(values, plain)
		}
	}
	return values
}

var (
	attribute = lazyregexp.New(`([^=,+]+)=((?:[^\\,+]|\\.)*)`)
	escaped   = lazyregexp.New(`\\(.)`)
)

// hide replaces hidden values in a result's facts by tokens.
func (h *hider) hide(r checks.Result, facts view.Value) {
	eachString(&facts, h.shapes.of(r.Facts), h.replace)
}

func (h *hider) hides() bool { return len(h.hidden) > 0 }

func (h *hider) replace(s string, k Kind) string {
	switch {
	case k == "" || h.public[s]:
		return s
	case k == User || k == Member || k == Certificate:
		if n := h.byText[fold(s)]; n != nil && n.Hidden {
			return n.Token
		}
		return s
	}
	return h.text(s)
}

// args returns the values for sentences, with hidden ones replaced by tokens.
func (h *hider) args(args checks.Args) checks.Args {
	args = maps.Clone(args)
	for name, value := range args {
		switch v := value.(type) {
		case string:
			args[name] = h.whole(v)
		case []string:
			hidden := make([]string, len(v))
			for i := range v {
				hidden[i] = h.whole(v[i])
			}
			args[name] = hidden
		}
	}
	return args
}

// whole hides a whole value, or parts of it.
func (h *hider) whole(s string) string {
	if n := h.byText[fold(s)]; n != nil && n.Hidden {
		return n.Token
	}
	return h.text(s)
}

// text hides known identifying values in free text, and what looks like a host, an IP or an e-mail address.
func (h *hider) text(s string) string {
	if s == "" || !h.hides() || h.public[s] {
		return s
	}
	s = h.phrases(s)
	if h.hidden[People] && strings.ContainsAny(s, "@•") {
		s = mail().ReplaceAllStringFunc(s, func(address string) string { return h.add(People, "user", address).Token })
		s = userPath().ReplaceAllStringFunc(s, func(path string) string {
			parts := userPath().FindStringSubmatch(path)
			if n := h.byText[fold(parts[2])]; n != nil && n.Hidden {
				return parts[1] + n.Token + parts[3]
			}
			return path
		})
	}
	if h.hidden[Addresses] && strings.Contains(s, ":") {
		s = numbered6().ReplaceAllStringFunc(s, func(written string) string {
			if h.address(strings.Trim(written, "[]")) {
				return h.tokenOf(strings.Trim(written, "[]"), written)
			}
			return written
		})
	}
	return word().ReplaceAllStringFunc(s, func(w string) string {
		if h.address(w) {
			return h.tokenOf(w, w)
		}
		return h.hostToken(w)
	})
}

// tokenOf is the token of an IP address if it is hidden, otherwise the address as it was written.
func (h *hider) tokenOf(address, written string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return written
	}
	if n := h.byText[addr.Unmap().String()]; n != nil && n.Hidden {
		return n.Token
	}
	return written
}

func (h *hider) hostToken(w string) string {
	host := fold(w)
	n := h.byText[host]
	if n == nil && !h.public[host] && slices.ContainsFunc(h.zones, func(zone string) bool { return host == zone || strings.HasSuffix(host, "."+zone) }) {
		n = h.add(Names, "host", host)
	}
	if n == nil || !n.Hidden || !n.host() {
		return w
	}
	return n.Token
}

// phrases hides names of companies and people, which may have several words, the longest first.
func (h *hider) phrases(s string) string {
	if len(h.lengths) == 0 {
		return s
	}
	var out strings.Builder
	folded, shown, before := fold(s), 0, ' '
	for i, r := range s {
		if i >= shown && !inWord(before) {
			for _, length := range h.lengths {
				if i+length > len(s) {
					continue
				}
				n := h.byText[folded[i:i+length]]
				after, _ := utf8.DecodeRuneInString(s[i+length:])
				if n != nil && n.Hidden && n.phrase() && !inWord(after) {
					out.WriteString(s[shown:i] + n.Token)
					shown = i + length
					break
				}
			}
		}
		before = r
	}
	return out.String() + s[shown:]
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// phrase reports whether a value is searched for in any text. Hosts and addresses are found by their form, and a short number is
// a number like any other.
func (n *Name) phrase() bool {
	const minDigits = 8 // digits
	number := strings.Trim(n.Value, "0123456789") == "" && len(n.Value) < minDigits
	return !n.host() && !number && utf8.RuneCountInString(n.Value) >= shortest
}

func (n *Name) host() bool { return n.stem == "portal" || n.stem == "host" || n.stem == "ip" }

// fold lowers the case of a text without moving any byte.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if lower := unicode.ToLower(r); utf8.RuneLen(lower) == utf8.RuneLen(r) {
			return lower
		}
		return r
	}, s)
}
