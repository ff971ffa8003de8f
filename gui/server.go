package gui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/app"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"
	"boxready/internal/untrusted"
)

// serverPage adds results from the portal's server and from outside: it provides a script, takes its answer or a run made from the
// internet, and shows what that added to the last run.
type serverPage struct {
	scaffold
	dialogs      *dialogs
	runs         *runner
	nav          navigator
	session      *model.Session
	kind         serverprobe.Kind // of the script
	unfolded     bool             // the script is shown
	saved        string           // path that it was saved to last; "" for none
	reads        int              // number of answers read; only the last one is used
	reading      bool             // an answer is being read
	readErr      error            // of what was pasted last
	probeResults []checks.Result  // about what was pasted last
	remote       remote
	outside      string // what is wrong with the file that was chosen last
	console      string // path that the program for a console was saved to last; "" for none

	// Of the content that is shown.
	builtFrom    serverState
	scriptButton fyne.Focusable // unfolds the script
	added        fyne.CanvasObject
	area         *widgets.PasteArea
	nextFocus    fyne.Focusable // gets the focus after a paste
	outsideAt    fyne.CanvasObject
	outsideFocus fyne.Focusable
}

// serverState is the part of the model that the page is built from.
type serverState struct {
	session *model.Session
	outcome *checks.Outcome
	running bool
}

func (p *serverPage) state() serverState {
	s := p.model.Current
	if s == nil {
		return serverState{}
	}
	return serverState{s, s.Outcome, s.Running}
}

func (p *serverPage) build() fyne.CanvasObject {
	p.root = widgets.Stack()
	if p.kind == "" {
		p.kind = serverprobe.PHP
	}
	p.fill()
	return p.root
}

func (p *serverPage) escape() { p.remote.stop() }

// refresh rebuilds the page only if its state has changed: the user may be reading it.
func (p *serverPage) refresh() {
	before := p.builtFrom
	if before == p.state() {
		return
	}
	if p.fyne.Canvas().Focused() == nil || p.dialogs.shown() {
		p.fill()
	} else {
		p.refill(func() fyne.Focusable { return p.nextFocus })
	}
	if before.running && !p.builtFrom.running && p.added != nil {
		p.page.ScrollToObject(p.added)
	}
}

// fill rebuilds the content.
func (p *serverPage) fill() {
	p.stopAnimations()
	p.builtFrom = p.state()
	s := p.builtFrom.session
	if s == nil {
		return // the section isn't shown then
	}
	if p.session != s {
		p.remote.stop()
		p.session, p.unfolded, p.saved, p.reading, p.readErr, p.probeResults, p.outside, p.console, p.remote = s, false, "", false, nil, nil, "", "", remote{}
		p.reads++ // what is being read is for the previous portal
	}
	content := []fyne.CanvasObject{p.scriptCard(s), p.answerCard(s)}
	if p.added = p.addedCard(s); p.added != nil {
		content = append(content, p.added)
	}
	if p.params.RunProbe != nil && !s.Demo {
		content = append(content, p.remoteCard())
	}
	content = append(content, p.outsideCard(s))
	p.setContent(title(p.say("server.title", nil)), content...)
}

// refill is fill and sets the focus again, because the focused widget is replaced.
func (p *serverPage) refill(focus func() fyne.Focusable) {
	p.fill()
	if p.nav.isOpen("server") && !p.dialogs.shown() {
		if f := focus(); f != nil {
			p.focusOn(f)
		}
	}
}

// scriptFiles are the names under which scripts are saved.
var scriptFiles = map[serverprobe.Kind]string{serverprobe.PHP: "boxready-probe.php.txt", serverprobe.Shell: "boxready-probe.sh", serverprobe.PowerShell: "boxready-probe.ps1"}

