package picture

import (
	"encoding/binary"
	"errors"
	"io"
)

// Parts are what a file is made of, for those who draw it.
type Parts struct {
	Format      string  // as in Facts
	Orientation int     // as Exif counts it, 1 to 8; 0 if the file does not tell
	Profile     []byte  // the ICC profile as stored, at most 4 MiB; nil if there is none that can be read
	JPEGs       []JPEG  // the file itself if it is one, or the previews inside a RAW or PSD, as they come
	Pixels      *Pixels // of a TIFF that is no RAW, or of a PSD; nil if they cannot be unpacked here
	Refusal     string  // why Pixels is nil though there are some, in words for a photographer
}

// A JPEG is one that a browser could show: baseline or progressive, 8 bits, and
// wholly inside its file.
type JPEG struct {
	Off, Size     int64
	Width, Height int   // as stored, not turned
	Channels      int   // 1, 3 or 4
	Samples       int64 // of all channels together: fewer than Width*Height*Channels where colours are coarser
	Progressive   bool
}

const (
	mostPreviews = 32
	blockThumb   = 1036 // a JPEG behind 28 bytes of head
	blockVersion = 1057 // tells whether the merged picture is one
)

// Dissect tells the parts of the size bytes of r without decoding a pixel. Files
// of other kinds have no JPEGs and no Pixels; damage before them is an error in
// words.
func Dissect(r io.ReaderAt, size int64) (Parts, error) {
	if size <= 0 {
		return Parts{}, torn("the file is empty")
	}
	f := &file{r: r, size: size, left: maxRead}
	format, err := f.format()
	if err != nil {
		return Parts{}, err
	}
	switch format {
	case formatJPEG:
		return jpegParts(f)
	case formatTIFF:
		return tiffParts(f)
	case formatPSD:
		return psdParts(f)
	case formatPNG:
		return pngParts(f)
	case formatGIF:
		return Parts{Format: "gif"}, nil
	case formatRAF:
		b, err := f.at(84, 8)
		if err != nil {
			return Parts{}, err
		}
		p := Parts{Format: "raw"}
		p.addJPEG(f, decode(binary.BigEndian, b[:4]), decode(binary.BigEndian, b[4:]))
		return p, nil
	case formatRIFF, formatBMFF:
		b, err := f.at(0, int(min(f.size, 12)))
		if err != nil {
			return Parts{}, err
		}
		p := Parts{Format: boxed(b)}
		if p.Format == "raw" {
			err = p.addCR3(f)
		}
		return p, err
	}
	return Parts{}, nil
}

// addJPEG adds the n bytes at off if they are a JPEG to show.
func (p *Parts) addJPEG(f *file, off, n int64) {
	if n < 4 || !f.has(off, n) || len(p.JPEGs) == mostPreviews {
		return
	}
	for _, j := range p.JPEGs {
		if j.Off == off {
			return
		}
	}
	inner := f.part(off, n)
	if is, err := inner.startsWith(0, n, jpegMagic); err != nil || !is {
		return
	}
	parts, err := jpegParts(inner)
	if err != nil || parts.JPEGs == nil {
		return
	}
	j := parts.JPEGs[0]
	j.Off = off
	p.JPEGs = append(p.JPEGs, j)
}

