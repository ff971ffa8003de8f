package cli

import (
	"io"
	"slices"
	"strings"

	"boxready/gui/store"
	"boxready/internal/app"
	"boxready/internal/portal"
	"boxready/internal/requirements"
	"boxready/internal/words"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shells are those for which there is a script that completes command lines.
var shells = []struct {
	name  string
	write func(root *cobra.Command, out io.Writer, descriptions bool) error
}{
	{"bash", (*cobra.Command).GenBashCompletionV2},
	{"fish", writeFish},
	{"powershell", func(root *cobra.Command, out io.Writer, descriptions bool) error {
		if !descriptions {
			return root.GenPowerShellCompletion(out)
		}
		return root.GenPowerShellCompletionWithDesc(out)
	}},
	{"zsh", func(root *cobra.Command, out io.Writer, descriptions bool) error {
		if !descriptions {
			return root.GenZshCompletionNoDesc(out)
		}
		return root.GenZshCompletion(out)
	}},
}

// Cobra's script for fish offers all files where it should offer folders, or those with the extensions that the program printed.
const (
	fishAllFiles = `        # Do full file completion instead
        return 1
`
	fishSomeFiles = `        set -l wanted '/$'
        if test $filefilter -eq 1
            set wanted "(/|\.("(string join '|' $__boxready_comp_results)"))\$"
        end
        set -l files (__fish_complete_path (commandline -ct) | string replace -r '\t.*' '')
        set --global __boxready_comp_results (string match -r -- ".*$wanted" $files | string match -r '..+')
        return 0
`
)

// writeFish writes cobra's script for fish, with the files that are asked for.
func writeFish(root *cobra.Command, out io.Writer, descriptions bool) error {
	var script strings.Builder
	if err := root.GenFishCompletion(&script, descriptions); err != nil {
		return err
	}
	_, err := io.WriteString(out, strings.Replace(script.String(), fishAllFiles, fishSomeFiles, 1))
	return err
}

// completionCommand prints such a script. Cobra's own command of that name is in English.
func (cl *commandLine) completionCommand() *cobra.Command {
	c := &cobra.Command{Use: "completion", Args: knownCommand, RunE: cl.showHelp}
	for _, shell := range shells {
		bare := false
		sub := &cobra.Command{
			Use: shell.name, Args: noArguments,
			RunE: func(c *cobra.Command, _ []string) error { return shell.write(c.Root(), cl.Out, !bare) },
		}
		sub.Flags().BoolVar(&bare, "no-descriptions", false, "")
		c.AddCommand(sub)
	}
	return c
}

// isCompletion reports whether a shell asks for completions.
func isCompletion(c *cobra.Command) bool { return c.Name() == cobra.ShellCompRequestCmd }

// completer offers words for an argument or a flag's value. args are the arguments before it.
type completer = func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// Extensions of files.
var (
	yamlFiles = fileNames("yaml", "yml")
	listFiles = fileNames("yaml", "yml", "csv")
	pemFiles  = fileNames("pem", "crt", "cer", "key")
	runFiles  = fileNames("zip", "html", "json")
	anyFile   = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	}
)

// runFilesOrPortals completes the first argument of report diff, which is a portal with --last.
func runFilesOrPortals(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if last, _ := c.Flags().GetBool("last"); last {
		return savedPortals(c, args, typed)
	}
	return runFiles(c, args, typed)
}

// flagValues complete the values of flags, apart from those of a choice and of --fault.
var flagValues = map[string]completer{
	"lang":         oneWord(words.Languages),
	"webhook":      oneWord(func() []string { return []string{"-", savedWebhook} }),
	"requires":     requirementFiles,
	"server-probe": anyFile,
	"outside":      fileNames("json"),
	"baseline":     fileNames("zip", "html", "json", "jsonl"),
	"report":       fileNames("zip", "html", "json", "txt"),
	"portals":      listFiles,
	"resume":       fileNames("jsonl"),
	"acknowledged": fileNames("json"),
	"measured":     runFiles,
	"public-roots": pemFiles,
	"trust":        pemFiles,
	"cert":         pemFiles,
	"key":          pemFiles,
	"known-hosts":  anyFile,
	"file":         fileNames("gz"),
	"without":      anyFile,
}

