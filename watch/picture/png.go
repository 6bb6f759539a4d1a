package picture

import "encoding/binary"

const pngMagic = "\x89PNG\r\n\x1a\n"

// judgePNG walks from chunk to chunk to IEND (PNG specification, section 5.3).
// What follows IEND is somebody's appendix.
func judgePNG(f *file) error {
	const mostChunks = 1 << 20
	off := int64(len(pngMagic))
	for range mostChunks {
		head, err := f.at(off, 8)
		if err != nil {
			return err
		}
		length, name := int64(binary.BigEndian.Uint32(head)), string(head[4:8])
		if !letters(name) || length > 1<<31-1 {
			return f.unexpected(off)
		}
		if off += 12 + length; off > f.size { // the 12: length, name and checksum
			return torn(endsEarly)
		}
		if name == "IEND" {
			return iendChecksum(f, off-4)
		}
	}
	return unsure(tooBig)
}

// iendChecksum wants the last four bytes too: they are the same in every PNG.
func iendChecksum(f *file, off int64) error {
	sum, err := f.at(off, 4)
	if err == nil && string(sum) != "\xaeB\x60\x82" {
		err = unsure(garbled)
	}
	return err
}

func letters(name string) bool {
	for _, c := range []byte(name) {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}
