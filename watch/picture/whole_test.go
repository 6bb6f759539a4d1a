package picture

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A sample is a whole file.
type sample struct {
	name string
	file []byte
	cut  Verdict // what it is when cut anywhere behind its magic
}

func samples(t testing.TB) []sample {
	big := jpegFile(t, 400) // 95 KB: its scan is longer than one block
	raw, _ := rawFile(jpegFile(t, 16), 5000)
	ftyp := box("ftyp", []byte("isom"))
	moov := box("moov", data(600))
	mdat := data(3000)
	return []sample{
		{"jpeg", jpegFile(t, 64), Torn},
		{"jpeg long", big, Torn},
		{"jpeg with thumbnail", withThumbnail(t, jpegFile(t, 64)), Torn},
		{"png", pngFile(t), Torn},
		{"gif", gifFile(t), Torn},
		{"tiff", tiffIFDLast(le, false), Torn},
		{"tiff motorola", tiffIFDLast(be, false), Torn},
		{"tiff big", tiffIFDLast(be, true), Torn},
		{"raw", raw, Torn},
		{"iiq", iiqFile(), Torn},
		{"psd", psdFile(false, false), Torn},
		{"psd packed", psdFile(false, true), Torn},
		{"psb packed", psdFile(true, true), Torn},
		{"zip", zipFile(t, jpegFile(t, 16), data(200)), Torn},
		{"zip of nothing", zipFile(t), Torn},
		{"zip in zip", zipFile(t, data(90), zipFile(t, data(50)), data(90)), Torn},
		{"mp4 moov last", join(ftyp, box("free"), longBox("mdat", mdat), moov), Torn},
		{"heic", join(ftyp, box("meta", data(300)), box("mdat", mdat)), Unknown}, // a cut right before mdat
		{"mov without ftyp", join(box("wide"), box("mdat", mdat), moov), Torn},
		{"raf", rafFile(t), Torn},
		{"webp", riff("WEBP", data(900)), Torn},
		{"avi of two lists", join(riff("AVI ", data(900)), riff("AVIX", data(600))), Unknown}, // a cut between them
	}
}

// judged is Judge of a file in memory.
func judged(t testing.TB, file []byte) (Verdict, string) {
	t.Helper()
	v, reason, err := Judge(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatalf("Judge of %d bytes: %v", len(file), err)
	}
	if (reason == "") != (v == Whole) {
		t.Fatalf("Judge = %v with reason %q; only a whole file has none", v, reason)
	}
	return v, reason
}

func TestWholeFileIsWhole(t *testing.T) {
	for _, s := range samples(t) {
		if got, reason := judged(t, s.file); got != Whole {
			t.Errorf("%s = %v (%s), want whole", s.name, got, reason)
		}
	}
}

func TestEveryCutIsNotWhole(t *testing.T) {
	for _, s := range samples(t) {
		for _, k := range lengths(len(s.file)) {
			got, reason := judged(t, s.file[:k])
			listEnd := s.name == "avi of two lists" && k >= 912 && k <= 913 // the format cannot tell
			if got == Whole && !listEnd || s.cut == Torn && k >= 16 && got != Torn {
				t.Errorf("%s cut to %d of %d = %v (%s), want %v", s.name, k, len(s.file), got, reason, s.cut)
			}
		}
	}
}

// A copy may reserve the full size and then fill it from the front.
func TestReservedSizeIsNotWhole(t *testing.T) {
	for _, s := range samples(t) {
		for _, k := range lengths(len(s.file) - emptyEnd) {
			file := make([]byte, len(s.file))
			copy(file, s.file[:k])
			if got, _ := judged(t, file); got == Whole {
				t.Errorf("%s filled up to %d of %d is whole", s.name, k, len(s.file))
			}
		}
		if got, reason := judged(t, make([]byte, len(s.file))); got != Torn || reason != emptyInside {
			t.Errorf("%s reserved = %v (%s), want torn (%s)", s.name, got, reason, emptyInside)
		}
	}
}

