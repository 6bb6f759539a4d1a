package picture

import (
	"bytes"
	"encoding/binary"
)

// phaseOne looks at the directory of its own that an IIQ keeps beside its IFDs:
// the RAW data are only there (as LibRaw and ExifTool read it; unverified with
// files of every back). Offsets count from its header, behind the TIFF's. It
// reports whether there is such a directory.
func (t *tiff) phaseOne() (found bool, err error) {
	const rawData = 0x10f
	head, err := t.at(0, int(min(t.size, 40)))
	if err != nil {
		return false, err
	}
	base, order := bytes.Index(head, []byte("IIIITwaR")), binary.ByteOrder(binary.LittleEndian)
	if base < 0 {
		base, order = bytes.Index(head, []byte("MMMMRawT")), binary.BigEndian
	}
	if base < 0 {
		return false, nil
	}
	start := int64(base)
	off, err := t.number(order, start+8, 4)
	if err != nil {
		return true, err
	}
	n, err := t.number(order, start+off, 4)
	if err != nil {
		return true, err
	}
	if n == 0 || n > mostEntries {
		return true, t.unexpected(start + off)
	}
	b, err := t.at(start+off+8, int(n*16)) // each: tag, type, length, value or offset
	if err != nil {
		return true, err
	}
	for ; len(b) > 0; b = b[16:] {
		tag, length, at := order.Uint32(b), decode(order, b[8:12]), start+decode(order, b[12:16])
		switch {
		case length <= 4: // the value itself, not an offset
		case t.has(at, length):
			t.end = max(t.end, at+length)
		case tag == rawData:
			return true, torn(endsEarly)
		default:
			t.doubtful(torn(endsEarly))
		}
	}
	return true, nil
}
