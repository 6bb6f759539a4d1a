package picture

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func newBuffered(content string) *bufio.Reader { return bufio.NewReader(strings.NewReader(content)) }

func TestOpens(t *testing.T) {
	jpg, tif := jpegFile(t, 90), cut{packDeflate, 10, 7, 7, []uint64{8}, false, false, [][]byte{packed(70)}, nil}.file()
	for _, tt := range []struct {
		name, want string
		file       []byte
	}{
		{"a.jpg", "", jpg},
		{"a.png", "", pngFile(t)},
		{"a.tif", "", tif},
		{"JPEG.png", "", jpg},
		{"a.psd", "", psdFile(false, false)},
		{"a.cr3", "", cr3File("")},
		{"a.txt", "", []byte("a note")},
		{"page.jpg", "the picture cannot be opened: there is no picture inside the file", []byte("<html>not found</html>" + strings.Repeat(" ", 900))},
		{"empty.jpg", "the picture cannot be opened: the file is empty", nil},
		{"zeros.tif", "the picture cannot be opened: " + emptyInside, make([]byte, 9000)},
		{"cut.jpg", "the picture cannot be opened: " + endsEarly, jpg[:len(jpg)/2]},
		{"hole.jpg", "the picture cannot be opened: " + damaged, join(jpg[:len(jpg)/2], bytes.Repeat([]byte{0xff}, 99), jpg[len(jpg)/2+99:])},
		{"cut.mov", "the picture cannot be opened: " + noIndex, box("ftyp", []byte("qt  "))},
	} {
		err := Opens(t.Context(), put(t, tt.name, tt.file))
		if got := errorText(err); got != tt.want || errors.Is(err, ErrDamaged) != (err != nil) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	gone := filepath.Join(t.TempDir(), "gone.jpg")
	if err := Opens(t.Context(), gone); !os.IsNotExist(err) || errors.Is(err, ErrDamaged) {
		t.Errorf("a missing file: %v, want that it does not exist", err)
	}
	if err := Opens(t.Context(), t.TempDir()); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("a folder: %v, want an error that is no damage", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// The disk's errors and the caller's end are nobody's damage, wherever they come.
func TestOpensErrorsOfOthers(t *testing.T) {
	for name, file := range map[string][]byte{"a.jpg": jpegFile(t, 400), "a.png": pngFile(t),
		"a.tif": cut{packDeflate, 300, 300, 300, []uint64{8}, false, false, [][]byte{packed(90_000)}, nil}.file()} {
		path := put(t, name, file)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := Opens(ctx, path); !errors.Is(err, context.Canceled) || errors.Is(err, ErrDamaged) {
			t.Errorf("%s when nobody waits: %v, want %v", name, err, context.Canceled)
		}
		broken := errors.New("bad block")
		src := &source{ctx: t.Context(), r: failing{bytes.NewReader(file), int64(len(file)) / 2, broken}}
		opens(t.Context(), &picFile{r: src, size: int64(len(file)), left: maxRead}, name)
		if !errors.Is(src.err, broken) {
			t.Errorf("%s on a bad disk: %v, want %v", name, src.err, broken)
		}
	}
}

// A long picture ends with its caller, in the middle.
func TestOpensEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	file := bombJPEG()
	err := opens(ctx, &picFile{r: cancelling{bytes.NewReader(file), cancel}, size: int64(len(file)), left: maxRead}, "a.jpg")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("opens = %v, want %v", err, context.Canceled)
	}
}

// A cancelling reader ends its caller's work when the picture data are read.
type cancelling struct {
	r      io.ReaderAt
	cancel func()
}

func (c cancelling) ReadAt(b []byte, off int64) (int, error) {
	if len(b) == block {
		c.cancel()
	}
	return c.r.ReadAt(b, off)
}

// bombJPEG claims a picture of 390 million pixels in 800 KB, which could be.
func bombJPEG() []byte {
	b := greyJPEG(1)
	at := bytes.Index(b, []byte{0xff, 0xc0})
	be.PutUint16(b[at+5:], 6000)
	be.PutUint16(b[at+7:], 65000)
	return join(b[:len(b)-3], make([]byte, 800_000), []byte{0xff, eoi})
}

func TestOpensKeepsLittle(t *testing.T) {
	row := image.NewGray(image.Rect(0, 0, 20_000, 500)) // deflates to next to nothing
	flat := encoded(t, func(w io.Writer) error { return png.Encode(w, row) })
	for name, file := range map[string][]byte{
		"PNG of 10 million pixels": flat,
		"JPEG":                     jpegFile(t, 1500),
		"JPEG bomb":                bombJPEG(),
		"TIFF": cut{packDeflate, 20_000, 500, 500, []uint64{8}, false, false,
			[][]byte{[]byte(deflated(string(make([]byte, 10_000_000))))}, nil}.file(),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := opensBytes(file, ""); err != nil && !isFinding(err) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
			t.Errorf("%s took %d bytes, want at most 1 MiB", name, grown)
		}
	}
}

