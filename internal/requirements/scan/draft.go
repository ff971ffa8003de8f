package scan

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/requirements"
	"boxready/internal/untrusted"
	"boxready/internal/yamlfile"

	"github.com/muesli/reflow/wordwrap"
)

// Translate returns the text with a key, for the comments of a draft.
type Translate func(key string, args map[string]any) string

// Requirements returns the requirements that follow from what was found.
func (r *Result) Requirements(application string) *requirements.Requirements {
	req := &requirements.Requirements{Applications: []requirements.Application{{Name: application}}, Methods: namesOf(r.Methods), Events: namesOf(r.Events), Handlers: r.place()}
	req.Scopes = namesOf(r.Scopes)
	req.Scopes = req.Permissions()
	if slices.ContainsFunc(req.Methods, func(name string) bool { m, _ := bitrix.Method(name); return m.OnlyREST3() }) {
		req.Modules = []requirements.Module{{Name: "rest", AtLeast: bitrix.REST3Since}}
	}
	return req
}

func namesOf(names []Name) []string {
	var list []string
	for _, n := range names {
		list = append(list, n.Name)
	}
	return list
}

// place returns where the handlers are according to their addresses; "" if there are none.
func (r *Result) place() requirements.Handlers {
	place := requirements.Handlers("")
	for _, h := range r.Handlers {
		switch u, err := url.Parse(h.Name); {
		case err != nil || u.Hostname() == "":
		case isPrivateHost(u.Hostname()):
			if place == "" {
				place = requirements.LAN
			}
		default:
			place = requirements.Internet
		}
	}
	return place
}

// isPrivateHost reports whether a host is in a private network.
func isPrivateHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast()
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".lan")
}

// Draft writes a file of requirements, with the places of each name in a comment. Findings that are not requirements are in comments at the end.
func (r *Result) Draft(application string, say Translate) []byte {
	req := r.Requirements(application)
	var b strings.Builder
	comment := func(key string, args map[string]any) {
		for line := range strings.SplitSeq(wordwrap.String(say(key, args), 100), "\n") {
			fmt.Fprintf(&b, "# %s\n", line)
		}
	}
	comment("requirements.draft.head", map[string]any{"files": r.Files})
	fmt.Fprintf(&b, "boxready: %d\napplication:\n  name: %s\n", requirements.FormatVersion, quoted(application))
	list := func(key string, names []string, places func(string) string) {
		if len(names) > 0 {
			fmt.Fprintf(&b, "%s:\n", key)
		}
		for _, name := range names {
			fmt.Fprintf(&b, "  - %s # %s\n", name, places(name))
		}
	}
	found := func(all []Name) func(string) string {
		return func(name string) string {
			if i := slices.IndexFunc(all, func(n Name) bool { return n.Name == name }); i >= 0 {
				return all[i].places()
			}
			return say("requirements.draft.implied", map[string]any{"name": neededBy(name, req)})
		}
	}
	list("scopes", req.Scopes, found(r.Scopes))
	list("methods", req.Methods, found(r.Methods))
	list("events", req.Events, found(r.Events))
	if len(req.Modules) > 0 {
		b.WriteString("modules:\n")
	}
	for _, m := range req.Modules {
		fmt.Fprintf(&b, "  %s: \">=%s\" # %s\n", m.Name, m.AtLeast, say("requirements.draft.rest-3", nil))
	}
	if req.Handlers != "" {
		fmt.Fprintf(&b, "handlers:\n  where: %s # %s %s\n", req.Handlers, untrusted.Line(r.Handlers[0].Name), r.Handlers[0].places())
	}
	for _, group := range []struct {
		key   string
		names []Name
	}{{"unknown", r.Unknown}, {"built", r.Built}, {"sdk", r.SDKCalls}} {
		if len(group.names) == 0 {
			continue
		}
		b.WriteString("\n")
		comment("requirements.draft."+group.key, nil)
		for _, n := range group.names {
			nearest := ""
			if group.key == "unknown" {
				if near := requirements.NearestMethods(n.Name); len(near) > 0 {
					nearest = " (" + say("requirements.draft.nearest", map[string]any{"names": near}) + ")"
				}
			}
			fmt.Fprintf(&b, "#   %s%s: %s\n", untrusted.Line(n.Name), nearest, n.places())
		}
	}
	return []byte(b.String())
}

// quoted writes a name as a YAML and JSON string, shortened to the allowed length.
func quoted(name string) string {
	name = untrusted.Prefix(untrusted.Line(name), 200)
	text, err := json.Marshal(name)
	if err != nil || strings.TrimSpace(name) == "" || !yamlfile.IsText(name) {
		return `"?"`
	}
	return string(text)
}

// neededBy is the first method or event that a permission opens.
func neededBy(scope string, req *requirements.Requirements) string {
	for _, name := range req.Methods {
		if m, _ := bitrix.Method(name); slices.Contains(m.Scopes, scope) {
			return name
		}
	}
	for _, name := range req.Events {
		if e, _ := bitrix.Event(name); slices.Contains(e.Scopes, scope) {
			return name
		}
	}
	return ""
}

// places formats the places of a name, e.g. "src/a.php:12, src/b.php:7 +3".
func (n Name) places() string {
	var list []string
	for _, p := range n.Where {
		list = append(list, fmt.Sprintf("%s:%d", untrusted.Line(p.File), p.Line))
	}
	text := strings.Join(list, ", ")
	if more := n.Times - len(n.Where); more > 0 {
		text += fmt.Sprintf(" +%d", more)
	}
	return text
}
