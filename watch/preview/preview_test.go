package preview

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"strings"
	"testing"

	"golang.org/x/image/tiff"
)

func made(b []byte, edge int) ([]byte, error) { return Make(bytes.NewReader(b), int64(len(b)), edge) }

// drawn makes a preview and decodes it.
func drawn(t *testing.T, b []byte, edge int) image.Image {
	t.Helper()
	p, err := made(b, edge)
	if err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(bytes.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wantCorners compares the colours of the corners, clockwise from the top left,
// and is content with what a JPEG and a conversion change.
func wantCorners(t *testing.T, m image.Image, want [4]color.RGBA, tolerance int) {
	t.Helper()
	b := m.Bounds()
	in := 6
	at := [4]image.Point{{in, in}, {b.Max.X - in, in}, {b.Max.X - in, b.Max.Y - in}, {in, b.Max.Y - in}}
	for i, p := range at {
		r, g, bl, _ := m.At(p.X, p.Y).RGBA()
		got := [3]int{int(r >> 8), int(g >> 8), int(bl >> 8)}
		for c, v := range [3]int{int(want[i].R), int(want[i].G), int(want[i].B)} {
			if d := got[c] - v; d > tolerance || d < -tolerance {
				t.Errorf("corner %d is %v, want %v", i, got, want[i])
				break
			}
		}
	}
}

func TestMake(t *testing.T) {
	const w, h = 601, 403
	m := quarters(w, h)
	all := m.Bounds()
	gray := corners
	for i, c := range corners {
		y := color.GrayModel.Convert(c).(color.Gray).Y
		gray[i] = color.RGBA{y, y, y, 255}
	}
	palette := image.NewPaletted(all, color.Palette{corners[0], corners[1], corners[2], corners[3]})
	for _, test := range []struct {
		name string
		file []byte
		want [4]color.RGBA
	}{
		{"jpeg", jpegOf(t, m), corners},
		{"grey jpeg", jpegOf(t, as(m, image.NewGray(all))), gray},
		{"png", pngOf(t, m), corners},
		{"png, 16 bits", pngOf(t, as(m, image.NewRGBA64(all))), corners},
		{"png, grey, 16 bits", pngOf(t, as(m, image.NewGray16(all))), gray},
		{"png, palette", pngOf(t, as(m, palette)), corners},
		{"gif", gifOf(t, as(m, palette)), corners},
		{"tiff", tiffOf(t, m, nil), corners},
		{"tiff, deflated, predicted", tiffOf(t, m, &tiff.Options{Compression: tiff.Deflate, Predictor: true}), corners},
		{"tiff, 16 bits", tiffOf(t, as(m, image.NewRGBA64(all)), nil), corners},
		{"tiff, grey, 16 bits", tiffOf(t, as(m, image.NewGray16(all)), nil), gray},
		{"tiff, palette", tiffOf(t, as(m, palette), nil), corners},
		{"psd", psdOf(m, 3, 8, false), corners},
		{"psd, run lengths", psdOf(m, 3, 8, true), corners},
		{"psd, 16 bits", psdOf(m, 3, 16, false), corners},
		{"psd, 16 bits, run lengths", psdOf(m, 3, 16, true), corners},
		{"psd, CMYK", psdOf(m, 4, 8, true), corners},
		{"psd, grey", psdOf(m, 1, 8, false), gray},
		{"raw", raw(jpegOf(t, m), 1), corners},
		{"raf", raf(jpegOf(t, m)), corners},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := drawn(t, test.file, Thumbnail)
			if got, want := p.Bounds().Max, image.Pt(320, 215); got != want {
				t.Errorf("size %v, want %v", got, want)
			}
			wantCorners(t, p, test.want, 12)
		})
	}
}

// TestMakeOfCMYK reads a picture as Photoshop writes it: inverted.
func TestMakeOfCMYK(t *testing.T) {
	b, err := os.ReadFile("testdata/cmyk.jpg")
	if err != nil {
		t.Fatal(err)
	}
	wantCorners(t, drawn(t, b, 64), corners, 30)
}

