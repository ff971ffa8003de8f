package simportal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/simportal"

	"github.com/google/go-cmp/cmp"
)

// sdkDir is the folder in which packaging/npm has installed the official JavaScript SDK.
func sdkDir(t *testing.T) string {
	t.Helper()
	_, err := exec.LookPath("node")
	var out []byte
	if err == nil {
		out, err = exec.Command("../../packaging/npm", "testdata/jssdk").Output()
	}
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("NOT TESTED: the official JavaScript SDK can't be had: %v", err)
	}
	if err != nil {
		t.Skipf("NOT TESTED: the official JavaScript SDK can't be had: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// sdkReading is how the SDK read one answer.
type sdkReading struct {
	Success bool
	Status  int
	Result  any
	Time    map[string]any
	Errors  []struct{ Code, Message string }
	Thrown  *struct {
		Name, Code, Message string
		Status              int
	}
}

// TestOfficialSDK reads the answers with the vendor's own client.
func TestOfficialSDK(t *testing.T) {
	if testing.Short() {
		t.Skip("needs node and the network once")
	}
	dir := sdkDir(t)
	s := start(t, simportal.Options{})
	ca := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(ca, s.RootsPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	expired := s.IssueGrant(simportal.TokenExpired)
	task, err := json.Marshal(map[string]any{
		"webhook": strings.TrimSuffix(s.Webhook(), "/"),
		"grants":  map[string]any{"valid": s.IssueGrant(simportal.TokenValid), "expired": expired, "dead": s.IssueGrant(simportal.TokenExpired)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	program, err := os.ReadFile("testdata/jssdk/run.mjs")
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(ctx, "node", "--input-type=module", "--eval", string(program))
	node.Dir = dir
	// Real host names: the SDK connects through the simulated proxy.
	node.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasSuffix(strings.ToLower(name), "_proxy") || strings.HasPrefix(name, "NODE_")
	}), "HTTPS_PROXY="+s.Proxy(), "HTTP_PROXY="+s.Proxy(), "NODE_EXTRA_CA_CERTS="+ca)
	node.Stdin = bytes.NewReader(task)
	var stdout, stderr bytes.Buffer
	node.Stdout, node.Stderr = &stdout, &stderr
	if err := node.Run(); err != nil {
		t.Fatalf("node: %v\n%s", err, stderr.String())
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(stdout.Bytes(), &raw); err != nil {
		t.Fatalf("%v in %s", err, stdout.String())
	}
	into := func(t *testing.T, key string, v any) {
		t.Helper()
		if err := json.Unmarshal(raw[key], v); err != nil {
			t.Fatalf("%s: %v in %s", key, err, raw[key])
		}
	}
	profile := map[string]any{"ID": "1", "ADMIN": true, "NAME": "Анна", "LAST_NAME": "Смит-О'Хара", "PERSONAL_GENDER": "F", "TIME_ZONE": "Europe/Moscow"}

	t.Run("results", func(t *testing.T) {
		for _, name := range []string{"hook profile", "oauth profile", "oauth renewed", "oauth renewed twice"} {
			var r sdkReading
			into(t, name, &r)
			if diff := cmp.Diff(any(profile), r.Result); !r.Success || r.Status != 200 || diff != "" {
				t.Errorf("%s: %s\n%s", name, raw[name], diff)
			}
			for _, key := range []string{"start", "finish", "duration", "processing"} {
				if _, ok := r.Time[key].(float64); !ok {
					t.Errorf("%s: time.%s is %v", name, key, r.Time[key])
				}
			}
			for _, key := range []string{"date_start", "date_finish"} {
				at, _ := r.Time[key].(string)
				if _, err := time.Parse(time.RFC3339, at); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		for name, want := range map[string]string{"hook scope": "crm", "hook methods": "crm.deal.list"} {
			var r sdkReading
			into(t, name, &r)
			list, _ := r.Result.([]any)
			if !r.Success || !slices.Contains(list, any(want)) {
				t.Errorf("%s: %s", name, raw[name])
			}
		}
	})

	t.Run("errors", func(t *testing.T) {
		tests := map[string]struct {
			code    string
			status  int
			message string
		}{
			"hook no.such.method": {"ERROR_METHOD_NOT_FOUND", 404, "Method not found!"},
			"hook placement.list": {"insufficient_scope", 401, "The request requires higher privileges than provided by the webhook token"},
			"hook v3":             {"BITRIX_REST_V3_EXCEPTIONS_METHODNOTFOUNDEXCEPTION", 404, "Method not found."},
			"oauth expired":       {"expired_token", 401, "The access token provided has expired."},
			"oauth dead":          {"invalid_grant", 400, "400"},
			"oauth reused":        {"invalid_grant", 400, "400"},
		}
		for name, want := range tests {
			var r sdkReading
			into(t, name, &r)
			code, status, message := "", r.Status, ""
			switch {
			case r.Thrown != nil:
				code, status, message = r.Thrown.Code, r.Thrown.Status, r.Thrown.Message
			case len(r.Errors) > 0:
				code, message = r.Errors[0].Code, r.Errors[0].Message
			}
			if r.Success || code != want.code || status != want.status || !strings.Contains(message, want.message) {
				t.Errorf("%s: want %+v, the SDK read %s", name, want, raw[name])
			}
		}
	})

	t.Run("batch", func(t *testing.T) {
		var b struct {
			Success  bool
			Errors   []string
			Commands map[string]sdkReading
		}
		into(t, "batch", &b)
		if got := b.Commands["me"]; !got.Success || !cmp.Equal(any(profile), got.Result) {
			t.Errorf("me: %+v", got)
		}
		if got := b.Commands["known"]; !got.Success || !cmp.Equal(any(map[string]any{"isExisting": true, "isAvailable": true}), got.Result) {
			t.Errorf("known: %+v", got)
		}
		if got := b.Commands["list"]; !got.Success || !cmp.Equal(any([]any{}), got.Result) {
			t.Errorf("list: %+v", got)
		}
		if got := b.Commands["gone"]; got.Success || len(got.Errors) == 0 || got.Errors[0].Code != "ERROR_METHOD_NOT_FOUND" {
			t.Errorf("gone: %s", raw["batch"])
		}
	})

	t.Run("refresh", func(t *testing.T) {
		var listed int
		into(t, "refreshAsked", &listed)
		if listed != 1 {
			t.Errorf("the SDK refreshed an expired token %d times", listed)
		}
		var got struct {
			Status, Scope, ServerEndpoint, ClientEndpoint string
			ExpiresIn                                     int
		}
		into(t, "refreshed", &got)
		if got.Status != "L" || got.ServerEndpoint != expired.ServerEndpoint || got.ClientEndpoint != expired.ClientEndpoint || got.ExpiresIn != 3600 || got.Scope != strings.Join(expired.Scope, ",") {
			t.Errorf("the SDK read %+v", got)
		}
	})

	t.Run("refresh tokens", func(t *testing.T) {
		var used []string
		for _, r := range s.Log() {
			if r.Path != "/oauth/token/" {
				continue
			}
			if r.Server != "auth-cis" || r.Method != "POST" || r.RawQuery != "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || len(r.Tokens) != 1 {
				t.Errorf("%s %s %s with %s", r.Server, r.Method, r.RawQuery, r.Header.Get("Content-Type"))
				continue
			}
			used = append(used, r.Tokens[0])
		}
		if len(used) != 4 || used[0] != expired.RefreshToken || used[1] == used[0] || used[2] != used[0] || used[3] != "invented" {
			t.Errorf("the SDK renewed with %v", used)
		}
	})

	t.Run("offline events", func(t *testing.T) {
		for name, want := range map[string]any{"event.bind": true, "event.test": 1.0, "event.unbind": map[string]any{"count": 1.0}} {
			var r sdkReading
			into(t, "oauth "+name, &r)
			if !r.Success || !cmp.Equal(want, r.Result) {
				t.Errorf("%s: %s", name, raw["oauth "+name])
			}
		}
		var r sdkReading
		into(t, "oauth event.offline.list", &r)
		rows, _ := r.Result.([]any)
		if len(rows) != 1 {
			t.Fatalf("got %s", raw["oauth event.offline.list"])
		}
		event, _ := rows[0].(map[string]any)
		data, _ := event["EVENT_DATA"].(map[string]any)
		query, _ := data["QUERY"].(map[string]any) // also contains fields added by the SDK
		if event["EVENT_NAME"] != "ONAPPTEST" || query["word"] != "Ж" {
			t.Errorf("got %v", event)
		}
	})

	t.Run("only verified https is used", func(t *testing.T) {
		for _, r := range s.Log() {
			if r.Server != "proxy" && !r.TLS {
				t.Errorf("%s %s %s", r.Server, r.Method, r.Path)
			}
		}
	})
	if t.Failed() {
		delete(raw, "hook methods")
		t.Logf("the SDK's readings: %s", raw)
	}
}
