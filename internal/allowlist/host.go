package allowlist

import (
	"fmt"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/requirements"
)

// Firewalls on a server. They accept addresses only, and a file is for one server: the handlers', or the
// portal's if the handlers are on the internet. On the handlers' server they block all other clients of the handlers' port
// and of no other port: a separate list holds the owner's further clients; only packets that open a connection are dropped, not those of the
// existing connections and not the server's connections with itself; other ports, including remote administration,
// are not touched.

// onServer reports whether a row concerns that server.
func onServer(r *Rules, row Row) bool {
	if r.Handlers == requirements.Internet {
		return row.Direction == bitrix.PortalIn
	}
	return row.Direction == bitrix.AppIn
}

// protectedPorts returns the ports on which all other clients are blocked: none while the addresses of the allowed ones aren't known.
func (p *printer) protectedPorts() (ports []bitrix.Port) {
	for _, row := range p.Rows {
		if row.Direction != bitrix.AppIn {
			continue
		}
		if row.Addresses == nil || len(p.Missing) > 0 {
			return nil
		}
		for _, port := range row.Ports {
			ports = add(ports, port)
		}
	}
	return ports
}

// versions of IP, with their names in the firewalls.
var versions = []struct {
	number                int
	nft, family, ipt, fwd string
}{
	{4, "ip", "inet", "iptables", "ipv4"},
	{6, "ip6", "inet6", "ip6tables", "ipv6"},
}

// hostHead writes the head of a file for a server's firewall, with the server's role.
func (p *printer) hostHead(closes bool) {
	p.head(Add)
	if p.Handlers == requirements.Internet {
		p.note(p.say("file.server-portal", nil))
	} else {
		p.note(p.say("file.server-handlers", nil))
	}
	if closes && p.protectedPorts() != nil {
		p.note(p.say("file.warning", nil))
	}
}

// set is the name of a group's list of addresses. With prefix and suffix it has at most the 31 characters
// that ipset allows.
func (g group) set(version int) string { return fmt.Sprintf("%s-v%d", g.name, version) }

func addNftables(p *printer) {
	p.line("#!/usr/sbin/nft -f")
	p.hostHead(true)
	if p.noteIfEmpty() {
		return
	}
	set := func(name string, version int, elements []string) {
		p.line("\tset %s {\n\t\ttype ipv%d_addr\n\t\tflags interval\n\t\tauto-merge", name, version)
		if elements != nil {
			p.line("\t\telements = { %s }", strings.Join(elements, ", "))
		}
		p.line("\t}")
	}
	protectedPorts := p.protectedPorts()
	p.line("")
	p.note(p.say("file.again", nil))
	p.line("table inet boxready\ndelete table inet boxready\ntable inet boxready {")
	for _, g := range p.groups() {
		p.notePurpose("\t#", g)
		for _, v := range versions {
			set(g.set(v.number), v.number, family(g.addrs, v.number))
		}
	}
	if protectedPorts != nil {
		p.noteAt("\t#", p.say("file.own", nil))
		set("own-v4", 4, nil)
		set("own-v6", 6, nil)
	} else {
		p.noteAt("\t#", p.say("file.accept-only", nil))
	}
	p.line("\tchain input {\n\t\ttype filter hook input priority filter - 5; policy accept;\n\t\tiif lo accept")
	for _, g := range p.groups() {
		for _, ports := range nftPorts(g.ports) {
			for _, v := range versions {
				p.line("\t\t%s %s saddr @%s accept", ports, v.nft, g.set(v.number))
			}
		}
	}
	for _, ports := range nftPorts(protectedPorts) {
		p.noteAt("\t\t#", p.say("file.guard", nil))
		p.line("\t\t%s ip saddr @own-v4 accept\n\t\t%s ip6 saddr @own-v6 accept\n\t\t%s tcp flags & (fin | syn | rst | ack) == syn counter drop", ports, ports, ports)
	}
	p.line("\t}\n}")
	p.noteExistingChain()
	p.noteOmitted()
}

// noteExistingChain offers the rules for a chain that is there already: what one table accepts, the chains of other tables may still drop.
func (p *printer) noteExistingChain() {
	var commands []string
	for _, g := range p.groups() {
		for _, ports := range nftPorts(g.ports) {
			for _, v := range versions {
				if list := family(g.addrs, v.number); list != nil {
					commands = append(commands, fmt.Sprintf("nft insert rule inet filter input %s saddr '{ %s }' %s accept", v.nft, strings.Join(list, ", "), strings.NewReplacer("{", "'{", "}", "}'").Replace(ports)))
				}
			}
		}
	}
	if commands == nil {
		return
	}
	p.line("")
	p.note(p.say("file.existing-chain", nil))
	for _, command := range commands {
		p.line("# %s", command)
	}
}

