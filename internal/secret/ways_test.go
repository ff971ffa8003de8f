package secret_test

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	. "boxready/internal/secret"
	"boxready/internal/simtest/ways"
)

func randomSecret(alphabet string, n int) string {
	s := make([]byte, n)
	for i := range s {
		s[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(s)
}

// TestEveryWayOfWriting asserts that mask and scan find a secret in every way of writing, and that the mask leaves nothing of it.
func TestEveryWayOfWriting(t *testing.T) {
	if len(ways.All) < 60 {
		t.Errorf("only %d ways", len(ways.All))
	}
	secrets := []string{randomSecret("abcdefghijklmnopqrstuvwxyz0123456789", 16), randomSecret("0123456789abcdef", 70),
		randomSecret("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 50), randomSecret("abcXYZ019-._~", 40)}
	var all []String
	for _, s := range secrets {
		all = append(all, New(s))
	}
	known, scanner := NewKnown(all...), NewScanner(all...)
	for name, write := range ways.All {
		for _, s := range secrets {
			written := write(s)
			for context, text := range map[string]string{"alone": written, "in a text": "Отказ: «" + written + "», see there", "behind an escape": "a%20b &amp; " + written} {
				got := known.Mask(text)
				if !strings.Contains(got, "•••") || known.Mask(got) != got && NewKnown(all...).Finds([]byte(got)) {
					t.Errorf("%s of %s, %s: %q", name, s, context, got)
				}
				if !scanner.Finds([]byte(text)) {
					t.Errorf("%s of %s, %s: the scan doesn't find it", name, s, context)
				}
				if scanner.Finds([]byte(got)) {
					t.Errorf("%s of %s, %s: the scan finds it in %q", name, s, context, got)
				}
				if context == "in a text" && (!strings.HasPrefix(got, "Отказ: «") || !strings.HasSuffix(got, "», see there")) {
					t.Errorf("%s of %s: more is masked: %q", name, s, got)
				}
			}
		}
	}
}

// TestOrdinaryTextsStay asserts that no usual secret is found in our own texts, whatever they look like when decoded, and that a short
// one takes only itself out of them.
func TestOrdinaryTextsStay(t *testing.T) {
	var texts []byte
	for _, file := range []string{"../../assets/lang/en.json", "../../assets/lang/ru.json", "../../assets/schema/result.schema.json", "../../docs/security.md"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, data...)
	}
	var usual []String
	for range 50 {
		for alphabet, n := range map[string]int{"0123456789abcdefghijklmnopqrstuvwxyz": 16, "0123456789abcdef": 70, "abcdefghijklmnopqrstuvwxyz": 8} {
			usual = append(usual, New(randomSecret(alphabet, n)))
		}
	}
	if NewScanner(usual...).Finds(texts) {
		t.Error("a secret is found in our own texts")
	}
	if got := NewKnown(usual...).Mask(string(texts)); got != string(texts) {
		t.Error("a part of our own texts is masked")
	}
	const text = "The proxy asks for a test. Latest proxies: «test», TEST-1, te st, contest; test123 %74est"
	if got, want := NewKnown(New("test"), New("123"), New("")).Mask(text), "The proxy asks for a •••. Latest proxies: «•••», •••-1, te st, contest; test123 •••"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if NewScanner(New("test"), New("proxy")).Finds([]byte(text)) {
		t.Error("a word stops a file")
	}
}
