package picture

import (
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"sync"

	"github.com/zeebo/xxh3"
)

// Core is the hex XXH3 (128 bits) of the picture in a file of size bytes without
// what only describes it, so that a new rating or caption does not make it another
// picture. It is empty where that cannot be told: other formats, files that are
// damaged or odd; then only the whole file compares. Two files with different
// pixels or Exif never have the same core by chance; whoever makes two on purpose
// withholds his own picture and nobody else's. Two that differ in more than the
// following may have different ones. Left out are
//
//   - in a JPEG: XMP segments, standard and extended, and APP13 (IPTC and
//     Photoshop's blocks) before the picture data. An APP13 that holds a clipping
//     path or cannot be read through counts. Every other byte counts, so Exif and
//     comments do.
//   - in a TIFF and in RAW that is one inside (DNG, NEF, CR2, ARW, …): XMP (tag
//     700) and IPTC (33723) of the first IFD, and where things lie. What is
//     compared is IFD by IFD, down to previews, Exif, GPS and interoperability, each
//     tag with its value and the strips, tiles or JPEG that it points to. Bytes that
//     no IFD leads to were left behind by editors, or belong to a camera's own
//     notes, and do not count; where they are more than 1 MiB or a quarter of the
//     file the core is empty, for the picture may be there.
//
// It reads the file once and keeps less than 16 MiB in memory. Errors are r's.
func Core(r io.ReaderAt, size int64) (string, error) {
	return core(&file{r: r, size: size, left: maxRead})
}

func core(f *file) (string, error) {
	format, err := f.format()
	if err == nil {
		c := &digest{file: f, sum: xxh3.New128(), most: 2*f.size + block}
		defer c.done()
		switch format {
		case formatJPEG:
			err = c.jpeg()
		case formatTIFF:
			err = c.tiff()
		default:
			return "", nil
		}
		if err == nil {
			return hex.EncodeToString(c.sum.Sum(nil)), nil
		}
	}
	if isFinding(err) { // not as the format wants it
		return "", nil
	}
	return "", err
}

// A digest takes in parts of a file.
type digest struct {
	*file
	sum  hash.Hash
	most int64            // bytes that may still be taken in: parts that overlap come twice
	buf  *[2 * block]byte // of the digest's own, for the file's is refilled by every look
}

// buffers are used by one digest after the other: every picture is digested.
var buffers = sync.Pool{New: func() any { return new([2 * block]byte) }}

func (d *digest) done() {
	if d.buf != nil {
		buffers.Put(d.buf)
		d.buf = nil
	}
}

// take digests the n bytes at off.
func (d *digest) take(off, n int64) error {
	if !d.has(off, n) {
		return torn(endsEarly)
	}
	if d.most -= n; d.most < 0 {
		return unsure(tooBig)
	}
	if d.buf == nil {
		d.buf = buffers.Get().(*[2 * block]byte)
	}
	for n > 0 {
		b := d.buf[:min(n, int64(len(d.buf)))]
		got, err := d.r.ReadAt(b, off)
		if got < len(b) {
			if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return torn("the file became shorter while it was read")
			}
			return err
		}
		d.sum.Write(b)
		off, n = off+int64(got), n-int64(got)
	}
	return nil
}

// jpeg digests all but the segments that only describe the picture.
func (d *digest) jpeg() error {
	d.sum.Write([]byte("jpeg\n"))
	from := int64(0)
	_, err := jpegSegments(d.file, func(marker byte, off, length int64) error {
		leave, err := d.describes(marker, off, length)
		if err != nil || !leave {
			return err
		}
		const head = 4 // marker and length
		err = d.take(from, off-head-from)
		from = off + length
		return err
	})
	if err != nil {
		return err
	}
	return d.take(from, d.size-from)
}

// describes reports whether a segment only describes the picture.
func (d *digest) describes(marker byte, off, length int64) (bool, error) {
	switch marker {
	case app1:
		is, err := d.startsWith(off, length, xmpMagic)
		if is || err != nil {
			return is, err
		}
		return d.startsWith(off, length, xmpMoreMagic)
	case app13:
		is, err := d.startsWith(off, length, photoshopHead)
		if !is || err != nil {
			return false, err
		}
		path := false
		err = photoshopBlocks(d.file, off+int64(len(photoshopHead)), off+length, func(id int, _, _ int64) error {
			path = path || id >= blockPath && id <= blockClip
			return nil
		})
		if isFinding(err) {
			return false, nil
		}
		return err == nil && !path, err
	}
	return false, nil
}
