//go:build !(linux || freebsd || netbsd || openbsd || dragonfly)

package vault

func reasonOfDBus(error) (Reason, bool) { return "", false }

func findBus() error { return nil }

func distinguishLocked(err error) error { return err }
