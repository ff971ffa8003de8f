package portal

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Address is a portal's address, normalised: https, ASCII host.
type Address struct {
	Host    string // ASCII (punycode), lower case, no trailing dot; an IP literal without brackets
	Port    int    // 443 unless another was given
	WasHTTP bool   // http:// was typed, or port 80 without a scheme; https is used instead
}

// AddressReason is why something is no address: a stable code.
type AddressReason string

// The reasons.
const (
	AddressEmpty    AddressReason = "empty"    // nothing was typed
	AddressScheme   AddressReason = "scheme"   // neither https nor http
	AddressUserinfo AddressReason = "userinfo" // a name or password before the host
	AddressHost     AddressReason = "host"     // not a host name
	AddressPort     AddressReason = "port"     // not a port
	AddressIDN      AddressReason = "idn"      // not an internationalised name that can be looked up
	AddressTooLong  AddressReason = "too-long" // longer than names can be
	AddressSeveral  AddressReason = "several"  // a text with more than one address in it
)

// AddressError says that the input is no address of a portal. Its text never
// contains the input, which may be a webhook's address, a secret.
type AddressError struct{ Reason AddressReason }

func (e *AddressError) Error() string { return "not an address of a portal: " + string(e.Reason) }

const (
	httpPort  = 80
	httpsPort = 443
	maxName   = 253
	maxLabel  = 63
	maxTyped  = 64 << 10
)

// hostNames maps and checks names as browsers do; underscores and hyphens anywhere
// are allowed, because intranets use them.
var hostNames = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.StrictDomainName(false),
	idna.CheckHyphens(false),
	idna.BidiRule(),
)

var (
	// Typos of "://": one slash, no colon, a backslash.
	webScheme           = regexp.MustCompile(`^(?i)(https?)(?::/*|/+)[\s/]*`)
	hostNamedLikeScheme = regexp.MustCompile(`^(?i)https?:[0-9]{1,5}(?:[/?#]|$)`)
	otherScheme         = regexp.MustCompile(`^(?i)[a-z][a-z0-9+-]*(?::/+[^/]|[a-z0-9+.-]*://)`)
	spaceInScheme       = regexp.MustCompile(`(?i)(https?(?::/*|/+))\s+`)
	label               = regexp.MustCompile(`^[\pL\pN_-]+$`)
	numeric             = regexp.MustCompile(`^(?:[0-9]+|0x[0-9a-f]*)$`)
)

// ParseAddress parses an address as people type and paste it: a bare name or the
// URL of a page or webhook, with or without scheme, with quotes and full stops
// around it, or within a text that has no other. Only scheme, host and port are
// used. The error is an *AddressError.
func ParseAddress(s string) (Address, error) {
	address, _, err := findAddress(s)
	return address, err
}

// findAddress returns the address in a text and the words that hold it.
func findAddress(s string) (found Address, in []string, err error) {
	if len(s) > maxTyped {
		return Address{}, nil, &AddressError{AddressTooLong}
	}
	s = spaceInScheme.ReplaceAllString(normalizePasted(s), "$1")
	words := strings.Fields(s)
	switch len(words) {
	case 0:
		return Address{}, nil, &AddressError{AddressEmpty}
	case 1:
		found, err = parseWord(s)
		return found, words, err
	}
	for i, word := range words {
		address, ok := addressInText(word)
		switch {
		case !ok:
			continue
		case torn(words, i):
			return Address{}, nil, &AddressError{AddressHost}
		case in == nil:
			found = address
		case address.HostPort() != found.HostPort():
			return Address{}, nil, &AddressError{AddressSeveral}
		}
		found.WasHTTP = found.WasHTTP && address.WasHTTP
		in = append(in, normalizePasted(word))
	}
	if in == nil {
		return Address{}, nil, &AddressError{AddressHost}
	}
	return found, in, nil
}

// addressInText parses a word of a text, where most words are no addresses: one
// that is has a scheme, or a name of several parts that doesn't end in a number
// or one letter, or is an IP address.
func addressInText(word string) (Address, bool) {
	word = normalizePasted(word)
	address, err := parseWord(word)
	if err != nil {
		return Address{}, false
	}
	if _, isIP := address.IP(); isIP || webScheme.MatchString(word) {
		return address, true
	}
	name, err := hostNames.ToUnicode(address.Host)
	if err != nil {
		return Address{}, false
	}
	dot := strings.LastIndexByte(name, '.')
	return address, dot > 0 && utf8.RuneCountInString(name[dot+1:]) > 1
}

