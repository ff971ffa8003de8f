package gui

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/store"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/letter"
	"boxready/internal/report"
	"boxready/internal/requirements"
)

// allowlistPage shows which connections the network has to allow, as a letter and as rules for equipment.
type allowlistPage struct {
	scaffold
	dialogs *dialogs
	runs    *runner
	own     model.Network // while there is no portal
	chosen  store.Network // by the owner, for all portals
	known   bool          // chosen has been read
	part    allowlist.Part
	details bool   // the rarely used choices are shown
	saved   string // path of the file that was saved last; "" for none

	// Of the content that is shown.
	builtFrom allowlistState
	fold      *widgets.Button // unfolds the details
	result    *fyne.Container
	rows      map[string]*widgets.Row // by what they are about; making one takes time
	maxRows   int                     // that are shown
	tab       fyne.Focusable          // of the part that is shown
	viewer    *widgets.Viewer
	rules     *allowlist.Rules
	letter    *allowlist.Letter // nil if the rules could not be made
	text      string            // of the part that is shown
}

// letterPart is the part that isn't written for equipment.
const letterPart allowlist.Part = "letter"

// allowlistState are what rules depend on beside what is chosen on the page.
type allowlistState struct {
	session  *model.Session
	outcome  *checks.Outcome
	wanted   *requirements.Requirements
	region   bitrix.Region
	running  bool
	fetching bool
}

func (p *allowlistPage) allowlistState() allowlistState {
	now := allowlistState{session: p.model.Current, fetching: p.network().Fetching}
	if s := now.session; s != nil {
		p.runs.loadSaved(s, nil)
		now.outcome, now.wanted, now.region, now.running = s.Outcome, s.Target.Requirements, s.KnownRegion(), s.Running
	}
	return now
}

// network is the current portal's network.
func (p *allowlistPage) network() *model.Network {
	if s := p.model.Current; s != nil {
		return &s.Network
	}
	return &p.own
}

func (p *allowlistPage) build() fyne.CanvasObject {
	if p.part == "" {
		p.part = letterPart
	}
	p.root = widgets.Stack()
	p.fill()
	return p.root
}

// refresh shows what has changed in the model.
func (p *allowlistPage) refresh() {
	before := p.builtFrom
	switch now := p.allowlistState(); {
	case before == now:
	case before.session != now.session || before.region != now.region:
		p.saved = ""
		p.fill()
	default:
		p.show()
	}
}

// fill rebuilds the content.
func (p *allowlistPage) fill() {
	p.result, p.rows, p.maxRows = widgets.Column(14), nil, rowsAtOnce
	choices := p.choices()
	p.update()
	p.setContent(title(p.say("allowlist.title", nil)), choices, p.result)
}

// loadChosen reads the saved choices.
func (p *allowlistPage) loadChosen() {
	if !p.known {
		p.chosen, p.known = p.settings().Network, true
	}
}

// saveChosen saves the choices for all portals.
func (p *allowlistPage) saveChosen() {
	p.params.Store.SetSettings(func(s *store.Settings) { s.Network = p.chosen })
	p.background(func(context.Context) func() {
		_ = p.params.Store.Save() // as with saveRun
		return nil
	})
}

// regionNow is the region that rules are made for; "" for both.
func (p *allowlistPage) regionNow() (region bitrix.Region, detected bool) {
	n := p.network()
	if n.Unknown || n.Region != "" {
		return n.Region, false
	}
	if s := p.model.Current; s != nil && s.KnownRegion() != "" {
		return s.KnownRegion(), true
	}
	return bitrix.Region(p.settings().Region), false
}

