package secret

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMask(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"nothing":                {"", ""},
		"no secret":              {"<h1>502 Bad Gateway</h1>", "<h1>502 Bad Gateway</h1>"},
		"query":                  {"/rest/profile?auth=abc123&x=1", "/rest/profile?auth=•••&x=1"},
		"query in HTML":          {`<a href="?access_token=abc&amp;x=1">`, `<a href="?access_token=•••&amp;x=1">`},
		"query in a query":       {"?next=%2Foauth%3Fcode%3Dabc123%26state%3Dx", "?next=%2Foauth%3Fcode%3D•••%26state%3Dx"},
		"query, encoded twice":   {"%253Faccess_token%253Dabc123%2526x%253D1", "%253Faccess_token%253D•••%2526x%253D1"},
		"query in JSON":          {`{"url":"https://h/?auth=abc\u0026x=1"}`, `{"url":"https://h/?auth=•••\u0026x=1"}`},
		"query with punctuation": {"password=a,b;c)d}e&x=1", "password=•••&x=1"},
		"form of an event":       {"auth[access_token]=abc&auth[domain]=h", "auth[access_token]=•••&auth[domain]=h"},
		"form, encoded":          {"auth%5Bapplication_token%5D=abc&x=1", "auth%5Bapplication_token%5D=•••&x=1"},
		"array named auth":       {"auth={access_token:abc,x:1}", "auth={access_token:•••,x:1}"},
		"JSON":                   {`{"access_token":"abc","expires":3600}`, `{"access_token":"•••","expires":3600}`},
		"JSON, spaced":           {"{\n  \"refresh_token\" : \"abc\"\n}", "{\n  \"refresh_token\" : \"•••\"\n}"},
		"JSON, quote inside":     {`{"client_secret":"a\"b","x":1}`, `{"client_secret":"•••","x":1}`},
		"JSON, nested":           {`{"auth":{"access_token":"abc","domain":"h"}}`, `{"auth":{"access_token":"•••","domain":"h"}}`},
		"JSON in JSON":           {`{"body":"{\"AUTH_ID\":\"abc\",\"x\":1}"}`, `{"body":"{\"AUTH_ID\":\"•••\",\"x\":1}"}`},
		"JSON in JSON, hex":      {`"{\u0022REFRESH_ID\u0022:\u0022abc\u0022,\u0022x\u0022:1}"`, `"{\u0022REFRESH_ID\u0022:\u0022•••\u0022,\u0022x\u0022:1}"`},
		"JSON in JSON, one word": {`"{\u0022code\u0022:\u0022abc\u0022}"`, `"{\u0022code\u0022:\u0022•••\u0022}"`},
		"JSON in HTML":           {`data='{&quot;access_token&quot;:&quot;abc&quot;}'`, `data='{&quot;access_token&quot;:&quot;•••&quot;}'`},
		"JSON, number":           {`{"code":123456,"x":1}`, `{"code":•••,"x":1}`},
		"JSON, null":             {`{"access_token":null}`, `{"access_token":null}`},
		"JSON, cut off":          {`{"access_token":"abcdef`, `{"access_token":"•••`},
		"error code":             {`{"error":{"code":"BITRIX_REST_V3_EXCEPTIONS_ACCESSDENIEDEXCEPTION"}}`, `{"error":{"code":"BITRIX_REST_V3_EXCEPTIONS_ACCESSDENIEDEXCEPTION"}}`},
		"status code":            {`{"code":502,"error_code":"abc","status_code":17}`, `{"code":502,"error_code":"abc","status_code":17}`},
		"script":                 {`BX.message({'bitrix_sessid':'abc','x':'y'})`, `BX.message({'bitrix_sessid':'•••','x':'y'})`},
		"script, bare":           {`{sessid: abc, x: y}`, `{sessid: •••, x: y}`},
		"camel case":             {`{"accessToken":"abc","userPassword":"def"}`, `{"accessToken":"•••","userPassword":"•••"}`},
		"print_r":                {"Array\n(\n    [access_token] => abc\n    [x] => y\n)", "Array\n(\n    [access_token] => •••\n    [x] => y\n)"},
		"var_dump":               {"[\"password\"]=>\n  string(3) \"abc\"\n", "[\"password\"]=>\n  string(3) \"•••\"\n"},
		"input":                  {`<input type="hidden" name="sessid" value="abc">`, `<input type="hidden" name="sessid" value="•••">`},
		"input, value first":     {`<input value='abc' name='USER_PASSWORD'>`, `<input value='•••' name='USER_PASSWORD'>`},
		"input, array":           {`<input name="auth[access_token]" value=abc>`, `<input name="auth[access_token]" value=•••>`},
		"input, other":           {`<input name="lang" value="ru">`, `<input name="lang" value="ru">`},
		"input, cut off":         {`<input name="sessid" value="abcd`, `<input name="sessid" value="•••`},
		"meta":                   {`<meta name="csrf-token" content="abc">`, `<meta name="csrf-token" content="•••">`},
		"XML":                    {"<access_token>abc</access_token><x>1</x>", "<access_token>•••</access_token><x>1</x>"},
		"code element":           {"<code>Error text</code>", "<code>Error text</code>"},
		"header":                 {"Authorization: Bearer abc def\nHost: h", "Authorization: •••\nHost: h"},
		"header in JSON":         {`{"Authorization":"Basic dTpw","x":1}`, `{"Authorization":"•••","x":1}`},
		"bearer alone":           {"sent Bearer abcdef012345 to it", "sent Bearer ••• to it"},
		"bearer realm":           {`Bearer realm="x"`, `Bearer realm="x"`},
		"cookies":                {"Cookie: PHPSESSID=abc; BITRIX_SM_LOGIN=me\r\nX: y", "Cookie: •••\r\nX: y"},
		"set-cookie":             {"Set-Cookie: a=b; path=/", "Set-Cookie: •••"},
		"session alone":          {"PHPSESSID=abc path", "PHPSESSID=••• path"},
		"webhook":                {"https://h/rest/1/abc123def/profile.json", "https://h/rest/1/•••/profile.json"},
		"webhook by login":       {"https://h/rest/admin/abc123def/profile", "https://h/rest/admin/•••/profile"},
		"webhook by mail":        {"https://h/rest/me%40h/abc123def/profile", "https://h/rest/me%40h/•••/profile"},
		"webhook, cut off":       {"https://h/rest/1/abc1", "https://h/rest/1/•••"},
		"webhook in JSON":        {`"https:\/\/h\/rest\/1\/abc123def\/profile"`, `"https:\/\/h\/rest\/1\/•••\/profile"`},
		"webhook in a query":     {"?u=https%3A%2F%2Fh%2Frest%2F1%2Fabc123def%2Fprofile", "?u=https%3A%2F%2Fh%2Frest%2F1%2F•••%2Fprofile"},
		"webhook, REST 3.0":      {"/rest/api/1/abc123def/tasks.task.get", "/rest/api/1/•••/tasks.task.get"},
		"webhook, odd slashes":   {"/rest//1//abc123def//profile", "/rest//1//•••//profile"},
		"webhook behind rest":    {"/rest/rest/1/abc123def/", "/rest/rest/•••/•••/"},
		"webhook's parameters":   {"?aplogin=1&ap=abc123def", "?aplogin=1&ap=•••"},
		"method":                 {"/rest/crm.deal.list/?x=1", "/rest/crm.deal.list/?x=1"},
		"method, REST 3.0":       {"/rest/api/profile", "/rest/api/profile"},
		"source path":            {"in /home/bitrix/www/bitrix/modules/rest/lib/oauth/auth.php on line 7", "in /home/bitrix/www/bitrix/modules/rest/lib/oauth/auth.php on line 7"},
		"userinfo":               {"https://me:pa@ss@h/x", "https://•••@h/x"},
		"userinfo in JSON":       {`"https:\/\/me:pass@h\/x"`, `"https:\/\/•••@h\/x"`},
		"userinfo in a query":    {"?u=https%3A%2F%2Fme%3Apass%40h%2Fx", "?u=https%3A%2F%2F•••%40h%2Fx"},
		"mail in a path":         {"https://h/me@h", "https://h/me@h"},
		"description":            {"The request requires higher privileges than provided by the access token", "The request requires higher privileges than provided by the access token"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Mask(c.in); got != c.want {
				t.Errorf("Mask(%q)\n got %q\nwant %q", c.in, got, c.want)
			}
		})
	}
}

