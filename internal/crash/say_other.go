//go:build !windows

package crash

func messageBox(string, string) {}

func questionBox(string, string) bool { return false }
