// Package model is what the window shows, without anything of Fyne: the portals, their runs, and what follows from them.
// It is used on the Fyne thread alone.
package model

// Model is all that the window shows.
type Model struct{}
