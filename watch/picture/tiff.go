package picture

import "encoding/binary"

// mostIFDs is how many pages, previews and RAW parts of a file are looked at.
const mostIFDs = 1024

// A tiff is a walk over the image file directories (IFDs) of a TIFF (TIFF 6.0,
// section 2; BigTIFF) or of a RAW that is one inside: CR2, NEF, ARW, DNG, ORF,
// RW2, PEF, SRW, 3FR, IIQ.
type tiff struct {
	*file
	order binary.ByteOrder
	word  int // bytes of an offset: 4, or 8 in a BigTIFF
	magic uint16
	todo  []directory
	seen  map[int64]bool
	end   int64 // of the picture data that reach farthest
	doubt error // the first oddity: enough not to call the file whole
}

// A directory is an IFD still to be looked at.
type directory struct {
	off  int64
	role role
}

type role int

const (
	page  role = iota // one of the main chain: names the next
	sub               // a preview or the RAW data below a page
	notes             // Exif: nothing in it is needed to see the picture
)

// TIFF magic numbers; the last two are ORF's (as read in either byte order).
const (
	classic   = 42
	bigTIFF   = 43
	panasonic = 0x55
	olympusO  = 0x4f52
	olympusS  = 0x5352
)

func isTIFF(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	switch string(head[:4]) {
	case "II*\x00", "MM\x00*", "II+\x00", "MM\x00+", "IIRO", "IIRS", "MMOR", "IIU\x00":
		return true
	}
	return false
}

// judgeTIFF wants every IFD, strip, tile and embedded JPEG inside the file. Only
// what a reader cannot do without makes the file torn; anything else that is odd
// makes the verdict Unknown, for cameras and editors leave much behind.
func judgeTIFF(f *file) error {
	t, first, err := openTIFF(f)
	if err != nil {
		return err
	}
	if _, err := t.phaseOne(); err != nil {
		return err
	}
	if err := t.walk(first); err != nil {
		return err
	}
	if t.doubt != nil {
		return t.doubt
	}
	if t.end == 0 {
		return unsure("the file is a TIFF without a picture")
	}
	return f.filled(t.end)
}

// openTIFF reads the header of f and returns where the first IFD is.
func openTIFF(f *file) (t *tiff, first int64, err error) {
	head, err := f.at(0, 4)
	if err != nil {
		return nil, 0, err
	}
	t = &tiff{file: f, order: binary.LittleEndian, word: 4, seen: map[int64]bool{}}
	if head[0] == 'M' {
		t.order = binary.BigEndian
	}
	if t.magic = t.order.Uint16(head[2:]); t.magic == bigTIFF {
		t.word = 8
	}
	first, err = t.number(t.order, int64(t.word), t.word) // the header is two words long
	return t, first, err
}

// walk looks at all IFDs, beginning with the first.
func (t *tiff) walk(first int64) error {
	if first == 0 {
		return torn("the table of contents inside the file is not written yet")
	}
	t.follow(first, page)
	for len(t.todo) > 0 {
		d := t.todo[0]
		t.todo = t.todo[1:]
		err := t.look(d)
		strict := d.role != notes && (d.off == first || t.magic == classic || t.magic == bigTIFF)
		if !strict || isUnsure(err) {
			err = t.doubtful(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// follow plans to look at the IFD at off, once.
func (t *tiff) follow(off int64, as role) {
	switch {
	case off == 0 || t.seen[off]:
	case len(t.seen) == mostIFDs:
		t.doubt = unsure(tooBig)
	default:
		t.seen[off] = true
		t.todo = append(t.todo, directory{off, as})
	}
}

// look judges one IFD: its entries, the picture they tell of, what it leads to.
func (t *tiff) look(d directory) error {
	tags, after, err := t.entries(d.off)
	if err != nil || d.role == notes {
		return err
	}
	if d.role == page { // below a page, several cameras leave nonsense here
		next, err := t.number(t.order, after, t.word)
		if err != nil {
			return err
		}
		t.follow(next, page)
	}
	if err := t.picture(tags); err != nil {
		return err
	}
	if err := t.branches(tags[tagExif], notes); err != nil {
		return err
	}
	return t.branches(tags[tagSubIFDs], sub)
}

func (t *tiff) branches(e entry, as role) error {
	if e.count > mostIFDs {
		return unsure(tooBig)
	}
	offs, err := t.values(e, 0, e.count)
	for _, off := range offs {
		t.follow(off, as)
	}
	return err
}

// doubtful remembers a finding as a reason not to call the file whole, and lets
// any other error pass.
func (t *tiff) doubtful(err error) error {
	if !isFinding(err) {
		return err
	}
	if t.doubt == nil {
		t.doubt = unsure(err.Error())
	}
	return nil
}
