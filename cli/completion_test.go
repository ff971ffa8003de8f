package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/simtest/testenv"
)

// installed is the program as a shell finds it: a folder with boxready in it, and with what was saved by the window.
func installed(t *testing.T) (folder string, environment []string) {
	t.Helper()
	testenv.NotOnWindows(t, "shells are driven on Unix; they ask the program in the same way")
	folder = t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(folder, "boxready")); err != nil {
		t.Fatal(err)
	}
	kept := `{"schema":1,"portals":[{"address":"https://portal.example.com"},{"address":"https://second.example.com:8443"}]}`
	for _, settings := range []string{".config", "Library/Application Support"} {
		dir := filepath.Join(folder, settings, "boxready")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "portals.json"), []byte(kept), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"app.boxready.yaml", "list.csv", "roots.pem", "report.zip", otherFile} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder, append(testenv.Variables(folder), "BOXREADY_TEST_PROGRAM=yes", "PATH="+folder+":"+os.Getenv("PATH"), "TERM=xterm")
}

// completions have, for a command line, some of the words that complete it, and one that doesn't.
var completions = []struct {
	line string
	want []string
	not  string
}{
	{"boxready ch", []string{"check"}, "login"},
	{"boxready report ", []string{"show", "diff"}, "check-again"},
	{"boxready help re", []string{"report", "requirements"}, "check"},
	{"boxready completion ", []string{"bash", "zsh", "fish", "powershell"}, "tcsh"},
	{"boxready check --format ", []string{"text", "json", "jsonl"}, "csv"},
	{"boxready report summarize --format ", []string{"csv"}, "jsonl"},
	{"boxready demo --fault tls-exp", []string{"tls-expired", "tls-expires-soon"}, "tls-not-tls"},
	{"boxready allowlist --for n", []string{"nftables", "nginx"}, "squid"},
	{"boxready allowlist --packs rest,ev", []string{"rest,events"}, "rest"},
	{"boxready check --region ", []string{"cis", "world", "auto"}, "mars"},
	{"boxready check --handlers l", []string{"lan"}, "internet"},
	{"boxready check --lang ", []string{"en", "ru"}, "de"},
	{"boxready check --webhook s", []string{"saved"}, "-"},
	{"boxready check ", []string{"portal.example.com", "second.example.com:8443"}, "list.csv"},
	{"boxready login por", []string{"portal.example.com"}, "second.example.com:8443"},
	{"boxready probe ssh root@server ", []string{"portal.example.com"}, "list.csv"},
	{"boxready check --requires crm", []string{"crm-sync"}, "app.boxready.yaml"},
	{"boxready check --requires app", []string{"app.boxready.yaml"}, "crm-sync"},
	{"boxready check --portals ", []string{"app.boxready.yaml", "list.csv"}, otherFile},
	{"boxready check --public-roots ", []string{"roots.pem"}, otherFile},
	{"boxready report show ", []string{"report.zip"}, otherFile},
	{"boxready requirements check ", []string{"app.boxready.yaml"}, otherFile},
	{"boxready check --timeout ", nil, ""},
}

// otherFile has an extension that no completion asks for.
const otherFile = "other.txt"

// assertCompleted compares what a shell printed for the lines of completions, each with "end" behind it.
func assertCompleted(t *testing.T, shell string, out []byte) {
	t.Helper()
	printed := strings.Split(string(out), "end\n")
	if len(printed) != len(completions)+1 {
		t.Fatalf("%s: %s", shell, out)
	}
	for i, c := range completions {
		got := firstWords(printed[i])
		for _, word := range c.want {
			if !slices.Contains(got, word) {
				t.Errorf("%s: %q: no %q in %q", shell, c.line, word, got)
			}
		}
		if slices.Contains(got, c.not) || c.want == nil && len(got) > 0 {
			t.Errorf("%s: %q: %q", shell, c.line, got)
		}
	}
}

func completedLines() (lines []string) {
	for _, c := range completions {
		lines = append(lines, c.line)
	}
	return lines
}

// firstWords returns the first word of each line: a description may stand behind it.
func firstWords(out string) (words []string) {
	for line := range strings.Lines(out) {
		if fields := strings.FieldsFunc(line, func(r rune) bool { return r == '\t' || r == '\n' }); len(fields) > 0 {
			words = append(words, strings.ReplaceAll(strings.TrimRight(fields[0], " "), `\,`, ",")) // bash escapes commas
		}
	}
	return words
}

// runIn runs a program in that folder, and returns what it prints.
func runIn(t *testing.T, folder string, environment []string, name string, args ...string) []byte {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir, c.Env = folder, environment
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %q: %v", name, args, err)
	}
	return out
}

