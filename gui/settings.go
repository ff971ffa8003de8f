package gui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/store"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/words"
)

// settingsPage has the settings, the self-test, and BoxReady's version and licences.
type settingsPage struct {
	scaffold
	dialogs     *dialogs
	nav         navigator
	setLanguage func(*words.Texts) error
	rebuild     func()
	showKeys    func()

	unsaved bool   // a choice could not be saved
	proxy   string // in words; "" before it is known
	testing bool
	tested  *checks.Outcome // nil before the first self-test
	about   aboutPage
	daily   *dailyCheck

	language *widgets.Select
	scale    *widgets.Select
	proxyIs  *widgets.Text
	testIt   *widgets.Button
}

func (p *settingsPage) build() fyne.CanvasObject {
	p.root = widgets.Stack()
	p.about.settingsPage = p
	p.daily = &dailyCheck{environment: p.environment, fill: p.refill}
	p.askForProxy()
	p.fill()
	return p.root
}

func (p *settingsPage) initialFocus() fyne.Focusable {
	if p.about.open {
		return p.about.back
	}
	return p.language
}

func (p *settingsPage) escape() {
	switch {
	case p.about.open:
		p.about.close()
	case p.daily.asks():
		p.daily.cancel()
	}
}

// fill rebuilds the content.
func (p *settingsPage) fill() {
	var head fyne.CanvasObject = title(p.say("section.settings", nil))
	var content []fyne.CanvasObject
	if p.about.open {
		head, content = p.about.content()
	} else {
		content = []fyne.CanvasObject{p.looksCard(), p.networkCard()}
		content = append(content, p.confirmedCard()...)
		content = append(content, p.dailyCard()...)
		content = append(content, p.selfTestCard(), p.aboutCard())
	}
	p.setContent(head, content...)
}

// refill rebuilds the content if it is shown.
func (p *settingsPage) refill() {
	if p.nav.isOpen("settings") && !p.about.open {
		focused := p.fyne.Canvas().Focused() != nil
		if p.fill(); focused && p.daily.focus == nil {
			p.focusOn(p.language)
		}
	}
}

// confirmedCard lists the portals whose address the owner confirmed, so that this can be withdrawn.
func (p *settingsPage) confirmedCard() []fyne.CanvasObject {
	lines := []fyne.CanvasObject{heading(p.say("confirmed.title", nil)), widgets.NewText(p.say("confirmed.text", nil), widgets.Font{Color: widgets.Muted})}
	some := false
	for _, past := range p.params.Store.Portals() {
		if !past.Confirmed {
			continue
		}
		some = true
		withdraw := widgets.NewLowEmphasis(p.say("confirmed.withdraw", nil), nil, func() { p.withdraw(past.Address) })
		lines = append(lines, widgets.Line(), widgets.BesideOrBelow(8, 200, widgets.NewText(displayAddress(past.Address), widgets.Font{}), withdraw))
	}
	if !some {
		return nil
	}
	return []fyne.CanvasObject{widgets.Card(widgets.Column(8, lines...))}
}

// withdraw withdraws the confirmation of a portal's address.
func (p *settingsPage) withdraw(address string) {
	if s := p.model.Session(address); s != nil {
		s.Withdraw(checks.Deep)
	}
	w := p.words
	p.background(func(ctx context.Context) func() {
		_ = p.params.Store.SetConfirmed(address, false) // as with saveRun
		err := p.withdrawDaily(ctx, address, w)
		return func() {
			p.fill()
			p.focusOn(p.language)
			if err != nil {
				p.dialogs.showMessage(p.say("daily.title", nil), p.dailyProblem(err))
			}
		}
	})
}

// dailyCard lists the portals that were checked, each with its daily check.
func (p *settingsPage) dailyCard() []fyne.CanvasObject {
	lines := []fyne.CanvasObject{heading(p.say("daily.title", nil)), widgets.NewText(p.say("daily.settings", nil), widgets.Font{Color: widgets.Muted, Selectable: true})}
	some := false
	for _, past := range p.params.Store.Portals() {
		address, err := portal.ParseAddress(past.Address)
		if err != nil || past.Verdict == "" { // the saved address is damaged, or it was never checked
			continue
		}
		name := widgets.NewText(displayAddress(past.Address), widgets.Font{})
		switch offer, below := p.daily.objects(address); {
		case offer != nil:
			lines = append(lines, widgets.Line(), widgets.BesideOrBelow(8, 200, name, offer))
		case below != nil:
			lines = append(lines, widgets.Line(), widgets.Column(4, name, below))
		default:
			continue
		}
		some = true
	}
	if !some {
		return nil
	}
	return []fyne.CanvasObject{widgets.Card(widgets.Column(8, lines...))}
}

// option is one choice of several.
type option struct{ value, name string }

