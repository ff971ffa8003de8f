package report_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/secret"
	"boxready/internal/words"
)

// canaries are random values for one test: secrets, and identifying values by kind.
type canaries struct {
	secrets []secret.String
	names   []string // of hosts, companies and people, and addresses
	byKind  map[string][]string
	n       int
}

func newCanaries(t *testing.T) *canaries {
	t.Helper()
	c := &canaries{byKind: map[string][]string{}}
	alphabet := []rune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=&%\"'<>\\ ключ")
	for range 100 {
		var s strings.Builder
		for range 12 + rand.IntN(40) {
			s.WriteRune(alphabet[rand.IntN(len(alphabet))])
		}
		c.secrets = append(c.secrets, secret.New("k"+strings.TrimSpace(s.String())+"z"))
	}
	return c
}

// value returns a new identifying value.
func (c *canaries) value(kind string) string {
	c.n++
	name := ""
	switch kind {
	case "host":
		name = fmt.Sprintf("srv%d.canary%d.example", c.n, c.n)
	case "ip":
		name = netip.AddrFrom4([4]byte{10, byte(c.n >> 16), byte(c.n >> 8), byte(c.n)}).String()
	case "user":
		name = fmt.Sprintf("Канарейкин-%d А. Б.", c.n)
	case "member":
		name = fmt.Sprintf("%032x", 0xc0ffee0000+c.n)
	case "certificate":
		name = fmt.Sprintf("%064x", 0xbeef00000000+c.n)
	case "subject":
		name = fmt.Sprintf("Canary & Sons %d", c.n)
		c.names = append(c.names, name)
		return "CN=" + c.value("host") + ",O=" + name + ",C=RU"
	case "text":
		// As checks store untrusted text.
		sent := c.secrets[c.n%len(c.secrets)]
		text := secret.Mask("<b>"+c.seen("host")+"</b> "+c.value("ip")+", http://"+c.value("host")+"/, someone"+fmt.Sprint(c.n)+"@canary.example: "+
			sent.Reveal(), sent)
		c.byKind[kind] = append(c.byKind[kind], text)
		return text
	default:
		return fmt.Sprintf("public-%d", c.n)
	}
	c.names = append(c.names, name)
	c.byKind[kind] = append(c.byKind[kind], name)
	return name
}

// seen returns a value from the facts of some check.
func (c *canaries) seen(kind string) string { return c.byKind[kind][rand.IntN(len(c.byKind[kind]))] }

// fill fills a check's facts with random values of the kinds in their tags.
func (c *canaries) fill(v reflect.Value, kind string) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 11, 25, 8, 0, c.n%60, 0, time.UTC)))
		return
	case reflect.TypeFor[netip.Addr]():
		v.Set(reflect.ValueOf(netip.MustParseAddr(c.value("ip"))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(c.value(kind))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(rand.IntN(500)))
	case reflect.Float64:
		v.SetFloat(rand.Float64() * 100)
	case reflect.Bool:
		v.SetBool(rand.IntN(2) == 0)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		c.fill(v.Elem(), kind)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			c.fill(v.Index(i), kind)
		}
	case reflect.Map:
		key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		c.fill(key, "")
		c.fill(element, kind)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, element)
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				c.fill(v.Field(i), field.Tag.Get("hide"))
			}
		}
		// Public authorities aren't hidden.
		switch v := v.Addr().Interface().(type) {
		case *checks.Trust:
			v.Public = false
		case *checks.AIAFacts:
			v.Completes = false
		case *checks.ServerHost:
			*v.Public = false
		}
	}
}

