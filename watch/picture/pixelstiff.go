package picture

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// Tags that tell what the samples of a TIFF mean (TIFF 6.0, sections 8, 14 and
// 18; Adobe's supplement for floating point).
const (
	tagPredictor    = 0x13d
	tagColorMap     = 0x140
	tagExtraSamples = 0x152
	tagSampleFormat = 0x153

	whiteIsZero     = 0
	blackIsZero     = 1
	photometricRGB  = 2
	photometricMap  = 3
	photometricCMYK = 5
)

// tiffPixels describes the first page of t.
func tiffPixels(t *tiff, tags map[uint16]entry) (*Pixels, error) {
	d := &tiffRowsReader{tiffPage: &tiffPage{tiff: t, tags: tags, width: t.one(tags[tagWidth]), height: t.one(tags[tagHeight])}}
	if err := d.layout(); errors.Is(err, errUnproven) {
		return nil, unlike("compression", d.numberOf(tagCompression, packNone))
	} else if err != nil {
		return nil, err
	}
	if max(d.width, d.height) > maxSide {
		return nil, torn(tooManyPixels)
	}
	perByte := int64(8)
	if d.compression != packNone {
		perByte = 8 * 8192 // as in opensTIFF
	}
	if err := inScale(d.width, d.height, d.size, perByte); err != nil {
		return nil, err
	}
	p := &Pixels{Width: int(d.width), Height: int(d.height), rows: d.read}
	if err := d.meaning(p); err != nil {
		return nil, err
	}
	d.colours, d.shown = p.Colours, p.Colours
	if p.Alpha != Opaque {
		d.shown++
	}
	return p, nil
}

// A tiffRowsReader unpacks the strips or tiles of a page.
type tiffRowsReader struct {
	*tiffPage
	eight          samplesReader
	colours, shown int // channels: of colour, and those that are shown of each pixel
	step           int // channels that stand side by side in the file
	predicted      bool
	palette        palette
	u              unpacker

	stored, samples []byte // one row of a strip or tile, as in the file and as bytes
}

// meaning reads what the samples are.
func (d *tiffRowsReader) meaning(p *Pixels) error {
	photometric, bits := d.numberOf(tagPhotometric, blackIsZero), d.tiffPage.samples[0]
	for _, b := range d.tiffPage.samples {
		if b != bits {
			return unlike("bits of a channel", b)
		}
	}
	switch format := d.numberOf(tagSampleFormat, 1); {
	case format != 1 && format != 4:
		return unlike("sample format", format)
	case bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16:
		return unlike("bits", bits)
	}
	d.eight = samplesReader{bits: int(bits), big: d.order == binary.BigEndian, invert: photometric == whiteIsZero, raw: photometric == photometricMap}
	switch photometric {
	case whiteIsZero, blackIsZero:
		p.Colours = 1
	case photometricRGB:
		p.Colours = 3
	case photometricMap:
		return d.colourMap(p)
	case photometricCMYK:
		p.Colours = 4
	default:
		return unlike("colours", photometric)
	}
	switch d.predicted = d.numberOf(tagPredictor, 1) == 2; {
	case d.numberOf(tagPredictor, 1) > 2 || d.predicted && bits < 8:
		return unlike("predictor", d.numberOf(tagPredictor, 1))
	case len(d.tiffPage.samples) < p.Colours:
		return torn(damaged)
	}
	if d.step = len(d.tiffPage.samples); d.planes > 1 {
		d.step = 1
	} else if a := d.numberOf(tagExtraSamples, 0); d.step > p.Colours && p.Colours < 4 && (a == 1 || a == 2) {
		p.Alpha = Alpha(a)
	}
	return nil
}

// colourMap reads the palette: all reds, then greens, then blues, of 16 bits.
func (d *tiffRowsReader) colourMap(p *Pixels) error {
	if len(d.tiffPage.samples) != 1 || d.eight.bits > 8 {
		return unlike("channels of a palette", int64(len(d.tiffPage.samples)))
	}
	n := int64(1) << d.eight.bits
	vs, err := d.values(d.tags[tagColorMap], 0, 3*n)
	if err != nil {
		return err
	}
	if int64(len(vs)) != 3*n {
		return torn(damaged)
	}
	for i := range n {
		d.palette = append(d.palette, byte(vs[i]>>8), byte(vs[n+i]>>8), byte(vs[2*n+i]>>8))
	}
	d.predicted = d.numberOf(tagPredictor, 1) == 2 && d.eight.bits == 8
	p.Colours, d.step = 3, 1
	return nil
}

