package secret_test

import (
	"strings"
	"testing"

	. "boxready/internal/secret"
)

func benchSecrets() []String {
	var all []String
	for _, n := range []int{16, 70, 70, 50, 70} {
		all = append(all, New(randomSecret("abcdefghijklmnopqrstuvwxyz0123456789", n)))
	}
	return all
}

func BenchmarkNewKnown(b *testing.B) {
	all := benchSecrets()
	for b.Loop() {
		NewKnown(all...)
	}
}

func BenchmarkKnown(b *testing.B) {
	all := benchSecrets()
	own := all[0].Reveal()
	for name, text := range map[string]string{
		"report":  strings.Repeat(`{"check":"method-inventory","facts":{"methods":[{"name":"crm.item.productrow.list","asked":true}]},"text":"Ответ портала\n"},`+"\n", 8000),
		"hostile": strings.Repeat(own[:11]+"%25"+strings.Repeat(own[:4], 20), 10000),
		"escapes": strings.Repeat(`%25&amp;\u005c`, 70000),
	} {
		b.Run(name, func(b *testing.B) {
			k := NewScanner(all...)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if k.Finds([]byte(text)) {
					b.Fatal("found")
				}
			}
		})
	}
	b.Run("field", func(b *testing.B) {
		k := NewKnown(all...)
		for b.Loop() {
			k.Mask("crm.item.productrow.list")
		}
	})
	b.Run("repetitive secret", func(b *testing.B) {
		k := NewKnown(New(strings.Repeat("a", 70)))
		text := strings.Repeat("a", 1<<20)
		b.SetBytes(1 << 20)
		for b.Loop() {
			k.Mask(text)
		}
	})
}
