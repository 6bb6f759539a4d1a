package picture

import (
	"bytes"
	"image"
	"image/color"
	"io"
	"strings"
	"testing"

	ximage "golang.org/x/image/tiff"
)

// cut are the pieces of a picture as opensTIFF is to find them.
type cut struct {
	compression, width, height, rows uint64
	bits                             []uint64
	planar, tiled                    bool
	pieces                           [][]byte
	extra                            []value
}

func (c cut) file() []byte {
	b := newTIFF(le, false)
	var offs, counts []uint64
	for _, p := range c.pieces {
		offs, counts = append(offs, b.add(p)), append(counts, uint64(len(p)))
	}
	vs := append([]value{num(tagWidth, c.width), num(tagHeight, c.height), num(tagBits, c.bits...), num(tagCompression, c.compression),
		num(tagSamples, uint64(len(c.bits)))}, c.extra...)
	if c.planar {
		vs = append(vs, num(tagPlanes, 2))
	}
	if c.tiled {
		vs = append(vs, num(tagTileWidth, 16), num(tagTileHeight, c.rows), num(tagTileOffsets, offs...), num(tagTileCounts, counts...))
	} else {
		vs = append(vs, num(tagRowsInStrip, c.rows), num(tagStripOffsets, offs...), num(tagStripCounts, counts...))
	}
	off, _ := b.ifd(vs...)
	b.link(0, off)
	return b.b
}

// packed are n bytes deflated.
func packed(n int) []byte { return []byte(deflated(string(data(n)))) }

// runs are n bytes in PackBits: runs of 100 and single bytes.
func runs(n int) (b []byte) {
	for ; n >= 110; n -= 110 {
		b = append(append(b, 0x9d, 7, 0x80, 9), data(10)...) // 1-0x9d is 100; 0x80 is nothing; ten letters
	}
	return append(append(b, byte(n-1)), data(n)...)
}

