package words_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
)

// bracketed is a Russian name in brackets after the English one.
var bracketed = regexp.MustCompile(`\([^()]*\)`)

// A portal may be Russian where its administrator reads English: the Russian name of a menu stands in brackets after the English one.
func TestEnglishTextsHaveRussianNamesInBracketsOnly(t *testing.T) {
	russian := regexp.MustCompile(`[А-Яа-яЁё]`)
	for key, text := range texts(t, "en") {
		if russian.MatchString(bracketed.ReplaceAllString(text, "")) {
			t.Errorf("en %s: Russian in it: %q", key, text)
		}
		if russian.MatchString(text) && regexp.MustCompile(`(^|[^”A-Za-z ]) ?\([А-Яа-яЁё]`).MatchString(text) {
			t.Errorf("en %s: no English name before the Russian one: %q", key, text)
		}
	}
}

// glossary has the one Russian word for each thing: what stands for it elsewhere in the language isn't used here.
var glossary = []struct {
	use     string
	instead *regexp.Regexp
	but     *regexp.Regexp // is another thing, or a name; nil for nothing
}{
	{"разработчик", regexp.MustCompile(`(?i)поставщик|вендор`), nil},
	{"межсетевой экран", regexp.MustCompile(`(?i)брандмауэр|файрвол|фаервол`), regexp.MustCompile(`Брандмауэр[а-я]* Windows`)},
	{"сервер", regexp.MustCompile(`(?i)(^|[^а-яё])уз(ел|л[а-я]+)|(^|[^а-яё])хост([ауеы]|ов|ом|ам|ах)?([^а-яё]|$)`), nil},
	{"Маркетплейс", regexp.MustCompile(`Маркет([^п]|$)|Marketplace`), regexp.MustCompile(`Marketplace > `)},
	{"код вебхука", regexp.MustCompile(`(?i)ключ[а-я]* вебхук`), nil},
	{"опечатка", regexp.MustCompile(`(?i)описк`), nil},
	{"неполадка", regexp.MustCompile(`(?i)неисправност|поломк`), nil},
	{"права (приложения)", regexp.MustCompile(`(?i)разрешени[яй] приложени`), nil},
	{"«Командная PHP-строка»", regexp.MustCompile(`PHP-командн`), nil},
	{"параметр (командной строки)", regexp.MustCompile(`(?i)(^|[^а-яё])ключ[а-я]* -`), nil},
	{"самоподписанный", regexp.MustCompile(`подписан[а-я]* (сам|собой)|ручается сам`), nil},
	{"ни на что не влияет (под заголовком «На что влияет»)", regexp.MustCompile(`^(Пока )?[Нн]ичему|Порталу не мешает`), nil},
	// A key is an application's client_secret; these are names of other things.
	{"токен, вебхук или код (ключ — это client_secret)", regexp.MustCompile(`(?i)(^|[^а-яё])ключ([аеуи]|ом|ами|ах|ей|ам)?([^а-яё]|$)`),
		regexp.MustCompile(`(?i)ключ[а-я]* (приложени|сертификат|или подпись сертификат|и сертификат|на сервере|из агента|RSA|ECDSA|SSH|реестра)|(код|ID)[а-я]* и ключ|код и его ключ|лицензионн[а-я]* ключ|ключ[а-я]* лицензи|` +
			`(закрыт|открыт|публичн)[а-я]* ключ|с ключом из|ключ[а-я]* \(client_secret\)|связк[а-я]* ключей|^ключ$|Ключ «|ключ[а-я]* «|Его ключ: |client_secret|[Сс]ертификат.{0,80}ключ[а-я]*|Если ключ меняли|ключами которого`)},
}

func TestRussianTextsHaveOneWordForEachThing(t *testing.T) {
	for key, text := range texts(t, "ru") {
		for _, g := range glossary {
			rest := text
			if g.but != nil {
				rest = g.but.ReplaceAllString(rest, "…")
			}
			if found := g.instead.FindString(rest); found != "" {
				t.Errorf("ru %s: %q instead of %s: %s", key, found, g.use, text)
			}
		}
	}
}

