// Package words translates codes into sentences: the texts of assets/lang in the reader's language, and results in words.
package words

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/lazyregexp"
	"boxready/internal/untrusted"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
	"golang.org/x/text/language"
)

// Languages returns those of all texts; the first one is the default.
func Languages() []string { return []string{"en", "ru"} }

// Texts are the texts in one language.
type Texts struct {
	lang      string
	setup     checks.Setup                       // of the portal's server; "" if not known
	sections  func() (map[string]section, error) // by the first word of their keys
	functions template.FuncMap
	parser    *parser
}

// New returns the texts in a language of Languages.
func New(lang string) (*Texts, error) {
	w := Lazy(lang)
	if _, err := w.sections(); err != nil {
		return nil, err
	}
	return w, nil
}

// Lazy is New for what may need no text: they are unpacked when the first is used, which takes longer than all else that a
// short command does. Without them, or in another language, each text is its key.
func Lazy(lang string) *Texts {
	w := &Texts{lang: lang, sections: sync.OnceValues(func() (map[string]section, error) { return parse(lang) })}
	w.functions = w.newFunctions()
	w.parser = &parser{TextParser: i18ntemplate.TextParser{Funcs: w.functions}}
	return w
}

// section are the texts whose keys begin with the same word. Parsing all of them would take a tenth of the window's start.
type section func() (*i18n.Localizer, error)

// parse unpacks the texts in a language. Each section is parsed when a text of it is used.
func parse(lang string) (map[string]section, error) {
	tag, err := language.Parse(lang)
	if err != nil {
		return nil, fmt.Errorf("language %q: %w", lang, err)
	}
	texts, err := assets.Texts(lang)
	if err != nil {
		return nil, fmt.Errorf("texts in %q: %w", lang, err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(texts, &parts); err != nil {
		return nil, fmt.Errorf("texts in %q: %w", lang, err)
	}
	sections := map[string]section{}
	for name, part := range parts {
		sections[name] = sync.OnceValues(func() (*i18n.Localizer, error) {
			bundle := i18n.NewBundle(tag)
			bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
			if _, err := bundle.ParseMessageFileBytes(fmt.Appendf(nil, "{%q:%s}", name, part), lang+".json"); err != nil {
				return nil, fmt.Errorf("texts of %s in %q: %w", name, lang, err)
			}
			return i18n.NewLocalizer(bundle, lang), nil
		})
	}
	return sections, nil
}

// For returns the texts for a portal whose server is set up like that: steps for other setups are left out. "" stands for a setup that
// isn't known.
func (w *Texts) For(setup checks.Setup) *Texts {
	if setup == w.setup {
		return w
	}
	texts := *w
	texts.setup = setup
	return &texts
}

// Lang is the language.
func (w *Texts) Lang() string { return w.lang }

// Say returns the text with that key, or the key if it is missing; tests find those.
func (w *Texts) Say(key string, args checks.Args) string {
	if text, ok := w.find(key, args); ok {
		return text
	}
	return key
}

// Find returns the text with that key, if there is one.
func (w *Texts) Find(key string) (string, bool) { return w.find(key, nil) }

// Count returns the plural form of the text for n.
func (w *Texts) Count(key string, n int) string {
	text, err := w.localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: n, TemplateData: checks.Args{"n": n}})
	if err != nil {
		return key
	}
	return text
}

func (w *Texts) find(key string, args checks.Args) (string, bool) {
	return w.findWith(w.parser, key, args)
}

func (w *Texts) findWith(parser i18ntemplate.Parser, key string, args checks.Args) (string, bool) {
	text, err := w.localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: map[string]any(args), TemplateParser: parser})
	return untrusted.Line(text), err == nil
}

// parser keeps the templates that it parsed: with many portals, the same are filled in again and again.
type parser struct {
	i18ntemplate.TextParser
	parsed sync.Map // i18ntemplate.ParsedTemplate by its source
}

