package picture

import (
	"bufio"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
)

// opensPNG unpacks the picture data and counts them: each row is one byte that
// names its filter and the row's pixels (PNG specification, sections 4.5, 7.2,
// 8.1 and 9.2).
func opensPNG(f *file) error {
	b, err := f.at(int64(len(pngMagic)), 21) // the head of IHDR and its content
	if err != nil {
		return err
	}
	w, h := decode(binary.BigEndian, b[8:12]), decode(binary.BigEndian, b[12:16])
	depth, channels, interlaced := int64(b[16]), pngChannels(b[17]), b[20]
	if string(b[4:8]) != "IHDR" || channels == 0 || depth == 0 || depth > 16 || interlaced > 1 {
		return torn(damaged)
	}
	const most = 8 * 1040 // Deflate packs up to 1032 to one, and a pixel may be one bit
	if err := inScale(w, h, f.size, most); err != nil {
		return err
	}
	z, err := zlib.NewReader(bufio.NewReaderSize(&pngData{f: f, off: int64(len(pngMagic))}, block))
	if err != nil {
		return torn(damaged)
	}
	defer z.Close()
	rows := bufio.NewReaderSize(z, block)
	if interlaced == 0 {
		err = pngRows(rows, w, h, depth*channels)
	} else {
		for _, p := range [...][4]int64{ // first column and row, steps between them
			{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
		} {
			if err = pngRows(rows, (w-p[0]+p[2]-1)/p[2], (h-p[1]+p[3]-1)/p[3], depth*channels); err != nil {
				break
			}
		}
	}
	if err != nil {
		return torn(damaged)
	}
	return sound(rows)
}

// sound reads on to the end of deflated data, where their checksum is. Damaged
// data may well unpack, and then often to more than they should. Some writers
// leave the checksum out, or add a little.
func sound(unpacked *bufio.Reader) error {
	_, err := unpacked.Discard(1 << 20)
	if errors.Is(err, zlib.ErrChecksum) || errors.As(err, new(flate.CorruptInputError)) {
		return torn(damaged)
	}
	return nil
}

func pngChannels(colourType byte) int64 {
	switch colourType {
	case 0, 3: // grey, palette
		return 1
	case 4: // grey and alpha
		return 2
	case 2:
		return 3
	case 6:
		return 4
	}
	return 0
}

// pngRows reads one pass over the picture; one without columns has no rows.
func pngRows(r *bufio.Reader, w, h, bits int64) error {
	if w <= 0 {
		return nil
	}
	for range h {
		filter, err := r.ReadByte()
		if err != nil {
			return err
		}
		if filter > 4 {
			return torn(damaged)
		}
		if _, err := r.Discard(int((w*bits + 7) / 8)); err != nil {
			return err
		}
	}
	return nil
}

// pngData reads the contents of the IDAT chunks, one after another.
type pngData struct {
	f    *file
	off  int64 // of the next chunk
	from int64 // of the rest of this one
	left int64
}

func (d *pngData) Read(b []byte) (int, error) {
	for d.left == 0 {
		head, err := d.f.at(d.off, 8)
		if err != nil {
			return 0, err
		}
		length, name := decode(binary.BigEndian, head[:4]), string(head[4:8])
		if name == "IEND" || !letters(name) {
			return 0, io.EOF
		}
		if name == "IDAT" {
			d.from, d.left = d.off+8, length
		}
		d.off += 12 + length
	}
	n, err := d.f.r.ReadAt(b[:min(int64(len(b)), d.left)], d.from)
	d.from, d.left = d.from+int64(n), d.left-int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}