// scriptCard provides the script.
func (p *serverPage) scriptCard(s *model.Session) fyne.CanvasObject {
	script, err := s.Script(p.kind)
	if err != nil {
		return widgets.Card(widgets.NewText(p.say("server.no-script", nil), widgets.Font{Color: widgets.Danger}))
	}
	kinds := widgets.Flow(8)
	for _, kind := range serverprobe.Kinds() {
		chip := widgets.NewChip(func() {
			p.kind, p.saved = kind, ""
			p.refill(p.initialFocus)
		})
		chip.Set("", p.say("server.kind-"+string(kind), nil), kind == p.kind)
		kinds.Add(chip.Object)
		if kind == p.kind {
			p.focus, _ = chip.Object.(fyne.Focusable)
		}
	}
	lines := []fyne.CanvasObject{heading(p.say("server.script", nil)), widgets.NewText(p.say("server.script-text", nil), widgets.Font{Color: widgets.Muted}), kinds}
	page := s.Target.Address.Display() + serverprobe.CommandLinePage
	command := map[serverprobe.Kind]string{serverprobe.Shell: "sh ", serverprobe.PowerShell: "powershell -ExecutionPolicy Bypass -File "}[p.kind] + scriptFiles[p.kind]
	lines = append(lines, p.steps("window.server.steps-"+string(p.kind), map[string]value{"page": {page, func() { p.dialogs.openURL(page) }}, "command": {command, nil}})...)
	copies := p.copyButton("server.copy", func() string { return script })
	copies.Importance = widget.HighImportance
	save := widgets.NewButton(p.say("server.save", nil), theme.DocumentSaveIcon(), func() {
		write := func(path string) (string, error) { return path, os.WriteFile(path, []byte(script), 0o600) }
		p.dialogs.saveAs(saving{title: p.say("server.save-title", nil), name: scriptFiles[p.kind], write: write}, func(path string) {
			p.saved = path
			p.refill(p.initialFocus)
		})
	})
	arrow := "chevron-down"
	if p.unfolded {
		arrow = "chevron-up"
	}
	look := widgets.NewLowEmphasis(p.say("server.look", nil), style.Icon(arrow, theme.ColorNameForeground), nil)
	look.OnTapped = func() {
		p.unfolded = !p.unfolded
		p.refill(func() fyne.Focusable { return p.scriptButton })
	}
	p.scriptButton = look
	lines = append(lines, widgets.Flow(10, copies, save, look))
	if p.saved != "" {
		lines = append(lines, widgets.NewText(p.say("save.saved", checks.Args{"file": p.saved}), widgets.Font{Color: widgets.Muted, Selectable: true}))
	}
	if p.unfolded {
		lines = append(lines, widgets.NewViewer(script, viewerHeight))
	}
	return widgets.Card(widgets.Column(10, lines...))
}

