package picture

import (
	"bufio"
	"errors"
	"io"
)

// A huffman is a table of codes (T.81, annexes C and F.2.2.3).
type huffman struct {
	short  [256]uint16 // by the next 8 bits: length of the code, and its value; 0 if it is longer
	above  [17]int32   // by length: one more than the last code of that length
	index  [17]int32   // by length: what to add to a code to find its value
	values []byte
}

// newHuffman makes a table of as many codes of each length, 1 to 16, as counts
// tells.
func newHuffman(counts, values []byte) (*huffman, error) {
	h := &huffman{values: values}
	code, k := int32(0), int32(0)
	for length := 1; length <= 16; length++ {
		n := int32(counts[length-1])
		if code+n > 1<<length || int(k+n) > len(values) {
			return nil, torn(damaged)
		}
		h.index[length] = k - code
		for i := range n {
			if length > 8 {
				break
			}
			first := (code + i) << (8 - length)
			for j := range int32(1) << (8 - length) {
				h.short[first+j] = uint16(length)<<8 | uint16(values[k+i])
			}
		}
		code, k = code+n, k+n
		h.above[length] = code
		code <<= 1
	}
	return h, nil
}

// A bitReader reads the entropy-coded data of a JPEG, up to the next marker
// (T.81, section F.2.2.5).
type bitReader struct {
	*bufio.Reader
	bits   uint64 // the lowest n of them are still to come
	n      int
	marker byte // what stopped the data, 0 if nothing yet
}

// more reads at least want bits, at most 48, unless a marker comes before.
func (b *bitReader) more(want int) error {
	for b.n < want && b.marker == 0 {
		c, err := b.ReadByte()
		if err != nil {
			return ends(err)
		}
		if c == 0xff {
			if c, err = b.afterFF(); err != nil {
				return err
			}
			if c != 0 {
				b.marker = c
				return nil
			}
			c = 0xff
		}
		b.bits, b.n = b.bits<<8|uint64(c), b.n+8
	}
	return nil
}

// afterFF returns the byte behind one or more 0xff.
func (b *bitReader) afterFF() (byte, error) {
	for {
		if c, err := b.ReadByte(); err != nil || c != 0xff {
			return c, ends(err)
		}
	}
}

// skip leaves out n bits, whose value does not matter here.
func (b *bitReader) skip(n int) error {
	_, err := b.take(n)
	return err
}

// take returns the next n bits; only the lowest 32 of more are of use.
func (b *bitReader) take(n int) (uint32, error) {
	for ; n > 32; n -= 32 {
		if _, err := b.take(32); err != nil {
			return 0, err
		}
	}
	if b.n < n {
		if err := b.more(n); err != nil {
			return 0, err
		}
		if b.n < n {
			return 0, torn(damaged)
		}
	}
	b.n -= n
	return uint32(b.bits >> b.n & (1<<n - 1)), nil
}

// value reads one code and returns what it stands for.
func (b *bitReader) value(h *huffman) (byte, error) {
	if b.n < 16 {
		if err := b.more(16); err != nil {
			return 0, err
		}
	}
	next := int32(b.bits & (1<<b.n - 1) >> max(b.n-16, 0) << max(16-b.n, 0)) // with zeros behind the end
	length, value := 0, byte(0)
	if s := h.short[next>>8]; s != 0 {
		length, value = int(s>>8), byte(s)
	} else {
		for length = 9; length <= 16; length++ {
			if code := next >> (16 - length); code < h.above[length] {
				value = h.values[h.index[length]+code]
				break
			}
		}
	}
	if length > b.n || length > 16 {
		return 0, torn(damaged)
	}
	b.n -= length
	return value, nil
}

// toMarker drops what is left of the data and returns the marker behind it. Some
// cameras leave a little there; much is a sign that what came before was damaged
// in a way that could be decoded, such as a hole of zeros.
func (b *bitReader) toMarker() (byte, error) {
	const most = 512
	left := b.n / 8
	b.n = 0
	for b.marker == 0 {
		c, err := b.ReadByte()
		if err == nil && c == 0xff {
			b.marker, err = b.afterFF()
		}
		if err != nil {
			return 0, ends(err)
		}
		if c != 0 {
			left++
		}
		if left > most {
			return 0, torn(damaged)
		}
	}
	m := b.marker
	b.marker = 0
	return m, nil
}

// ends makes the end of the file one in the middle of the picture.
func ends(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return torn(endsEarly)
	}
	return err
}