// nftPorts returns a match on ports for each protocol.
func nftPorts(ports []bitrix.Port) (matches []string) {
	for _, proto := range protocols {
		if list := numbers(ports, proto); list != nil {
			matches = append(matches, proto+" dport { "+strings.Join(list, ", ")+" }")
		}
	}
	return matches
}

func removeNftables(p *printer) {
	p.line("#!/usr/sbin/nft -f")
	p.head(Remove)
	p.line("table inet boxready\ndelete table inet boxready")
}

// The chains of iptables. The queue's addresses, which are refreshed, and the owner's further clients have separate ones.
const (
	chain      = "BOXREADY"
	chainNodes = "BOXREADY-NODES"
	chainOwn   = "BOXREADY-OWN"
	hook       = "INPUT ! -i lo -j " + chain
)

// iptPorts returns a match on ports for each protocol.
func iptPorts(ports []bitrix.Port) (matches []string) {
	for _, proto := range protocols {
		if list := numbers(ports, proto); list != nil {
			matches = append(matches, "-p "+proto+" -m multiport --dports "+strings.Join(list, ","))
		}
	}
	return matches
}

func addIPTables(p *printer) {
	p.hostHead(true)
	if p.noteIfEmpty() {
		return
	}
	p.line("\n*filter\n:%s - [0:0]\n:%s - [0:0]\n:%s - [0:0]", chain, chainNodes, chainOwn)
	for _, g := range p.groups() {
		p.notePurpose("#", g)
		for _, ports := range iptPorts(g.ports) {
			if g.name == nodes {
				p.line("-A %s %s -j %s", chain, ports, chainNodes)
				continue
			}
			p.sources(chain, ports+" ", g)
		}
		if g.name == nodes {
			p.sources(chainNodes, "", g)
		}
	}
	for _, ports := range iptPorts(p.protectedPorts()) {
		p.note(p.say("file.own", nil))
		p.line("-A %s %s -j %s", chain, ports, chainOwn)
		p.note(p.say("file.guard", nil))
		p.line("-A %s %s --syn -j DROP", chain, ports)
	}
	p.line("-I %s\nCOMMIT", hook)
	p.noteOmitted()
}

// sources writes rules that accept a group's addresses. iptables-restore and ip6tables-restore each skip the other's lines.
func (p *printer) sources(chain, match string, g group) {
	for _, v := range versions {
		for _, addr := range family(g.addrs, v.number) {
			p.line("-%d -A %s -s %s %s-j ACCEPT", v.number, chain, addr, match)
		}
	}
}

func removeIPTables(p *printer) {
	p.line("#!/bin/sh")
	p.head(Remove)
	p.line("for ipt in iptables ip6tables; do")
	for _, command := range removeChains("$ipt") {
		p.line("\t%s", command)
	}
	p.line("done")
}

// removeChains returns the commands that remove the chains, even if they were added several times.
func removeChains(ipt string) []string {
	commands := []string{"while " + ipt + " -D " + hook + " 2>/dev/null; do :; done"}
	for _, do := range []string{"-F", "-X"} {
		for _, c := range []string{chain, chainNodes, chainOwn} {
			commands = append(commands, ipt+" "+do+" "+c+" 2>/dev/null || :")
		}
	}
	return commands
}

const setPrefix = "boxready-"

func addIPSet(p *printer) {
	p.hostHead(true)
	if p.noteIfEmpty() {
		return
	}
	protectedPorts := p.protectedPorts()
	p.line("")
	p.note(p.say("file.ipset-rules", nil))
	for _, v := range versions {
		accept := func(set string, ports []bitrix.Port) {
			for _, match := range iptPorts(ports) {
				p.line("#   %s -A %s %s -m set --match-set %s%s src -j ACCEPT", v.ipt, chain, match, setPrefix, set)
			}
		}
		p.line("#   %s -N %s", v.ipt, chain)
		for _, g := range p.groups() {
			accept(g.set(v.number), g.ports)
		}
		accept(fmt.Sprint("own-v", v.number), protectedPorts)
		for _, match := range iptPorts(protectedPorts) {
			p.line("#   %s -A %s %s --syn -j DROP", v.ipt, chain, match)
		}
		p.line("#   %s -I %s", v.ipt, hook)
	}
	for _, g := range p.groups() {
		p.line("")
		p.notePurpose("#", g)
		for _, v := range versions {
			set := setPrefix + g.set(v.number)
			p.line("create %s hash:net family %s -exist\ncreate %s-new hash:net family %s -exist\nflush %s-new", set, v.family, set, v.family, set)
			for _, addr := range family(g.addrs, v.number) {
				p.line("add %s-new %s -exist", set, addr)
			}
			p.line("swap %s-new %s\ndestroy %s-new", set, set, set)
		}
	}
	if protectedPorts != nil {
		p.note(p.say("file.own", nil))
		p.line("create %sown-v4 hash:net family inet -exist\ncreate %sown-v6 hash:net family inet6 -exist", setPrefix, setPrefix)
	}
	p.noteOmitted()
}

