package checks

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/serverprobe"
)

// Causes of server-platform, besides platform-outdated.
const (
	PHPTooOld           Cause = "php-too-old"
	PHPExtensionMissing Cause = "php-extension-missing"
	OpenSSLTooOld       Cause = "openssl-too-old"
)

// ServerPlatformFacts are PHP and the age of the modules that every application uses.
type ServerPlatformFacts struct {
	Web      bool                     `json:"web"` // the PHP that serves the portal; the command line's may be another one
	PHP      *serverprobe.PHPSettings `json:"php,omitempty"`
	Database *serverprobe.Database    `json:"database,omitempty"`
	Main     string                   `json:"main,omitempty"` // versions of modules
	REST     string                   `json:"rest,omitempty"`
}

func hasPlatform(p *serverprobe.Probe) bool { return p.Settings != nil }

func observeServerPlatform(_ context.Context, env *Env) (*ServerPlatformFacts, error) {
	p := env.probe()
	return &ServerPlatformFacts{Web: p.Web(), PHP: p.Settings, Database: p.Database, Main: p.Modules["main"], REST: p.Modules["rest"]}, nil
}

// oldestPHP is what the product's own check requires, by the version of module main in which it was found.
var oldestPHP = []struct{ main, php string }{
	{"25.550.100", "8.1.0"},
	{"23.300.100", "8.0.0"},
}

// phpSupport has the last day of the PHP project's security fixes, by branch; a distribution may go on longer with its own packages.
// https://www.php.net/supported-versions.php and https://www.php.net/eol.php, as of September 2026.
var phpSupport = map[string]string{"7.2": "2020-11-30", "7.3": "2021-12-06", "7.4": "2022-11-28", "8.0": "2023-11-26", "8.1": "2025-12-31",
	"8.2": "2026-12-31", "8.3": "2027-12-31", "8.4": "2028-12-31", "8.5": "2029-12-31"}

// PHPSupport returns the branch of the PHP that serves the portal, e.g. "8.2", and the last day of its security fixes, as 2006-01-02;
// "" if either isn't known.
func (f *ServerPlatformFacts) PHPSupport() (branch, lastDay string) {
	if f.PHP == nil || !f.Web {
		return "", ""
	}
	parts := strings.SplitN(versionNumber.FindString(f.PHP.Version), ".", 3)
	branch = strings.Join(parts[:min(len(parts), 2)], ".")
	return branch, phpSupport[branch]
}

// PHP 8.1, which the product requires, can't be built with an older one; TLS 1.2 needs 1.0.1.
// https://www.php.net/manual/en/openssl.requirements.php
const oldestOpenSSL = "1.0.2"

// Without these REST fails entirely or in part; the product's other extensions are for pictures and documents.
var extensionsOfREST = []string{"fsockopen", "openssl", "ssl", "hash", "json", "mbstring", "xml"}

var versionNumber = regexp.MustCompile(`\d+(?:\.\d+)+`)

func judgeServerPlatform(f *ServerPlatformFacts, _ FactsByCheck) []Result {
	if f.PHP == nil || f.PHP.Version == "" {
		return one(unknown(UnexpectedAnswer, ServerAdmin))
	}
	// The command line's PHP may differ from the portal's.
	said := func(c Cause) Result {
		if !f.Web {
			return unknown(c, ServerAdmin)
		}
		return problem(c, ServerAdmin)
	}
	var results []Result
	php := versionNumber.FindString(f.PHP.Version)
	for _, o := range oldestPHP {
		if f.Main != "" && bitrix.CompareVersions(f.Main, o.main) >= 0 {
			if bitrix.CompareVersions(php, o.php) < 0 {
				results = append(results, said(PHPTooOld).with(Args{"oldest": o.php}))
			}
			break
		}
	}
	if len(f.PHP.Missing) > 0 {
		r := said(PHPExtensionMissing)
		if !slices.ContainsFunc(f.PHP.Missing, func(name string) bool { return slices.Contains(extensionsOfREST, name) }) && f.Web {
			r = notice(PHPExtensionMissing, ServerAdmin)
		}
		results = append(results, r.with(Args{"missing": f.PHP.Missing}))
	}
	// Other libraries, such as LibreSSL, have other version numbers.
	if ssl := versionNumber.FindString(f.PHP.OpenSSL); strings.HasPrefix(f.PHP.OpenSSL, "OpenSSL ") && ssl != "" && bitrix.CompareVersions(ssl, oldestOpenSSL) < 0 {
		results = append(results, said(OpenSSLTooOld).with(Args{"oldest": oldestOpenSSL}))
	}
	var old []string
	for _, m := range []struct{ name, version string }{{"rest", f.REST}, {"main", f.Main}} {
		if m.version != "" && lastOf(m.version).Before(asOf.AddDate(-oldAfterYears, 0, 0)) {
			old = append(old, m.name+" "+m.version)
		}
	}
	if old != nil {
		results = append(results, notice(PlatformOutdated, PortalAdmin).with(Args{"modules": old}))
	}
	return about(orOK(results), Args{"php": php, "openssl": f.PHP.OpenSSL, "cli": !f.Web})
}

// lastOf is a day on which version v was released; see newestBelow.
func lastOf(v string) time.Time {
	major, _, _ := strings.Cut(v, ".")
	year, err := strconv.Atoi(major)
	if err != nil {
		return asOf
	}
	return time.Date(2000+year+1, time.April, 1, 0, 0, 0, 0, time.UTC)
}
