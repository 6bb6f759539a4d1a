package picture

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf16"
)

// profileV2 and profileV4 are ICC profiles that hold nothing but a description.
func profileV2(name string) []byte {
	text := append([]byte(name), 0)
	return profileOf(join([]byte("desc\x00\x00\x00\x00"), be.AppendUint32(nil, uint32(len(text))), text, make([]byte, 78)))
}

func profileV4(name string) []byte {
	var text []byte
	for _, u := range utf16.Encode([]rune(name)) {
		text = be.AppendUint16(text, u)
	}
	b := []byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS")
	return profileOf(join(be.AppendUint32(be.AppendUint32(b, uint32(len(text))), 28), text))
}

func profileOf(desc []byte) []byte {
	b := join(make([]byte, 128), be.AppendUint32(nil, 2))
	for _, e := range []struct {
		tag       string
		off, size int
	}{{"cprt", 156, 0}, {"desc", 156, len(desc)}} {
		b = append(b, e.tag...)
		b = be.AppendUint32(be.AppendUint32(b, uint32(e.off)), uint32(e.size))
	}
	return append(b, desc...)
}

// exifBlock is a small TIFF with an orientation.
func exifBlock(orientation uint64) string {
	b := newTIFF(be, false)
	off, _ := b.ifd(value{tag: 271, raw: []byte("some camera")}, num(tagOrientation, orientation))
	b.link(0, off)
	return string(b.b)
}

func iccParts(profile []byte, n int) (segments []byte) {
	size := (len(profile) + n - 1) / n
	for i := range n {
		part := profile[i*size : min((i+1)*size, len(profile))]
		segments = append(segments, segment(app2, "ICC_PROFILE\x00"+string([]byte{byte(i + 1), byte(n)})+string(part))...)
	}
	return segments
}

// page are the entries of a TIFF of 20 by 10 pixels.
func page20x10(extra ...value) []value {
	return append([]value{num(tagWidth, 20), num(tagHeight, 10)}, strip(extra...)...)
}