// jpegParts reads the segments before the first scan. A profile that is damaged
// is none.
func jpegParts(f *file) (Parts, error) {
	p, profile := Parts{Format: "jpeg"}, &chunked{}
	_, err := jpegSegments(f, func(marker byte, off, length int64) error {
		switch {
		case isFrame(marker) && p.JPEGs == nil && p.Refusal == "":
			return p.frame(f, marker, off, length)
		case marker == app1 && p.Orientation == 0:
			const exif = "Exif\x00\x00"
			is, err := f.startsWith(off, length, exif)
			if is {
				p.Orientation = orientationOf(f.part(off+int64(len(exif)), length-int64(len(exif))))
			}
			return err
		case marker == app2 && profile != nil:
			if err := profile.add(f, off, length); isFinding(err) {
				profile = nil
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if profile != nil {
		p.Profile = profile.whole()
	}
	if err == nil && p.JPEGs == nil && p.Refusal == "" {
		err = torn(damaged)
	}
	return p, err
}

// frame reads a frame header (T.81, B.2.2).
func (p *Parts) frame(f *file, marker byte, off, length int64) error {
	if length < 6 {
		return torn(damaged)
	}
	b, err := f.at(off, int(min(length, 18)))
	if err != nil {
		return err
	}
	j := JPEG{Size: f.size, Channels: int(b[5]), Progressive: marker == 0xc2,
		Height: int(binary.BigEndian.Uint16(b[1:])), Width: int(binary.BigEndian.Uint16(b[3:]))}
	known := j.Channels == 1 || j.Channels == 3 || j.Channels == 4
	if marker > 0xc2 || b[0] != 8 || !known || j.Height == 0 || j.Width == 0 {
		p.Refusal = "this kind of JPEG cannot be drawn here"
		return nil
	}
	if len(b) < 6+3*j.Channels {
		return torn(damaged)
	}
	const perByte = 1024 // as in opensJPEG
	if err := inScale(int64(j.Width), int64(j.Height), f.size, perByte); err != nil {
		return err
	}
	h, v, sum := int64(1), int64(1), int64(0)
	for i := range j.Channels {
		across, down := int64(b[7+3*i]>>4), int64(b[7+3*i]&15)
		h, v, sum = max(h, across), max(v, down), sum+across*down
	}
	j.Samples = int64(j.Width) * int64(j.Height)
	if j.Channels > 1 {
		j.Samples = (j.Samples*sum + h*v - 1) / (h * v)
	}
	p.JPEGs = []JPEG{j}
	return nil
}

func pngParts(f *file) (Parts, error) {
	p := Parts{Format: "png"}
	_, err := pngChunks(f, func(name string, off, length int64) error {
		switch name {
		case "IHDR":
			const perByte = 8 * 1032 // pixels of one bit; Deflate packs 1032 to one
			if length < 8 {
				return torn(damaged)
			}
			b, err := f.at(off, 8)
			if err != nil {
				return err
			}
			return inScale(be32(b), be32(b[4:]), f.size, perByte)
		case "iCCP":
			p.Profile, _ = pngICC(f, off, length)
		case "eXIf":
			p.Orientation = orientationOf(f.part(off, length))
		}
		return nil
	})
	return p, err
}

// psdParts reads the resources. Without "Maximize Compatibility" the merged
// picture is all white, as resource 1057 tells (Adobe Photoshop File Formats
// Specification, "Image Resource IDs").
func psdParts(f *file) (Parts, error) {
	p, merged := Parts{Format: "psd"}, true
	off, end, err := psdResources(f)
	if err != nil {
		return p, err
	}
	err = photoshopBlocks(f, off, end, func(id int, off, length int64) error {
		switch {
		case id == blockICC:
			p.Profile, _ = f.piece(off, length, maxProfile, "colour profile")
		case id == blockThumb && length > 28:
			p.addJPEG(f, off+28, length-28)
		case id == blockVersion && length >= 5:
			flag, err := f.number(binary.BigEndian, off+4, 1)
			merged = flag != 0
			return err
		}
		return nil
	})
	if err != nil && !isUnsure(err) {
		return p, err
	}
	if !merged {
		p.Refusal = "it was saved without the picture of all layers (Photoshop: Maximize Compatibility)"
		return p, nil
	}
	p.Pixels, err = psdPixels(f)
	return p.refused(err)
}

// refused makes a kind of pixels that cannot be unpacked here no error.
func (p Parts) refused(err error) (Parts, error) {
	if why := (refusal("")); errors.As(err, &why) {
		p.Refusal, err = string(why), nil
	}
	return p, err
}

// A refusal says why pixels that may well be in order are not unpacked here.
type refusal string

func (r refusal) Error() string { return string(r) }
