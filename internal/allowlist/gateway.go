package allowlist

import (
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Gateways between the servers and the internet. They accept names and addresses, each with its own limits.

// routerPath are RouterOS's menus for each version of IP.
var routerPath = map[int]string{4: "/ip firewall", 6: "/ipv6 firewall"}

func addMikroTik(p *printer) {
	p.head(Add)
	if p.noteIfEmpty() {
		return
	}
	comment := fmt.Sprintf(`comment="%s"`, p.mark())
	p.line("")
	p.note(p.say("file.again", nil))
	p.routerRemove()
	lists := map[int]bool{}
	for _, g := range p.groups() {
		list := setPrefix + g.name
		p.line("")
		for _, t := range g.targets {
			p.note(p.purpose(t))
			for _, name := range t.names {
				p.line("%s address-list add list=%s address=%s %s", routerPath[4], list, name, comment)
			}
			for _, v := range versions {
				for _, addr := range family(t.addrs, v.number) {
					p.line("%s address-list add list=%s address=%s %s", routerPath[v.number], list, addr, comment)
				}
			}
		}
		p.noteUnrestricted("#", g)
		side := map[bool]string{true: "src", false: "dst"}[g.targets[0].Inward()]
		for _, v := range versions {
			if len(family(g.addrs, v.number)) == 0 && (v.number == 6 || len(g.names) == 0) && (g.name != nodes || v.number == 6) {
				continue
			}
			lists[v.number] = true
			for _, proto := range protocols {
				if ports := numbers(g.ports, proto); ports != nil {
					p.line("%s filter add chain=boxready action=accept protocol=%s dst-port=%s %s-address-list=%s%s %s",
						routerPath[v.number], proto, strings.Join(ports, ","), side, list, p.routerLocalAddr(g, v.number), comment)
				}
			}
		}
	}
	p.line("")
	p.note(p.say("file.jump", nil))
	for _, v := range versions {
		if lists[v.number] {
			jump := routerPath[v.number] + " filter add chain=forward action=jump jump-target=boxready " + comment
			p.line(":do { %s place-before=0 } on-error={ %s }", jump, jump)
		}
	}
	p.noteOmitted()
}

// routerLocalAddr restricts a rule to its server.
func (p *printer) routerLocalAddr(g group, version int) string {
	localAddr := p.localAddr(g.dir)
	if !localAddr.IsValid() || localAddr.Is4() != (version == 4) {
		return ""
	}
	side := "src"
	if g.targets[0].Inward() {
		side = "dst"
	}
	return fmt.Sprintf(" %s-address=%s", side, localAddr)
}

func (p *printer) routerRemove() {
	for _, v := range versions {
		for _, menu := range []string{"filter", "address-list"} {
			p.line(`%s %s remove [find where comment~"^BoxReady "]`, routerPath[v.number], menu)
		}
	}
}

func removeMikroTik(p *printer) {
	p.head(Remove)
	p.routerRemove()
}

// fortiObject returns the name of an address object in FortiOS, which allows 79 characters.
func fortiObject(far string) string {
	name := setPrefix + strings.Replace(far, "*.", "any.", 1)
	if len(name) > 79 {
		hash := fnv.New32a()
		hash.Write([]byte(name))
		name = fmt.Sprintf("%s-%08x", name[:70], hash.Sum32())
	}
	return name
}

func addFortiGate(p *printer) {
	p.head(Add)
	if p.noteIfEmpty() {
		return
	}
	comment := fmt.Sprintf(`        set comment "%s"`, p.mark())
	edit := func(name string, settings ...string) {
		p.line(`    edit "%s"`, name)
		for _, s := range settings {
			p.line("        set %s", s)
		}
		p.line("%s\n    next", comment)
	}
	groups := p.groups()
	p.line("\nconfig firewall address")
	var objects []string
	object := func(far, why string, settings ...string) {
		if name := fortiObject(far); !slices.Contains(objects, name) {
			objects = append(objects, name)
			p.noteAt("    #", why)
			edit(name, settings...)
		}
	}
	for _, g := range groups {
		for _, t := range g.targets {
			why := p.purpose(t)
			for _, name := range t.names {
				object(name, why, "type fqdn", fmt.Sprintf(`fqdn "%s"`, name))
				why = "" // only once
			}
			for _, addr := range t.addrs {
				if addr.Addr().Is4() {
					object(text(addr), why, "subnet "+subnet(addr))
					why = ""
				}
			}
		}
		if localAddr := p.localAddr(g.dir); localAddr.Is4() {
			object(localAddr.String(), "", "subnet "+subnet(single(localAddr)))
		}
	}
	p.line("end")
	p.fortiV6(groups, edit)
	p.line("config firewall addrgrp")
	for _, g := range groups {
		if members := g.members(4); members != nil {
			edit(setPrefix+g.name, "member "+strings.Join(members, " "))
		}
	}
	p.line("end\nconfig firewall service custom")
	var services []string
	for _, g := range groups {
		if name := g.service(); !slices.Contains(services, name) {
			services = append(services, name)
			var ranges []string
			for _, proto := range protocols {
				if list := numbers(g.ports, proto); list != nil {
					ranges = append(ranges, proto+"-portrange "+strings.Join(list, " "))
				}
			}
			edit(name, ranges...)
		}
	}
	p.line("end")
	p.note(p.say("file.interfaces", nil))
	p.line("config firewall policy")
	for _, g := range groups {
		p.noteUnrestricted("    #", g)
		p.fortiPolicy(g)
	}
	p.line("end")
	p.noteOmitted()
}

// fortiV6 writes the objects for IPv6, which FortiOS keeps in separate tables.
func (p *printer) fortiV6(groups []group, edit func(string, ...string)) {
	var addresses, lists [][]string
	for _, g := range groups {
		for _, addr := range g.addrs {
			if addr.Addr().Is6() {
				addresses = append(addresses, []string{fortiObject(text(addr)), "ip6 " + addr.String()})
			}
		}
		if members := g.members(6); members != nil {
			lists = append(lists, []string{setPrefix + g.name + "-v6", "member " + strings.Join(members, " ")})
		}
	}
	for _, table := range []struct {
		name  string
		edits [][]string
	}{{"address6", addresses}, {"addrgrp6", lists}} {
		if table.edits != nil {
			p.line("config firewall %s", table.name)
			for _, e := range table.edits {
				edit(e[0], e[1:]...)
			}
			p.line("end")
		}
	}
}

// members returns the quoted names of a group's objects of one version; those of host names belong to IPv4.
func (g group) members(version int) (members []string) {
	if version == 4 {
		for _, name := range g.names {
			members = append(members, `"`+fortiObject(name)+`"`)
		}
	}
	for _, addr := range family(g.addrs, version) {
		members = append(members, `"`+fortiObject(addr)+`"`)
	}
	return members
}

func (g group) service() string { return setPrefix + strings.Join(portParts(g.ports), "-") }

func (p *printer) fortiPolicy(g group) {
	localAddr := "all"
	if addr := p.localAddr(g.dir); addr.Is4() {
		localAddr = fortiObject(addr.String())
	}
	src, dst, ends := localAddr, setPrefix+g.name, []string{"src", "dst"}
	if g.targets[0].Inward() {
		src, dst, ends = dst, localAddr, []string{"dst", "src"}
	}
	p.line(`    edit 0
        set name "%s%s"
        set srcintf "any"
        set dstintf "any"`, setPrefix, g.name)
	if g.members(4) != nil {
		p.line("        set srcaddr \"%s\"\n        set dstaddr \"%s\"", src, dst)
	}
	if g.members(6) != nil {
		p.line("        set %saddr6 \"all\"\n        set %saddr6 \"%s%s-v6\"", ends[0], ends[1], setPrefix, g.name)
	}
	p.line(`        set service "%s"
        set schedule "always"
        set action accept`, g.service())
	if !g.targets[0].Inward() {
		p.line("        set nat enable")
	}
	p.line("        set comments \"%s\"\n    next", p.mark())
}

// subnet formats a network for FortiOS: address and mask.
func subnet(p netip.Prefix) string {
	mask := net.CIDRMask(p.Bits(), 32)
	return p.Addr().String() + " " + net.IP(mask).String()
}

func removeFortiGate(p *printer) {
	p.head(Remove)
	p.note(p.say("file.policies", nil))
	groups := p.groups()
	for _, g := range groups {
		p.note("- " + setPrefix + g.name)
	}
	var objects, objects6, services []string
	for _, g := range groups {
		for _, name := range g.names {
			objects = add(objects, fortiObject(name))
		}
		for _, addr := range family(g.addrs, 4) {
			objects = add(objects, fortiObject(addr))
		}
		if localAddr := p.localAddr(g.dir); localAddr.Is4() {
			objects = add(objects, fortiObject(localAddr.String()))
		}
		for _, addr := range family(g.addrs, 6) {
			objects6 = add(objects6, fortiObject(addr))
		}
		services = add(services, g.service())
	}
	var lists, lists6 []string
	for _, g := range groups {
		if g.members(4) != nil {
			lists = append(lists, setPrefix+g.name)
		}
		if g.members(6) != nil {
			lists6 = append(lists6, setPrefix+g.name+"-v6")
		}
	}
	for _, table := range []struct {
		name    string
		objects []string
	}{{"addrgrp", lists}, {"addrgrp6", lists6}, {"address", objects}, {"address6", objects6}, {"service custom", services}} {
		if table.objects != nil {
			p.line("config firewall %s", table.name)
			for _, o := range table.objects {
				p.line(`    delete "%s"`, o)
			}
			p.line("end")
		}
	}
}

// pfAlias is the name of an alias: pfSense allows 31 letters, digits and underscores.
func (g group) pfAlias() string { return "boxready_" + strings.ReplaceAll(g.name, "-", "_") }

func addPfSense(p *printer) {
	p.head(Add)
	if p.noteIfEmpty() {
		return
	}
	for _, g := range p.groups() {
		p.line("")
		p.notePurpose("#", g)
		p.note(p.say("direction."+string(g.dir)+".title", nil) + ", " + Row{Ports: g.ports}.PortsText() + ". " + g.pfAlias() + ":")
		for _, name := range g.names {
			p.line("%s", name)
		}
		for _, addr := range g.addrs {
			p.line("%s", text(addr))
		}
	}
	p.noteOmitted()
}

func removePfSense(p *printer) {
	p.head(Remove)
	p.note(p.say("file.aliases", nil))
	for _, g := range p.groups() {
		p.note("- " + g.pfAlias())
	}
}
