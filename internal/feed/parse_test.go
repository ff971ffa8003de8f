package feed

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		body string
		want []netip.Prefix
		err  string
	}{
		{body: `{"nodes":["203.0.113.10"]}`, want: prefixes("203.0.113.10/32")},
		{body: ` {"nodes" : [ " 203.0.113.10 " ] } `, want: prefixes("203.0.113.10/32")},
		{
			body: `{"nodes":["2001:db8::1","203.0.113.2","203.0.113.10","203.0.113.2","198.51.100.0/24","::ffff:203.0.113.2","203.0.113.2/32"]}`,
			want: prefixes("198.51.100.0/24", "203.0.113.2/32", "203.0.113.10/32", "2001:db8::1/128"),
		},
		{body: `{"nodes":["198.51.100.77/24"]}`, want: prefixes("198.51.100.0/24")},
		{body: `{"nodes":["172.32.0.1","100.128.0.1","9.255.255.255"]}`, want: prefixes("9.255.255.255/32", "100.128.0.1/32", "172.32.0.1/32")},
		{body: `{"nodes":["8.0.0.0/8"]}`, want: prefixes("8.0.0.0/8")},

		{body: `{"nodes":["8.0.0.0/7"]}`, err: "too wide"},
		{body: `{"nodes":["2000::/15"]}`, err: "too wide"},
		{body: `{"nodes":["0.0.0.0/0"]}`, err: "unspecified"},
		{body: `{"nodes":["::/0"]}`, err: "unspecified"},
		{body: `{"nodes":["0.0.0.0"]}`, err: "unspecified"},
		{body: `{"nodes":["::"]}`, err: "unspecified"},
		{body: `{"nodes":["127.0.0.1"]}`, err: "loopback"},
		{body: `{"nodes":["::1"]}`, err: "loopback"},
		{body: `{"nodes":["::ffff:127.0.0.1"]}`, err: "loopback"},
		{body: `{"nodes":["203.0.113.1","10.1.2.3"]}`, err: "node 1, 10.1.2.3/32, is private"},
		{body: `{"nodes":["172.16.0.1"]}`, err: "private"},
		{body: `{"nodes":["172.0.0.0/8"]}`, err: "private"},
		{body: `{"nodes":["192.168.1.1"]}`, err: "private"},
		{body: `{"nodes":["100.64.0.1"]}`, err: "private"},
		{body: `{"nodes":["fd00::1"]}`, err: "private"},
		{body: `{"nodes":["169.254.1.1"]}`, err: "link-local"},
		{body: `{"nodes":["fe80::1"]}`, err: "link-local"},
		{body: `{"nodes":["224.0.0.1"]}`, err: "multicast"},
		{body: `{"nodes":["ff02::1"]}`, err: "multicast"},
		{body: `{"nodes":["255.255.255.255"]}`, err: "reserved"},
		{body: `{"nodes":["fe80::1%eth0"]}`, err: "neither"},
		{body: `{"nodes":["::ffff:203.0.113.0/120"]}`, err: "neither"},
		{body: `{"nodes":["203.0.113.1/33"]}`, err: "neither"},
		{body: `{"nodes":["203.0.113.1:443"]}`, err: "neither"},
		{body: `{"nodes":["203.0.113.001"]}`, err: "neither"},
		{body: `{"nodes":["mp_actions-1"]}`, err: "neither"},
		{body: `{"nodes":[""]}`, err: "neither"},
		{body: `{"nodes":[null]}`, err: "neither"},
		{body: `{"nodes":[1]}`, err: "not an array of strings"},
		{body: `{"nodes":[["203.0.113.1"]]}`, err: "not an array of strings"},
		{body: `{"nodes":"203.0.113.1"}`, err: "not an array of strings"},
		{body: `{"nodes":{"0":"203.0.113.1"}}`, err: "not an array of strings"},
		{body: `{"nodes":[]}`, err: "empty"},
		{body: `{"nodes":null}`, err: "empty"},
		{body: `{}`, err: `no "nodes"`},
		{body: `null`, err: `no "nodes"`},
		{body: `{"Nodes":["203.0.113.1"]}`, err: `no "nodes"`},
		{body: `["203.0.113.1"]`, err: "not a JSON object"},
		{body: `{"nodes":["203.0.113.1"]}x`, err: "not a JSON object"},
		{body: `{"nodes":["203.0.113.1"`, err: "not a JSON object"},
		{body: ``, err: "not a JSON object"},
	} {
		got, err := parse([]byte(c.body))
		switch {
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: got %v, %v, want an error with %q", c.body, got, err, c.err)
		case c.err == "" && err != nil:
			t.Errorf("%s: %v", c.body, err)
		case c.err == "":
			if diff := cmp.Diff(c.want, got, comparePrefixes); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.body, diff)
			}
		}
	}
}

// Whatever is accepted must be safe to make a firewall rule from, and must be
// read again from its own text, as the cache does.
func FuzzParse(f *testing.F) {
	f.Add([]byte(goodBody))
	f.Fuzz(func(t *testing.T, body []byte) {
		nodes, err := parse(body)
		if err != nil {
			if nodes != nil {
				t.Errorf("nodes beside an error: %v, %v", nodes, err)
			}
			if len(err.Error()) > 400 {
				t.Errorf("the error repeats the answer: %d bytes", len(err.Error()))
			}
			return
		}
		if len(nodes) == 0 || len(nodes) > maxNodes {
			t.Errorf("%d nodes", len(nodes))
		}
		for i, p := range nodes {
			a := p.Addr()
			if !p.IsValid() || p != p.Masked() || a.Zone() != "" || a.Is4In6() ||
				a.IsUnspecified() || a.IsLoopback() || a.IsPrivate() || a.IsMulticast() || a.IsLinkLocalUnicast() {
				t.Errorf("node %v", p)
			}
			if i > 0 && nodes[i-1].Compare(p) >= 0 {
				t.Errorf("%v before %v", nodes[i-1], p)
			}
		}
		again, err := parseNodes(texts(nodes))
		if err != nil || !slices.Equal(again, nodes) {
			t.Errorf("%v is read again as %v, %v", nodes, again, err)
		}
	})
}
