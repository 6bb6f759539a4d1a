package picture

import "encoding/binary"

// judgeRIFF adds up the lengths that the RIFF lists of a WebP or AVI declare
// (WebP Container Specification, "RIFF File Format"; OpenDML AVI puts several
// lists of up to 1 GB in a row).
func judgeRIFF(f *file) error {
	const mostLists = 4096
	off := int64(0)
	for range mostLists {
		if off > 0 && !f.has(off, 12) {
			return unsure(appendix)
		}
		head, err := f.at(off, 12)
		if err != nil {
			return err
		}
		if string(head[:4]) != "RIFF" {
			return unsure(appendix)
		}
		if form := string(head[8:]); off == 0 && form != "WEBP" && form != "AVI " {
			return unsure("this kind of file does not tell where it ends")
		}
		length := int64(binary.LittleEndian.Uint32(head[4:]))
		if length < 4 { // a recorder writes it last
			return torn("the length inside the file is not written yet")
		}
		end := off + 8 + length
		if end > f.size {
			return torn(endsEarly)
		}
		if f.size-end <= 1 { // lists are padded to even lengths
			return f.filled(end)
		}
		off = end + end&1
	}
	return unsure(tooBig)
}