// Parse implements i18ntemplate.Parser.
func (p *parser) Parse(source, left, right string) (i18ntemplate.ParsedTemplate, error) {
	if kept, ok := p.parsed.Load(source); ok {
		return kept.(i18ntemplate.ParsedTemplate), nil
	}
	parsed, err := p.TextParser.Parse(source, left, right)
	if err == nil {
		p.parsed.Store(source, parsed)
	}
	return parsed, err
}

func (w *Texts) localize(text *i18n.LocalizeConfig) (string, error) {
	sections, err := w.sections()
	if err != nil {
		return "", err
	}
	name, _, _ := strings.Cut(text.MessageID, ".")
	section := sections[name]
	if section == nil {
		return "", fmt.Errorf("no text %s", text.MessageID)
	}
	localizer, err := section()
	if err != nil {
		return "", err
	}
	return localizer.Localize(text)
}

// newFunctions returns the template functions of the texts.
func (w *Texts) newFunctions() template.FuncMap {
	return template.FuncMap{
		"date":      func(t time.Time) string { return t.Local().Format(w.Say("format.date", nil)) },
		"list":      w.list,
		"span":      w.span,
		"seconds":   func(s float64) string { return w.Number(s) },
		"needs":     w.needs,
		"faults":    w.faults,
		"keeper":    func(code string) string { return w.Say("sign-in.place-"+code, nil) },
		"action":    w.commands,
		"answer":    w.answer,
		"meaning":   w.meaning,
		"authority": authority,
	}
}

// answer quotes an error by its code and its description, "" if it has neither.
func (w *Texts) answer(code, description any) string {
	return strings.TrimSpace(w.Say("format.answer", checks.Args{"code": plain(code), "description": plain(description)}))
}

// meaning says what an error means, as a clause; "" for a name that bitrix.Meanings doesn't have.
func (w *Texts) meaning(name any) string {
	text, _ := w.find("code."+fmt.Sprint(name), nil)
	return text
}

// authority is an address without its scheme.
func authority(address string) string {
	if _, rest, found := strings.Cut(address, "://"); found {
		return rest
	}
	return address
}

// maxQuoted is how many runes of an error's description a sentence quotes.
const maxQuoted = 200

// The portal writes descriptions for its own pages too, with line breaks in HTML.
var tag = lazyregexp.New(`</?[a-zA-Z][^<>]*>`)

// plain returns what a program said as text for a sentence.
func plain(said any) string {
	s, _ := said.(string)
	return untrusted.Truncate(strings.Join(strings.Fields(untrusted.Line(tag().ReplaceAllString(s, " "))), " "), maxQuoted)
}

// maxListed is how many bytes of a list a sentence has: room for all hosts that a file of requirements may name.
const maxListed = 6000

// Listed returns the first items of a list, as many as are shown of one, and how many others there are.
func Listed(items []string) (shown []string, more int) {
	room := maxListed
	for i, item := range items {
		if room -= len(item); room < 0 && i > 0 {
			return items[:i], len(items) - i
		}
	}
	return items, 0
}

func (w *Texts) list(items []string) string {
	if shown, more := Listed(items); more > 0 {
		return w.More(strings.Join(shown, ", "), more)
	}
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " " + w.Say("format.and", nil) + " " + items[last]
}

// More is a list that was cut, which says how many more there are.
func (w *Texts) More(list string, n int) string {
	if n == 0 {
		return list
	}
	return list + " " + w.Say("format.more", checks.Args{"n": n})
}

