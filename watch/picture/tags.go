package picture

import "strings"

// Tags are what photographers say about a picture in its XMP.
type Tags struct {
	Rating   int      // 0 to 5 stars, -1 rejected; 0 also if none is given
	Label    string   // lower case; a colour in English (red, green, …) however the program spells it, else the label's own words; empty if none
	Keywords []string // as written, in the order of the file, none twice
	Given    bool     // the file speaks of any of these, be it to say "no stars" or "no label"
}

// maxXMP is how many bytes of XMP are read of one file.
const maxXMP = 4 << 20

// ReadTags returns the tags that the file at path carries inside (JPEG, PNG,
// PSD, TIFF, RAW that is a TIFF inside, RAF, CR3), or those of an .xmp file. A
// file without XMP, of another kind, or a sidecar of another kind has zero Tags
// and no error. XMP that cannot be read is an error in words, and so is a picture
// that ends before the place where XMP would be: look again later. It reads at
// most 4 MiB of XMP. Extended XMP in a JPEG is not read: programs move the long
// parts there, never these (XMP specification part 3, section 1.1.3.1).
func ReadTags(path string) (tags Tags, err error) {
	kind := KindOf(path)
	if kind == Sidecar && !isXMP(path) {
		return Tags{}, nil
	}
	err = inside(path, func(f *file) error {
		tags, err = readTags(f, kind == Sidecar)
		return err
	})
	return tags, about(path, err)
}

func readTags(f *file, bare bool) (Tags, error) {
	var packet []byte
	var err error
	if bare {
		packet, err = f.packet(0, f.size)
	} else {
		packet, err = embeddedXMP(f)
	}
	if err != nil || packet == nil {
		return Tags{}, err
	}
	return ParseXMP(packet)
}

// embeddedXMP returns the XMP inside f, nil if there is none.
func embeddedXMP(f *file) ([]byte, error) {
	format, err := f.format()
	if err != nil {
		return nil, err
	}
	switch format {
	case formatJPEG:
		return jpegXMP(f)
	case formatPNG:
		return pngXMP(f)
	case formatPSD:
		return psdXMP(f)
	case formatTIFF:
		return tiffXMP(f)
	case formatRAF:
		return rafXMP(f)
	case formatBMFF:
		return bmffXMP(f)
	}
	return nil, nil
}

func isXMP(name string) bool { return strings.EqualFold(extension(name), "xmp") }
