package preview

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
	"testing"
)

func chunk(name, content string) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), name+content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// zeros are n zero bytes, deflated.
func zeros(t testing.TB, n int) []byte {
	return encoded(t, func(w io.Writer) error {
		z, err := zlib.NewWriterLevel(w, zlib.BestSpeed)
		if err != nil {
			return err
		}
		block := make([]byte, 1<<20)
		for ; n > 0; n -= len(block) {
			z.Write(block[:min(n, len(block))])
		}
		return z.Close()
	})
}

// pngBomb claims side times side pixels of so many bits of grey, or of RGBA if
// they are 64, and has so many bytes of data.
func pngBomb(t testing.TB, side uint32, bits, n int) []byte {
	head := string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, side), side))
	depth := string([]byte{byte(bits), 0, 0, 0, 0})
	if bits == 64 {
		depth = "\x10\x06\x00\x00\x00"
	}
	return bytes.Join([][]byte{[]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head+depth),
		chunk("IDAT", string(zeros(t, n))), chunk("IEND", "")}, nil)
}

// tiffBomb is one strip of side times side pixels, packed.
func tiffBomb(t testing.TB, side uint32, megabytes int) []byte {
	z := zeros(t, megabytes<<20)
	return ifd(z, [2]uint32{0x100, side}, [2]uint32{0x101, side}, [2]uint32{0x102, 8}, [2]uint32{0x103, 8}, [2]uint32{0x106, 1},
		[2]uint32{0x111, 0xffffffff}, [2]uint32{0x115, 1}, [2]uint32{0x117, uint32(len(z))})
}

// tileBomb claims tiles as wide and high as may be.
func tileBomb(t testing.TB) []byte {
	z := zeros(t, 64<<20)
	return ifd(z, [2]uint32{0x100, 19_000}, [2]uint32{0x101, 19_000}, [2]uint32{0x102, 8}, [2]uint32{0x103, 8}, [2]uint32{0x106, 1},
		[2]uint32{0x142, 1 << 20}, [2]uint32{0x143, 1 << 20}, [2]uint32{0x144, 0xffffffff}, [2]uint32{0x145, uint32(len(z))})
}

// jpegBomb claims as many pixels as a JPEG can, and is long enough to.
func jpegBomb(t testing.TB, side uint16) []byte {
	b := jpegOf(t, quarters(64, 64))
	i := bytes.Index(b, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(b[i+5:], side)
	binary.BigEndian.PutUint16(b[i+7:], side)
	return append(b[:len(b)-2], make([]byte, 5<<20)...)
}

// psdBomb is as large as a file of its length can be, of run lengths.
func psdBomb(side uint32) []byte {
	b := append([]byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00"), 0, 1)
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, side), side)
	b = append(b, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
	row := bytes.Repeat([]byte{0x81, 9}, int(side+127)/128)
	b = append(b, bytes.Repeat([]byte{byte(len(row) >> 8), byte(len(row))}, int(side))...)
	return append(b, bytes.Repeat(row, int(side))...)
}
