package picture

import (
	"bytes"
	"testing"
)

// written says how the same picture is written.
type written struct {
	packet, iptc string
	last         bool   // the first IFD behind everything, as an editor rewrites it
	garbage      []byte // left behind in the middle
	exif         string
	pixel        byte
	comment      string
	thumb        byte
}

// tiff is a page with XMP, IPTC, Exif with a value of its own, a preview below
// it, and a thumbnail page.
func (w written) tiff() []byte {
	b := newTIFF(be, false)
	pixels := data(2000)
	pixels[1999] = w.pixel
	thumb := data(50)
	thumb[0] = w.thumb
	var page uint64
	entries := func(one, two, exif, preview uint64) []value {
		vs := []value{num(256, 40), num(257, 50), value{tag: 270, raw: []byte("ten letter" + w.comment)}, num(tagStripOffsets, one, two),
			num(tagStripCounts, 1500, 500), num(tagSubIFDs, preview)}
		if w.packet != "" {
			vs = append(vs, value{tag: tagXMP, raw: []byte(w.packet)})
		}
		if w.iptc != "" {
			vs = append(vs, value{tag: tagIPTC, raw: []byte(w.iptc)})
		}
		return append(vs, num(tagExif, exif))
	}
	at := b.add(pixels)
	b.add(w.garbage)
	exif, _ := b.ifd(value{tag: 0x9003, raw: []byte("2026:03:04 10:11:12" + w.exif)}, num(0x8827, 100))
	small := b.add(thumb)
	preview, _ := b.ifd(num(tagJPEGOffset, small), num(tagJPEGLength, 50))
	var next int
	var second uint64
	if w.last {
		second, _ = b.ifd(num(tagStripOffsets, small), num(tagStripCounts, 50))
		page, next = b.ifd(entries(at, at+1500, exif, preview)...)
	} else {
		page, next = b.ifd(entries(at, at+1500, exif, preview)...)
		second, _ = b.ifd(num(tagStripOffsets, small), num(tagStripCounts, 50))
	}
	b.link(0, page)
	b.link(next, second)
	return b.b
}

func TestCoreTIFFKeepsDescriptionsOut(t *testing.T) {
	want := coreOf(t, written{}.tiff())
	for name, w := range map[string]written{
		"XMP":              {packet: bridgePacket},
		"other XMP":        {packet: lightroomPacket},
		"IPTC":             {iptc: "a caption"},
		"rewritten":        {packet: bridgePacket, last: true},
		"with old XMP":     {packet: bridgePacket, last: true, garbage: []byte(bridgePacket)},
		"short IPTC":       {iptc: "abc"},
		"zeros for growth": {garbage: make([]byte, 90_000)},
	} {
		if got := coreOf(t, w.tiff()); got != want || got == "" {
			t.Errorf("core with %s = %q, want %q as without", name, got, want)
		}
	}
}

func TestCoreTIFFTellsPicturesApart(t *testing.T) {
	seen := map[string]string{}
	for name, w := range map[string]written{
		"plain": {}, "last pixel": {pixel: 1}, "Exif": {exif: "x"}, "other Exif": {exif: "y"}, "comment": {comment: "!"}, "preview": {thumb: 1},
	} {
		got := coreOf(t, w.tiff())
		if other, twice := seen[got]; twice || got == "" {
			t.Errorf("core of %s = %q, as that of %s", name, got, other)
		}
		seen[got] = name
	}
}

// XMP below the first IFD belongs to a preview or another page.
func TestCoreTIFFOnlyTheFirstIFD(t *testing.T) {
	two := func(packet string) []byte {
		b := newTIFF(le, false)
		b.add(data(600))
		first, next := b.ifd(strip()...)
		second, _ := b.ifd(value{tag: tagXMP, raw: []byte(packet)})
		b.link(0, first)
		b.link(next, second)
		return b.b
	}
	if a, b := coreOf(t, two("one packet")), coreOf(t, two("two packet")); a == b || a == "" {
		t.Errorf("cores of two packets in the second IFD = %q and %q, want two", a, b)
	}
}

