// Manual writes BoxReady's manual pages into a folder, one for each command: in English below man1, in the other languages below
// LANGUAGE/man1. They say what --help does, and more.
package main

import (
	"bytes"
	_ "embed"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"

	"boxready/cli"
	"boxready/internal/words"
)

//go:embed page.roff
var pageTemplate string

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: manual VERSION FOLDER") // the pages have the date of SOURCE_DATE_EPOCH
	}
	date := time.Now()
	if seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		date = time.Unix(seconds, 0)
	}
	for i, lang := range words.Languages() {
		folder := filepath.Join(os.Args[2], lang, "man1")
		if i == 0 {
			folder = filepath.Join(os.Args[2], "man1")
		}
		if err := write(folder, os.Args[1], lang, date.UTC()); err != nil {
			log.Fatal(err)
		}
	}
}

// page is what the template writes.
type page struct {
	cli.Page
	Version, Date string
	Related       []string // names of pages
}

// write writes the pages in a language.
func write(folder, version, lang string, date time.Time) error {
	texts, err := words.New(lang)
	if err != nil {
		return err
	}
	pages, err := cli.Pages(version, lang)
	if err != nil {
		return err
	}
	roff, err := template.New("page").Funcs(template.FuncMap{
		"roff":    escape,
		"heading": func(key string) string { return escape(strings.ToUpper(texts.Say("help.manual."+key, nil))) },
		"file":    fileName,
	}).Parse(pageTemplate)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { // #nosec G301 G703 -- everybody reads manual pages; packaging/dist names the folder
		return err
	}
	for _, p := range pages {
		var text bytes.Buffer
		if err := roff.Execute(&text, page{p, version, date.Format("2006-01-02"), related(p, pages)}); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, fileName(p.Name)+".1"), text.Bytes(), 0o644); err != nil { // #nosec G306 G703 -- everybody reads manual pages; packaging/dist names the folder
			return err
		}
	}
	return nil
}

// related are the pages above and below one.
func related(p cli.Page, all []cli.Page) (names []string) {
	if p.Parent != "" {
		names = append(names, p.Parent)
	}
	for _, other := range all {
		if other.Parent == p.Name {
			names = append(names, other.Name)
		}
	}
	return names
}

func fileName(command string) string { return strings.ReplaceAll(command, " ", "-") }

// escape writes text that has no meaning to roff. Signs of command lines stay those that a shell understands.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "~", `\(ti`, "^", `\(ha`, "'", `\(aq`).Replace(strings.TrimSpace(text))
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}
