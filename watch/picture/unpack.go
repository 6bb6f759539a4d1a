package picture

import (
	"bufio"
	"compress/zlib"
	"io"

	"golang.org/x/image/tiff/lzw"
)

// An unpacker unpacks strips and tiles, one after another.
type unpacker struct {
	f           *file
	compression int64
	in, out     *bufio.Reader
	inflater    io.Reader
}

// unpack wants the n bytes at off to become at least want bytes.
func (u *unpacker) unpack(off, n, want int64) error {
	if u.compression == packNone && n > 0 && u.f.has(off, n) { // no need to read them
		if n < want {
			return torn(damaged)
		}
		return nil
	}
	done, err := u.open(off, n)
	if err != nil {
		return err
	}
	defer done()
	if got, err := u.out.Discard(int(want)); err != nil || int64(got) < want {
		return torn(damaged)
	}
	if u.compression == packDeflate || u.compression == packDeflateOld {
		return sound(u.out)
	}
	return nil
}

// open makes out read what the n bytes at off become, until done is called.
func (u *unpacker) open(off, n int64) (done func(), err error) {
	if n == 0 || !u.f.has(off, n) {
		return nil, torn(endsEarly)
	}
	if u.in == nil {
		u.in, u.out = bufio.NewReaderSize(nil, block), bufio.NewReaderSize(nil, block)
	}
	u.in.Reset(io.NewSectionReader(u.f.r, off, n))
	switch u.compression {
	case packNone:
		u.out.Reset(u.in)
	case packLZW:
		if b, err := u.in.Peek(2); err == nil && b[0] == 0 && b[1]&1 == 1 { // its withdrawn kind
			return nil, errUnproven
		}
		r := lzw.NewReader(u.in, lzw.MSB, 8)
		u.out.Reset(r)
		return func() { r.Close() }, nil
	case packBits:
		u.out.Reset(&packBitsReader{in: u.in})
	default:
		if err := u.inflate(); err != nil {
			return nil, torn(damaged)
		}
	}
	return func() {}, nil
}

func (u *unpacker) inflate() (err error) {
	if again, ok := u.inflater.(zlib.Resetter); ok {
		err = again.Reset(u.in, nil)
	} else {
		u.inflater, err = zlib.NewReader(u.in)
	}
	if err == nil {
		u.out.Reset(u.inflater)
	}
	return err
}

// A packBitsReader unpacks runs (TIFF 6.0, section 9).
type packBitsReader struct {
	in   *bufio.Reader
	left int  // bytes of the run that are still to come
	same bool // the run is one byte, which stands once
}

func (p *packBitsReader) Read(b []byte) (int, error) {
	for p.left == 0 {
		c, err := p.in.ReadByte()
		if err != nil {
			return 0, err
		}
		switch n := int(int8(c)); {
		case n >= 0:
			p.left, p.same = n+1, false
		case n > -128:
			p.left, p.same = 1-n, true
		}
	}
	b = b[:min(len(b), p.left)]
	if !p.same {
		n, err := p.in.Read(b)
		p.left -= n
		return n, err
	}
	c, err := p.in.Peek(1)
	if err != nil {
		return 0, err
	}
	for i := range b {
		b[i] = c[0]
	}
	if p.left -= len(b); p.left == 0 {
		_, err = p.in.Discard(1)
	}
	return len(b), err
}
