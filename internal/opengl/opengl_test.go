package opengl

import (
	"os"
	"slices"
	"testing"

	"boxready/internal/simtest/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.M{M: m}.Run()) }

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		wanted             Renderer
		installed, crashed bool
		want               Renderer
	}{
		{Automatic, true, false, Graphics},
		{Automatic, true, true, Software},
		{Graphics, true, false, Graphics},
		{Graphics, true, true, Graphics},
		{Software, true, false, Software},
		{"unknown", true, false, Graphics},
		{Automatic, false, true, Graphics},
		{Software, false, false, Graphics},
	} {
		if got := Choose(c.wanted, c.installed, c.crashed); got != c.want {
			t.Errorf("wanted %q, installed %t, crashed %t: %q", c.wanted, c.installed, c.crashed, got)
		}
	}
}

// TestRestartOnce: what is started again is told so, and doesn't tell what it starts.
func TestRestartOnce(t *testing.T) {
	t.Setenv(Variable, "")
	again, err := Restart([]string{"--demo"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.Args[1:], []string{"--demo"}) || again.Env[len(again.Env)-1] != "BOXREADY_RENDERER=software" {
		t.Errorf("%q with %q", again.Args, again.Env)
	}
	t.Setenv(Variable, "software")
	if got := Given(); got != Software || Given() != Automatic {
		t.Errorf("given %q, and then %q", got, Given())
	}
}

func TestIsSoftware(t *testing.T) {
	for name, want := range map[string]bool{
		"softpipe": true, "llvmpipe (LLVM 15.0.6, 256 bits)": true, "GDI Generic": true, "D3D12 (Microsoft Basic Render Driver)": true,
		"NVIDIA GeForce GTX 1650/PCIe/SSE2": false, "Intel(R) UHD Graphics 620": false, "SVGA3D; build: RELEASE": false, "": false,
	} {
		if got := IsSoftware(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}