// allowedLatin are the names in Latin letters that Russian texts may use: of products, protocols, formats, systems and programs.
var allowedLatin = strings.Fields(`
	BoxReady Bitrix BitrixVM BitrixEnv Marketplace CoPilot REST OAuth API SDK CRM Voximplant WhatsApp Zoom Google
	AAAA CA CDN CN CSV DDoS DNAT DNS DV ECDHE ECDSA DHE CBC HTML HTTP HTTPS IP IPs IPv4 IPv6 JSON MD5 NTP PDF PEM RFC RSA SHA-1 SHA-256 SHA-384 SQL SSH TCP TLS
	TLSv1.2 TLSv1.3 URL UTC UTF-8 UTF-16 VIP VPN WAF YAML BOM SERVFAIL http https root www
	Apache Cloudflare Docker FortiGate FortiOS GNOME Go Hyper-V IIS Java JavaScript KeePassXC Keyring Kotlin KWallet Linux MikroTik ModSecurity MySQL OPNsense
	OpenGL OpenSSL PHP PowerShell Prometheus Python Redis RouterOS Ruby Sphinx Squid TypeScript WSL Windows bash cron curl fail2ban firewalld fish
	iptables ipset macOS memcached minisign nft nftables nginx openssl pfSense ssh systemd zsh
	Enter Ctrl+C Ctrl+V F12 ID GET POST OPTIONS BEGIN END push Network rest batch
	Authorization Host PFX hosts location server Secure listen ssl return rewrite optional require on off On All True fsockopen VirtualHost
`)

// latin matches words of Latin letters in a Russian sentence.
var latin = regexp.MustCompile(`[A-Za-z][A-Za-z0-9.+-]*[A-Za-z0-9]`)

// notProse is what a Russian sentence may hold besides its words, in this order: places for values, commands and settings, quotations,
// names of files, headers, functions and constants.
var notProse = []*regexp.Regexp{
	regexp.MustCompile(`\{\{.*?\}\}`),
	regexp.MustCompile(`SSL[A-Z][A-Za-z]+|CGIPassAuth|BX24\.getAuth|bool\(true\)|Subject Alternative Name|Common Name|[A-Z][a-z]+( [a-z]+)* > [A-Z][A-Za-z ]+`),
	regexp.MustCompile("`[^`]*`"),
	regexp.MustCompile(`«[^»]*»|'[^']*'`),
	regexp.MustCompile(`https?://\S*|http(s)?://`),
	regexp.MustCompile(`\S*[/_\\=<>@|$*]\S*( true| false)?|(^|[\s«(])--?[a-z]\S*( [a-z]+)?|boxready[a-z-]*( [a-z-]+)*`),
	regexp.MustCompile(`[A-Za-z0-9-]*\.[a-z][a-z.]*|\([a-z-]+\)|[a-z]+(-[a-z]+)+`),
	regexp.MustCompile(`[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)+`),
	regexp.MustCompile(`[a-z]+[A-Z][A-Za-z]*|[A-Z][a-z]*Auth|[A-Z]{5,}[A-Z-]*: [a-z]+|[A-Z]{5,}`),
	regexp.MustCompile(`[a-z]+-[0-9]`),
	regexp.MustCompile(`(модул[а-я]*|метод[а-я]*|пакет[а-я]*|команд[а-я]*|событи[а-я]*|параметр[а-я]*|пользовател[а-я]*|прав[а-я]*|слов[а-я]*) [a-z][a-z0-9-]*( и [a-z]+)?`),
}

// settingsOf are texts about settings that only exist in Latin letters, and lists of what a command line takes.
var settingsOf = []string{"allowlist.equipment.", "help.", "cli", "portals.error.", "requirements.", "rest-route.", "allowlist.file."}

func TestRussianTextsUseNoLatinJargon(t *testing.T) {
	for key, text := range texts(t, "ru") {
		if strings.HasSuffix(key, ".more") || bySetup(key) || slices.ContainsFunc(settingsOf, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			continue
		}
		for _, word := range latin.FindAllString(prose(text), -1) {
			if !slices.Contains(allowedLatin, word) {
				t.Errorf("ru %s: %q isn't Russian, nor an allowed name: %s", key, word, text)
			}
		}
	}
}

// bySetup reports whether a text is about one setup of the server, so that it names that software's settings and menus.
func bySetup(key string) bool {
	return slices.Contains(checks.Setups(), checks.Setup(key[strings.LastIndex(key, ".")+1:]))
}

func prose(text string) string {
	for _, other := range notProse {
		text = other.ReplaceAllString(text, " ")
	}
	return text
}
