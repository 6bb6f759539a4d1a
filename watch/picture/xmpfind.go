package picture

import (
	"bytes"
	"encoding/binary"
)

func (f *file) packet(off, n int64) ([]byte, error) { return f.piece(off, n, maxXMP, "XMP") }

// Signatures of APP1 segments (XMP specification part 3, section 1.1.3).
const (
	xmpMagic      = "http://ns.adobe.com/xap/1.0/\x00"
	xmpMoreMagic  = "http://ns.adobe.com/xmp/extension/\x00"
	app1, app13   = 0xe1, 0xed
	photoshopHead = "Photoshop 3.0\x00"
)

// startsWith reports whether the n bytes at off begin with magic.
func (f *file) startsWith(off, n int64, magic string) (bool, error) {
	if n < int64(len(magic)) {
		return false, nil
	}
	b, err := f.at(off, len(magic))
	return err == nil && string(b) == magic, err
}

// jpegXMP returns the first packet.
func jpegXMP(f *file) (packet []byte, err error) {
	_, err = jpegSegments(f, func(marker byte, off, length int64) error {
		if marker != app1 || packet != nil {
			return nil
		}
		is, err := f.startsWith(off, length, xmpMagic)
		if is {
			packet, err = f.packet(off+int64(len(xmpMagic)), length-int64(len(xmpMagic)))
		}
		return err
	})
	return packet, err
}

// pngXMP reads the iTXt chunk that the XMP specification names (part 3, section
// 1.1.5): keyword, flag and method of compression, two strings, the packet.
func pngXMP(f *file) (packet []byte, err error) {
	const keyword = "XML:com.adobe.xmp\x00"
	_, err = pngChunks(f, func(name string, off, length int64) error {
		if name != "iTXt" || packet != nil {
			return nil
		}
		is, err := f.startsWith(off, length, keyword)
		if !is {
			return err
		}
		b, err := f.packet(off, length)
		if err != nil {
			return err
		}
		parts := bytes.SplitN(b[min(len(keyword)+2, len(b)):], []byte{0}, 3)
		if len(parts) < 3 {
			return unsure(garbled)
		}
		if packet = parts[2]; b[len(keyword)] == 1 {
			packet, err = inflated(packet, maxXMP, "XMP")
		}
		return err
	})
	return packet, err
}

func psdXMP(f *file) (packet []byte, err error) {
	off, end, err := psdResources(f)
	if err != nil {
		return nil, err
	}
	err = photoshopBlocks(f, off, end, func(id int, off, length int64) error {
		if id == blockXMP && packet == nil {
			packet, err = f.packet(off, length)
			return err
		}
		return nil
	})
	return packet, err
}

// tiffXMP reads tag 700 of the first IFD (XMP specification part 3, 1.1.7).
func tiffXMP(f *file) ([]byte, error) {
	t, first, err := openTIFF(f)
	if err != nil {
		return nil, err
	}
	tags, _, err := t.entries(first)
	if err != nil {
		return nil, err
	}
	e, there := tags[tagXMP]
	if !there || e.count == 0 || width(e.kind) != 1 {
		return nil, nil
	}
	return f.packet(e.off, e.count)
}

func rafXMP(f *file) ([]byte, error) {
	b, err := f.at(84, 8)
	if err != nil {
		return nil, err
	}
	off, n := decode(binary.BigEndian, b[:4]), decode(binary.BigEndian, b[4:])
	if !f.has(off, n) {
		return nil, torn(endsEarly)
	}
	return jpegXMP(f.part(off, n))
}

// bmffXMP reads the box that the XMP specification names for MPEG-4 (part 3,
// section 1.1.4). Canon puts it into a CR3 too, with the rating of the camera.
func bmffXMP(f *file) ([]byte, error) {
	const mostBoxes = 4096
	const id = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
	off := int64(0)
	for n := 0; off < f.size && n < mostBoxes; n++ {
		box, length, err := boxAt(f, off)
		if err != nil || length == 0 {
			return nil, err
		}
		head := int64(8)
		if short, err := f.number(binary.BigEndian, off, 4); err != nil {
			return nil, err
		} else if short == 1 { // the length stands behind the name, in 64 bits
			head = 16
		}
		if is, err := f.startsWith(off+head, length-head, id); err != nil {
			return nil, err
		} else if is && box == "uuid" {
			return f.packet(off+head+int64(len(id)), length-head-int64(len(id)))
		}
		if !f.has(off, length) {
			return nil, torn(endsEarly)
		}
		off += length
	}
	return nil, nil
}
