package secret_test

import (
	"math/rand/v2"
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
