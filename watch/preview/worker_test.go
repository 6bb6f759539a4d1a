package preview

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary is its own child when its first word says so.
const (
	wordServe   = "preview-worker"
	wordMeasure = "measured-worker" // the same, and its peak memory into a file
	wordHang    = "hanging-worker"
	wordCrash   = "crashing-worker"
	wordChatter = "chattering-worker"
)

func TestMain(m *testing.M) {
	word := ""
	if len(os.Args) > 1 {
		word = os.Args[1]
	}
	switch word {
	case wordServe, wordMeasure:
		args := os.Args[2:]
		if word == wordMeasure {
			args = os.Args[3:]
		}
		if err := Serve(args, os.Stdin, os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		if word == wordMeasure {
			os.WriteFile(os.Args[2], peakOfThis(), 0o600)
		}
		os.Exit(0)
	case wordHang:
		os.WriteFile(os.Args[2], nil, 0o600)
		select {}
	case wordCrash:
		panic("a decoder's mistake")
	case wordChatter:
		os.Stdout.Write(bytes.Repeat([]byte("nonsense"), 1<<20))
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// self is a Worker of this test binary.
func self(t testing.TB, words ...string) Worker {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Worker{Program: append([]string{program}, words...)}
}

func fileOf(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "picture")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWorkerMakesWhatMakeMakes(t *testing.T) {
	file := turnedJPEG(t, quarters(700, 500), 6)
	want, err := made(file, Thumbnail)
	if err != nil {
		t.Fatal(err)
	}
	got, err := self(t, wordServe).Make(t.Context(), fileOf(t, file), Thumbnail)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
	}
}

func TestWorkerSaysWhyNot(t *testing.T) {
	text, cut := fileOf(t, []byte("a list")), fileOf(t, jpegOf(t, quarters(99, 99))[:900])
	for _, test := range []struct {
		name, path string
		worker     Worker
		none       bool
		want       string
	}{
		{"nothing to show", text, self(t, wordServe), true, ""},
		{"damaged", cut, self(t, wordServe), false, "damaged or ends"},
		{"not there", text + "x", self(t, wordServe), false, "picturex"},
		{"a folder", t.TempDir(), self(t, wordServe), false, "plain file"},
		{"crash", text, self(t, wordCrash), false, "a decoder's mistake"},
		{"no answer", text, self(t, wordChatter), false, "came back damaged"},
		{"no program", text, Worker{Program: []string{text + "x"}}, false, "picturex"},
		{"wrong call", text, self(t, wordServe, "more"), false, "2 words"},
	} {
		b, err := test.worker.Make(t.Context(), test.path, Thumbnail)
		if b != nil || err == nil || errors.Is(err, ErrNone) != test.none || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %d bytes and %v; want %q", test.name, len(b), err, test.want)
		}
	}
}

func TestWorkerEndsItsChild(t *testing.T) {
	sign := filepath.Join(t.TempDir(), "running")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error)
	go func() {
		_, err := self(t, wordHang, sign).Make(ctx, fileOf(t, []byte("x")), Thumbnail)
		done <- err
	}()
	for {
		if _, err := os.Stat(sign); err == nil {
			break
		}
		time.Sleep(time.Millisecond) // until another process has come so far
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestServeRefusesCalls(t *testing.T) {
	for _, args := range [][]string{nil, {"many"}, {"1", "2"}} {
		if err := Serve(args, os.Stdin, io.Discard); err == nil {
			t.Errorf("%q is no error", args)
		}
	}
}

// TestBombsAreBounded draws pictures made to harm in a child and measures the
// memory that it took at most.
func TestBombsAreBounded(t *testing.T) {
	if raced || peakOfThis() == nil {
		t.Skip("the peak of a process's memory is not told here, or is the race detector's")
	}
	for _, test := range []struct {
		name  string
		file  []byte
		works bool
		most  int64 // MiB
	}{
		{"an ordinary picture", jpegOf(t, quarters(600, 400)), true, 64},
		{"png, 100,000 by 100,000", pngBomb(t, 100_000, 8, 1<<20), false, 64},
		{"png of 16 bits, as large as is drawn", pngBomb(t, 10_000, 64, 10_000*80_001), true, mostMemory>>20 + 128},
		{"png, larger than that", pngBomb(t, 12_000, 64, 1<<30), false, 64},
		{"tiff, packed, 361 million pixels", tiffBomb(t, 19_000, 361), true, 64},
		{"tiff, more than it has", tiffBomb(t, 19_000, 300), false, 64},
		{"tiff of endless tiles", tileBomb(t), false, 256},
		{"jpeg, 65,535 by 65,535", jpegBomb(t, 65_535), false, 64},
		{"jpeg, 19,000 by 19,000", jpegBomb(t, 19_000), false, mostMemory>>20 + 128},
		{"psd, run lengths", psdBomb(19_000), true, 64},
	} {
		t.Run(test.name, func(t *testing.T) {
			said := filepath.Join(t.TempDir(), "peak")
			b, err := self(t, wordMeasure, said).Make(t.Context(), fileOf(t, test.file), Thumbnail)
			if (err == nil) != test.works || test.works && !isJPEG(b) {
				t.Errorf("got %d bytes, %v", len(b), err)
			}
			peak, failed := os.ReadFile(said)
			if failed != nil {
				t.Fatal(failed)
			}
			if mib := kilobytes(t, peak) >> 10; mib > test.most {
				t.Errorf("took %d MiB, more than %d", mib, test.most)
			} else {
				t.Logf("%d MiB at most; %v", mib, err)
			}
		})
	}
}

func kilobytes(t testing.TB, b []byte) (n int64) {
	for _, c := range b {
		n = 10*n + int64(c-'0')
	}
	if n == 0 {
		t.Fatal("no peak")
	}
	return n
}

// TestSystemBoundsMemory asks for more than the system may give.
func TestSystemBoundsMemory(t *testing.T) {
	if raced || peakOfThis() == nil {
		t.Skip("the memory of a process is not bounded here")
	}
	if os.Getenv("PREVIEW_TEST_GREEDY") != "" {
		confine()
		b := make([]byte, 2*hardMemory)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		return
	}
	out, err := childTest(t, "TestSystemBoundsMemory", "PREVIEW_TEST_GREEDY=1")
	if err == nil || !strings.Contains(out, "out of memory") {
		t.Errorf("got %v: %.200s", err, out)
	}
}

// camera is a picture with the detail of a real one.
func camera(w, h int) *image.YCbCr {
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	seed := uint32(1)
	for i := range m.Y {
		seed = seed*1664525 + 1013904223
		m.Y[i] = byte(i%w*200/w) + byte(seed>>27)
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = byte(i), byte(i/m.CStride)
	}
	return m
}

func BenchmarkMake(b *testing.B) {
	full := map[string][2]int{"24MP": {6000, 4000}, "45MP": {8256, 5504}}
	for _, name := range []string{"24MP", "45MP"} {
		content := encoded(b, func(w io.Writer) error {
			return jpeg.Encode(w, camera(full[name][0], full[name][1]), &jpeg.Options{Quality: 92})
		})
		path := fileOf(b, content)
		for _, edge := range []int{Thumbnail, Large} {
			said := filepath.Join(b.TempDir(), "peak")
			w := self(b, wordMeasure, said)
			b.Run(name+"/"+map[int]string{Thumbnail: "thumbnail", Large: "large"}[edge], func(b *testing.B) {
				for b.Loop() {
					if _, err := w.Make(b.Context(), path, edge); err != nil {
						b.Fatal(err)
					}
				}
				peak, _ := os.ReadFile(said)
				b.ReportMetric(float64(kilobytes(b, peak))/1024, "MiB-peak")
			})
		}
	}
}

func BenchmarkStart(b *testing.B) {
	w, path := self(b, wordServe), fileOf(b, jpegOf(b, quarters(64, 64)))
	for b.Loop() {
		if _, err := w.Make(b.Context(), path, minEdge); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBoundedForgetsTheRest(t *testing.T) {
	w := &bounded{most: 5}
	for _, s := range []string{"abc", "def", "ghi"} {
		if n, err := w.Write([]byte(s)); n != 3 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	}
	if !slices.Equal(w.b, []byte("abcde")) {
		t.Errorf("kept %q", w.b)
	}
}
