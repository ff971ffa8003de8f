package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Known finds secrets in texts, the same for masking and for searching what was written. A secret is found plain, in either case,
// encoded for URLs, JSON and HTML (several times, and every character of it), in base64 at any offset and in hexadecimal; with
// white space, control and invisible characters anywhere in it; and where a text has only minPiece bytes of it. Secrets of less than
// minPart bytes are not looked for, because any text contains them, and those of less than minLength only as whole words.
// A Known is safe for concurrent use.
type Known struct {
	folded index // secrets and their hexadecimal form, in lower case
	exact  index // their base64
	ends   [][]byte
	files  bool // NewScanner's
	wide   bool // a secret isn't ASCII
	// Number is how many secrets are looked for.
	Number int
}

const (
	// minPart is how many bytes of a secret's beginning are masked at the end of a text.
	minPart = 4
	// minLength is from what length a secret isn't mistaken for a word.
	minLength = 8
	// minPiece is how many bytes of a secret are found anywhere in a text: some errors quote the first characters of a refused value.
	minPiece = 12
	// maxSecret is how many bytes of a secret are looked for.
	maxSecret = 4 << 10
	// maxLevels is how many times in a row a text is decoded.
	maxLevels = 5
)

// NewKnown returns what finds these secrets in facts and quoted texts.
func NewKnown(secrets ...String) *Known { return newKnown(false, secrets) }

// NewScanner returns what finds these secrets in whole files. They contain our own words, so secrets of less than minLength bytes are
// left out.
func NewScanner(secrets ...String) *Known { return newKnown(true, secrets) }

func newKnown(files bool, secrets []String) *Known {
	k := &Known{files: files}
	for i, s := range secrets {
		if slices.ContainsFunc(secrets[:i], s.Equal) {
			continue
		}
		plain := s.Reveal()
		plain = plain[:min(len(plain), maxSecret)]
		squeezed := len(newView(plain, false).text)
		if squeezed < minPart || files && squeezed < minLength {
			continue
		}
		k.Number++
		k.add(plain)
	}
	k.folded.build()
	k.exact.build()
	return k
}

func (k *Known) add(secret string) {
	// A secret may itself look encoded, and a query has a plus for a space.
	for v, level := newView(secret, false), 0; len(v.text) >= minPart; level++ {
		form := fold(v.text, true)
		k.wide = k.wide || bytes.ContainsFunc(form, func(r rune) bool { return r >= utf8.RuneSelf })
		if level == 0 || len(form) >= minLength {
			k.ends = append(k.ends, form)
			k.folded.add(form, min(minPiece, len(form)), len(form) < minLength)
		}
		var changed bool
		if v, changed = v.decode(); !changed || level == maxLevels {
			break
		}
	}
	if strings.Contains(secret, " ") {
		form := fold(newView(strings.ReplaceAll(secret, " ", "+"), false).text, true)
		k.folded.add(form, min(minPiece, len(form)), len(form) < minLength)
	}
	lower, upper := strings.ToLower(secret), strings.ToUpper(secret)
	for i, s := range []string{secret, lower, upper} {
		if i > 0 && s == secret {
			continue
		}
		k.folded.add([]byte(hex.EncodeToString([]byte(s))), 2*min(minPiece, len(s)), false)
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			for shift := range 3 {
				k.addBase64(encoding, s, shift)
			}
		}
	}
}

// addBase64 adds the part of a secret's base64 that doesn't depend on the data around it: the secret may begin at any of three
// positions in a group, and shares its outermost characters with that data.
func (k *Known) addBase64(encoding *base64.Encoding, secret string, shift int) {
	const (
		least = 6                // less occurs in ordinary text
		piece = minPiece*4/3 - 2 // what minPiece bytes at any offset have of their own
	)
	encoded := encoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + secret))
	if own := encoded[(shift*8+5)/6 : (shift+len(secret))*8/6]; len(own) >= least {
		k.exact.add([]byte(own), min(piece, len(own)), false)
	}
}

// Finds tells whether one of the secrets is in data. Its memory doesn't grow with the data.
func (k *Known) Finds(data []byte) bool {
	const window, overlap = 128 << 10, 16 << 10 // more than a secret takes in any encoding
	for from := 0; k.Number > 0; from += window - overlap {
		end := min(from+window, len(data))
		if len(k.spans(string(data[from:end]), false, !k.files)) > 0 {
			return true
		}
		if end == len(data) {
			return false
		}
	}
	return false
}

// Mask replaces the secrets in s.
func (k *Known) Mask(s string) string {
	if k.Number == 0 || len(s) < minPart {
		return s
	}
	return k.spans(s, strings.HasSuffix(s, "…"), true).replace(s)
}

