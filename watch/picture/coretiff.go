package picture

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
)

// Tags that Core treats by themselves (TIFF 6.0; Exif 2.3, section 4.6.3; XMP
// specification part 3; IPTC in TIFF as Adobe writes it).
const (
	tagIPTC       = 0x83bb
	tagGlobal     = 0x190 // an IFD of TIFF-F
	tagQTables    = 0x207 // tables of TIFF's first, withdrawn kind of JPEG lie at offsets
	tagDCTables   = 0x208
	tagACTables   = 0x209
	tagGPS        = 0x8825
	tagInterop    = 0xa005
	mostSpans     = 1 << 18 // parts of a file that lie apart
	mostForgotten = 1 << 20 // bytes that nothing points to, without zeros
)

// A span is a part of a file that is accounted for.
type span struct{ off, end int64 }

// A tiffDigest goes through the IFDs and digests what they mean, not where it
// lies.
type tiffDigest struct {
	*tiff
	into   *digest
	spans  []span
	pixels int64 // bytes of strips and tiles digested
}

func (d *digest) tiff() error {
	t, first, err := openTIFF(d.file)
	if err != nil {
		return err
	}
	if t.magic != classic && t.magic != bigTIFF { // ORF and RW2 keep data elsewhere
		return unsure(garbled)
	}
	if own, err := t.phaseOne(); err != nil {
		return err
	} else if own {
		return unsure(garbled)
	}
	w := &tiffDigest{tiff: t, into: d}
	w.mark('T', int64(t.order.Uint16([]byte{0, 1})), int64(t.word))
	if err := w.cover(0, 2*int64(t.word)); err != nil {
		return err
	}
	if err := w.plan(first, page); err != nil {
		return err
	}
	for len(t.todo) > 0 {
		next := t.todo[0]
		t.todo = t.todo[1:]
		if err := w.ifd(next, next.off == first); err != nil {
			return err
		}
	}
	return w.forgotten()
}

// mark digests what kind of thing follows and numbers that belong to it, so that
// no two sequences of things look alike.
func (w *tiffDigest) mark(kind byte, ns ...int64) {
	b := []byte{kind}
	for _, n := range ns {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	w.into.sum.Write(b)
}

// plan marks whether an IFD follows and puts it in the row. None is named twice
// in a file that is in order.
func (w *tiffDigest) plan(off int64, as role) error {
	if off == 0 {
		w.mark('0')
		return nil
	}
	if w.seen[off] || len(w.seen) == mostIFDs {
		return unsure(garbled)
	}
	w.mark('I', int64(as))
	w.follow(off, as)
	return nil
}

func (w *tiffDigest) ifd(d directory, first bool) error {
	tags, after, err := w.entries(d.off)
	if err != nil {
		return err
	}
	size, head := int64(4+2*w.word), int64(2)
	if w.magic == bigTIFF {
		head = 8
	}
	if int64(len(tags)) != (after-d.off-head)/size { // a tag stands twice: which one counts?
		return unsure(garbled)
	}
	if err := w.cover(d.off, after-d.off+int64(w.word)); err != nil {
		return err
	}
	w.mark('D', int64(d.role))
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		e := tags[tag]
		n := e.count * max(width(e.kind), 1)
		if width(e.kind) == 0 || e.count > w.size || !w.has(e.off, n) {
			return unsure(garbled)
		}
		if n > int64(w.word) {
			if err := w.cover(e.off, n); err != nil {
				return err
			}
		}
		if first && (tag == tagXMP || tag == tagIPTC) {
			continue
		}
		if err := w.entry(tag, e, tags); err != nil {
			return err
		}
	}
	if d.role != page {
		return nil
	}
	next, err := w.number(w.order, after, w.word)
	if err != nil {
		return err
	}
	return w.plan(next, page)
}

// entry digests one tag: its value, or what it points to.
func (w *tiffDigest) entry(tag uint16, e entry, tags map[uint16]entry) error {
	switch tag {
	case tagStripOffsets:
		return w.data(tag, e, tags[tagStripCounts])
	case tagTileOffsets:
		return w.data(tag, e, tags[tagTileCounts])
	case tagJPEGOffset:
		return w.data(tag, e, tags[tagJPEGLength])
	case tagQTables, tagDCTables, tagACTables:
		return unsure(garbled)
	case tagExif, tagGPS, tagInterop, tagGlobal:
		return w.below(tag, e, notes)
	case tagSubIFDs:
		return w.below(tag, e, sub)
	}
	if e.kind == 13 || e.kind == 18 { // IFD, IFD8
		return w.below(tag, e, notes)
	}
	w.mark('V', int64(tag), int64(e.kind), e.count)
	return w.into.take(e.off, e.count*width(e.kind))
}

func (w *tiffDigest) below(tag uint16, e entry, as role) error {
	if e.count > mostIFDs {
		return unsure(tooBig)
	}
	w.mark('P', int64(tag), e.count)
	offs, err := w.values(e, 0, e.count)
	if err != nil {
		return err
	}
	for _, off := range offs {
		if err := w.plan(off, as); err != nil {
			return err
		}
	}
	return nil
}

// data digests the strips or tiles that begin at offs and are counts long.
func (w *tiffDigest) data(tag uint16, offs, counts entry) error {
	const some = 1024
	if offs.count > mostPieces || offs.count != counts.count {
		return unsure(garbled)
	}
	w.mark('S', int64(tag), offs.count)
	for i := int64(0); i < offs.count; i += some {
		starts, err := w.values(offs, i, some)
		if err != nil {
			return err
		}
		lengths, err := w.values(counts, i, some)
		if err != nil {
			return err
		}
		for k, start := range starts {
			if lengths[k] == 0 && start != 0 { // some writers leave the length out
				return unsure(garbled)
			}
			w.mark('L', lengths[k])
			if err := w.into.take(start, lengths[k]); err != nil {
				return err
			}
			if err := w.cover(start, lengths[k]); err != nil {
				return err
			}
			w.pixels += lengths[k]
		}
	}
	return nil
}

// cover accounts for the n bytes at off.
func (w *tiffDigest) cover(off, n int64) error {
	if last := len(w.spans) - 1; last >= 0 && w.spans[last].end == off {
		w.spans[last].end += n
		return nil
	}
	if len(w.spans) == mostSpans {
		return unsure(tooBig)
	}
	w.spans = append(w.spans, span{off, off + n})
	return nil
}

// forgotten is unsure of a file with much in it that no IFD leads to.
func (w *tiffDigest) forgotten() error {
	if w.pixels == 0 {
		return unsure(garbled)
	}
	slices.SortFunc(w.spans, func(a, b span) int { return cmp.Compare(a.off, b.off) })
	left, at := min(mostForgotten, w.size/4), int64(0)
	for _, s := range append(w.spans, span{w.size, w.size}) {
		for at < s.off {
			n := min(s.off-at, block)
			b, err := w.at(at, int(n))
			if err != nil {
				return err
			}
			if at += n; allZero(b) {
				continue
			}
			if left -= n; left < 0 {
				return unsure(appendix)
			}
		}
		at = max(at, s.end)
	}
	return nil
}
