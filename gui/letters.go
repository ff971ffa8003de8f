package gui

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/allowlist"
	"boxready/internal/letter"
	"boxready/internal/report"
	"boxready/internal/untrusted"
	"boxready/internal/view"
)

// lettersPage has a letter to each person who has to fix something, to be edited, copied, sent or saved. Nothing is sent by
// BoxReady itself.
type lettersPage struct {
	scaffold
	dialogs  *dialogs
	nav      navigator
	network  *allowlistPage // whose rules are attached
	opened   bool           // by openLetter: Esc leads back
	unfolded bool           // what is attached is shown

	// Of the content that is shown.
	session *model.Session
	outcome *checks.Outcome
	written letter.Letter // the zero Letter if there is nobody to write to
	subject *widgets.Entry
	body    *widgets.Entry
	closed  *allowlist.Rules // of the connections that were found closed; nil if the letter has nothing to do with rules
	tab     fyne.Focusable   // of the letter that is shown
	devices *widgets.Select
	setup   *widgets.Select // of the portal's server
	fold    *widgets.Button // unfolds what is attached
	note    *widgets.Text
}

// Limits of what is typed, in letters. A letter as it is written may be longer.
const (
	maxSubject = 300
	maxLetter  = 20000
)

func (p *lettersPage) build() fyne.CanvasObject {
	p.opened = false
	p.root = widgets.Stack()
	p.fill()
	return p.root
}

// escape leads back to where the letter was opened from.
func (p *lettersPage) escape() {
	if p.opened {
		p.nav.openSection("check")
	}
}

// refresh rebuilds the page only after another run: the user may be typing.
func (p *lettersPage) refresh() {
	if s := p.model.Current; s == p.session && s.Outcome == p.outcome {
		return
	}
	focused := p.fyne.Canvas().Focused() != nil
	p.fill()
	if focused {
		p.focusOn(p.focus)
	}
}

// fill rebuilds the content.
func (p *lettersPage) fill() {
	s := p.model.Current
	if p.session != s {
		p.unfolded = false
	}
	p.session, p.outcome, p.written, p.closed = s, s.Outcome, letter.Letter{}, nil
	recipients := s.Recipients()
	if len(recipients) == 0 {
		p.nobody()
		return
	}
	to := recipients[0]
	for _, r := range recipients {
		if r.ID == s.Recipient {
			to = r
		}
	}
	p.write(to.ID)
	content := []fyne.CanvasObject{p.tabs(recipients, to.ID), p.card()}
	if _, outdated := s.Draft(p.written); outdated {
		content = slices.Insert(content, 1, p.question(to.ID))
	}
	p.setContent(title(p.say("section.letters", nil)), content...)
}

// again rebuilds the content and puts the focus on what f returns, which is there then.
func (p *lettersPage) again(f func() fyne.Focusable) {
	p.fill()
	p.focusOn(f())
}

// nobody says that there is nobody to write to.
func (p *lettersPage) nobody() {
	key := "letters.nobody"
	if len(p.session.FindingsOf(checks.You)) > 0 {
		key = "letters.nobody-else"
	}
	lines := []fyne.CanvasObject{widgets.NewText(p.say(key, nil), widgets.Font{Selectable: true})}
	p.focus = nil
	if link := p.allRules(); link != nil {
		p.focus = link
		lines = append(lines, widgets.Flow(8, link))
	}
	p.setContent(title(p.say("section.letters", nil)), widgets.Card(widgets.Column(10, lines...)))
}

// allRules leads to the rules of the whole portal; nil if that section isn't there.
func (p *lettersPage) allRules() *widgets.Button {
	if !p.nav.hasSection("allowlist") {
		return nil
	}
	return widgets.NewLowEmphasis(p.say("letters.all-rules", nil), nil, func() { p.nav.openSection("allowlist") })
}

// tabs are the people to write to; with one alone there is nothing to choose.
func (p *lettersPage) tabs(recipients []view.Owner, shown checks.Owner) fyne.CanvasObject {
	tabs := widgets.Flow(8)
	for _, r := range recipients {
		var choose func()
		if len(recipients) > 1 {
			choose = func() {
				p.session.Recipient, p.unfolded = r.ID, false
				p.again(func() fyne.Focusable { return p.tab })
			}
		}
		chip := widgets.NewChip(choose)
		chip.Set(style.Sign(r.State), p.words.Code("owner.", string(r.ID), ".title"), r.ID == shown)
		tabs.Add(chip.Object)
		if r.ID == shown {
			p.tab, _ = chip.Object.(fyne.Focusable)
		}
	}
	return tabs
}

// question asks which text is right after another run. It has the focus.
func (p *lettersPage) question(to checks.Owner) fyne.CanvasObject {
	answer := func(key string, do func(checks.Owner)) *widgets.Button {
		return widgets.NewButton(p.say(key, nil), nil, func() {
			do(to)
			p.again(func() fyne.Focusable { return p.focus })
		})
	}
	keep := answer("letters.keep", p.session.KeepDraft)
	p.focus = keep
	says := widgets.NewText(p.say("letters.changed", nil), widgets.Font{Selectable: true})
	return widgets.Card(widgets.Column(10, widgets.Beside(8, true, widgets.SmallSign(style.Notice), says, nil),
		widgets.Flow(8, keep, answer("letters.take", p.session.TakeWritten))))
}

