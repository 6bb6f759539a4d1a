package picture

import "bytes"

const jpegMagic = "\xff\xd8\xff"

// Markers (ITU-T T.81, table B.1).
const (
	soi = 0xd8 // start of image
	eoi = 0xd9 // end of image
	sos = 0xda // start of scan
	dht = 0xc4 // Huffman tables
)

// judgeJPEG steps over the segments up to the first scan, so that the end marker
// of a thumbnail in one of them does not count, and then wants an end marker
// behind it. It searches from the back: cameras and phones append a second
// picture, a film or their own notes.
func judgeJPEG(f *file) error {
	scan, err := jpegScan(f)
	if err != nil {
		return err
	}
	end, err := f.lastEOI(scan)
	if err != nil {
		return err
	}
	if end < 0 {
		return torn(endsEarly)
	}
	// The last end marker of the file is followed by the start of a second
	// picture: that one is cut.
	rest, err := f.at(end+2, int(min(f.size-end-2, block)))
	if err != nil {
		return err
	}
	if bytes.HasPrefix(bytes.TrimLeft(rest, "\x00"), []byte(jpegMagic)) {
		return torn("the second picture inside the file ends in the middle")
	}
	return nil
}

// jpegScan returns where the data of the first scan begin.
func jpegScan(f *file) (int64, error) {
	return jpegSegments(f, func(byte, int64, int64) error { return nil })
}

// jpegSegments shows each segment before the first scan: its marker, and where
// its content, behind marker and length, begins and how long that is. It returns
// where the data of the scan begin.
func jpegSegments(f *file, show func(marker byte, off, length int64) error) (int64, error) {
	const mostSegments = 8192 // of up to 64 KiB: more metadata than any camera writes
	off := int64(2)
	for range mostSegments {
		head, err := f.at(off, 2)
		if err != nil {
			return 0, err
		}
		switch marker := head[1]; {
		case head[0] != 0xff:
			return 0, f.unexpected(off)
		case marker == 0:
			return 0, f.unexpected(off + 1)
		case marker == 0xff: // fill byte
			off++
			continue
		case marker == eoi:
			return 0, unsure("the file is a JPEG without a picture")
		case alone(marker):
			off += 2
			continue
		default:
			if head, err = f.at(off, 4); err != nil {
				return 0, err
			}
			length := int64(head[2])<<8 | int64(head[3])
			if length < 2 {
				return 0, f.unexpected(off + 2)
			}
			if off += 2 + length; off > f.size {
				return 0, torn(endsEarly)
			}
			if marker == sos {
				return off, nil
			}
			if err := show(marker, off-length+2, length-2); err != nil {
				return 0, err
			}
		}
	}
	return 0, unsure(tooBig)
}

// alone reports whether marker stands without a length and content.
func alone(marker byte) bool { return marker == 0x01 || marker >= 0xd0 && marker <= soi }

// lastEOI returns where the last end marker at or behind from is, or -1. In
// picture data the two bytes cannot stand side by side.
func (f *file) lastEOI(from int64) (int64, error) {
	f.left = maxScan
	step := int64(4 << 10) // most end right there
	for end := f.size; end-from >= 2; step = block {
		start := max(from, end-step)
		b, err := f.at(start, int(end-start))
		if err != nil {
			return -1, err
		}
		if i := bytes.LastIndex(b, []byte{0xff, eoi}); i >= 0 {
			return start + int64(i), nil
		}
		if start == from {
			break
		}
		end = start + 1 // the marker may lie across the two blocks
	}
	return -1, nil
}
