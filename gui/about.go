package gui

import (
	"maps"
	"net/url"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"fyne.io/fyne/v2"

	"boxready/assets"
	"boxready/gui/style"
	"boxready/gui/widgets"
)

// Folder is a folder that BoxReady writes to.
type Folder struct {
	Holds string // "settings" or "crashes": the text "settings.folder-"+Holds names it
	Path  string
}

// fileURL returns the path of a file or a folder as a URL.
func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // C:/…
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// aboutPage lists the linked libraries with their licences.
type aboutPage struct {
	*settingsPage
	open   bool
	module string // whose licence is shown; "" for the list
	back   *widgets.Button
}

// versionLine has the versions of BoxReady, Go and Fyne, and the platform.
func (p *Params) versionLine() string {
	versions := p.versions()
	parts := []string{"BoxReady " + p.Version, strings.Replace(versions["go"], "go", "Go ", 1)}
	if v := versions["fyne.io/fyne/v2"]; v != "" {
		parts = append(parts, "Fyne "+strings.TrimPrefix(v, "v"))
	}
	return strings.Join(append(parts, runtime.GOOS+"/"+runtime.GOARCH), " · ")
}

// versions returns the versions of the linked modules, by path, and Go's.
func (p *Params) versions() map[string]string {
	versions := map[string]string{"go": runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			versions[m.Path] = m.Version
		}
	}
	maps.Copy(versions, p.Versions)
	return versions
}

func (a *aboutPage) content() (head fyne.CanvasObject, content []fyne.CanvasObject) {
	name := a.module
	if name == "" {
		name = a.say("settings.libraries", nil)
	}
	a.back, head = a.backHead(name, a.close)
	all, err := assets.Licences()
	if err != nil {
		panic(err) // they are part of the program
	}
	if a.module == "" {
		var rows []fyne.CanvasObject
		versions := a.params.versions()
		for i, l := range all {
			if i > 0 {
				rows = append(rows, widgets.Line())
			}
			rows = append(rows, widgets.NewRow(widgets.RowContent{Title: l.Module, LowEmphasis: true, Aside: versions[l.Module], Chevron: widgets.Navigates}, func() {
				a.module = l.Module
				a.fill()
				a.page.SetOffset(0)
				a.focusOn(a.back)
			}).Object)
		}
		return head, []fyne.CanvasObject{widgets.Card(widgets.Column(0, rows...))}
	}
	for _, l := range all {
		if l.Module == a.module {
			content = append(content, widgets.Card(widgets.NewText(l.Text, widgets.Font{Size: style.SizeSmall, Selectable: true})))
		}
	}
	return head, content
}

// close goes back from a licence to the list, and from the list to the settings.
func (a *aboutPage) close() {
	if a.module != "" {
		a.module = ""
	} else {
		a.open = false
	}
	a.fill()
	a.focusOn(a.initialFocus())
}