func TestCompletionInBash(t *testing.T) {
	folder, environment := installed(t)
	const library = "/usr/share/bash-completion/bash_completion"
	if _, err := os.Stat(library); err != nil {
		testenv.Missing(t, "bash-completion is not installed; make test does that")
	}
	script := `. ` + library + `
		. <(boxready completion bash)
		compopt() { :; }
		for COMP_LINE in "$@"; do
			COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMPREPLY=()
			read -ra COMP_WORDS <<<"$COMP_LINE"
			[[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			__start_boxready
			printf '%s\n' "${COMPREPLY[@]}" end
		done`
	assertCompleted(t, "bash", runIn(t, folder, environment, "bash", append([]string{"--norc", "-c", script, "bash"}, completedLines()...)...))
}

func TestCompletionInFish(t *testing.T) {
	folder, environment := installed(t)
	fish, err := exec.LookPath("fish")
	if err != nil {
		testenv.Missing(t, "fish is not installed; make test does that")
	}
	script := `boxready completion fish | source; for line in $argv; complete -C $line; echo end; end`
	assertCompleted(t, "fish", runIn(t, folder, environment, fish, append([]string{"--no-config", "-c", script}, completedLines()...)...))
}

// TestCompletionInZsh types into zsh's editor, which can't be asked in another way: the Tab key, and one that writes the line
// to a file.
func TestCompletionInZsh(t *testing.T) {
	folder, environment := installed(t)
	zsh, err := exec.LookPath("zsh")
	if err != nil {
		testenv.Missing(t, "zsh is not installed; make test does that")
	}
	for typed, want := range map[string]string{
		"boxready chec":                        "boxready check ",
		"boxready demo --fault tls-expired-is": "boxready demo --fault tls-expired-issuer-renewed ",
		"boxready check sec":                   "boxready check second.example.com:8443 ",
		"boxready check --portals li":          "boxready check --portals list.csv ",
	} {
		completed := filepath.Join(folder, "completed")
		_ = os.Remove(completed)
		runIn(t, folder, append(environment, "COMPLETED="+completed, "TYPED="+typed), zsh, "-f", "-c", `
			zmodload zsh/zpty
			zpty -b editor zsh -f -i
			zpty -w editor 'PS1= PS2=; autoload -Uz compinit; compinit -u -D; source <(boxready completion zsh); compdef _boxready boxready
				show() { print -rn -- "$BUFFER" > $COMPLETED.part; mv $COMPLETED.part $COMPLETED }; zle -N show; bindkey "^X" show; print READY'
			zpty -r editor out '*READY'
			zpty -r editor out '*READY'
			zpty -w -n editor "$TYPED"$'\t\x18'
			for i in {1..200}; do [[ -e $COMPLETED ]] && break; zpty -r -t editor out; sleep 0.05; done
			zpty -d editor`)
		for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
			if _, err := os.Stat(completed); err == nil {
				break
			}
		}
		if got, _ := os.ReadFile(completed); string(got) != want {
			t.Errorf("%q: %q, expected %q", typed, got, want)
		}
	}
}

// TestCompletionForPowerShell asks the program as PowerShell's script does.
func TestCompletionForPowerShell(t *testing.T) {
	folder, environment := installed(t)
	script := string(runIn(t, folder, environment, "boxready", "completion", "powershell"))
	if !strings.Contains(script, "Register-ArgumentCompleter -CommandName 'boxready'") || !strings.Contains(script, "__complete") {
		t.Fatalf("the script: %.300s", script)
	}
	for line, want := range map[string]string{"demo --fault tls-exp": "tls-expired", "check --format ": "jsonl", "check por": "portal.example.com", "check --portals ": "csv"} {
		args := append([]string{"__complete"}, strings.Split(line, " ")...)
		if got := firstWords(string(runIn(t, folder, environment, "boxready", args...))); !slices.Contains(got, want) {
			t.Errorf("%q: no %q in %q", line, want, got)
		}
	}
}

// TestCompletionsAreDescribed asserts that the descriptions of completions are in the reader's language.
func TestCompletionsAreDescribed(t *testing.T) {
	folder, environment := installed(t)
	environment = append(environment, "BOXREADY_LANG=ru")
	for line, want := range map[string]string{
		"":                     "check\tПроверить портал: что мешает работе приложений\n",
		"check --dee":          "--deep\tсотрудники и приложения",
		"demo --fault tls-not": "tls-not-yet-valid\tсертификат ещё не действует\n",
	} {
		args := append([]string{"__complete"}, strings.Split(line, " ")...)
		if got := string(runIn(t, folder, environment, "boxready", args...)); !strings.Contains(got, want) {
			t.Errorf("%q: no %q in %s", line, want, got)
		}
	}
}
