package words_test

import (
	"slices"
	"strings"
	"testing"

	"boxready/internal/bitrix"
	"boxready/internal/renewal"
	"boxready/internal/simtest/constants"
	"boxready/internal/words"
)

// Each reason for which a catalogue is refused is a sentence, and says which list stays in use.
func TestCatalogueFaultsAreSentences(t *testing.T) {
	codes := slices.Concat(constants.OfType(t, "internal/renewal/renewal.go", "Code"), constants.OfType(t, "internal/bitrix/renewal.go", "RenewalFault"))
	for _, lang := range words.Languages() {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]string{}
		for _, code := range codes {
			e := &renewal.Error{Code: renewal.Code(code), From: "list.gz", Date: "2026-11-20", Status: 503}
			for _, text := range []string{w.RefusedCatalogue(e), w.UnusedCatalogue(e)} {
				if strings.Contains(text, "catalogue.fault") || strings.Contains(text, "<no value>") || !strings.Contains(text, bitrix.CatalogueInfo().Date) {
					t.Errorf("%s: %s: %s", lang, code, text)
				}
				if other := said[text]; other != "" {
					t.Errorf("%s: %s and %s are told alike: %s", lang, code, other, text)
				}
				said[text] = code
			}
		}
	}
}
