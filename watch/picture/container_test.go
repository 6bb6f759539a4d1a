package picture

import (
	"bytes"
	"testing"
)

func TestBMFF(t *testing.T) {
	ftyp, moov, mdat := box("ftyp", []byte("isom")), box("moov", data(300)), box("mdat", data(900))
	endless := join(be.AppendUint32(nil, 0), []byte("mdat"), data(500))
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"free space behind", join(ftyp, mdat, moov, box("free", make([]byte, 900))), Whole},
		{"uuid behind", join(ftyp, mdat, moov, box("uuid", data(90))), Whole},
		{"64-bit length", join(ftyp, moov, longBox("mdat", data(900))), Whole},
		{"in fragments", join(ftyp, moov, box("moof", data(90)), mdat, box("moof", data(90)), mdat), Whole},
		{"data to the end", join(ftyp, moov, endless), Unknown},
		{"still recording", join(ftyp, endless), Torn},
		{"recorded, without its index", join(ftyp, mdat), Torn},
		{"announced only", join(ftyp, moov), Unknown},
		{"index reserved", join(ftyp, mdat, make([]byte, len(moov))), Torn},
		{"data reserved", join(ftyp, moov, box("mdat", make([]byte, 900))), Unknown},
		{"zeros behind", join(ftyp, mdat, moov, make([]byte, 4)), Unknown},
		{"many zeros behind", join(ftyp, mdat, moov, make([]byte, 4000)), Unknown},
		{"64-bit length past every end", join(ftyp, moov, be.AppendUint32(nil, 1), []byte("mdat"), bytes.Repeat([]byte{0xff}, 8)), Torn},
		{"64-bit length too short", join(ftyp, be.AppendUint32(nil, 1), []byte("mdat"), be.AppendUint64(nil, 3), data(600)), Unknown},
		{"length too short", join(ftyp, be.AppendUint32(nil, 5), []byte("mdat"), data(600)), Unknown},
		{"boxes without end", join(ftyp, bytes.Repeat(box("free"), 1<<20), mdat, moov), Unknown},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}

func TestPSD(t *testing.T) {
	raw, packed := psdFile(false, false), psdFile(false, true)
	table := len(packed) - 40*21 - 80
	set := func(b []byte, at int, with ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], with)
		return b
	}
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"something behind", join(raw, data(40)), Whole},
		{"rows not written yet", set(packed, table, make([]byte, len(packed)-table)...), Torn},
		{"last rows not written yet", set(packed, len(packed)-500, make([]byte, 500)...), Unknown},
		{"one row of no length", set(packed, table+20, 0, 0), Unknown},
		{"ZIP inside", set(raw, len(raw)-802, 0, 2), Unknown},
		{"layers past the end", set(raw, 26+4+4+30, 0x7f), Torn},
		{"more channels than Photoshop has", set(raw, 12, 1, 1), Unknown},
		{"no rows", set(raw, 14, 0, 0, 0, 0), Unknown},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}

// zip64 is whole with the long record that archives over 4 GB have.
func zip64(t testing.TB) []byte {
	b := zipFile(t, data(300))
	end := len(b) - 22
	size, start := le.Uint32(b[end+12:]), le.Uint32(b[end+16:])
	record := join([]byte("PK\x06\x06"), make([]byte, 36), le.AppendUint64(nil, uint64(size)), le.AppendUint64(nil, uint64(start)))
	locator := join([]byte("PK\x06\x07"), make([]byte, 4), le.AppendUint64(nil, uint64(end)), make([]byte, 4))
	short := bytes.Clone(b[end:])
	copy(short[12:20], bytes.Repeat([]byte{0xff}, 8))
	return join(b[:end], record, locator, short)
}

func TestZIP(t *testing.T) {
	whole, long := zipFile(t, data(300), data(70_000)), zip64(t)
	comment := join(whole[:len(whole)-2], []byte{5, 0}, []byte("hello"))
	inner := zipFile(t, data(50))
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"comment", comment, Whole},
		{"comment cut", comment[:len(comment)-1], Torn},
		{"something behind", join(whole, data(40)), Whole},
		{"64-bit", long, Whole},
		{"64-bit, locator missing", join(long[:len(long)-42], long[len(long)-22:]), Torn},
		{"cut behind an archive inside", join(data(0), zipFile(t, inner)[:31+len(inner)]), Torn},
		{"directory missing", join([]byte("PK\x03\x04"), data(500), whole[len(whole)-22:]), Torn},
		{"reserved", join(whole[:40_000], make([]byte, len(whole)-40_000)), Torn},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}

func TestRAF(t *testing.T) {
	whole := rafFile(t)
	preview := int(be.Uint32(whole[88:]))
	set := func(at int, with ...byte) []byte {
		b := bytes.Clone(whole)
		copy(b[at:], with)
		return b
	}
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"something behind", join(whole, data(40)), Whole},
		{"header not written yet", set(84, make([]byte, len(whole)-84)...), Torn},
		{"preview not whole", set(108+preview-200, make([]byte, 200)...), Torn},
		{"preview not written yet", set(108, make([]byte, len(whole)-108)...), Torn},
		{"preview is no JPEG", set(108, 'B', 'M'), Unknown},
		{"RAW data past the end", set(104, 0x7f), Torn},
		{"RAW data of no length", set(104, 0, 0, 0, 0), Unknown},
		{"RAW data not written yet", set(len(whole)-900, make([]byte, 900)...), Unknown},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}

func TestRIFF(t *testing.T) {
	odd := riff("WEBP", data(901))
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"odd length with padding", join(odd, []byte{0}), Whole},
		{"odd length without padding", odd, Whole},
		{"something behind", join(odd, data(40)), Unknown},
		{"a little behind", join(odd, data(4)), Unknown},
		{"recorder has not closed it", join([]byte("RIFF\x00\x00\x00\x00AVI "), data(900)), Torn},
		{"reserved", riff("WEBP", join(data(500), make([]byte, 400))), Unknown},
		{"lists without end", join(riff("AVI ", nil), bytes.Repeat(riff("AVIX", nil), 5000)), Unknown},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}
