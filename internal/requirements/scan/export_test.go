package scan

import (
	"context"
	"io/fs"
)

// WithoutPrefilter scans every file with the lexer, one after another.
func WithoutPrefilter(ctx context.Context, dir fs.FS) (*Result, error) {
	return scan(ctx, dir, nil, 1, nil)
}

// Passes reports whether the prefilter leaves a file to the lexer.
func Passes(name string, text []byte) bool { return usualPrefilter().passes(text, languageOf(name)) }

// Signs are the words that the prefilter looks for.
func Signs() (words []string) {
	for _, s := range signs() {
		words = append(words, s.word)
	}
	return words
}

// Finds reports whether the lexer finds anything in a file.
func Finds(name string, text []byte) bool {
	r := &reader{collector: newCollector(), file: name, fresh: true}
	lang := languageOf(name)
	r.begin(lang)
	lex(wholeSource(text), lang, r)
	r.end()
	return len(r.order) > 0 || len(r.collector.likely) > 0
}
