package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/demo"
	"boxready/internal/opengl"
	"boxready/internal/words"

	"github.com/muesli/reflow/wordwrap"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Page is what a command's help and its manual page say, in the reader's language. Its texts stand below help.COMMAND, those of
// flags that several commands share below help.flag.
type Page struct {
	Name        string // with those of its parents
	Short       string
	Usage       string
	Examples    []string
	Text        []string  // paragraphs
	Commands    []Section // with names as in Page.Name
	Flags       []Section
	Exit        Section
	Environment Section
	Files       Section
	Parent      string // "" for the program itself

	ownExit bool // Exit says more than that of every command
}

// Section is a list with a title.
type Section struct {
	Title string
	Rows  []Row
}

// Row is a name, such as a flag's, and what it stands for.
type Row struct{ Name, Text string }

// flagGroups are the groups of flags, in the order in which they are shown; rest has those of no other group.
var flagGroups = []struct {
	id    string
	flags []string
}{
	{"consent", []string{"deep", "content-filter", "event-test", "body-size", "same-identity", "public-dns", "receiver"}},
	{"what", []string{"to", "requires", "handlers", "app", "setup", "packs", "measured", "server-probe", "outside", "fault", "reason", "until", "acknowledged"}},
	{"rest", nil},
	{"credentials", []string{"webhook", "signed-in", "as-application", "client-id"}},
	{"fleet", []string{"portals", "parallel", "resume"}},
	{"output", []string{"for", "remove", "refresh", "format", "report", "hide-names", "baseline", "verbose"}},
	{"network", []string{"region", "auth-server", "public-roots", "trust", "connect-to", "timeout", "offline"}},
	{"general", []string{"lang", "help", "version"}},
}

// exitsLike are the commands whose exit codes mean what those of another one do.
var exitsLike = map[string]string{"report.check": "check", "selftest": "check", "demo": "check"}

// place is a variable of the environment or a file, and the commands that read it; nil for all.
type place struct {
	name     string // as it is shown
	key      string // of its text; "" for the name
	commands []string
}

var (
	online      = []string{"check", "login", "allowlist", "exporter", "receiver", "selftest", "version", "catalogue.update"}
	environment = []place{
		{LangVariable, "", nil},
		{webhookVariable, "", []string{"check"}},
		{"HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "proxy", online},
		{"NO_COLOR", "", []string{"check", "report.show", "report.check", "report.diff", "demo", "selftest"}},
		{"BROWSER", "", []string{"login"}},
		{"SSH_AUTH_SOCK", "", []string{"probe.ssh"}},
		{opengl.Variable, "", []string{"selftest"}},
	}
	usedFiles = []place{
		{"~/.cache/boxready/", "cache", []string{"check", "allowlist", "letter", "exporter", "report.diff"}},
		{"~/.config/boxready/acknowledged.json", "acknowledged", []string{"acknowledge", "check", "exporter", "letter"}},
		{"~/.config/boxready/portals.json", "portals", []string{"completion"}},
		{"~/.config/boxready/catalogue.json", "catalogue", []string{"catalogue.show", "catalogue.update"}},
		{"~/.config/systemd/user/boxready-*", "schedule", []string{"schedule"}},
		{"~/.ssh/known_hosts", "known-hosts", []string{"probe.ssh"}},
	}
)

// Pages returns the pages of all commands in a language.
func Pages(version, lang string) ([]Page, error) {
	texts, err := words.New(lang)
	if err != nil {
		return nil, err
	}
	cl := &commandLine{version: version, words: texts}
	var pages []Page
	var add func(c *cobra.Command)
	add = func(c *cobra.Command) {
		pages = append(pages, cl.page(c))
		for _, sub := range shownCommands(c) {
			add(sub)
		}
	}
	add(cl.root())
	return pages, nil
}

// pathOf is a command's part of the keys of its texts.
func pathOf(c *cobra.Command) string {
	if !c.HasParent() {
		return c.Name()
	}
	return strings.ReplaceAll(strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" "), " ", ".")
}

func shownCommands(c *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(c.Commands()), func(sub *cobra.Command) bool { return sub.Hidden })
}

// text returns a text of help; "" if there is none.
func (cl *commandLine) text(key string, args checks.Args) string {
	key = "help." + key
	if text := cl.words.Say(key, args); text != key {
		return text
	}
	return ""
}

