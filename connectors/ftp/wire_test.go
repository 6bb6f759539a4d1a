package ftp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// A sink is a connection that keeps what is written, until it breaks.
type sink struct {
	net.Conn
	got  []byte
	most int // bytes that it takes
}

var errBroken = errors.New("broken")

func (s *sink) Write(p []byte) (int, error) {
	n := min(len(p), s.most-len(s.got))
	s.got = append(s.got, p[:n]...)
	if n < len(p) {
		return n, errBroken
	}
	return n, nil
}

func blocksOf(size int) [][]byte {
	return [][]byte{make([]byte, size), make([]byte, size), make([]byte, size)}
}

func TestADataConnectionSendsAllThatAReaderHas(t *testing.T) {
	const block = 16
	content := []byte("a photo that is longer than some of the blocks that it is sent in")
	for _, size := range []int{0, 1, block - 1, block, block + 1, 2 * block, 3*block + 5, 4 * block} {
		for what, reader := range map[string]io.Reader{
			"all at once": bytes.NewReader(content[:size]),
			"by bytes":    iotest.OneByteReader(bytes.NewReader(content[:size])),
			"early EOF":   iotest.DataErrReader(bytes.NewReader(content[:size])),
		} {
			s := &sink{most: 1000}
			c := &dataConn{Conn: s, blocks: blocksOf(block)}
			n, err := c.ReadFrom(reader)
			if err != nil || n != int64(size) || !bytes.Equal(s.got, content[:size]) {
				t.Errorf("%d bytes, %s: sent %d (%q), %v", size, what, n, s.got, err)
			}
		}
	}
}

func TestADataConnectionTellsWhatBroke(t *testing.T) {
	const block = 16
	long := bytes.Repeat([]byte("x"), 10*block)
	spoilt := errors.New("spoilt")
	for _, after := range []int{0, 3, block, 3 * block} {
		s := &sink{most: 1000}
		c := &dataConn{Conn: s, blocks: blocksOf(block)}
		_, err := c.ReadFrom(io.MultiReader(bytes.NewReader(long[:after]), iotest.ErrReader(spoilt)))
		if !errors.Is(err, spoilt) || len(s.got) > after {
			t.Errorf("a reader that fails after %d bytes: %d were sent, %v; want its error", after, len(s.got), err)
		}
		s = &sink{most: after}
		c = &dataConn{Conn: s, blocks: blocksOf(block)}
		if n, err := c.ReadFrom(bytes.NewReader(long)); !errors.Is(err, errBroken) || n != int64(after) {
			t.Errorf("a connection that breaks after %d bytes: %d were sent, %v; want its error", after, n, err)
		}
	}
}

// A pausing server takes nothing until gone is closed.
type pausing struct {
	sink
	gone <-chan struct{}
}

func (p *pausing) Write(b []byte) (int, error) {
	<-p.gone
	return p.sink.Write(b)
}

func TestADataConnectionReadsOnWhileTheServerPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const block = 16
		content := bytes.Repeat([]byte("x"), 5*block)
		blocks := blocksOf(block)
		early := len(blocks) * block
		gone := make(chan struct{})
		reader := io.MultiReader(bytes.NewReader(content[:early]), readerFunc(func([]byte) (int, error) {
			close(gone) // the last block is to be filled, and nothing was sent yet
			return 0, io.EOF
		}), bytes.NewReader(content[early:]))
		s := &pausing{sink{most: 1000}, gone}
		c := &dataConn{Conn: s, blocks: append(blocks, make([]byte, block))}
		if n, err := c.ReadFrom(reader); err != nil || n != int64(len(content)) || !bytes.Equal(s.got, content) {
			t.Errorf("sent %d, %v; want %d", n, err, len(content))
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
