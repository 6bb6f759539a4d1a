package picture

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// lossless turns a JPEG's frame header into one that browsers do not show.
func lossless(b []byte) []byte {
	return bytes.Replace(b, []byte{0xff, 0xc0}, []byte{0xff, 0xc3}, 1)
}

// cr2 has the full picture as a strip, a thumbnail, and sensor data that are a
// lossless JPEG.
func cr2(t *testing.T) []byte {
	b := newTIFF(le, false)
	b.add([]byte("CR\x02\x00\x00\x00\x00\x00"))
	full, thumb, sensor := jpegFile(t, 48), jpegFile(t, 16), lossless(jpegFile(t, 56))
	at := []uint64{b.add(full), b.add(thumb), b.add(sensor)}
	one, next := b.ifd(num(tagCompression, 6), num(tagStripOffsets, at[0]), num(tagOrientation, 6), num(tagStripCounts, uint64(len(full))))
	b.link(0, one)
	two, after := b.ifd(num(tagJPEGOffset, at[1]), num(tagJPEGLength, uint64(len(thumb))))
	b.link(next, two)
	three, _ := b.ifd(num(tagCompression, 6), num(tagStripOffsets, at[2]), num(tagStripCounts, uint64(len(sensor))))
	b.link(after, three)
	return b.b
}

// nef has a thumbnail of plain pixels, and below it previews and the sensor.
func nef(t *testing.T) []byte {
	b := newTIFF(be, false)
	full, medium, pixels := jpegFile(t, 64), jpegFile(t, 40), data(300)
	at := []uint64{b.add(full), b.add(medium), b.add(pixels)}
	one, _ := b.ifd(num(tagCompression, 6), num(tagJPEGOffset, at[0]), num(tagJPEGLength, uint64(len(full))))
	sensor, _ := b.ifd(num(tagPhotometric, photometricCFA), num(tagStripOffsets, at[2]), num(tagStripCounts, 300))
	two, _ := b.ifd(num(tagCompression, 7), num(tagStripOffsets, at[1]), num(tagStripCounts, uint64(len(medium))))
	first, _ := b.ifd(num(tagWidth, 10), num(tagHeight, 10), num(tagPhotometric, 2), num(tagStripOffsets, at[2]),
		num(tagSamples, 3), num(tagStripCounts, 300), num(tagSubIFDs, one, sensor, two))
	b.link(0, first)
	return b.b
}

// orf keeps its preview in Olympus' notes.
func orf(t *testing.T, head string) []byte {
	b := newTIFF(le, false)
	copy(b.b, "IIRO")
	preview := jpegFile(t, 32)
	notes := []byte(head)
	notes = le.AppendUint16(notes, 1) // one entry: the settings, an IFD
	settings := uint32(len(head) + 2 + 12 + 4)
	notes = append(notes, 0x20, 0x20, 13, 0, 1, 0, 0, 0)
	notes = le.AppendUint32(le.AppendUint32(notes, settings), 0)
	notes = append(notes, 2, 0, 1, 1, 4, 0, 1, 0, 0, 0)
	notes = le.AppendUint32(notes, settings+2+24+4)
	notes = append(notes, 2, 1, 4, 0, 1, 0, 0, 0)
	notes = le.AppendUint32(notes, uint32(len(preview)))
	notes = append(append(notes, 0, 0, 0, 0), preview...)
	exif, _ := b.ifd(value{tag: tagMakerNote, raw: notes})
	first, _ := b.ifd(num(tagOrientation, 8), num(tagExif, exif))
	b.link(0, first)
	return b.b
}

func rw2(t *testing.T) []byte {
	b := newTIFF(le, false)
	b.b[2] = panasonic
	first, _ := b.ifd(value{tag: tagPanasonicJPEG, raw: jpegFile(t, 24)})
	b.link(0, first)
	return b.b
}

func cr3(t *testing.T) []byte {
	thumb, medium, full := jpegFile(t, 16), jpegFile(t, 32), jpegFile(t, 48)
	cmt := newTIFF(le, false)
	first, _ := cmt.ifd(num(tagOrientation, 3))
	cmt.link(0, first)
	sized := func(head int, b []byte) []byte { return be.AppendUint32(make([]byte, head), uint32(len(b))) }
	file := func(at int) []byte {
		stbl := box("stbl", box("stsz", sized(4, full), []byte{0, 0, 0, 1}), box("co64", []byte{0, 0, 0, 0, 0, 0, 0, 1}, be.AppendUint64(nil, uint64(at))))
		notes := box("uuid", []byte(canonNotes), box("CMT1", cmt.b), box("THMB", sized(8, thumb), make([]byte, 4), thumb))
		moov := box("moov", notes, box("trak", box("mdia", box("minf", stbl))))
		preview := box("uuid", []byte(canonPreview), make([]byte, 8), box("PRVW", sized(12, medium), medium))
		return join(box("ftyp", []byte("crx \x00\x00\x00\x01")), moov, preview, longBox("mdat", full))
	}
	return file(len(file(0)) - len(full))
}

func psdWithThumb(t *testing.T, merged byte) []byte {
	block := func(id uint16, content []byte) []byte {
		b := append(be.AppendUint16([]byte("8BIM"), id), 0, 0)
		b = append(be.AppendUint32(b, uint32(len(content))), content...)
		return append(b, make([]byte, len(content)&1)...)
	}
	resources := join(block(blockVersion, []byte{0, 0, 0, 1, merged}), block(blockThumb, join(make([]byte, 28), jpegFile(t, 16))))
	b := []byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x28\x00\x00\x00\x14\x00\x08\x00\x01\x00\x00\x00\x00")
	return join(b, be.AppendUint32(nil, uint32(len(resources))), resources, []byte{0, 0, 0, 0, 0, 0}, data(40*20))
}