func TestMakeTurns(t *testing.T) {
	// Where the corners of what is stored, clockwise from the top left, are seen.
	seen := [9][4]int{1: {0, 1, 2, 3}, 2: {1, 0, 3, 2}, 3: {2, 3, 0, 1}, 4: {3, 2, 1, 0}, 5: {0, 3, 2, 1}, 6: {3, 0, 1, 2}, 7: {2, 1, 0, 3}, 8: {1, 2, 3, 0}}
	m := quarters(400, 200)
	for orientation := 1; orientation <= 8; orientation++ {
		size, want := image.Pt(320, 160), [4]color.RGBA{}
		if orientation >= 5 {
			size = image.Pt(160, 320)
		}
		for i, c := range seen[orientation] {
			want[i] = corners[c]
		}
		o := byte(orientation)
		oriented := tiffOf(t, m, nil)
		oriented = append(oriented, ifdWithOrientation(oriented, o)...)
		binary.LittleEndian.PutUint32(oriented[4:], uint32(len(oriented)-ifdLength(oriented)))
		for name, file := range map[string][]byte{
			"jpeg": turnedJPEG(t, m, o), "raw": raw(jpegOf(t, m), uint32(o)), "raf": raf(turnedJPEG(t, m, o)),
			"raw and its preview": raw(turnedJPEG(t, m, o), uint32(o)), "raw's preview": raw(turnedJPEG(t, m, o), 0),
			"png": withEXIF(pngOf(t, m), o), "tiff": oriented,
		} {
			t.Run(fmt.Sprint(name, orientation), func(t *testing.T) {
				p := drawn(t, file, Thumbnail)
				if p.Bounds().Max != size {
					t.Errorf("size %v, want %v", p.Bounds().Max, size)
				}
				wantCorners(t, p, want, 12)
			})
		}
	}
}

// ifdWithOrientation copies the directory of a TIFF with one tag more.
func ifdWithOrientation(b []byte, orientation byte) []byte {
	le := binary.LittleEndian
	off := le.Uint32(b[4:])
	n := le.Uint16(b[off:])
	entries := b[off+2:][:12*int(n)]
	out := le.AppendUint16(nil, n+1)
	added := false
	for ; len(entries) > 0; entries = entries[12:] {
		if !added && le.Uint16(entries) > 0x112 {
			out, added = append(out, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0), true
		}
		out = append(out, entries[:12]...)
	}
	return append(out, 0, 0, 0, 0)
}

func ifdLength(b []byte) int {
	off := binary.LittleEndian.Uint32(b[4:])
	return 2 + 12*(int(binary.LittleEndian.Uint16(b[off:]))+1) + 4
}

// withEXIF puts an eXIf chunk behind the header of a PNG.
func withEXIF(b []byte, orientation byte) []byte {
	const head = 8 + 25
	return bytes.Join([][]byte{b[:head], chunk("eXIf", exif(orientation)), b[head:]}, nil)
}

func TestMakeChoosesInside(t *testing.T) {
	small, large := jpegOf(t, quarters(200, 100)), jpegOf(t, quarters(800, 400))
	both := append(bytes.Clone(large), small...)
	le := binary.LittleEndian
	first := ifd(both, [2]uint32{0x201, 0xffffffff}, [2]uint32{0x202, uint32(len(large))}, [2]uint32{0xc612, 1})
	next := ifd(nil, [2]uint32{0x201, uint32(len(first) - len(small))}, [2]uint32{0x202, uint32(len(small))})[8:]
	le.PutUint32(first[8+2+3*12:], uint32(len(first)))
	file := append(first, next...)
	damaged := bytes.Clone(file)
	copy(damaged[8+2+3*12+4+len(large)/2:], bytes.Repeat([]byte{0xff, 0xd9}, 20))
	for _, test := range []struct {
		file []byte
		edge int
		want int
	}{{file, 100, 100}, {file, 150, 150}, {file, 320, 320}, {file, 1600, 800}, {damaged, 320, 200}} {
		if got := drawn(t, test.file, test.edge).Bounds().Dx(); got != test.want {
			t.Errorf("edge %d: got %d pixels, want %d", test.edge, got, test.want)
		}
	}
}

func TestMakeKeepsSmallPictures(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {7, 90}, {90, 7}, {64, 64}} {
		if got := drawn(t, jpegOf(t, quarters(size.X, size.Y)), Thumbnail).Bounds().Max; got != size {
			t.Errorf("got %v, want %v", got, size)
		}
	}
	if got := drawn(t, pngOf(t, image.NewGray(image.Rect(0, 0, 5000, 2))), Thumbnail).Bounds().Max; got != image.Pt(320, 1) {
		t.Errorf("a line became %v", got)
	}
}

