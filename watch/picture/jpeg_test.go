package picture

import (
	"bytes"
	"testing"
)

func TestJPEG(t *testing.T) {
	small, long := jpegFile(t, 64), jpegFile(t, 400)
	thumb := withThumbnail(t, long)
	film := join(box("ftyp", []byte("mp42")), box("mdat", bytes.Repeat([]byte{0xff, 0x11}, 100_000)))
	after := func(soi []byte, parts ...[]byte) []byte { return join(soi[:2], join(parts...), soi[2:]) }
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"junk behind the end", join(small, []byte("camera's own notes")), Whole},
		{"long junk behind the end", join(small, data(300_000)), Whole},
		{"film behind the end", join(long, film), Whole},
		{"padded with zeros", join(small, make([]byte, 100_000)), Whole},
		{"two pictures", join(small, small), Whole},
		{"two pictures with padding between", join(small, make([]byte, 3000), small), Whole},
		{"second picture cut", join(small, make([]byte, 3000), small[:len(small)-20]), Torn},
		{"cut behind the thumbnail's end marker", thumb[:len(thumb)/2], Torn},
		{"cut right behind the thumbnail", thumb[:len(thumb)-len(long)+2], Torn},
		{"reserved behind the thumbnail", join(thumb[:len(thumb)/2], make([]byte, len(thumb)/2)), Torn},
		{"reserved behind half a marker", join(long[:2], []byte{0xff}, make([]byte, 900)), Torn},
		{"fill bytes before a marker", after(small, []byte{0xff, 0xff}, segment(0xfe, "comment")), Whole},
		{"marker without a length", after(small, []byte{0xff, 0x01}), Whole},
		{"end marker across two blocks", join(small, bytes.Repeat([]byte{1}, block-1)), Whole},
		{"tables without a picture", join(small[:2], segment(0xdb, "table"), []byte{0xff, eoi}), Unknown},
		{"noise between the segments", after(small, []byte("noise")), Unknown},
		{"length too short", join(small[:2], []byte{0xff, 0xe1, 0, 1}, data(600)), Unknown},
		{"metadata without end", join(small[:2], bytes.Repeat(segment(0xfe, ""), 9000), small[2:]), Unknown},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}

// A progressive JPEG has several scans, with tables between them.
func TestProgressiveJPEG(t *testing.T) {
	whole := join([]byte{0xff, soi}, segment(0xdb, "quantisation"), segment(0xc2, "frame"),
		segment(0xc4, "tables"), segment(sos, "first"), bytes.Repeat([]byte{7, 0xff, 0}, 90),
		segment(0xc4, "tables"), segment(sos, "second"), bytes.Repeat([]byte{9, 0xff, 0xd3}, 90), []byte{0xff, eoi})
	if got, reason := judged(t, whole); got != Whole {
		t.Errorf("progressive = %v (%s), want whole", got, reason)
	}
	for k := range whole {
		if got, _ := judged(t, whole[:k]); got != Torn {
			t.Errorf("progressive cut to %d = %v, want torn", k, got)
		}
	}
}
