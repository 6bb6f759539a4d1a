package picture

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

func opened(content []byte) *file {
	return &file{r: bytes.NewReader(content), size: int64(len(content)), left: maxRead}
}

func TestFileHas(t *testing.T) {
	f := &file{size: 100}
	for _, tt := range []struct {
		off, n int64
		want   bool
	}{
		{0, 100, true},
		{100, 0, true},
		{99, 1, true},
		{99, 2, false},
		{101, 0, false},
		{-1, 1, false},
		{1, -1, false},
		{math.MaxInt64, 1, false},
		{1, math.MaxInt64, false},
		{math.MaxInt64, math.MaxInt64, false},
	} {
		if got := f.has(tt.off, tt.n); got != tt.want {
			t.Errorf("has(%d, %d) of 100 = %v, want %v", tt.off, tt.n, got, tt.want)
		}
	}
}

func TestFileAt(t *testing.T) {
	content := data(5000)
	f := opened(content)
	for _, tt := range []struct {
		off int64
		n   int
	}{{0, 4}, {500, 12}, {501, 20}, {100, 3}, {4990, 10}, {1000, 4000}, {5000, 0}} {
		got, err := f.at(tt.off, tt.n)
		if err != nil || !bytes.Equal(got, content[tt.off:int(tt.off)+tt.n]) {
			t.Errorf("at(%d, %d) = %d bytes, %v; want those of the file", tt.off, tt.n, len(got), err)
		}
	}
	var found finding
	if _, err := f.at(4999, 2); !errors.As(err, &found) || found.verdict != Torn {
		t.Errorf("at past the end: %v, want a torn finding", err)
	}
}

func TestFileReadsNeighboursOnce(t *testing.T) {
	c := &counting{r: bytes.NewReader(data(5000))}
	f := &file{r: c, size: 5000, left: maxRead}
	for off := range int64(window) {
		if _, err := f.at(off, 1); err != nil {
			t.Fatal(err)
		}
	}
	if c.reads != 1 {
		t.Errorf("%d neighbouring bytes took %d reads, want 1", window, c.reads)
	}
}

func TestFileReadsNoMoreThanItMay(t *testing.T) {
	f := opened(data(5000))
	f.left = 2 * window
	for i, want := range []error{nil, nil, unsure(tooBig)} {
		if _, err := f.at(int64(i)*1000, 4); !errors.Is(err, want) {
			t.Errorf("read %d: %v, want %v", i+1, err, want)
		}
	}
}

func TestFileNumber(t *testing.T) {
	f := opened([]byte{0, 1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	for _, tt := range []struct {
		off   int64
		width int
		want  int64
	}{{0, 2, 1}, {0, 4, 1<<16 + 2}, {4, 4, math.MaxUint32}, {4, 8, math.MaxInt64}} {
		if got, err := f.number(be, tt.off, tt.width); got != tt.want || err != nil {
			t.Errorf("number(%d, %d) = %d, %v; want %d", tt.off, tt.width, got, err, tt.want)
		}
	}
	if got, err := f.number(le, 2, 2); got != 0x200 || err != nil {
		t.Errorf("little-endian number = %#x, %v; want 0x200", got, err)
	}
}

// The end of the picture data, not of the file, must not be empty.
func TestFileFilled(t *testing.T) {
	content := join(data(200), make([]byte, emptyEnd), data(1), make([]byte, 500))
	for _, tt := range []struct {
		end  int64
		want error
	}{
		{200, nil},
		{200 + emptyEnd - 1, nil},
		{200 + emptyEnd, unsure(emptyTail)},
		{200 + emptyEnd + 1, nil},
		{10, nil}, // too short to tell
	} {
		if err := opened(content).filled(tt.end); !errors.Is(err, tt.want) {
			t.Errorf("filled(%d) = %v, want %v", tt.end, err, tt.want)
		}
	}
}