// answerCard takes the answer, and shows at once what is wrong with it.
func (p *serverPage) answerCard(s *model.Session) fyne.CanvasObject {
	const height = 92
	p.area = widgets.NewPasteArea(p.say("server.paste-here", nil), height, p.take)
	p.area.SetText(s.Server.Pasted)
	p.nextFocus = p.area
	paste := widgets.NewButton(p.say("server.paste", nil), theme.ContentPasteIcon(), func() { p.take(p.params.App.Clipboard().Content()) })
	pick := widgets.NewButton(p.say("server.pick", nil), theme.FolderOpenIcon(), func() {
		p.dialogs.pickFile(p.say("server.pick-title", nil), []string{".txt", ".log", ".html", ".htm"}, p.takeFile)
	})
	buttons := widgets.Flow(10, paste, pick)
	if s.Demo {
		buttons.Add(widgets.NewLowEmphasis(p.say("sign-in.sample", nil), nil, func() { p.take(p.runs.demo.Sample.ServerAnswer) }))
	}
	lines := []fyne.CanvasObject{heading(p.say("server.answer", nil)), widgets.NewText(p.say("server.answer-text", nil), widgets.Font{Color: widgets.Muted}), p.area}
	say := func(content widgets.RowContent) { lines = append(lines, widgets.NewRow(content, nil).Object) }
	switch {
	case p.reading:
		lines = append(lines, p.wait(widgets.RowContent{Title: p.say("requirements.reading", nil), LowEmphasis: true}))
	case p.readErr != nil:
		say(widgets.RowContent{Sign: style.Problem, Title: p.pasteMistake(p.readErr), LowEmphasis: true})
	case s.Server.Probe != nil:
		say(widgets.RowContent{Sign: style.OK, Title: p.say("server.read", nil), Detail: s.AnswerText(p.words, s.Server.Probe)})
	}
	for _, r := range p.probeResults {
		if r.State != checks.OK {
			f := p.words.Finding(r, s.Target.Address.Display())
			say(widgets.RowContent{Sign: style.Sign(r.State), Title: f.Title, Detail: f.Saw})
		}
	}
	if s.Target.ServerProbe != nil {
		check := widgets.NewPrimary(p.say("server.check", nil), nil, func() { p.runs.run(s) })
		if s.Running {
			check.SetText(p.say("verdict.running", nil))
			check.Disable()
		} else {
			p.nextFocus = check
		}
		buttons.Objects = append([]fyne.CanvasObject{check}, buttons.Objects...)
		buttons.Add(widgets.NewLowEmphasis(p.say("requirements.remove", nil), nil, p.forget))
	}
	return widgets.Card(widgets.Column(10, append(lines, buttons)...))
}

// forget removes the answer.
func (p *serverPage) forget() {
	s := p.session
	s.Target.ServerProbe, s.Server.Probe, s.Server.Pasted, p.readErr, p.probeResults = nil, nil, "", nil, nil
	p.refill(func() fyne.Focusable { return p.area })
}

// take reads what was pasted.
func (p *serverPage) take(text string) {
	const shown = 4096
	p.read(text[:min(len(text), shown)], func() (*serverprobe.Probe, error) { return serverprobe.Parse([]byte(text)) })
}

// takeFile reads what was saved.
func (p *serverPage) takeFile(path string) {
	p.read(filepath.Base(path), func() (*serverprobe.Probe, error) {
		if blocks(path) {
			return nil, fs.ErrInvalid
		}
		file, err := os.Open(path) // #nosec G304 -- the user names it
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return serverprobe.Read(file)
	})
}

// read reads an answer, and shows how it begins.
func (p *serverPage) read(begins string, answer func() (*serverprobe.Probe, error)) {
	s := p.session
	p.reads++
	read := p.reads
	s.Server.Pasted, s.Server.Probe, s.Target.ServerProbe = begins, nil, nil
	p.reading, p.readErr, p.probeResults = true, nil, nil
	p.background(func(context.Context) func() {
		probe, err := answer()
		return func() {
			if read == p.reads {
				p.takeProbe(probe, err)
			}
		}
	})
	p.refill(func() fyne.Focusable { return p.area })
}

// takeProbe uses an answer if it is about this portal.
func (p *serverPage) takeProbe(probe *serverprobe.Probe, err error) {
	s := p.session
	p.reading = false
	if p.readErr = err; err == nil {
		target := s.Target
		target.ServerProbe = probe
		s.Server.Probe, p.probeResults = probe, checks.LookAtProbe(target, p.params.Now())
		useful := true
		for _, r := range p.probeResults {
			useful = useful && r.State != checks.Problem
		}
		if useful {
			s.Target.ServerProbe = probe
		}
	}
	p.refill(func() fyne.Focusable { return p.nextFocus })
}

// pasteMistake says why what was pasted can't be read.
func (p *serverPage) pasteMistake(err error) string {
	var bad *serverprobe.PasteError
	if !errors.As(err, &bad) {
		return p.say("server.unreadable", nil)
	}
	return p.say("server.wrong."+string(bad.Reason), nil)
}

