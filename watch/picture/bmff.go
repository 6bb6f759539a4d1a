package picture

import "encoding/binary"

const noIndex = "the film's table of contents is not there yet"

// isBMFF recognises the box that an ISO base media file (ISO/IEC 14496-12) or an
// older QuickTime film begins with: MP4, MOV, HEIC, AVIF, CR3.
func isBMFF(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch string(head[4:8]) {
	case "ftyp", "moov", "pnot":
		return true
	case "mdat", "wide", "free", "skip":
		return head[0] < ' ' // otherwise it is a letter: a text with that word in it
	}
	return false
}

// judgeBMFF walks over the top-level boxes, which must end where the file ends,
// and wants a table of contents (moov, or meta in a HEIC) and data among them.
func judgeBMFF(f *file) error {
	const mostBoxes = 1 << 20 // a fragmented film has thousands
	var index, data bool
	off, last := int64(0), ""
	for n := 0; off < f.size; n++ {
		if n == mostBoxes {
			return unsure(tooBig)
		}
		box, length, err := boxAt(f, off)
		if index && data && isFinding(err) {
			return unsure(appendix)
		}
		if err != nil {
			return err
		}
		switch box {
		case "moov", "meta":
			index = true
		case "mdat", "moof":
			data = true
		}
		if length == 0 { // to the end of the file, wherever that will be
			if !index {
				return torn(noIndex)
			}
			return unsure("the film inside the file does not tell its length")
		}
		if !f.has(off, length) {
			return torn(endsEarly)
		}
		off, last = off+length, box
	}
	switch {
	case !index:
		return torn(noIndex)
	case !data:
		return unsure("the file announces a picture but has none")
	case last == "free" || last == "skip": // may be empty, that is what they are for
		return nil
	}
	return f.filled(off)
}

// boxAt returns the name and length of the box at off, head included; length 0
// means up to the end.
func boxAt(f *file, off int64) (name string, length int64, err error) {
	head, err := f.at(off, 8)
	if err != nil {
		return "", 0, err
	}
	name, length = string(head[4:]), int64(binary.BigEndian.Uint32(head))
	if !printable(name) {
		return "", 0, f.unexpected(off)
	}
	if length == 1 {
		if length, err = f.number(binary.BigEndian, off+8, 8); err != nil {
			return "", 0, err
		}
		if length < 16 {
			return "", 0, f.unexpected(off + 8)
		}
	} else if length != 0 && length < 8 {
		return "", 0, f.unexpected(off)
	}
	return name, length, nil
}

func printable(name string) bool {
	for _, c := range []byte(name) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