// choices are the selects for region, handlers and equipment.
func (p *allowlistPage) choices() fyne.CanvasObject {
	p.loadChosen()
	named := func(key, value string) string { return p.say("allowlist."+key, checks.Args{"value": value}) }
	both := "both"
	regions := []option{}
	for _, r := range bitrix.Regions() {
		regions = append(regions, option{string(r), named("region", p.words.Say("allowlist.region."+string(r), nil))})
	}
	regions = append(regions, option{both, p.say("allowlist.both", nil)})
	chosen, _ := p.regionNow()
	now := string(chosen)
	if now == "" {
		now = both
	}
	region := choice(regions, now, func(value string) {
		n := p.network()
		n.Region, n.Unknown = bitrix.Region(value), value == both
		if n.Unknown {
			n.Region = ""
		}
		p.show()
	})
	p.focus = region
	var places []option
	for _, h := range allowlist.Places() {
		places = append(places, option{string(h), named("handlers", p.words.Say("allowlist.handlers."+string(h)+".name", nil))})
	}
	handlers := choice(places, string(p.handlers()), func(value string) {
		p.chosen.Handlers = value
		p.saveChosen()
		p.show()
	})
	equipment := []option{{"", named("equipment", p.say("allowlist.none", nil))}}
	for _, e := range allowlist.Equipments() {
		equipment = append(equipment, option{string(e), named("equipment", e.Name(p.words))})
	}
	devices := choice(equipment, p.chosen.Equipment, func(value string) {
		p.chooseEquipment(allowlist.Equipment(value))
		p.show()
	})
	lines := []fyne.CanvasObject{widgets.EqualColumns(10, 210, widgets.Bordered(region), widgets.Bordered(handlers), widgets.Bordered(devices))}
	arrow := "chevron-down"
	if p.details {
		arrow = "chevron-up"
	}
	p.fold = widgets.NewLowEmphasis(p.say("allowlist.details", nil), style.Icon(arrow, theme.ColorNameForeground), func() {
		p.details = !p.details
		p.fill()
		p.focusOn(p.fold)
	})
	lines = append(lines, widgets.Flow(0, p.fold))
	if p.details {
		lines = append(lines, p.detailsCard())
	}
	return widgets.Column(6, lines...)
}

// chooseEquipment remembers the equipment that rules are written for; "" for none.
func (p *allowlistPage) chooseEquipment(e allowlist.Equipment) {
	p.loadChosen()
	p.chosen.Equipment = string(e)
	if p.part = allowlist.Add; e == "" {
		p.part = letterPart
	}
	p.saveChosen()
}

// handlers is where the handlers run.
func (p *allowlistPage) handlers() requirements.Handlers {
	if p.chosen.Handlers != "" {
		return requirements.Handlers(p.chosen.Handlers)
	}
	if s := p.model.Current; s != nil && s.Target.Requirements != nil && s.Target.Requirements.Handlers != "" {
		return s.Target.Requirements.Handlers
	}
	return allowlist.Places()[0]
}

func (p *allowlistPage) packs() (packs []bitrix.Pack) {
	if p.chosen.Packs == nil {
		return allowlist.DefaultPacks()
	}
	for _, pack := range allowlist.Packs() {
		if slices.Contains(p.chosen.Packs, string(pack)) {
			packs = append(packs, pack)
		}
	}
	return packs
}

// detailsCard has the rarely used choices.
func (p *allowlistPage) detailsCard() fyne.CanvasObject {
	chips := widgets.Flow(8)
	for _, pack := range allowlist.Packs() {
		var chip *widgets.Chip
		set := func() {
			sign, on := style.Sign(""), slices.Contains(p.packs(), pack)
			if on {
				sign = style.OK
			}
			chip.Set(sign, p.words.Say("allowlist.pack."+string(pack), nil), on)
			widgets.Relayout(chips)
		}
		chip = widgets.NewChip(func() {
			p.togglePack(pack)
			set()
			p.show()
		})
		set()
		chips.Add(chip.Object)
	}
	n := p.network()
	address := func(name string, typed *string) fyne.CanvasObject {
		e := widgets.NewEntry(p.say("allowlist.address", nil), 60)
		e.Text = *typed
		mistake := widgets.NewText(p.say("allowlist.no-address", nil), widgets.Font{Color: widgets.Danger})
		check := func() {
			_, ok := model.Address(*typed)
			mistake.Hidden = ok
		}
		check()
		e.OnChanged = func(text string) {
			*typed = text
			check()
			p.show()
		}
		return widgets.NameValue(widgets.Pad(8, 0, 0, 0, widgets.NewText(p.say("allowlist."+name, nil), widgets.Font{})), widgets.Column(4, e, mistake))
	}
	return widgets.Card(widgets.Column(10,
		widgets.Heading(p.say("allowlist.packs", nil)), widgets.NewText(p.say("allowlist.packs-text", nil), widgets.Font{Color: widgets.Muted}), chips,
		widgets.Heading(p.say("allowlist.addresses", nil)), widgets.NewText(p.say("allowlist.addresses-text", nil), widgets.Font{Color: widgets.Muted}),
		address("portal-ip", &n.PortalIP), address("handler-ip", &n.HandlerIP)))
}

