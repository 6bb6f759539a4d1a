package picture

import (
	"bufio"
	"errors"
	"io"
)

// Pixels are those of a TIFF's first page or of a PSD's merged picture. They are
// unpacked row by row and never held.
type Pixels struct {
	Width, Height int
	Colours       int // channels: 1 grey, 3 RGB, 4 CMYK (255 is full ink)
	Alpha         Alpha
	rows          func(show func(Row) error) error
}

// Alpha says whether a channel of opacity follows the colours, and of what kind.
type Alpha int

const (
	Opaque        Alpha = iota
	Premultiplied       // the colours are multiplied with it already
	Straight
)

// A Row is one row of pixels, 8 bits for each channel, whatever the file has.
type Row struct {
	Y       int
	Channel int    // all samples are of this channel; -1: the channels of a pixel stand side by side, opacity last
	Samples []byte // valid until show returns
}

// maxSide is what Photoshop can make.
const maxSide = 300_000

// Rows unpacks the pixels and shows each row, from top to bottom; where a file
// keeps its channels apart, one channel after another, and then without opacity.
// Files with more than 400 million pixels, or with more than their length can
// describe, are refused. It holds a few rows, or a row of tiles of at
// most 128 MiB. Its
// error is show's, the disk's, or says in words what is damaged.
func (p *Pixels) Rows(show func(Row) error) error { return p.rows(show) }

// bandMost bounds the bytes of a row of tiles that are held.
const bandMost = 128 << 20

// A samplesReader makes bytes of the samples of one row as they are stored.
type samplesReader struct {
	bits   int
	big    bool // 16 bits come with the high byte first
	invert bool
	raw    bool // indices of a palette: small numbers, not shades
}

// bytes puts the n samples of stored into out.
func (s samplesReader) bytes(out, stored []byte, n int) {
	switch s.bits {
	case 8:
		copy(out[:n], stored)
	case 16:
		high := 1
		if s.big {
			high = 0
		}
		for i := range out[:n] {
			out[i] = stored[2*i+high]
		}
	default: // 1, 2 or 4
		most := byte(1)<<s.bits - 1
		scale := 255 / most
		if s.raw {
			scale = 1
		}
		for i := range out[:n] {
			bit := i * s.bits
			out[i] = stored[bit/8] >> (8 - s.bits - bit%8) & most * scale
		}
	}
	if s.invert {
		for i := range out[:n] {
			out[i] = ^out[i]
		}
	}
}

// A palette has three bytes for each index.
type palette []byte

// spread makes pixels of the indices in row.
func (p palette) spread(out, row []byte) error {
	for i, c := range row {
		if int(c)*3+3 > len(p) {
			return torn(damaged)
		}
		copy(out[3*i:3*i+3], p[3*int(c):])
	}
	return nil
}

// psdPixels describes the merged picture of f.
func psdPixels(f *file) (*Pixels, error) {
	const bitmap, grey, indexed, rgb, cmyk, duotone = 0, 1, 2, 3, 4, 8
	b, err := f.at(0, 26)
	if err != nil {
		return nil, err
	}
	d := &psdRowsReader{f: f, wide: 4}
	if b[5] == 2 {
		d.wide = 8
	}
	channels, mode := int(b[12])<<8|int(b[13]), int(b[24])<<8|int(b[25])
	rows, columns := be32(b[14:]), be32(b[18:])
	d.samples = samplesReader{bits: int(b[22])<<8 | int(b[23]), big: true, invert: mode == cmyk || mode == bitmap, raw: mode == indexed}
	p := &Pixels{Colours: map[int]int{bitmap: 1, grey: 1, indexed: 1, rgb: 3, cmyk: 4, duotone: 1}[mode]}
	switch {
	case p.Colours == 0 || d.samples.bits != 1 && d.samples.bits != 8 && d.samples.bits != 16 || mode == indexed && d.samples.bits != 8:
		return nil, refusal("this kind of PSD cannot be drawn here (neither grey, RGB nor CMYK with 8 or 16 bits)")
	case channels < p.Colours || max(rows, columns) > maxSide:
		return nil, torn(damaged)
	}
	const most = 8 * 64 // pixels of one bit; run lengths pack 128 bytes into two
	if err := inScale(columns, rows, f.size, most); err != nil {
		return nil, err
	}
	d.rows, d.columns, d.channels, d.colours = int(rows), int(columns), channels, p.Colours
	if mode == indexed {
		planes, err := f.piece(30, 768, 768, "palette") // all reds, then greens, then blues
		if err != nil {
			return nil, err
		}
		for i := range 256 {
			d.palette = append(d.palette, planes[i], planes[256+i], planes[512+i])
		}
		p.Colours = 3
	}
	p.Width, p.Height, p.rows = d.columns, d.rows, d.read
	return p, nil
}

func be32(b []byte) int64 { return int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3]) }

// A psdRowsReader unpacks the merged picture, which stands behind all else (Adobe
// Photoshop File Formats Specification, "Image Data Section").
type psdRowsReader struct {
	f                                *file
	wide                             int
	rows, columns, channels, colours int
	samples                          samplesReader
	palette                          palette
}

func (d *psdRowsReader) read(show func(Row) error) error {
	off, err := psdSections(d.f, d.wide)
	if err != nil {
		return err
	}
	packed, err := d.f.at(off, 2)
	if err != nil {
		return err
	}
	off += 2
	var in io.Reader
	switch packed[1] {
	case 0:
		in = bufio.NewReaderSize(io.NewSectionReader(d.f.r, off, d.f.size-off), block)
	case 1: // run lengths, behind a table of how long each row is
		if off += int64(d.channels) * int64(d.rows) * int64(d.wide/2); off > d.f.size {
			return torn(endsEarly)
		}
		in = &packBitsReader{in: bufio.NewReaderSize(io.NewSectionReader(d.f.r, off, d.f.size-off), block)}
	default:
		return errors.New("this kind of PSD cannot be drawn here (its merged picture is packed in a way that is not known)")
	}
	stored, row := make([]byte, (d.columns*d.samples.bits+7)/8), make([]byte, d.columns)
	pixels := make([]byte, len(d.palette)/256*d.columns)
	for channel := range d.colours {
		for y := range d.rows {
			if _, err := io.ReadFull(in, stored); err != nil {
				return ends(err)
			}
			d.samples.bytes(row, stored, d.columns)
			show1 := Row{y, channel, row}
			if d.palette != nil {
				if err := d.palette.spread(pixels, row); err != nil {
					return err
				}
				show1 = Row{y, -1, pixels}
			}
			if err := show(show1); err != nil {
				return err
			}
		}
	}
	return nil
}
