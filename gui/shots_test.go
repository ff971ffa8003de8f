package gui_test

import (
	"os"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
)

func TestShots(t *testing.T) {
	dir := os.Getenv("SHOTS")
	if dir == "" {
		t.Skip()
	}
	for _, p := range pages() {
		if only := os.Getenv("ONLY"); only != "" && !strings.Contains(","+only+",", ","+p.name+",") {
			continue
		}
		for _, v := range []struct {
			lang, look string
			w, h       float32
		}{{"ru", "light", 1040, 720}, {"en", "dark", 760, 560}} {
			s := p.setup(t)
			s.lang, s.look, s.size = v.lang, v.look, fyne.NewSize(v.w, v.h)
			r := open(t, s)
			p.drive(r)
			r.canvas().Unfocus()
			writePNG(t, dir+"/"+strings.ReplaceAll(p.name, " ", "-")+"-"+v.lang+".png", r.canvas().Capture())
		}
	}
}