func (p *allowlistPage) togglePack(pack bitrix.Pack) {
	packs := p.packs()
	if i := slices.Index(packs, pack); i >= 0 {
		packs = slices.Delete(packs, i, i+1)
	} else {
		packs = append(packs, pack)
	}
	p.chosen.Packs = []string{}
	for _, one := range packs {
		p.chosen.Packs = append(p.chosen.Packs, string(one))
	}
	p.saveChosen()
}

// options returns the input of the rules.
func (p *allowlistPage) options() allowlist.Options {
	p.loadChosen()
	n := p.network()
	o := allowlist.Options{Packs: p.packs(), Handlers: p.handlers(), Lists: n.Lists, Now: p.params.Now(), Version: p.params.Version}
	o.Region, o.Detected = p.regionNow()
	o.PortalIP, _ = model.Address(n.PortalIP)
	o.HandlerIP, _ = model.Address(n.HandlerIP)
	if s := p.model.Current; s != nil {
		o.Portal, o.Outcome, o.Requirements = s.Target.Address, s.Outcome, s.Target.Requirements
	}
	return o
}

// show shows the rules for what is chosen now.
func (p *allowlistPage) show() {
	p.update()
	widgets.Relayout(p.result)
	p.page.Refit()
}

// update computes the rules and builds what shows them.
func (p *allowlistPage) update() {
	o := p.options()
	p.builtFrom = p.allowlistState()
	rules, err := allowlist.New(o)
	p.rules, p.letter, p.text, p.viewer = rules, nil, "", nil
	if err != nil {
		p.result.Objects = []fyne.CanvasObject{widgets.Card(widgets.NewRow(widgets.RowContent{Sign: style.Problem, Title: p.say("allowlist.bad-host", nil)}, nil).Object)}
	} else {
		p.result.Objects = []fyne.CanvasObject{p.rowsCard(), p.textCard()}
	}
	if n := p.network(); err == nil && len(rules.Missing) > 0 && (!n.Fetched || n.For != o.Region) {
		p.fetch()
	}
}

// fetch gets the event queue's addresses.
func (p *allowlistPage) fetch() {
	n, lists := p.network(), p.params.Lists
	if n.Fetching {
		return
	}
	if s := p.model.Current; s != nil && s.Demo && p.runs.demo != nil {
		lists = p.runs.demo.Lists
	}
	o := p.options()
	n.Fetching = true
	p.background(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
		defer cancel()
		got, err := lists(ctx, o)
		return func() {
			n.Fetching, n.Fetched, n.For, n.Failed = false, true, o.Region, err != nil
			for _, list := range got {
				n.Lists = slices.DeleteFunc(n.Lists, func(had feed.List) bool { return had.Region == list.Region })
				n.Lists = append(n.Lists, list)
			}
			p.changed()
		}
	})
	p.changed()
}

const fetchTimeout = 30 * time.Second