// Any byte that an IFD leads to counts, but for places: 0x40 off, one of them
// leads elsewhere.
func TestCoreTIFFSeesEveryByte(t *testing.T) {
	file := written{packet: bridgePacket, iptc: "a caption"}.tiff()
	want := coreOf(t, file)
	packet, iptc := bytes.Index(file, []byte("<?xpacket")), bytes.Index(file, []byte("a caption"))
	for i := range file {
		described := i >= packet && i < packet+len(bridgePacket) || i >= iptc && i < iptc+9
		changed := bytes.Clone(file)
		changed[i] ^= 0x40
		got := coreOf(t, changed)
		if described && got != want {
			t.Errorf("byte %d of a description changed: another core", i)
		}
		if !described && got == want && !free(file, i) {
			t.Errorf("byte %d changed: the same core", i)
		}
	}
}

// free reports whether byte i of file belongs to the entries of XMP and IPTC
// themselves, or to the pointer behind the IFDs of Exif and of the preview, which
// are no pages and lead nowhere.
func free(file []byte, i int) bool {
	for _, entry := range [][]byte{{0x88, 0x27, 0, 4}, {0x02, 0x02, 0, 4}} { // their last ones
		if at := bytes.Index(file, entry); i >= at+12 && i < at+16 {
			return true
		}
	}
	for _, head := range [][]byte{{0x02, 0xbc, 0, 7}, {0x83, 0xbb, 0, 7}} {
		at := bytes.Index(file, head)
		if i >= at+2 && i < at+12 {
			return true
		}
	}
	return false
}

func TestCoreTIFFCannotTell(t *testing.T) {
	loop := newTIFF(le, false)
	loop.add(data(600))
	a, next := loop.ifd(strip()...)
	loop.link(0, a)
	loop.link(next, a)
	for name, file := range map[string][]byte{
		"loop":               loop.b,
		"tag twice":          tiffOf(strip(num(tagXMP, 1), num(tagXMP, 2))...),
		"no picture":         tiffOf(num(256, 9)),
		"strip past the end": tiffOf(num(tagStripOffsets, 8), num(tagStripCounts, 1<<30)),
		"length missing":     tiffOf(num(tagStripOffsets, 8)),
		"length 0":           tiffOf(num(tagStripOffsets, 8), num(tagStripCounts, 0)),
		"fewer lengths":      tiffOf(num(tagStripOffsets, 8, 9), num(tagStripCounts, 1)),
		"value past the end": patched(tiffOf(strip(value{tag: 270, raw: data(50)})...), 608+50+2+24+10, 0xff),
		"withdrawn JPEG":     tiffOf(strip(num(tagQTables, 8))...),
		"picture not led to": tiffOf(num(tagStripOffsets, 8), num(tagStripCounts, 100)),
		"too many below":     tiffOf(strip(num(tagSubIFDs, make([]uint64, mostIFDs+1)...))...),
		"strips over strips": manyStrips(),
		"unknown type":       patched(tiffOf(strip(num(256, 1))...), 608+2+24+2, 99),
	} {
		if got := coreOf(t, file); got != "" {
			t.Errorf("core of %s = %q, want none", name, got)
		}
	}
}

// manyStrips all lie in the same place: reading them would take hours.
func manyStrips() []byte {
	offs, counts := make([]uint64, 3000), make([]uint64, 3000)
	b := newTIFF(le, false)
	at := b.add(data(200_000))
	for i := range offs {
		offs[i], counts[i] = at, 200_000
	}
	off, _ := b.ifd(num(tagStripOffsets, offs...), num(tagStripCounts, counts...))
	b.link(0, off)
	return b.b
}

func TestCoreOfEachTIFF(t *testing.T) {
	raw, _ := rawFile(jpegFile(t, 16), 5000)
	for name, file := range map[string][]byte{
		"Intel": tiffIFDLast(le, false), "Motorola": tiffIFDLast(be, false), "BigTIFF": tiffIFDLast(be, true), "RAW": raw,
		"tiles": tiffOf(num(tagTileOffsets, 8, 108, 208), num(tagTileCounts, 100, 100, 400)),
	} {
		if got := coreOf(t, file); len(got) != 32 {
			t.Errorf("core of %s = %q, want one", name, got)
		}
	}
}
