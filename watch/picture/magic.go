package picture

import (
	"bytes"
	"strings"
)

// formatOf returns the judge of the format that a file beginning with head has,
// or nil. Sources: the opening section of each format's specification, named
// where its judge is.
func formatOf(head []byte) func(*file) error {
	is := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case is(jpegMagic):
		return judgeJPEG
	case is(pngMagic):
		return judgePNG
	case is("GIF87a"), is("GIF89a"):
		return judgeGIF
	case is("8BPS\x00\x01"), is("8BPS\x00\x02"):
		return judgePSD
	case is("PK\x03\x04"), is("PK\x05\x06"):
		return judgeZIP
	case is(rafMagic):
		return judgeRAF
	case is("RIFF"):
		return judgeRIFF
	case isTIFF(head):
		return judgeTIFF
	case isBMFF(head):
		return judgeBMFF
	}
	return nil
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
