package opengl

/*
#include <windows.h>

// go-gl calls wglGetProcAddress, the only reason why Windows would load OPENGL32.dll when the program starts. This is what the linker
// takes for the imported function's address instead. GLFW has loaded the library when the function is called.
static PROC WINAPI resolve(LPCSTR name) {
	static PROC (WINAPI *found)(LPCSTR);
	if (!found) {
		found = (PROC (WINAPI *)(LPCSTR))(void *)GetProcAddress(GetModuleHandleA("opengl32.dll"), "wglGetProcAddress");
	}
	return found ? found(name) : NULL;
}

PROC (WINAPI *__imp_wglGetProcAddress)(LPCSTR) = resolve;
*/
import "C"
