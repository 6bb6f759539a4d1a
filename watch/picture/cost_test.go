package picture

import (
	"bytes"
	"io"
	"testing"
)

// counting counts what is read.
type counting struct {
	r           io.ReaderAt
	reads, size int64
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	c.reads++
	c.size += int64(len(b))
	return c.r.ReadAt(b, off)
}

const filler = "picture data "

// sparse is a file of size bytes: head, then nothing but filler.
type sparse struct {
	head []byte
	size int64
}

func (s sparse) ReadAt(b []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(b)), s.size-off)))
	for done := copy(b[:n], filler); done < n; { // doubling
		done += copy(b[done:n], b[:done])
	}
	if off < int64(len(s.head)) {
		copy(b[:n], s.head[off:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// longRAW is a RAW of 45 MB; only its head is in memory.
func longRAW(t testing.TB) sparse {
	const sensor = 45 << 20
	head, _ := rawHead(jpegFile(t, 64), sensor)
	return sparse{head, int64(len(head) + sensor)}
}

func TestLittleIsRead(t *testing.T) {
	long := jpegFile(t, 720)
	raw := longRAW(t)
	for _, tt := range []struct {
		name  string
		r     io.ReaderAt
		size  int64
		most  int64
		reads int64
	}{
		{"JPEG", bytes.NewReader(long), int64(len(long)), 8 << 10, 4},
		{"RAW", raw, raw.size, 4 << 10, 8},
	} {
		c := &counting{r: tt.r}
		if v, reason, err := Judge(c, tt.size); v != Whole || err != nil {
			t.Errorf("%s = %v (%s), %v; want whole", tt.name, v, reason, err)
		}
		if c.size > tt.most || c.reads > tt.reads {
			t.Errorf("%s of %d bytes: read %d in %d reads, want at most %d in %d", tt.name, tt.size, c.size, c.reads, tt.most, tt.reads)
		}
	}
}

// A JPEG without an end is searched from the back, but not for ever.
func TestHugeJPEGWithoutEnd(t *testing.T) {
	head := join([]byte{0xff, soi}, segment(sos, "scan"))
	c := &counting{r: sparse{head, 1 << 40}}
	if v, reason, err := Judge(c, 1<<40); v != Unknown || reason != tooBig || err != nil {
		t.Errorf("a terabyte of JPEG = %v (%s), %v; want unknown (%s)", v, reason, err, tooBig)
	}
	if c.size > maxScan+maxRead {
		t.Errorf("read %d bytes, want at most %d", c.size, maxScan+maxRead)
	}
}

func FuzzJudge(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.file, int64(0))
		f.Add(s.file[:len(s.file)*2/3], int64(0))
		f.Add(s.file, int64(1<<62)) // a file said to be longer than it is
	}
	f.Fuzz(func(t *testing.T, file []byte, more int64) {
		size := int64(len(file))
		if more > 0 {
			size += min(more, 1<<63-1-size)
		}
		c := &counting{r: bytes.NewReader(file)}
		v, reason, err := Judge(c, size)
		if err != nil || (reason == "") != (v == Whole) {
			t.Errorf("Judge = %v, %q, %v; want no error, and a reason unless whole", v, reason, err)
		}
		if most := int64(len(file))*2 + maxRead; c.size > most {
			t.Errorf("read %d of %d bytes, want at most %d", c.size, size, most)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	long, raw := jpegFile(b, 720), longRAW(b)
	bench := func(name string, r io.ReaderAt, size int64) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v, reason, err := Judge(r, size); v != Whole || err != nil {
					b.Fatal(v, reason, err)
				}
			}
		})
	}
	bench("JPEG 300 KB", bytes.NewReader(long), int64(len(long)))
	bench("RAW 45 MB", raw, raw.size)
	cut := long[:len(long)-2]
	b.Run("JPEG 300 KB cut", func(b *testing.B) {
		for b.Loop() {
			if v, _, _ := Judge(bytes.NewReader(cut), int64(len(cut))); v != Torn {
				b.Fatal(v)
			}
		}
	})
}
