package picture

import (
	"bytes"
	"strings"
)

// A format is a family of files that are read alike.
type format int

const (
	foreign format = iota
	formatJPEG
	formatPNG
	formatGIF
	formatPSD
	formatZIP
	formatRAF
	formatRIFF
	formatTIFF
	formatBMFF
)

// formatOf tells the format of a file beginning with head. Sources: the opening
// section of each format's specification, named where its judge is.
func formatOf(head []byte) format {
	is := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case is(jpegMagic):
		return formatJPEG
	case is(pngMagic):
		return formatPNG
	case is("GIF87a"), is("GIF89a"):
		return formatGIF
	case is("8BPS\x00\x01"), is("8BPS\x00\x02"):
		return formatPSD
	case is("PK\x03\x04"), is("PK\x05\x06"):
		return formatZIP
	case is(rafMagic):
		return formatRAF
	case is("RIFF"):
		return formatRIFF
	case isTIFF(head):
		return formatTIFF
	case isBMFF(head):
		return formatBMFF
	}
	return foreign
}

// format tells what f is.
func (f *file) format() (format, error) {
	head, err := f.at(0, int(min(f.size, 64)))
	if err != nil {
		return foreign, err
	}
	return formatOf(head), nil
}

// begins reports whether head is the whole of a file that stops inside the magic
// of a known format. One letter is not enough: it may be anybody's note.
func begins(head []byte) bool {
	magics := [...]string{jpegMagic, pngMagic, "GIF87a", "GIF89a", "8BPS\x00\x01", "8BPS\x00\x02", "PK\x03\x04",
		rafMagic, "RIFF", "II*\x00", "MM\x00*"}
	for _, m := range magics {
		if len(head) < len(m) && (len(head) > 1 || head[0] >= 0x80) && strings.HasPrefix(m, string(head)) {
			return true
		}
	}
	return false
}
