package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"boxready/assets"
	"boxready/cli"
	"boxready/internal/words"
)

const maxColumns = 100

// helpOf returns what --help of a command prints.
func helpOf(t *testing.T, command, lang string) string {
	t.Helper()
	var out, errs bytes.Buffer
	args := append(strings.Fields(command)[1:], "--help", "--lang", lang)
	if exit := cli.Run(t.Context(), "1.2.3", args, cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs}); exit != cli.ExitOK || errs.Len() > 0 {
		t.Fatalf("%q: exit %d, %s", args, exit, errs.String())
	}
	return out.String()
}

// Words of sentences in English, and those that cobra and pflag write.
var english = regexp.MustCompile(`(?i)\b(the|of|and|with|is|are|to|from|that|which|what|this|not|default|string|strings|duration|usage|flags|flag|available|aliases|help for|use)\b`)

// What is the same in all languages: commands, flags and values.
var command = regexp.MustCompile(`boxready[^»,;]*|--?[a-z-]+|\{[^}]*\}|https?://\S+|[a-z/~.$-]*[/.$][a-z/.$-]*`)

// A value's name that stands before the text, not in it.
var valueAlone = regexp.MustCompile("^`[^`]+`: ")

func TestHelpOfEveryCommand(t *testing.T) {
	for _, lang := range words.Languages() {
		pages, err := cli.Pages("1.2.3", lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			shown := helpOf(t, p.Name, lang)
			for _, line := range strings.Split(shown, "\n") {
				if n := len([]rune(line)); n > maxColumns {
					t.Errorf("%s: %s: %d columns: %s", lang, p.Name, n, line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s: %s: space at the end: %q", lang, p.Name, line)
				}
			}
			if p.Short == "" || len(p.Examples) == 0 {
				t.Errorf("%s: %s has no description or no example", lang, p.Name)
			}
			for _, example := range p.Examples {
				if !strings.HasPrefix(example, "boxready") {
					t.Errorf("%s: %s: example %q", lang, p.Name, example)
				}
			}
			if i, j := strings.Index(shown, p.Examples[0]), strings.Index(shown, p.Usage); i < 0 || j < i {
				t.Errorf("%s: %s: the examples don't stand before the usage", lang, p.Name)
			}
			texts := append([]string{p.Short}, p.Text...)
			for _, s := range slices.Concat(p.Commands, p.Flags, []cli.Section{p.Exit, p.Environment, p.Files}) {
				texts = append(texts, s.Title)
				for _, row := range s.Rows {
					texts = append(texts, row.Text)
					if row.Text == "" || strings.Contains(row.Name+row.Text, "`") || strings.HasSuffix(row.Name, " choice") {
						t.Errorf("%s: %s: no text, or one without a name for the value: %s: %s", lang, p.Name, row.Name, row.Text)
					}
				}
			}
			for _, text := range texts {
				if rest := command.ReplaceAllString(text, ""); lang == "ru" && (english.MatchString(rest) || !regexp.MustCompile(`[а-я]`).MatchString(text)) {
					t.Errorf("%s: English in Russian help: %s", p.Name, text)
				}
			}
		}
	}
}

// TestHelpUsesEveryText asserts that no text of help is left over from a flag or a command that is gone.
func TestHelpUsesEveryText(t *testing.T) {
	template, err := os.ReadFile("../packaging/manual/page.roff")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range words.Languages() {
		pages, err := cli.Pages("1.2.3", lang)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, p := range pages {
			all.WriteString(helpOf(t, p.Name, lang) + "\n")
			for _, s := range []cli.Section{p.Files, p.Exit, p.Environment} {
				all.WriteString(s.Title + "\n")
				for _, row := range s.Rows {
					all.WriteString(row.Text + "\n")
				}
			}
		}
		shown := strings.Join(strings.Fields(all.String()), " ")
		data, err := assets.Texts(lang)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Help map[string]any `json:"help"`
		}
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		var visit func(key string, value any)
		visit = func(key string, value any) {
			switch v := value.(type) {
			case map[string]any:
				for name, below := range v {
					visit(strings.TrimPrefix(key+"."+name, "."), below)
				}
			case string:
				text, _, _ := strings.Cut(strings.ReplaceAll(valueAlone.ReplaceAllString(v, ""), "`", ""), "{{")
				if name, manual := strings.CutPrefix(key, "manual."); manual {
					if !bytes.Contains(template, []byte(`heading "`+name+`"`)) {
						t.Errorf("%s: nothing uses help.%s", lang, key)
					}
				} else if !strings.Contains(shown, strings.TrimSpace(text)) {
					t.Errorf("%s: nothing uses help.%s", lang, key)
				}
			}
		}
		visit("", file.Help)
	}
}