func TestMeasure(t *testing.T) {
	jpg := jpegFile(t, 24) // and the others are 20 wide and 40 high
	exif := func(orientation uint64) []byte { return segment(app1, "Exif\x00\x00"+exifBlock(orientation)) }
	tall := encodedJPEG(t, 16, 40)
	profile := profileV2("Adobe RGB (1998)")
	png := withChunk(pngFile(t), "iCCP", "any name\x00\x00"+deflated(string(profileV4("Größe P3"))))
	rawSize := newTIFF(le, false)
	notes, _ := rawSize.ifd(num(tagExifWidth, 6000), num(tagExifHeight, 4000))
	ifd, _ := rawSize.ifd(num(tagWidth, 160), num(tagOrientation, 8), num(tagExif, notes))
	rawSize.link(0, ifd)
	for _, tt := range []struct {
		name string
		file []byte
		want Facts
	}{
		{"a.jpg", jpg, Facts{"jpeg", 24, 24, 8, ""}},
		{"tall.jpg", tall, Facts{"jpeg", 16, 40, 8, ""}},
		{"upright.jpg", withSegments(tall, exif(1)), Facts{"jpeg", 16, 40, 8, ""}},
		{"upside down.jpg", withSegments(tall, exif(3)), Facts{"jpeg", 16, 40, 8, ""}},
		{"turned.jpg", withSegments(tall, exif(6)), Facts{"jpeg", 40, 16, 8, ""}},
		{"strange Exif.jpg", withSegments(tall, segment(app1, "Exif\x00\x00MM")), Facts{"jpeg", 16, 40, 8, ""}},
		{"profile.jpg", withSegments(jpg, iccParts(profile, 1)), Facts{"jpeg", 24, 24, 8, "Adobe RGB (1998)"}},
		{"profile in parts.jpg", withSegments(jpg, iccParts(profileV4("eciRGB v2"), 3)), Facts{"jpeg", 24, 24, 8, "eciRGB v2"}},
		{"a.png", png, Facts{"png", 80, 80, 8, "Größe P3"}},
		{"turned.png", withChunk(withIHDR(pngFile(t), 80, 40), "eXIf", exifBlock(5)), Facts{"png", 40, 80, 8, ""}},
		{"a.tif", tiffOf(page20x10(num(tagBits, 16, 16, 16), value{tag: tagICC, raw: profile})...), Facts{"tiff", 20, 10, 16, "Adobe RGB (1998)"}},
		{"turned.tif", tiffOf(page20x10(num(tagBits, 8), num(tagOrientation, 7))...), Facts{"tiff", 10, 20, 8, ""}},
		{"bits.tif", tiffOf(page20x10()...), Facts{"tiff", 20, 10, 1, ""}},
		{"a.nef", tiffOf(page20x10()...), Facts{"raw", 0, 0, 0, ""}},
		{"DNG.tif", tiffOf(page20x10(num(tagDNGVersion, 1))...), Facts{"raw", 0, 0, 0, ""}},
		{"a.arw", rawSize.b, Facts{"raw", 4000, 6000, 0, ""}},
		{"iiq.tif", iiqFile(), Facts{"raw", 0, 0, 0, ""}},
		{"a.psd", psdWith(block8BIM(blockICC, "", string(profile))), Facts{"psd", 20, 40, 8, "Adobe RGB (1998)"}},
		{"a.psb", join([]byte("8BPS\x00\x02"), psdWith()[6:]), Facts{"psd", 20, 40, 8, ""}},
		{"a.gif", gifFile(t), Facts{"gif", 60, 60, 8, ""}},
		{"a.raf", rafFile(t), Facts{"raw", 0, 0, 0, ""}},
		{"a.cr3", cr3File(""), Facts{"raw", 0, 0, 0, ""}},
		{"a.heic", join(box("ftyp", []byte("heic")), box("meta")), Facts{"heif", 0, 0, 0, ""}},
		{"a.mov", join(box("ftyp", []byte("qt  ")), box("moov")), Facts{"mov", 0, 0, 0, ""}},
		{"a.mp4", join(box("ftyp", []byte("isom")), box("moov")), Facts{"mp4", 0, 0, 0, ""}},
		{"a.webp", riff("WEBP", data(90)), Facts{"webp", 0, 0, 0, ""}},
		{"a.zip", zipFile(t), Facts{}},
		{"a.txt", []byte("a note"), Facts{}},
		{"empty.jpg", nil, Facts{}},
	} {
		if got, err := Measure(put(t, tt.name, tt.file)); got != tt.want || err != nil {
			t.Errorf("%s = %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

func withIHDR(png []byte, w, h uint32) []byte {
	png = bytes.Clone(png)
	be.PutUint32(png[16:], w)
	be.PutUint32(png[20:], h)
	return png
}

func TestMeasureFails(t *testing.T) {
	jpg := jpegFile(t, 24)
	cut := profileV2("Adobe RGB (1998)")[:170]
	for _, tt := range []struct {
		name, want string
		file       []byte
		found      Facts
	}{
		{"cut.jpg", endsEarly, jpg[:40], Facts{Format: "jpeg"}},
		{"profile cut.jpg", badProfile, withSegments(jpg, iccParts(cut, 1)), Facts{"jpeg", 24, 24, 8, ""}},
		{"parts in disorder.jpg", badProfile, withSegments(jpg, iccParts(cut, 2)[:0], segment(app2, "ICC_PROFILE\x00\x02\x01x")), Facts{Format: "jpeg"}},
		{"short.jpg", badProfile, withSegments(jpg, segment(app2, "ICC_PROFILE\x00")), Facts{Format: "jpeg"}},
		{"bomb.png", "longer than 4 MiB", withChunk(pngFile(t), "iCCP", "a\x00\x00"+deflated(strings.Repeat("a", maxProfile+1))), Facts{"png", 80, 80, 8, ""}},
		{"not packed.png", badProfile[:20], withChunk(pngFile(t), "iCCP", "a\x00\x00zzzz"), Facts{"png", 80, 80, 8, ""}},
		{"cut.tif", endsEarly, tiffOf(page20x10()...)[:615], Facts{Format: "tiff"}},
		{"no description.tif", badProfile, tiffOf(page20x10(value{tag: tagICC, raw: make([]byte, 200)})...), Facts{"tiff", 20, 10, 1, ""}},
		{"cut.psd", endsEarly, psdFile(false, false)[:40], Facts{"psd", 20, 40, 8, ""}},
	} {
		got, err := Measure(put(t, tt.name, tt.file))
		if err == nil || !strings.Contains(err.Error(), tt.want) || got != tt.found {
			t.Errorf("%s = %+v, %v; want %+v and %q", tt.name, got, err, tt.found, tt.want)
		}
	}
}

func FuzzMeasure(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.file, false)
	}
	f.Add(withSegments(jpegFile(f, 16), iccParts(profileV4("a"), 2), segment(app1, "Exif\x00\x00"+exifBlock(6))), false)
	f.Add(tiffOf(page20x10(value{tag: tagICC, raw: profileV2("a")})...), true)
	f.Add(withChunk(pngFile(f), "iCCP", "a\x00\x00"+deflated(string(profileV2("a")))), false)
	f.Fuzz(func(t *testing.T, file []byte, raw bool) {
		c := &counting{r: bytes.NewReader(file)}
		got, _ := measure(&picFile{r: c, size: int64(len(file)), left: maxRead}, raw)
		if got.Width < 0 || got.Height < 0 || got.Format == "" && got != (Facts{}) || len(got.Profile) > maxProfile {
			t.Errorf("measure = %+v", got)
		}
		if most := int64(len(file))*3 + maxRead; c.size > most {
			t.Errorf("read %d of %d bytes, want at most %d", c.size, len(file), most)
		}
	})
}

func FuzzReadTags(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.file)
	}
	f.Add(withSegments(jpegFile(f, 16), xmpSegment(bridgePacket)))
	f.Add(tiffOf(strip(value{tag: tagXMP, raw: []byte(windowsPacket)})...))
	f.Add(psdWith(block8BIM(1005, "name", "12345"), block8BIM(blockXMP, "", bridgePacket)))
	f.Add(withChunk(pngFile(f), "iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+deflated(bridgePacket)))
	f.Add(cr3File(bridgePacket))
	f.Fuzz(func(t *testing.T, file []byte) {
		c := &counting{r: bytes.NewReader(file)}
		got, err := readTags(&picFile{r: c, size: int64(len(file)), left: maxRead}, false)
		if got.Rating < -1 || got.Rating > 5 || err != nil && got.Given {
			t.Errorf("readTags = %+v, %v", got, err)
		}
		if most := int64(len(file))*3 + maxRead; c.size > most {
			t.Errorf("read %d of %d bytes, want at most %d", c.size, len(file), most)
		}
	})
}
