package picture

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// ErrDamaged is in the error of Opens if the file itself is at fault, so that a
// person must act: read again, it will fail again.
var ErrDamaged = errors.New("the picture cannot be opened")

// errUnproven ends the proof of what this package cannot decode.
var errUnproven = errors.New("not decoded")

// Bounds of what Opens decodes.
const (
	maxPixels  = 400_000_000   // width times height; the largest backs have 151 million
	maxDecoded = 8 * maxPixels // bytes of pixels: four channels of 16 bits
)

// Clauses for a photographer.
const (
	damaged       = "its data are damaged"
	tooManyPixels = "it claims to have more than 400 million pixels"
	outOfScale    = "it claims far more pixels than a file of its length can hold"
)

// Opens decodes the pixels of the JPEG, PNG or TIFF (its first page) at path to
// prove that the picture opens. The proof is that the data unpack, without error
// and checksums included, to as many pixels as the header claims; colours are not
// computed. It returns nil for whatever it cannot decode: other formats, RAW,
// arithmetic and lossless JPEG, JPEG, fax and zstd inside a TIFF; unless Look
// calls it torn, or it is called .jpg, .png or .tif and is no picture at all.
//
// An error that is ErrDamaged says what is wrong in words for a photographer, and
// not with which file; any other is the disk's, or ctx's, which ends it within a
// second. The picture is unpacked piece by piece and never held: it takes less
// than 1 MiB, plus 1/8 byte for each pixel and channel of a progressive JPEG, at
// most 200 MB. More pixels than 400 million, or than the file is long enough to
// describe, are damage, found before any are unpacked.
func Opens(ctx context.Context, path string) error {
	err := inside(path, func(f *file) error {
		src := &source{ctx: ctx, r: f.r}
		f.r = src
		err := opens(ctx, f, path)
		if src.err != nil { // whatever a decoder made of it
			return src.err
		}
		return err
	})
	switch {
	case errors.Is(err, errUnproven):
		return nil
	case isFinding(err):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return about(path, err)
}

func opens(ctx context.Context, f *file, name string) error {
	if f.size == 0 {
		return torn("the file is empty")
	}
	if err := judge(f); err != nil && !isUnsure(err) {
		return err
	}
	f.left = maxRead
	format, err := f.format()
	if err != nil {
		return err
	}
	switch format {
	case formatJPEG:
		return opensJPEG(ctx, f)
	case formatPNG:
		return opensPNG(f)
	case formatTIFF:
		return opensTIFF(f)
	case foreign:
		switch extension(name) {
		case "jpg", "jpeg", "jpe", "jfif", "png", "tif", "tiff":
			return torn("there is no picture inside the file")
		}
	}
	return errUnproven
}

// A source is a file that can no longer be read once ctx is done. It remembers
// its first error, because decoders report errors as their own.
type source struct {
	ctx context.Context
	r   io.ReaderAt
	err error
}

func (s *source) ReadAt(b []byte, off int64) (int, error) {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// inScale refuses claims of too many pixels, and of more than perByte pixels for
// each byte of the file.
func inScale(width, height, size, perByte int64) error {
	switch {
	case width <= 0 || height <= 0:
		return torn(damaged)
	case width > maxPixels || height > maxPixels || width*height > maxPixels:
		return torn(tooManyPixels)
	case width*height > size*perByte:
		return torn(outOfScale)
	}
	return nil
}
