package checks

import (
	"cmp"
	"slices"
	"strings"
)

// Setup is how a portal's server is set up, as far as what has to be done there differs.
type Setup string

// The setups.
const (
	BitrixVM Setup = "bitrixvm" // BitrixVM or BitrixEnv: nginx in front of Apache, configured by a menu
	Nginx    Setup = "nginx"    // nginx and PHP-FPM
	Apache   Setup = "apache"   // Apache without nginx in front of it
	IIS      Setup = "iis"      // Windows with IIS
	Docker   Setup = "docker"   // the vendor's containers
	Panel    Setup = "panel"    // a hosting panel that writes the web server's settings
)

// Setups returns all, the most common first.
func Setups() []Setup { return []Setup{BitrixVM, Nginx, Apache, IIS, Docker, Panel} }

// Setup is the one that the owner named, or else what the results show; "" if neither tells.
func (o *Outcome) Setup() Setup {
	if slices.Contains(Setups(), o.Target.Setup) {
		return o.Target.Setup
	}
	environment, system := setupOfServer(o.Results)
	return cmp.Or(environment, setupOfHeader(o.Results), system)
}

// setupOfServer knows the setup from the server probe: by the environment that the vendor makes, and by the operating system, on which
// another web server than its own may run.
func setupOfServer(results []Result) (environment, system Setup) {
	for _, r := range results {
		f, ok := r.Facts.(*ServerPlatformFacts)
		if !ok || f.PHP == nil {
			continue
		}
		if f.PHP.Environment != "" {
			environment = BitrixVM
		}
		if strings.HasPrefix(f.PHP.System, "Windows") { // as php_uname begins
			system = IIS
		}
	}
	return environment, system
}

// setupOfHeader knows the setup from the Server header of the portal's answer. "nginx" tells nothing: it is also in front of Apache, in
// containers, and written by panels. A filter or an identity provider speaks for itself.
func setupOfHeader(results []Result) Setup {
	for _, r := range results {
		f, ok := r.Facts.(*RouteFacts)
		switch {
		case !ok || f.Filter != "":
		case strings.HasPrefix(f.Server, "Microsoft-IIS"):
			return IIS
		case strings.HasPrefix(f.Server, "Apache"):
			return Apache
		}
	}
	return ""
}
