package picture

import "encoding/binary"

// Image resource blocks (Adobe Photoshop File Formats Specification, "Image
// Resource IDs").
const (
	blockICC  = 1039
	blockXMP  = 1060
	blockPath = 2000 // the first saved path
	blockClip = 2999 // the name of the path that clips
)

// psdResources tells where the image resources of a PSD begin and end.
func psdResources(f *file) (off, end int64, err error) {
	colours, err := f.number(binary.BigEndian, 26, 4)
	if err != nil {
		return 0, 0, err
	}
	off = 26 + 4 + colours + 4
	length, err := f.number(binary.BigEndian, off-4, 4)
	if err != nil {
		return 0, 0, err
	}
	if !f.has(off, length) {
		return 0, 0, torn(endsEarly)
	}
	return off, off + length, nil
}

// photoshopBlocks shows the image resource blocks between off and end, each of a
// signature, an id, a name and a length: the id, where the content begins and how
// long that is.
func photoshopBlocks(f *file, off, end int64, show func(id int, off, length int64) error) error {
	const mostBlocks = 4096
	for range mostBlocks {
		if end-off < 12 { // not even a head; some writers leave padding
			if zero, err := f.zeros(off, int(max(end-off, 0))); err != nil || zero || off >= end {
				return err
			}
			return unsure(garbled)
		}
		b, err := f.at(off, 7)
		if err != nil {
			return err
		}
		if !printable(string(b[:4])) {
			return f.unexpected(off)
		}
		id, name := int(binary.BigEndian.Uint16(b[4:])), int64(b[6])
		off += 6 + (1+name+1)&^1 // the name counts itself and is padded to an even length
		length, err := f.number(binary.BigEndian, off, 4)
		if err != nil {
			return err
		}
		if off += 4; length > end-off {
			return unsure(garbled)
		}
		if err := show(id, off, length); err != nil {
			return err
		}
		off += (length + 1) &^ 1
	}
	return unsure(tooBig)
}
