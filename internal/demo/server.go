package demo

import (
	"slices"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/serverprobe"
)

// ServerAnswer returns what the script for PHP would print on the simulated portal's server: a server without problems, except
// that it can't reach the authorization server if the portal can't.
func (p *Portal) ServerAnswer() (string, error) {
	yes, age := true, int64(60)
	host := p.Sim.Host()
	unreachable := slices.ContainsFunc(p.faults, func(name string) bool { return strings.HasPrefix(name, "auth-server-unreachable") })
	a := &serverprobe.Answer{
		Kind: serverprobe.PHP, Nonce: "demo", PortalHost: host, Time: time.Now().UTC().Truncate(time.Second), TookMS: 900, SAPI: "fpm-fcgi", Loaded: true, RESTOK: &yes,
		Settings: &serverprobe.PHPSettings{Version: "8.3.14", OpenSSL: "OpenSSL 3.0.13 30 Jan 2024", Store: serverprobe.CertificateStore{File: "/etc/pki/tls/cert.pem", Readable: true}},
		Modules:  map[string]string{"main": "25.550.100", "rest": "25.600.100", "crm": "25.600.0", "im": "25.600.0"},
		Database: &serverprobe.Database{Type: "mysql", Version: "8.0.36"}, Names: []string{host},
		Licence: &serverprobe.Licence{Region: "ru", Ends: time.Now().AddDate(0, 10, 0).Format(time.DateOnly), TimeBound: true},
		HTTPS:   &serverprobe.HTTPS{Seen: true, Browser: "https://" + host, Host: host, Port: "443"},
		Proxies: &serverprobe.Proxies{}, Setup: &serverprobe.Setup{}, Agents: &serverprobe.Agents{AgeS: &age, CrontabSupport: true}, Usage: &serverprobe.Usage{},
	}
	for i, region := range bitrix.Regions() {
		h := serverprobe.Host{Host: strings.TrimPrefix(bitrix.AuthServer(region), "https://"), Port: 443, InUse: i == 0, DNS: "ok", TCP: "ok", TLS: "ok",
			HTTP: &serverprobe.HTTP{Status: 400, TookMS: 80, Error: "invalid_request"}}
		if unreachable {
			h.TCP, h.TCPError, h.TLS, h.HTTP = "failed", "110 Connection timed out", "", &serverprobe.HTTP{}
		}
		a.Hosts = append(a.Hosts, h)
	}
	return serverprobe.Print(a)
}
