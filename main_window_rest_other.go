//go:build !nogui && !windows

package main

import "fyne.io/fyne/v2"

// rest is for Windows, where Fyne's loop costs most.
type rest struct{}

func newRest() *rest { return nil }

func (*rest) do(f func()) { fyne.Do(f) }
func (*rest) start()      {}
func (*rest) stop()       {}
