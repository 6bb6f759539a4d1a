package picture

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	maxRead   = 64 << 20  // bytes read of one file before its judge gives up
	maxScan   = 256 << 20 // the same while the end of a JPEG is searched
	window    = 512       // bytes read at least at a time: many headers lie close together
	block     = 64 << 10  // bytes read at most at a time
	emptyHead = 512       // a file that begins with so many zero bytes was only reserved
	emptyEnd  = 64        // picture data hardly ever ends with so many zero bytes
)

// Clauses for a photographer that more than one format needs.
const (
	endsEarly   = "the picture ends in the middle"
	emptyInside = "the file is still empty inside"
	garbled     = "the inside of the file is not as its format wants it"
	tooBig      = "the file is too long to look through"
	appendix    = "something unknown follows the end of the picture"
	emptyTail   = "the picture ends in empty space"
)

// A finding is any verdict but Whole, handed up as an error.
type finding struct {
	verdict Verdict
	reason  string
}

func (f finding) Error() string { return f.reason }

func torn(reason string) error   { return finding{Torn, reason} }
func unsure(reason string) error { return finding{Unknown, reason} }

func isFinding(err error) bool { return errors.As(err, new(finding)) }

func isUnsure(err error) bool {
	var f finding
	return errors.As(err, &f) && f.verdict == Unknown
}

// A file is what the judges read through: nothing past its end, not more than
// it may, and neighbouring headers in one go.
type file struct {
	r     io.ReaderAt
	size  int64
	left  int64  // bytes that may still be read
	buf   []byte // content from start on
	start int64
}

// has reports whether the file reaches from off over n bytes.
func (f *file) has(off, n int64) bool {
	return off >= 0 && n >= 0 && n <= f.size && off <= f.size-n
}

// at returns the n bytes at off, valid until the next call; n is at most 65,557.
// If the file ends before them it is torn.
func (f *file) at(off int64, n int) ([]byte, error) {
	if !f.has(off, int64(n)) {
		return nil, torn(endsEarly)
	}
	if in := off - f.start; in >= 0 && in+int64(n) <= int64(len(f.buf)) {
		return f.buf[in : in+int64(n)], nil
	}
	want := int(min(int64(max(n, window)), f.size-off))
	if f.left -= int64(want); f.left < 0 {
		return nil, unsure(tooBig)
	}
	if cap(f.buf) < want {
		f.buf = make([]byte, want)
	}
	f.buf, f.start = f.buf[:want], off
	if got, err := f.r.ReadAt(f.buf, off); got < want {
		f.buf = f.buf[:0]
		if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, torn("the file became shorter while it was read")
		}
		return nil, err
	}
	return f.buf[:n], nil
}

// part is the n bytes at off as a file of their own; they must be inside f.
func (f *file) part(off, n int64) *file {
	return &file{r: io.NewSectionReader(f.r, off, n), size: n, left: f.left}
}

// number reads an unsigned number of width 1, 2, 4 or 8 at off. Those of 2^63 and
// more come back as the largest int64, which is past every end.
func (f *file) number(o binary.ByteOrder, off int64, width int) (int64, error) {
	b, err := f.at(off, width)
	if err != nil {
		return 0, err
	}
	return decode(o, b), nil
}

func decode(o binary.ByteOrder, b []byte) int64 {
	switch len(b) {
	case 1:
		return int64(b[0])
	case 2:
		return int64(o.Uint16(b))
	case 4:
		return int64(o.Uint32(b))
	}
	return int64(min(o.Uint64(b), 1<<63-1))
}

// zeros reports whether the up to n bytes at off are there and all zero.
func (f *file) zeros(off int64, n int) (bool, error) {
	if off < 0 || off >= f.size {
		return false, nil
	}
	b, err := f.at(off, int(min(int64(n), f.size-off)))
	return err == nil && allZero(b), err
}

// filled is unsure of a file whose data up to end closes with a long run of
// zeros: a copy that reserved the size and is not there yet, or a black edge.
func (f *file) filled(end int64) error {
	if end < emptyEnd {
		return nil
	}
	if zero, err := f.zeros(end-emptyEnd, emptyEnd); err != nil {
		return err
	} else if zero {
		return unsure(emptyTail)
	}
	return nil
}

// unexpected judges the header at off that makes no sense: torn if nothing was
// written there yet, otherwise somebody's oddity.
func (f *file) unexpected(off int64) error {
	if zero, err := f.zeros(off, emptyHead); err != nil {
		return err
	} else if zero {
		return torn(emptyInside)
	}
	return unsure(garbled)
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
