package picture

import "encoding/binary"

// judgePSD walks over the sections to the merged picture and measures that
// (Adobe Photoshop File Formats Specification, "Photoshop File Structure"). A
// PSB is a PSD with wider lengths.
func judgePSD(f *file) error {
	head, err := f.at(0, 26)
	if err != nil {
		return err
	}
	be, wide := binary.BigEndian, 4
	if head[5] == 2 {
		wide = 8
	}
	channels, depth := int64(be.Uint16(head[12:])), int64(be.Uint16(head[22:]))
	rows, columns := int64(be.Uint32(head[14:])), int64(be.Uint32(head[18:]))
	if min(channels, rows, columns, depth) == 0 {
		return f.unexpected(12)
	}
	if channels > 56 || rows > 300_000 || columns > 300_000 || depth > 32 { // what Photoshop can make
		return unsure(garbled)
	}
	off, err := psdSections(f, wide)
	if err != nil {
		return err
	}
	compression, err := f.number(be, off, 2)
	if err != nil {
		return err
	}
	off += 2
	switch compression {
	case 0: // none
		off += channels * rows * ((columns*depth + 7) / 8)
	case 1: // run lengths, behind a table of each row's
		if off, err = psdRows(f, off, channels*rows, wide/2); err != nil {
			return err
		}
	default:
		return unsure("the picture inside the file does not tell its length")
	}
	if off > f.size {
		return torn(endsEarly)
	}
	return f.filled(off)
}

// psdSections steps over colour mode, resources, and layers and masks, the last
// with a length of the given width, and returns where they end.
func psdSections(f *file, wide int) (int64, error) {
	off := int64(26)
	for _, width := range [...]int{4, 4, wide} {
		length, err := f.number(binary.BigEndian, off, width)
		if err != nil {
			return 0, err
		}
		if off += int64(width); !f.has(off, length) {
			return 0, torn(endsEarly)
		}
		off += length
	}
	return off, nil
}

// psdRows returns where the n rows end whose lengths are in the table at off.
func psdRows(f *file, off, n int64, width int) (int64, error) {
	table := off + n*int64(width)
	if table > f.size {
		return 0, torn(endsEarly)
	}
	end := table
	for off < table {
		b, err := f.at(off, int(min(table-off, block)))
		if err != nil {
			return 0, err
		}
		off += int64(len(b))
		for ; len(b) > 0; b = b[width:] {
			length := decode(binary.BigEndian, b[:width])
			if length == 0 { // even a row of one colour takes two bytes
				return 0, f.unexpected(off - int64(len(b)))
			}
			end += length
		}
	}
	return end, nil
}
