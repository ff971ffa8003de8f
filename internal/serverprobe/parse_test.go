package serverprobe_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"math/rand"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"boxready/internal/serverprobe"

	"github.com/google/go-cmp/cmp"
)

const answerJSON = `{"kind":"php","nonce":"abcdefgh12345678","asked":"portal.example.ru","time":"2026-11-25T10:00:00Z","took_ms":1234,"sapi":"fpm-fcgi","product":true,
"failed":{},"modules":{"main":"25.550.100","rest":"25.600.100"},"applications":[],"hosts":[{"host":"oauth.bitrix24.tech","port":443,"in_use":true,"dns":"ok","addresses":["203.0.113.5"]}]}`

// block is an answer as a script prints it.
func block(data string) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write([]byte(data))
	w.Close()
	return fmt.Sprintf("BOXREADY-PROBE-BEGIN\nv:1;packed:gzip;sha256:%x;data:\n%s\n;\nBOXREADY-PROBE-END\n", sha256.Sum256([]byte(data)), wrapped(base64.StdEncoding.EncodeToString(packed.Bytes()), 76))
}

func wrapped(s string, width int) string {
	var lines []string
	for len(s) > width {
		lines, s = append(lines, s[:width]), s[width:]
	}
	return strings.Join(append(lines, s), "\n")
}

func prefixed(s, prefix string) string {
	return prefix + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+prefix)
}

