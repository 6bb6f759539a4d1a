package picture

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"testing"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// noise is a picture that hardly compresses, the same for the same seed.
func noise(w, h int, seed uint64) image.Image {
	r := rand.New(rand.NewPCG(seed, 1))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), 255})
		}
	}
	return m
}

// data are n bytes without a zero among them.
func data(n int) []byte {
	r := rand.New(rand.NewPCG(7, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(1 + r.IntN(255))
	}
	return b
}

func encoded(t testing.TB, encode func(w io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodedJPEG(t testing.TB, w, h int) []byte {
	return encoded(t, func(o io.Writer) error { return jpeg.Encode(o, noise(w, h, 1), nil) })
}

func jpegFile(t testing.TB, side int) []byte {
	return encodedJPEG(t, side, side)
}

// segment is a JPEG segment with its marker and length.
func segment(marker byte, content string) []byte {
	return append([]byte{0xff, marker, byte((len(content) + 2) >> 8), byte(len(content) + 2)}, content...)
}

// withThumbnail puts a whole small JPEG into the Exif segment of picture.
func withThumbnail(t testing.TB, picture []byte) []byte {
	app1 := segment(0xe1, "Exif\x00\x00"+string(jpegFile(t, 16)))
	return bytes.Join([][]byte{picture[:2], app1, picture[2:]}, nil)
}

func pngFile(t testing.TB) []byte {
	return encoded(t, func(w io.Writer) error { return png.Encode(w, noise(80, 80, 2)) })
}

func gifFile(t testing.TB) []byte {
	return encoded(t, func(w io.Writer) error { return gif.Encode(w, noise(60, 60, 3), nil) })
}

func zipFile(t testing.TB, contents ...[]byte) []byte {
	return encoded(t, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for i, c := range contents {
			f, err := z.CreateHeader(&zip.FileHeader{Name: string(rune('a' + i)), Method: zip.Store})
			if err != nil {
				return err
			}
			if _, err := f.Write(c); err != nil {
				return err
			}
		}
		return z.Close()
	})
}

// A value is a tag of a TIFF under construction: numbers of a LONG (or in a
// BigTIFF a LONG8), or letters if raw is set.
// The zero value is an entry of zeros.
type value struct {
	tag  uint16
	nums []uint64
	raw  []byte
}

// A tiffBuilder writes parts one after another and remembers where they are.
type tiffBuilder struct {
	order binary.ByteOrder
	big   bool
	b     []byte
}

func newTIFF(order binary.ByteOrder, big bool) *tiffBuilder {
	t := &tiffBuilder{order: order, big: big, b: []byte("II")}
	if order == be {
		t.b = []byte("MM")
	}
	if big {
		t.put(bigTIFF, 2)
		t.put(8, 2)
		t.put(0, 2)
	} else {
		t.put(classic, 2)
	}
	t.word(0) // the first IFD; patched by link
	return t
}

func (t *tiffBuilder) put(v uint64, width int) {
	b := make([]byte, width)
	t.set(b, v)
	t.b = append(t.b, b...)
}

func (t *tiffBuilder) set(b []byte, v uint64) {
	switch len(b) {
	case 2:
		t.order.PutUint16(b, uint16(v))
	case 4:
		t.order.PutUint32(b, uint32(v))
	case 8:
		t.order.PutUint64(b, v)
	}
}

func (t *tiffBuilder) size() int {
	if t.big {
		return 8
	}
	return 4
}

func (t *tiffBuilder) word(v uint64) { t.put(v, t.size()) }

// link makes the pointer at pos lead to the IFD at off; pos 0 is the header's.
func (t *tiffBuilder) link(pos int, off uint64) {
	if pos == 0 {
		pos = t.size()
	}
	t.set(t.b[pos:pos+t.size()], off)
}

func (t *tiffBuilder) add(part []byte) uint64 {
	t.b = append(t.b, part...)
	return uint64(len(t.b) - len(part))
}

// ifd writes an IFD, with its long values before it, and returns where it is
// and where its pointer to the next one is.
func (t *tiffBuilder) ifd(vs ...value) (off uint64, next int) {
	where := make([]uint64, len(vs))
	for i, v := range vs {
		if len(v.nums) > 1 {
			where[i] = uint64(len(t.b))
			for _, n := range v.nums {
				t.word(n)
			}
		} else if len(v.raw) > t.size() {
			where[i] = t.add(v.raw)
		}
	}
	off = uint64(len(t.b))
	long, head := uint64(4), 2
	if t.big {
		long, head = 16, 8
	}
	t.put(uint64(len(vs)), head)
	for i, v := range vs {
		t.put(uint64(v.tag), 2)
		kind, count := long, len(v.nums)
		switch {
		case v.raw != nil:
			kind, count = 7, len(v.raw)
		case v.nums == nil: // as if not written yet
			kind = 0
		}
		t.put(kind, 2)
		t.word(uint64(count))
		if len(v.nums) == 1 {
			where[i] = v.nums[0]
		}
		t.word(where[i])
	}
	next = len(t.b)
	t.word(0)
	return off, next
}

func num(tag uint16, ns ...uint64) value { return value{tag: tag, nums: ns} }

// tiffIFDLast is a TIFF as most programs write it: strips, then the IFD.
func tiffIFDLast(order binary.ByteOrder, big bool) []byte {
	t := newTIFF(order, big)
	a, b := t.add(data(700)), t.add(data(500))
	off, _ := t.ifd(num(256, 20), num(257, 20), num(tagStripOffsets, a, b), num(tagStripCounts, 700, 500))
	t.link(0, off)
	return t.b
}

// rawFile is a RAW as cameras write it: the IFDs and previews first, the sensor
// data last. It returns where the sensor's IFD begins.
func rawFile(preview []byte, sensor int) (file []byte, sub int) {
	head, sub := rawHead(preview, sensor)
	return append(head, data(sensor)...), sub
}

func rawHead(preview []byte, sensor int) (head []byte, sub int) {
	t := newTIFF(le, false)
	small := t.add(preview)
	exif, _ := t.ifd(num(0x9000, 1), value{tag: 0x927c, raw: data(300)})
	const entries = 2 + 2*12 + 4
	rawAt := uint64(len(t.b)) + entries
	subAt := uint64(len(t.b))
	pageAt := rawAt // the page's IFD stands between the sensor's and its data
	rawAt += 2 + 4*12 + 4
	t.ifd(num(tagStripOffsets, rawAt), num(tagStripCounts, uint64(sensor)))
	t.ifd(num(tagJPEGOffset, small), num(tagJPEGLength, uint64(len(preview))), num(tagSubIFDs, subAt), num(tagExif, exif))
	t.link(0, pageAt)
	return t.b, int(subAt)
}

// psdFile has one channel of 40 rows; a PSB if wide.
func psdFile(wide, packed bool) []byte {
	b := []byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x28\x00\x00\x00\x14\x00\x08\x00\x01")
	layers, row := []byte{0, 0, 0, 50}, []byte{0, 21}
	if wide {
		b[5], layers, row = 2, append(make([]byte, 4), layers...), []byte{0, 0, 0, 21}
	}
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 30)
	b = append(append(append(b, data(30)...), layers...), data(50)...)
	if !packed {
		return append(append(b, 0, 0), data(40*20)...)
	}
	return append(append(append(b, 0, 1), bytes.Repeat(row, 40)...), data(40*21)...)
}

func box(name string, content ...[]byte) []byte {
	all := bytes.Join(content, nil)
	return append(append(be.AppendUint32(nil, uint32(len(all)+8)), name...), all...)
}

// longBox gives its length in 64 bits.
func longBox(name string, content []byte) []byte {
	b := append(be.AppendUint32(nil, 1), name...)
	return append(be.AppendUint64(b, uint64(len(content)+16)), content...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func rafFile(t testing.TB) []byte {
	preview := withThumbnail(t, jpegFile(t, 24))
	b := append([]byte(rafMagic), data(68)...)
	const head = 108
	end := head + len(preview)
	for _, v := range []int{head, len(preview), end, 100, end + 100, 3000} {
		b = be.AppendUint32(b, uint32(v))
	}
	return join(b, preview, data(3100))
}

func riff(form string, content []byte) []byte {
	return join([]byte("RIFF"), le.AppendUint32(nil, uint32(4+len(content))), []byte(form), content)
}

// iiqFile is a Phase One back's: a TIFF whose sensor data only the directory of
// its own knows.
func iiqFile() []byte {
	t := newTIFF(le, false)
	t.add([]byte("IIIITwaR"))
	t.put(12, 4) // the directory, from the header at 8 on
	t.put(2, 4)
	t.put(0, 4)
	dir := len(t.b)
	t.b = append(t.b, make([]byte, 32)...)
	thumb := t.add(data(64))
	off, _ := t.ifd(num(tagStripOffsets, thumb), num(tagStripCounts, 64))
	t.link(0, off)
	for i, v := range []uint32{0x10f, 1, 2000, uint32(len(t.b) - 8), 0x106, 1, 4, 99} {
		le.PutUint32(t.b[dir+4*i:], v)
	}
	t.add(data(2000))
	return t.b
}
