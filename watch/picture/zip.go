package picture

import (
	"bytes"
	"encoding/binary"
	"math"
)

// judgeZIP finds the end-of-central-directory record, which is written last, and
// the directory it points to (APPNOTE.TXT, sections 4.3.12 to 4.3.16). Capture
// One's EIP is such a file.
func judgeZIP(f *file) error {
	const record, longestComment = 22, 1<<16 - 1
	from := max(0, f.size-record-longestComment)
	b, err := f.at(from, int(f.size-from))
	if err != nil {
		return err
	}
	tail := bytes.Clone(b) // the looks at the directory reuse the buffer
	for len(tail) > 0 {
		i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
		if i < 0 {
			break
		}
		found, err := zipDirectory(f, from+int64(i))
		if err != nil && !isFinding(err) {
			return err
		}
		if found && err == nil {
			return nil
		}
		tail = tail[:i]
	}
	return torn("the archive ends in the middle")
}

// zipDirectory reports whether the record at off is this archive's: one of an
// archive inside it would point elsewhere.
func zipDirectory(f *file, off int64) (bool, error) {
	le := binary.LittleEndian
	b, err := f.at(off, 22)
	if err != nil {
		return false, err
	}
	entries, comment := le.Uint16(b[10:]), int64(le.Uint16(b[20:]))
	size, start := decode(le, b[12:16]), decode(le, b[16:20])
	if !f.has(off+22, comment) {
		return false, nil
	}
	if start == math.MaxUint32 || size == math.MaxUint32 || entries == math.MaxUint16 {
		return zip64Directory(f, off)
	}
	return zipStart(f, start, size, off)
}

// zip64Directory follows the locator before the record at off.
func zip64Directory(f *file, off int64) (bool, error) {
	le := binary.LittleEndian
	b, err := f.at(off-20, 20)
	if err != nil || string(b[:4]) != "PK\x06\x07" {
		return false, err
	}
	if b, err = f.at(decode(le, b[8:16]), 56); err != nil || string(b[:4]) != "PK\x06\x06" {
		return false, err
	}
	return zipStart(f, decode(le, b[48:56]), decode(le, b[40:48]), off)
}

// zipStart reports whether a directory of that size lies at start, before limit.
func zipStart(f *file, start, size, limit int64) (bool, error) {
	if !f.has(start, size) || start+size > limit {
		return false, nil
	}
	if size == 0 { // an archive of nothing
		return start == limit, nil
	}
	b, err := f.at(start, 4)
	return err == nil && string(b) == "PK\x01\x02", err
}
