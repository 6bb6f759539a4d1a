package picture

import "testing"

func chunk(name string, content []byte) []byte {
	return join(be.AppendUint32(nil, uint32(len(content))), []byte(name), content, []byte("sum."))
}

func TestPNG(t *testing.T) {
	whole := pngFile(t)
	open, end := whole[:len(whole)-12], whole[len(whole)-12:]
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"junk behind the end", join(whole, []byte("appendix")), Whole},
		{"zeros behind the end", join(whole, make([]byte, 5000)), Whole},
		{"private chunk", join(open, chunk("prIv", data(90)), end), Whole},
		{"no end", open, Torn},
		{"zeros for the end", join(open, make([]byte, 12)), Torn},
		{"zeros for the last checksum", join(whole[:len(whole)-4], make([]byte, 4)), Unknown},
		{"chunk past the end", join(open, []byte{0x7f, 0xff, 0xff, 0xff}, []byte("IDAT")), Torn},
		{"length that PNG forbids", join(open, []byte{0xff, 0xff, 0xff, 0xff}, []byte("IDAT")), Unknown},
		{"name that is none", join(open, chunk("12 4", nil), end), Unknown},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}

func TestGIF(t *testing.T) {
	whole := gifFile(t)
	body := whole[:len(whole)-1]
	comment := []byte("!\xfe\x05hello\x00")
	for _, tt := range []struct {
		name string
		file []byte
		want Verdict
	}{
		{"junk behind the end", join(whole, data(40)), Whole},
		{"extension", join(body, comment, []byte(";")), Whole},
		{"a semicolon in the picture is no end", join(body[:len(body)-9], []byte(";")), Torn},
		{"unknown block", join(body, []byte("?"), data(600)), Unknown},
		{"without colours", join([]byte("GIF89a"), make([]byte, 7), comment, []byte(";")), Whole},
	} {
		if got, reason := judged(t, tt.file); got != tt.want {
			t.Errorf("%s = %v (%s), want %v", tt.name, got, reason, tt.want)
		}
	}
}
