package picture

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Tags and values where previews are (TIFF 6.0; TIFF/EP; ExifTool's tables for
// RW2 and Olympus).
const (
	tagPanasonicJPEG = 0x2e
	tagMakerNote     = 0x927c
	tagJPEGTables    = 0x15b
	photometricCFA   = 32803
	photometricRaw   = 34892 // LinearRaw
)

// tiffParts walks over all IFDs for previews and for the marks of a RAW; what is
// odd in one of them only leaves that one out.
func tiffParts(f *file) (Parts, error) {
	p := Parts{Format: "tiff"}
	t, first, err := openTIFF(f)
	if err != nil {
		return p, err
	}
	tags, _, err := t.entries(first)
	if err != nil {
		return p, err
	}
	p.Orientation = int(t.one(tags[tagOrientation]))
	if p.Orientation < 1 || p.Orientation > 8 {
		p.Orientation = 0
	}
	if e, there := tags[tagICC]; there && width(e.kind) == 1 {
		p.Profile, _ = f.piece(e.off, e.count, maxProfile, "colour profile")
	}
	raw, err := t.isRaw(tags)
	if err != nil {
		return p, err
	}
	sensor, err := t.previews(first, &p)
	if err != nil {
		return p, err
	}
	if raw || sensor {
		p.Format, p.Profile = "raw", nil // it describes the sensor
		return p, nil
	}
	p.Pixels, err = tiffPixels(t, tags)
	if isFinding(err) && p.JPEGs != nil { // a RAW that could not be told from a TIFF
		err = refusal(err.Error())
	}
	return p.refused(err)
}

// previews adds the JPEGs of all IFDs and reports whether one is a sensor's.
func (t *tiff) previews(first int64, p *Parts) (sensor bool, err error) {
	t.follow(first, page)
	for len(t.todo) > 0 {
		d := t.todo[0]
		t.todo = t.todo[1:]
		tags, after, err := t.entries(d.off)
		if err == nil && d.role == page {
			var next int64
			if next, err = t.number(t.order, after, t.word); err == nil {
				t.follow(next, page)
			}
		}
		if err != nil {
			if !isFinding(err) {
				return sensor, err
			}
			continue
		}
		if d.role == notes {
			t.makerNote(tags[tagMakerNote], p)
			continue
		}
		switch t.one(tags[tagPhotometric]) {
		case photometricCFA, photometricRaw:
			sensor = true
		}
		t.addFrom(tags, p)
		err = firstOf(t.branches(tags[tagSubIFDs], sub), func() error { return t.branches(tags[tagExif], notes) })
		if err != nil && !isFinding(err) {
			return sensor, err
		}
	}
	return sensor, nil
}

// addFrom adds the JPEG of one IFD: one that it names as such, or its only strip
// where that is one.
func (t *tiff) addFrom(tags map[uint16]entry, p *Parts) {
	p.addJPEG(t.file, t.one(tags[tagJPEGOffset]), t.one(tags[tagJPEGLength]))
	if e := tags[tagPanasonicJPEG]; t.magic == panasonic && width(e.kind) == 1 {
		p.addJPEG(t.file, e.off, e.count)
	}
	packed := t.one(tags[tagCompression])
	_, apart := tags[tagJPEGTables] // then the strip is no JPEG without them
	if strips := tags[tagStripOffsets]; !apart && strips.count == 1 && (packed == 6 || packed == 7) {
		p.addJPEG(t.file, t.one(strips), t.one(tags[tagStripCounts]))
	}
}

// makerNote adds the preview of an ORF: Olympus keeps it in the camera settings
// inside its notes, with offsets that count from where the notes begin
// (ExifTool's Olympus tags; Olympus publishes none).
func (t *tiff) makerNote(e entry, p *Parts) {
	const settings, start, length = 0x2020, 0x101, 0x102
	if width(e.kind) != 1 || !t.has(e.off, e.count) || e.count < 16 {
		return
	}
	head, err := t.at(e.off, 16)
	if err != nil {
		return
	}
	order, at := binary.ByteOrder(binary.LittleEndian), int64(0)
	for magic, length := range map[string]int64{"OLYMPUS\x00": 12, "OM SYSTEM\x00": 16} {
		if strings.HasPrefix(string(head), magic) {
			at = length
		}
	}
	if at == 0 {
		return
	}
	if head[at-4] == 'M' {
		order = binary.BigEndian
	}
	n := &tiff{file: t.part(e.off, t.size-e.off), order: order, word: 4, magic: classic, seen: map[int64]bool{}}
	tags, _, err := n.entries(at)
	if err != nil {
		return
	}
	inner := tags[settings]
	off := n.one(inner) // as an IFD, or as a block of bytes that is one
	if width(inner.kind) == 1 {
		off = inner.off
	}
	if tags, _, err = n.entries(off); err == nil {
		p.addJPEG(t.file, e.off+n.one(tags[start]), n.one(tags[length]))
	}
}

// unlike is the refusal of a TIFF for the values of its tags.
func unlike(what string, value int64) error {
	return refusal(fmt.Sprintf("this kind of TIFF cannot be drawn here (%s %d)", what, value))
}
