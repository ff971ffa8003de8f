// Package scan drafts a file of requirements from an application's source: it looks for the names of REST methods, events and
// permissions in strings, and for calls of SDKs that can be nothing but one method.
//
// It is no compiler. It knows of each language how comments and strings are written and what stands around a string; that is
// enough to tell a call from a mention. Files are read as streams and nothing is kept of them but the names found.
package scan

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Result is what was found in a directory.
type Result struct {
	Files int   // that were read
	Bytes int64 // in them
	// Unreadable are files that could not be read.
	Unreadable []string

	Methods, Events, Scopes []Name // of the catalogue, sorted
	Unknown                 []Name // look like methods, but the catalogue hasn't got them
	Built                   []Name // methods whose names are put together at run time, the unknown part as …
	SDKCalls                []Name // calls of an SDK whose method isn't certain
	Handlers                []Name // addresses of handlers
}

// Name is a name and where it stands.
type Name struct {
	Name  string
	Where []Place // the first few
	Times int     // how often in all
}

// Place is a line of a file, by its path below the directory.
type Place struct {
	File string
	Line int
}

const (
	maxPlaces = 3
	maxNames  = 1000 // of each kind that the catalogue doesn't bound
	maxFailed = 100
)

// Progress is told how far a scan is, after each file.
type Progress func(files int, bytes int64)

// ignored are directories with other people's code.
var ignored = set("vendor", "node_modules", ".git", ".svn", ".hg", "bower_components", "__pycache__", "site-packages", ".venv", "venv", ".idea", ".vscode",
	".tox", ".gradle", ".nuxt", ".next", ".cache", "coverage")

// lockFiles list what others wrote.
var lockFiles = set("package-lock.json", "composer.lock", "pnpm-lock.yaml", "yarn.lock", "installed.json")

// Dir scans the files below a directory.
func Dir(ctx context.Context, dir fs.FS, progress Progress) (*Result, error) {
	c := &collector{names: map[key]*Name{}, count: map[What]int{}, window: make([]byte, windowSize)}
	result := &Result{}
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failed := func(err error) {
			if err != nil && len(result.Unreadable) < maxFailed {
				result.Unreadable = append(result.Unreadable, name)
			}
		}
		switch {
		case err != nil:
			if name == "." {
				return err
			}
			failed(err)
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
		case entry.IsDir():
			if name != "." && ignored[strings.ToLower(entry.Name())] || isProduct(dir, name) {
				return fs.SkipDir
			}
		case entry.Type().IsRegular() && languageOf(entry.Name()) != nil:
			n, err := c.read(ctx, dir, name)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			failed(err)
			result.Files++
			result.Bytes += n
			if progress != nil {
				progress(result.Files, result.Bytes)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !c.bitrix { // what was found instead is about something else
		return result, nil
	}
	for _, l := range c.likely {
		c.add(l.file, l.found)
	}
	for what, into := range map[What]*[]Name{Method: &result.Methods, Event: &result.Events, Scope: &result.Scopes, Unknown: &result.Unknown,
		Built: &result.Built, SDKCall: &result.SDKCalls, Handler: &result.Handlers} {
		*into = c.sorted(what)
	}
	return result, nil
}

// isProduct reports whether a directory is the product itself, which a portal's server has beside an application.
func isProduct(dir fs.FS, name string) bool {
	if path.Base(name) != "bitrix" {
		return false
	}
	_, err := fs.Stat(dir, name+"/modules/main")
	return err == nil
}

func languageOf(file string) *language {
	name := strings.ToLower(path.Base(file))
	switch {
	case lockFiles[name]:
		return nil
	case name == ".env" || strings.HasPrefix(name, ".env."):
		return plain
	}
	return languages[path.Ext(name)]
}

// read scans one file and returns its size.
func (c *collector) read(ctx context.Context, dir fs.FS, name string) (int64, error) {
	file, err := dir.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	counted := &counter{ctx: ctx, in: file}
	first := make([]byte, 512)
	n, err := io.ReadFull(counted, first)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return counted.n, err
	}
	first = first[:n]
	content := io.MultiReader(bytes.NewReader(first), counted)
	switch {
	case bytes.HasPrefix(first, []byte("\xff\xfe")), bytes.HasPrefix(first, []byte("\xfe\xff")):
		content = transform.NewReader(content, unicode.BOMOverride(unicode.UTF8.NewDecoder()))
	case bytes.IndexByte(first, 0) >= 0:
		return counted.n, nil // no text
	}
	s := newSource(content, c.window)
	r := &reader{collector: c, file: name, fresh: true}
	lang := languageOf(name)
	r.begin(lang)
	lex(s, lang, r)
	r.end()
	return counted.n, s.err
}

// counter counts what is read, and ends when the scan does.
type counter struct {
	ctx context.Context
	in  io.Reader
	n   int64
}

func (c *counter) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// collector gathers names over all files.
type collector struct {
	window []byte // of the file that is being read
	names  map[key]*Name
	count  map[What]int
	bitrix bool     // the application calls a portal
	likely []likely // what counts only then
}

type likely struct {
	file string
	found
}

type key struct {
	what What
	name string
}

func (c *collector) add(file string, f found) {
	k := key{f.kind, f.name}
	n := c.names[k]
	if n == nil {
		if c.count[f.kind] >= maxNames && f.kind != Method && f.kind != Event && f.kind != Scope {
			return
		}
		c.count[f.kind]++
		n = &Name{Name: f.name}
		c.names[k] = n
	}
	n.Times++
	if p := (Place{file, f.line}); len(n.Where) < maxPlaces && !slices.Contains(n.Where, p) {
		n.Where = append(n.Where, p)
	}
}

func (c *collector) sorted(what What) []Name {
	var list []Name
	for k, n := range c.names {
		if k.what == what {
			list = append(list, *n)
		}
	}
	slices.SortFunc(list, func(a, b Name) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list
}

// accept counts something found.
func (r *reader) accept(f found) { r.add(r.file, f) }
