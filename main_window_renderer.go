//go:build !nogui

package main

import (
	"fmt"
	"os"
	"runtime"

	"fyne.io/fyne/v2"
	"github.com/go-gl/gl/v2.1/gl"
	"github.com/go-gl/glfw/v3.3/glfw"

	"boxready/cli"
	"boxready/gui"
	"boxready/internal/opengl"
)

// crashed reports whether a renderer crashed when the window was opened last.
func (s *start) crashed(r opengl.Renderer) bool {
	return !s.demo && s.crashes.Unopened(string(r), s.first != nil)
}

// opened records that the window's first frame is painted, or that the failure is known.
func (s *start) opened() {
	if !s.demo {
		s.crashes.Opened(string(s.renderer))
	}
}

// another reports whether there is a software OpenGL that wasn't tried.
func (s *start) another() bool {
	return !s.last && s.renderer != opengl.Software && opengl.Installed()
}

// restart starts the program again with the software OpenGL, if that wasn't tried. This process lets it be the first.
func (s *start) restart() bool {
	if !s.another() {
		return false
	}
	again, err := opengl.Restart(s.args)
	if err != nil {
		return false
	}
	s.first.Close()
	s.first = nil
	return again.Start() == nil
}

// renderers are what the owner can choose; nil where there is one only.
func (s *start) renderers() *gui.Renderers {
	if !opengl.Installed() {
		return nil
	}
	return &gui.Renderers{
		Choices:  []string{string(opengl.Automatic), string(opengl.Graphics), string(opengl.Software)},
		TryAgain: func() { s.crashes.Opened(string(opengl.Graphics)) },
	}
}

// readRenderer is how OpenGL names what draws a window; "" if it doesn't tell.
func readRenderer(w fyne.Window) (name string) {
	if w, ok := w.(interface{ RunWithContext(func()) }); ok {
		w.RunWithContext(func() { name = gl.GoStr(gl.GetString(gl.RENDERER)) })
	}
	return name
}

// printRenderer prints how OpenGL names what would draw the window.
func (s *start) printRenderer() cli.Exit {
	renderer := opengl.Choose(s.wanted, opengl.Installed(), false)
	name, err := hiddenRenderer(renderer)
	if err == nil {
		fmt.Println(name)
		return cli.ExitOK
	}
	if renderer == opengl.Graphics && opengl.Installed() && !s.last {
		if again, err := opengl.Restart(s.args); err == nil {
			again.Stdout = os.Stdout
			if again.Run() == nil {
				return cli.ExitOK
			}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return cli.ExitCouldNot
}

// hiddenRenderer opens a window that isn't shown, with the OpenGL that Fyne asks for, and names what would draw it.
func hiddenRenderer(r opengl.Renderer) (name string, err error) {
	defer func() { // GLFW panics on some of a platform's errors
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	if r == opengl.Software {
		if err := opengl.Load(); err != nil {
			return "", err
		}
	}
	runtime.LockOSThread()
	if err := glfw.Init(); err != nil {
		return "", err
	}
	defer glfw.Terminate()
	glfw.WindowHint(glfw.Visible, glfw.False)
	glfw.WindowHint(glfw.ContextVersionMajor, 2)
	glfw.WindowHint(glfw.ContextVersionMinor, 1)
	w, err := glfw.CreateWindow(10, 10, "BoxReady", nil, nil)
	if err != nil {
		return "", err
	}
	if w == nil {
		return "", errNoWindow
	}
	defer w.Destroy()
	w.MakeContextCurrent()
	if err := gl.Init(); err != nil {
		return "", err
	}
	return gl.GoStr(gl.GetString(gl.RENDERER)), nil
}
