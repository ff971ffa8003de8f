package portal

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// FuzzReadBatch parses the result of a batch: a command has a result, an error, or is Missing.
func FuzzReadBatch(f *testing.F) {
	for _, result := range []string{
		`{"result":{"a":1,"b":[]},"result_error":[],"result_total":{"b":2},"result_next":{"b":50}}`, `{"result":[],"result_error":{"a":{"error":"ACCESS_DENIED","error_description":"x"}}}`,
		`{"result":[1,2],"result_error":{"a":"QUERY_LIMIT_EXCEEDED"}}`, `{"result":{"a":null},"result_error":{"a":[]}}`, `{"result_total":5}`, `[]`, `"x"`,
		`{"result":{"a":1,"a":2},"result_error":{"0":{"error":0}},"result_next":"x"}`,
	} {
		f.Add([]byte(result))
	}
	f.Fuzz(func(t *testing.T, result []byte) {
		if !json.Valid(result) {
			return // a reply has no other
		}
		items, err := ReadBatch(Reply{Status: 200, Result: result})
		if err != nil {
			if !errors.Is(err, ErrBatchReply) {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		for key, item := range items {
			switch {
			case item.Missing():
				t.Errorf("%q is listed and missing", key)
			case item.Result != nil && !json.Valid(item.Result):
				t.Errorf("%q: %s", key, item.Result)
			case item.Error != nil && item.Error.Error() == "":
				t.Errorf("%q: an error without text", key)
			}
		}
	})
}

// FuzzParseWebhook asserts that a parsed address survives a round trip, and that no error contains the code.
func FuzzParseWebhook(f *testing.F) {
	for _, text := range []string{
		"https://portal.example.ru/rest/1/abcd1234efgh5678/", "portal.example.ru/rest/admin%40x/abcd1234efgh5678/profile.json?x=1", "http://portal.example.ru/rest/1/abcd1234efgh5678",
		"https://portal.example.ru:8443//rest//1//abcd1234efgh5678#x", "https://портал.рф/rest/1/abcd1234efgh5678/", "https://user:pw@portal.example.ru/rest/1/abcd1234efgh5678/",
		"https://portal.example.ru/rest/%2e%2e/abcd1234efgh5678/", "«https://portal.example.ru/rest/1/abcd1234efgh5678/»", "https://portal.example.ru/rest/%00/abcd1234efgh5678/",
		"Вебхук: https://portal.example.ru/rest/1/abcd1234efgh5678/ – наш",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := ParseWebhook(text)
		if err != nil {
			if strings.Contains(text, "abcd1234efgh5678") && strings.Contains(err.Error(), "abcd1234efgh5678") {
				t.Errorf("the error repeats the code: %v", err)
			}
			return
		}
		if w.Address.Host == "http" || w.Address.Host == "https" {
			return // https://http/ is read as a doubled scheme, which is what people paste
		}
		again, err := ParseWebhook(w.URL().Reveal())
		if err != nil || again.Address.Host != w.Address.Host || again.Address.Port != w.Address.Port || again.User != w.User || again.Code.Reveal() != w.Code.Reveal() {
			t.Errorf("%+v is written as %s and read as %+v, %v", w, w.URL().Reveal(), again, err)
		}
	})
}
