//go:build integration && linux

package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// A dataset is a folder of files, all of one size, whose inside watch/picture
// judges whole: so the agent may take them after its usual rest.
type dataset struct {
	key, title string
	files      int
	folders    int // 0: all lie in the set's own
	size       int64
	ext        string
	runs       int

	dir  string
	sums map[string][sha256.Size]byte // by slash-separated name
}

func datasets(short bool) []*dataset {
	if short {
		return []*dataset{
			{key: "a", title: "500 JPEGs of 300 KB", files: 500, size: 300 << 10, ext: "jpg", runs: 1},
			{key: "b", title: "8 CR3s of 45 MB", files: 8, size: 45 << 20, ext: "cr3", runs: 1},
			{key: "c", title: "1,000 JPEGs of 20 KB in 20 folders", files: 1000, folders: 20, size: 20 << 10, ext: "jpg", runs: 1},
		}
	}
	return []*dataset{
		{key: "a", title: "2,000 JPEGs of 300 KB", files: 2000, size: 300 << 10, ext: "jpg", runs: 3},
		{key: "b", title: "60 CR3s of 45 MB", files: 60, size: 45 << 20, ext: "cr3", runs: 2},
		{key: "c", title: "10,000 JPEGs of 20 KB in 200 folders", files: 10_000, folders: 200, size: 20 << 10, ext: "jpg", runs: 3},
		{key: "d", title: "one MOV of 4 GB", files: 1, size: 4 << 30, ext: "mov", runs: 1},
	}
}

func (d *dataset) bytes() int64 { return int64(d.files) * d.size }

// many reports whether the set has so many files that making and removing them
// weighs on the file system.
func (d *dataset) many() bool { return d.files >= 500 }

// make writes the files, with content that does not compress.
func (d *dataset) make(dir string) error {
	d.dir, d.sums = dir, map[string][sha256.Size]byte{}
	random := rand.NewChaCha8([32]byte{d.key[0]})
	for i := range d.files {
		name := fmt.Sprintf("IMG_%05d.%s", i, d.ext)
		if d.folders > 0 {
			name = fmt.Sprintf("ref_%03d/%s", i%d.folders, name)
		}
		path := filepath.Join(dir, name)
		if err := mkdirs(filepath.Dir(path)); err != nil {
			return err
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		sum := sha256.New()
		if err := d.fill(io.MultiWriter(f, sum), random); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		d.sums[name] = [sha256.Size]byte(sum.Sum(nil))
	}
	return nil
}

// fill writes one file.
func (d *dataset) fill(w io.Writer, random io.Reader) error {
	head, tail := film(d.size), ""
	if d.ext == "jpg" {
		head, tail = jpegHead, jpegTail
	}
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for left := d.size - int64(len(head)+len(tail)); left > 0; {
		b := block[:min(left, int64(len(block)))]
		random.Read(b)
		for i, c := range b {
			if c == 0xff {
				b[i] = 0xfe // in a JPEG no marker by chance
			}
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		left -= int64(len(b))
	}
	_, err := io.WriteString(w, tail)
	return err
}

// film is the head of an ISO base media file of size bytes, as CR3 and MOV are:
// type, an empty table of contents, and data up to the end.
func film(size int64) string {
	const before = "\x00\x00\x00\x10ftypcrx \x00\x00\x00\x01\x00\x00\x00\x08moov"
	data := binary.BigEndian.AppendUint64([]byte("\x00\x00\x00\x01mdat"), uint64(size-int64(len(before))))
	return before + string(data)
}
