package opengl

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// library is the path of the installed OpenGL, in a folder next to this program.
func library() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.Join(filepath.Dir(program), "opengl", "opengl32.dll"), nil
}

// Installed reports whether there is a software OpenGL.
func Installed() bool {
	path, err := library()
	if err != nil {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Load loads the software OpenGL. It has to be called before anything else asks for OpenGL by name: that finds the library that is
// loaded.
func Load() error {
	path, err := library()
	if err == nil {
		_, err = windows.LoadLibraryEx(path, 0, windows.LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR|windows.LOAD_LIBRARY_SEARCH_SYSTEM32)
	}
	if err != nil {
		return fmt.Errorf("load the software OpenGL: %w", err)
	}
	return nil
}
