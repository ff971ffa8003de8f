package allowlist

import (
	"fmt"
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/bitrix"
)

// throughProxy reports whether a row's connections go through an HTTP proxy.
func throughProxy(_ *Rules, row Row) bool {
	web := true
	for _, port := range row.Ports {
		web = web && port.Proto == "tcp" && (port.Number == 80 || port.Number == 443 || row.ID() == Application || row.Party == Handlers)
	}
	return web && !row.Inward()
}

// squidServers are the names of squid's lists of the servers' addresses by direction.
var squidServers = []struct {
	dir  bitrix.Direction
	name string
}{{bitrix.PortalOut, "boxready-portal"}, {bitrix.AppOut, "boxready-handlers"}}

func addSquid(p *printer) {
	p.head(Add)
	if p.noteIfEmpty() {
		return
	}
	p.line("\nacl boxready-connect method CONNECT")
	from := map[bitrix.Direction]string{}
	for _, s := range squidServers {
		if localAddr := p.localAddr(s.dir); localAddr.IsValid() {
			from[s.dir] = s.name + " "
			p.line("acl %s src %s", s.name, localAddr)
		}
	}
	var known []string
	for _, g := range p.groups() {
		list := setPrefix + g.name
		p.line("")
		var lists []string
		for _, t := range g.targets {
			p.note(p.purpose(t))
			for _, name := range t.names {
				p.line("acl %s dstdomain %s", list, strings.TrimPrefix(name, "*"))
				lists = add(lists, list)
			}
			for _, addr := range t.addrs {
				p.line("acl %s-ip dst %s", list, text(addr))
				lists = add(lists, list+"-ip")
			}
		}
		p.noteUnrestricted("#", g)
		for _, number := range numbers(g.ports, "tcp") {
			port := "boxready-port-" + number
			if !slices.Contains(known, port) {
				known = append(known, port)
				p.line("acl %s port %s", port, number)
			}
			method := "boxready-connect"
			if number == "80" {
				method = "!boxready-connect" // plain HTTP isn't tunnelled
			}
			for _, list := range lists {
				p.line("http_access allow %s%s %s %s", from[g.dir], method, port, list)
			}
		}
	}
	p.line("")
	advice := ProxySettings(p.words, "", 0)
	p.note(advice.Title + ".")
	p.note(advice.REST)
	for line := range strings.Lines(advice.Code) {
		p.line("#   %s", strings.TrimRight(line, "\n"))
	}
	p.note(advice.Updates)
	for _, note := range advice.Notes {
		p.note(note)
	}
	p.noteOmitted()
}

const squidFile = "/etc/squid/conf.d/boxready.conf"

func removeSquid(p *printer) {
	p.line("#!/bin/sh")
	p.head(Remove)
	p.line("rm -f %s\nsquid -k parse && squid -k reconfigure", squidFile)
}

// ProxyAdvice is what to put into a portal's settings if its server reaches the internet through a proxy only. REST
// and updates have separate settings: https://dev.1c-bitrix.ru/api_d7/bitrix/main/web/httpclient/ and the options
// update_site_proxy_… of the main module.
type ProxyAdvice struct {
	Title   string
	REST    string // what to do with Code
	Code    string // PHP, for /bitrix/.settings.php
	Updates string
	Notes   []string
}

// defaultProxyPort is squid's.
const defaultProxyPort = 3128

// ProxySettings returns the advice for the proxy at host and port; with "" and 0 the reader has to fill them in.
func ProxySettings(w Words, host string, port int) ProxyAdvice {
	say := func(key string) string { return w.Say("allowlist.proxy."+key, nil) }
	if host == "" {
		host = say("host")
	}
	if port == 0 {
		port = defaultProxyPort
	}
	a := ProxyAdvice{Title: say("title"), REST: say("rest"), Updates: w.Say("allowlist.proxy.updates", checks.Args{"host": host, "port": port}),
		Notes: []string{say("all"), say("self-test")}}
	a.Code = fmt.Sprintf(`'http_client_options' => [
  'value' => [
    'proxyHost' => %s,
    'proxyPort' => %d,
    'proxyUser' => '',
    'proxyPassword' => '',
  ],
  'readonly' => false,
],
`, phpString(host), port)
	return a
}

// phpString quotes a string with single quotes, where PHP has two special characters.
func phpString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
