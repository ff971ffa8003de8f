package gui_test

import (
	"image/png"
	"os"
	"testing"

	"fyne.io/fyne/v2"
)

func TestShot(t *testing.T) {
	dir := os.Getenv("SHOTS")
	if dir == "" {
		t.Skip()
	}
	for _, look := range []string{"light", "dark"} {
		r := open(t, setup{look: look, size: fyne.NewSize(1040, 1500), checker: &scripted{outcome: played(t, "auth-server")}})
		shot(t, r, dir+"/welcome-"+look+".png")
		r.check("portal.example.ru")
		r.pumpUntilSays("пока работать не будут")
		shot(t, r, dir+"/list-"+look+".png")
		r.tap("Портал не может связаться")
		shot(t, r, dir+"/finding-"+look+".png")
		r = open(t, setup{look: look, size: fyne.NewSize(427, 1800), checker: &scripted{outcome: played(t, "auth-server")}})
		r.check("portal.example.ru")
		r.pumpUntilSays("пока работать не будут")
		shot(t, r, dir+"/narrow-"+look+".png")
		r.tap("Портал не может связаться")
		shot(t, r, dir+"/narrow-finding-"+look+".png")
	}
}

func shot(t *testing.T, r *rig, name string) {
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, r.canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}
