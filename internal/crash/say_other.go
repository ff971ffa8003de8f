//go:build !windows

package crash

func messageBox(string, string) {}