// read goes through the planes, and through the rows of strips or tiles of each.
func (d *tiffRowsReader) read(show func(Row) error) error {
	d.left = maxScan
	d.u = unpacker{f: d.file, compression: d.compression}
	columns, rows := (d.width+d.across-1)/d.across, (d.height+d.down-1)/d.down
	if columns*rows*d.planes > mostPieces {
		return torn(damaged)
	}
	d.stored = make([]byte, (d.across*int64(d.step*d.eight.bits)+7)/8)
	d.samples = make([]byte, d.across*int64(d.step))
	for plane := range min(d.planes, int64(d.colours)) {
		channel := int(plane)
		if d.planes == 1 {
			channel = -1
		}
		for row := range rows {
			first := (plane*rows + row) * columns
			high := min(d.down, d.height-row*d.down)
			if err := d.band(first, columns, high, func(y int64, samples []byte) error {
				return show(Row{int(row*d.down + y), channel, samples})
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// band unpacks one row of strips or tiles, the first of which has that number,
// and shows the high rows of pixels in it. Strips pass through; tiles are put
// side by side first.
func (d *tiffRowsReader) band(first, columns, high int64, show func(y int64, samples []byte) error) error {
	shown := int64(d.shown)
	if d.planes > 1 {
		shown = 1
	}
	if !d.tiled {
		out := make([]byte, d.width*shown)
		return d.piece(first, high, func(y int64) error {
			if err := d.pick(out, d.samples); err != nil {
				return err
			}
			return show(y, out)
		})
	}
	line, tile := columns*d.across*shown, d.across*shown
	if line*high > bandMost {
		return refusal("its tiles are too large to draw it here")
	}
	all := make([]byte, line*high)
	for i := range columns {
		if err := d.piece(first+i, high, func(y int64) error {
			return d.pick(all[y*line+i*tile:][:tile], d.samples)
		}); err != nil {
			return err
		}
	}
	for y := range high {
		if err := show(y, all[y*line:][:d.width*shown]); err != nil {
			return err
		}
	}
	return nil
}

// piece unpacks high rows of the strip or tile with that number.
func (d *tiffRowsReader) piece(number, high int64, row func(y int64) error) error {
	offs, counts := d.tags[tagStripOffsets], d.tags[tagStripCounts]
	if d.tiled {
		offs, counts = d.tags[tagTileOffsets], d.tags[tagTileCounts]
	}
	off, err := d.values(offs, number, 1)
	if err != nil {
		return err
	}
	n, err := d.values(counts, number, 1)
	if err != nil {
		return err
	}
	if len(off) == 0 || len(n) == 0 {
		return torn(damaged)
	}
	done, err := d.u.open(off[0], n[0])
	if errors.Is(err, errUnproven) {
		return unlike("compression", d.compression)
	} else if err != nil {
		return err
	}
	defer done()
	for y := range high {
		if _, err := io.ReadFull(d.u.out, d.stored); err != nil {
			return d.broken(err)
		}
		if d.predicted {
			d.sum()
		}
		d.eight.bytes(d.samples, d.stored, len(d.samples))
		if err := row(y); err != nil {
			return err
		}
	}
	return nil
}

// broken keeps the disk's errors; whatever an unpacker says is damage.
func (d *tiffRowsReader) broken(err error) error {
	if whose := (*os.PathError)(nil); errors.As(err, &whose) {
		return err
	}
	return torn(damaged)
}

// sum undoes the horizontal predictor: every sample is stored as the difference
// to the one before it (TIFF 6.0, section 14).
func (d *tiffRowsReader) sum() {
	b := d.stored
	if d.eight.bits == 8 {
		for i := d.step; i < len(b); i++ {
			b[i] += b[i-d.step]
		}
		return
	}
	for i := 2 * d.step; i+1 < len(b); i += 2 {
		d.order.PutUint16(b[i:], d.order.Uint16(b[i:])+d.order.Uint16(b[i-2*d.step:]))
	}
}

// pick puts the channels that are shown into out, as many pixels as fit.
func (d *tiffRowsReader) pick(out, samples []byte) error {
	switch {
	case d.palette != nil:
		return d.palette.spread(out, samples[:len(out)/3])
	case d.planes > 1 || d.step == d.shown:
		copy(out, samples)
		return nil
	}
	for i := range len(out) / d.shown {
		copy(out[i*d.shown:][:d.shown], samples[i*d.step:])
	}
	return nil
}
