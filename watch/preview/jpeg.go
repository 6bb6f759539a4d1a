package preview

import (
	"cmp"
	"image"
	"image/jpeg"
	"io"
	"slices"

	"github.com/studio-agent/studio-agent/watch/picture"
)

// best sorts js by how well they suit edge.
func best(js []picture.JPEG, edge int) []picture.JPEG {
	return slices.SortedFunc(slices.Values(js), func(a, b picture.JPEG) int {
		x, y := max(a.Width, a.Height), max(b.Width, b.Height)
		if x >= edge && y >= edge {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(y, x)
	})
}

// drawJPEG draws the JPEG that r is. Its channels are shrunk each for itself:
// coarse colours need not be blown up first.
func drawJPEG(r io.Reader, j picture.JPEG, edge int) (*small, error) {
	each := int64(1)
	if j.Progressive {
		each += 4 // all coefficients are held
	}
	memory := j.Samples * each
	if j.Channels == 4 {
		memory += 5 * int64(j.Width) * int64(j.Height)
	}
	if memory > mostMemory {
		return nil, errTooLarge
	}
	img, err := jpeg.Decode(r)
	if err != nil {
		return nil, damaged(err)
	}
	m, ok := img.(*image.YCbCr)
	if !ok {
		return shrinkImage(img, edge)
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	s := newSmall(w, h, edge, 3)
	s.ycbcr = true
	coarse := image.Rect(0, 0, w, h)
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420:
		coarse.Max.X = (w + 1) / 2
	case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
		coarse.Max.X = (w + 3) / 4
	}
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio410:
		coarse.Max.Y = (h + 1) / 2
	}
	s.plane(0, m.Y, m.YStride, w, h)
	s.plane(1, m.Cb, m.CStride, coarse.Max.X, coarse.Max.Y)
	s.plane(2, m.Cr, m.CStride, coarse.Max.X, coarse.Max.Y)
	return s, nil
}
