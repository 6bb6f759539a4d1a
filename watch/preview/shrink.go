package preview

import (
	"image"
	"image/color"
	idraw "image/draw"

	"github.com/studio-agent/studio-agent/watch/picture"
)

// backdrop is what shines through where a picture is transparent.
const backdrop = 0x80

// A shrinker makes h rows of w pixels into the smaller (or equal) size of a
// picture, by the mean of the area under each new pixel. Rows come from top to
// bottom and are not kept.
type shrinker struct {
	into    *small
	w, h    int
	channel int // of into, the first
	n       int // channels that are made
	columns []column
	row     []float32 // one row, narrowed
	sum     []float32 // of the rows that make the one being made
}

// A column is the part of a row that makes one new pixel: from first to last, of
// which those two may count in part.
type column struct {
	first, last        int
	left, inner, right float32
}

func newShrinker(into *small, w, h, channel, n int) *shrinker {
	s := &shrinker{into: into, w: w, h: h, channel: channel, n: n,
		columns: make([]column, into.w), row: make([]float32, into.w*n), sum: make([]float32, into.w*n)}
	for i := range s.columns {
		from, to := i*w, (i+1)*w // in parts of which a pixel has into.w
		c := column{first: from / into.w, last: (to - 1) / into.w, inner: float32(into.w) / float32(w)}
		if c.left = 1; c.last > c.first {
			c.left = float32((c.first+1)*into.w-from) / float32(w)
			c.right = float32(to-c.last*into.w) / float32(w)
		}
		s.columns[i] = c
	}
	return s
}

// add takes in row y, of pixels that are step bytes apart.
func (s *shrinker) add(y int, samples []byte, step int) {
	for c := range s.n {
		s.narrow(samples[c:], c, step)
	}
	high := s.into.h
	from, to := y*high, (y+1)*high // in parts of which a row has high
	for j := from / s.h; j*s.h < to; j++ {
		part := float32(min(to, (j+1)*s.h)-max(from, j*s.h)) / float32(s.h)
		for i, v := range s.row {
			s.sum[i] += v * part
		}
		if to >= (j+1)*s.h {
			s.finish(j)
		}
	}
}

// narrow makes channel c of the new row.
func (s *shrinker) narrow(samples []byte, c, step int) {
	for i, k := range s.columns {
		v := float32(samples[k.first*step]) * k.left
		if k.last > k.first {
			v += float32(sumOf(samples[(k.first+1)*step:k.last*step], step))*k.inner + float32(samples[k.last*step])*k.right
		}
		s.row[i*s.n+c] = v
	}
}

// sumOf adds up the samples that are step apart.
func sumOf(samples []byte, step int) (sum uint32) {
	if step == 1 { // the usual case, and twice as fast
		for _, v := range samples {
			sum += uint32(v)
		}
		return sum
	}
	for x := 0; x < len(samples); x += step {
		sum += uint32(samples[x])
	}
	return sum
}

// finish puts row j into the picture.
func (s *shrinker) finish(j int) {
	pix := s.into.pix[j*s.into.w*s.into.n+s.channel:]
	for x := range s.into.w {
		for c := range s.n {
			pix[x*s.into.n+c] = byte(min(s.sum[x*s.n+c]+0.5, 255))
		}
	}
	clear(s.sum)
}

// plane shrinks one channel that lies by itself.
func (s *small) plane(channel int, pix []byte, stride, w, h int) {
	to := newShrinker(s, w, h, channel, 1)
	for y := range h {
		to.add(y, pix[y*stride:], 1)
	}
}

// shrinkImage shrinks any image, before the backdrop.
func shrinkImage(img image.Image, edge int) (*small, error) {
	b := img.Bounds()
	if b.Empty() {
		return nil, ErrNone
	}
	if m, ok := img.(*image.Gray); ok {
		s := newSmall(b.Dx(), b.Dy(), edge, 1)
		s.plane(0, m.Pix, m.Stride, b.Dx(), b.Dy())
		return s, nil
	}
	s := newSmall(b.Dx(), b.Dy(), edge, 3)
	to := newShrinker(s, b.Dx(), b.Dy(), 0, 3)
	row := image.NewRGBA(image.Rect(0, 0, b.Dx(), 1))
	behind := image.NewUniform(color.Gray{backdrop})
	for y := range b.Dy() {
		idraw.Draw(row, row.Rect, behind, image.Point{}, idraw.Src)
		idraw.Draw(row, row.Rect, img, b.Min.Add(image.Pt(0, y)), idraw.Over)
		to.add(y, row.Pix, 4)
	}
	return s, nil
}

// shrinkPixels shrinks the pixels of a TIFF or PSD while they are unpacked.
func shrinkPixels(p *picture.Pixels, edge int) (*small, error) {
	s := newSmall(p.Width, p.Height, edge, p.Colours)
	var to *shrinker
	channel, step := 0, p.Colours
	if p.Alpha != picture.Opaque {
		step++
	}
	err := p.Rows(func(r picture.Row) error {
		switch {
		case r.Channel < 0 && to == nil:
			to = newShrinker(s, p.Width, p.Height, 0, p.Colours)
		case r.Channel >= 0 && (to == nil || r.Channel != channel):
			channel, step = r.Channel, 1
			to = newShrinker(s, p.Width, p.Height, channel, 1)
		}
		if r.Channel < 0 && p.Alpha != picture.Opaque {
			before(r.Samples, step, p.Alpha)
		}
		to.add(r.Y, r.Samples, step)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.rgb(), nil
}

// before puts the pixels, whose last channel is their opacity, before the
// backdrop.
func before(samples []byte, step int, kind picture.Alpha) {
	for ; len(samples) >= step; samples = samples[step:] {
		a := int(samples[step-1])
		for c, v := range samples[:step-1] {
			own := int(v) * 255
			if kind == picture.Straight {
				own = int(v) * a
			}
			samples[c] = byte(min((own+backdrop*(255-a))/255, 255))
		}
	}
}
