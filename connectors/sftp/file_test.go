package sftp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pkg/sftp"
)

// An answering server says at once what it thinks of each packet: the next of
// codes, or that all is well.
type answering struct {
	pipe
	lane  *lane
	codes []uint32
}

func (a *answering) Write(p []byte) (int, error) {
	code := uint32(codeOK)
	if len(a.codes) > 0 {
		code, a.codes = a.codes[0], a.codes[1:]
	}
	body := binary.BigEndian.AppendUint32(nil, code)
	body = append(binary.BigEndian.AppendUint32(body, 7), "no room\x00\x00\x00\x00"...)
	a.lane.deliver(binary.BigEndian.Uint32(p[5:]), packetStatus, body)
	return a.pipe.Write(p)
}

// fileOf is a file of which packets hold 4 bytes.
func fileOf(codes ...uint32) (*file, *answering) {
	server := &answering{codes: codes}
	server.lane = newLane(server, nil)
	return &file{&conn{lane: server.lane, packet: 4}, "h"}, server
}

func TestAFileIsWrittenInWholePackets(t *testing.T) {
	for _, c := range []struct {
		name string
		most int64
		want []string
	}{
		{"all there is", 20, []string{"0123", "4567", "89"}},
		{"just that", 10, []string{"0123", "4567", "89"}},
		{"no more than asked for", 6, []string{"0123", "45"}},
		{"whole packets", 8, []string{"0123", "4567"}},
		{"nothing", 0, nil},
	} {
		f, server := fileOf()
		n, err := f.write(iotest.OneByteReader(strings.NewReader("0123456789")), 1<<40, c.most)
		if want := int64(len(strings.Join(c.want, ""))); err != nil || n != want {
			t.Errorf("%s: wrote %d, %v; want %d", c.name, n, err, want)
		}
		var got []string
		for i, p := range server.writes {
			if at := binary.BigEndian.Uint64(p[14:]); at != 1<<40+4*uint64(i) {
				t.Errorf("%s: packet %d is for offset %d", c.name, i, at)
			}
			got = append(got, string(p[26:]))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: sent %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAWriteThatIsRefusedIsAnError(t *testing.T) {
	for code, want := range map[uint32]error{codeNoFile: fs.ErrNotExist, codeDenied: fs.ErrPermission, 4: &sftp.StatusError{Code: 4}} {
		f, _ := fileOf(codeOK, code, codeOK)
		_, err := f.write(strings.NewReader("0123456789"), 0, 10)
		var status *sftp.StatusError
		if !errors.Is(err, want) && !(errors.As(err, &status) && status.Code == code && strings.Contains(err.Error(), "no room")) {
			t.Errorf("code %d: %v", code, err)
		}
	}
	spoilt := errors.New("spoilt")
	f, server := fileOf()
	if _, err := f.write(io.MultiReader(strings.NewReader("012345"), iotest.ErrReader(spoilt)), 0, 10); !errors.Is(err, spoilt) {
		t.Errorf("a reader that fails: %v, want its error", err)
	}
	if len(server.writes) != 1 || !bytes.HasSuffix(server.writes[0], []byte("0123")) {
		t.Errorf("before the reader failed, %q was sent", server.writes)
	}
	if err := f.sync(); err != nil {
		t.Error(err)
	}
	server.codes = []uint32{4}
	if err := f.sync(); err == nil {
		t.Error("what was not put on disk is no error")
	}
}