func removeIPSet(p *printer) {
	p.head(Remove)
	p.note(p.say("file.ipset-unhook", nil))
	for _, v := range versions {
		for _, command := range removeChains(v.ipt) {
			p.line("#   %s", command)
		}
	}
	for _, g := range p.groups() {
		p.line("destroy %s%s\ndestroy %s%s", setPrefix, g.set(4), setPrefix, g.set(6))
	}
	if p.protectedPorts() != nil {
		p.line("destroy %sown-v4\ndestroy %sown-v6", setPrefix, setPrefix)
	}
}

func addFirewalld(p *printer) {
	p.line("#!/bin/sh")
	p.hostHead(false)
	if p.noteIfEmpty() {
		return
	}
	p.line("\nset -e")
	p.note(p.say("file.zone", nil))
	p.line("zone=public")
	for _, g := range p.groups() {
		p.notePurpose("#", g)
		for _, v := range versions {
			set := setPrefix + g.set(v.number)
			p.line("firewall-cmd --permanent --delete-ipset=%s >/dev/null 2>&1 || :", set)
			p.line("firewall-cmd --permanent --new-ipset=%s --type=hash:net --option=family=%s", set, v.family)
			for _, addr := range family(g.addrs, v.number) {
				p.line("firewall-cmd --permanent --ipset=%s --add-entry=%s", set, addr)
			}
			for _, rule := range richRules(g, v.number, v.fwd) {
				p.line(`firewall-cmd --permanent --zone="$zone" --add-rich-rule='%s'`, rule)
			}
		}
	}
	p.line("firewall-cmd --reload")
	p.noteOmitted()
}

func richRules(g group, version int, family string) (rules []string) {
	for _, port := range g.ports {
		rules = append(rules, fmt.Sprintf(`rule family="%s" source ipset="%s%s" port port="%d" protocol="%s" accept`,
			family, setPrefix, g.set(version), port.Number, port.Proto))
	}
	return rules
}

func removeFirewalld(p *printer) {
	p.line("#!/bin/sh")
	p.head(Remove)
	p.line("zone=public")
	for _, g := range p.groups() {
		for _, v := range versions {
			for _, rule := range richRules(g, v.number, v.fwd) {
				p.line(`firewall-cmd --permanent --zone="$zone" --remove-rich-rule='%s'`, rule)
			}
			p.line("firewall-cmd --permanent --delete-ipset=%s%s", setPrefix, g.set(v.number))
		}
	}
	p.line("firewall-cmd --reload")
}

// addNginx writes allow lines for a location. The file that includes them has to deny all other clients.
func addNginx(p *printer) {
	p.hostHead(false)
	if len(p.Missing) > 0 {
		p.note(p.say("file.no-deny", nil))
	}
	if p.noteIfEmpty() {
		return
	}
	for _, g := range p.groups() {
		p.line("")
		p.notePurpose("#", g)
		for _, addr := range g.addrs {
			p.line("allow %s;", text(addr))
		}
	}
	p.noteOmitted()
}

const nginxFile = "/etc/nginx/boxready.conf"

func removeNginx(p *printer) {
	p.line("#!/bin/sh")
	p.head(Remove)
	p.line("if nginx -T 2>/dev/null | grep -q '^[^#]*include.*%s'; then", strings.TrimPrefix(nginxFile, "/etc/nginx/"))
	p.line("\techo '%s: %s' >&2\n\texit 1\nfi\nrm -f %s", nginxFile, strings.ReplaceAll(p.say("file.included", nil), "'", ""), nginxFile)
}

// addWindows writes PowerShell. Windows blocks all that no rule allows, so no blocking rule is written.
func addWindows(p *printer) {
	p.hostHead(false)
	if p.noteIfEmpty() {
		return
	}
	p.line("")
	p.note(p.say("file.again", nil))
	p.line("%s", dropWindows)
	for _, g := range p.groups() {
		p.line("")
		p.notePurpose("#", g)
		p.line("$addresses = @(")
		for _, addr := range g.addrs {
			p.line("    '%s'", text(addr))
		}
		p.line(")")
		for _, proto := range protocols {
			if list := numbers(g.ports, proto); list != nil {
				p.line("New-NetFirewallRule -Name '%s%s-%s' -Group 'BoxReady' -DisplayName '%s: %s %s' -Direction Inbound -Action Allow -Protocol %s -LocalPort %s -RemoteAddress $addresses | Out-Null",
					setPrefix, g.name, proto, p.mark(), g.name, proto, strings.ToUpper(proto), strings.Join(list, ","))
			}
		}
	}
	p.noteOmitted()
}

const dropWindows = "Get-NetFirewallRule -Group 'BoxReady' -ErrorAction SilentlyContinue | Remove-NetFirewallRule"

func removeWindows(p *printer) {
	p.head(Remove)
	p.line("%s", dropWindows)
}