// encodings are the forms in which a secret may appear in a text.
func encodings(s string) map[string]string {
	quoted, _ := json.Marshal(s)
	inside := string(quoted[1 : len(quoted)-1])
	w := map[string]string{
		"plain":           s,
		"query":           url.QueryEscape(s),
		"query, lower":    lowerEscapes.ReplaceAllStringFunc(url.QueryEscape(s), strings.ToLower),
		"path":            url.PathEscape(s),
		"encoded twice":   url.QueryEscape(url.QueryEscape(s)),
		"JSON":            inside,
		"JSON of PHP":     strings.ReplaceAll(inside, "/", `\/`),
		"JSON of PHP hex": upperEscapes.ReplaceAllStringFunc(strings.ReplaceAll(inside, "/", `\/`), strings.ToUpper),
		"JSON in ASCII":   escapeASCII(s),
	}
	for i, before := range []string{"", "u", "us", "user:"} {
		w[fmt.Sprintf("base64 %d", i)] = base64.StdEncoding.EncodeToString([]byte(before + s + "x"))
		w[fmt.Sprintf("base64 for URLs %d", i)] = base64.RawURLEncoding.EncodeToString([]byte(before + s))
	}
	return w
}

func TestMaskKnown(t *testing.T) {
	for _, s := range []string{"abcdefgh", "a+b/c=d&e f%g", `quo"te<x>\y`, "секрет🔑ключ", "0123456789abcdef0123456789abcdef"} {
		for name, written := range encodings(s) {
			got := Mask("[ "+written+" ]", New(s))
			// The outermost two characters of base64 belong to the data beside it too.
			for _, part := range []string{written, middle(written)} {
				if strings.Contains(got, part) {
					t.Errorf("%s of %q: %q", name, s, got)
				}
			}
		}
	}
}