// choice is a select of options; chosen is called with the value.
func choice(options []option, now string, chosen func(value string)) *widgets.Select {
	var names []string
	name := ""
	for _, o := range options {
		names = append(names, o.name)
		if o.value == now {
			name = o.name
		}
	}
	return widgets.NewSelect(names, name, func(name string) { chosen(options[slices.Index(names, name)].value) })
}

// set changes and saves a setting, and then calls show.
func (p *settingsPage) set(change func(*store.Settings), show func()) {
	p.saveSettings(change, func(err error) {
		p.unsaved = err != nil
		show()
	})
}

func (p *settingsPage) line(key string, value fyne.CanvasObject) fyne.CanvasObject {
	return widgets.NameValue(widgets.Pad(8, 0, 0, 0, widgets.NewText(p.say("settings."+key, nil), widgets.Font{})), widgets.Bordered(value))
}

// languageNames are the languages' own names.
var languageNames = map[string]string{"ru": "Русский", "en": "English"}

// looksCard has the language, the theme and the scale.
func (p *settingsPage) looksCard() fyne.CanvasObject {
	now := p.settings()
	languages := []option{{"", p.say("settings.system", nil)}}
	for _, l := range words.Languages() {
		languages = append(languages, option{l, languageNames[l]})
	}
	p.language = choice(languages, now.Language, func(l string) {
		p.set(func(s *store.Settings) { s.Language = l }, p.loadLanguage)
	})
	looks := []option{{"", p.say("settings.system", nil)}, {string(style.Light), p.say("settings.light", nil)}, {string(style.Dark), p.say("settings.dark", nil)}, {string(style.Contrast), p.say("settings.contrast", nil)}}
	look := choice(looks, now.Look, func(l string) {
		p.set(func(s *store.Settings) { s.Look = l }, func() {
			p.applyTheme()
			p.rebuild()
		})
	})
	lines := []fyne.CanvasObject{p.line("language", p.language), p.line("look", look)}
	if p.params.SetScale != nil {
		var scales []option
		for _, percent := range zooms {
			scales = append(scales, option{fmt.Sprint(percent), fmt.Sprintf("%d %%", percent)})
		}
		p.scale = choice(scales, fmt.Sprint(p.zoom()), func(value string) {
			var percent int
			_, _ = fmt.Sscan(value, &percent) // it is one of those above
			p.setZoom(percent, func(err error) { p.unsaved = err != nil })
		})
		lines = append(lines, p.line("scale", p.scale))
	}
	lines = append(lines, p.rendererLines()...)
	if p.unsaved {
		lines = append(lines, widgets.NewText(p.say("settings.unkept", nil), widgets.Font{Color: widgets.Danger}))
	}
	return widgets.Card(widgets.Column(10, append([]fyne.CanvasObject{heading(p.say("settings.looks", nil))}, lines...)...))
}

// rendererLines say what draws the window, and let the owner choose where there is a choice.
func (p *settingsPage) rendererLines() (lines []fyne.CanvasObject) {
	if r := p.params.Renderers; r != nil {
		var options []option
		for _, choice := range r.Choices {
			options = append(options, option{choice, p.say("settings.renderer-"+cmp.Or(choice, "automatic"), nil)})
		}
		lines = append(lines, p.line("renderer", choice(options, p.settings().Renderer, func(chosen string) {
			r.TryAgain()
			p.set(func(s *store.Settings) { s.Renderer = chosen }, func() {})
		})))
	}
	if p.params.Screen != nil && p.params.Screen.Renderer() != "" {
		key := "settings.drawn"
		if p.plain {
			key = "settings.drawn-by-software"
		}
		lines = append(lines, widgets.NewText(p.say(key, checks.Args{"renderer": p.params.Screen.Renderer()}), widgets.Font{Color: widgets.Muted, Selectable: true}))
	}
	return lines
}

// loadLanguage loads the texts of the language that is chosen, and shows everything in it.
func (p *settingsPage) loadLanguage() {
	lang := p.environment.language()
	p.background(func(context.Context) func() {
		words, err := words.New(lang)
		return func() {
			if err == nil && p.setLanguage(words) == nil { // there are texts in all languages that can be chosen
				p.rebuild()
			}
		}
	})
}

// networkCard has the region and the proxy.
func (p *settingsPage) networkCard() fyne.CanvasObject {
	regions := []option{{"", p.say("settings.region-auto", nil)}}
	for _, r := range bitrix.Regions() {
		regions = append(regions, option{string(r), p.say("region."+string(r), nil)})
	}
	region := choice(regions, p.settings().Region, func(r string) {
		p.set(func(s *store.Settings) { s.Region = r }, func() {})
	})
	lines := []fyne.CanvasObject{heading(p.say("settings.network", nil)), p.line("region", region),
		widgets.NewText(p.say("settings.region-text", nil), widgets.Font{Color: widgets.Muted, Selectable: true})}
	if p.params.Proxy != nil {
		text := p.proxy
		if text == "" {
			text = p.say("settings.proxy-asking", nil)
		}
		p.proxyIs = widgets.NewText(text, widgets.Font{Selectable: true})
		lines = append(lines, widgets.NameValue(widgets.NewText(p.say("settings.proxy", nil), widgets.Font{}), p.proxyIs))
	}
	return widgets.Card(widgets.Column(10, lines...))
}

