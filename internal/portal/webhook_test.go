package portal

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseWebhook(t *testing.T) {
	for _, test := range []struct {
		name, typed      string
		host, user, code string
		err              error
	}{
		{name: "as the portal shows it", typed: "https://portal.example.ru/rest/1/abcd1234efgh5678/", host: "portal.example.ru", user: "1", code: "abcd1234efgh5678"},
		{name: "with a method", typed: "https://portal.example.ru/rest/1/abcd1234efgh5678/crm.deal.list.json?x=1", host: "portal.example.ru", user: "1", code: "abcd1234efgh5678"},
		{name: "without the last slash", typed: " «https://portal.example.ru/rest/12/abcd1234efgh5678» ", host: "portal.example.ru", user: "12", code: "abcd1234efgh5678"},
		{name: "a login", typed: "https://portal.example.ru/rest/admin%40x/abcd1234efgh5678/", host: "portal.example.ru", user: "admin@x", code: "abcd1234efgh5678"},
		{name: "doubled slashes", typed: "portal.example.ru//rest//1//abcd1234efgh5678", host: "portal.example.ru", user: "1", code: "abcd1234efgh5678"},
		{name: "in a text", typed: "Вебхук: https://portal.example.ru/rest/1/abcd1234efgh5678/ (не терять)", host: "portal.example.ru", user: "1", code: "abcd1234efgh5678"},
		{name: "behind the portal's name", typed: "portal.example.ru, https://portal.example.ru/rest/1/abcd1234efgh5678/", host: "portal.example.ru", user: "1", code: "abcd1234efgh5678"},
		{name: "http", typed: "http://portal.example.ru/rest/1/abcd1234efgh5678/", err: ErrWebhookHTTP},
		{name: "an address only", typed: "https://portal.example.ru", err: ErrNoWebhook},
		{name: "a page", typed: "https://portal.example.ru/devops/list/", err: ErrNoWebhook},
		{name: "without a code", typed: "https://portal.example.ru/rest/1/", err: ErrNoWebhook},
		{name: "REST 3.0", typed: "https://portal.example.ru/rest/api/1/abcd1234efgh5678/", err: ErrNoWebhook},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseWebhook(test.typed)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if err != nil {
				if strings.Contains(err.Error(), "abcd1234") {
					t.Error("the error repeats the code")
				}
				return
			}
			if got.Address.Host != test.host || got.User != test.user || got.Code.Reveal() != test.code {
				t.Errorf("got %s %s %s", got.Address.Host, got.User, got.Code.Reveal())
			}
			if shown := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(shown, test.code) {
				t.Errorf("printed: %s", shown)
			}
			again, err := ParseWebhook(got.URL().Reveal())
			if err != nil || again.User != got.User || !again.Code.Equal(got.Code) {
				t.Errorf("its own URL reads as %v, %v", again, err)
			}
		})
	}
}