// numbered returns the texts KEY.1, KEY.2 and so on.
func (cl *commandLine) numbered(key string) (texts []string) {
	for i := 1; ; i++ {
		text := cl.text(fmt.Sprintf("%s.%d", key, i), nil)
		if text == "" {
			return texts
		}
		texts = append(texts, text)
	}
}

// flagText returns what stands for a flag's value, "" if it takes none, and what the flag does.
func (cl *commandLine) flagText(c *cobra.Command, f *pflag.Flag) (value, text string) {
	args := checks.Args{}
	if words, ok := f.Value.(*choice); ok {
		args["allowed"] = strings.Join(words.allowed, ", ")
	}
	text = cmp.Or(cl.text(pathOf(c)+".flag."+f.Name, args), cl.text("flag."+f.Name, args))
	value, text = pflag.UnquoteUsage(&pflag.Flag{Usage: text, Value: f.Value})
	return value, strings.TrimPrefix(text, value+": ")
}

// describe gives all commands and flags the descriptions that shells show with completions.
func (cl *commandLine) describe(c *cobra.Command) {
	c.Short = cl.text(pathOf(c)+".short", nil)
	c.InitDefaultHelpFlag()
	c.LocalFlags().VisitAll(func(f *pflag.Flag) { _, f.Usage = cl.flagText(c, f) })
	for _, sub := range c.Commands() {
		cl.describe(sub)
	}
}

func (cl *commandLine) page(c *cobra.Command) Page {
	c.InitDefaultHelpFlag()
	path := pathOf(c)
	p := Page{
		Name: c.CommandPath(), Short: cl.text(path+".short", nil), Examples: cl.numbered(path + ".example"), Text: cl.numbered(path + ".text"),
		Flags:       cl.flagSections(c),
		Environment: cl.places("environment", environment, path),
		Files:       cl.places("files", usedFiles, path),
	}
	if c.HasParent() {
		p.Parent = c.Parent().CommandPath()
	}
	arguments := cl.text(path+".use", nil)
	if c.HasSubCommands() {
		p.Commands = cl.commandSections(c)
		arguments = cmp.Or(arguments, cl.text("usage.command", nil))
	}
	p.Usage = strings.Join(slices.DeleteFunc([]string{p.Name, arguments, cl.text("usage.flags", nil)}, func(part string) bool { return part == "" }), " ")
	p.Exit.Title = cl.text("heading.exit", nil)
	for _, code := range []string{"0", "3", "4", "5", "1", "2"} {
		own := cl.text(cmp.Or(exitsLike[path], path)+".exit."+code, nil)
		if code == "5" {
			own = cl.text(path+".exit."+code, nil) // the others have no baseline
		}
		p.ownExit = p.ownExit || own != ""
		if text := cmp.Or(own, cl.text("exit."+code, nil)); text != "" {
			p.Exit.Rows = append(p.Exit.Rows, Row{code, text})
		}
	}
	if path == "demo" {
		p.Flags = append(p.Flags, cl.faults())
	}
	return p
}

// places lists the variables or files that a command reads; the program as a whole reads all.
func (cl *commandLine) places(id string, all []place, path string) Section {
	s := Section{Title: cl.text("heading."+id, nil)}
	for _, v := range all {
		if v.commands == nil || path == "boxready" || slices.ContainsFunc(v.commands, func(command string) bool {
			return path == command || strings.HasPrefix(path, command+".")
		}) {
			s.Rows = append(s.Rows, Row{v.name, cl.text(id+"."+cmp.Or(v.key, v.name), nil)})
		}
	}
	return s
}

func (cl *commandLine) faults() Section {
	s := Section{Title: cl.text("heading.faults", nil)}
	for _, f := range demo.Faults() {
		s.Rows = append(s.Rows, Row{f.Name, cl.text("demo.fault."+f.Name, nil)})
	}
	return s
}

func (cl *commandLine) commandSections(c *cobra.Command) (sections []Section) {
	list := func(title, group string) {
		s := Section{Title: cl.text(title, nil)}
		for _, sub := range shownCommands(c) {
			if sub.GroupID == group {
				s.Rows = append(s.Rows, Row{sub.CommandPath(), cl.text(pathOf(sub)+".short", nil)})
			}
		}
		if s.Rows != nil {
			sections = append(sections, s)
		}
	}
	for _, group := range c.Groups() {
		list("commands."+group.ID, group.ID)
	}
	list("heading.commands", "")
	return sections
}

