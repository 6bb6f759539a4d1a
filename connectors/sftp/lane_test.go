package sftp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"

	"github.com/pkg/sftp"
)

// packet is one as either side writes it.
func packet(kind byte, id uint32, body ...byte) []byte {
	p := binary.BigEndian.AppendUint32(nil, uint32(5+len(body)))
	p = append(p, kind)
	return append(binary.BigEndian.AppendUint32(p, id), body...)
}

type pipe struct {
	io.Writer
	writes [][]byte
}

func (p *pipe) Write(b []byte) (int, error) {
	p.writes = append(p.writes, bytes.Clone(b))
	return len(b), nil
}
func (p *pipe) Close() error { return nil }

func TestALaneMakesOnePacketOfTwoPieces(t *testing.T) {
	to := new(pipe)
	l := newLane(to, nil)
	whole := packet(packetWrite, 7, []byte("payload")...)
	for _, piece := range [][]byte{whole[:2], whole[2:10], whole[10:], whole} {
		if n, err := l.Write(piece); n != len(piece) || err != nil {
			t.Fatalf("wrote %d of %d: %v", n, len(piece), err)
		}
	}
	if len(to.writes) != 2 || !bytes.Equal(to.writes[0], whole) || !bytes.Equal(to.writes[1], whole) {
		t.Errorf("written as %q, want twice %q", to.writes, whole)
	}
}

// A sluice lets one write through for each token.
type sluice struct {
	pipe
	begun, open chan struct{}
	err         error
}

func (s *sluice) Write(b []byte) (int, error) {
	s.begun <- struct{}{}
	<-s.open
	s.pipe.Write(b)
	return len(b), s.err
}

// TestShortPacketsGoTogether: what comes while another write is under way is
// written at once, whole, and each sender is told what became of it.
func TestShortPacketsGoTogether(t *testing.T) {
	for _, broken := range []error{nil, errors.New("broken")} {
		to := &sluice{begun: make(chan struct{}, 2), open: make(chan struct{})}
		l := newLane(to, nil)
		long := packet(packetWrite, 1, make([]byte, short)...)
		sent := make(chan error)
		go func() { sent <- l.send(long) }()
		<-to.begun
		to.err = broken
		want := map[string]bool{}
		for i := range 3 {
			p := packet(packetRename, ours|uint32(i), byte(i))
			want[string(p)] = true
			go func() { sent <- l.send(p) }()
		}
		for all := 0; all < 3*10; {
			runtime.Gosched()
			l.joining.Lock()
			if l.next != nil {
				all = len(l.next.packets)
			}
			l.joining.Unlock()
		}
		to.open <- struct{}{}
		to.open <- struct{}{}
		for range 4 {
			if err := <-sent; err != broken {
				t.Errorf("a sender was told %v, want %v", err, broken)
			}
		}
		if l.over() != (broken != nil) {
			t.Errorf("after %v the lane is over: %v", broken, l.over())
		}
		if len(to.writes) != 2 || !bytes.Equal(to.writes[0], long) {
			t.Fatalf("%d writes, want the long packet and one more", len(to.writes))
		}
		for p := range slices.Chunk(to.writes[1], 10) {
			delete(want, string(p))
		}
		if len(want) > 0 {
			t.Errorf("together was written %q; missing %v", to.writes[1], want)
		}
	}
}

func TestALaneSortsOutWhatIsOurs(t *testing.T) {
	to := new(pipe)
	theirs := [][]byte{packet(packetVersion, ours|3, 'x'), packet(packetStatus, 1, 0, 0, 0, 0), {0, 0, 0, 0}, packet(packetHandle, 2, make([]byte, 100_000)...)}
	var from bytes.Buffer
	for i, p := range theirs {
		from.Write(p)
		from.Write(packet(packetStatus, ours|uint32(len(theirs)-i), 0, 0, 0, byte(i))) // in any order
	}
	from.Write(packet(packetStatus, ours|99, 0, 0, 0, 0)) // nobody asked
	l := newLane(to, &from)
	k := l.talk(len(theirs))
	for range theirs {
		k.ask(packetLstat, "name")
	}
	got, err := io.ReadAll(l)
	if err != nil || !bytes.Equal(got, bytes.Join(theirs, nil)) {
		t.Errorf("the library reads %d bytes, %v; want %d", len(got), err, len(bytes.Join(theirs, nil)))
	}
	answers, err := k.wait()
	if err != nil || len(to.writes) != 1 {
		t.Fatalf("%v, %d writes; want answers to one", err, len(to.writes))
	}
	for i, a := range answers {
		if !a.is(uint32(len(theirs) - 1 - i)) {
			t.Errorf("answer %d is %+v", i, a)
		}
	}
}

func TestALaneThatEndsLeavesNobodyWaiting(t *testing.T) {
	for name, from := range map[string][]byte{
		"at once": nil, "in a length": {0, 0}, "in a packet of ours": packet(packetStatus, ours|1, 0, 0, 0, 0)[:11],
		"with too long an answer": binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 1<<30), 0x65_80_00_00),
	} {
		l := newLane(new(pipe), bytes.NewReader(append(from, 0)[:len(from)]))
		before, after := l.talk(1), l.talk(1)
		before.ask(packetLstat, "name")
		if _, err := io.ReadAll(l); err == nil && len(from) > 0 {
			t.Errorf("%s: the library is told of no error", name)
		}
		after.ask(packetLstat, "name")
		for _, k := range []*talk{before, after} {
			if _, err := k.wait(); !errors.Is(err, sftp.ErrSSHFxConnectionLost) {
				t.Errorf("%s: %v, want a lost connection", name, err)
			}
		}
	}
}

func TestWhatAnAnswerSays(t *testing.T) {
	u32 := func(ns ...uint32) (b []byte) {
		for _, n := range ns {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return b
	}
	for _, tt := range []struct {
		name    string
		body    []byte
		size    int64
		seconds uint32
		ok      bool
	}{
		{"all", u32(15, 1, 2, 500, 500, 0o644, 11, 12), 1<<32 | 2, 12, true},
		{"size alone", u32(1, 0, 9), 9, 0, true},
		{"no size", u32(8, 11, 12), 0, 0, false},
		{"cut", u32(15, 1, 2, 500), 0, 0, false},
		{"nothing", nil, 0, 0, false},
	} {
		size, seconds, ok := answer{kind: packetAttrs, body: tt.body}.stat()
		if size != tt.size || seconds != tt.seconds || ok != tt.ok {
			t.Errorf("%s: %d, %d, %v", tt.name, size, seconds, ok)
		}
	}
	if h, ok := (answer{kind: packetHandle, body: append(u32(2), "ab"...)}).handle(); h != "ab" || !ok {
		t.Errorf("handle %q, %v", h, ok)
	}
	if _, ok := (answer{kind: packetHandle, body: append(u32(3), "ab"...)}).handle(); ok {
		t.Error("a handle that is cut is taken for one")
	}
	if (answer{kind: packetStatus}).is(0) || (answer{kind: packetAttrs, body: u32(0)}).is(0) {
		t.Error("what is no status says OK")
	}
}