func TestMakeKeepsProfile(t *testing.T) {
	m := quarters(100, 80)
	grey := as(m, image.NewGray(m.Bounds()))
	icc := func(img image.Image, p string) []byte {
		return behindStart(jpegOf(t, img), 0xe2, "ICC_PROFILE\x00\x01\x01"+p)
	}
	for _, test := range []struct {
		name string
		file []byte
		want bool
	}{
		{"RGB", icc(m, profile(560, "RGB ")), true},
		{"large", icc(m, profile(65000, "RGB ")), true},
		{"grey", icc(grey, profile(560, "GRAY")), true},
		{"of CMYK", icc(m, profile(560, "CMYK")), false},
		{"grey for RGB", icc(m, profile(560, "GRAY")), false},
		{"none", jpegOf(t, m), false},
	} {
		p, err := made(test.file, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(p, []byte("ICC_PROFILE\x00\x01\x01")); got != test.want {
			t.Errorf("%s: kept %v, want %v", test.name, got, test.want)
		}
		if _, err := jpeg.Decode(bytes.NewReader(p)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestMakeOnBackdrop(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 100, 100))
	for i := range m.Pix {
		m.Pix[i] = [4]byte{255, 0, 0, 0}[i%4]
		if i%4 == 3 && i/4%100 < 50 {
			m.Pix[i] = 255
		}
	}
	red, behind := color.RGBA{255, 0, 0, 255}, color.RGBA{backdrop, backdrop, backdrop, 255}
	want := [4]color.RGBA{red, behind, behind, red}
	wide := image.NewNRGBA64(m.Rect)
	for name, file := range map[string][]byte{
		"png": pngOf(t, m), "png, 16 bits": pngOf(t, as(m, wide)),
		"tiff": tiffOf(t, m, nil), "tiff, 16 bits": tiffOf(t, as(m, wide), nil), "premultiplied": tiffOf(t, as(m, image.NewRGBA(m.Rect)), nil),
	} {
		t.Run(name, func(t *testing.T) { wantCorners(t, drawn(t, file, 100), want, 12) })
	}
}

// TestMakeMeans wants the mean of an area, not one of its pixels.
func TestMakeMeans(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 900, 700))
	for i := range m.Pix {
		m.Pix[i] = byte(i % 2 * 200) // columns that alternate
	}
	p := drawn(t, pngOf(t, m), 150).(*image.Gray)
	for i, v := range p.Pix[:150] {
		if v < 96 || v > 104 {
			t.Fatalf("pixel %d is %d, want 100", i, v)
		}
	}
}

func TestMakeSaysWhyNot(t *testing.T) {
	whole := jpegOf(t, quarters(200, 100))
	for _, test := range []struct {
		name string
		file []byte
		none bool
		want string
	}{
		{"empty", nil, false, "empty"},
		{"text", []byte("a list of the pictures of the day"), true, ""},
		{"film", []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"), true, ""},
		{"raw without preview", ifd(nil, [2]uint32{0xc612, 1}), true, "inside this RAW"},
		{"cut jpeg", whole[:len(whole)/2], false, "damaged or ends in the middle"},
		{"cut png", pngOf(t, quarters(90, 90))[:200], false, "ends in the middle"},
		{"cut psd", psdOf(quarters(50, 50), 3, 8, false)[:3000], false, "ends in the middle"},
	} {
		_, err := made(test.file, Thumbnail)
		if err == nil || errors.Is(err, ErrNone) != test.none || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	for _, edge := range []int{-1, 0, 63, 4097} {
		if _, err := made(whole, edge); err == nil {
			t.Errorf("edge %d is no error", edge)
		}
	}
}

func FuzzMake(f *testing.F) {
	m := quarters(70, 40)
	for _, seed := range [][]byte{
		jpegOf(f, m), pngOf(f, m), gifOf(f, m), tiffOf(f, m, &tiff.Options{Compression: tiff.Deflate, Predictor: true}),
		tiffOf(f, m, nil), psdOf(m, 3, 8, true), psdOf(m, 4, 16, false), raw(jpegOf(f, m), 6), raf(turnedJPEG(f, m, 3)),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		if p, err := made(b, minEdge); err == nil && !isJPEG(p) {
			t.Errorf("no JPEG and no error")
		}
	})
}
