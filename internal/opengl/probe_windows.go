package opengl

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

// pixelFormat is PIXELFORMATDESCRIPTOR as far as it is read.
type pixelFormat struct {
	size, version uint16
	flags         uint32
	_             [32]byte
}

// Flags of pixel formats: of OpenGL, of Windows' own OpenGL 1.1, and of that with a driver's help.
const (
	supportsOpenGL     = 0x20
	genericFormat      = 0x40
	genericAccelerated = 0x1000
)

// Driver reports whether a driver offers OpenGL: GLFW uses no other, but finds that out only when it makes the window. It is asked
// here before there is anything to show in it. This process has loaded the system's OpenGL then, and can't draw with the installed one.
func Driver() bool {
	user, gdi := windows.NewLazySystemDLL("user32.dll"), windows.NewLazySystemDLL("gdi32.dll")
	describe := gdi.NewProc("DescribePixelFormat")
	runtime.LockOSThread() // a window belongs to a thread
	defer runtime.UnlockOSThread()
	class, err := windows.UTF16PtrFromString("STATIC")
	if err != nil {
		return true
	}
	window, _, _ := user.NewProc("CreateWindowExW").Call(0, uintptr(unsafe.Pointer(class)), 0, 0, 0, 0, 1, 1, 0, 0, 0, 0) // #nosec G103 -- a call of the system's
	if window == 0 {
		return true // GLFW will tell
	}
	defer user.NewProc("DestroyWindow").Call(window)
	dc, _, _ := user.NewProc("GetDC").Call(window)
	defer user.NewProc("ReleaseDC").Call(window, dc)
	var f pixelFormat
	formats, _, _ := describe.Call(dc, 1, unsafe.Sizeof(f), uintptr(unsafe.Pointer(&f))) // #nosec G103 -- as above
	for i := uintptr(1); i <= formats; i++ {
		described, _, _ := describe.Call(dc, i, unsafe.Sizeof(f), uintptr(unsafe.Pointer(&f))) // #nosec G103 -- as above
		if described != 0 && f.flags&supportsOpenGL != 0 && (f.flags&genericFormat == 0 || f.flags&genericAccelerated != 0) {
			return true
		}
	}
	return false
}
