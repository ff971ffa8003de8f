package allowlist_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/allowlist"
)

// The programs for these files can't be installed, so a grammar replaces each: PowerShell's grammar of tree-sitter
// and narrow ones for the rest, which accept only what is written here.

// PowerShell's commands with the parameters that are used.
var powershell = map[string][]string{
	"Get-NetFirewallRule":    {"-Group", "-ErrorAction"},
	"Remove-NetFirewallRule": {},
	"New-NetFirewallRule":    {"-Name", "-Group", "-DisplayName", "-Direction", "-Action", "-Protocol", "-LocalPort", "-RemoteAddress"},
	"Set-NetFirewallRule":    {"-Name", "-RemoteAddress"},
	"Invoke-WebRequest":      {"-Uri", "-UseBasicParsing", "-TimeoutSec", "-MaximumRedirection"},
	"ConvertFrom-Json":       {},
	"Out-Null":               {},
	"Sort-Object":            {"-Unique"},
	"ForEach-Object":         {},
	"Test-NetConnection":     {"-Port", "-InformationLevel"},
	"curl.exe":               {"-sS", "-m", "--ssl-no-revoke", "-w", "-o"},
}

func TestPowerShellAcceptsTheRules(t *testing.T) {
	program, dir := powershellParser(t)
	var files []string
	put := func(text string) {
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.ps1", len(files)))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	code := regexp.MustCompile(`(?m)^[^#\s]`)
	for _, f := range written(t) {
		if f.of == allowlist.Windows && code.MatchString(f.text) { // the grammar wants a statement
			put(f.text)
		}
	}
	for _, g := range letter(t, samples(t)[0].Rules, "ru", allowlist.Windows).Groups {
		for _, item := range g.Items {
			put(item.Test + "\n")
		}
	}
	// Without the flag V8 optimises the grammar for a quarter of a minute.
	cmd := exec.Command("node", append([]string{"--liftoff-only", "--input-type=module", "--eval", program}, files...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(files) {
		t.Fatalf("%d of %d files", len(lines), len(files))
	}
	for _, line := range lines {
		var parsed struct {
			File     string
			Errors   []string
			Commands [][]string
		}
		if err := json.Unmarshal([]byte(line), &parsed); err != nil {
			t.Fatal(err)
		}
		if len(parsed.Errors) > 0 {
			t.Errorf("%s: %s", parsed.File, parsed.Errors)
		}
		for _, c := range parsed.Commands {
			known, ok := powershell[c[0]]
			if !ok {
				t.Errorf("command %s", c[0])
			}
			for _, p := range c[1:] {
				if !slices.Contains(known, p) {
					t.Errorf("%s has no parameter %s", c[0], p)
				}
			}
		}
	}
}

// powershellParser installs the grammar and returns the parser and its working directory.
func powershellParser(t *testing.T) (program, dir string) {
	t.Helper()
	needs(t, "node", "npm")
	out, err := exec.Command("../../packaging/npm", "testdata/powershell").Output()
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("NOT TESTED: the grammar of PowerShell can't be had: %v", err)
	}
	if err != nil {
		t.Skipf("NOT TESTED: the grammar of PowerShell can't be had: %v", err)
	}
	dir = strings.TrimSpace(string(out))
	data, err := os.ReadFile("testdata/powershell/parse.mjs")
	if err != nil {
		t.Fatal(err)
	}
	return string(data), dir
}

// name and addr match the remote sides.
const (
	name = `[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*`
	addr = `[0-9a-f.:]+(/[0-9]+)?`
)

func far(s string) bool {
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	_, err := netip.ParseAddr(s)
	return err == nil || regexp.MustCompile(`^`+name+`$`).MatchString(s) && regexp.MustCompile(`[a-z]`).MatchString(s[strings.LastIndex(s, ".")+1:])
}

// RouterOS's statements that are used.
var routerOS = func() []*regexp.Regexp {
	comment := `comment="BoxReady [0-9-]+"`
	jump := `/ip(v6)? firewall filter add chain=forward action=jump jump-target=boxready ` + comment
	var all []*regexp.Regexp
	for _, form := range []string{
		`#.*`, ``,
		`/ip(v6)? firewall (filter|address-list) remove \[find where comment~"\^BoxReady "\]`,
		`/ip(v6)? firewall address-list add list=boxready-[a-z0-9-]+ address=(` + name + `|` + addr + `) ` + comment,
		`/ip(v6)? firewall filter add chain=boxready action=accept protocol=(tcp|udp) dst-port=[0-9]+(,[0-9]+)* (src|dst)-address-list=boxready-[a-z0-9-]+( (src|dst)-address=` + addr + `)? ` + comment,
		`:do \{ ` + jump + ` place-before=0 \} on-error=\{ ` + jump + ` \}`,
	} {
		all = append(all, regexp.MustCompile(`^`+form+`$`))
	}
	return all
}()

func TestRouterOSGrammar(t *testing.T) {
	for _, f := range written(t) {
		if f.of != allowlist.MikroTik {
			continue
		}
		if f.part == allowlist.Refresh {
			if err := routerScript(f.text); err != nil {
				t.Errorf("%s: %v", f.sample, err)
			}
			continue
		}
		lists := map[string]bool{}
		for line := range strings.Lines(f.text) {
			line = strings.TrimSuffix(line, "\n")
			if !slices.ContainsFunc(routerOS, func(r *regexp.Regexp) bool { return r.MatchString(line) }) {
				t.Errorf("%s: %q", f.sample, line)
			}
			if m := regexp.MustCompile(`add list=(\S+) address=(\S+)`).FindStringSubmatch(line); m != nil {
				if lists[m[1]] = true; !far(m[2]) {
					t.Errorf("%s: address %q", f.sample, m[2])
				}
			}
			if m := regexp.MustCompile(`-address-list=(\S+)`).FindStringSubmatch(line); m != nil && !lists[m[1]] && m[1] != "boxready-nodes" { // which the script may fill later
				t.Errorf("%s: a rule uses the list %s before it is defined", f.sample, m[1])
			}
		}
	}
}

// routerScript checks a script of RouterOS: balanced brackets and strings, defined variables, known commands.
func routerScript(text string) error {
	commands := map[string]bool{"local": true, "set": true, "foreach": true, "if": true, "error": true, "toarray": true, "typeof": true, "len": true,
		"find": true, "pick": true, "tonum": true, "toip": true, "toip6": true, "deserialize": true}
	menus := []string{"/tool fetch", "/ip firewall address-list find", "/ip firewall address-list add", "/ip firewall address-list get", "/ip firewall address-list remove"}
	token := regexp.MustCompile(`^(?:#[^\n]*|\s+|"(?:[^"\\$]|\\["\\$?nrt])*"|:[a-z0-9]+|/[a-z]+(?: [a-z-]+)+|\$[A-Za-z0-9]+|->|[A-Za-z0-9./-]+|[(){}\[\];,=<>!+])`)
	known := map[string]bool{}
	var open []string
	rest := text
	for previous := ""; rest != ""; {
		next := token.FindString(rest)
		if next == "" {
			return fmt.Errorf("at %.40q", rest)
		}
		rest = rest[len(next):]
		switch {
		case strings.TrimSpace(next) == "" || next[0] == '#':
			continue
		case next[0] == ':' && !commands[next[1:]]:
			return fmt.Errorf("command %s", next)
		case next[0] == '/' && !slices.ContainsFunc(menus, func(m string) bool { return next == m || strings.HasPrefix(next, m+" ") }):
			return fmt.Errorf("menu %s", next)
		case next[0] == '$' && !known[next[1:]]:
			return fmt.Errorf("variable %s is not defined", next)
		case strings.Contains("({[", next):
			open = append(open, next)
		case strings.Contains(")}]", next):
			if len(open) == 0 || strings.Index("({[", open[len(open)-1]) != strings.Index(")}]", next) {
				return fmt.Errorf("%s without its other end before %.40q", next, rest)
			}
			open = open[:len(open)-1]
		}
		if previous == ":local" || previous == ":foreach" {
			known[next] = true
		}
		previous = next
	}
	if len(open) > 0 {
		return fmt.Errorf("not closed: %v", open)
	}
	return nil
}

// The settings of FortiOS that are used in each table.
var fortiOS = map[string]map[string]string{
	"firewall address":        {"type": `fqdn`, "fqdn": `"(\*\.)?` + name + `"`, "subnet": `[0-9.]+ [0-9.]+`, "comment": `"[^"]*"`},
	"firewall address6":       {"ip6": `[0-9a-f:]+/[0-9]+`, "comment": `"[^"]*"`},
	"firewall addrgrp":        {"member": `"[^"]+"( "[^"]+")*`, "comment": `"[^"]*"`},
	"firewall addrgrp6":       {"member": `"[^"]+"( "[^"]+")*`, "comment": `"[^"]*"`},
	"firewall service custom": {"tcp-portrange": `[0-9]+( [0-9]+)*`, "udp-portrange": `[0-9]+( [0-9]+)*`, "comment": `"[^"]*"`},
	"firewall policy": {"name": `"[^"]{1,35}"`, "srcintf": `"any"`, "dstintf": `"any"`, "srcaddr": `"[^"]+"`, "dstaddr": `"[^"]+"`, "srcaddr6": `"[^"]+"`,
		"dstaddr6": `"[^"]+"`, "service": `"[^"]+"`, "schedule": `"always"`, "action": `accept`, "nat": `enable`, "comments": `"[^"]*"`},
}

func TestFortiOSGrammar(t *testing.T) {
	for _, f := range written(t) {
		if f.of != allowlist.FortiGate || f.part == allowlist.Refresh {
			continue
		}
		if err := fortiScript(f.text, f.part == allowlist.Add); err != nil {
			t.Errorf("%s %s: %v", f.sample, f.part, err)
		}
	}
}

func fortiScript(text string, add bool) error {
	table, entry := "", ""
	objects := map[string]bool{`"all"`: true}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		command, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || line[0] == '#':
		case command == "config" && table == "" && fortiOS[rest] != nil:
			table = rest
		case line == "end" && table != "" && entry == "":
			table = ""
		case command == "edit" && entry == "" && add && (table == "firewall policy" && rest == "0" || regexp.MustCompile(`^"boxready-[^"<>()#']{1,70}"$`).MatchString(rest)):
			entry, objects[rest] = rest, true
		case command == "delete" && entry == "" && !add && table != "" && regexp.MustCompile(`^"boxready-[^"]+"$`).MatchString(rest):
		case line == "next" && entry != "":
			entry = ""
		case command == "set" && entry != "":
			setting, value, _ := strings.Cut(rest, " ")
			form, ok := fortiOS[table][setting]
			if !ok || !regexp.MustCompile(`^`+form+`$`).MatchString(value) {
				return fmt.Errorf("in %s: %s", table, line)
			}
			if slices.Contains([]string{"member", "srcaddr", "dstaddr", "srcaddr6", "dstaddr6", "service"}, setting) {
				for _, object := range regexp.MustCompile(`"[^"]+"`).FindAllString(value, -1) {
					if !objects[object] {
						return fmt.Errorf("%s is used before it is defined", object)
					}
				}
			}
		default:
			return fmt.Errorf("in %q %q: %s", table, entry, line)
		}
	}
	if table != "" || entry != "" {
		return fmt.Errorf("%s is not closed", table)
	}
	return nil
}

