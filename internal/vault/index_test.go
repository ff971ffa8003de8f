package vault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestDamagedIndex(t *testing.T) {
	a, b := "https://a.example", "https://b.example:8443"
	for name, c := range map[string]struct {
		index string
		want  []string
	}{
		"whole":           {indexHeader + "\n" + a + "\n" + b, []string{a, b}},
		"Windows' lines":  {indexHeader + "\r\n" + b + "\r\n" + a + "\r\n", []string{a, b}},
		"no header":       {a + "\n" + b, []string{a, b}},
		"empty":           {"", nil},
		"cut off":         {indexHeader + "\n" + a + "\n" + b[:10], []string{a}},
		"noise":           {"\x00\xff\n" + b + "\n{}[]", []string{b}},
		"a name twice":    {a + "\n" + a, []string{a}},
		"an account gone": {a + "\nhttps://gone.example\n" + b, []string{a, b}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.held[a], f.held[b], f.held[indexKey(0)] = "1", "2", c.index
			k := NewKeyring(Options{Backend: f})
			for range 2 {
				if got, err := k.List(t.Context()); err != nil || !slices.Equal(got, c.want) {
					t.Errorf("list %v, %v", got, err)
				}
			}
			if strings.Contains(f.held[indexKey(0)], "gone") {
				t.Error("the missing account is still listed")
			}
			// Saving again restores what was lost.
			for _, portal := range []string{a, b} {
				if err := k.Save(t.Context(), full(portal)); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := k.List(t.Context()); err != nil || !slices.Equal(got, []string{a, b}) {
				t.Errorf("list %v, %v", got, err)
			}
		})
	}
}

func TestManyPortals(t *testing.T) {
	f := newFake()
	k := NewKeyring(Options{Backend: f})
	var all []string
	for i := range 300 {
		// Of all lengths, so that pages are filled to the last byte.
		portal := fmt.Sprintf("https://portal-%03d%s.example:8443", i, strings.Repeat("x", i*i%53))
		all = append(all, portal)
		if err := k.Save(t.Context(), full(portal)); err != nil {
			t.Fatal(err)
		}
	}
	for key, text := range f.held {
		if len(text) >= limit {
			t.Errorf("%s has %d bytes", key, len(text))
		}
	}
	if got, err := k.List(t.Context()); err != nil || !slices.Equal(got, all) {
		t.Fatalf("%d portals, %v", len(got), err)
	}
	for i, portal := range all {
		if i == 150 {
			if got, err := k.List(t.Context()); err != nil || !slices.Equal(got, all[150:]) {
				t.Errorf("%d portals, %v", len(got), err)
			}
		}
		if err := k.Delete(t.Context(), portal); err != nil {
			t.Fatal(err)
		}
	}
	got, err := k.List(t.Context())
	if err != nil || len(got) != 0 {
		t.Errorf("list %v, %v", got, err)
	}
}

// Another process may change the list between reading and writing.
func TestIndexOverwrittenByAnotherProcess(t *testing.T) {
	f := newFake()
	k := NewKeyring(Options{Backend: f})
	other := "https://other.example"
	writes := 0
	f.replace = func(call, key, value string) error {
		if call == "set" && key == indexKey(0) {
			if writes++; writes == 1 {
				f.held[key] = pageText([]string{other}) // it had read earlier
				f.held[other] = "x"
				return errSkip
			}
		}
		return nil
	}
	if err := k.Save(t.Context(), full(testPortal)); err != nil {
		t.Fatal(err)
	}
	if got, err := k.List(t.Context()); err != nil || !slices.Equal(got, []string{other, testPortal}) {
		t.Errorf("list %v, %v", got, err)
	}
}

// Every secret in the keyring is listed, at whichever call a keyring begins to
// fail.
func TestEverySecretIsListed(t *testing.T) {
	for failing := range 30 {
		f := newFake()
		k := NewKeyring(Options{Backend: f})
		n := 0
		f.replace = func(string, string, string) error {
			if n++; n > failing {
				return &Error{Reason: Locked}
			}
			return nil
		}
		for _, err := range []error{
			k.Save(t.Context(), full(testPortal)), k.Save(t.Context(), full("https://b.example")),
			k.Delete(t.Context(), testPortal), k.Save(t.Context(), full(testPortal)), k.Delete(t.Context(), "https://b.example"),
		} {
			if err != nil && !errors.Is(err, Locked) {
				t.Errorf("failing after %d calls: %v", failing, err)
			}
		}
		f.replace = nil
		list, err := k.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range f.keys() {
			if strings.HasPrefix(key, "https://") && !slices.Contains(list, key) {
				t.Errorf("failing after %d calls: %s is stored and not listed", failing, key)
			}
		}
	}
}