// card has the letter, and what can be done with it.
func (p *lettersPage) card() fyne.CanvasObject {
	draft, _ := p.session.Draft(p.written)
	entry := func(text string, most int) *widgets.Entry {
		e := widgets.NewEntry("", max(most, len([]rune(text))))
		e.Text = text
		e.OnChanged = func(string) { p.session.EditLetter(p.shown(), p.written) }
		return e
	}
	p.subject, p.body = entry(draft.Subject, maxSubject), entry(draft.Body, maxLetter)
	p.body.MultiLine, p.body.Wrapping = true, fyne.TextWrapWord
	label := func(key string) fyne.CanvasObject {
		return widgets.NewText(p.say(key, nil), widgets.Font{Color: widgets.Muted})
	}
	text := &fyne.Container{Layout: &letterHeight{p}, Objects: []fyne.CanvasObject{p.body}}
	lines := append(p.supportLines(), widgets.Column(4, label("letters.subject"), p.subject), widgets.Column(4, label("letters.body"), text))
	lines = append(lines, p.attachedRow())
	copies := p.copyButton("letters.copy", func() string { return p.shown().Text(p.words) })
	copies.Importance = widgets.NewPrimary("", nil, nil).Importance
	p.focus = copies
	buttons := widgets.Flow(8, copies, widgets.NewButton(p.say("letters.mail", nil), theme.MailComposeIcon(), p.mail),
		widgets.NewButton(p.say("save.open", nil), theme.DocumentSaveIcon(), p.save))
	var last fyne.CanvasObject = buttons
	if link := p.allRules(); link != nil {
		last = widgets.BesideOrBelow(8, 430, buttons, link)
	}
	p.note = widgets.NewText("", widgets.Font{Color: widgets.Muted, Selectable: true})
	p.note.Hide()
	return widgets.Card(widgets.Column(10, append(lines, last, p.note)...))
}

// supportLines show the address that requirements name for help, before it is used; none if there is no such address.
func (p *lettersPage) supportLines() []fyne.CanvasObject {
	support := p.written.Support
	if support == "" {
		return nil
	}
	of, _ := p.session.Target.Requirements.Support()
	says := p.say("letters.support", checks.Args{"application": untrusted.Line(of.NameIn(p.words.Lang())), "address": strings.TrimPrefix(support, "mailto:")})
	lines := []fyne.CanvasObject{widgets.NewText(says, widgets.Font{Selectable: true})}
	if strings.HasPrefix(support, "https://") {
		lines = append(lines, widgets.Flow(8, widgets.NewButton(p.say("letters.open-support", nil), nil, func() { p.dialogs.openURL(support) })))
	}
	return lines
}

// letterHeight makes the text field as high as the page has room for.
type letterHeight struct{ p *lettersPage }

// Heights of the text, and of what is around it. In a narrow page what is below the text needs more lines.
const (
	aroundLetter = 350
	narrowLetter = 620
	moreLines    = 50
	leastLetter  = 150
)

func (l *letterHeight) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(min(size.Width, widgets.ReadableWidth()), size.Height))
}

func (l *letterHeight) MinSize(objects []fyne.CanvasObject) fyne.Size {
	page := l.p.root.Size()
	height := page.Height - aroundLetter
	if page.Width < narrowLetter {
		height -= moreLines
	}
	return fyne.NewSize(objects[0].MinSize().Width, max(leastLetter, height))
}

// sayBelow shows a line below the buttons.
func (p *lettersPage) sayBelow(text string) {
	p.note.SetText(text)
	p.note.Hidden = text == ""
	p.page.Refit()
}

// write writes the letter. The section of network rules says what is wrong with a host whose rules can't be made.
func (p *lettersPage) write(to checks.Owner) {
	rules, err := allowlist.New(p.network.options())
	if err != nil {
		rules = nil
	} else if closed := rules.Closed(); to == checks.NetworkAdmin && len(closed.Rows) > 0 {
		p.closed = closed
	}
	p.written, err = p.session.Letter(p.words, p.params.Version, to, rules, p.equipment())
	if err != nil { // nothing is attached but the details
		p.written, _ = p.session.Letter(p.words, p.params.Version, to, nil, "")
	}
}

func (p *lettersPage) equipment() allowlist.Equipment {
	return allowlist.Equipment(p.network.chosen.Equipment)
}