func TestPfSenseGrammar(t *testing.T) {
	alias := regexp.MustCompile(`(^| )(boxready_[a-z0-9_]{1,22}):$`)
	for _, f := range written(t) {
		if f.of != allowlist.PfSense || f.part == allowlist.Refresh {
			continue
		}
		in, seen := "", map[string]bool{}
		for line := range strings.Lines(f.text) {
			line = strings.TrimSuffix(line, "\n")
			switch {
			case line == "":
				in = ""
			case strings.HasPrefix(line, "#"):
				if m := alias.FindStringSubmatch(line); m != nil {
					if in = m[2]; seen[in] {
						t.Errorf("%s: alias %s twice", f.sample, in)
					}
					seen[in] = true
				}
			case in == "" || !far(line):
				t.Errorf("%s, alias %q: %q", f.sample, in, line)
			}
		}
		if f.part == allowlist.Add && len(seen) == 0 {
			t.Errorf("%s: no alias", f.sample)
		}
	}
}

func TestTables(t *testing.T) {
	for _, f := range written(t) {
		switch f.of {
		case allowlist.CSV:
			table := csv.NewReader(strings.NewReader(strings.TrimPrefix(f.text, "\ufeff")))
			table.Comma = ';' // it is in Russian
			records, err := table.ReadAll()
			if err != nil || len(records) < 5 {
				t.Errorf("%s: %v", f.sample, err)
			}
			for _, r := range records {
				for _, cell := range r {
					if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
						t.Errorf("%s: a spreadsheet evaluates %q as a formula", f.sample, cell)
					}
				}
			}
		case allowlist.JSON:
			var table struct {
				Schema    int
				Made      time.Time
				Portal    string
				Addresses []struct {
					Fetched *time.Time
					Nodes   int
				}
				Rows []struct {
					Hosts, Addresses []string
					Ports            []string
					Why, Breaks      string
				}
			}
			if err := json.Unmarshal([]byte(f.text), &table); err != nil || table.Schema != 1 || !table.Made.Equal(noon) || len(table.Rows) < 4 || table.Portal != "https://portal.demo.example" {
				t.Errorf("%s: %v %+v", f.sample, err, table)
			}
			if strings.Contains(strings.Replace(f.text, `"fetched": null`, "", 1), ": null") {
				t.Errorf("%s: null in\n%s", f.sample, f.text)
			}
		}
	}
}
