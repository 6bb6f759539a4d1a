package picture

import "encoding/binary"

const rafMagic = "FUJIFILMCCD-RAW "

// judgeRAF wants the three parts of a Fujifilm RAW inside the file and the first,
// a JPEG, to be whole (LibRaw's and ExifTool's reading of the header: offset and
// length of each part from byte 84 on; Fujifilm publishes none).
func judgeRAF(f *file) error {
	var start, length [3]int64 // the JPEG, the settings, the RAW data
	for i := range start {
		b, err := f.at(84+8*int64(i), 8)
		if err != nil {
			return err
		}
		start[i], length[i] = decode(binary.BigEndian, b[:4]), decode(binary.BigEndian, b[4:])
	}
	if start[0] == 0 {
		return f.unexpected(84)
	}
	for i := range start {
		if !f.has(start[i], length[i]) {
			return torn(endsEarly)
		}
	}
	inside := f.part(start[0], length[0])
	if head, err := inside.at(0, 3); err != nil {
		return err
	} else if string(head) != jpegMagic {
		return f.unexpected(start[0])
	}
	if err := judgeJPEG(inside); err != nil {
		return err
	}
	if length[2] == 0 {
		return unsure(garbled)
	}
	return f.filled(start[2] + length[2])
}