func (w *Texts) span(d time.Duration) string {
	d = d.Abs()
	switch {
	case d < 2*time.Minute:
		return w.Count("format.seconds", int(d.Round(time.Second).Seconds()))
	case d < 2*time.Hour:
		return w.Count("format.minutes", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		return w.Count("format.hours", int(d.Round(time.Hour).Hours()))
	default:
		return w.Count("format.days", int(d.Hours()/24))
	}
}

func (w *Texts) Number(f float64) string {
	return strings.Replace(strconv.FormatFloat(f, 'f', 1, 64), ".", w.Say("format.point", nil), 1)
}

// When formats a date and a time of day, in the local time zone.
func (w *Texts) When(t time.Time) string {
	return t.Local().Format(w.Say("format.date", nil) + " 15:04")
}

// Day formats a date, in the local time zone.
func (w *Texts) Day(t time.Time) string { return t.Local().Format(w.Say("format.date", nil)) }

// Acknowledged is the sentence on why a finding was left as it is, and how long; "" for nil.
func (w *Texts) Acknowledged(a *checks.Acknowledged) string {
	if a == nil {
		return ""
	}
	args := checks.Args{"reason": a.Reason, "until": ""}
	if !a.Until.IsZero() {
		args["until"] = w.Day(a.Until)
	}
	return w.Say("part.left-as-is", args)
}

// Name is a check's name.
func (w *Texts) Name(id checks.ID) string { return w.Code("", string(id), ".name") }

// Knows reports whether a check has a name: a report of a newer version may have unknown checks.
func (w *Texts) Knows(id checks.ID) bool { return w.Name(id) != string(id) }

// CheckNames returns names of checks for the middle of a sentence.
func (w *Texts) CheckNames(ids []checks.ID) []string {
	var names []string
	for _, id := range ids {
		names = append(names, LowerFirst(w.Name(id)))
	}
	return names
}

// Code returns the text for a code, or the code itself: a report of a newer version may have others.
func (w *Texts) Code(before, code, after string) string {
	if text, ok := w.find(before+code+after, nil); ok {
		return text
	}
	return code
}

// Finding is a result in words.
type Finding struct {
	Title  string
	Saw    string
	Breaks string
	Steps  []Step
	More   string // address of a documentation page, or ""
}

// Written are the facts of a saved report's result that this version can't judge: its facts in JSON, and its texts as they stand
// in the report.
type Written struct {
	json.RawMessage
	Finding
}

// maxSteps bounds the search for the numbered steps of a text.
const maxSteps = 12

// Finding describes a result. portal is the address as people write it.
func (w *Texts) Finding(r checks.Result, portal string) Finding {
	if written, ok := r.Facts.(Written); ok {
		return written.Finding
	}
	args := argsOf(r, portal)
	switch r.State {
	case checks.OK:
		return Finding{Title: w.Name(r.Check), Saw: w.Say(string(r.Check)+".ok", args)}
	case checks.Skipped:
		return Finding{Title: w.Name(r.Check), Saw: w.Say("part.because", checks.Args{"check": w.Name(r.Because)})}
	}
	key := w.findingKey(r, args)
	// Quoted untrusted text may have line breaks.
	saw := strings.Join(strings.Fields(w.Say(key+".saw", args)), " ")
	if !strings.Contains(saw, plain(args["error"])) || !strings.Contains(saw, plain(args["description"])) {
		saw += " " + w.Say("part.answered", args)
	}
	f := Finding{Title: w.Say(key+".title", args), Saw: saw, Breaks: w.Say(key+".breaks", args)}
	f.Steps = w.steps(key, args, r.Owner)
	f.More, _ = w.find(key+".more", nil)
	if strings.HasPrefix(key, "any.") && slices.Contains(checks.CommonCauses(), r.Cause) { // these titles fit every check
		f.Title = w.Name(r.Check) + ": " + LowerFirst(f.Title)
	}
	return f
}

// argsOf are the arguments of the texts about a result.
func argsOf(r checks.Result, portal string) checks.Args {
	args := checks.Args{"portal": portal, "owner": string(r.Owner), "state": string(r.State)}
	for name, value := range r.Args {
		args[name] = value
	}
	if body, ok := args["body"].(string); ok {
		args["body"] = strings.TrimSpace(body) // sentences quote it
	}
	return args
}

// findingKey is where the texts about a finding are.
func (w *Texts) findingKey(r checks.Result, args checks.Args) string {
	key := string(r.Check) + "." + string(r.Cause)
	if _, ok := w.find(key+".title", args); !ok {
		key = "any." + string(r.Cause)
	}
	return key
}
