package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
)

// A layoutOf is how a TIFF under construction stores its pixels.
type layoutOf struct {
	order                    binary.ByteOrder
	bits, channels           int
	photometric              uint64
	extra                    uint64 // what the channel behind the colours is
	planar, predicted, zip   bool
	tile                     int // side of a tile, 0 for strips
	width, height, rowsStrip int
}

// shade is the 8-bit value of a sample; for few bits a multiple of what one step
// is worth.
func (l layoutOf) shade(x, y, c int) byte {
	v := byte(x*7 + y*13 + c*60)
	if l.bits < 8 {
		most := 1<<l.bits - 1
		return byte(int(v) % (most + 1) * (255 / most))
	}
	return v
}

// stored packs one row of samples as the file has it.
func (l layoutOf) stored(samples []byte, step int) []byte {
	var out []byte
	switch l.bits {
	case 8:
		out = bytes.Clone(samples)
		for i := len(out) - 1; l.predicted && i >= step; i-- {
			out[i] -= out[i-step]
		}
	case 16:
		wide := make([]uint16, len(samples))
		for i, s := range samples {
			wide[i] = uint16(s)<<8 | 0x5a
		}
		for i, v := range wide {
			if l.predicted && i >= step {
				v -= wide[i-step]
			}
			b := make([]byte, 2)
			l.order.PutUint16(b, v)
			out = append(out, b...)
		}
	default:
		out = make([]byte, (len(samples)*l.bits+7)/8)
		for i, s := range samples {
			v := int(s) / (255 / (1<<l.bits - 1))
			out[i*l.bits/8] |= byte(v << (8 - l.bits - i*l.bits%8))
		}
	}
	return out
}

// file builds the TIFF.
func (l layoutOf) file(t testing.TB) []byte {
	b := newTIFF(l.order, false)
	across, down := l.width, l.rowsStrip
	if l.tile > 0 {
		across, down = l.tile, l.tile
	}
	planes, step := 1, l.channels
	if l.planar {
		planes, step = l.channels, 1
	}
	var offs, counts []uint64
	for plane := range planes {
		for y0 := 0; y0 < l.height; y0 += down {
			for x0 := 0; x0 < l.width; x0 += across {
				var piece []byte
				for y := y0; y < y0+down && (l.tile > 0 || y < l.height); y++ {
					var row []byte
					for x := x0; x < x0+across; x++ {
						for c := range step {
							row = append(row, l.shade(x, y, plane+c))
						}
					}
					piece = append(piece, l.stored(row, step)...)
				}
				if l.zip {
					raw := piece
					piece = encoded(t, func(w io.Writer) error {
						z := zlib.NewWriter(w)
						z.Write(raw)
						return z.Close()
					})
				}
				offs, counts = append(offs, b.add(piece)), append(counts, uint64(len(piece)))
			}
		}
	}
	return l.link(b, offs, counts, across, down)
}

func (l layoutOf) link(b *tiffBuilder, offs, counts []uint64, across, down int) []byte {
	bits := make([]uint64, l.channels)
	for i := range bits {
		bits[i] = uint64(l.bits)
	}
	vs := []value{num(tagWidth, uint64(l.width)), num(tagHeight, uint64(l.height)), num(tagBits, bits...),
		num(tagPhotometric, l.photometric), num(tagSamples, uint64(l.channels)), num(tagExtraSamples, l.extra)}
	if l.zip {
		vs = append(vs, num(tagCompression, packDeflate))
	}
	if l.planar {
		vs = append(vs, num(tagPlanes, 2))
	}
	if l.predicted {
		vs = append(vs, num(tagPredictor, 2))
	}
	if l.tile > 0 {
		vs = append(vs, num(tagTileWidth, uint64(across)), num(tagTileHeight, uint64(down)), num(tagTileOffsets, offs...), num(tagTileCounts, counts...))
	} else {
		vs = append(vs, num(tagRowsInStrip, uint64(down)), num(tagStripOffsets, offs...), num(tagStripCounts, counts...))
	}
	first, _ := b.ifd(vs...)
	b.link(0, first)
	return b.b
}