func TestOpensPNG(t *testing.T) {
	for name, m := range map[string]image.Image{
		"noise": noise(70, 30, 5), "grey": image.NewGray(image.Rect(0, 0, 3, 3)), "16 bit": image.NewRGBA64(image.Rect(0, 0, 9, 5)),
		"palette": image.NewPaletted(image.Rect(0, 0, 13, 5), color.Palette{color.Black, color.White}), "one": noise(1, 1, 6),
	} {
		file := encoded(t, func(w io.Writer) error { return png.Encode(w, m) })
		if err := opensBytes(file, "a.png"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for size, rows := range map[[2]uint32]int{{8, 8}: 15, {1, 1}: 1, {5, 1}: 4, {3, 9}: 17} { // rows over all seven passes
		if err := opensBytes(interlaced(size[0], size[1], rows), "a.png"); err != nil {
			t.Errorf("interlaced %d: %v", size, err)
		}
		if err := opensBytes(interlaced(size[0], size[1], rows-1), "a.png"); err != torn(damaged) {
			t.Errorf("interlaced %d, a row short: %v, want %v", size, err, torn(damaged))
		}
	}
}

// interlaced is a picture of up to 8 pixels of a bit across, so that each row of
// a pass takes a byte behind its filter.
func interlaced(w, h uint32, rows int) []byte {
	head := join(be.AppendUint32(be.AppendUint32(nil, w), h), []byte{1, 0, 0, 0, 1})
	return join([]byte(pngMagic), chunk("IHDR", head), chunk("IDAT", []byte(deflated(strings.Repeat("\x00x", rows)))), chunk("IEND", nil)[:8], []byte("\xaeB\x60\x82"))
}

func TestOpensPNGDamaged(t *testing.T) {
	whole := pngFile(t)
	idat := bytes.Index(whole, []byte("IDAT"))
	changed := func(at int, with ...byte) []byte {
		b := bytes.Clone(whole)
		copy(b[at:], with)
		return b
	}
	for _, tt := range []struct {
		name string
		file []byte
		want error
	}{
		{"hole", changed(idat+2000, make([]byte, 900)...), torn(damaged)},
		{"one bit", changed(idat+3000, whole[idat+3000]^4), torn(damaged)},
		{"higher", withIHDR(whole, 80, 90), torn(damaged)},
		{"bomb", withIHDR(whole, 1<<30, 1<<30), torn(tooManyPixels)},
		{"bomb below the limit", withIHDR(whole, 19_000, 20_000), torn(outOfScale)},
		{"no rows", withIHDR(whole, 80, 0), torn(damaged)},
		{"colours of no kind", changed(25, 5), torn(damaged)},
		{"no bits", changed(24, 0), torn(damaged)},
		{"no data", join(whole[:33], whole[len(whole)-12:]), torn(damaged)},
		{"filter of no kind", bytes.Replace(interlaced(1, 1, 1), []byte(deflated("\x00x")), []byte(deflated("\x09x")), 1), torn(damaged)},
	} {
		if err := opensBytes(tt.file, "a.png"); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func BenchmarkOpens(b *testing.B) {
	for name, file := range map[string][]byte{"JPEG of 2 MP": jpegFile(b, 1500), "PNG": encoded(b, func(w io.Writer) error { return png.Encode(w, noise(1500, 1500, 1)) })} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if err := opensBytes(file, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
