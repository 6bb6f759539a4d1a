package picture

import "math/bits"

// A scan is one pass over some channels (T.81, sections B.2.3, F and G).
type scan struct {
	*jpegFrame
	parts []part
	from  int  // the first and
	to    int  // last coefficient, in zigzag order
	first bool // these bits are the first of their coefficients
	run   int  // blocks that still are all zeros
}

// A part is a channel in a scan, with its tables.
type part struct {
	*component
	dc, ac *huffman
}

// scan reads the header of a scan and then its data.
func (j *jpegFrame) scan(b []byte) error {
	const mostScans = 1000 // of few bytes each they could keep us busy for hours
	if j.components == nil || len(b) < 1 || b[0] < 1 || b[0] > 4 || len(b) < 4+2*int(b[0]) {
		return torn(damaged)
	}
	if j.scans++; j.scans > mostScans {
		return torn(damaged)
	}
	n := int(b[0])
	s := &scan{jpegFrame: j, from: int(b[1+2*n]), to: int(b[2+2*n]), first: b[3+2*n]>>4 == 0}
	if !j.progressive {
		s.from, s.to, s.first = 0, 63, true
	}
	if s.from > s.to || s.to > 63 || j.progressive && s.from == 0 && s.to > 0 || s.from > 0 && n > 1 {
		return torn(damaged)
	}
	for i := range n {
		p, err := s.part(b[1+2*i], b[2+2*i])
		if err != nil {
			return err
		}
		s.parts = append(s.parts, p)
	}
	return s.read()
}

func (s *scan) part(id, tables byte) (part, error) {
	for i := range s.components {
		c := &s.components[i]
		if c.id != id {
			continue
		}
		if tables&0xcc != 0 {
			return part{}, torn(damaged)
		}
		p := part{component: c, dc: s.dc[tables>>4], ac: s.ac[tables&3]}
		if s.from == 0 && s.first && p.dc == nil || s.to > 0 && p.ac == nil {
			return part{}, torn(damaged)
		}
		c.seen = c.seen || s.from == 0
		if s.from > 0 && c.known == nil {
			c.known = make([]uint64, c.wide*c.high)
		}
		return p, nil
	}
	return part{}, torn(damaged)
}

// read decodes all units: single blocks where the scan has one channel, else
// some blocks of each (T.81, A.2).
func (s *scan) read() error {
	p := s.parts[0]
	units := p.wide * p.high
	if len(s.parts) > 1 {
		units = s.interleaved()
	}
	restarts := byte(0)
	for i := range units {
		if i&0xfff == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		if s.interval > 0 && i > 0 && i%s.interval == 0 {
			if marker, err := s.toMarker(); err != nil {
				return err
			} else if marker != 0xd0+restarts&7 {
				return torn(damaged)
			}
			restarts++
			s.run = 0
		}
		if err := s.unit(i); err != nil {
			return err
		}
	}
	return nil
}

// interleaved counts the units that cover the picture.
func (s *scan) interleaved() int {
	hMost, vMost := 1, 1
	for _, c := range s.components {
		hMost, vMost = max(hMost, c.h), max(vMost, c.v)
	}
	return ((int(s.width) + 8*hMost - 1) / (8 * hMost)) * ((int(s.height) + 8*vMost - 1) / (8 * vMost))
}

func (s *scan) unit(i int) error {
	if len(s.parts) == 1 {
		return s.block(&s.parts[0], i)
	}
	for k := range s.parts {
		for range s.parts[k].h * s.parts[k].v {
			if err := s.block(&s.parts[k], i); err != nil {
				return err
			}
		}
	}
	return nil
}

// block decodes the n-th block of a channel.
func (s *scan) block(p *part, n int) error {
	switch {
	case s.from > 0 && s.first:
		return s.spectrum(p.ac, &p.known[n])
	case s.from > 0:
		return s.refine(p.ac, &p.known[n])
	case !s.first:
		return s.skip(1)
	}
	length, err := s.value(p.dc)
	if err != nil {
		return err
	}
	if length > 16 {
		return torn(damaged)
	}
	if err := s.skip(int(length)); err != nil || s.to == 0 {
		return err
	}
	for k := 1; k <= 63; k++ {
		v, err := s.value(p.ac)
		if err != nil {
			return err
		}
		zeros, length := int(v>>4), int(v&15)
		if length == 0 && zeros != 15 { // the rest is zero
			return nil
		}
		if k += zeros; k > 63 {
			return torn(damaged)
		}
		if err := s.skip(length); err != nil {
			return err
		}
	}
	return nil
}

// spectrum decodes the first bits of a band of coefficients (T.81, G.1.2.2).
func (s *scan) spectrum(h *huffman, known *uint64) error {
	if s.run > 0 {
		s.run--
		return nil
	}
	for k := s.from; k <= s.to; k++ {
		v, err := s.value(h)
		if err != nil {
			return err
		}
		zeros, length := int(v>>4), int(v&15)
		if length == 0 && zeros != 15 {
			more, err := s.take(zeros)
			s.run = 1<<zeros + int(more) - 1
			return err
		}
		if k += zeros; k > 63 {
			return torn(damaged)
		}
		if length > 0 {
			*known |= 1 << k
		}
		if err := s.skip(length); err != nil {
			return err
		}
	}
	return nil
}

// refine decodes one more bit of a band (T.81, G.1.2.3): one for each known
// coefficient, and codes for those that were zero up to now.
func (s *scan) refine(h *huffman, known *uint64) error {
	k := s.from
	for s.run == 0 && k <= s.to {
		v, err := s.value(h)
		if err != nil {
			return err
		}
		zeros, length := int(v>>4), int(v&15)
		if length == 0 && zeros != 15 {
			more, err := s.take(zeros)
			if err != nil {
				return err
			}
			s.run = 1<<zeros + int(more)
			break
		}
		if length > 1 {
			return torn(damaged)
		}
		if err := s.skip(length); err != nil { // its sign
			return err
		}
		if k, err = s.correct(*known, k, zeros); err != nil {
			return err
		}
		if length == 1 {
			if k > s.to {
				return torn(damaged)
			}
			*known |= 1 << k
		}
		k++
	}
	if s.run == 0 {
		return nil
	}
	s.run--
	if k > s.to {
		return nil
	}
	return s.skip(bits.OnesCount64(*known >> k << k << (63 - s.to)))
}

// correct steps from k over zeros coefficients that are still zero, and over the
// bits of the known ones on the way.
func (s *scan) correct(known uint64, k, zeros int) (int, error) {
	corrections := 0
	for ; k <= s.to; k++ {
		if known>>k&1 == 1 {
			corrections++
		} else if zeros--; zeros < 0 {
			break
		}
	}
	return k, s.skip(corrections)
}
