package scan_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"boxready/internal/requirements"
	"boxready/internal/requirements/scan"

	"github.com/google/go-cmp/cmp"
)

func scanFiles(t testing.TB, files map[string]string) *scan.Result {
	t.Helper()
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	result, err := scan.Dir(context.Background(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func names(list []scan.Name) (names []string) {
	for _, n := range list {
		names = append(names, n.Name)
	}
	return names
}

const call = `<?php CRest::call('crm.item.list');`

func TestThirdPartyFilesAreSkipped(t *testing.T) {
	result := scanFiles(t, map[string]string{
		"a.php":                              call,
		"vendor/x/a.php":                     `<?php CRest::call('crm.lead.list');`,
		"web/node_modules/x/a.js":            `call('crm.lead.get')`,
		".git/hooks/a.py":                    `call('crm.lead.add')`,
		"site/bitrix/modules/main/a.php":     `<?php CRest::call('crm.lead.update');`,
		"site/bitrix/php_interface/init.php": `<?php CRest::call('crm.lead.fields');`,
		"lib/bitrix/client.php":              `<?php CRest::call('crm.deal.list');`,
		"package-lock.json":                  `{"a": "crm.lead.delete"}`,
		"README.md":                          "'crm.quote.list'",
		"image.php":                          "<?php \x00 call('crm.quote.get');",
		".env.production":                    "METHOD=crm.company.list",
	})
	if got, want := names(result.Methods), []string{"crm.company.list", "crm.deal.list", "crm.item.list"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestPlaces(t *testing.T) {
	result := scanFiles(t, map[string]string{"a.php": "<?php\n\n" + strings.Repeat("call('crm.item.list');\n", 5), "b/c.js": "/*\n*/ `\n${call(\n'crm.item.list')}`"})
	want := []scan.Name{{Name: "crm.item.list", Times: 6, Where: []scan.Place{{File: "a.php", Line: 3}, {File: "a.php", Line: 4}, {File: "a.php", Line: 5}}}}
	if diff := cmp.Diff(want, result.Methods); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	result = scanFiles(t, map[string]string{"b/c.js": "/*\n*/ `\n${call(\n'crm.item.list')}`"})
	if got := result.Methods[0].Where[0]; got != (scan.Place{File: "b/c.js", Line: 4}) {
		t.Errorf("%+v", got)
	}
}

// Files may be in any of the usual encodings.
func TestEncodings(t *testing.T) {
	text := "\ufeffvar a = 'Привет'; call(\"crm.item.list\");\r\n"
	var little, big strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		little.Write([]byte{byte(u), byte(u >> 8)})
		big.Write([]byte{byte(u >> 8), byte(u)})
	}
	for name, text := range map[string]string{"UTF-8": text, "UTF-16 LE": little.String(), "UTF-16 BE": big.String(),
		"windows-1251": "// \xcf\xf0\xe8\xe2\xe5\xf2\ncall('crm.item.list')", "old Mac OS": "a = 1\rcall('crm.item.list')\r"} {
		if got := names(scanFiles(t, map[string]string{"a.cs": text}).Methods); !slices.Equal(got, []string{"crm.item.list"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestUncertainNamesAreListedSeparately(t *testing.T) {
	result := scanFiles(t, map[string]string{"a.php": call + `
		$c->call('crm.deal.lst'); $c->call('crm.smartprocess.list'); $x = 'crm.deal.wrong'; $file = 'crm.php'; $host = 'mail.ru'; $y = 'crm.view';
		$c->call('crm.' . $entity . '.list'); $c->call("tasks.{$x}.get"); $c->call(sprintf('crm.item.%s', $verb));
		if ($event == 'ONCRMDEALADDED') {}
		$b24->getCRMScope()->something()->odd();
		$c->call('event.bind', ['handler' => 'https://app.example.com/e.php']);`})
	for what, c := range map[string]struct{ got, want []string }{
		"unknown":  {names(result.Unknown), []string{"crm.deal.lst", "crm.deal.wrong", "crm.smartprocess.list", "ONCRMDEALADDED"}},
		"built":    {names(result.Built), []string{"crm.item.…", "crm.…", "tasks.….get"}},
		"SDK":      {names(result.SDKCalls), []string{"getCRMScope()->something()->odd()"}},
		"handlers": {names(result.Handlers), []string{"https://app.example.com/e.php"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q, want %q", what, c.got, c.want)
		}
	}
}

// An application that never calls a portal yields nothing, even if its names look like methods.
func TestOtherApplications(t *testing.T) {
	result := scanFiles(t, map[string]string{
		"routes.php": `<?php Route::get('/user', 'C@u')->name('user.update'); return ['user.add' => 1, 'can' => 'department.get'];`,
		"bus.js":     `broker.call("user.get"); bus.emit('calendar.event.add'); fetch('/api/user.add'); t('app.info'); x = "crm.objects.contacts.read"`,
		"i18n.json":  `{"user.add": "Add", "method": "user.get"}`,
	})
	if all := slices.Concat(names(result.Methods), names(result.Events), names(result.Scopes), names(result.Unknown)); len(all) != 0 {
		t.Errorf("found %v", all)
	}
}

func TestScopes(t *testing.T) {
	for text, want := range map[string][]string{
		`$a = ['scope' => 'crm,user_basic, telephony'];`: {"crm", "telephony", "user_basic"},
		`$scopes = ['crm', 'placement'];`:                {"crm", "placement"},
		`const SCOPE = 'user';`:                          {"user"},
		`$a = ['scope' => 'openid email'];`:              nil,
		`$a = ['rights' => 'crm,im'];`:                   nil,
	} {
		if got := names(scanFiles(t, map[string]string{"a.php": call + text}).Scopes); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	files := 0
	dir := fstest.MapFS{}
	for i := range 20 {
		dir[fmt.Sprintf("%02d.php", i)] = &fstest.MapFile{Data: []byte(call)}
	}
	_, err := scan.Dir(ctx, dir, func(n int, _ int64) {
		if files = n; n == 5 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || files != 5 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestUnreadableFiles(t *testing.T) {
	result, err := scan.Dir(context.Background(), broken{fstest.MapFS{"a.php": {Data: []byte(call)}, "b.php": {Data: []byte(call)}}}, nil)
	if err != nil || !slices.Equal(result.Unreadable, []string{"b.php"}) || len(result.Methods) != 1 {
		t.Errorf("%+v %v", result, err)
	}
	if _, err := scan.Dir(context.Background(), fstest.MapFS{}, nil); err != nil {
		t.Errorf("an empty directory: %v", err)
	}
}

type broken struct{ fs.FS }

func (b broken) Open(name string) (fs.File, error) {
	if name == "b.php" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return b.FS.Open(name)
}

func say(key string, args map[string]any) string { return fmt.Sprint(key, args) }

// A draft is a valid file, whatever the names and contents of the scanned files.
func TestDraftIsAValidRequirementsFile(t *testing.T) {
	result := scanFiles(t, map[string]string{
		"a\nscopes: [evil].php": call + `call('event.bind', ['event' => 'ONCRMDEALADD', 'handler' => 'http://192.168.0.5/x#:y"z']);`,
		"b\u2028.js":            "call('crm.deal.zzz');call(`tasks.${x}.y`);call('user.get')",
	})
	for _, application := range []string{"my app", "", "a\"b: c\n# d", strings.Repeat("я", 300), "\u202e"} {
		draft := result.Draft(application, say)
		r, err := requirements.Read("draft", draft)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, draft)
		}
		want := &requirements.Requirements{Scopes: []string{"crm", "user"}, Methods: []string{"crm.item.list", "event.bind", "user.get"}, Events: []string{"ONCRMDEALADD"}, Handlers: requirements.LAN}
		r.Applications = nil
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestDraftAsksForREST3(t *testing.T) {
	for method, want := range map[string][]requirements.Module{
		"mail.message.send": {{Name: "rest", AtLeast: "25.800.0"}},
		"crm.item.list":     nil,
	} {
		r, err := requirements.Read("draft", scanFiles(t, map[string]string{"a.php": "<?php CRest::call('" + method + "');"}).Draft("my app", say))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.Modules); diff != "" || !slices.Equal(r.Methods, []string{method}) {
			t.Errorf("%v (-want +got):\n%s", r.Methods, diff)
		}
	}
}

// A file is recognised by its base name, in any directory.
func TestFilesInFolders(t *testing.T) {
	const code = "BX24=https://portal.example.ru/rest/\nMETHOD=crm.item.list\n"
	for _, name := range []string{".env", ".env.example", "config/.env", "config/.env.example", "a/b/.ENV.local"} {
		if r := scanFiles(t, map[string]string{name: code}); r.Files != 1 || len(r.Unreadable) > 0 {
			t.Errorf("%s: %d files, unreadable %v", name, r.Files, r.Unreadable)
		}
	}
	if r := scanFiles(t, map[string]string{"front/package-lock.json": `{"a":"crm.item.list"}`}); r.Files != 0 {
		t.Error("a lock file was scanned")
	}
}

// For any input the scan ends without a panic and the draft is a valid file.
func FuzzScan(f *testing.F) {
	extensions := []string{".php", ".js", ".vue", ".py", ".go", ".java", ".kt", ".cs", ".rb", ".json", ".yaml", ".env"}
	for i := range extensions {
		f.Add(i, []byte("call('crm.item.list'); x = \"a${b('user.get')}c\" /* ' */ # \" // `\n<<<A\nA\n<<~B\nB\n%w[a b] '''d''' \"\"\"e\"\"\" @\"f\" $\"{g}\" /'h/ <script>'</script><!-- ' -->"))
		f.Add(i, []byte("<?php $a = $b24->getCRMScope()->deal()->list(f(')')); 'a' . \"b{$c['d']}\" . <<<'E'\n  E;\n?> <p title='<?= \"x\" ?>'>"))
	}
	f.Fuzz(func(t *testing.T, i int, data []byte) {
		if i < 0 || i >= len(extensions) {
			t.Skip()
		}
		result := scanFiles(t, map[string]string{"a" + extensions[i]: string(data)})
		for _, n := range slices.Concat(result.Methods, result.Events, result.Scopes) {
			for _, p := range n.Where {
				if p.Line < 1 || p.Line > strings.Count(string(data), "\n")+1 {
					t.Errorf("%s in line %d", n.Name, p.Line)
				}
			}
		}
		if draft := result.Draft("x", say); len(result.Methods) > 0 {
			if _, err := requirements.Read("draft", draft); err != nil {
				t.Errorf("%v in:\n%s", err, draft)
			}
		}
	})
}
