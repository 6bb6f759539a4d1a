package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
)

// coreOf is Core of a file in memory.
func coreOf(t testing.TB, content []byte) string {
	t.Helper()
	sum, err := core(opened(content))
	if err != nil {
		t.Fatalf("core of %d bytes: %v", len(content), err)
	}
	return sum
}

func irb(blocks ...[]byte) []byte { return segment(app13, photoshopHead+string(join(blocks...))) }

func TestCoreJPEGKeepsDescriptionsOut(t *testing.T) {
	exif := segment(app1, "Exif\x00\x00"+string(data(90)))
	plain := withSegments(jpegFile(t, 40), exif)
	want := coreOf(t, plain)
	for name, file := range map[string][]byte{
		"XMP":             withSegments(plain, xmpSegment(bridgePacket)),
		"XMP behind Exif": join(plain[:2+len(exif)], xmpSegment(lightroomPacket), plain[2+len(exif):]),
		"extended XMP":    withSegments(plain, xmpSegment(bridgePacket), segment(app1, xmpMoreMagic+"GUID"), segment(app1, xmpMoreMagic+"more")),
		"IPTC":            withSegments(plain, irb(block8BIM(1028, "", "a caption"))),
		"all":             withSegments(plain, irb(block8BIM(1061, "", "0123456789abcdef")), xmpSegment(photoMechanicPacket)),
	} {
		if got := coreOf(t, file); got != want || len(got) != 32 {
			t.Errorf("core with %s = %q, want %q as without", name, got, want)
		}
	}
}

func TestCoreJPEGTellsPicturesApart(t *testing.T) {
	plain := jpegFile(t, 40)
	clip := func(content string) []byte {
		return irb(block8BIM(1028, "", "a caption"), block8BIM(2000, "Path 1", content))
	}
	seen := map[string]string{}
	for name, file := range map[string][]byte{
		"plain":              plain,
		"Exif":               withSegments(plain, segment(app1, "Exif\x00\x00one")),
		"other Exif":         withSegments(plain, segment(app1, "Exif\x00\x00two")),
		"comment":            withSegments(plain, segment(0xfe, "one")),
		"profile":            withSegments(plain, segment(app2, "ICC_PROFILE\x00\x01\x01")),
		"path":               withSegments(plain, clip("one")),
		"other path":         withSegments(plain, clip("two")),
		"unknown blocks":     withSegments(plain, segment(app13, photoshopHead+"one")),
		"other blocks":       withSegments(plain, segment(app13, photoshopHead+"two")),
		"APP13 of others":    withSegments(plain, segment(app13, "Adobe_CM\x00")),
		"short APP1":         withSegments(plain, segment(app1, xmpMagic[:20])),
		"something behind":   join(plain, []byte("x")),
		"last pixel":         join(plain[:len(plain)-3], []byte{plain[len(plain)-3] ^ 1}, plain[len(plain)-2:]),
		"XMP behind the end": join(plain, xmpSegment(bridgePacket)),
	} {
		got := coreOf(t, file)
		if other, twice := seen[got]; twice || got == "" {
			t.Errorf("core of %s = %q, as that of %s", name, got, other)
		}
		seen[got] = name
	}
}

// Any single byte outside the XMP counts.
func TestCoreJPEGSeesEveryByte(t *testing.T) {
	file := withSegments(jpegFile(t, 24), xmpSegment(bridgePacket), segment(app1, "Exif\x00\x00some"))
	want, packet := coreOf(t, file), bytes.Index(file, []byte("<?xpacket"))
	for i := range file {
		changed := bytes.Clone(file)
		changed[i] ^= 0x20
		inside := i >= packet && i < packet+len(bridgePacket)
		if got := coreOf(t, changed); (got == want) != inside {
			t.Errorf("byte %d changed: same core %v, want %v", i, got == want, inside)
		}
	}
}