// spans returns where secrets are in s; cut means that s may end inside one. Without places they are only right in being none or some.
func (k *Known) spans(s string, cut, places bool) spans {
	var found spans
	v := newView(s, places)
	for level := 0; ; level++ {
		folded := fold(v.text, k.wide)
		k.folded.search(v, folded, &found)
		k.exact.search(v, v.text, &found)
		if cut {
			k.addEnd(v, bytes.TrimSuffix(folded, []byte("…")), &found)
		}
		var changed bool
		if v, changed = v.decode(); !changed || level == maxLevels {
			return found
		}
	}
}

// addEnd finds the beginning of a secret at the end of a text.
func (k *Known) addEnd(v view, text []byte, found *spans) {
	for _, form := range k.ends {
		for n := min(len(form)-1, len(text)); n >= minPart; n-- {
			if bytes.HasSuffix(text, form[:n]) {
				found.add(v.place(len(text)-n, len(text)))
				break
			}
		}
	}
}

// index finds any of many byte strings, or long enough pieces of them, in a time that is linear in the text: of every piece, one of the
// positions that are looked up in the text is inside.
type index struct {
	forms  []form
	places []uint64 // gram, number of the form, offset: 32, 16 and 16 bits, sorted
	grams  []uint64 // a set of hashes, to skip most positions
	shift  int      // of a hash
	stride int      // between positions
	known  map[string]struct{}
}

type form struct {
	text  []byte
	least int  // bytes of it in a row that count
	word  bool // only as a whole word
}

const gram = 4

func (x *index) add(text []byte, least int, word bool) {
	if x.known == nil {
		x.known = map[string]struct{}{}
	}
	if _, known := x.known[string(text)]; known || least < gram || len(x.forms) == 1<<16 {
		return
	}
	x.known[string(text)] = struct{}{}
	for i := range len(text) - gram + 1 {
		x.places = append(x.places, uint64(gramAt(text, i))<<32|uint64(len(x.forms))<<16|uint64(i)) // #nosec G115 -- below 1<<16, see maxSecret
	}
	x.forms = append(x.forms, form{text, least, word})
}

func (x *index) build() {
	x.known = nil
	slices.Sort(x.places)
	size := min(max(6, bits.Len(uint(16*len(x.places)))), 16) // of the set, as a power of two: a sixteenth of its bits are used
	x.grams, x.shift = make([]uint64, 1<<size/64), 32-size
	for _, p := range x.places {
		h := x.hash(uint32(p >> 32)) // #nosec G115 -- the upper half
		x.grams[h/64] |= 1 << (h % 64)
	}
	for i, f := range x.forms {
		if stride := f.least - gram + 1; i == 0 || stride < x.stride {
			x.stride = stride
		}
	}
}

func gramAt(text []byte, i int) uint32 { return binary.LittleEndian.Uint32(text[i:]) }

func (x *index) hash(gram uint32) uint32 { return gram * 2654435761 >> (x.shift & 31) }

// search finds the forms in text, which is v's or as long.
func (x *index) search(v view, text []byte, found *spans) {
	if x.stride == 0 {
		return
	}
	for i := 0; i+gram <= len(text); {
		g := gramAt(text, i)
		next := i + x.stride
		if h := x.hash(g); x.grams[h/64]&(1<<(h%64)) != 0 {
			if end := x.extend(v, text, i, g, found); end > 0 {
				next = end - gram + 1 // what begins earlier and goes on behind it has this position inside
			}
		}
		i = max(next, i+1)
	}
}

// extend finds the forms that have the gram at text[i], and returns the last one's end; 0 if there is none.
func (x *index) extend(v view, text []byte, i int, g uint32, found *spans) (last int) {
	first, _ := slices.BinarySearch(x.places, uint64(g)<<32)
	for _, p := range x.places[first:] {
		if uint32(p>>32) != g { // #nosec G115 -- the upper half
			break
		}
		f, at := x.forms[p>>16&0xffff], int(p&0xffff) // #nosec G115 -- 16 bits
		start, end := i, i+gram
		for at > 0 && start > 0 && f.text[at-1] == text[start-1] {
			at--
			start--
		}
		for to := at + end - start; to < len(f.text) && end < len(text) && f.text[to] == text[end]; to++ {
			end++
		}
		if end-start >= f.least && (!f.word || v.isWord(start, end)) {
			found.add(v.place(start, end))
			last = max(last, end)
		}
	}
	return last
}

