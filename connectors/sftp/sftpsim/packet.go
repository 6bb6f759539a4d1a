package sftpsim

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// Packet types and codes of draft-ietf-secsh-filexfer-02, sections 3, 6 and 7.
const (
	initPacket     = 1
	versionPacket  = 2
	openPacket     = 3
	readPacketKind = 5
	writePacket    = 6
	lstatPacket    = 7
	opendirPacket  = 11
	removePacket   = 13
	mkdirPacket    = 14
	statPacket     = 17
	renamePacket   = 18
	statusPacket   = 101
	handlePacket   = 102
	dataPacket     = 103
	extendedPacket = 200
	replyPacket    = 201

	statusOK      = 0
	statusMissing = 2
	statusDenied  = 3
	statusFailure = 4

	flagWrite = 2
)

// mostBytes bounds one packet; real servers have a like bound.
const mostBytes = 1 << 20

var errPacket = errors.New("a broken packet")

// A packet is a type and what follows it: the request's number, but in the first
// two, and its fields. Offsets of fields count from behind that number. Fields
// that are not there read as zero.
type packet struct {
	kind byte
	body []byte
}

func readPacket(r io.Reader) (packet, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return packet{}, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < 5 || n > mostBytes {
		return packet{}, errPacket
	}
	p := packet{head[4], make([]byte, n-1)}
	_, err := io.ReadFull(r, p.body)
	return p, err
}

// writeTo makes one write, so that two packets never mix.
func (p packet) writeTo(w io.Writer) error {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, len(p.body)+5), uint32(len(p.body)+1))
	b = append(append(b, p.kind), p.body...)
	_, err := w.Write(b)
	return err
}

func (p packet) id() uint32 { return binary.BigEndian.Uint32(p.body) }

func (p packet) number(at int) uint32 {
	if len(p.body) < 4+at+4 {
		return 0
	}
	return binary.BigEndian.Uint32(p.body[4+at:])
}

// text is the string at an offset.
func (p packet) text(at int) string {
	from := 4 + at + 4
	n := int(p.number(at))
	if from > len(p.body) || n > len(p.body)-from {
		return ""
	}
	return string(p.body[from : from+n])
}

// skip is the offset behind the string at an offset.
func (p packet) skip(at int) int { return at + 4 + int(p.number(at)) }

// skipName is the offset of the first path of a rename or link.
func (p packet) skipName() int {
	if p.kind == extendedPacket {
		return p.skip(0)
	}
	return 0
}

func (p packet) code() uint32 { return p.number(0) }

// status is the reply to the request id.
func status(id, code uint32) packet {
	words := [...]string{statusOK: "ok", statusMissing: "no such file", statusDenied: "permission denied", statusFailure: "failure"}
	b := binary.BigEndian.AppendUint32(nil, id)
	b = binary.BigEndian.AppendUint32(b, code)
	b = appendText(b, words[code])
	return packet{statusPacket, appendText(b, "en")}
}

// statusOf is what a fault's HTTP status is called here.
func statusOf(http int) uint32 {
	switch http {
	case 403:
		return statusDenied
	case 404:
		return statusMissing
	}
	return statusFailure
}

// version is the server's greeting, with the extensions of OpenSSH that it has.
func version(without []string) packet {
	b := binary.BigEndian.AppendUint32(nil, 3)
	for _, e := range [][2]string{{"posix-rename@openssh.com", "1"}, {"statvfs@openssh.com", "2"}, {"hardlink@openssh.com", "1"}, {"fsync@openssh.com", "1"}, {limits, "1"}} {
		if !slices.Contains(without, e[0]) {
			b = appendText(appendText(b, e[0]), e[1])
		}
	}
	return packet{versionPacket, b}
}

func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

const limits = "limits@openssh.com"

// limitsOf is the reply to the request id for what one packet may hold (OpenSSH's
// PROTOCOL, section 4.8): the whole of it, what is read, what is written, and how
// many files may be open.
func limitsOf(id uint32, write int) packet {
	b := binary.BigEndian.AppendUint32(nil, id)
	for _, n := range []int{write + 1<<10, write, write, 0} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return packet{replyPacket, b}
}