// arguments complete the arguments of commands, in their order.
var arguments = map[string][]completer{
	"check":                {savedPortals},
	"acknowledge":          {savedPortals, lastFindings},
	"login":                {savedPortals},
	"logout":               {savedPortals},
	"accounts.add-webhook": {savedPortals},
	"allowlist":            {savedPortals},
	"probe.php":            {savedPortals},
	"probe.sh":             {savedPortals},
	"probe.powershell":     {savedPortals},
	"probe.ssh":            {nothing, savedPortals},
	"schedule":             {savedPortals},
	"report.show":          {runFiles},
	"report.check":         {runFiles},
	"report.diff":          {runFilesOrPortals, runFiles},
	"requirements.scan": {func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}},
	"requirements.check":   {yamlFiles},
	"requirements.diff":    {yamlFiles, yamlFiles},
	"requirements.library": {oneWord(readyNames)},
	"portals.check":        {listFiles},
}

// addCompletions gives every argument and every flag's value its completions.
func (cl *commandLine) addCompletions(c *cobra.Command) {
	path := pathOf(c)
	switch {
	case path == "report.summarize":
		c.ValidArgsFunction = runFiles
	case path == "help":
		c.ValidArgsFunction = commandNames
	default:
		c.ValidArgsFunction = func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if known := arguments[path]; len(args) < len(known) {
				return known[len(args)](c, args, typed)
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
	}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		complete, known := flagValues[f.Name]
		words, isChoice := f.Value.(*choice)
		switch {
		case f.Value.Type() == "bool":
			return
		case isChoice:
			complete = words.complete
		case f.Name == "fault":
			complete = oneWord(cl.faultNames)
		case !known:
			complete = nothing
		}
		_ = c.RegisterFlagCompletionFunc(f.Name, complete) // fails for a flag that has one already
	})
	for _, sub := range c.Commands() {
		cl.addCompletions(sub)
	}
}

func nothing(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func fileNames(extensions ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}

// oneWord completes one of the words.
func oneWord(list func() []string) completer {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return beginning(list(), typed), cobra.ShellCompDirectiveNoFileComp
	}
}

func beginning(list []string, typed string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(word string) bool { return !strings.HasPrefix(word, typed) })
}

// complete completes the last of the words.
func (c *choice) complete(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	if c.one != nil {
		return beginning(c.allowed, typed), cobra.ShellCompDirectiveNoFileComp
	}
	var lists []string
	before := typed[:strings.LastIndex(typed, ",")+1]
	for _, word := range c.allowed {
		if !slices.Contains(strings.Split(before, ","), word) {
			lists = append(lists, before+word)
		}
	}
	return beginning(lists, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func commandNames(c *cobra.Command, args []string, typed string) (names []string, _ cobra.ShellCompDirective) {
	about, rest, _ := c.Root().Find(args)
	if len(rest) == 0 {
		for _, sub := range shownCommands(about) {
			names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
		}
	}
	return beginning(names, typed), cobra.ShellCompDirectiveNoFileComp
}

func (cl *commandLine) faultNames() (names []string) {
	for _, fault := range cl.faults().Rows {
		names = append(names, cobra.CompletionWithDesc(fault.Name, fault.Text))
	}
	return names
}

func readyNames() (names []string) {
	for _, e := range requirements.Library() {
		names = append(names, e.ID)
	}
	return names
}

// requirementFiles completes the name of a ready file, otherwise of one in the folder.
func requirementFiles(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	if ready := beginning(readyNames(), typed); len(ready) > 0 {
		return ready, cobra.ShellCompDirectiveDefault
	}
	return fileNames("yaml", "yml")(nil, nil, typed)
}

// savedPortals completes those that the window checked, the one used last first. Asking the keyring might open its window.
func savedPortals(_ *cobra.Command, _ []string, typed string) (names []string, _ cobra.ShellCompDirective) {
	for _, saved := range store.Open(app.ConfigFolder()).Portals() {
		address, err := portal.ParseAddress(saved.Address)
		switch {
		case err != nil:
		case strings.HasPrefix(typed, "http"):
			names = append(names, address.String())
		default:
			names = append(names, address.Authority())
		}
	}
	return beginning(names, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
