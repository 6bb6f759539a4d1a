package picture

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
)

// pictures are files that Opens decodes.
func pictures(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"a.jpg":           jpegFile(t, 40),
		"progressive.jpg": progressiveJPEG(t),
		"restarts.jpg":    greyJPEG(7, 0, 1, 2),
		"a.png":           pngFile(t),
		"interlaced.png":  interlaced(8, 8, 15),
		"deflate.tif":     cut{packDeflate, 10, 7, 4, []uint64{8, 8}, false, false, [][]byte{packed(80), packed(60)}, nil}.file(),
		"runs.tif":        cut{packBits, 100, 40, 20, []uint64{8}, false, false, [][]byte{runs(2000), runs(2000)}, nil}.file(),
	}
}

func TestOpensNoCutPicture(t *testing.T) {
	for name, file := range pictures(t) {
		if err := opensBytes(file, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, k := range lengths(len(file)) {
			if err := opensBytes(file[:k], name); !isFinding(err) {
				t.Errorf("%s cut to %d of %d: %v, want damage", name, k, len(file), err)
			}
		}
	}
}

// Whatever a picture is changed to, the answer is one of three.
func TestOpensChangedPictures(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for name, file := range pictures(t) {
		for range 2000 {
			b := bytes.Clone(file)
			for range 1 + r.IntN(4) {
				b[r.IntN(len(b))] = byte(r.Uint32())
			}
			if err := opensBytes(b, name); err != nil && !isFinding(err) && !errors.Is(err, errUnproven) {
				t.Errorf("%s changed: %v", name, err)
			}
		}
	}
}

// A hole of ones or zeros over a good part of the data is seen in every format
// that packs.
func TestOpensNoHoles(t *testing.T) {
	for name, file := range map[string][]byte{
		"a.jpg": jpegFile(t, 300),
		"a.png": pngFile(t),
		"a.tif": cut{packDeflate, 300, 300, 300, []uint64{8}, false, false, [][]byte{packed(90_000)}, nil}.file(),
	} {
		for _, with := range []byte{0, 0xff} {
			for tenth := 2; tenth < 8; tenth++ {
				from, to := len(file)*tenth/10, len(file)*(tenth+1)/10
				holed := join(file[:from], bytes.Repeat([]byte{with}, to-from), file[to:])
				if err := opensBytes(holed, name); !isFinding(err) {
					t.Errorf("%s with %#x from %d to %d: %v, want damage", name, with, from, to, err)
				}
			}
		}
	}
}

// Cut XMP is no XMP: half a list of keywords would un-select pictures.
func TestParseXMPOfCutPackets(t *testing.T) {
	const end = "</x:xmpmeta>"
	for _, packet := range []string{captureOneSidecar, lightroomPacket, photoMechanicPacket, bridgePacket, darktableSidecar, windowsPacket} {
		whole, err := ParseXMP([]byte(packet))
		if err != nil {
			t.Fatal(err)
		}
		last := bytes.Index([]byte(packet), []byte(end)) + len(end)
		for k := range packet {
			got, err := ParseXMP([]byte(packet[:k]))
			if k < last && (err == nil || got.Given) || k >= last && (err != nil || !reflect.DeepEqual(got, whole)) {
				t.Errorf("packet cut to %d of %d = %+v, %v", k, last, got, err)
			}
		}
	}
}

// A file that is still growing has no tags, or those it will have, or an error;
// never others.
func TestReadTagsOfGrowingFiles(t *testing.T) {
	want := Tags{Rating: -1, Label: "approved", Given: true}
	for name, file := range map[string][]byte{
		"jpg": withSegments(jpegFile(t, 16), xmpSegment(bridgePacket)),
		"png": withChunk(pngFile(t), "iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+deflated(bridgePacket)),
		"tif": tiffOf(strip(value{tag: tagXMP, raw: []byte(bridgePacket)})...),
		"psd": psdWith(block8BIM(blockXMP, "", bridgePacket)),
		"cr3": cr3File(bridgePacket),
	} {
		for k := range file {
			got, err := readTags(opened(file[:k]), false)
			if got.Given && !reflect.DeepEqual(got, want) || err != nil && got.Given {
				t.Errorf("%s cut to %d of %d = %+v, %v", name, k, len(file), got, err)
			}
		}
		if got, err := readTags(opened(file), false); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %+v, %v; want %+v", name, got, err, want)
		}
	}
}

// The same for facts: what is told of half a file stays true.
func TestMeasureGrowingFiles(t *testing.T) {
	for name, file := range map[string][]byte{
		"jpg": withSegments(encodedJPEG(t, 16, 40), iccParts(profileV2("Adobe RGB (1998)"), 2)),
		"png": withChunk(pngFile(t), "iCCP", "name\x00\x00"+deflated(string(profileV4("Größe P3")))),
		"tif": tiffOf(page20x10(value{tag: tagICC, raw: profileV2("Adobe RGB (1998)")})...),
		"psd": psdWith(block8BIM(blockICC, "", string(profileV2("Adobe RGB (1998)")))),
	} {
		whole, err := measure(opened(file), false)
		if err != nil || whole.Width == 0 || whole.Profile == "" {
			t.Errorf("%s = %+v, %v; want size and profile", name, whole, err)
		}
		for k := range file {
			got, _ := measure(opened(file[:k]), false)
			if got.Width != 0 && got.Width != whole.Width || got.Height != 0 && got.Height != whole.Height || got.Profile != "" && got.Profile != whole.Profile {
				t.Errorf("%s cut to %d of %d = %+v, want nothing but %+v", name, k, len(file), got, whole)
			}
		}
	}
}

// A file that is cut has no core, or one of its own.
func TestCoreOfCutFiles(t *testing.T) {
	for name, file := range map[string][]byte{
		"jpg": withSegments(jpegFile(t, 24), xmpSegment(bridgePacket)),
		"tif": written{packet: bridgePacket, last: true}.tiff(),
	} {
		seen := map[string]int{"": -1}
		for k := range len(file) + 1 {
			got := coreOf(t, file[:k])
			if other, twice := seen[got]; twice && other >= 0 {
				t.Errorf("%s cut to %d and to %d: one core", name, other, k)
			}
			if got != "" {
				seen[got] = k
			}
		}
		if seen[coreOf(t, file)] != len(file) {
			t.Errorf("%s has no core of its own", name)
		}
	}
}

// Random tables decode what a code by the book encodes.
func TestHuffmanOfEveryShape(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		counts, values, codes := randomCode(r)
		h, err := newHuffman(counts, values)
		if err != nil {
			t.Fatalf("lengths %v: %v", counts, err)
		}
		var bits []byte
		var want []byte
		for range 100 {
			i := r.IntN(len(values))
			want = append(want, values[i])
			bits = append(bits, codes[i]...)
		}
		in := &bitReader{Reader: newBuffered(string(stuffed(bits)))}
		for i, v := range want {
			if got, err := in.value(h); got != v || err != nil {
				t.Fatalf("lengths %v: value %d = %d, %v; want %d", counts, i, got, err, v)
			}
		}
	}
}

