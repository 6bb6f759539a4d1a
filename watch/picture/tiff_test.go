package picture

import (
	"encoding/binary"
	"testing"
)

// tiffOf is a TIFF of the given entries, its IFD behind 600 bytes of picture at 8.
func tiffOf(vs ...value) []byte {
	t := newTIFF(le, false)
	t.add(data(600))
	off, _ := t.ifd(vs...)
	t.link(0, off)
	return t.b
}

func strip(extra ...value) []value {
	return append([]value{num(tagStripOffsets, 8), num(tagStripCounts, 600)}, extra...)
}

func TestTIFFEntries(t *testing.T) {
	const far = 1 << 30
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"one strip", tiffOf(strip()...), Whole},
		{"tiles", tiffOf(num(tagTileOffsets, 8, 108, 208), num(tagTileCounts, 100, 100, 400)), Whole},
		{"tile past the end", tiffOf(num(tagTileOffsets, 8, 108, far), num(tagTileCounts, 100, 100, 1)), Torn},
		{"strip past the end", tiffOf(num(tagStripOffsets, 8), num(tagStripCounts, far)), Torn},
		{"strip that begins past the end", tiffOf(num(tagStripOffsets, far)), Torn},
		{"strip whose end overflows", tiffOf(num(tagStripOffsets, 1<<32-1), num(tagStripCounts, 1<<32-1)), Torn},
		{"thumbnail past the end", tiffOf(strip(num(tagJPEGOffset, far), num(tagJPEGLength, 9))...), Torn},
		{"SubIFD past the end", tiffOf(strip(num(tagSubIFDs, far))...), Torn},
		{"SubIFD inside the picture", tiffOf(strip(num(tagSubIFDs, 20))...), Unknown},
		{"no SubIFD", tiffOf(strip(num(tagSubIFDs, 0))...), Whole},
		{"SubIFDs by letters", tiffOf(strip(value{tag: tagSubIFDs, raw: data(9)})...), Unknown},
		{"Exif past the end", tiffOf(strip(num(tagExif, far))...), Unknown},
		{"length missing", tiffOf(num(tagStripOffsets, 8)), Unknown},
		{"length 0", tiffOf(num(tagStripOffsets, 8), num(tagStripCounts, 0)), Unknown},
		{"lengths for some strips", tiffOf(num(tagStripOffsets, 8, 9, 10), num(tagStripCounts, 1, 1)), Unknown},
		{"holes left out on purpose", tiffOf(num(tagTileOffsets, 0, 8), num(tagTileCounts, 0, 9)), Unknown},
		{"no picture", tiffOf(num(256, 10)), Unknown},
		{"long private value", tiffOf(strip(value{tag: 0xc000, raw: data(5000)})...), Whole},
		{"empty entry", tiffOf(strip(value{})...), Unknown},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}

func TestTIFFTables(t *testing.T) {
	patch := func(b []byte, at int, with uint32) []byte {
		le.PutUint32(b[at:], with)
		return b
	}
	tiles := func() []byte { return tiffOf(num(tagTileOffsets, 8, 9), num(tagTileCounts, 1, 1)) }
	private := func() []byte {
		return tiffOf(value{tag: 0xc000, raw: data(50)}, num(tagJPEGOffset, 8), num(tagJPEGLength, 9))
	}
	const offsets, lengths = 608 + 16 + 2, 608 + 16 + 2 + 12 // entries: behind the picture, both tables and the count
	const letters = 608 + 50 + 2
	const count, pointer = 4, 8 // in an entry
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"two tiles", tiles(), Whole},
		{"table of offsets past the end", patch(tiles(), offsets+pointer, 1<<30), Torn},
		{"table of lengths past the end", patch(tiles(), lengths+pointer, 1<<30), Torn},
		{"more tiles than lengths", patch(tiles(), offsets+count, 3), Unknown},
		{"more lengths than the file is long", patch(tiles(), lengths+count, 1<<31), Unknown},
		{"more tiles than anybody has", patch(tiles(), offsets+count, 1<<31), Unknown},
		{"private value", private(), Whole},
		{"private value past the end", patch(private(), letters+pointer, 1<<30), Unknown},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}

func TestTIFFChain(t *testing.T) {
	two := newTIFF(le, false)
	two.add(data(600))
	a, nextA := two.ifd(strip()...)
	b, nextB := two.ifd(strip()...)
	two.link(0, a)
	chained := func(first, second uint64, magic uint16) []byte {
		two.link(nextA, first)
		two.link(nextB, second)
		le.PutUint16(two.b[2:], magic)
		return append([]byte(nil), two.b...)
	}
	const far = 1 << 30
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"two pages", chained(b, 0, classic), Whole},
		{"loop", chained(b, a, classic), Whole},
		{"loop on itself", chained(a, 0, classic), Whole},
		{"second page past the end", chained(far, 0, classic), Torn},
		{"third page past the end", chained(b, far, classic), Torn},
		{"Olympus' second page past the end", chained(b, far, olympusO), Unknown},
		{"Olympus", chained(b, 0, olympusS), Whole},
		{"second page inside the picture", chained(30, 0, classic), Unknown},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}

func TestTIFFManyIFDs(t *testing.T) {
	b := newTIFF(binary.BigEndian, false)
	b.add(data(600))
	last := 0
	for range mostIFDs + 1 {
		off, next := b.ifd(strip()...)
		b.link(last, off)
		last = next
	}
	if got, reason := judged(t, b.b); got != Unknown || reason != tooBig {
		t.Errorf("%d pages = %v (%s), want unknown (%s)", mostIFDs+1, got, reason, tooBig)
	}
}

func TestRAW(t *testing.T) {
	whole, sub := rawFile(jpegFile(t, 16), 5000)
	changed := func(at, n int, with byte) []byte {
		b := append([]byte(nil), whole...)
		for i := range n {
			b[at+i] = with
		}
		return b
	}
	panasonicRAW := func(off uint64) []byte {
		b := tiffOf(num(tagStripOffsets, 1<<32-1), num(tagRawOffset, off))
		le.PutUint16(b[2:], panasonic)
		return b
	}
	iiq := iiqFile()
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"whole", whole, Whole},
		{"IFD of the sensor not written yet", changed(sub, len(whole)-sub, 0), Torn},
		{"table of contents not written yet", changed(4, 4, 0), Torn},
		{"sensor data end in zeros", changed(len(whole)-emptyEnd, emptyEnd, 0), Unknown},
		{"something behind the sensor data", join(whole, make([]byte, 900)), Whole},
		{"Panasonic", panasonicRAW(8), Unknown},
		{"Panasonic before its data", panasonicRAW(1 << 20), Torn},
		{"IIQ before its data", iiq[:len(iiq)-1], Torn},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}