func TestCoreCannotTell(t *testing.T) {
	jpg := jpegFile(t, 24)
	for name, file := range map[string][]byte{
		"empty": nil, "note": []byte("a note"), "PNG": pngFile(t), "PSD": psdFile(false, false), "cut before the scan": jpg[:100],
		"reserved": join(jpg[:100], make([]byte, 900)), "ORF": patched(tiffIFDLast(le, false), 2, olympusO), "IIQ": iiqFile(),
	} {
		if got := coreOf(t, file); got != "" {
			t.Errorf("core of %s = %q, want none", name, got)
		}
	}
}

func patched(b []byte, at int, with uint16) []byte {
	b = bytes.Clone(b)
	le.PutUint16(b[at:], with)
	return b
}

func TestCore(t *testing.T) {
	jpg := withSegments(jpegFile(t, 24), xmpSegment(bridgePacket))
	if got, err := Core(bytes.NewReader(jpg), int64(len(jpg))); got != coreOf(t, jpg) || got == "" || err != nil {
		t.Errorf("Core = %q, %v; want %q", got, err, coreOf(t, jpg))
	}
	if got, err := Core(bytes.NewReader(jpg), int64(len(jpg)+1)); got == coreOf(t, jpg) || err != nil { // it became shorter
		t.Errorf("Core of a file that is shorter than it was = %q, %v", got, err)
	}
	closed, err := os.Open(put(t, "a.jpg", jpg))
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if got, err := Core(closed, int64(len(jpg))); got != "" || !errors.Is(err, os.ErrClosed) {
		t.Errorf("Core of what cannot be read = %q, %v; want the reader's error", got, err)
	}
}

func TestCoreReadsOnce(t *testing.T) {
	jpg, tif := jpegFile(t, 700), bigTIFFile(8<<20)
	for name, file := range map[string][]byte{"JPEG": jpg, "TIFF": tif} {
		c := &counting{r: bytes.NewReader(file)}
		if sum, err := core(&picFile{r: c, size: int64(len(file)), left: maxRead}); sum == "" || err != nil {
			t.Errorf("core of a %s = %q, %v", name, sum, err)
		}
		if most := int64(len(file)) + 64<<10; c.size > most {
			t.Errorf("%s of %d bytes: read %d, want at most %d", name, len(file), c.size, most)
		}
	}
}

// picFile is file, where a variable hides that name.
type picFile = file

// bigTIFFile is a TIFF with strips of 64 KiB in which nothing repeats.
func bigTIFFile(size int) []byte {
	b := newTIFF(binary.LittleEndian, false)
	r := rand.NewChaCha8([32]byte{1})
	var offs, counts []uint64
	for left := size; left > 0; left -= 64 << 10 {
		part := make([]byte, min(left, 64<<10))
		r.Read(part)
		offs, counts = append(offs, b.add(part)), append(counts, uint64(len(part)))
	}
	off, _ := b.ifd(num(tagStripOffsets, offs...), num(tagStripCounts, counts...), value{tag: tagXMP, raw: []byte(bridgePacket)})
	b.link(0, off)
	return b.b
}

func BenchmarkCore(b *testing.B) {
	for name, file := range map[string][]byte{"JPEG 300 KB": withSegments(jpegFile(b, 720), xmpSegment(bridgePacket)), "TIFF 50 MB": bigTIFFile(50 << 20)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if sum, err := Core(bytes.NewReader(file), int64(len(file))); sum == "" || err != nil {
					b.Fatal(sum, err)
				}
			}
		})
	}
}

func FuzzCore(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.file)
	}
	f.Add(withSegments(jpegFile(f, 16), xmpSegment(bridgePacket), irb(block8BIM(2000, "a", "path"))))
	f.Add(tiffOf(strip(value{tag: tagXMP, raw: []byte(bridgePacket)})...))
	f.Fuzz(func(t *testing.T, file []byte) {
		c := &counting{r: bytes.NewReader(file)}
		sum, err := core(&picFile{r: c, size: int64(len(file)), left: maxRead})
		if err != nil || sum != "" && len(sum) != 32 {
			t.Errorf("core = %q, %v", sum, err)
		}
		if most := int64(len(file))*3 + maxRead; c.size > most {
			t.Errorf("read %d of %d bytes, want at most %d", c.size, len(file), most)
		}
	})
}
