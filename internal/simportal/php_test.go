package simportal

import (
	"testing"
)

func TestParseQuery(t *testing.T) {
	tests := map[string]string{
		"":                            `[]`,
		"a=1&b=x%20y&c=p+q":           `{"a":"1","b":"x y","c":"p q"}`,
		"a=1&a=2":                     `{"a":"2"}`,
		"a[]=1&a[]=2":                 `{"a":["1","2"]}`,
		"a[k]=1&a[l][m]=2&a[l][]=3":   `{"a":{"k":"1","l":{"m":"2","0":"3"}}}`,
		"a[][x]=1&a[][x]=2":           `{"a":[{"x":"1"},{"x":"2"}]}`,
		"a[5]=1&a[]=2":                `{"a":{"5":"1","6":"2"}}`,
		"a.b=1&c d=2":                 `{"a_b":"1","c_d":"2"}`,
		"cmd%5Bone%5D=profile%3Fa%3D": `{"cmd":{"one":"profile?a="}}`,
		"=1&&x":                       `{"x":""}`,
		"a=1&a[b]=2":                  `{"a":{"b":"2"}}`,
		"a=%zz":                       `{"a":"%zz"}`,
	}
	for query, want := range tests {
		if got := string(encodeJSON(parseQuery(query))); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

func TestEncodeJSON(t *testing.T) {
	tests := []struct {
		value any
		want  string
	}{
		{nil, `null`},
		{true, `true`},
		{7, `7`},
		{int64(-7), `-7`},
		{1.5, `1.5`},
		{10.0, `10`},
		{0.0001, `0.0001`},
		{0.00001, `1.0e-5`},
		{4.1e-05, `4.1e-5`},
		{1e25, `1.0e+25`},
		{1795435061.141826, `1795435061.141826`},
		{`<a href='x'>"&"</a> \ / Ю` + "\n\t\x01\u2028", `"\u003Ca href=\u0027x\u0027\u003E\u0022\u0026\u0022\u003C\/a\u003E \\ \/ Ю\n\t\u0001\u2028"`},
		{newArray(), `[]`},
		{list("a"), `["a"]`},
		{assoc("a", newArray(), "b", assoc("0", 1)), `{"a":[],"b":[1]}`},
		{assoc("1", "x"), `{"1":"x"}`},
	}
	for _, test := range tests {
		if got := string(encodeJSON(test.value)); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestParseJSON(t *testing.T) {
	tests := map[string]string{
		`{"b":1,"a":{"x":[1,2.5,"y",null,true]}}`: `{"b":1,"a":{"x":[1,2.5,"y",null,true]}}`,
		`[1]`:     `[1]`,
		`{}`:      `[]`,
		`{"a":1`:  `[]`,
		`{} {}`:   `[]`,
		`"text"`:  `[]`,
		`{"a":,}`: `[]`,
	}
	for body, want := range tests {
		if got := string(encodeJSON(parseJSON([]byte(body)))); got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}