// addedCard shows what the last run found in the answer and in the outside run; nil if it had neither.
func (p *serverPage) addedCard(s *model.Session) fyne.CanvasObject {
	if s.Outcome == nil || s.Outcome.Target.ServerProbe == nil && s.Outcome.Target.Outside == nil || s.Running {
		return nil
	}
	rows, fine := s.Added(p.words)
	lines := []fyne.CanvasObject{heading(p.say("server.added", nil))}
	for i, row := range rows {
		if i > 0 {
			lines = append(lines, widgets.Line())
		}
		content := widgets.RowContent{Sign: style.Sign(row.Sign), Title: row.Title, Detail: row.Detail, Aside: row.Aside, Badge: row.Badge, Chevron: widgets.Navigates}
		lines = append(lines, widgets.NewRow(content, func() { p.nav.showResult(row.Result, row.Key) }).Object)
	}
	if fine > 0 {
		if len(rows) > 0 {
			lines = append(lines, widgets.Line())
		}
		lines = append(lines, widgets.NewRow(widgets.RowContent{Sign: style.OK, Title: p.words.Count("window.in-order", fine), LowEmphasis: true}, nil).Object)
	}
	return widgets.Card(widgets.Column(2, lines...))
}

// outsideCard takes a run that was made from the internet.
func (p *serverPage) outsideCard(s *model.Session) fyne.CanvasObject {
	pick := widgets.NewButton(p.say("server.outside-pick", nil), theme.FolderOpenIcon(), func() {
		p.dialogs.pickFile(p.say("server.outside-pick", nil), []string{".json", ".zip", ".html"}, p.takeOutside)
	})
	p.outsideFocus = pick
	buttons := widgets.Flow(10, pick)
	lines := []fyne.CanvasObject{heading(p.say("server.outside", nil)), widgets.NewText(p.say("server.outside-text", nil), widgets.Font{Color: widgets.Muted})}
	if p.params.Console != "" {
		lines = append(lines, p.steps("window.server.steps-console", map[string]value{})...)
		buttons.Add(widgets.NewButton(p.say("server.save-console", nil), theme.DocumentSaveIcon(), func() { p.saveConsole(s) }))
	} else {
		lines = append(lines, p.steps("window.server.steps-outside", map[string]value{})...)
		if p.params.DownloadPage != nil {
			buttons.Add(widgets.NewButton(p.say("server.download", nil), theme.ComputerIcon(), p.openDownloads))
		}
	}
	if p.console != "" {
		lines = append(lines, widgets.NewText(p.say("save.saved", checks.Args{"file": p.console}), widgets.Font{Color: widgets.Muted, Selectable: true}))
	}
	if p.outside != "" {
		lines = append(lines, widgets.NewRow(widgets.RowContent{Sign: style.Problem, Title: p.outside, LowEmphasis: true}, nil).Object)
	}
	if o := s.Target.Outside; o != nil {
		lines = append(lines, widgets.NewRow(widgets.RowContent{Sign: style.OK, Title: p.say("server.outside-read", checks.Args{"when": model.When(p.words, o.Made)})}, nil).Object)
		check := widgets.NewPrimary(p.say("server.check", nil), nil, func() { p.runs.run(s) })
		if s.Running {
			check.Disable()
		}
		buttons.Objects = append([]fyne.CanvasObject{check}, buttons.Objects...)
		buttons.Add(widgets.NewLowEmphasis(p.say("requirements.remove", nil), nil, func() {
			s.Target.Outside = nil
			p.refill(p.initialFocus)
		}))
	}
	p.outsideAt = widgets.Card(widgets.Column(10, append(lines, buttons)...))
	return p.outsideAt
}

// showOutside scrolls to the card for the run from the internet.
func (p *serverPage) showOutside() {
	if p.outsideAt != nil {
		p.page.ScrollToObject(p.outsideAt)
		p.focusOn(p.outsideFocus)
	}
}

// outsideScript is saved beside the copy of the program for a console, and runs it there.
const outsideScript = "boxready-outside.cmd"