// attachedRow says what is attached and shows it, with the choices that it depends on.
func (p *lettersPage) attachedRow() fyne.CanvasObject {
	var choices, lines []fyne.CanvasObject
	p.devices, p.setup = nil, nil
	if p.closed != nil {
		named := func(name string) string { return p.say("letters.rules", checks.Args{"equipment": name}) }
		equipment := []option{{"", named(p.say("letters.no-rules", nil))}}
		for _, e := range allowlist.Equipments() {
			equipment = append(equipment, option{string(e), named(e.Name(p.words))})
		}
		p.devices = choice(equipment, string(p.equipment()), func(value string) {
			p.network.chooseEquipment(allowlist.Equipment(value))
			p.again(func() fyne.Focusable { return p.devices })
		})
		choices = append(choices, widgets.Bordered(p.devices))
		if can, _ := p.closed.Coverage(p.equipment()); can == 0 && p.equipment() != "" {
			lines = append(lines, widgets.Small(p.say("letters.cannot", checks.Args{"equipment": p.equipment().Name(p.words)})))
		}
	}
	if p.session.SetupMatters(p.words, p.written.To) {
		p.setup = p.setupChoice(p.session, func() { p.again(func() fyne.Focusable { return p.setup }) })
		choices = append(choices, widgets.Bordered(p.setup))
	}
	word, arrow := "show", "chevron-down"
	if p.unfolded {
		word, arrow = "hide", "chevron-up"
	}
	p.fold = widgets.NewLowEmphasis(p.say(word, nil), style.Icon(arrow, theme.ColorNameForeground), func() {
		p.unfolded = !p.unfolded
		p.again(func() fyne.Focusable { return p.fold })
	})
	attached := p.written.Attached()
	added := widgets.NewText(p.words.Count("window.letters.added", strings.Count(attached, "\n")), widgets.Font{Size: style.SizeSmall, Color: widgets.Muted, OneLine: true})
	row := widgets.Beside(8, false, nil, added, p.fold)
	if last := len(choices) - 1; last >= 0 {
		row = widgets.BesideOrBelow(10, 250, choices[last], row)
		choices = choices[:last]
	}
	lines = append(append(choices, row), lines...)
	if p.unfolded {
		lines = append(lines, widgets.NewViewer(attached, rulesHeight))
	}
	return widgets.Column(6, lines...)
}

const rulesHeight = 180

// shown is the letter as it is shown, with what is attached.
func (p *lettersPage) shown() letter.Letter {
	return letter.Letter{To: p.written.To, Support: p.written.Support, Subject: p.subject.Text, Body: p.body.Text, Attachments: p.written.Attachments}
}

// mail opens the letter in the mail program.
func (p *lettersPage) mail() {
	p.sayBelow("")
	p.dialogs.mail(p.shown(), p.sayBelow)
}

// mail opens a letter in the mail program: by a URL, or as a file where it is too long for one. A URL has no room for what is
// attached, which is put on the clipboard then; say tells so.
func (d *dialogs) mail(l letter.Letter, say func(string)) {
	address, fits := l.Mailto()
	if fits {
		d.toClipboard(l.Attached())
		say(d.say("letters.in-clipboard", nil))
	}
	folder, now := d.params.Drafts, d.params.Now()
	d.background(func(context.Context) func() {
		var err error
		if !fits {
			address, err = draftFile(folder, l, now)
		}
		if err == nil {
			err = d.params.OpenURL(address)
		}
		if err == nil {
			return nil
		}
		return func() {
			say("")
			d.toClipboard(l.Text(d.words))
			d.showMessage(d.say("allowlist.no-mail", nil), d.say("allowlist.in-clipboard", nil))
		}
	})
}

// draftsKept is how long a letter that was handed to the mail program stays: the program may read it later.
const draftsKept = 24 * time.Hour

// draftFile writes a letter to a file for the mail program, and returns its URL.
func draftFile(folder string, l letter.Letter, now time.Time) (address string, err error) {
	if folder != "" {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return "", fmt.Errorf("make a folder for letters: %w", err)
		}
		old, _ := filepath.Glob(filepath.Join(folder, "*.eml"))
		for _, path := range old {
			if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) > draftsKept {
				_ = os.Remove(path) // the next letter tries again
			}
		}
	}
	f, err := os.CreateTemp(folder, "boxready-letter-*.eml") // with mode 0600
	if err != nil {
		return "", fmt.Errorf("write a letter: %w", err)
	}
	_, err = f.Write(l.EML(now))
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return "", fmt.Errorf("write a letter: %w", err)
	}
	return fileURL(f.Name()), nil
}

// save saves the letter with what is attached, in the form that the file's name asks for.
func (p *lettersPage) save() {
	if p.written.To == "" { // there is nobody to write to
		return
	}
	whole, words, now := p.shown(), p.words, p.params.Now()
	p.dialogs.saveAs(saving{
		title: p.say("letters.save-title", nil), name: "boxready-letter-" + string(whole.To) + ".txt", hint: p.say("letters.save-hint", nil),
		write: func(path string) (string, error) {
			text := whole.Text(words)
			switch strings.ToLower(filepath.Ext(path)) {
			case ".eml":
				text = string(whole.EML(now))
			case ".html", ".htm":
				page, err := whole.HTML(words.Lang())
				if err != nil {
					return "", err
				}
				text = page
			}
			return path, report.WriteFile(path, func(w io.Writer) error {
				_, err := io.WriteString(w, text)
				return err
			})
		},
	}, func(path string) { p.sayBelow(p.say("save.saved", checks.Args{"file": path})) })
}