// outcome is a fake run: every cause of every check, with arguments from the fake values.
func (c *canaries) outcome(t *testing.T) *checks.Outcome {
	t.Helper()
	address, err := portal.ParseAddress(c.value("host"))
	if err != nil {
		t.Fatal(err)
	}
	o := &checks.Outcome{Target: checks.Target{Address: address}, Started: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
	o.Finished = o.Started.Add(time.Second)
	list := append(checks.Catalog(), checks.SelfCatalog()...)
	common := checks.CommonCauses()
	for i, check := range list {
		for _, cause := range append(slices.Clone(check.Causes), common[i%len(common)], "") {
			facts := check.NewFacts()
			if cause == checks.InternalError {
				facts = &checks.Crash{}
			}
			c.fill(reflect.ValueOf(facts).Elem(), "")
			r := checks.Result{Check: check.ID, State: checks.Problem, Cause: cause, Vantage: check.Vantage, Owner: checks.ServerAdmin, Facts: facts}
			if cause == "" {
				r.State, r.Owner = checks.OK, ""
			}
			o.Results = append(o.Results, r)
		}
	}
	// Arguments are values from the facts.
	for i := range o.Results {
		o.Results[i].Args = checks.Args{"proxy": "http://" + c.seen("host") + ":3128", "hosts": []string{c.seen("host")}, "addresses": []string{c.seen("ip")},
			"dead": []string{c.seen("ip")}, "address": c.seen("ip"), "other": c.seen("host"), "location": "https://" + c.seen("host") + "/login/",
			"issuer": "CN=" + c.seen("host"), "names": []string{"*." + c.seen("host")}, "body": c.seen("text"), "description": c.seen("text"),
			"server": c.seen("text"), "request": "POST http://" + c.seen("host") + "/rest/app.info", "status": 401, "held": "https://" + c.seen("host"),
			"host": address.Host}
	}
	return o
}

// encodings returns encodings of a secret, independently of the scanner's code.
func encodings(s string) map[string]string {
	quoted, _ := json.Marshal(s)
	return map[string]string{
		"plain": s, "query": url.QueryEscape(s), "path": url.PathEscape(s), "JSON": string(quoted[1 : len(quoted)-1]), "HTML": template.HTMLEscapeString(s),
		"base64": base64.StdEncoding.EncodeToString([]byte(s)), "base64 for URLs": base64.RawURLEncoding.EncodeToString([]byte(s)), "hexadecimal": hex.EncodeToString([]byte(s)),
	}
}

// occurring returns those of the words that occur in a text.
func occurring(text string, words []string) []string {
	marked := make([]string, 0, 2*len(words))
	for i, word := range words {
		marked = append(marked, word, fmt.Sprintf("\x00%d\x00", i))
	}
	var found []string
	for i, part := range strings.Split(strings.NewReplacer(marked...).Replace(text), "\x00") {
		if i%2 == 1 {
			n, _ := strconv.Atoi(part)
			found = append(found, words[n])
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestNothingLeaks makes reports about every cause of every check, in every language and with every option, and searches all
// their bytes.
func TestNothingLeaks(t *testing.T) {
	for _, lang := range words.Languages() {
		for name, hide := range map[string][]report.Category{"shown": nil, "hidden": report.Categories()} {
			t.Run(lang+"/"+name, func(t *testing.T) {
				t.Parallel()
				c := newCanaries(t)
				o := c.outcome(t)
				letter := "Allow " + o.Target.Address.Host + " and " + c.names[3]
				b := bundle(t, reporter(t, lang), report.Contents{Outcome: o, Hide: hide, Letters: letters(letter), Secrets: c.secrets})
				if b.Secrets != len(c.secrets) {
					t.Errorf("%d of %d secrets are looked for", b.Secrets, len(c.secrets))
				}
				var secrets, names []string
				for _, s := range c.secrets {
					for _, written := range encodings(s.Reveal()) {
						secrets = append(secrets, written)
					}
				}
				for _, name := range append(c.names, "@canary.example") {
					names = append(names, strings.ToLower(name), strings.ToLower(template.HTMLEscapeString(name)))
				}
				for _, f := range append(b.Files, report.File{Name: "name", Data: []byte(b.Name)}) {
					for _, found := range occurring(string(f.Data), secrets) {
						t.Errorf("%s: the secret %s", f.Name, found)
					}
					if hide == nil {
						continue
					}
					for _, found := range occurring(strings.ToLower(string(f.Data)), names) {
						t.Errorf("%s: %s", f.Name, found)
					}
				}
				if hide == nil && !strings.Contains(string(b.File(report.LetterFile)), letter) {
					t.Error("the letter isn't as it was given")
				}
				if hide != nil && !strings.Contains(string(b.File(report.HTMLFile)), "portal-1") {
					t.Error("the portal has no token")
				}
			})
		}
	}
}

// TestLeakIsBlanked puts a secret, in every encoding, where no check masked it, and asserts that the report is saved without that value
// and says so.
func TestLeakIsBlanked(t *testing.T) {
	o := runDemo(t)
	c := newCanaries(t)
	for i, s := range c.secrets {
		written := encodings(s.Reveal())
		encoding := slices.Sorted(maps.Keys(written))[i%len(written)]
		text := written[encoding]
		leaky := *o
		leaky.Results = slices.Clone(o.Results)
		place := ""
		switch i % 4 {
		case 0:
			leaky.Results[0].Facts = &checks.AddressFacts{Address: "https://x.example/" + text}
			place = "portal-address.address"
		case 1:
			leaky.Results[1].State, leaky.Results[1].Cause, leaky.Results[1].Owner = checks.Problem, checks.DNSNotFound, checks.NetworkAdmin
			leaky.Results[1].Args = checks.Args{"host": text}
			place = string(leaky.Results[1].Check)
		case 2:
			leaky.Results[2].Facts = &checks.MethodFacts{Name: text}
			place = string(leaky.Results[2].Check) + ".name"
		case 3:
			leaky.Results[3].Facts = &map[string]int{text: 1}
			place = string(leaky.Results[3].Check)
		}
		lang := []string{"ru", "en"}[i%2]
		b := bundle(t, reporter(t, lang), report.Contents{Outcome: &leaky, Secrets: c.secrets, Hide: report.Categories()[:i%4], Letters: letters("Here: " + text)})
		for _, f := range b.Files {
			for _, w := range written {
				if strings.Contains(string(f.Data), w) {
					t.Errorf("%s of %q in place %d: in %s", encoding, s.Reveal(), i%4, f.Name)
				}
			}
		}
		hidden := string(b.File(report.HiddenFile))
		if !strings.Contains(hidden, place) || !strings.Contains(hidden, report.LetterFile) {
			t.Errorf("%s isn't named:\n%s", place, hidden)
		}
		if i < 4 {
			validateJSON(t, b)
			if path, err := b.Save(t.TempDir() + "/r.zip"); err != nil {
				t.Error(err)
			} else if _, err := report.Read(path); err != nil {
				t.Error(err)
			}
		}
	}
}

func validateJSON(t *testing.T, b *report.Bundle) {
	t.Helper()
	for line := range strings.Lines(string(b.File(report.LogFile))) {
		if !json.Valid([]byte(line)) {
			t.Errorf("%s", line)
		}
	}
	if !json.Valid(b.File(report.JSONFile)) {
		t.Error("the data is no JSON")
	}
}

// TestHostileNameIsBlanked asserts that a secret that is in no check's value, here the portal's own name, stops no report either.
func TestHostileNameIsBlanked(t *testing.T) {
	o := runDemo(t)
	b := bundle(t, reporter(t, "en"), report.Contents{Outcome: o, Secrets: []secret.String{secret.New("portal.demo.example")}})
	validateJSON(t, b)
	for _, f := range append(b.Files, report.File{Name: "name", Data: []byte(b.Name)}) {
		if strings.Contains(string(f.Data), "portal.demo.example") {
			t.Errorf("it is in %s", f.Name)
		}
	}
}