// torn reports whether the name at words[i] may be a part of one that has a space
// in it by mistake, so that it would be another host's.
func torn(words []string, i int) bool {
	isLabel := func(neighbour string) bool {
		return label.MatchString(neighbour) && isASCII(neighbour) == isASCII(words[i])
	}
	word := words[i]
	if strings.HasPrefix(word, ".") || i == 1 && !webScheme.MatchString(word) && isLabel(words[0]) {
		return true
	}
	if i+1 == len(words) {
		return false
	}
	next := words[i+1]
	return strings.HasPrefix(next, ".") && len(next) > 1 && next[1] != '.' || strings.HasSuffix(word, ".") && isLabel(next) && strings.ToLower(next) == next
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c >= utf8.RuneSelf })
}

// parseWord parses a text that is an address and nothing else.
func parseWord(s string) (Address, error) {
	scheme := ""
	for {
		m := webScheme.FindStringSubmatch(s)
		if m == nil || hostNamedLikeScheme.MatchString(s) {
			break
		}
		scheme, s = strings.ToLower(m[1]), s[len(m[0]):]
	}
	if scheme == "" {
		if otherScheme.MatchString(s) {
			return Address{}, &AddressError{AddressScheme}
		}
		if strings.HasPrefix(s, "//") {
			s = strings.TrimLeft(s, "/")
		}
	}
	authority := s
	if end := strings.IndexAny(s, "/?#"); end >= 0 {
		authority = s[:end]
	}
	if strings.Contains(authority, "@") {
		return Address{}, &AddressError{AddressUserinfo}
	}
	authority = strings.TrimSpace(authority)
	if authority == "" {
		return Address{}, &AddressError{AddressHost}
	}
	host, port, err := splitPort(authority)
	if err != nil {
		return Address{}, err
	}
	if host, err = normalHost(host); err != nil {
		return Address{}, err
	}
	a := Address{Host: host, Port: httpsPort, WasHTTP: scheme == "http"}
	switch {
	case port == httpPort && scheme != "https":
		a.WasHTTP = true
	case port != 0:
		a.Port = port
	}
	return a, nil
}

// normalizePasted removes what is copied along with an address from other text.
func normalizePasted(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.Is(unicode.Cf, c):
			// Zero-width and other invisible characters. A few scripts need
			// joiners inside a word; no portal is known with such a name.
			return -1
		case c >= '！' && c <= '～': // full-width forms of ASCII
			c -= '！' - '!'
		}
		switch c {
		case '\\':
			return '/'
		case '。', '｡':
			return '.'
		}
		return c
	}, s)
	const around = "\"'`«»“”„‟‘’‚‹›<>()"
	return strings.TrimFunc(s, func(c rune) bool {
		return unicode.IsSpace(c) || strings.ContainsRune(around, c) || strings.ContainsRune(".,;!", c)
	})
}

// splitPort splits host and port; the port is 0 if there is none.
func splitPort(authority string) (host string, port int, err error) {
	var digits string
	switch {
	case strings.HasPrefix(authority, "["):
		inner, rest, ok := strings.Cut(authority[1:], "]")
		if !ok || rest != "" && rest[0] != ':' {
			return "", 0, &AddressError{AddressHost}
		}
		ip, err := netip.ParseAddr(inner)
		if err != nil || !ip.Is6() {
			return "", 0, &AddressError{AddressHost}
		}
		host, digits = inner, strings.TrimPrefix(rest, ":")
	case strings.Count(authority, ":") > 1:
		// Without brackets the last group may be a port, but is more often part
		// of the address.
		return authority, 0, nil
	default:
		host, digits, _ = strings.Cut(authority, ":")
	}
	if digits == "" {
		return host, 0, nil
	}
	if len(digits) > 5 || strings.Trim(digits, "0123456789") != "" {
		return "", 0, &AddressError{AddressPort}
	}
	port, _ = strconv.Atoi(digits)
	if port < 1 || port > 65535 {
		return "", 0, &AddressError{AddressPort}
	}
	return host, port, nil
}

