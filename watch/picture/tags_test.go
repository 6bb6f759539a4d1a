package picture

import (
	"bytes"
	"compress/zlib"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// put writes a file and returns its path.
func put(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// withSegments puts segments behind a JPEG's first marker.
func withSegments(jpeg []byte, segments ...[]byte) []byte {
	return join(jpeg[:2], join(segments...), jpeg[2:])
}

func xmpSegment(packet string) []byte { return segment(app1, xmpMagic+packet) }

func deflated(content string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(content))
	w.Close()
	return b.String()
}

// withChunk puts a chunk behind a PNG's header.
func withChunk(png []byte, name, content string) []byte {
	const head = 8 + 25
	return join(png[:head], chunk(name, []byte(content)), png[head:])
}

func block8BIM(id uint16, name, content string) []byte {
	b := append(be.AppendUint16([]byte("8BIM"), id), byte(len(name)))
	b = append(b, name...)
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	b = append(be.AppendUint32(b, uint32(len(content))), content...)
	if len(content)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// psdWith is a PSD with these image resources.
func psdWith(blocks ...[]byte) []byte {
	b, all := psdFile(false, false), join(blocks...)
	return join(b[:30], be.AppendUint32(nil, uint32(len(all))), all, b[64:])
}

func cr3File(packet string) []byte {
	const id = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
	return join(box("ftyp", []byte("crx \x00\x00\x00\x01crx isom")), longBox("moov", data(90)), box("uuid", data(40)),
		longBox("uuid", []byte(id+packet)), box("mdat", data(400)))
}

func TestReadTags(t *testing.T) {
	jpg, raf := jpegFile(t, 16), rafFile(t)
	tagged := withSegments(jpegFile(t, 24), xmpSegment(bridgePacket))
	be.PutUint32(raf[88:], uint32(len(tagged))) // its JPEG is no longer the one that was there
	raf = join(raf[:108], tagged, data(3100))
	bridge := Tags{Rating: -1, Label: "approved", Given: true}
	for _, tt := range []struct {
		name string
		file []byte
		want Tags
	}{
		{"a.jpg", withSegments(jpg, segment(app1, "Exif\x00\x00"), xmpSegment(bridgePacket)), bridge},
		{"two packets.jpg", withSegments(jpg, xmpSegment(bridgePacket), xmpSegment(windowsPacket)), bridge},
		{"extended.jpg", withSegments(jpg, segment(app1, xmpMoreMagic+bridgePacket)), Tags{}},
		{"plain.jpg", jpg, Tags{}},
		{"a.png", withChunk(pngFile(t), "iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+bridgePacket), bridge},
		{"packed.png", withChunk(pngFile(t), "iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+deflated(bridgePacket)), bridge},
		{"plain.png", withChunk(pngFile(t), "iTXt", "Comment\x00\x00\x00\x00\x00"+bridgePacket), Tags{}},
		{"a.tif", tiffOf(strip(value{tag: tagXMP, raw: []byte(bridgePacket)})...), bridge},
		{"a.NEF", tiffOf(strip(value{tag: tagXMP, raw: []byte(bridgePacket)})...), bridge},
		{"plain.tif", tiffOf(strip()...), Tags{}},
		{"number for XMP.tif", tiffOf(strip(num(tagXMP, 7))...), Tags{}},
		{"a.psd", psdWith(block8BIM(1005, "", "12345"), block8BIM(blockXMP, "odd", bridgePacket)), bridge},
		{"plain.psd", psdWith(block8BIM(1005, "", "1234")), Tags{}},
		{"a.raf", raf, bridge},
		{"a.CR3", cr3File(bridgePacket), bridge},
		{"plain.mp4", join(box("ftyp", []byte("isom")), box("moov", data(20)), box("mdat", data(20))), Tags{}},
		{"a.xmp", []byte(bridgePacket), bridge},
		{"a.CR3.XMP", []byte(bridgePacket), bridge},
		{"a.cos", []byte("<SL Engine=\"1300\">"), Tags{}},
		{"a.gif", gifFile(t), Tags{}},
		{"empty.jpg", nil, Tags{}},
		{"note.jpg", []byte("a note"), Tags{}},
	} {
		if got, err := ReadTags(put(t, tt.name, tt.file)); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s = %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestReadTagsFails(t *testing.T) {
	tagged := withSegments(jpegFile(t, 16), xmpSegment(bridgePacket))
	bomb := withChunk(pngFile(t), "iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+deflated(strings.Repeat(" ", maxXMP+1)))
	long := tiffOf(strip(value{tag: tagXMP, raw: make([]byte, maxXMP+1)})...)
	outside := tiffOf(strip(value{tag: tagXMP, raw: []byte(bridgePacket)})...)
	le.PutUint32(outside[len(outside)-4-8:], 1<<20) // the length of its last value
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"cut.jpg", tagged[:200], endsEarly},
		{"damaged.jpg", withSegments(jpegFile(t, 16), xmpSegment(bridgePacket[:300])), "the XMP is damaged"},
		{"bomb.png", bomb, "longer than 4 MiB"},
		{"half packed.png", withChunk(pngFile(t), "iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+deflated(bridgePacket)[:60]), "damaged"},
		{"no text.png", withChunk(pngFile(t), "iTXt", "XML:com.adobe.xmp\x00"), garbled},
		{"long.tif", long, "longer than 4 MiB"},
		{"outside.tif", outside, endsEarly},
		{"long.xmp", bytes.Repeat([]byte(" "), maxXMP+1), "longer than 4 MiB"},
		{"empty.xmp", nil, "the XMP is empty"},
	} {
		path := put(t, tt.name, tt.file)
		got, err := ReadTags(path)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) || !reflect.DeepEqual(got, Tags{}) {
			t.Errorf("%s = %+v, %v; want %q and the name", tt.name, got, err, tt.want)
		}
	}
	if _, err := ReadTags(t.TempDir()); err == nil {
		t.Error("the tags of a folder were read")
	}
	if _, err := ReadTags(filepath.Join(t.TempDir(), "gone.jpg")); !os.IsNotExist(err) {
		t.Errorf("tags of a missing file: %v, want that it does not exist", err)
	}
}
