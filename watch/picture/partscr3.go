package picture

import "encoding/binary"

// Boxes of a CR3 (ISO/IEC 14496-12; Canon's own as public readings of the format
// have them, for Canon publishes none).
const (
	canonNotes   = "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"
	canonPreview = "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16"
)

// addCR3 adds the previews of a CR3: a small and a medium one in boxes of their
// own, the full one as a track.
func (p *Parts) addCR3(f *file) error {
	err := p.canonBoxes(f, 0, f.size, 0)
	if isFinding(err) && p.JPEGs != nil { // the end of the file is not needed
		return nil
	}
	return err
}

// canonBoxes goes through the boxes from off to end, and down into those that
// hold others.
func (p *Parts) canonBoxes(f *file, off, end int64, depth int) error {
	const mostBoxes, deepest = 256, 8
	var track [2]int64 // where the first sample of a track is, and its length
	for range mostBoxes {
		if end-off < 8 {
			break
		}
		name, length, err := boxAt(f, off)
		if err != nil {
			return err
		}
		from := off + 8
		if short, err := f.number(binary.BigEndian, off, 4); err != nil {
			return err
		} else if short == 1 {
			from = off + 16
		}
		if length == 0 {
			length = end - off
		}
		if length < from-off || length > end-off {
			return torn(endsEarly)
		}
		if off += length; depth == deepest {
			continue
		}
		if err := p.canonBox(f, name, from, off, depth, &track); err != nil {
			return err
		}
	}
	p.addJPEG(f, track[0], track[1])
	return nil
}

func (p *Parts) canonBox(f *file, name string, from, end int64, depth int, track *[2]int64) error {
	be := binary.BigEndian
	at := func(skip int64, width int) int64 { // a length that is not there is none
		n, _ := f.part(from, end-from).number(be, skip, width)
		return n
	}
	switch name {
	case "moov", "trak", "mdia", "minf", "stbl":
		return p.canonBoxes(f, from, end, depth+1)
	case "uuid":
		if is, err := f.startsWith(from, end-from, canonNotes); err != nil || is {
			return firstOf(err, func() error { return p.canonBoxes(f, from+16, end, depth+1) })
		}
		if is, err := f.startsWith(from, end-from, canonPreview); err != nil || is {
			return firstOf(err, func() error { return p.canonBoxes(f, from+24, end, depth+1) })
		}
	case "CMT1": // the first IFD of a TIFF
		p.Orientation = orientationOf(f.part(from, end-from))
	case "THMB": // version and flags, width and height, length, two numbers, the JPEG
		p.addJPEG(f, from+16, min(at(8, 4), end-from-16))
	case "PRVW": // four zeros, a number, width and height, a number, length, the JPEG
		p.addJPEG(f, from+16, min(at(12, 4), end-from-16))
	case "stsz": // one size for all, the number of samples, the size of each
		if track[1] = at(4, 4); track[1] == 0 {
			track[1] = at(12, 4)
		}
	case "co64":
		track[0] = at(8, 8)
	case "stco":
		track[0] = at(8, 4)
	}
	return nil
}

func firstOf(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}
