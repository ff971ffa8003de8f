// Package opengl has the window drawn by the processor where the graphics card's driver can't: Windows over Remote Desktop and
// in virtual machines has no OpenGL 2.1, so a software OpenGL (Mesa's softpipe) is installed below the program.
package opengl

import (
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Renderer is what draws the window.
type Renderer string

// The renderers. Automatic is the graphics card unless its driver crashed.
const (
	Automatic Renderer = ""
	Graphics  Renderer = "graphics" // the operating system's OpenGL
	Software  Renderer = "software" // the installed one
)

// Variable overrides the owner's choice, for one start.
const Variable = "BOXREADY_RENDERER"

// Given returns the renderer that the environment asks for, and removes that from the environment of what this program starts.
func Given() Renderer {
	given := Renderer(os.Getenv(Variable))
	_ = os.Unsetenv(Variable)
	return given
}

// Choose returns the renderer to start with. crashed is true if the graphics card's driver crashed when the window was opened last.
func Choose(wanted Renderer, installed, crashed bool) Renderer {
	if installed && (wanted == Software || wanted != Graphics && crashed) {
		return Software
	}
	return Graphics
}

// Restart returns the command that starts this program again with the software OpenGL: a process can't change its OpenGL.
func Restart(arguments []string) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	again := exec.Command(program, arguments...) // #nosec G204 -- this program, with what it was started with
	// What limits the system's Mesa would limit this one, too.
	limit := func(entry string) bool { return strings.HasPrefix(entry, "MESA_GL") }
	again.Env = append(slices.DeleteFunc(os.Environ(), limit), Variable+"="+string(Software))
	return again, nil
}

// softwareNames are what renderers that need no graphics card call themselves, in lower case: Mesa's, Windows' own, Google's.
var softwareNames = []string{"softpipe", "llvmpipe", "swrast", "software rasterizer", "gdi generic", "basic render", "swiftshader"}

// InstalledName stands for the name of the installed renderer until that draws.
const InstalledName = "softpipe"

// IsSoftware reports whether a renderer, as OpenGL names it, draws with the processor.
func IsSoftware(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(softwareNames, func(software string) bool { return strings.Contains(name, software) })
}