func TestPixelsOfTIFF(t *testing.T) {
	rgb := layoutOf{order: le, bits: 8, channels: 3, photometric: photometricRGB, width: 37, height: 23, rowsStrip: 5}
	with := func(change func(*layoutOf)) layoutOf {
		l := rgb
		change(&l)
		return l
	}
	for name, l := range map[string]layoutOf{
		"RGB":              rgb,
		"one strip":        with(func(l *layoutOf) { l.rowsStrip = 23 }),
		"16 bits":          with(func(l *layoutOf) { l.bits = 16 }),
		"16 bits, MM":      with(func(l *layoutOf) { l.bits, l.order = 16, be }),
		"predicted":        with(func(l *layoutOf) { l.predicted, l.zip = true, true }),
		"16 predicted":     with(func(l *layoutOf) { l.bits, l.predicted, l.zip = 16, true, true }),
		"16 predicted, MM": with(func(l *layoutOf) { l.bits, l.predicted, l.zip, l.order = 16, true, true, be }),
		"planar":           with(func(l *layoutOf) { l.planar = true }),
		"tiles":            with(func(l *layoutOf) { l.tile, l.zip = 16, true }),
		"tiles, planar":    with(func(l *layoutOf) { l.tile, l.planar, l.bits, l.predicted = 16, true, 16, true }),
		"straight alpha":   with(func(l *layoutOf) { l.channels, l.extra = 4, 2 }),
		"a saved channel":  with(func(l *layoutOf) { l.channels, l.extra = 5, 0 }),
		"tiles, channel":   with(func(l *layoutOf) { l.channels, l.tile = 4, 32 }),
		"CMYK":             with(func(l *layoutOf) { l.channels, l.photometric = 4, photometricCMYK }),
		"grey":             with(func(l *layoutOf) { l.channels, l.photometric = 1, blackIsZero }),
		"white is zero":    with(func(l *layoutOf) { l.channels, l.photometric, l.bits = 1, whiteIsZero, 16 }),
		"1 bit":            with(func(l *layoutOf) { l.channels, l.photometric, l.bits = 1, blackIsZero, 1 }),
		"4 bits, white 0":  with(func(l *layoutOf) { l.channels, l.photometric, l.bits = 1, whiteIsZero, 4 }),
	} {
		t.Run(name, func(t *testing.T) { l.check(t, l.file(t)) })
	}
}

func (l layoutOf) check(t *testing.T, file []byte) {
	p, err := Dissect(bytes.NewReader(file), int64(len(file)))
	if err != nil || p.Pixels == nil {
		t.Fatalf("no pixels: %q %v", p.Refusal, err)
	}
	colours := map[uint64]int{whiteIsZero: 1, blackIsZero: 1, photometricRGB: 3, photometricCMYK: 4}[l.photometric]
	step, seen := colours, 0
	if l.extra > 0 {
		step++
	}
	if p.Pixels.Width != l.width || p.Pixels.Height != l.height || p.Pixels.Colours != colours || p.Pixels.Alpha != Alpha(l.extra) {
		t.Errorf("got %+v", p.Pixels)
	}
	err = p.Pixels.Rows(func(r Row) error {
		first, n := 0, step
		if r.Channel >= 0 {
			first, n = r.Channel, 1
		}
		if want := seen % l.height; r.Y != want || len(r.Samples) != l.width*n {
			return fmt.Errorf("row %d of %d samples; want row %d", r.Y, len(r.Samples), want)
		}
		seen++
		for x := range l.width {
			for c := range n {
				want := l.shade(x, r.Y, first+c)
				if l.photometric == whiteIsZero {
					want = 255 - want
				}
				if got := r.Samples[x*n+c]; got != want {
					return fmt.Errorf("at %d,%d channel %d: got %d, want %d", x, r.Y, first+c, got, want)
				}
			}
		}
		return nil
	})
	if planes := map[bool]int{true: colours, false: 1}[l.planar]; err != nil || seen != planes*l.height {
		t.Errorf("%d rows, %v", seen, err)
	}
}

func TestPixelsOfPalette(t *testing.T) {
	b := newTIFF(le, false)
	at := b.add([]byte{0xe4}) // 3, 2, 1, 0
	colours := []byte("r0r1r2r3g0g1g2g3b0b1b2b3")
	first, _ := b.ifd(num(tagWidth, 4), num(tagHeight, 1), num(tagBits, 2), num(tagPhotometric, photometricMap),
		num(tagStripOffsets, at), num(tagStripCounts, 1), value{tag: tagColorMap, raw: colours})
	b.link(0, first)
	i := bytes.LastIndex(b.b, []byte{0x40, 1, 7, 0, 24, 0, 0, 0})
	b.b[i+2], b.b[i+4] = 3, 12 // twelve SHORTs
	p, err := Dissect(bytes.NewReader(b.b), int64(len(b.b)))
	if err != nil || p.Pixels == nil {
		t.Fatal(p.Refusal, err)
	}
	err = p.Pixels.Rows(func(r Row) error {
		if got, want := string(r.Samples), "333222111000"; r.Channel != -1 || got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPixelsOfDamage(t *testing.T) {
	l := layoutOf{order: le, bits: 8, channels: 3, photometric: photometricRGB, width: 37, height: 23, rowsStrip: 5, zip: true}
	file := l.file(t)
	for i := 8; i < len(file); i += 3 {
		broken := bytes.Clone(file)
		broken[i] ^= 0x55
		p, err := Dissect(bytes.NewReader(broken), int64(len(broken)))
		if err != nil || p.Pixels == nil {
			continue
		}
		rows := 0
		err = p.Pixels.Rows(func(Row) error { rows++; return nil })
		if err == nil && rows < p.Pixels.Height {
			t.Errorf("byte %d: %d rows of %d and no error", i, rows, p.Pixels.Height)
		}
	}
	cut := file[:len(file)-len(file)/2]
	copy(cut[4:], file[4:8])
	if _, err := Dissect(bytes.NewReader(cut), int64(len(cut))); err == nil || !strings.Contains(err.Error(), "ends in the middle") {
		t.Errorf("cut: %v", err)
	}
}
