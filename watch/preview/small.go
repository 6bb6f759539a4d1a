package preview

import (
	"image"
	"image/color"
)

// A small is a small picture of w times h pixels with n bytes each: 1 grey, 3
// RGB or YCbCr, 4 CMYK.
type small struct {
	w, h, n int
	ycbcr   bool
	pix     []byte
}

// newSmall makes room for a picture of w times h pixels that is not to be longer
// than edge.
func newSmall(w, h, edge, n int) *small {
	if long := max(w, h); long > edge {
		w, h = max((w*edge+long/2)/long, 1), max((h*edge+long/2)/long, 1)
	}
	return &small{w: w, h: h, n: n, pix: make([]byte, w*h*n)}
}

// turned returns s as it is to be seen, by the orientation in Exif (Exif 2.3,
// section 4.6.4 A): where row 0 and column 0 of what is stored belong.
func (s *small) turned(orientation int) *small {
	if orientation < 2 || orientation > 8 {
		return s
	}
	t := *s
	t.pix = make([]byte, len(s.pix))
	if orientation >= 5 {
		t.w, t.h = s.h, s.w
	}
	for y := range t.h {
		for x := range t.w {
			i, j := x, y // of what is stored
			switch orientation {
			case 2:
				i = s.w - 1 - x
			case 3:
				i, j = s.w-1-x, s.h-1-y
			case 4:
				j = s.h - 1 - y
			case 5:
				i, j = y, x
			case 6:
				i, j = y, s.h-1-x
			case 7:
				i, j = s.w-1-y, s.h-1-x
			case 8:
				i, j = s.w-1-y, x
			}
			copy(t.pix[(y*t.w+x)*s.n:][:s.n], s.pix[(j*s.w+i)*s.n:])
		}
	}
	return &t
}

// rgb makes RGB of CMYK and leaves all else as it is.
func (s *small) rgb() *small {
	if s.n != 4 {
		return s
	}
	t := &small{w: s.w, h: s.h, n: 3, pix: make([]byte, s.w*s.h*3)}
	for i := range s.w * s.h {
		c := s.pix[4*i:]
		t.pix[3*i], t.pix[3*i+1], t.pix[3*i+2] = color.CMYKToRGB(c[0], c[1], c[2], c[3])
	}
	return t
}

// image is s for an encoder.
func (s *small) image() image.Image {
	all := image.Rect(0, 0, s.w, s.h)
	switch {
	case s.n == 1:
		return &image.Gray{Pix: s.pix, Stride: s.w, Rect: all}
	case s.ycbcr:
		m := image.NewYCbCr(all, image.YCbCrSubsampleRatio444)
		for i := range s.w * s.h {
			m.Y[i], m.Cb[i], m.Cr[i] = s.pix[3*i], s.pix[3*i+1], s.pix[3*i+2]
		}
		return m
	}
	m := image.NewRGBA(all)
	for i := range s.w * s.h {
		copy(m.Pix[4*i:], s.pix[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}
