package picture

import "math"

// Limits of what is looked through; real files stay far below.
const (
	mostEntries = 2048    // of one IFD
	mostPieces  = 1 << 20 // strips or tiles of one picture
)

// Tags (TIFF 6.0, section 8 and the tile, JPEG and SubIFD sections; Exif 2.3).
const (
	tagStripOffsets = 0x111
	tagStripCounts  = 0x117
	tagRawOffset    = 0x118 // in RW2 only
	tagTileOffsets  = 0x144
	tagTileCounts   = 0x145
	tagSubIFDs      = 0x14a
	tagXMP          = 0x2bc
	tagJPEGOffset   = 0x201
	tagJPEGLength   = 0x202
	tagExif         = 0x8769
)

// An entry is the value of a tag: count numbers or letters, the first at off.
// The zero entry has no value.
type entry struct {
	kind       uint16
	count, off int64
}

// width returns the bytes of one value of a TIFF type, 0 if it is unknown.
func width(kind uint16) int64 {
	switch kind {
	case 1, 2, 6, 7: // BYTE, ASCII, SBYTE, UNDEFINED
		return 1
	case 3, 8: // SHORT, SSHORT
		return 2
	case 4, 9, 11, 13: // LONG, SLONG, FLOAT, IFD
		return 4
	case 5, 10, 12, 16, 17, 18: // RATIONAL, SRATIONAL, DOUBLE, LONG8, SLONG8, IFD8
		return 8
	}
	return 0
}

// entries reads the IFD at off and tells where it ends. A value that lies
// outside the file is a doubt here, and torn where it is needed.
func (t *tiff) entries(off int64) (tags map[uint16]entry, after int64, err error) {
	word, head := int64(t.word), 2
	if t.magic == bigTIFF {
		head = 8
	}
	n, err := t.number(t.order, off, head)
	if err != nil {
		return nil, 0, err
	}
	if n == 0 || n > mostEntries {
		return nil, 0, t.unexpected(off)
	}
	size, first := 4+2*word, off+int64(head)
	b, err := t.at(first, int(n*size))
	if err != nil {
		return nil, 0, err
	}
	tags = make(map[uint16]entry, n)
	for i := range n {
		raw := b[i*size : (i+1)*size]
		e := entry{t.order.Uint16(raw[2:]), decode(t.order, raw[4:4+word]), first + i*size + 4 + word}
		if w := width(e.kind); w > 0 && e.count > word/w {
			e.off = decode(t.order, raw[4+word:])
			if e.count > t.size/w || !t.has(e.off, e.count*w) {
				t.doubtful(torn(endsEarly))
			}
		}
		if allZero(raw) {
			t.doubtful(torn(emptyInside))
		}
		tags[t.order.Uint16(raw)] = e
	}
	return tags, first + n*size, nil
}

// values returns the up to n unsigned numbers of e from the i-th on.
func (t *tiff) values(e entry, i, n int64) ([]int64, error) {
	if n = min(n, e.count-i); n <= 0 {
		return nil, nil
	}
	w := int(width(e.kind))
	switch e.kind {
	default:
		return nil, unsure(garbled)
	case 1, 3, 4, 13, 16, 18:
	}
	if e.off > t.size || i > t.size {
		return nil, torn(endsEarly)
	}
	b, err := t.at(e.off+i*int64(w), int(n)*w)
	if err != nil {
		return nil, err
	}
	vs := make([]int64, n)
	for k := range vs {
		vs[k] = decode(t.order, b[k*w:(k+1)*w])
	}
	return vs, nil
}

// picture wants the data of one IFD inside the file.
func (t *tiff) picture(tags map[uint16]entry) error {
	if t.magic == panasonic {
		return t.panasonic(tags)
	}
	for _, tag := range [...][2]uint16{
		{tagStripOffsets, tagStripCounts}, {tagTileOffsets, tagTileCounts}, {tagJPEGOffset, tagJPEGLength},
	} {
		if err := t.pieces(tags[tag[0]], tags[tag[1]]); err != nil {
			return err
		}
	}
	return nil
}

// pieces wants the strips or tiles that begin at offs and are counts long.
func (t *tiff) pieces(offs, counts entry) error {
	const some = 1024
	if offs.count > mostPieces {
		return unsure(tooBig)
	}
	for i := int64(0); i < offs.count; i += some {
		starts, err := t.values(offs, i, some)
		if err != nil {
			return err
		}
		lengths, err := t.values(counts, i, int64(len(starts)))
		if err != nil {
			return err
		}
		for k, start := range starts {
			length := int64(0)
			if k < len(lengths) {
				length = lengths[k]
			}
			if !t.has(start, length) {
				return torn(endsEarly)
			}
			if length == 0 { // some writers leave it out
				t.doubtful(unsure("the file does not tell how long its picture is"))
			}
			t.end = max(t.end, start+length)
		}
	}
	return nil
}

// panasonic never ends in whole: the length that an RW2 gives is not to be
// trusted (as ExifTool's notes on RawDataOffset say; unverified).
func (t *tiff) panasonic(tags map[uint16]entry) error {
	t.doubtful(unsure("this kind of RAW does not tell where it ends"))
	for _, tag := range [...]uint16{tagStripOffsets, tagRawOffset} {
		offs, err := t.values(tags[tag], 0, 1)
		if err != nil {
			return err
		}
		for _, off := range offs {
			if off != math.MaxUint32 && off >= t.size {
				return torn(endsEarly)
			}
		}
	}
	return nil
}