// rowsCard lists the connections with what was last measured.
func (p *allowlistPage) rowsCard() fyne.CanvasObject {
	var lines []fyne.CanvasObject
	used := map[string]*widgets.Row{}
	left := 0 // rows that aren't shown
	for i, g := range model.RuleRows(p.words, p.rules) {
		if len(used) == p.maxRows {
			left += len(g.Rows)
			continue
		}
		top := float32(10)
		if i == 0 {
			top = 0
		}
		lines = append(lines, widgets.Pad(top, 8, 6, 8, widgets.NewText(g.Title, widgets.Font{Bold: true})))
		for _, row := range g.Rows {
			if len(used) == p.maxRows {
				left++
				continue
			}
			content := widgets.RowContent{Sign: style.Sign(row.Sign), Title: row.Title, Detail: row.Detail, Aside: row.Aside}
			made := p.rows[row.Key]
			if made == nil {
				made = widgets.NewRow(content, nil)
			} else {
				made.Set(content)
			}
			used[row.Key] = made
			lines = append(lines, widgets.Line(), made.Object)
		}
	}
	if left > 0 {
		lines = append(lines, widgets.Pad(10, 8, 0, 8, widgets.Flow(8, widgets.NewButton(p.words.Count("window.more-rows", left), nil, func() {
			p.maxRows += rowsAtOnce
			p.show()
			p.focusOn(p.tab) // which follows
		}))))
	}
	p.rows = used
	if len(lines) == 0 {
		lines = append(lines, widgets.NewText(p.say("allowlist.nothing", nil), widgets.Font{Color: widgets.Muted}))
	}
	if note := p.listsNote(); note != nil {
		lines = append(lines, widgets.Pad(8, 8, 0, 8, note))
	}
	if s := p.model.Current; s != nil && len(p.rules.Checks()) > 0 {
		again := widgets.NewButton(p.say("allowlist.again", nil), theme.ViewRefreshIcon(), func() {
			if s.Outcome == nil {
				p.runs.run(s)
			} else {
				p.runs.recheck(s, p.rules.Checks()...)
			}
		})
		if s.Running {
			again.Text = p.say("verdict.running", nil)
			again.Disable()
		}
		lines = append(lines, widgets.Pad(10, 8, 0, 8, widgets.Flow(8, again)))
	}
	return widgets.Card(widgets.Column(0, lines...))
}

// listsNote is the state of the event queue's addresses; nil if the rules don't need them.
func (p *allowlistPage) listsNote() fyne.CanvasObject {
	if !p.options().NeedsLists() {
		return nil
	}
	n := p.network()
	retry := widgets.NewButton(p.say("sign-in.retry", nil), nil, p.fetch)
	text := func(key string, args checks.Args) fyne.CanvasObject {
		return widgets.NewText(p.say("allowlist."+key, args), widgets.Font{Selectable: true})
	}
	var lists []feed.List
	count := 0
	for _, list := range n.Lists {
		if p.rules.Region == "" || p.rules.Region == list.Region {
			lists = append(lists, list)
			count += len(list.Nodes)
		}
	}
	slices.SortFunc(lists, func(x, y feed.List) int { return x.Fetched.Compare(y.Fetched) })
	switch {
	case n.Fetching:
		return text("fetching", nil)
	case len(p.rules.Missing) > 0:
		return widgets.BesideOrBelow(10, 240, text("no-list", nil), retry)
	case n.Failed:
		return widgets.BesideOrBelow(10, 240, text("stale", checks.Args{"when": model.When(p.words, lists[0].Fetched)}), retry)
	}
	return text("fetched", checks.Args{"n": count, "when": model.When(p.words, lists[0].Fetched)})
}

// parts are what can be shown, the letter first.
func (p *allowlistPage) parts() []allowlist.Part {
	parts := []allowlist.Part{letterPart}
	for _, part := range []allowlist.Part{allowlist.Add, allowlist.Remove, allowlist.Refresh} {
		if e := allowlist.Equipment(p.chosen.Equipment); e != "" && p.rules.Has(e, part) {
			parts = append(parts, part)
		}
	}
	return parts
}

