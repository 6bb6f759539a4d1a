package picture

// More tags (TIFF 6.0, section 8; TIFF/EP; Exif 2.3; DNG 1.4).
const (
	tagWidth       = 0x100
	tagHeight      = 0x101
	tagBits        = 0x102
	tagOrientation = 0x112
	tagICC         = 0x8773
	tagExifWidth   = 0xa002
	tagExifHeight  = 0xa003
	tagDNGVersion  = 0xc612
)

// one returns the first number of e, 0 if there is none or it cannot be read.
func (t *tiff) one(e entry) int64 {
	vs, err := t.values(e, 0, 1)
	if err != nil || len(vs) == 0 {
		return 0
	}
	return vs[0]
}

// measureTIFF reads the first IFD. In a RAW that is often a preview's; the size
// of the finished picture is in Exif, if anywhere.
func measureTIFF(f *file, raw bool) (Facts, error) {
	t, first, err := openTIFF(f)
	if err != nil {
		return Facts{Format: "tiff"}, err
	}
	tags, _, err := t.entries(first)
	if err != nil {
		return Facts{Format: "tiff"}, err
	}
	if is, err := t.isRaw(tags); err != nil {
		return Facts{}, err
	} else if raw || is {
		facts := Facts{Format: "raw"}
		if exif, _, err := t.entries(t.one(tags[tagExif])); err == nil {
			facts.Width, facts.Height = pixels(t.one(exif[tagExifWidth])), pixels(t.one(exif[tagExifHeight]))
		}
		return facts.turned(int(t.one(tags[tagOrientation]))), nil
	}
	facts := Facts{Format: "tiff", Width: pixels(t.one(tags[tagWidth])), Height: pixels(t.one(tags[tagHeight])), Bits: 1}
	if e, told := tags[tagBits]; told {
		facts.Bits = int(t.one(e))
	}
	facts = facts.turned(int(t.one(tags[tagOrientation])))
	if e, there := tags[tagICC]; there && width(e.kind) == 1 {
		facts.Profile, err = f.profile(e.off, e.count)
	}
	return facts, err
}

// isRaw tells RAW by what is inside: another magic number than a TIFF's, a DNG's
// version, or the marks of Canon and Phase One behind the header.
func (t *tiff) isRaw(tags map[uint16]entry) (bool, error) {
	if _, dng := tags[tagDNGVersion]; dng || t.magic != classic && t.magic != bigTIFF {
		return true, nil
	}
	b, err := t.at(0, int(min(t.size, 16)))
	if err != nil {
		return false, err
	}
	canon := len(b) >= 10 && string(b[8:10]) == "CR"
	phaseOne := len(b) >= 16 && (string(b[8:16]) == "IIIITwaR" || string(b[8:16]) == "MMMMRawT")
	return canon || phaseOne, nil
}

// pixels is n where it can be a width or height, else 0.
func pixels(n int64) int {
	if n > 1<<31-1 {
		return 0
	}
	return int(n)
}
