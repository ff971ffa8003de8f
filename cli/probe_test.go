package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"boxready/cli"
	"boxready/internal/serverprobe"
	"boxready/internal/serverprobe/sshtest"
	"boxready/internal/simtest/constants"
	"boxready/internal/simtest/testenv"
	"boxready/internal/words"
)

// TestProbeOverSSH runs the whole command: the password from standard input, the script through php's, the answer on standard output.
func TestProbeOverSSH(t *testing.T) {
	testenv.NotOnWindows(t, "the script runs on a portal's server, which has Linux")
	if _, err := exec.LookPath("php"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("php is missing: make test-tools installs it")
		}
		t.Skip("SKIPPED: php is missing: make test-tools installs it")
	}
	t.Setenv("SSH_AUTH_SOCK", "")
	server := sshtest.Start(t)
	run := func(password string, flags ...string) (out, problems string, exit cli.Exit) {
		var stdout, stderr bytes.Buffer
		args := append([]string{"--lang", "en", "probe", "ssh", fmt.Sprintf("bitrix@127.0.0.1:%d", server.Port), "portal.example.ru", "--known-hosts", server.Known}, flags...)
		exit = cli.Run(context.Background(), "1.2.3", args, cli.IO{In: strings.NewReader(password + "\n"), Out: &stdout, Err: &stderr})
		return stdout.String(), stderr.String(), exit
	}
	out, problems, exit := run(server.Password, "--root", t.TempDir())
	probe, err := serverprobe.Parse([]byte(out))
	if err != nil || exit != cli.ExitOK || probe.PortalHost != "portal.example.ru" || probe.Loaded || !strings.HasPrefix(out, "BOXREADY-PROBE-BEGIN") {
		t.Fatalf("exit %d, %v: %s", exit, err, problems)
	}
	if !strings.Contains(problems, "There is no portal in") {
		t.Errorf("the error doesn't name the missing portal: %s", problems)
	}
	if out, problems, exit := run(""); exit != cli.ExitUsage || out != "" || !strings.Contains(problems, "Nothing was entered") {
		t.Errorf("without a password: exit %d, %q, %s", exit, out, problems)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, password string
		flags          []string
		want           string
	}{
		{"wrong password", "wrong", nil, "accepts neither"},
		{"unknown host", server.Password, []string{"--known-hosts", empty}, "isn't in known_hosts. Its key is SHA256:"},
		{"no php", server.Password, []string{"--php", "no-such-php"}, "no command php"},
		{"nobody there", server.Password, []string{"--connect-to", fmt.Sprintf("127.0.0.1:%d:127.0.0.1:1", server.Port)}, "doesn't answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, problems, exit := run(c.password, c.flags...)
			if exit != cli.ExitCouldNot || out != "" || !strings.Contains(problems, c.want) {
				t.Errorf("exit %d, %q, %s", exit, out, problems)
			}
			if strings.Contains(problems, server.Password) {
				t.Error("the password is shown")
			}
		})
	}
}

func TestProbeTexts(t *testing.T) {
	for _, lang := range words.Languages() {
		words, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, reason := range constants.OfType(t, "internal/serverprobe", "SSHReason") {
			keys = append(keys, "ssh."+string(reason))
		}
		for _, kind := range serverprobe.Kinds() {
			keys = append(keys, "cli-probe.how-"+string(kind))
		}
		for _, key := range append(keys, "cli-probe.how-cli", "cli-probe.product-not-found", "cli-probe.product-other-user") {
			if words.Say(key, nil) == key {
				t.Errorf("%s: no text %s", lang, key)
			}
		}
	}
}
