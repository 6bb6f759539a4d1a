package picture

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
)

// A jpegFrame is what the scans of a JPEG fill (T.81, annexes A and B).
type jpegFrame struct {
	*bitReader
	ctx           context.Context
	size          int64
	width, height int64
	progressive   bool
	components    []component
	dc, ac        [4]*huffman
	interval      int // minimum coded units between restarts, 0 for none
	scans         int
}

// A component is one channel.
type component struct {
	id         byte
	h, v       int      // samples in each direction of a unit
	wide, high int      // blocks that hold samples of the picture
	seen       bool     // its first scan was there
	known      []uint64 // of a progressive picture, for each block: which coefficients are not zero
}

// opensJPEG decodes all scans, down to the coefficients and no further.
func opensJPEG(ctx context.Context, f *file) error {
	r := bufio.NewReaderSize(io.NewSectionReader(f.r, 2, f.size-2), block)
	j := &jpegFrame{bitReader: &bitReader{Reader: r}, ctx: ctx, size: f.size}
	for {
		marker, err := j.toMarker()
		if err != nil {
			return err
		}
		if marker == eoi {
			return j.complete()
		}
		if alone(marker) {
			continue
		}
		if err := j.segment(marker); err != nil {
			return err
		}
	}
}

// complete wants every channel to have been there.
func (j *jpegFrame) complete() error {
	for _, c := range j.components {
		if !c.seen {
			return torn(endsEarly)
		}
	}
	if j.scans == 0 {
		return torn("there is no picture inside the file")
	}
	return nil
}

func (j *jpegFrame) segment(marker byte) error {
	const dri = 0xdd
	var head [2]byte
	if _, err := io.ReadFull(j, head[:]); err != nil {
		return ends(err)
	}
	length := int(binary.BigEndian.Uint16(head[:])) - 2
	if length < 0 {
		return torn(damaged)
	}
	frame := isFrame(marker)
	if !frame && marker != dht && marker != sos && marker != dri {
		_, err := j.Discard(length)
		return ends(err)
	}
	b := make([]byte, length)
	if _, err := io.ReadFull(j, b); err != nil {
		return ends(err)
	}
	switch {
	case frame:
		return j.frame(marker, b)
	case marker == dht:
		return j.tables(b)
	case marker == sos:
		return j.scan(b)
	case length < 2:
		return torn(damaged)
	}
	j.interval = int(binary.BigEndian.Uint16(b))
	return nil
}

// frame reads a frame header (T.81, B.2.2). Only Huffman-coded baseline,
// extended and progressive pictures are decoded, with their height in the header.
func (j *jpegFrame) frame(marker byte, b []byte) error {
	if marker > 0xc2 {
		return errUnproven
	}
	if len(b) < 6 || j.components != nil || len(b) < 6+3*int(b[5]) || b[5] == 0 {
		return torn(damaged)
	}
	j.height, j.width = int64(binary.BigEndian.Uint16(b[1:])), int64(binary.BigEndian.Uint16(b[3:]))
	n := int(b[5])
	if n > 4 || j.height == 0 {
		return errUnproven
	}
	const most = 1024 // a block of 64 pixels takes a bit at least, in every eighth block of a picture
	if err := inScale(j.width, j.height, j.size, most); err != nil {
		return err
	}
	j.progressive = marker == 0xc2
	hMost, vMost := 1, 1
	for i := range n {
		c := component{id: b[6+3*i], h: int(b[7+3*i] >> 4), v: int(b[7+3*i] & 15)}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return torn(damaged)
		}
		hMost, vMost = max(hMost, c.h), max(vMost, c.v)
		j.components = append(j.components, c)
	}
	for i := range j.components {
		c := &j.components[i]
		c.wide = (int(j.width)*c.h + 8*hMost - 1) / (8 * hMost)
		c.high = (int(j.height)*c.v + 8*vMost - 1) / (8 * vMost)
		if n == 1 {
			c.h, c.v = 1, 1 // one block is one unit then
		}
	}
	return nil
}

// tables reads Huffman tables (T.81, B.2.4.2).
func (j *jpegFrame) tables(b []byte) error {
	for len(b) > 0 {
		if len(b) < 17 || b[0]&0xec != 0 {
			return torn(damaged)
		}
		n := 0
		for _, c := range b[1:17] {
			n += int(c)
		}
		if n > 256 || len(b) < 17+n {
			return torn(damaged)
		}
		h, err := newHuffman(b[1:17], b[17:17+n])
		if err != nil {
			return err
		}
		if into := b[0] & 3; b[0]>>4 == 0 {
			j.dc[into] = h
		} else {
			j.ac[into] = h
		}
		b = b[17+n:]
	}
	return nil
}
