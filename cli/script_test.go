package cli_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/assets"
	"boxready/cli"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/renewal"
	"boxready/internal/simportal"
	"boxready/internal/simtest/testenv"
	"boxready/internal/transport"

	"aead.dev/minisign"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// program does the same as main.
func program() {
	ctx := cli.UntilSignal(context.Background())
	std := cli.Standard()
	// Each simulated portal is another one, whatever its name: a script's commands don't wait for each other.
	std.App.Transport = func(o *transport.Options) { o.Locks = "" }
	std.Catalogue = renewal.Source{Address: os.Getenv("BOXREADY_TEST_CATALOGUE"), Key: os.Getenv("BOXREADY_TEST_KEY"), Folder: app.ConfigFolder()}
	std.Unused = std.Catalogue.Load()
	exit := cli.Run(ctx, "1.2.3", os.Args[1:], std)
	writePeakMemory()
	os.Exit(int(exit))
}

func TestMain(m *testing.M) {
	if os.Getenv("BOXREADY_TEST_PROGRAM") != "" {
		program()
	}
	if file := os.Getenv(replayVariable); file != "" {
		if err := bareClient(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		writePeakMemory()
		os.Exit(0)
	}
	if where := os.Getenv(crashVariable); where != "" {
		runCrashing(where)
	}
	testscript.Main(testenv.M{M: m}, map[string]func(){"boxready": program})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, testenv.Variables(env.WorkDir)...)
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"portal": startPortal,
			"valid":  validateJSON,
			"exits":  exits,
			"field":  field,
			"answer": answer,
			"signed": signed,
		},
	})
}

// startPortal starts a simulated portal with faults and sets $portal, and $way to the flags that connect to it; way.sh holds
// the same for "exec sh".
func startPortal(ts *testscript.TestScript, neg bool, faults []string) {
	sim, err := simportal.Start(simportal.Options{Faults: faults})
	ts.Check(err)
	ts.Defer(sim.Close)
	roots := ts.MkAbs("roots.pem")
	ts.Check(os.WriteFile(roots, sim.RootsPEM(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("private.pem"), sim.PrivateCAPEM(), 0o600))
	flags := []string{"--public-roots", roots}
	for _, place := range sim.ConnectTo() {
		flags = append(flags, "--connect-to", place)
	}
	ts.Setenv("portal", sim.Host())
	ts.Setenv("proxy", sim.Proxy())
	ts.Setenv("way", strings.Join(flags, "\n"))
}

// signed writes a catalogue, dated so many days after the built-in one, with rows, as FILE, and its signature; $BOXREADY_TEST_KEY is
// the key from then on.
func signed(ts *testscript.TestScript, neg bool, args []string) {
	days, err := strconv.Atoi(args[1])
	ts.Check(err)
	date, err := time.Parse(time.DateOnly, bitrix.CatalogueInfo().Date)
	ts.Check(err)
	day := date.AddDate(0, 0, days).Format(time.DateOnly)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err = fmt.Fprintln(z, strings.Join(append([]string{"D\t1\t" + day}, args[2:]...), "\n"))
	ts.Check(err)
	ts.Check(z.Close())
	public, private, err := minisign.GenerateKey(rand.Reader)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".minisig"), minisign.Sign(private, b.Bytes()), 0o600))
	ts.Setenv("BOXREADY_TEST_KEY", public.String())
	ts.Setenv("day", day)
	ts.Setenv("built", date.Format(time.DateOnly))
}

// exits runs "boxready ARGS" and expects the exit code; a lone $way is spread into its flags.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	var spread []string
	for _, a := range args[1:] {
		spread = append(spread, strings.Split(a, "\n")...)
	}
	err := ts.Exec("boxready", spread...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit %s, expected %s", got, args[0])
	}
}

// validateJSON validates files of JSON, whole or by lines, against the shipped schema.
func validateJSON(ts *testscript.TestScript, neg bool, args []string) {
	document, result, summary, err := schemas()
	ts.Check(err)
	data := []byte(ts.ReadFile(args[1]))
	switch args[0] {
	case "json":
		ts.Check(validate(document, data))
	case "jsonl":
		lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
		for _, line := range lines[:len(lines)-1] {
			ts.Check(validate(result, line))
		}
		ts.Check(validate(summary, lines[len(lines)-1]))
	}
}

func schemas() (document, result, summary *jsonschema.Schema, err error) {
	s, err := compiledSchemas()
	return s.document, s.result, s.summary, err
}

type resultSchemas struct{ document, result, summary *jsonschema.Schema }

var compiledSchemas = sync.OnceValues(func() (s resultSchemas, err error) {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(assets.ResultSchema))
	if err != nil {
		return s, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("result.json", schema); err != nil {
		return s, err
	}
	for at, into := range map[string]**jsonschema.Schema{"result.json": &s.document, "result.json#/$defs/Result": &s.result, "result.json#/$defs/Summary": &s.summary} {
		if *into, err = compiler.Compile(at); err != nil {
			return s, err
		}
	}
	return s, nil
})

func validate(schema *jsonschema.Schema, data []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w in %.80s", err, data)
	}
	return schema.Validate(value)
}

// field asserts a value in a JSON file: "field FILE PATH VALUE", with the path's names joined by dots and results
// chosen by their check.
func field(ts *testscript.TestScript, neg bool, args []string) {
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &value))
	for _, name := range strings.Split(args[1], ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			value = nil
			for _, item := range v {
				if m, ok := item.(map[string]any); ok && m["check"] == name {
					value = item
				}
			}
		}
	}
	if got := fmt.Sprint(value); (got == args[2]) == neg {
		ts.Fatalf("%s is %q, expected %q", args[1], got, args[2])
	}
}

// answer writes the output of a script for the portal's server, dated now and for $portal, from a JSON file: "answer FILE JSON".
func answer(ts *testscript.TestScript, neg bool, args []string) {
	var fields map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &fields))
	fields["time"], fields["asked"] = time.Now().UTC().Format(time.RFC3339), ts.Getenv("portal")
	data, err := json.Marshal(fields)
	ts.Check(err)
	block := fmt.Sprintf("its own server\nBOXREADY-PROBE-BEGIN\nv:1;packed:no;sha256:%x;data:%s;\nBOXREADY-PROBE-END\n", sha256.Sum256(data), base64.StdEncoding.EncodeToString(data))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(block), 0o600))
}