func TestOpensTIFF(t *testing.T) {
	rgb := []uint64{8, 8, 8}
	for name, c := range map[string]cut{
		"plain":          {packNone, 10, 7, 3, rgb, false, false, [][]byte{data(90), data(90), data(30)}, nil},
		"deflate":        {packDeflate, 10, 7, 3, rgb, false, false, [][]byte{packed(90), packed(90), packed(30)}, nil},
		"old deflate":    {packDeflateOld, 10, 7, 9, rgb, false, false, [][]byte{packed(210)}, nil},
		"alpha":          {packDeflate, 10, 7, 7, []uint64{8, 8, 8, 8, 8}, false, false, [][]byte{packed(350)}, []value{num(338, 0, 0)}},
		"16 bit":         {packDeflate, 10, 7, 7, []uint64{16, 16, 16}, false, false, [][]byte{packed(420)}, nil},
		"float":          {packDeflate, 10, 7, 7, []uint64{32}, false, false, [][]byte{packed(280)}, []value{num(339, 3)}},
		"CMYK":           {packNone, 10, 7, 7, []uint64{8, 8, 8, 8}, false, false, [][]byte{data(280)}, []value{num(tagPhotometric, 5)}},
		"one bit":        {packDeflate, 10, 7, 7, []uint64{1}, false, false, [][]byte{packed(14)}, nil},
		"planes":         {packDeflate, 10, 7, 4, rgb, true, false, [][]byte{packed(40), packed(30), packed(40), packed(30), packed(40), packed(30)}, nil},
		"planes of size": {packDeflate, 10, 7, 7, []uint64{8, 16}, true, false, [][]byte{packed(70), packed(140)}, nil},
		"tiles":          {packDeflate, 20, 9, 16, rgb, false, true, [][]byte{packed(768), packed(768)}, nil},
		"runs":           {packBits, 100, 40, 20, []uint64{8}, false, false, [][]byte{runs(2000), runs(2000)}, nil},
		"more than need": {packDeflate, 10, 7, 7, []uint64{8}, false, false, [][]byte{packed(100)}, nil},
		"no rows told":   {packDeflate, 10, 7, 1<<32 - 1, []uint64{8}, false, false, [][]byte{packed(70)}, nil},
	} {
		if err := opensBytes(c.file(), "a.tif"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpensTIFFDamaged(t *testing.T) {
	grey := []uint64{8}
	badSum := packed(70)
	badSum[len(badSum)-1] ^= 1
	one := func(compression uint64, piece []byte, extra ...value) cut {
		return cut{compression, 10, 7, 7, grey, false, false, [][]byte{piece}, extra}
	}
	size := func(w, h, rows uint64) cut {
		return cut{packDeflate, w, h, rows, grey, false, false, [][]byte{packed(70)}, nil}
	}
	for _, tt := range []struct {
		name string
		cut  cut
		want error
	}{
		{"plain, short", one(packNone, data(69)), torn(damaged)},
		{"deflate, short", one(packDeflate, packed(69)), torn(damaged)},
		{"deflate, cut", one(packDeflate, packed(70)[:40]), torn(damaged)},
		{"deflate, another sum", one(packDeflate, badSum), torn(damaged)},
		{"deflate, none", one(packDeflate, data(70)), torn(damaged)},
		{"deflate, reserved", one(packDeflate, make([]byte, 70)), torn(damaged)},
		{"runs, short", one(packBits, runs(60)), torn(damaged)},
		{"runs, cut", one(packBits, []byte{0x9d}), torn(damaged)},
		{"strip missing", size(10, 14, 7), torn(damaged)},
		{"wider", size(11, 7, 7), torn(damaged)},
		{"no width", size(0, 7, 7), torn(damaged)},
		{"bomb", size(1<<20, 1<<20, 1<<20), torn(tooManyPixels)},
		{"bomb below the limit", size(20_000, 15_000, 15_000), torn(outOfScale)},
		{"no channels", cut{packDeflate, 10, 7, 7, grey, false, false, [][]byte{packed(70)}, []value{num(tagSamples, 0)}}, torn(damaged)},
		{"channels of no bits", cut{packDeflate, 10, 7, 7, []uint64{0}, false, false, [][]byte{packed(70)}, nil}, torn(damaged)},
		{"huge tiles", cut{packDeflate, 10, 7, 1 << 30, grey, false, true, [][]byte{packed(70)}, nil}, torn(damaged)},
		{"large tiles", cut{packDeflate, 10, 7, 1 << 20, []uint64{64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64}, false, true, [][]byte{packed(70)}, nil}, torn(tooManyPixels)},
		{"fax", one(4, data(70)), errUnproven},
		{"JPEG", one(7, data(70)), errUnproven},
		{"YCbCr", one(packNone, data(70), num(tagPhotometric, photometricYCbCr)), errUnproven},
		{"bits reversed", one(packDeflate, data(70), num(tagFillOrder, 2)), errUnproven},
		{"withdrawn LZW", one(packLZW, []byte{0, 1, 2, 3}), errUnproven},
		{"RAW", one(packNone, data(7), num(tagDNGVersion, 1)), errUnproven},
	} {
		if err := opensBytes(tt.cut.file(), "a.tif"); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// Files of another writer, whole and with a hole.
func TestOpensTIFFOfEncoder(t *testing.T) {
	deep := image.NewNRGBA64(image.Rect(0, 0, 90, 70))
	for i := range deep.Pix {
		deep.Pix[i] = byte(i * i >> 3)
	}
	for name, m := range map[string]image.Image{"8 bit": noise(90, 70, 4), "16 bit": deep, "grey": image.NewGray(image.Rect(0, 0, 9, 9)), "palette": image.NewPaletted(image.Rect(0, 0, 9, 9), color.Palette{color.Black, color.White})} {
		for _, c := range []ximage.CompressionType{ximage.Uncompressed, ximage.Deflate} {
			file := encoded(t, func(w io.Writer) error { return ximage.Encode(w, m, &ximage.Options{Compression: c, Predictor: true}) })
			if err := opensBytes(file, "a.tif"); err != nil {
				t.Errorf("%s, compression %d: %v", name, c, err)
			}
			hole := join(file[:len(file)/3], make([]byte, 50), file[len(file)/3+50:])
			if err := opensBytes(hole, "a.tif"); c == ximage.Deflate && len(file) > 5000 && err != torn(damaged) {
				t.Errorf("%s with a hole: %v, want %v", name, err, torn(damaged))
			}
		}
	}
}

// LZW's reader is the library's; this is a clear code, 70 letters in codes of
// nine bits, and an end.
func TestOpensTIFFLZW(t *testing.T) {
	var b []byte
	acc, n := 0, 0
	for _, code := range append(append([]int{256}, make([]int, 70)...), 257) {
		acc, n = acc<<9|code, n+9
		for ; n >= 8; n -= 8 {
			b = append(b, byte(acc>>(n-8)))
		}
	}
	b = append(b, byte(acc<<(8-n)))
	c := cut{packLZW, 10, 7, 7, []uint64{8}, false, false, [][]byte{b}, nil}
	if err := opensBytes(c.file(), "a.tif"); err != nil {
		t.Error(err)
	}
	c.pieces[0] = b[:20]
	if err := opensBytes(c.file(), "a.tif"); err != torn(damaged) {
		t.Errorf("half of it: %v, want %v", err, torn(damaged))
	}
}

func TestPackBits(t *testing.T) {
	for _, tt := range []struct{ packed, want string }{
		{"\xfe\xaa\x02\x80\x00\x2a\xfd\xaa\x03\x80\x00\x2a\x22\xf7\xaa",
			"\xaa\xaa\xaa\x80\x00\x2a\xaa\xaa\xaa\xaa\x80\x00\x2a\x22" + strings.Repeat("\xaa", 10)}, // Apple's own example
		{"\x80\x80\x00a", "a"},
		{"", ""},
	} {
		got, err := io.ReadAll(&packBitsReader{in: newBuffered(tt.packed)})
		if string(got) != tt.want || err != nil {
			t.Errorf("%x = %x, %v; want %x", tt.packed, got, err, tt.want)
		}
	}
}

func FuzzOpensTIFF(f *testing.F) {
	f.Add(cut{packDeflate, 10, 7, 4, []uint64{8, 8}, true, false, [][]byte{packed(40), packed(30), packed(40), packed(30)}, nil}.file())
	f.Add(cut{packBits, 100, 40, 20, []uint64{8}, false, false, [][]byte{runs(2000), runs(2000)}, nil}.file())
	f.Add(cut{packLZW, 10, 7, 7, []uint64{8}, false, true, [][]byte{data(40)}, nil}.file())
	f.Add(pngFile(f))
	f.Fuzz(func(t *testing.T, file []byte) {
		c := &counting{r: bytes.NewReader(file)}
		err := opens(t.Context(), &picFile{r: c, size: int64(len(file)), left: maxRead}, "")
		if err != nil && !isFinding(err) && err != errUnproven {
			t.Errorf("opens = %v", err)
		}
	})
}
