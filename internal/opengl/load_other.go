//go:build !windows

package opengl

// Installed reports whether there is a software OpenGL next to this program: only Windows needs one, elsewhere the system has its own.
func Installed() bool { return false }

// Load has nothing to load.
func Load() error { return nil }

// Driver has nobody who asks: there is no other OpenGL.
func Driver() bool { return true }
