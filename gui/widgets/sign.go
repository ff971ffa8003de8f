package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"boxready/gui/style"
)

// Sign shows a style.Sign: a picture, or a spinner while a check is under way.
type Sign struct {
	Group
	sign    style.Sign
	picture *canvas.Image
	spinner *spinner
}

// NewSign returns a square sign with edges of this length.
func NewSign(sign style.Sign, edge float32) *Sign {
	s := &Sign{picture: &canvas.Image{FillMode: canvas.ImageFillContain}, spinner: newSpinner()}
	s.picture.SetMinSize(fyne.NewSquareSize(edge))
	s.init(s, &fyne.Container{Layout: centered{edge}, Objects: []fyne.CanvasObject{s.picture, s.spinner}})
	s.Set(sign)
	return s
}

// SmallSign returns one of the size for a row.
func SmallSign(sign style.Sign) *Sign { return NewSign(sign, theme.Size(style.SizeSign)) }

// Sign is what it shows.
func (s *Sign) Sign() style.Sign { return s.sign }

// Set shows another sign; "" shows nothing.
func (s *Sign) Set(sign style.Sign) {
	if s.sign == sign && s.picture.Resource != nil {
		return
	}
	s.sign = sign
	s.spinner.Hide()
	s.picture.Hide()
	switch sign {
	case "":
	case style.Waiting:
		s.spinner.Show()
	default:
		s.picture.Resource = sign.Icon()
		s.picture.Show()
		s.picture.Refresh()
	}
}

// centered puts a square in the middle.
type centered struct{ edge float32 }

func (c centered) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(fyne.NewSquareSize(c.edge))
		o.Move(fyne.NewPos((size.Width-c.edge)/2, (size.Height-c.edge)/2))
	}
}

func (c centered) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSquareSize(c.edge) }

// Picture returns one of BoxReady's icons in a colour of the theme.
func Picture(name string, color fyne.ThemeColorName, edge float32) fyne.CanvasObject {
	p := canvas.NewImageFromResource(style.Icon(name, color))
	p.FillMode = canvas.ImageFillContain
	p.SetMinSize(fyne.NewSquareSize(edge))
	return &fyne.Container{Layout: centered{edge}, Objects: []fyne.CanvasObject{p}}
}
