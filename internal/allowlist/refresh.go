package allowlist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"text/template"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
)

// refreshers are the scripts that update the event queue's addresses. They fetch the vendor's list, check every address
// before they use it, and keep the old ones if anything in the answer is wrong.
var refreshers = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(assets.Allowlist, "allowlist/refresh.*"))
})

// neverPattern matches the addresses of feed.NeverSenders as Windows prints them.
const neverPattern = `^((0|10|127|169\.254|192\.168|172\.(1[6-9]|2[0-9]|3[01])|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])|22[4-9]|2[3-5][0-9])\.|::|[Ff][C-Fc-f])`

// refreshScript returns the template of a script and its function for quoting strings.
func refreshScript(name string) (file string, quote func(string) string) {
	switch name {
	case "windows":
		return "refresh.ps1", func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	case "mikrotik":
		return "refresh.rsc", func(s string) string {
			return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, `?`, `\?`).Replace(s) + `"`
		}
	}
	// JSON strings are valid Python strings.
	return "refresh.py", func(s string) string { b, _ := json.Marshal(s); return string(b) }
}

func scriptExtension(name string) string {
	file, _ := refreshScript(name)
	return strings.TrimPrefix(file, "refresh")
}

// script writes the refresh script with that name.
func (p *printer) script(name string) error {
	file, quote := refreshScript(name)
	g := group{name: nodes}
	data := struct {
		Comments, URLs, Never, Never4 []string
		NeverPattern, File            string
		Set4, Set6, Apply             string
	}{NeverPattern: neverPattern, File: nginxFile, Set4: g.set(4), Set6: g.set(6)}
	args := checks.Args{"equipment": p.equipment.Name(p.words), "version": p.Version, "when": p.Now.Format(timeFormat), "portal": p.portalName(),
		"script": p.equipment.FileName(Refresh)}
	for _, words := range []string{p.say("file.refresh", args), p.say("file.source", args), p.say("equipment."+string(p.equipment)+".run", args)} {
		data.Comments = append(data.Comments, wrap(words, 76)...)
	}
	for _, region := range p.regions() {
		data.URLs = append(data.URLs, quote(p.feedURL(region)))
	}
	for _, never := range feed.NeverSenders() {
		data.Never = append(data.Never, never.String())
		if never.Addr().Is4() {
			data.Never4 = append(data.Never4, never.String())
		}
	}
	var apply, whole bytes.Buffer
	if strings.HasSuffix(file, ".py") {
		if err := refreshers().ExecuteTemplate(&apply, name, data); err != nil {
			return fmt.Errorf("write the script: %w", err)
		}
		data.Apply = apply.String()
	}
	if err := refreshers().ExecuteTemplate(&whole, file, data); err != nil {
		return fmt.Errorf("write the script: %w", err)
	}
	p.out.WriteString(strings.TrimRight(whole.String(), "\n") + "\n")
	return nil
}

// feedURL returns the URL that a region's list was or can be fetched from.
func (r *Rules) feedURL(region bitrix.Region) string {
	for _, l := range r.Lists {
		if l.Region == region && l.URL != "" {
			return l.URL
		}
	}
	return bitrix.Feed(region)
}
