package picture

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"math/bits"
	"testing"
)

// progressive is a picture of 37 by 29 pixels in ten scans, with colours at half
// the size: first bits, further bits, and bands of coefficients.
const progressive = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4" +
	"x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wgARCAAd" +
	"ACUDASIAAhEBAxEB/8QAGAABAQEBAQAAAAAAAAAAAAAAAgMABAX/xAAYAQEAAwEAAAAAAAAAAAAAAAACAQMEBf/aAAwDAQACEAMQAAAB8p1ZiT" +
	"qzplujC6bbPGCoxpnr43f/xAAYEAEBAQEBAAAAAAAAAAAAAAARAAEQIP/aAAgBAQABBQIiIizIiIiIiPBz/8QAFhEBAQEAAAAAAAAAAAAAAAAA" +
	"AgAS/9oACAEDAQE/AS4q1FRVq//EABgRAQADAQAAAAAAAAAAAAAAAAABERIC/9oACAECAQE/AbTK2k9NP//EABQQAQAAAAAAAAAAAAAAAAAAAE" +
	"D/2gAIAQEABj8CJ//EABcQAQEBAQAAAAAAAAAAAAAAAAEAEBH/2gAIAQEAAT8hKUpTKUpkUpTIIIInL//aAAwDAQACAAMAAAAQc4DMex//xAAX" +
	"EQADAQAAAAAAAAAAAAAAAAABECEA/9oACAEDAQE/EFYl+J3/xAAYEQADAQEAAAAAAAAAAAAAAAAAAREQIf/aAAgBAgEBPxCJWJJHxp//xAAbEA" +
	"ACAgMBAAAAAAAAAAAAAAAAARAhETFhUf/aAAgBAQABPxDlGjw4FGoPTUHAVSrRwkFUXhCRIjIlP//Z"