// TestPastes reads an answer in every form in which it may be pasted.
func TestPastes(t *testing.T) {
	plain := block(answerJSON)
	want := parsed(t, plain)
	if want.PortalHost != "portal.example.ru" || want.Modules["rest"] != "25.600.100" || want.Applications == nil || want.Hosts[0].By != serverprobe.PHP {
		t.Fatalf("read %+v", want)
	}
	inUTF16 := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune("# ответ\n" + plain)) {
		inUTF16 = append(inUTF16, byte(unit), byte(unit>>8))
	}
	for name, pasted := range map[string]string{
		"as it is":                     plain,
		"with the page around it":      "Результат выполнения\n\n" + plain + "\nВремя выполнения: 1.234567 сек.\nКонсоль PHP",
		"with Windows' line ends":      strings.ReplaceAll(plain, "\n", "\r\n"),
		"with a byte order mark":       "\ufeff" + plain,
		"as Windows PowerShell saves":  string(inUTF16),
		"in one line":                  strings.ReplaceAll(plain, "\n", " "),
		"wrapped anew":                 wrapped(strings.ReplaceAll(plain, "\n", ""), 37),
		"quoted in a letter":           prefixed(plain, "> "),
		"quoted twice":                 prefixed(plain, ">> "),
		"in a chat's code block":       "```\n" + plain + "```",
		"in quotation marks":           "«" + plain + "» “" + "”",
		"indented":                     prefixed(plain, "\t    "),
		"with long dashes":             strings.ReplaceAll(plain, "-PROBE-", "—PROBE–"),
		"with narrow and hard spaces":  strings.ReplaceAll(plain, "\n", "\u00a0\n\u200b"),
		"escaped":                      html.EscapeString(plain),
		"escaped to the last sign":     strings.NewReplacer("+", "&#43;", "/", "&#x2F;", "=", "&#61;").Replace(plain),
		"as HTML":                      "<html><body><pre>" + strings.ReplaceAll(html.EscapeString(plain), "\n", "<br />\n") + "</pre><hr>Execution time: 0.1</body></html>",
		"with the script before it":    "//title: BoxReady\n'BOXREADY-PROBE-', \"BEGIN\\n\"\n" + plain,
		"after one that was cut off":   plain[:len(plain)/2] + "\n" + plain,
		"before one that was cut off":  plain + "\n" + plain[:len(plain)/2],
		"after another portal's":       block(strings.Replace(answerJSON, "portal.example.ru", "other.example.ru", 1)) + plain,
		"as JSON in another log":       fmt.Sprintf("%q", plain),
		"without a packer":             fmt.Sprintf("BOXREADY-PROBE-BEGIN v:1;packed:no;sha256:%x;data:%s; BOXREADY-PROBE-END", sha256.Sum256([]byte(answerJSON)), base64.StdEncoding.EncodeToString([]byte(answerJSON))),
		"where PHP can't count a hash": strings.Replace(plain, plain[strings.Index(plain, "sha256:")+7:strings.Index(plain, ";data")], "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "as JSON in another log" {
				pasted = strings.ReplaceAll(pasted, `\n`, "\n")
			}
			if diff := cmp.Diff(want, parsed(t, pasted)); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPrint reads back an answer written by Print.
func TestPrint(t *testing.T) {
	want := parsed(t, block(answerJSON))
	want.Failed = nil // an empty map isn't written
	printed, err := serverprobe.Print(&want.Answer)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, parsed(t, printed)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestBadPastes(t *testing.T) {
	plain := block(answerJSON)
	php, _ := script(t, serverprobe.PHP, serverprobe.Options{})
	body := strings.Index(plain, "data:") + 20
	bomb := block(`{"kind":"php","time":"2026-11-25T10:00:00Z","nonce":"` + strings.Repeat("x", 9<<20) + `"}`)
	for _, c := range []struct {
		name, pasted string
		want         serverprobe.PasteReason
	}{
		{"nothing", "", serverprobe.PasteEmpty},
		{"spaces", " \r\n\t", serverprobe.PasteEmpty},
		{"another text", "Здравствуйте! Вот ответ.", serverprobe.PasteNoAnswer},
		{"the page of the sign-in", "<html><title>Авторизация</title><form>", serverprobe.PasteNoAnswer},
		{"the script", php, serverprobe.PasteScript},
		{"PHP's message", "Ошибка\nParse error: syntax error, unexpected '}' in /home/bitrix/www/bitrix/modules/main/admin/php_command_line.php(86) : eval()'d code", serverprobe.PastePHPError},
		{"the product ended it", "<html>\nBOXREADY-PROBE-NOT-LOADED\n", serverprobe.PasteNotLoaded},
		{"without its end", plain[:len(plain)-30], serverprobe.PasteCutOff},
		{"half", plain[:len(plain)/2], serverprobe.PasteCutOff},
		{"the first line", "BOXREADY-PROBE-BEGIN", serverprobe.PasteCutOff},
		{"a letter too few", plain[:body] + plain[body+1:], serverprobe.PasteDamaged},
		{"another letter", plain[:body] + "A" + plain[body+1:], serverprobe.PasteDamaged},
		{"another sum", strings.Replace(plain, "sha256:", "sha256:0", 1), serverprobe.PasteDamaged},
		{"no version", strings.Replace(plain, "v:1;", "", 1), serverprobe.PasteDamaged},
		{"nothing between the lines", "BOXREADY-PROBE-BEGIN\nBOXREADY-PROBE-END", serverprobe.PasteDamaged},
		{"no JSON", block("hello"), serverprobe.PasteDamaged},
		{"other JSON", block(`{"a":1}`), serverprobe.PasteDamaged},
		{"no such kind", block(`{"kind":"perl","time":"2026-11-25T10:00:00Z"}`), serverprobe.PasteDamaged},
		{"too much in it", bomb, serverprobe.PasteDamaged},
		{"of the future", strings.Replace(plain, "v:1;", "v:2;", 1), serverprobe.PasteNewer},
		{"far too much", strings.Repeat("x", 33<<20), serverprobe.PasteTooBig},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := serverprobe.Parse([]byte(c.pasted))
			var bad *serverprobe.PasteError
			if !asPasteError(err, &bad) || bad.Reason != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// TestInvalidInput pastes 10 MB that hold no answer, each kind expensive for a naive parser. The time is compared with looking at
// each byte once.
func TestInvalidInput(t *testing.T) {
	const size = 10 << 20
	random := make([]byte, size)
	rand.New(rand.NewSource(1)).Read(random)
	repeated := func(s string) []byte { return bytes.Repeat([]byte(s), size/len(s)) }
	for name, junk := range map[string][]byte{
		"random":         random,
		"letters":        repeated("x"),
		"begins":         repeated("BOXREADY-PROBE-BEGIN\n"),
		"almost begins":  repeated("BOXREADY-PROBE-BEGI"),
		"ends":           repeated("BOXREADY-PROBE-END\n"),
		"tags":           append([]byte("BOXREADY-PROBE-BEGIN"), repeated("<<<<<<<<<<<<<<<<<<<<")...),
		"one long block": append(append([]byte("BOXREADY-PROBE-BEGIN v:1;data:"), repeated("QUFB")...), "BOXREADY-PROBE-END"...),
		"log-like":       repeated("2026-Nov-25 10:00:00 (check_\n"),
		"entities":       append(append([]byte("BOXREADY-PROBE-BEGIN"), bytes.Repeat([]byte("&amp;"), 400_000)...), "BOXREADY-PROBE-END"...),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := serverprobe.Parse(junk)
			took := time.Since(began)
			var bad *serverprobe.PasteError
			if !asPasteError(err, &bad) {
				t.Fatalf("%v", err)
			}
			if took > 20*time.Second {
				t.Errorf("it took %s to say %s", took, bad.Reason)
			}
			t.Logf("%s in %s", bad.Reason, took)
		})
	}
}

// TestSeveralAnswers pastes what PHP and a shell printed, and the log, together.
func TestSeveralAnswers(t *testing.T) {
	shell := block(`{"kind":"sh","nonce":"b","time":"2026-11-25T09:00:00Z","hosts":[{"host":"oauth.bitrix.info","port":443,"curl":0,"http":{"status":400,"took_ms":80,"body":"{\"error\":\"invalid_request\"}"}}],"network":{"curl":"curl 7.88"}}`)
	log, err := os.ReadFile("testdata/site_checker.log")
	if err != nil {
		t.Fatal(err)
	}
	p := parsed(t, shell+string(log)+block(answerJSON))
	if fmt.Sprint(p.Kinds) != "[php sh]" || p.Kind != serverprobe.PHP || p.Nonce != "abcdefgh12345678" || len(p.Hosts) != 2 || p.Network == nil || p.SystemCheck == nil {
		t.Fatalf("read %+v", p)
	}
	if h := p.Hosts[1]; h.By != serverprobe.Shell || h.HTTP.Error != "invalid_request" {
		t.Errorf("the shell's host is %+v", h)
	}
}

func TestSystemCheckLog(t *testing.T) {
	log, err := os.ReadFile("testdata/site_checker.log")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"as it is": string(log), "Windows' line ends": strings.ReplaceAll(string(log), "\n", "\r\n"), "in a letter": "Здравствуйте,\n" + string(log)} {
		p := parsed(t, text)
		if len(p.Kinds) != 0 || p.SystemCheck == nil {
			t.Fatalf("%s: read %+v", name, p)
		}
		want := &serverprobe.SystemCheck{
			Tests: map[string]string{"check_php_modules": "Ok", "check_socket": "Ok", "check_update": "Fail", "check_rest": "Ok", "check_push_bitrix": "Fail", "check_turn": "Warning", "check_socket_ssl": "Ok"},
			Connections: []serverprobe.Connection{
				{Test: "check_socket", Host: "portal.example.ru", Port: 443, TLS: true, OK: true},
				{Test: "check_update", Host: "www.1c-bitrix.ru", Port: 80, Error: "110 Connection timed out"},
				{Test: "check_push_bitrix", Host: "cloud-messaging.bitrix24.tech", Port: 443, TLS: true, Error: "0 php_network_getaddresses: getaddrinfo failed: Name or service not known"},
				{Test: "check_turn", Host: "turn.bitrix24.tech", Port: 3478, OK: true},
				{Test: "check_socket_ssl", Host: "portal.example.ru", Port: 443, TLS: true, OK: true},
			},
		}
		if diff := cmp.Diff(want, p.SystemCheck); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestBounds asserts that an untrusted answer is shortened to the limits, and that nothing in it looks like a key.
func TestBounds(t *testing.T) {
	long := strings.Repeat("я", 5000)
	var apps, chain, modules []string
	for i := range 1500 {
		modules = append(modules, fmt.Sprintf(`"m%d":"1"`, i))
	}
	for range 3000 {
		apps = append(apps, `{"code":"a","status":"F"}`)
		chain = append(chain, `"QUFB"`)
	}
	p := parsed(t, block(`{"kind":"php","time":"2026-11-25T10:00:00Z","nonce":"`+long+`","applications":[`+strings.Join(apps, ",")+`],"modules":{`+strings.Join(modules, ",")+`},
		"failed":{"x":"https://portal.example.ru/rest/1/abcdefghij123456/ said no"},"hosts":[{"host":"h","port":443,"chain":[`+strings.Join(chain, ",")+`]}]}`))
	if n := len([]rune(p.Nonce)); n != 1000 {
		t.Errorf("a text of %d", n)
	}
	if len(p.Applications) != 1000 || len(p.Hosts[0].Chain) != 6 || p.LeftOut != 2000+2994+500 || len(p.Modules) != 1000 {
		t.Errorf("%d applications, %d certificates, %d modules, %d left out", len(p.Applications), len(p.Hosts[0].Chain), len(p.Modules), p.LeftOut)
	}
	if strings.Contains(p.Failed["x"], "abcdefghij123456") {
		t.Errorf("a webhook's code was kept: %s", p.Failed["x"])
	}
}

func FuzzParse(f *testing.F) {
	plain := block(answerJSON)
	for _, seed := range []string{"", plain, plain[:len(plain)/2], html.EscapeString(plain), prefixed(plain, "> "), "BOXREADY-PROBE-BEGIN v:1;packed:no;sha256:;data:e30=; BOXREADY-PROBE-END",
		"2026-Nov-25 10:00:00 x (check_rest): Ok\nConnection to ssl://a:443\tFail\nSocket error [1]: x", "\xff\xfeB\x00O\x00", block(`{"kind":"sh","time":"2026-11-25T10:00:00Z","modules":[],"failed":[]}`)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, pasted []byte) {
		p, err := serverprobe.Parse(pasted)
		if (p == nil) == (err == nil) {
			t.Fatalf("%v and %v", p, err)
		}
		var bad *serverprobe.PasteError
		if err != nil && !asPasteError(err, &bad) {
			t.Fatalf("%T", err)
		}
		if p != nil && len(p.Kinds) == 0 && p.SystemCheck == nil {
			t.Fatal("an answer without anything in it")
		}
	})
}
