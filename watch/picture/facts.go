package picture

import (
	"encoding/binary"
	"errors"
)

// Facts of a picture, as its header tells them.
type Facts struct {
	Format        string // "jpeg", "tiff", "png", "psd", "gif", "webp", "heif", "avif", "raw", "mp4", "mov", "avi"; empty if unknown
	Width, Height int    // as displayed: the orientation in Exif is applied; 0 if unknown
	Bits          int    // per channel; 0 if unknown
	Profile       string // description of the embedded ICC profile ("Adobe RGB (1998)"), empty if none
}

// Measure returns the facts of the file at path without decoding its pixels.
// Sizes are told for JPEG, TIFF (the first page), PNG, PSD and GIF, and for RAW
// where Exif gives the size of the finished picture. A file of another kind has
// zero Facts and no error; one whose header or profile is damaged or not there
// yet is an error in words, with what was found. At most 4 MiB of profile are
// read.
func Measure(path string) (facts Facts, err error) {
	err = inside(path, func(f *file) error {
		facts, err = measure(f, KindOf(path) == Raw)
		return err
	})
	return facts, about(path, err)
}

func measure(f *file, raw bool) (Facts, error) {
	format, err := f.format()
	if err != nil {
		return Facts{}, err
	}
	switch format {
	case formatJPEG:
		return measureJPEG(f)
	case formatTIFF:
		return measureTIFF(f, raw)
	case formatPNG:
		return measurePNG(f)
	case formatPSD:
		return measurePSD(f)
	case formatGIF:
		b, err := f.at(0, 10)
		if err != nil {
			return Facts{}, err
		}
		return Facts{Format: "gif", Width: int(binary.LittleEndian.Uint16(b[6:])), Height: int(binary.LittleEndian.Uint16(b[8:])), Bits: 8}, nil
	case formatRAF:
		return Facts{Format: "raw"}, nil
	case formatRIFF, formatBMFF:
		b, err := f.at(0, int(min(f.size, 12)))
		return Facts{Format: boxed(b)}, err
	}
	return Facts{}, nil
}

// boxed tells the format by the form of a RIFF or the brand of an ISO base media
// file.
func boxed(head []byte) string {
	if len(head) < 12 {
		return ""
	}
	switch string(head[8:12]) {
	case "WEBP":
		return "webp"
	case "AVI ":
		return "avi"
	case "crx ":
		return "raw"
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
		return "heif"
	case "avif", "avis":
		return "avif"
	case "qt  ":
		return "mov"
	}
	switch string(head[4:8]) {
	case "ftyp":
		return "mp4"
	case "moov", "mdat", "wide", "pnot", "free", "skip":
		return "mov"
	}
	return ""
}

// turned exchanges width and height where the orientation in Exif wants it.
func (f Facts) turned(orientation int) Facts {
	if orientation >= 5 && orientation <= 8 {
		f.Width, f.Height = f.Height, f.Width
	}
	return f
}

// measureJPEG reads the frame header (T.81, B.2.2), and Exif and profile.
func measureJPEG(f *file) (Facts, error) {
	facts, orientation, profile := Facts{Format: "jpeg"}, 0, chunked{}
	_, err := jpegSegments(f, func(marker byte, off, length int64) error {
		switch {
		case isFrame(marker) && facts.Bits == 0:
			b, err := f.at(off, 5)
			if err != nil {
				return err
			}
			facts.Bits = int(b[0])
			facts.Height, facts.Width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
		case marker == app1 && orientation == 0:
			const exif = "Exif\x00\x00"
			is, err := f.startsWith(off, length, exif)
			if is {
				orientation = orientationOf(f.part(off+int64(len(exif)), length-int64(len(exif))))
			}
			return err
		case marker == app2:
			return profile.add(f, off, length)
		}
		return nil
	})
	facts = facts.turned(orientation)
	if err != nil {
		return facts, err
	}
	facts.Profile, err = profile.name()
	return facts, err
}

// isFrame reports whether marker begins a frame header: SOF0 to SOF15, which
// have the tables DHT, JPG and DAC among them (T.81, table B.1).
func isFrame(marker byte) bool {
	return marker >= 0xc0 && marker <= 0xcf && marker != dht && marker != 0xc8 && marker != 0xcc
}

// orientationOf reads the orientation in an Exif block, which is a small TIFF; 0
// if there is none or it cannot be read.
func orientationOf(f *file) int {
	t, first, err := openTIFF(f)
	if err != nil {
		return 0
	}
	tags, _, err := t.entries(first)
	if err != nil {
		return 0
	}
	return int(t.one(tags[tagOrientation]))
}

// measurePNG reads IHDR and the profile, and Exif as the PNG specification's
// third edition has it.
func measurePNG(f *file) (Facts, error) {
	facts, orientation, broken := Facts{Format: "png"}, 0, error(nil)
	_, err := pngChunks(f, func(name string, off, length int64) error {
		switch name {
		case "IHDR":
			if length != 13 {
				return unsure(garbled)
			}
			b, err := f.at(off, 9)
			if err != nil {
				return err
			}
			facts.Width, facts.Height = int(decode(binary.BigEndian, b[:4])), int(decode(binary.BigEndian, b[4:8]))
			facts.Bits = int(b[8])
		case "iCCP":
			facts.Profile, broken = pngProfile(f, off, length)
		case "eXIf":
			orientation = orientationOf(f.part(off, length))
		}
		return nil
	})
	return facts.turned(orientation), errors.Join(err, broken)
}

func measurePSD(f *file) (Facts, error) {
	b, err := f.at(0, 26)
	if err != nil {
		return Facts{Format: "psd"}, err
	}
	facts := Facts{Format: "psd", Bits: int(binary.BigEndian.Uint16(b[22:]))}
	facts.Height, facts.Width = int(decode(binary.BigEndian, b[14:18])), int(decode(binary.BigEndian, b[18:22]))
	off, end, err := psdResources(f)
	if err != nil {
		return facts, err
	}
	err = photoshopBlocks(f, off, end, func(id int, off, length int64) error {
		if id == blockICC {
			facts.Profile, err = f.profile(off, length)
			return err
		}
		return nil
	})
	return facts, err
}
