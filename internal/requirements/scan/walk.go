package scan

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"boxready/internal/lazyregexp"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// walk lists the files of a directory, for workers to read and for one goroutine to gather what they found.
type walk struct {
	dir       fs.FS
	prefilter *prefilter // nil reads all
	queue     chan *file
	ordered   chan *file // the same and those that nobody has to read, in the order of their names
}

// waitingFiles is how many files may wait for a worker, or for one that takes longer.
const waitingFiles = 64

// file is a file, and what became of it once done is closed.
type file struct {
	name    string
	done    chan struct{}
	outcome outcome
	size    int64      // bytes read
	found   *collector // nil if nothing was
}

type outcome byte

const (
	wasRead outcome = iota
	isUnreadable
	isBinary
	isHuge
	isOther // of a kind that is not read
)

func (w *walk) walk(ctx context.Context) error {
	return fs.WalkDir(w.dir, ".", func(name string, entry fs.DirEntry, err error) error {
		f := &file{name: name, done: make(chan struct{})}
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			f.outcome = isUnreadable
			close(f.done)
		case entry.IsDir():
			if name != "." && ignored[strings.ToLower(entry.Name())] || isProduct(w.dir, name) {
				return fs.SkipDir
			}
			return nil
		case !entry.Type().IsRegular() || lockFiles[strings.ToLower(entry.Name())]:
			return nil
		default:
			select {
			case w.queue <- f:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		select {
		case w.ordered <- f:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil && entry != nil && entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}

// work reads files until there are no more.
func (w *walk) work(ctx context.Context) {
	b := &buffers{window: make([]byte, windowSize), text: make([]byte, 4*windowSize)}
	for f := range w.queue {
		if ctx.Err() != nil {
			return
		}
		switch err := w.read(ctx, f, b); {
		case err == nil:
		case languageOf(f.name) == nil:
			f.outcome = isOther
		default:
			f.outcome, f.found = isUnreadable, nil
		}
		close(f.done)
	}
}

// buffers are what a worker needs for one file at a time.
type buffers struct {
	window []byte // of a file that is read as a stream
	text   []byte // a file that is read at once; grows up to maxWhole
}

// maxWhole is the size in bytes up to which a file is read at once, and prefiltered.
const maxWhole = 4 << 20

// shownExtension matches what is an extension, not the rest of a sentence.
var shownExtension = lazyregexp.New(`^\.[\pL\pN_+~-]{1,15}$`)

// sniffed is how much of a file tells whether it is text.
const sniffed = 512

// read reads one file.
func (w *walk) read(ctx context.Context, f *file, b *buffers) error {
	in, err := w.dir.Open(f.name)
	if err != nil {
		return err
	}
	defer in.Close()
	counting := &countingReader{ctx: ctx, in: in}
	defer func() { f.size = counting.n }()
	first, err := readUpTo(counting, b.text[:sniffed])
	if err != nil {
		return err
	}
	lang := languageOf(f.name)
	wide := bytes.HasPrefix(first, []byte("\xff\xfe")) || bytes.HasPrefix(first, []byte("\xfe\xff"))
	info, err := in.Stat()
	switch {
	case !wide && bytes.IndexByte(first, 0) >= 0:
		f.outcome = isBinary
		return nil
	case lang == nil:
		f.outcome = isOther
		return nil
	case err == nil && info.Size() > MaxFile:
		f.outcome = isHuge
		return nil
	}
	text, whole := first, false
	if !wide {
		if text, whole, err = b.rest(counting, len(first)); err != nil {
			return err
		}
	}
	var s *source
	switch content := io.MultiReader(bytes.NewReader(text), counting); {
	case whole && w.prefilter != nil && !w.prefilter.passes(text, lang):
		return nil
	case whole:
		s = wholeSource(text)
	case wide:
		s = newSource(transform.NewReader(content, unicode.BOMOverride(unicode.UTF8.NewDecoder())), b.window)
	default:
		s = newSource(content, b.window)
	}
	r := &reader{collector: newCollector(), file: f.name, texts: inFolder(f.name, textFolders), fresh: true}
	r.begin(lang)
	lex(s, lang, r)
	r.end()
	f.found = r.collector
	return s.err
}

// rest reads the rest of a file of which n bytes are in b.text; whole is false if that doesn't reach its end.
func (b *buffers) rest(in io.Reader, n int) (text []byte, whole bool, err error) {
	for {
		read, err := readUpTo(in, b.text[n:])
		n += len(read)
		if err != nil || n < len(b.text) {
			return b.text[:n], true, err
		}
		if len(b.text) >= maxWhole {
			return b.text, false, nil
		}
		b.text = append(b.text, make([]byte, len(b.text))...)
	}
}

// readUpTo fills a buffer as far as there is something to read.
func readUpTo(in io.Reader, buffer []byte) ([]byte, error) {
	n, err := io.ReadFull(in, buffer)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return buffer[:n], err
}

// countingReader counts what is read, and ends when the scan does.
type countingReader struct {
	ctx context.Context
	in  io.Reader
	n   int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}
