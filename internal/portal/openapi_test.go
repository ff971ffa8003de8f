package portal

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/secret"
)

// openAPI is a portal's description of methods, in PHP's way of writing JSON.
func openAPI(methods ...string) string {
	var paths []string
	for _, m := range methods {
		paths = append(paths, fmt.Sprintf(`"\/%s":{"post":{"responses":{"200":{"description":""}}}}`, m))
	}
	return `{"openapi":"3.0.0","info":{"title":"x"},"paths":{` + strings.Join(paths, ",") + `}}`
}

func TestReadOpenAPI(t *testing.T) {
	many := make([]string, maxOpenAPIMethods+1)
	for i := range many {
		many[i] = fmt.Sprintf("a.b%d", i)
	}
	deep := strings.Repeat("[", 20000) + strings.Repeat("]", 20000)
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"two methods":         {openAPI("tasks.task.get", "crm.activity.mail.getContent"), []string{"crm.activity.mail.getContent", "tasks.task.get"}},
		"none, as PHP writes": {`{"openapi":"3.0.0","paths":[]}`, nil},
		"names that are none": {openAPI("batch", "", "a/b", "a b", "a\\u202eb", strings.Repeat("x", maxCode+1)), []string{"batch"}},
		"without a slash":     {`{"openapi":"3.0.0","paths":{"batch":{}}}`, nil},
		"as a result":         {`{"result":` + openAPI("batch") + `,"time":{"start":1}}`, nil},
		"another version":     {strings.Replace(openAPI("batch"), "3.0.0", "2.0", 1), nil},
		"no version":          {`{"paths":{"/batch":{}}}`, nil},
		"text around it":      {"<br />Warning" + openAPI("batch"), nil},
		"cut off":             {openAPI("batch")[:60], nil},
		"a page":              {"<html></html>", nil},
		"too many methods":    {openAPI(many...), nil},
		"too large":           {strings.Replace(openAPI("batch"), `"x"`, `"`+strings.Repeat("x", maxOpenAPI)+`"`, 1), nil},
		"too deep":            {strings.Replace(openAPI("batch"), `"x"`, deep, 1), nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, c.body)
			got := ReadOpenAPI(&r)
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %.200q, want %q", got, c.want)
			}
		})
	}
}

// FuzzReadOpenAPI reads a description of methods: every name is one that a request may have.
func FuzzReadOpenAPI(f *testing.F) {
	f.Add([]byte(openAPI("tasks.task.get", "batch")))
	f.Add([]byte(`{"openapi":"3.1","paths":{"/a":null,"/A.b_1":[1],"//":{}},"paths":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, _ := ReadReply(respond(200, strings.NewReader(string(body))))
		methods := ReadOpenAPI(&r)
		if len(methods) > maxOpenAPIMethods {
			t.Errorf("%d methods", len(methods))
		}
		for _, name := range methods {
			if !plainMethod.MatchString(name) || len(name) > maxCode {
				t.Errorf("%q", name)
			}
		}
	})
}

func TestSecretsOfPaths(t *testing.T) {
	w := Webhook{User: "1", Code: secret.New("c0dec0de")}
	for name, c := range map[string]struct {
		request Request
		want    string
	}{
		"webhook":                {w.Request("profile", nil, time.Second), "c0dec0de"},
		"webhook, REST 3.0":      {w.RequestREST3("batch", time.Second), "c0dec0de"},
		"of a user named api":    {Webhook{User: "api", Code: w.Code}.Request("profile", nil, time.Second), "c0dec0de"},
		"and REST 3.0":           {Webhook{User: "api", Code: w.Code}.RequestREST3("batch", time.Second), "c0dec0de"},
		"application":            {Request{Path: MethodPath("profile")}, ""},
		"application, REST 3.0":  {Request{Path: REST3Path("tasks.task.get")}, ""},
		"not of the rest module": {Request{Path: "/bitrix/admin/x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, s := range c.request.Secrets() {
				got += s.Reveal()
			}
			if got != c.want || c.want != "" && !c.request.Webhook {
				t.Errorf("%s: %q, want %q", c.request.Path, got, c.want)
			}
		})
	}
	if r := w.RequestREST3("batch", time.Second); r.Path != "/rest/api/1/c0dec0de/batch" {
		t.Errorf("path %s", r.Path)
	}
}