// JPEG, PNG and GIF tell even when only the last byte is missing.
func TestReservedSizeUpToTheLastByte(t *testing.T) {
	for _, whole := range [][]byte{jpegFile(t, 64), pngFile(t), gifFile(t)} {
		for k := len(whole) - emptyEnd; k < len(whole); k++ {
			file := make([]byte, len(whole))
			copy(file, whole[:k])
			if got, _ := judged(t, file); got == Whole {
				t.Errorf("%.4q filled up to %d of %d is whole", whole, k, len(whole))
			}
		}
	}
}

// lengths are all of 0..n-1, or of a long file some and both ends.
func lengths(n int) (ks []int) {
	for k := 0; k < n; k++ {
		if k < 700 || k > n-300 || k%397 == 0 {
			ks = append(ks, k)
		}
	}
	return ks
}

func TestEmptyAndForeign(t *testing.T) {
	for _, tt := range []struct {
		content string
		want    Verdict
	}{
		{"", Torn},
		{strings.Repeat("\x00", 4), Torn},
		{strings.Repeat("\x00", 511) + "x", Unknown},
		{strings.Repeat("\x00", 512) + "x", Torn},
		{"\xff", Torn},
		{"\xff\xd8", Torn},
		{"\x89PNG", Torn},
		{"I", Unknown}, // anybody's note
		{"Get free stuff", Unknown},
		{"<x:xmpmeta/>", Unknown},
		{"PK\x07\x08 one part of many", Unknown},
		{"RIFF\x10\x00\x00\x00WAVE", Unknown},
	} {
		if got, reason := judged(t, []byte(tt.content)); got != tt.want {
			t.Errorf("Judge(%.12q) = %v (%s), want %v", tt.content, got, reason, tt.want)
		}
	}
}

// failing is a disk with a bad block from off on.
type failing struct {
	r   io.ReaderAt
	off int64
	err error
}

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > f.off {
		return 0, f.err
	}
	return f.r.ReadAt(b, off)
}

func TestDiskErrorIsNoVerdict(t *testing.T) {
	broken := errors.New("bad block")
	for _, s := range samples(t) {
		for _, off := range []int64{0, int64(len(s.file)) - 1} {
			v, _, err := Judge(failing{bytes.NewReader(s.file), off, broken}, int64(len(s.file)))
			if read := off == 0 || err != nil; read && (v != Unknown || !errors.Is(err, broken)) {
				t.Errorf("%s with a bad block at %d = %v, %v; want unknown and the disk's error", s.name, off, v, err)
			}
		}
	}
}

func TestFileThatShrinksIsTorn(t *testing.T) {
	for _, s := range samples(t) {
		half := bytes.NewReader(s.file[:len(s.file)/2])
		if v, reason, err := Judge(half, int64(len(s.file))); v == Whole || err != nil {
			t.Errorf("%s shrunk while read = %v (%s), %v; want no error and not whole", s.name, v, reason, err)
		}
	}
}

func TestLook(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := jpegFile(t, 64)
	for _, tt := range []struct {
		path string
		want Verdict
	}{
		{write("whole.txt", whole), Whole}, // the name says nothing
		{write("cut.jpg", whole[:len(whole)/2]), Torn},
		{write("empty.jpg", nil), Torn},
		{write("note.jpg", []byte("a note")), Unknown},
		{dir, Unknown},
	} {
		if got, reason, err := Look(tt.path); got != tt.want || err != nil {
			t.Errorf("Look(%s) = %v (%s), %v; want %v", filepath.Base(tt.path), got, reason, err, tt.want)
		}
	}
	if v, _, err := Look(filepath.Join(dir, "gone.jpg")); v != Unknown || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Look at a missing file = %v, %v; want unknown and ErrNotExist", v, err)
	}
}
