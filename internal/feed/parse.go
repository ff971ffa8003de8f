package feed

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"boxready/internal/untrusted"
)

var errTooLarge = errors.New("more than 1 MiB")

// A bounded reader gives up after a number of bytes and keeps the reason why the
// reader under it ended.
type bounded struct {
	r    io.Reader
	left int64
	err  error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	// One byte over the limit is asked for, to tell "full" from "too large".
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if int64(n) > b.left {
		n, err = int(b.left), errTooLarge
	}
	b.left -= int64(n)
	b.err = err
	return n, err
}

// readBody reads and unpacks a body. The reason says what is wrong with the
// body itself, err that it could not be received; what was read until then is
// returned with both.
func readBody(resp *http.Response) (body []byte, reason string, err error) {
	limit := int64(maxBytes)
	if resp.StatusCode != http.StatusOK {
		limit = 4 << 10 // enough for Head
	}
	wire := &bounded{r: resp.Body, left: limit}
	var plain io.Reader = wire
	switch encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		z, zipErr := gzip.NewReader(wire)
		if zipErr != nil {
			return nil, "damaged gzip", received(wire.err)
		}
		plain = &bounded{r: z, left: limit}
	default:
		return nil, fmt.Sprintf("unknown encoding %.40q", encoding), nil
	}
	body, readErr := io.ReadAll(plain)
	switch {
	case readErr == nil:
		return body, "", nil
	case errors.Is(readErr, errTooLarge):
		return body, errTooLarge.Error(), nil
	case received(wire.err) != nil:
		return body, "", wire.err
	}
	return body, "damaged gzip", nil
}

// received returns what kept a body from being received whole, if anything did.
func received(err error) error {
	if err == io.EOF || err == errTooLarge {
		return nil
	}
	return err
}

// head returns the beginning of a body for a report.
func head(body []byte) string {
	return strings.ToValidUTF8(string(untrusted.Prefix(body, headBytes)), "\uFFFD")
}

// neverSenders are ranges that no server on the internet sends from. A list
// that has one of them is refused as a whole: whoever wrote it is not the vendor,
// and a rule made from it would let in somebody else.
var neverSenders = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "private"}, // shared by a provider's customers, RFC 6598
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "private"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// NeverSenders are the networks that no list may touch, for scripts that check lists themselves.
func NeverSenders() []netip.Prefix {
	var list []netip.Prefix
	for _, never := range neverSenders {
		list = append(list, never.prefix)
	}
	return list
}

// The widest networks that a list may name. Nobody's event queue fills a larger
// one, and a rule for it would be no rule at all.
const (
	widest4 = 8
	widest6 = 16
)

// parse reads {"nodes":["192.0.2.1", …]}. Elements may also be networks or
// IPv6; both forms are allowed for although only single IPv4 addresses have been
// seen so far.
func parse(body []byte) ([]netip.Prefix, error) {
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	// A map, because a struct would take "NODES" for "nodes" too.
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, errors.New("not a JSON object")
	}
	raw, ok := object["nodes"]
	if !ok {
		return nil, errors.New(`no "nodes"`)
	}
	var elements []string
	if err := json.Unmarshal(raw, &elements); err != nil {
		return nil, errors.New(`"nodes" is not an array of strings`)
	}
	return parseNodes(elements)
}

// parseNodes checks every element and returns them sorted, without doubles.
func parseNodes(elements []string) ([]netip.Prefix, error) {
	switch {
	case len(elements) == 0:
		return nil, errors.New(`"nodes" is empty`)
	case len(elements) > maxNodes:
		return nil, fmt.Errorf("%d nodes, more than %d", len(elements), maxNodes)
	}
	nodes := make([]netip.Prefix, 0, len(elements))
	for i, element := range elements {
		p, ok := parseNode(element)
		if !ok {
			return nil, fmt.Errorf("node %d, %.60q, is neither an address nor a network", i, element)
		}
		for _, never := range neverSenders {
			if p.Overlaps(never.prefix) {
				return nil, fmt.Errorf("node %d, %s, is %s", i, p, never.what)
			}
		}
		if p.Addr().Is4() && p.Bits() < widest4 || p.Addr().Is6() && p.Bits() < widest6 {
			return nil, fmt.Errorf("node %d, %s, is too wide a network", i, p)
		}
		nodes = append(nodes, p)
	}
	slices.SortFunc(nodes, netip.Prefix.Compare)
	return slices.Compact(nodes), nil
}

func parseNode(s string) (netip.Prefix, bool) {
	s = strings.TrimSpace(s)
	if p, err := netip.ParsePrefix(s); err == nil {
		// An IPv4-mapped IPv6 network has no agreed meaning.
		return p.Masked(), !p.Addr().Is4In6()
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), true
}