func progressiveJPEG(t testing.TB) []byte {
	b, err := base64.StdEncoding.DecodeString(progressive)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// greyJPEG is a picture of 8 rows with as many blocks as given, each of one code
// for its mean and one for its end, both the bit 0, and a restart after every
// second block.
func greyJPEG(blocks int, restarts ...byte) []byte {
	b := join([]byte{0xff, soi}, segment(0xc0, string([]byte{8, 0, 8, 0, byte(8 * blocks), 1, 1, 0x11, 0})), oneCode(0x00), oneCode(0x10))
	if len(restarts) > 0 {
		b = join(b, segment(0xdd, "\x00\x02"))
	}
	b = join(b, segment(sos, "\x01\x01\x00\x00\x3f\x00"))
	for _, r := range restarts {
		b = append(b, 0x0f, 0xff, 0xd0+r) // four zeros, padded with ones
	}
	return append(b, byte(0xff>>(2*(blocks-2*len(restarts)))), 0xff, eoi)
}

// oneCode is a table of the code 0, which stands for the value 0.
func oneCode(id byte) []byte {
	return segment(dht, string([]byte{id, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
}

func opensBytes(content []byte, name string) error {
	return opens(context.Background(), opened(content), name)
}

func TestOpensJPEG(t *testing.T) {
	for name, file := range map[string][]byte{
		"noise":               jpegFile(t, 200),
		"one pixel":           jpegFile(t, 1),
		"odd size":            encodedJPEG(t, 37, 18),
		"progressive":         progressiveJPEG(t),
		"grey":                greyJPEG(3),
		"restarts":            greyJPEG(7, 0, 1, 2),
		"restarts, ends even": greyJPEG(6, 0, 1),
		"fill bytes":          join(greyJPEG(2)[:len(greyJPEG(2))-2], []byte{0xff, 0xff, 0xff, eoi}),
		"noise behind scan":   join(greyJPEG(2)[:len(greyJPEG(2))-2], []byte("xy\xff\x00z\xff\xd3"), []byte{0xff, eoi}),
		"zeros behind scan":   join(greyJPEG(2)[:len(greyJPEG(2))-2], make([]byte, 4096), []byte{0xff, eoi}),
		"thumbnail":           withThumbnail(t, jpegFile(t, 40)),
	} {
		if err := opensBytes(file, "a.jpg"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A copy that lost something in the middle keeps both ends.
func TestOpensJPEGDamaged(t *testing.T) {
	whole, many := jpegFile(t, 200), progressiveJPEG(t)
	holed := func(b []byte, at, n int, with byte) []byte {
		return join(b[:at], bytes.Repeat([]byte{with}, n), b[at+n:])
	}
	frame := bytes.Index(whole, []byte{0xff, 0xc0})
	size := func(w, h uint16) []byte {
		b := bytes.Clone(whole)
		be.PutUint16(b[frame+5:], h)
		be.PutUint16(b[frame+7:], w)
		return b
	}
	for _, tt := range []struct {
		name string
		file []byte
		want error
	}{
		{"half", whole[:len(whole)/2], torn(endsEarly)},
		{"half and an end", join(whole[:len(whole)/2], []byte{0xff, eoi}), torn(damaged)},
		{"middle missing", join(whole[:len(whole)/2], whole[len(whole)*3/4:]), torn(damaged)},
		{"reserved inside", holed(whole, len(whole)/2, 4096, 0), torn(damaged)},
		{"erased inside", holed(whole, len(whole)/2, 4096, 0xff), torn(damaged)},
		{"wider than it is", size(400, 200), torn(damaged)},
		{"bomb", size(65535, 65535), torn(tooManyPixels)},
		{"bomb below the limit", size(65535, 6000), torn(outOfScale)},
		{"no width", size(0, 10), torn(damaged)},
		{"progressive, a scan short", join(many[:400], many[430:]), torn(damaged)},
		{"progressive, first scan only", join(many[:bytes.LastIndex(many[:500], []byte{0xff, dht})], many[len(many)-2:]), nil}, // blurred, but there
		{"restart of another number", greyJPEG(7, 0, 2, 1), torn(damaged)},
		{"no tables", bytes.Replace(greyJPEG(3), oneCode(0x10), nil, 1), torn(damaged)},
		{"no frame", join([]byte{0xff, soi}, segment(sos, "\x01\x01\x00\x00\x3f\x00"), []byte{0xff, eoi}), torn(damaged)},
		{"two frames", withSegments(whole, segment(0xc0, "\x08\x00\x08\x00\x08\x01\x01\x11\x00")), torn(damaged)},
		{"arithmetic", bytes.Replace(whole, []byte{0xff, 0xc0}, []byte{0xff, 0xc9}, 1), errUnproven},
		{"lossless", bytes.Replace(whole, []byte{0xff, 0xc0}, []byte{0xff, 0xc3}, 1), errUnproven},
		{"height comes later", size(200, 0), errUnproven},
	} {
		if err := opensBytes(tt.file, "a.jpg"); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// Scans of few bytes each over a large picture keep nobody busy for ever.
func TestOpensJPEGManyScans(t *testing.T) {
	scan := segment(sos, "\x01\x01\x00\x00\x3f\x00")
	b := greyJPEG(1)
	b = join(b[:len(b)-2], bytes.Repeat(join(scan, []byte{0x3f}), 2000), b[len(b)-2:])
	if err := opensBytes(b, "a.jpg"); err != torn(damaged) {
		t.Errorf("2001 scans: %v, want %v", err, torn(damaged))
	}
}

// Tables of every shape decode what they were made for.
func TestHuffman(t *testing.T) {
	counts, values := make([]byte, 16), []byte{}
	for i := range counts { // one code of each length: 0, 10, 110, …
		counts[i] = 1
		values = append(values, byte(i*3))
	}
	h, err := newHuffman(counts, values)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range values {
		code := uint16(0xffff) << (16 - i) // i ones, then zero
		stream := []byte{byte(code >> 8), 0, byte(code), 0, 0xff, eoi}
		if stream[0] != 0xff { // only 0xff is followed by a zero that does not count
			stream = append(stream[:1], stream[2:]...)
		}
		r := &bitReader{Reader: bufio.NewReader(bytes.NewReader(stream))}
		if got, err := r.value(h); got != want || err != nil {
			t.Errorf("code of %d ones = %d, %v; want %d", bits.OnesCount16(code), got, err, want)
		}
	}
	for _, bad := range [][]byte{{3}, {2, 1}, {0, 5}, {0, 0, 0, 0, 0, 0, 0, 255}} {
		if _, err := newHuffman(append(bad, make([]byte, 16-len(bad))...), data(100)); err == nil {
			t.Errorf("lengths %v made a table", bad)
		}
	}
}

func FuzzOpensJPEG(f *testing.F) {
	for _, b := range [][]byte{jpegFile(f, 16), progressiveJPEG(f), greyJPEG(7, 0, 1, 2), encodedJPEG(f, 9, 30)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		c := &counting{r: bytes.NewReader(file)}
		err := opens(t.Context(), &picFile{r: c, size: int64(len(file)), left: maxRead}, "")
		if err != nil && !isFinding(err) && err != errUnproven {
			t.Errorf("opens = %v", err)
		}
		if most := int64(len(file))*4 + 2*maxRead + maxScan; c.size > most {
			t.Errorf("read %d of %d bytes, want at most %d", c.size, len(file), most)
		}
	})
}