// normalHost returns the canonical form of a host, or an *AddressError.
func normalHost(host string) (string, error) {
	if strings.Contains(host, ":") {
		ip, err := netip.ParseAddr(host)
		if err != nil || ip.Zone() != "" { // a zone is local to this computer
			return "", &AddressError{AddressHost}
		}
		return ip.Unmap().String(), nil
	}
	if strings.Contains(host, "%") { // browsers may copy IDNs percent-encoded
		plain, err := url.PathUnescape(host)
		if err != nil {
			return "", &AddressError{AddressHost}
		}
		host = plain
	}
	if !utf8.ValidString(host) || strings.ContainsRune(host, utf8.RuneError) {
		return "", &AddressError{AddressHost}
	}
	if len(host) > 4*maxName {
		return "", &AddressError{AddressTooLong}
	}
	ascii, err := hostNames.ToASCII(host)
	if err != nil {
		// Invalid ASCII is no error of IDN.
		if strings.ContainsFunc(host, func(c rune) bool { return c < utf8.RuneSelf && !isNameByte(c) || unicode.IsSpace(c) }) {
			return "", &AddressError{AddressHost}
		}
		return "", &AddressError{AddressIDN}
	}
	ascii = strings.TrimSuffix(strings.ToLower(ascii), ".")
	if ascii == "" || strings.ContainsFunc(ascii, func(c rune) bool { return !isNameByte(c) }) {
		return "", &AddressError{AddressHost}
	}
	if len(ascii) > maxName {
		return "", &AddressError{AddressTooLong}
	}
	labels := strings.Split(ascii, ".")
	for _, label := range labels {
		switch {
		case len(label) > maxLabel:
			return "", &AddressError{AddressTooLong}
		case label == "", label[0] == '-', label[len(label)-1] == '-':
			return "", &AddressError{AddressHost}
		}
	}
	// Resolvers take 127.1, 0x7f.1 and 2130706433 for addresses, each in its own
	// way; only the standard form is unambiguous.
	if numeric.MatchString(labels[len(labels)-1]) {
		ip, err := netip.ParseAddr(ascii)
		if err != nil {
			return "", &AddressError{AddressHost}
		}
		return ip.String(), nil
	}
	return ascii, nil
}

func isNameByte(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
}

// String returns https://host[:port] in ASCII.
func (a Address) String() string { return "https://" + a.Authority() }

// Display is String with the host in Unicode, if that parses back to the same
// host.
func (a Address) Display() string {
	shown := a
	if name, err := hostNames.ToUnicode(a.Host); err == nil && name != a.Host {
		if back, err := ParseAddress("https://" + name); err == nil && back.Host == a.Host {
			shown.Host = name
		}
	}
	return shown.String()
}

// Name is Display without the scheme.
func (a Address) Name() string { return strings.TrimPrefix(a.Display(), "https://") }

// Authority returns host[:port] as the header Host has it.
func (a Address) Authority() string {
	if a.Port != httpsPort {
		return a.HostPort()
	}
	if strings.Contains(a.Host, ":") {
		return "[" + a.Host + "]"
	}
	return a.Host
}

// HostPort returns what to dial: host and port, always both.
func (a Address) HostPort() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// IP returns the host if it is an IP address.
func (a Address) IP() (netip.Addr, bool) {
	ip, err := netip.ParseAddr(a.Host)
	return ip, err == nil
}

// SameHost reports whether u has the same host and port, with http or https, whose
// default ports count as the same. A relative u has to be resolved first.
func (a Address) SameHost(u *url.URL) bool {
	if u == nil || u.Host == "" {
		return false
	}
	scheme := strings.ToLower(u.Scheme)
	if scheme != "" && scheme != "https" && scheme != "http" {
		return false
	}
	host, err := normalHost(u.Hostname())
	if err != nil || host != a.Host {
		return false
	}
	port := httpsPort
	if digits := u.Port(); digits != "" {
		if port, err = strconv.Atoi(digits); err != nil {
			return false
		}
		if port == httpPort && scheme == "http" {
			port = httpsPort
		}
	}
	return port == a.Port
}