func TestDissectFindsPreviews(t *testing.T) {
	for _, test := range []struct {
		name, format string
		file         []byte
		widths       []int
		orientation  int
	}{
		{"jpeg", "jpeg", jpegFile(t, 40), []int{40}, 0},
		{"cr2", "raw", cr2(t), []int{48, 16}, 6},
		{"nef", "raw", nef(t), []int{64, 40}, 0},
		{"orf", "raw", orf(t, "OLYMPUS\x00II\x03\x00"), []int{32}, 8},
		{"orf of OM", "raw", orf(t, "OM SYSTEM\x00\x00\x00II\x04\x00"), []int{32}, 8},
		{"rw2", "raw", rw2(t), []int{24}, 0},
		{"cr3", "raw", cr3(t), []int{16, 48, 32}, 3},
		{"raf", "raw", rafFile(t), []int{24}, 0},
		{"psd", "psd", psdWithThumb(t, 1), []int{16}, 0},
		{"a RAW like a TIFF", "tiff", func() []byte { b, _ := rawFile(jpegFile(t, 32), 900); return b }(), []int{32}, 0},
		{"text", "", []byte("a list of pictures"), nil, 0},
	} {
		p, err := Dissect(bytes.NewReader(test.file), int64(len(test.file)))
		var widths []int
		for _, j := range p.JPEGs {
			widths = append(widths, j.Width)
			if head := test.file[j.Off : j.Off+3]; string(head) != jpegMagic || j.Off+j.Size > int64(len(test.file)) {
				t.Errorf("%s: a preview lies at %d", test.name, j.Off)
			}
		}
		if err != nil || p.Format != test.format || !slices.Equal(widths, test.widths) || p.Orientation != test.orientation {
			t.Errorf("%s: got %q %v orientation %d, %v; want %q %v orientation %d", test.name, p.Format, widths, p.Orientation, err, test.format, test.widths, test.orientation)
		}
	}
}

func TestDissectSaysWhyNot(t *testing.T) {
	page := func(vs ...value) []byte {
		b := newTIFF(le, false)
		at := b.add(data(1200))
		vs = append([]value{num(tagWidth, 20), num(tagHeight, 20), num(tagStripOffsets, at), num(tagStripCounts, 1200)}, vs...)
		first, _ := b.ifd(vs...)
		b.link(0, first)
		return b.b
	}
	for _, test := range []struct {
		file []byte
		want string
	}{
		{psdWithThumb(t, 0), "Maximize Compatibility"},
		{lossless(jpegFile(t, 20)), "this kind of JPEG"},
		{page(num(tagBits, 8), num(tagCompression, 50000)), "compression 50000"},
		{page(num(tagBits, 8), num(tagPhotometric, 8)), "colours 8"},
		{page(num(tagBits, 32)), "bits 32"},
		{page(num(tagBits, 8), num(tagSampleFormat, 3)), "sample format 3"},
		{page(num(tagBits, 8), num(tagPredictor, 3)), "predictor 3"},
	} {
		p, err := Dissect(bytes.NewReader(test.file), int64(len(test.file)))
		if err != nil || !strings.Contains(p.Refusal, test.want) || p.Pixels != nil {
			t.Errorf("got %q, %v; want %q", p.Refusal, err, test.want)
		}
	}
}

// TestDissectEndsInCircles builds files that lead back to themselves.
func TestDissectEndsInCircles(t *testing.T) {
	b := newTIFF(le, false)
	first, next := b.ifd(num(tagSubIFDs, 8), num(tagExif, 8), num(tagJPEGOffset, 0), num(tagJPEGLength, 9999))
	b.link(0, first)
	b.link(next, first)
	deep := []byte(nil)
	for range 2000 {
		deep = box("moov", deep)
	}
	for i, file := range [][]byte{b.b, join(box("ftyp", []byte("crx \x00\x00\x00\x01")), deep)} {
		if p, _ := Dissect(bytes.NewReader(file), int64(len(file))); len(p.JPEGs) > 0 {
			t.Errorf("%d: found %v", i, p.JPEGs)
		}
	}
}

func TestDissectRefusesBombs(t *testing.T) {
	j := jpegFile(t, 16)
	i := bytes.Index(j, []byte{0xff, 0xc0})
	copy(j[i+5:], "\xff\xff\xff\xff")
	p := pngFile(t)
	copy(p[16:], "\x00\x01\x86\xa0\x00\x01\x86\xa0")
	for name, file := range map[string][]byte{"jpeg": j, "png": p} {
		if _, err := Dissect(bytes.NewReader(file), int64(len(file))); err == nil || !strings.Contains(err.Error(), "pixels") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDissectOfDamage cuts files anywhere: an error or less, never a preview
// that lies outside.
func TestDissectOfDamage(t *testing.T) {
	for name, file := range map[string][]byte{"cr2": cr2(t), "nef": nef(t), "orf": orf(t, "OLYMPUS\x00II\x03\x00"), "cr3": cr3(t), "raf": rafFile(t), "psd": psdWithThumb(t, 1), "rw2": rw2(t)} {
		for n := 0; n < len(file); n += 1 + len(file)/400 {
			p, err := Dissect(bytes.NewReader(file[:n]), int64(n))
			for _, j := range p.JPEGs {
				if j.Off < 0 || j.Off+j.Size > int64(n) {
					t.Fatal(fmt.Sprint(name, " cut at ", n, ": ", j, err))
				}
			}
		}
	}
}