// randomCode makes up lengths and gives each value its code, as letters 0 and 1,
// in the order of T.81, annex C.
func randomCode(r *rand.Rand) (counts, values []byte, codes [][]byte) {
	counts = make([]byte, 16)
	code := 0
	for length := 1; length <= 16; length++ {
		code <<= 1
		free := 1<<length - code - 1 // the code of ones alone stays unused
		n := 0
		if free > 0 && len(values) < 240 {
			n = r.IntN(min(free, 12) + 1)
		}
		if length == 16 && len(values) == 0 {
			n = 1
		}
		counts[length-1] = byte(n)
		for range n {
			values = append(values, byte(r.Uint32()))
			var c []byte
			for b := length - 1; b >= 0; b-- {
				c = append(c, byte('0'+code>>b&1))
			}
			codes = append(codes, c)
			code++
		}
	}
	return counts, values, codes
}

// stuffed packs letters 0 and 1 into bytes, a zero behind each 0xff, and a marker
// behind all.
func stuffed(bits []byte) (b []byte) {
	for len(bits)%8 != 0 {
		bits = append(bits, '1')
	}
	for ; len(bits) > 0; bits = bits[8:] {
		c := byte(0)
		for _, bit := range bits[:8] {
			c = c<<1 | bit&1
		}
		if b = append(b, c); c == 0xff {
			b = append(b, 0)
		}
	}
	return append(b, 0xff, eoi)
}