// view is a text without what is squeezed out of it, and where each byte comes from.
type view struct {
	text    []byte
	at, end []int32 // in the original text; nil if nobody asks
	raw     bool    // characters were decoded byte by byte, and may be some to squeeze out
}

func newView(s string, places bool) view {
	v := makeView(len(s), places)
	n := 0
	for i := 0; i < len(s); {
		if c := s[i]; c > ' ' && c < 0x7f {
			v.text[n] = c
			if places {
				v.at[n], v.end[n] = int32(i), int32(i+1) // #nosec G115 -- a window's or a field's
			}
			n++
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		n = v.putRune(n, int32(i), int32(i+size), r) // #nosec G115 -- likewise
		i += size
	}
	return v.cut(n)
}

// makeView returns a view of size bytes to be filled. No escape is shorter than what it stands for.
func makeView(size int, places bool) view {
	v := view{text: make([]byte, size)}
	if places {
		both := make([]int32, 2*size)
		v.at, v.end = both[:size], both[size:]
	}
	return v
}

func (v *view) cut(n int) view {
	if v.at == nil {
		return view{text: v.text[:n], raw: v.raw}
	}
	return view{v.text[:n], v.at[:n], v.end[:n], v.raw}
}

// putRune writes a character behind n bytes, unless it can be inside a secret without being seen, and returns their new number.
// U+FFFD stands for such a one, too.
func (v *view) putRune(n int, at, end int32, r rune) int {
	const afterMarks, beforeArabic = 0x350, 0x600 // all of which are seen, and most texts are in between
	if r < afterMarks || r >= beforeArabic {
		if r == utf8.RuneError || unicode.IsSpace(r) || unicode.In(r, unicode.C, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return n
		}
	}
	var encoded [utf8.UTFMax]byte
	for _, b := range encoded[:utf8.EncodeRune(encoded[:], r)] {
		n = v.put(n, at, end, b)
	}
	return n
}

func (v *view) put(n int, at, end int32, b byte) int {
	v.text[n] = b
	if v.at != nil {
		v.at[n], v.end[n] = at, end
	}
	return n + 1
}

// place is where the bytes from start to end come from; without places, where they are.
func (v view) place(start, end int) (int, int) {
	if v.at == nil {
		return start, end
	}
	return int(v.at[start]), int(v.end[end-1])
}

// isWord reports whether the bytes from start to end stand alone, with nothing squeezed out of them.
func (v view) isWord(start, end int) bool {
	for i := start + 1; i < end; i++ {
		if v.at[i] != v.end[i-1] && v.at[i] != v.at[i-1] {
			return false
		}
	}
	letter := func(r rune, _ int) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	before := start == 0 || v.at[start] != v.end[start-1] || !letter(utf8.DecodeLastRune(v.text[:start]))
	return before && (end == len(v.text) || v.at[end] != v.end[end-1] || !letter(utf8.DecodeRune(v.text[end:])))
}

// decode undoes one level of encoding, whichever it is, and tells whether there was any.
func (v view) decode() (view, bool) {
	if !v.raw && !bytes.ContainsAny(v.text, `%\&`) {
		return v, false
	}
	out, n, changed := makeView(len(v.text), v.at != nil), 0, v.raw
	for i := 0; i < len(v.text); {
		if c := v.text[i]; c != '%' && c != '\\' && c != '&' && (c < utf8.RuneSelf || !v.raw) {
			out.text[n] = c
			if v.at != nil {
				out.at[n], out.end[n] = v.at[i], v.end[i]
			}
			n++
			i++
			continue
		}
		r, raw, size := unescape(v.text[i:])
		changed = changed || size > 0
		if size == 0 {
			r, size = utf8.DecodeRune(v.text[i:])
		}
		var at, end int32
		if v.at != nil {
			at, end = v.at[i], v.end[i+size-1]
		}
		if raw {
			n, out.raw = out.put(n, at, end, byte(r)), true // #nosec G115 -- a byte
		} else {
			n = out.putRune(n, at, end, r)
		}
		i += size
	}
	return out.cut(n), changed
}

// fold is a text in lower case, no byte of it moved; if not wide, only its letters in ASCII.
func fold(text []byte, wide bool) []byte {
	out := slices.Clone(text)
	for i := 0; i < len(out); {
		c := out[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				out[i] += 'a' - 'A'
			}
			i++
			continue
		}
		if !wide {
			i++
			continue
		}
		r, size := utf8.DecodeRune(out[i:])
		if lower := unicode.ToLower(r); lower != r && utf8.RuneLen(lower) == size {
			utf8.EncodeRune(out[i:], lower)
		}
		i += size
	}
	return out
}
