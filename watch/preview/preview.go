// Package preview makes small pictures for the web page: of JPEG, PNG, TIFF, PSD,
// GIF and WebP the picture itself, of RAW the preview that the camera put inside.
//
// Make draws one. Pictures come from anywhere, and a decoder cannot be
// interrupted, so the agent does not call Make: a Worker has it done by a child
// process of little priority, with bounds on memory and time (Serve is the
// child's side), and a Cache keeps the results, asks for one at a time, and
// remembers what cannot be drawn.
package preview

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"github.com/studio-agent/studio-agent/watch/picture"
)

// ErrNone says that a file has nothing to show: a film, a text, a RAW without a
// preview inside.
var ErrNone = errors.New("there is no preview of this kind of file")

// Longest edges of what Make draws, in pixels.
const (
	Thumbnail = 320
	Large     = 1600

	minEdge, maxEdge = 64, 4096
)

const (
	mostMemory = 768 << 20 // bytes of pixels that one picture may take while it is drawn
	quality    = 85
)

// errTooLarge is the end of a picture whose decoding would take too much memory.
var errTooLarge = fmt.Errorf("the picture is too large to draw a preview of: it would take more than %d MiB of memory", mostMemory>>20)

// Make returns a JPEG of the picture in the size bytes of r, upright, with the
// longest edge at most edge pixels (64 to 4096); a smaller picture keeps its
// size. What is transparent stands before a neutral grey. The colour profile of
// the picture stays with it if it is below 64 KiB; CMYK becomes RGB without the
// help of one.
//
// The error is ErrNone, the disk's, or says in words what is wrong with the
// picture. Pixels are bounded before any are decoded (768 MiB of them); the
// time is not bounded, nor is Make safe from a decoder's panic: see Worker.
func Make(r io.ReaderAt, size int64, edge int) ([]byte, error) {
	if edge < minEdge || edge > maxEdge {
		return nil, fmt.Errorf("a preview cannot have %d pixels on its longest edge, only %d to %d", edge, minEdge, maxEdge)
	}
	parts, err := picture.Dissect(r, size)
	if err != nil {
		return nil, err
	}
	s, profile, err := draw(r, size, parts, edge)
	if err != nil {
		return nil, err
	}
	return encode(s, profile)
}

// draw returns the picture, upright, and its profile.
func draw(r io.ReaderAt, size int64, parts picture.Parts, edge int) (*small, []byte, error) {
	var s *small
	var err error
	switch {
	case parts.Pixels != nil:
		s, err = shrinkPixels(parts.Pixels, edge)
	case parts.Format == "jpeg" && len(parts.JPEGs) == 1:
		s, err = drawJPEG(io.NewSectionReader(r, 0, size), parts.JPEGs[0], edge)
	case len(parts.JPEGs) > 0:
		return drawInside(r, parts, edge)
	case parts.Refusal != "":
		return nil, nil, errors.New(parts.Refusal)
	case parts.Format == "raw":
		return nil, nil, fmt.Errorf("%w: there is no JPEG inside this RAW", ErrNone)
	default:
		s, err = decode(io.NewSectionReader(r, 0, size), parts.Format, edge)
	}
	if err != nil {
		return nil, nil, err
	}
	return s.turned(parts.Orientation), parts.Profile, nil
}

// drawInside draws the best of the JPEGs inside a RAW or PSD: the smallest that
// is large enough, else the largest; another if that one is damaged. A camera
// does not turn its previews: the orientation of the RAW counts, where it tells
// one, else the JPEG's own.
func drawInside(r io.ReaderAt, parts picture.Parts, edge int) (*small, []byte, error) {
	var err error
	const tries = 3
	for _, j := range best(parts.JPEGs, edge)[:min(tries, len(parts.JPEGs))] {
		inner := io.NewSectionReader(r, j.Off, j.Size)
		s, failed := drawJPEG(inner, j, edge)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		own, failed := picture.Dissect(inner, j.Size)
		if failed != nil {
			return nil, nil, failed
		}
		if parts.Orientation == 0 {
			parts.Orientation = own.Orientation
		}
		return s.turned(parts.Orientation), own.Profile, nil
	}
	return nil, nil, err
}

// decode draws the formats whose decoders do it all in one go.
func decode(r *io.SectionReader, format string, edge int) (*small, error) {
	var config func(io.Reader) (image.Config, error)
	var whole func(io.Reader) (image.Image, error)
	switch format {
	case "png":
		config, whole = png.DecodeConfig, png.Decode
	case "gif":
		config, whole = gif.DecodeConfig, gif.Decode // the first image of it
	case "webp":
		config, whole = webp.DecodeConfig, webp.Decode
	default:
		return nil, ErrNone
	}
	c, err := config(r)
	if err != nil {
		return nil, damaged(err)
	}
	each := int64(4)
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model:
		each = 8
	}
	if int64(c.Width)*int64(c.Height) > mostMemory/each {
		return nil, errTooLarge
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, err := whole(r)
	if err != nil {
		return nil, damaged(err)
	}
	return shrinkImage(img, edge)
}

// damaged says what a decoder's error means.
func damaged(err error) error {
	if errors.As(err, new(jpeg.UnsupportedError)) || errors.As(err, new(png.UnsupportedError)) {
		return fmt.Errorf("this kind of picture cannot be drawn here: %w", err)
	}
	return fmt.Errorf("the picture is damaged or ends in the middle: %w", err)
}

// encode writes s as a JPEG with that profile, if it suits.
func encode(s *small, profile []byte) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, s.image(), &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	const head = "ICC_PROFILE\x00\x01\x01" // the first part of one (ICC.1:2010, annex B.4)
	space := "RGB "
	if s.n == 1 {
		space = "GRAY"
	}
	if n := len(profile) + len(head) + 2; len(profile) > 128 && n < 1<<16 && string(profile[16:20]) == space {
		marker := append([]byte{0xff, 0xe2}, binary.BigEndian.AppendUint16(nil, uint16(n))...)
		return bytes.Join([][]byte{b.Bytes()[:2], marker, []byte(head), profile, b.Bytes()[2:]}, nil), nil
	}
	return b.Bytes(), nil
}
