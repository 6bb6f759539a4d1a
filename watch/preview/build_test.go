package preview

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	idraw "image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"golang.org/x/image/tiff"
)

// Colours of the corners, clockwise from the top left.
var corners = [4]color.RGBA{{250, 5, 5, 255}, {5, 250, 5, 255}, {5, 5, 250, 255}, {250, 250, 5, 255}}

// quarters is a picture whose quarters have the corners' colours.
func quarters(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, at := range [4]image.Point{{0, 0}, {w / 2, 0}, {w / 2, h / 2}, {0, h / 2}} {
		size := image.Pt(w-w/2, h-h/2)
		idraw.Draw(m, image.Rectangle{Min: at, Max: at.Add(size)}, image.NewUniform(corners[i]), image.Point{}, idraw.Src)
	}
	return m
}

// as is m in another colour model.
func as(m image.Image, to idraw.Image) image.Image {
	idraw.Draw(to, to.Bounds(), m, image.Point{}, idraw.Src)
	return to
}

func encoded(t testing.TB, encode func(w io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, m image.Image) []byte {
	return encoded(t, func(w io.Writer) error { return jpeg.Encode(w, m, &jpeg.Options{Quality: 95}) })
}

func pngOf(t testing.TB, m image.Image) []byte {
	return encoded(t, func(w io.Writer) error { return png.Encode(w, m) })
}

func gifOf(t testing.TB, m image.Image) []byte {
	return encoded(t, func(w io.Writer) error { return gif.Encode(w, m, nil) })
}

func tiffOf(t testing.TB, m image.Image, o *tiff.Options) []byte {
	return encoded(t, func(w io.Writer) error { return tiff.Encode(w, m, o) })
}

// behindStart puts a segment right behind the start of a JPEG.
func behindStart(b []byte, marker byte, content string) []byte {
	head := append([]byte{0xff, marker}, binary.BigEndian.AppendUint16(nil, uint16(len(content)+2))...)
	return bytes.Join([][]byte{b[:2], head, []byte(content), b[2:]}, nil)
}

// exif is a block that tells an orientation and nothing else.
func exif(orientation byte) string {
	return "MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00\x00\x00\x00\x00"
}

func turnedJPEG(t testing.TB, m image.Image, orientation byte) []byte {
	return behindStart(jpegOf(t, m), 0xe1, "Exif\x00\x00"+exif(orientation))
}

// profile is an ICC profile by its length and colour space alone.
func profile(n int, space string) string {
	b := bytes.Repeat([]byte{7}, n)
	copy(b[16:], space)
	return string(b)
}

// psdOf has m as its merged picture: mode 1 grey, 3 RGB or 4 CMYK.
func psdOf(m image.Image, mode, bits int, packed bool) []byte {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	channels := map[int]int{1: 1, 3: 3, 4: 4}[mode]
	be := binary.BigEndian
	b := append([]byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00"), 0, byte(channels))
	b = be.AppendUint32(be.AppendUint32(b, uint32(h)), uint32(w))
	b = append(b, 0, byte(bits), 0, byte(mode), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	var lengths, rows []byte
	for c := range channels {
		for y := range h {
			var row []byte
			for x := range w {
				v := psdSample(m.At(x, y), mode, c)
				row = append(row, v)
				if bits == 16 {
					row = append(row, 0x77)
				}
			}
			if packed {
				row = packBits(row)
			}
			lengths = be.AppendUint16(lengths, uint16(len(row)))
			rows = append(rows, row...)
		}
	}
	if !packed {
		return append(b, rows...)
	}
	b[len(b)-1] = 1
	return append(append(b, lengths...), rows...)
}

func psdSample(c color.Color, mode, channel int) byte {
	r, g, b, _ := c.RGBA()
	switch mode {
	case 1:
		return color.GrayModel.Convert(c).(color.Gray).Y
	case 3:
		return byte([3]uint32{r, g, b}[channel] >> 8)
	}
	cc, mm, yy, kk := color.RGBToCMYK(byte(r>>8), byte(g>>8), byte(b>>8))
	return 255 - [4]byte{cc, mm, yy, kk}[channel]
}

// packBits packs runs of equal bytes, and single ones as they are.
func packBits(row []byte) (out []byte) {
	for len(row) > 0 {
		n := 1
		for n < len(row) && n < 128 && row[n] == row[0] {
			n++
		}
		if n == 1 {
			out = append(out, 0, row[0])
		} else {
			out = append(out, byte(1-n), row[0])
		}
		row = row[n:]
	}
	return out
}

// ifd is a TIFF of one directory whose entries have one LONG each; tail follows
// it, and its offset replaces the value at.
func ifd(tail []byte, entries ...[2]uint32) []byte {
	const at = 0xffffffff
	le := binary.LittleEndian
	b := append([]byte("II*\x00\x08\x00\x00\x00"), byte(len(entries)), 0)
	end := uint32(8 + 2 + 12*len(entries) + 4)
	for _, e := range entries {
		if e[1] == at {
			e[1] = end
		}
		b = le.AppendUint16(le.AppendUint16(b, uint16(e[0])), 4)
		b = le.AppendUint32(le.AppendUint32(b, 1), e[1])
	}
	return append(append(b, 0, 0, 0, 0), tail...)
}

// raw is a DNG with one preview.
func raw(preview []byte, orientation uint32) []byte {
	return ifd(preview, [2]uint32{0x112, orientation}, [2]uint32{0x201, 0xffffffff}, [2]uint32{0x202, uint32(len(preview))}, [2]uint32{0xc612, 1})
}

func raf(preview []byte) []byte {
	b := append([]byte("FUJIFILMCCD-RAW "), make([]byte, 68)...)
	b = binary.BigEndian.AppendUint32(b, 100)
	b = binary.BigEndian.AppendUint32(b, uint32(len(preview)))
	return append(append(b, make([]byte, 8)...), preview...)
}
