//go:build linux

package dist

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const homepage = "https://boxready.example/boxready"

// manifests writes the package managers' manifests for what was built, and for files that only a Mac builds.
func manifests(t *testing.T) string {
	t.Helper()
	sums, err := os.ReadFile(artefact(t, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, processor := range []string{"arm64", "x86_64"} {
		name := "boxready-macos-" + processor + ".dmg"
		sums = fmt.Appendf(sums, "%x  %s\n", sha256.Sum256([]byte(name)), name)
	}
	if err := os.WriteFile(filepath.Join(dir, "SHA256SUMS"), sums, 0o600); err != nil {
		t.Fatal(err)
	}
	r := command{env: []string{"VERSION=" + version(t), "HOMEPAGE=" + homepage}}.run(t, "../manifests/write", dir)
	if r.code != 0 || r.err != "" {
		t.Fatalf("exit %d: %s", r.code, r.err)
	}
	return filepath.Join(dir, "manifests")
}

// TestManifests compares every address in the manifests with the built files and their sums.
func TestManifests(t *testing.T) {
	dir := manifests(t)
	sums, err := os.ReadFile(filepath.Join(dir, "../SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string][]string{
		"winget/BoxReady.BoxReady.installer.yaml": {"boxready-setup.exe", "boxready-setup.exe"},
		"scoop/boxready.json":                     {"boxready-portable.zip"},
		"homebrew/boxready.rb":                    {"boxready-macos-arm64.dmg", "boxready-macos-x86_64.dmg"},
		"flatpak/dev.boxready.BoxReady.yml":       {"boxready-linux-amd64.tar.xz"},
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if placeholder := regexp.MustCompile(`@[A-Z]+[:@]`).Find(text); placeholder != nil || !bytes.Contains(text, []byte(homepage)) || !bytes.Contains(text, []byte(version(t))) {
			t.Errorf("%s: %q is left, or there is no address or version", name, placeholder)
		}
		named := regexp.MustCompile(`\b[0-9a-f]{64}\b`).FindAllString(string(text), -1)
		if len(named) != len(files) {
			t.Fatalf("%s: sums %q", name, named)
		}
		for i, file := range files {
			if !strings.Contains(string(sums), named[i]+"  "+file+"\n") {
				t.Errorf("%s: %s isn't the sum of %s", name, named[i], file)
			}
			address := homepage + "/releases/download/v" + version(t) + "/" + file
			if !strings.Contains(string(text), address) && filepath.Ext(name) != ".rb" {
				t.Errorf("%s doesn't name %s", name, address)
			}
		}
	}
	t.Run("homebrew", func(t *testing.T) {
		need(t, "ruby")
		must(t, "ruby", "-c", filepath.Join(dir, "homebrew/boxready.rb"))
	})
	t.Run("flatpak", func(t *testing.T) {
		need(t, "flatpak-builder")
		var read struct {
			Command string
			Modules []struct{ Sources []struct{ Type string } }
		}
		shown := command{dir: t.TempDir()}.must(t, "flatpak-builder", "--show-manifest", filepath.Join(dir, "flatpak/dev.boxready.BoxReady.yml"))
		if err := json.Unmarshal([]byte(shown), &read); err != nil || read.Command != "boxready" || len(read.Modules) != 1 || len(read.Modules[0].Sources) != 1 {
			t.Errorf("%v\n%s", err, shown)
		}
	})
}

// TestManifestsOfWhatIsMissing asserts that no manifest names a file that isn't there.
func TestManifestsOfWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	sum := fmt.Sprintf("%x  boxready-portable.zip\n", sha256.Sum256(nil))
	if err := os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sum), 0o600); err != nil {
		t.Fatal(err)
	}
	command{env: []string{"VERSION=1.2.3", "HOMEPAGE=" + homepage}}.must(t, "../manifests/write", dir)
	written, err := filepath.Glob(filepath.Join(dir, "manifests/*/*"))
	if err != nil || len(written) != 1 || filepath.Base(written[0]) != "boxready.json" {
		t.Errorf("%q, %v", written, err)
	}
}

// TestManifestSchemas compares the manifests with the JSON Schemas that package managers publish. They aren't part of this repository:
// BOXREADY_SCHEMAS names the folder with them, as in the release workflow.
func TestManifestSchemas(t *testing.T) {
	schemas := os.Getenv("BOXREADY_SCHEMAS")
	if schemas == "" {
		t.Skip("BOXREADY_SCHEMAS doesn't name the folder of the published schemas")
	}
	dir := manifests(t)
	for name, schema := range map[string]string{
		"winget/BoxReady.BoxReady.yaml":              "winget-version.json",
		"winget/BoxReady.BoxReady.installer.yaml":    "winget-installer.json",
		"winget/BoxReady.BoxReady.locale.en-US.yaml": "winget-defaultLocale.json",
		"winget/BoxReady.BoxReady.locale.ru-RU.yaml": "winget-locale.json",
		"scoop/boxready.json":                        "scoop.json",
		"flatpak/dev.boxready.BoxReady.yml":          "flatpak.json",
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		asJSON, err := yaml.YAMLToJSON(text) // JSON is YAML, too
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := jsonschema.NewCompiler().Compile(filepath.Join(schemas, schema))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(manifest); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
