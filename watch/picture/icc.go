package picture

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

const (
	app2       = 0xe2
	maxProfile = 4 << 20
	badProfile = "the colour profile inside the file is damaged"
)

// profile names the ICC profile of n bytes at off.
func (f *file) profile(off, n int64) (string, error) {
	b, err := f.piece(off, n, maxProfile, "colour profile")
	if err != nil {
		return "", err
	}
	return profileName(b)
}

// A chunked profile is one that is spread over segments of a JPEG (ICC.1:2010,
// annex B.4).
type chunked struct {
	parts [256][]byte
	count byte
	size  int64
}

// add keeps the segment if it holds a part of a profile.
func (c *chunked) add(f *file, off, length int64) error {
	const head = "ICC_PROFILE\x00"
	is, err := f.startsWith(off, length, head)
	if !is || err != nil {
		return err
	}
	if length < int64(len(head))+2 {
		return unsure(badProfile)
	}
	b, err := f.piece(off, length, maxProfile, "colour profile")
	if err != nil {
		return err
	}
	if c.size += length; c.size > maxProfile {
		return tooLong("colour profile", maxProfile)
	}
	nth := b[len(head)]
	if c.count = b[len(head)+1]; nth == 0 || nth > c.count || c.parts[nth] != nil {
		return unsure(badProfile)
	}
	c.parts[nth] = b[len(head)+2:]
	return nil
}

// name puts the parts together; empty if there are none.
func (c *chunked) name() (string, error) {
	if c.count == 0 {
		return "", nil
	}
	return profileName(c.whole())
}

// whole is the profile, nil if there is none.
func (c *chunked) whole() []byte {
	if c.count == 0 {
		return nil
	}
	return bytes.Join(c.parts[:], nil)
}

// pngProfile names the profile in an iCCP chunk.
func pngProfile(f *file, off, length int64) (string, error) {
	b, err := pngICC(f, off, length)
	if err != nil {
		return "", err
	}
	return profileName(b)
}

// pngICC returns the profile in an iCCP chunk: a name of no meaning, a zero, the
// method, the profile deflated.
func pngICC(f *file, off, length int64) ([]byte, error) {
	b, err := f.piece(off, length, maxProfile, "colour profile")
	if err != nil {
		return nil, err
	}
	_, packed, found := bytes.Cut(b, []byte{0})
	if !found || len(packed) < 1 {
		return nil, unsure(badProfile)
	}
	return inflated(packed[1:], maxProfile, "colour profile")
}

// profileName reads the description in a profile: text in version 2, strings in
// several languages in version 4 (ICC.1:2010, sections 7.3, 9.2.41 and 10.13;
// ICC.1:2001-04, section 6.5.17).
func profileName(b []byte) (string, error) {
	be := binary.BigEndian
	if len(b) < 132 {
		return "", unsure(badProfile)
	}
	for i, n := int64(0), decode(be, b[128:132]); i < n && 132+12*i+12 <= int64(len(b)); i++ {
		e := b[132+12*i:]
		off, size := decode(be, e[4:8]), decode(be, e[8:12])
		if string(e[:4]) != "desc" {
			continue
		}
		if off+size > int64(len(b)) || size < 16 {
			return "", unsure(badProfile)
		}
		return described(b[off : off+size])
	}
	return "", unsure(badProfile)
}

func described(tag []byte) (string, error) {
	be := binary.BigEndian
	text, size := "", int64(len(tag))
	switch string(tag[:4]) {
	case "desc":
		n := decode(be, tag[8:12])
		if 12+n > size {
			return "", unsure(badProfile)
		}
		text = string(tag[12 : 12+n])
	case "mluc":
		if size < 28 || be.Uint32(tag[8:]) == 0 {
			return "", unsure(badProfile)
		}
		n, off := decode(be, tag[20:24]), decode(be, tag[24:28]) // of the first language
		if off+n > size {
			return "", unsure(badProfile)
		}
		var letters []uint16
		for s := tag[off : off+n]; len(s) >= 2; s = s[2:] {
			letters = append(letters, be.Uint16(s))
		}
		text = string(utf16.Decode(letters))
	}
	text, _, _ = strings.Cut(text, "\x00")
	return strings.ToValidUTF8(strings.TrimSpace(text), "?"), nil
}
