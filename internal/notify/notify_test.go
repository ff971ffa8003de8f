package notify

import (
	"encoding/base64"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"boxready/internal/simtest/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.M{M: m}.Run()) }

// hostile is a text that each backend could take for something else.
const hostile = "'); Remove-Item C:\\ #\" & <b>x</b> $(calc) `n “é” Портал\x1b[31m\u202e\n-e tell application"

func TestToastHasNothingOfTheTexts(t *testing.T) {
	script := toast(hostile, hostile)
	plain := toast("", "")
	rest := script
	for _, part := range strings.Split(plain, "''") { // the texts' places are the only empty quotation
		before, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Fatalf("%q is missing in\n%s", part, script)
		}
		if before != "" {
			data, err := base64.StdEncoding.DecodeString(strings.Trim(before, "'"))
			if err != nil || string(data) != clean(hostile) {
				t.Errorf("%q, %v", data, err)
			}
		}
		rest = after
	}
	if rest != "" {
		t.Errorf("left %q", rest)
	}
	for _, c := range script {
		if c >= 0x80 {
			t.Errorf("the script has %q", c)
		}
	}
}

func TestPowerShellGetsTheScript(t *testing.T) {
	args := powerShell("$x = 'é'")
	data, err := base64.StdEncoding.DecodeString(args[len(args)-1])
	if err != nil || args[len(args)-2] != "-EncodedCommand" {
		t.Fatalf("%q, %v", args, err)
	}
	var units []uint16
	for i := 0; i < len(data); i += 2 {
		units = append(units, uint16(data[i])|uint16(data[i+1])<<8)
	}
	if got := string(utf16.Decode(units)); got != "$x = 'é'" {
		t.Errorf("%q", got)
	}
}

func TestAppleScriptHasTheTextsAsArguments(t *testing.T) {
	args := appleScript("BoxReady: x", hostile)
	if n := len(args); args[n-1] != clean(hostile) || args[n-2] != "BoxReady: x" || slices.ContainsFunc(args[:n-2], func(a string) bool { return strings.Contains(a, "Portal") }) {
		t.Errorf("%q", args)
	}
	if strings.ContainsAny(args[len(args)-1], "\x1b\u202e") {
		t.Error("control characters stay")
	}
}