// askForProxy asks the system for the proxy on the way to the portal, or to an authorization server.
func (p *settingsPage) askForProxy() {
	if p.params.Proxy == nil {
		return
	}
	address := bitrix.AuthServer(bitrix.Regions()[0])
	if s := p.model.Current; s != nil && !s.Demo {
		address = s.Target.Address.String()
	}
	p.background(func(context.Context) func() {
		proxy := p.params.Proxy(address)
		return func() {
			if p.proxy = proxy; proxy == "" {
				p.proxy = p.say("settings.proxy-none", nil)
			}
			p.proxyIs.SetText(p.proxy)
			p.page.Refit()
		}
	})
}

// selfTestCard checks what BoxReady needs of this computer.
func (p *settingsPage) selfTestCard() fyne.CanvasObject {
	lines := []fyne.CanvasObject{heading(p.say("settings.self", nil)),
		widgets.NewText(p.say("settings.self-text", nil), widgets.Font{Color: widgets.Muted, Selectable: true})}
	switch {
	case p.params.SelfTest == nil:
		return widgets.Stack()
	case p.testing:
		row := widgets.NewRow(widgets.RowContent{Sign: style.Waiting, Title: p.say("settings.self-running", nil), Detail: p.say("sign-in.reading-detail", nil)}, nil)
		return widgets.Card(widgets.Column(10, append(lines, row.Object)...))
	case p.tested != nil:
		for i, r := range p.tested.Results {
			if i > 0 {
				lines = append(lines, widgets.Line())
			}
			d := (&model.Session{}).Details(p.words, r)
			lines = append(lines, widgets.NewRow(widgets.RowContent{Sign: style.Sign(r.State), Title: d.Title, Detail: strings.TrimSpace(d.Saw + " " + d.Breaks)}, nil).Object)
			var steps []fyne.CanvasObject
			for i, step := range d.Steps {
				if !slices.Contains(step.Actions, words.SelfTest) { // the button below does that
					steps = append(steps, p.step(i+1, step.Pieces))
				}
			}
			lines = append(lines, widgets.Pad(0, 8, 8, 36, widgets.Column(4, steps...)))
		}
	}
	p.testIt = widgets.NewButton(p.say("settings.self-run", nil), nil, p.selfTest)
	return widgets.Card(widgets.Column(10, append(lines, widgets.Flow(8, p.testIt))...))
}

func (p *settingsPage) selfTest() {
	if p.testing {
		return
	}
	p.testing = true
	p.background(func(ctx context.Context) func() {
		outcome := p.params.SelfTest(ctx)
		return func() {
			p.testing, p.tested = false, outcome
			if p.nav.isOpen("settings") && !p.about.open {
				p.fill()
				p.focusOn(p.testIt)
			}
		}
	})
	p.fill()
}

// aboutCard has the version, the folders and the libraries.
func (p *settingsPage) aboutCard() fyne.CanvasObject {
	lines := []fyne.CanvasObject{heading(p.say("settings.about", nil)),
		widgets.NewText(p.params.versionLine(), widgets.Font{Selectable: true}),
		widgets.NewText(p.words.CatalogueInUse(), widgets.Font{Selectable: true})}
	if p.params.Unused != nil {
		lines = append(lines, widgets.NewText(p.words.UnusedCatalogue(p.params.Unused), widgets.Font{Selectable: true}))
	}
	for _, f := range p.params.Folders {
		open := widgets.NewLowEmphasis(p.say("settings.open-folder", nil), theme.FolderOpenIcon(), func() { p.dialogs.openURL(fileURL(f.Path)) })
		lines = append(lines, widgets.NameValue(widgets.NewText(p.say("settings.folder-"+f.Holds, nil), widgets.Font{Color: widgets.Muted}),
			widgets.BesideOrBelow(8, 240, widgets.NewText(f.Path, widgets.Font{Selectable: true}), open)))
	}
	libraries := widgets.NewButton(p.say("settings.libraries", nil), nil, func() {
		p.about.open = true
		p.fill()
		p.page.SetOffset(0)
		p.focusOn(p.about.back)
	})
	keys := widgets.NewButton(p.say("settings.keys", nil), nil, p.showKeys)
	return widgets.Card(widgets.Column(10, append(lines, widgets.Flow(8, libraries, keys))...))
}
