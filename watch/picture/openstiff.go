package picture

// More tags, and compressions that are unpacked here (TIFF 6.0, sections 8, 9,
// 13 and 15; Adobe Photoshop TIFF Technical Notes for Deflate).
const (
	tagCompression = 0x103
	tagPhotometric = 0x106
	tagFillOrder   = 0x10a
	tagSamples     = 0x115
	tagRowsInStrip = 0x116
	tagPlanes      = 0x11c
	tagTileWidth   = 0x142
	tagTileHeight  = 0x143

	packNone       = 1
	packLZW        = 5
	packDeflate    = 8
	packDeflateOld = 32946
	packBits       = 32773

	photometricYCbCr = 6
)

// A tiffPage is how the pixels of one IFD are cut into strips or tiles.
type tiffPage struct {
	*tiff
	tags          map[uint16]entry
	width, height int64
	compression   int64
	samples       []int64 // bits of each channel
	across, down  int64   // size of a strip or tile
	tiled         bool
	planes        int64 // groups of strips: one, or one for each channel
}

// opensTIFF unpacks every strip or tile of the first page. Neither predictors nor
// colours matter: they leave the number of bytes as it is.
func opensTIFF(f *file) error {
	t, first, err := openTIFF(f)
	if err != nil {
		return err
	}
	tags, _, err := t.entries(first)
	if err != nil {
		return err
	}
	if raw, err := t.isRaw(tags); err != nil {
		return err
	} else if raw {
		return errUnproven
	}
	p := &tiffPage{tiff: t, tags: tags, width: t.one(tags[tagWidth]), height: t.one(tags[tagHeight])}
	if err := p.layout(); err != nil {
		return err
	}
	const most = 8 * 8192 // pixels of one bit; LZW packs up to some thousand to one, Deflate 1032
	if p.compression != packNone {
		if err := inScale(p.width, p.height, f.size, most); err != nil {
			return err
		}
	} else if err := inScale(p.width, p.height, f.size, 8); err != nil {
		return err
	}
	return p.unpack()
}

// numberOf returns the first number of tag, or other if it is not there.
func (p *tiffPage) numberOf(tag uint16, other int64) int64 {
	if _, there := p.tags[tag]; !there {
		return other
	}
	return p.one(p.tags[tag])
}

// layout reads how the pixels are stored.
func (p *tiffPage) layout() error {
	p.compression = p.numberOf(tagCompression, packNone)
	switch p.compression {
	case packNone, packLZW, packDeflate, packDeflateOld, packBits:
	default:
		return errUnproven
	}
	if p.numberOf(tagPhotometric, 0) == photometricYCbCr || p.numberOf(tagFillOrder, 1) != 1 {
		return errUnproven // channels of different sizes, or bits that come backwards
	}
	if err := p.channels(); err != nil {
		return err
	}
	p.planes = 1
	if p.numberOf(tagPlanes, 1) == 2 {
		p.planes = int64(len(p.samples))
	}
	_, p.tiled = p.tags[tagTileOffsets]
	p.across, p.down = p.width, min(p.numberOf(tagRowsInStrip, p.height), p.height)
	if p.tiled {
		p.across, p.down = p.numberOf(tagTileWidth, 0), p.numberOf(tagTileHeight, 0)
	}
	const largest = 1 << 20 // pixels in one direction, far above what anybody cuts
	if p.across < 1 || p.down < 1 || p.tiled && max(p.across, p.down) > largest {
		return torn(damaged)
	}
	return nil
}

// channels reads how many bits each has.
func (p *tiffPage) channels() error {
	const mostSamples = 64
	n := p.numberOf(tagSamples, 1)
	if n < 1 || n > mostSamples {
		return torn(damaged)
	}
	bits, err := p.values(p.tags[tagBits], 0, n)
	if err != nil {
		return err
	}
	for len(bits) < int(n) { // one for all, or the default of 1
		if len(bits) == 0 {
			bits = append(bits, 1)
		}
		bits = append(bits, bits[len(bits)-1])
	}
	p.samples = bits[:n]
	for _, b := range p.samples {
		if b < 1 || b > 64 {
			return torn(damaged)
		}
	}
	return nil
}

// unpack goes through the strips or tiles, in the order of the file's table.
func (p *tiffPage) unpack() error {
	offs, counts := p.tags[tagStripOffsets], p.tags[tagStripCounts]
	if p.tiled {
		offs, counts = p.tags[tagTileOffsets], p.tags[tagTileCounts]
	}
	columns, rows := (p.width+p.across-1)/p.across, (p.height+p.down-1)/p.down
	n := columns * rows * p.planes
	if n > mostPieces || offs.count < n || counts.count < n {
		return torn(damaged)
	}
	const some = 1024
	total, u := int64(0), unpacker{f: p.file, compression: p.compression}
	for i := int64(0); i < n; i += some {
		starts, err := p.values(offs, i, min(some, n-i))
		if err != nil {
			return err
		}
		lengths, err := p.values(counts, i, min(some, n-i))
		if err != nil {
			return err
		}
		for k, start := range starts {
			want := p.bytes(i+int64(k), columns*rows, columns)
			if total += want; total > maxDecoded {
				return torn(tooManyPixels)
			}
			if err := u.unpack(start, lengths[k], want); err != nil {
				return err
			}
		}
	}
	return nil
}

// bytes tells how many bytes the i-th strip or tile has, unpacked. The last strip
// of a plane may be shorter; tiles are always full.
func (p *tiffPage) bytes(i, inPlane, columns int64) int64 {
	rows := p.down
	if row := i % inPlane / columns; !p.tiled {
		rows = min(rows, p.height-row*p.down)
	}
	bits := int64(0)
	for _, b := range p.samples {
		bits += b
	}
	if p.planes > 1 {
		bits = p.samples[i/inPlane]
	}
	return (p.across*bits + 7) / 8 * rows
}