func middle(s string) string {
	r := []rune(s)
	return string(r[len(r)/2-2 : len(r)/2+2])
}

func TestMaskKnownEdges(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		known []string
		want  string
	}{
		"cut off":       {"x abcdef", []string{"abcdefgh"}, "x •••"},
		"cut off early": {"x abc", []string{"abcdefgh"}, "x abc"},
		"overlapping":   {"x abcdefghijkl y", []string{"abcdefgh", "efghijkl"}, "x ••• y"},
		"with itself":   {"x aaabaaabaaabaaa y", []string{"aaabaaabaaa"}, "x ••• y"},
		"side by side":  {"abcdefghabcdefgh", []string{"abcdefgh"}, "•••"},
		"a word":        {"abcd, xabcd abcdx ab cd, abcd.", []string{"abcd"}, "•••, xabcd abcdx ab cd, •••."},
		"no word":       {"abc", []string{"abc"}, "abc"},
		"empty":         {"abc", []string{""}, "abc"},
		"a piece":       {"refused: efghijklmnopqr…", []string{"abcdefghijklmnopqrstuvwx"}, "refused: •••…"},
		"two pieces":    {"abcdefghijkl…mnopqrstuvwx.", []string{"abcdefghijklmnopqrstuvwx"}, "•••…•••."},
		"of JSON":       {`x q\"uotedquoted…`, []string{`abc"q"uotedquotedabc`}, `x •••…`},
		"too little":    {"refused: efghijklmno.", []string{"abcdefghijklmnopqrstuvwx"}, "refused: efghijklmno."},
	} {
		t.Run(name, func(t *testing.T) {
			var known []String
			for _, k := range c.known {
				known = append(known, New(k))
			}
			if got := Mask(c.in, known...); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzMask(f *testing.F) {
	f.Add(`{"access_token":"abc"}`, "abcdef")
	f.Add("https://me:pass@h/rest/1/abc123/?auth=x", "a+b/c=d")
	f.Fuzz(func(t *testing.T, text, known string) {
		got := Mask(text, New(known))
		if utf8.ValidString(text) && utf8.ValidString(known) && !utf8.ValidString(got) {
			t.Errorf("not UTF-8: %q", got)
		}
		if len(newView(known, false).text) < minLength || len(known) > maxSecret || !utf8.ValidString(known) {
			return
		}
		for _, form := range forms(known) {
			// A form may be a piece of the mask, or begin or end with one.
			if strings.ContainsRune(form, '•') {
				continue
			}
			if strings.Contains(got, form) {
				t.Errorf("%q is still in %q", form, got)
			}
		}
		// A labelled value is masked, whatever the text around it.
		const value = "zq7k0x9v"
		for _, labelled := range []string{"&access_token=" + value + "&", `,"client_secret":"` + value + `",`} {
			if got := Mask(text + "\n" + labelled); !strings.Contains(text, value) && strings.Contains(got, value) {
				t.Errorf("%q is still in %q", value, got)
			}
		}
	})
}