// saveConsole saves a copy of the program for a console, with a script that makes the run.
func (p *serverPage) saveConsole(s *model.Session) {
	program := p.params.Console
	write := func(path string) (string, error) {
		copied, err := os.ReadFile(program) // #nosec G304 -- installed beside this program
		if err != nil {
			return "", fmt.Errorf("read the program: %w", err)
		}
		if err := os.WriteFile(path, copied, 0o700); err != nil { // #nosec G306 G703 -- a program, saved where the owner chose
			return "", err
		}
		line := fmt.Sprintf("@\"%%~dp0%s\" check %s --format json > \"%%~dp0outside.json\"\r\n", filepath.Base(path), s.Target.Address.Authority())
		return path, os.WriteFile(filepath.Join(filepath.Dir(path), outsideScript), []byte(line), 0o600)
	}
	p.dialogs.saveAs(saving{title: p.say("server.save-console", nil), name: filepath.Base(program), also: outsideScript, hint: p.say("server.save-console-hint", checks.Args{"script": outsideScript}), write: write}, func(path string) {
		p.console = path
		p.refill(func() fyne.Focusable { return p.outsideFocus })
	})
}

// openDownloads opens the page from which BoxReady can be downloaded.
func (p *serverPage) openDownloads() {
	p.background(func(ctx context.Context) func() {
		page, err := p.params.DownloadPage(ctx)
		return func() {
			if err != nil {
				p.dialogs.showMessage(p.say("server.download", nil), p.say("server.no-download", nil))
				return
			}
			p.dialogs.openURL(page)
		}
	})
}

// takeOutside reads a run that was made from the internet.
func (p *serverPage) takeOutside(path string) {
	s := p.session
	p.background(func(context.Context) func() {
		outside, err := app.ReadOutside(path, s.Target.Address)
		return func() {
			p.outside = ""
			if bad, ok := errors.AsType[*app.InputError](err); ok {
				args := checks.Args{"file": filepath.Base(path), "portal": s.Target.Address.Display(), "other": bad.Args["other"]}
				switch {
				case bad.Code == app.BadFile:
					p.outside = p.say("server.unreadable", nil)
				case args["other"] == nil:
					p.outside = p.say("server.outside-no-run", args)
				default:
					p.outside = p.say("server.outside-other", args)
				}
			} else {
				s.Target.Outside = outside
			}
			if p.session == s {
				p.refill(p.initialFocus)
			}
		}
	})
}

// remote is a run of the script on the server over SSH.
type remote struct {
	unfolded     bool
	server, root field
	cancel       func() // nil if none is under way
	failed       string // why the last one was
	focus        fyne.Focusable
}

// stop ends the run that is under way.
func (r *remote) stop() {
	if r.cancel != nil {
		r.cancel()
	}
}

// remoteCard runs the script over SSH.
func (p *serverPage) remoteCard() fyne.CanvasObject {
	r := &p.remote
	arrow := "chevron-down"
	if r.unfolded {
		arrow = "chevron-up"
	}
	fold := widgets.NewLowEmphasis(p.say("server.ssh", nil), style.Icon(arrow, theme.ColorNameForeground), func() {
		r.unfolded = !r.unfolded
		p.refill(func() fyne.Focusable { return r.focus })
	})
	r.focus = fold
	if !r.unfolded {
		return widgets.Flow(0, fold)
	}
	if r.root.text == "" {
		r.root.text = serverprobe.UsualRoot
	}
	refit := func() { p.page.Refit() }
	entry, server := r.server.entry(p.say("server.ssh-server", nil), false, maxKey, nil, p.runRemote, refit)
	_, root := r.root.entry(p.say("server.ssh-root", nil), false, maxKey, nil, p.runRemote, refit)
	lines := []fyne.CanvasObject{widgets.NewText(p.say("server.ssh-text", nil), widgets.Font{Color: widgets.Muted}), server, root}
	if r.cancel != nil {
		cancel := widgets.NewButton(p.say("sign-in.cancel", nil), nil, r.stop)
		r.focus = cancel
		lines = append(lines, p.wait(widgets.RowContent{Title: p.say("server.ssh-running", nil), LowEmphasis: true}), widgets.Flow(8, cancel))
	} else {
		r.focus = entry
		if r.failed != "" {
			lines = append(lines, widgets.NewRow(widgets.RowContent{Sign: style.Problem, Title: r.failed, LowEmphasis: true}, nil).Object)
		}
		lines = append(lines, widgets.Flow(8, widgets.NewPrimary(p.say("server.ssh-run", nil), nil, p.runRemote)))
	}
	return widgets.Column(6, widgets.Flow(0, fold), widgets.Card(widgets.Column(10, lines...)))
}

