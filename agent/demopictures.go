package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"slices"
)

// paint makes a JPEG that looks a little like a packshot: a lit backdrop, a
// product, and the grain that makes each picture different. 1000 pixels of width
// are about 300 kB.
func paint(rnd *rand.Rand, width int) []byte {
	height := width * 3 / 4
	product := [3]float64{60 + 160*rnd.Float64(), 60 + 160*rnd.Float64(), 60 + 160*rnd.Float64()}
	x0, y0 := float64(width)*(0.4+0.2*rnd.Float64()), float64(height)*(0.45+0.1*rnd.Float64())
	rx, ry := float64(width)*(0.12+0.1*rnd.Float64()), float64(height)*(0.2+0.12*rnd.Float64())
	grain := 14 + 10*rnd.Float64()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			dx, dy := (float64(x)-x0)/rx, (float64(y)-y0)/ry
			light := 225 - 50*float64(y)/float64(height)
			c := [3]float64{light, light, light}
			if d := dx*dx + dy*dy; d < 1 {
				for i := range c {
					c[i] = product[i] * (1.1 - 0.5*d)
				}
			}
			n := grain * (rnd.Float64() - 0.5)
			img.SetRGBA(x, y, color.RGBA{byte(min(255, max(0, c[0]+n))), byte(min(255, max(0, c[1]+n))), byte(min(255, max(0, c[2]+n))), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 92}); err != nil {
		panic(err) // a buffer takes all, and the size is a valid one
	}
	return b.Bytes()
}

// mostGreen is how many pixels a picture may have for onGreen to paint in it.
const mostGreen = 60_000_000

// onGreen puts a packshot before a green background, as a retoucher does; each
// time another green. What it cannot paint in gets a line of text after its end,
// which leaves a picture a picture.
func onGreen(original []byte, times int) []byte {
	size, err := jpeg.DecodeConfig(bytes.NewReader(original))
	if err != nil || size.Width*size.Height > mostGreen {
		return fmt.Appendf(slices.Clip(original), "\nretouched, version %d\n", times)
	}
	photo, err := jpeg.Decode(bytes.NewReader(original))
	if err != nil {
		return fmt.Appendf(slices.Clip(original), "\nretouched, version %d\n", times)
	}
	img := image.NewRGBA(photo.Bounds())
	draw.Draw(img, img.Bounds(), photo, img.Bounds().Min, draw.Src)
	green := [3]int{30, 150 + 25*(times%4), 70}
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride:][:4*img.Rect.Dx()]
		backdrop := [4]byte(row[:4]) // the row begins with it
		for x := 0; x < len(row); x += 4 {
			if difference(row[x], backdrop[0])+difference(row[x+1], backdrop[1])+difference(row[x+2], backdrop[2]) > 3*30 {
				continue
			}
			for i := range green {
				row[x+i] = byte(min(255, max(0, green[i]+int(row[x+i])-int(backdrop[i]))))
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 92}); err != nil {
		panic(err) // a buffer takes all, and the size is that of a JPEG
	}
	return b.Bytes()
}

func difference(a, b byte) int { return max(int(a)-int(b), int(b)-int(a)) }
