package picture

import "encoding/binary"

const pngMagic = "\x89PNG\r\n\x1a\n"

// judgePNG walks from chunk to chunk to IEND. What follows it is somebody's
// appendix.
func judgePNG(f *file) error {
	end, err := pngChunks(f, func(string, int64, int64) error { return nil })
	if err != nil {
		return err
	}
	return iendChecksum(f, end-4)
}

// pngChunks shows each chunk up to IEND: its name, where its content begins and
// how long that is (PNG specification, section 5.3). It returns where IEND ends.
func pngChunks(f *file, show func(name string, off, length int64) error) (int64, error) {
	const mostChunks = 1 << 20
	off := int64(len(pngMagic))
	for range mostChunks {
		head, err := f.at(off, 8)
		if err != nil {
			return 0, err
		}
		length, name := int64(binary.BigEndian.Uint32(head)), string(head[4:8])
		if !letters(name) || length > 1<<31-1 {
			return 0, f.unexpected(off)
		}
		if off += 12 + length; off > f.size { // the 12: length, name and checksum
			return 0, torn(endsEarly)
		}
		if name == "IEND" {
			return off, nil
		}
		if err := show(name, off-4-length, length); err != nil {
			return 0, err
		}
	}
	return 0, unsure(tooBig)
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