// runRemote runs the script, and takes its answer as if it had been pasted.
func (p *serverPage) runRemote() {
	r, s := &p.remote, p.session
	if r.cancel != nil {
		return
	}
	server, err := serverprobe.ParseServer(strings.TrimSpace(r.server.text))
	if err != nil {
		r.server.mistake = p.words.Say("ssh.bad-server", checks.Args{"value": untrusted.Truncate(r.server.text, maxMistake)})
	}
	root := strings.TrimSpace(r.root.text)
	script, scriptErr := s.FreshScript(serverprobe.PHP, root)
	if scriptErr != nil || !strings.HasPrefix(root, "/") {
		r.root.mistake = p.say("server.ssh-bad-root", nil)
	}
	if r.server.mistake != "" || r.root.mistake != "" {
		p.refill(func() fyne.Focusable { return r.focus })
		return
	}
	ctx, cancel := context.WithCancel(p.ctx)
	r.cancel, r.failed = cancel, ""
	ask := func(ctx context.Context) (secret.String, error) {
		typed := make(chan secret.String, 1)
		p.do(func() { p.askPassword(server, typed, cancel) })
		select {
		case password := <-typed:
			return password, nil
		case <-ctx.Done():
			return secret.String{}, ctx.Err()
		}
	}
	p.background(func(context.Context) func() {
		printed, err := p.params.RunProbe(ctx, server, script, ask)
		return func() {
			stopped := ctx.Err() != nil
			cancel()
			if p.session != s {
				return
			}
			var failed *serverprobe.SSHError
			switch r.cancel = nil; {
			case err == nil:
				p.take(string(printed))
				return
			case stopped:
			case errors.As(err, &failed):
				r.failed = p.words.Say("ssh."+string(failed.Reason), checks.Args{"server": server.String(), "port": server.Port, "key": failed.Key, "output": failed.Output})
			default:
				r.failed = p.words.Say("ssh."+string(serverprobe.SSHFailed), checks.Args{"server": server.String()})
			}
			p.refill(func() fyne.Focusable { return r.focus })
		}
	})
	p.refill(func() fyne.Focusable { return r.focus })
}

const maxMistake = 60 // letters of what was typed

// askPassword asks for the password on a server, which is not saved. Dismissing the dialog stops the run.
func (p *serverPage) askPassword(server serverprobe.Server, typed chan<- secret.String, stop func()) {
	if p.remote.cancel == nil {
		return
	}
	entry := widgets.NewEntry("", maxKey)
	entry.Password = true
	give := func() {
		typed <- secret.New(entry.Text)
		p.dialogs.onDismiss = nil
		p.dialogs.closeDialog()
	}
	entry.OnSubmitted = func(string) { give() }
	p.dialogs.showDialog(widgets.Column(12, heading(p.say("server.ssh-password", checks.Args{"server": server.String()})),
		widgets.NewText(p.say("server.ssh-password-text", nil), widgets.Font{}), entry,
		widgets.Flow(8, widgets.NewPrimary(p.say("server.ssh-go-on", nil), nil, give), widgets.NewButton(p.say("sign-in.cancel", nil), nil, p.dialogs.closeDialog))), entry)
	p.dialogs.onDismiss = stop
}
