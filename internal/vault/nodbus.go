//go:build !(linux || freebsd || netbsd || openbsd || dragonfly)

package vault

import "context"

func reasonOfDBus(error) (Reason, bool) { return "", false }

func findBus() error { return nil }

func distinguishLocked(err error) error { return err }

func unlocked(context.Context) error { return nil }