// textCard is the letter, or a file for the equipment.
func (p *allowlistPage) textCard() fyne.CanvasObject {
	e := allowlist.Equipment(p.chosen.Equipment)
	parts := p.parts()
	if !slices.Contains(parts, p.part) {
		p.part = parts[len(parts)-1]
		if !slices.Contains(parts, allowlist.Add) {
			p.part = letterPart
		}
	}
	tabs := widgets.Flow(8)
	for _, part := range parts {
		chip := widgets.NewChip(func() {
			p.part = part
			p.show()
			p.focusOn(p.tab)
		})
		chip.Set("", p.say("allowlist.part-"+string(part), checks.Args{"equipment": e.Name(p.words)}), part == p.part)
		tabs.Add(chip.Object)
		if part == p.part {
			p.tab, _ = chip.Object.(fyne.Focusable)
		}
	}
	if err := p.write(e); err != nil {
		return widgets.Card(widgets.NewText(p.say("allowlist.bad-host", nil), widgets.Font{Color: widgets.Danger}))
	}
	p.viewer = widgets.NewViewer(p.text, viewerHeight)
	lines := []fyne.CanvasObject{tabs, p.viewer}
	if e != "" && p.part != letterPart {
		if can, cannot := p.rules.Coverage(e); cannot > 0 {
			lines = append(lines, widgets.NewText(p.say("allowlist.cannot", checks.Args{"n": cannot, "of": can + cannot, "equipment": e.Name(p.words)}), widgets.Font{Selectable: true}))
		}
	}
	if p.saved != "" {
		lines = append(lines, widgets.NewText(p.say("save.saved", checks.Args{"file": p.saved}), widgets.Font{Color: widgets.Muted, Selectable: true}))
	}
	copies := p.copyButton("allowlist.copy-letter", func() string { return p.letter.Text() })
	copies.Importance = widgets.NewPrimary("", nil, nil).Importance
	buttons := []fyne.CanvasObject{copies}
	if p.part != letterPart {
		buttons = append(buttons, p.copyButton("allowlist.copy-"+string(p.part), func() string { return p.text }))
	}
	buttons = append(buttons, widgets.NewButton(p.say("save.open", nil), theme.DocumentSaveIcon(), p.save),
		widgets.NewButton(p.say("allowlist.mail", nil), theme.MailComposeIcon(), p.mail))
	return widgets.Card(widgets.Column(10, append(lines, widgets.Flow(10, buttons...))...))
}

const viewerHeight = 260

// write writes the letter and the part that is shown.
func (p *allowlistPage) write(e allowlist.Equipment) error {
	var attached []allowlist.Equipment
	if e != "" {
		attached = append(attached, e)
	}
	written, err := p.rules.Letter(p.words, attached...)
	if err != nil {
		return err
	}
	p.letter, p.text = written, written.Text()
	if p.part == letterPart {
		return nil
	}
	var text bytes.Buffer
	err = p.rules.Write(&text, e, p.part, p.words)
	p.text = text.String()
	return err
}

// mail opens the letter in the mail program.
func (p *allowlistPage) mail() { p.dialogs.mail(letter.FromRules(p.letter), func(string) {}) }

// save saves what is shown.
func (p *allowlistPage) save() {
	text, written := p.text, p.letter
	if written == nil {
		return
	}
	s := saving{title: p.say("allowlist.save-title", nil), name: allowlist.Equipment(p.chosen.Equipment).FileName(p.part)}
	isLetter := p.part == letterPart
	if isLetter {
		s.name, s.hint = "boxready-letter.txt", p.say("allowlist.save-hint", nil)
	}
	s.write = func(path string) (string, error) {
		if extension := strings.ToLower(filepath.Ext(path)); isLetter && (extension == ".html" || extension == ".htm") {
			page, err := written.HTML()
			if err != nil {
				return "", err
			}
			text = page
		}
		return path, report.WriteFile(path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	p.dialogs.saveAs(s, func(path string) {
		p.saved = path
		p.show()
	})
}
