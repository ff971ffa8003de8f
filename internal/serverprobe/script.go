package serverprobe

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"text/template"

	"boxready/assets"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
)

// Options are what is put into a script.
type Options struct {
	Portal portal.Address // the zero value if it isn't known
	// Root is the portal's folder on the server, for PHP by the command line; "" for the portal's own PHP command line, which
	// has the product loaded already.
	Root    string
	Servers []string // instead of the authorization servers of both regions; https addresses
	Others  []string // instead of the vendor's other hosts
}

// regional is a host that portals of a region need; "" is any region. By http:// it is opened without encryption.
type regional struct {
	Region bitrix.Region
	URL    string
}

// CommandLinePage is the page of a portal where an administrator runs PHP.
const CommandLinePage = "/bitrix/admin/php_command_line.php"

// UsualRoot is the portal's folder in BitrixVM and BitrixEnv.
const UsualRoot = "/home/bitrix/www"

// Script returns a script that inspects a portal's server. Each copy has its own nonce, which its answer repeats.
func Script(kind Kind, o Options) (text, nonce string, err error) {
	if !slices.Contains(Kinds(), kind) {
		return "", "", fmt.Errorf("no script of the kind %q", kind)
	}
	values := struct {
		Nonce, Portal, Root string
		Servers, Others     []string
		Regional            []regional
		CIS                 []string
	}{Nonce: strings.ToLower(rand.Text()[:16]), Root: strings.TrimRight(o.Root, "/"), Servers: o.Servers, Others: o.Others, CIS: bitrix.CISLicences()}
	if o.Portal.Host != "" {
		values.Portal = o.Portal.Authority()
	}
	if values.Servers == nil {
		for _, region := range bitrix.Regions() {
			values.Servers = append(values.Servers, bitrix.AuthServer(region))
		}
	}
	if values.Others == nil {
		values.Others, values.Regional = otherHosts(), regionalHosts()
	}
	for _, other := range o.Others {
		values.Regional = append(values.Regional, regional{URL: other})
	}
	filledIn := append([]string{values.Portal, values.Root}, slices.Concat(values.Servers, values.Others)...)
	for _, r := range values.Regional {
		filledIn = append(filledIn, r.URL)
	}
	for _, value := range filledIn {
		if strings.ContainsAny(value, "'\"\\`$\n\r ") {
			return "", "", fmt.Errorf("%q can't stand in a script", value)
		}
	}
	file := map[Kind]string{PHP: "probe.php", Shell: "probe.sh", PowerShell: "probe.ps1"}[kind]
	files := []string{file}
	if kind == PHP && o.Root != "" {
		files = []string{"cli.php", file}
	}
	var out strings.Builder
	for _, file := range files {
		source, err := assets.Probe.ReadFile("probe/" + file)
		if err != nil {
			return "", "", fmt.Errorf("read %s: %w", file, err)
		}
		script, err := template.New(file).Parse(string(source))
		if err == nil {
			err = script.Execute(&out, values)
		}
		if err != nil {
			return "", "", fmt.Errorf("fill in %s: %w", file, err)
		}
	}
	return out.String(), values.Nonce, nil
}

// otherHosts returns the vendor's hosts, besides the authorization servers, that the portal connects to so that applications can be
// found, installed and created.
func otherHosts() (hosts []string) {
	for _, e := range bitrix.Endpoints() {
		if e.Pack != bitrix.PackREST || !e.Has(bitrix.PortalOut) {
			continue
		}
		for _, address := range e.URLs {
			name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://"), "/")
			if host := "https://" + name; !bitrix.IsAuthHost(name) && !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}

// regionalHosts returns what every portal of a region connects to besides its authorization server: the hosts for updates and the
// licence, for the Market, and for notifications.
func regionalHosts() (hosts []regional) {
	for _, region := range bitrix.Regions() {
		for _, e := range bitrix.Endpoints() {
			id := strings.TrimSuffix(e.ID, "-w")
			if !slices.Contains([]string{"updates-ca", "market", "rtc"}, id) || !e.In(region) || len(e.URLs) == 0 {
				continue
			}
			address, err := url.Parse(e.URLs[0])
			if err != nil {
				continue
			}
			hosts = append(hosts, regional{region, "https://" + address.Host})
			if id == "updates-ca" {
				hosts = append(hosts, regional{region, "http://" + address.Host}) // by default updates are not encrypted
			}
		}
	}
	return hosts
}