func (cl *commandLine) flagSections(c *cobra.Command) (sections []Section) {
	rows := map[string][]Row{}
	add := func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		group := "rest"
		for _, g := range flagGroups {
			if slices.Contains(g.flags, f.Name) {
				group = g.id
			}
		}
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		value, text := cl.flagText(c, f)
		if value != "" {
			name += " " + value
		}
		if f.Value.Type() != "bool" && !slices.Contains([]string{"", "[]", "0s"}, f.DefValue) {
			text += " " + cl.text("default", checks.Args{"value": strings.ReplaceAll(f.DefValue, "m0s", "m")})
		}
		rows[group] = append(rows[group], Row{name, text})
	}
	c.LocalFlags().VisitAll(add)
	if c.HasParent() {
		c.InheritedFlags().VisitAll(add)
	}
	for _, g := range flagGroups {
		if rows[g.id] != nil {
			sections = append(sections, Section{cl.text("flags."+g.id, nil), rows[g.id]})
		}
	}
	return sections
}

// helpCommand shows a command's help.
func (cl *commandLine) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help",
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, _ := c.Root().Find(args)
			if err := knownCommand(about, rest); err != nil {
				return err
			}
			return cl.help(about)
		},
	}
}

// showHelp is the action of a command that only has subcommands.
func (cl *commandLine) showHelp(c *cobra.Command, _ []string) error { return cl.help(c) }

// maxNames is the width of the widest name whose text begins on the same line.
const maxNames = 30

// help prints a command's help, no wider than the terminal.
func (cl *commandLine) help(c *cobra.Command) error {
	if err := cl.useLanguage(); err != nil {
		return err
	}
	columns, _ := width(cl.Out)
	h := helpWriter{width: cmp.Or(columns, maxWidth)}
	p := cl.page(c)
	h.para(0, p.Short)
	for _, lines := range []Section{{cl.text("heading.examples", nil), asRows(p.Examples)}, {cl.text("heading.usage", nil), asRows([]string{p.Usage})}} {
		h.list(lines)
	}
	for _, text := range p.Text {
		h.out.WriteString("\n")
		h.para(0, text)
	}
	for _, s := range p.Commands {
		for i, row := range s.Rows {
			s.Rows[i].Name = strings.TrimPrefix(row.Name, p.Name+" ")
		}
		h.list(s)
	}
	for _, s := range p.Flags {
		h.list(s)
	}
	if p.ownExit {
		h.list(p.Exit)
	}
	if len(p.Environment.Rows) > 1 { // the language is the same everywhere
		h.list(p.Environment)
	}
	_, err := fmt.Fprint(cl.Out, h.out.String())
	return err
}

func asRows(lines []string) (rows []Row) {
	for _, line := range lines {
		rows = append(rows, Row{Name: line})
	}
	return rows
}

// helpWriter writes help as text.
type helpWriter struct {
	out   strings.Builder
	width int
}

// para writes words wrapped, all lines but the first one indented.
func (h *helpWriter) para(indent int, words string) {
	wrap := wordwrap.NewWriter(max(h.width-indent, 20))
	wrap.Breakpoints = nil // a name or a flag stays whole at its hyphens
	_, _ = wrap.Write([]byte(words))
	_ = wrap.Close()
	h.out.WriteString(strings.ReplaceAll(wrap.String(), "\n", "\n"+strings.Repeat(" ", indent)) + "\n")
}

// list writes names, each with what it stands for.
func (h *helpWriter) list(s Section) {
	if s.Rows == nil {
		return
	}
	h.out.WriteString("\n" + s.Title + ":\n")
	column := 0
	for _, row := range s.Rows {
		if n := len([]rune(row.Name)); n <= maxNames {
			column = max(column, n)
		}
	}
	for _, row := range s.Rows {
		h.out.WriteString("  " + row.Name)
		if row.Text == "" {
			h.out.WriteString("\n")
			continue
		}
		if n := len([]rune(row.Name)); n <= column {
			h.out.WriteString(strings.Repeat(" ", column-n+2))
		} else {
			h.out.WriteString("\n" + strings.Repeat(" ", column+4))
		}
		h.para(column+4, row.Text)
	}
}
