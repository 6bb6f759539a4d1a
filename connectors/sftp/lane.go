package sftp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"sync"
)

// Packets of the protocol (draft-ietf-secsh-filexfer-02, section 3).
const (
	packetVersion  = 2
	packetOpen     = 3
	packetClose    = 4
	packetWrite    = 6
	packetLstat    = 7
	packetSetstat  = 9
	packetFsetstat = 10
	packetRemove   = 13
	packetRename   = 18
	packetStatus   = 101
	packetHandle   = 102
	packetAttrs    = 105
	packetExtended = 200
	packetReply    = 201
)

// ours marks the ids of our own packets: the library counts its own from 1.
const ours = 1 << 31

// mostAnswer bounds what an answer to us may hold: names and messages.
const mostAnswer = 64 << 10

// A lane is what the library reads from and writes to in place of the SSH
// channel. Beside the library's packets it carries our own, many in one write
// and without waiting for each answer: the server carries out what regards one
// file in the order in which it was asked (section 6.1). The library writes each
// packet in two pieces; the lane makes one of them.
type lane struct {
	to   io.WriteCloser
	from *bufio.Reader

	pending []byte // of the library's packet that is not complete; the library writes one at a time

	sending sync.Mutex // held while a whole number of packets is written
	joining sync.Mutex // guards next
	next    *load      // short packets that wait for their turn to be written; nil if none do

	head []byte // of the library's packet that is being read: passed on first
	rest int    // of it, not read yet

	mu    sync.Mutex // guards what follows
	last  uint32
	asked map[uint32]question // by id
	ended bool
}

// A question is who waits for an answer, and which of his it is.
type question struct {
	to    chan<- answer // has room for all that was asked
	place int
}

// An answer is a packet from the server to us, without its length and id. The
// kind is 0 if none comes any more.
type answer struct {
	place int
	kind  byte
	body  []byte
}

func newLane(to io.WriteCloser, from io.Reader) *lane {
	return &lane{to: to, from: bufio.NewReaderSize(from, packetSize), asked: map[uint32]question{}}
}

// Write is the library's.
func (l *lane) Write(p []byte) (int, error) {
	l.pending = append(l.pending, p...)
	if len(l.pending) < 4 || len(l.pending) < 4+int(binary.BigEndian.Uint32(l.pending)) {
		return len(p), nil
	}
	err := l.send(l.pending)
	l.pending = l.pending[:0]
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close is the library's. It must not meet a write of ours.
func (l *lane) Close() error {
	l.sending.Lock()
	defer l.sending.Unlock()
	return l.to.Close()
}

// short packets may be written together with others.
const short = 4 << 10

// A load is what short packets several callers have written at once.
type load struct {
	packets []byte
	gone    chan struct{} // closed when it is written
	err     error         // then
}

// send writes a whole number of packets. Short ones of callers that come at the
// same moment, as after a commit of the ledger that many waited for, go in one
// write: for both sides it costs more than what is in it.
func (l *lane) send(packets []byte) error {
	if len(packets) > short {
		return l.write(packets)
	}
	l.joining.Lock()
	if l.next != nil {
		joined := l.next
		joined.packets = append(joined.packets, packets...)
		l.joining.Unlock()
		<-joined.gone
		return joined.err
	}
	mine := &load{packets: append(make([]byte, 0, 2*short), packets...), gone: make(chan struct{})}
	l.next = mine
	l.joining.Unlock()
	runtime.Gosched() // lets those come who can
	l.sending.Lock()
	defer l.sending.Unlock()
	l.joining.Lock()
	l.next = nil
	l.joining.Unlock()
	mine.err = l.pass(mine.packets)
	close(mine.gone)
	return mine.err
}

func (l *lane) write(packets []byte) error {
	l.sending.Lock()
	defer l.sending.Unlock()
	return l.pass(packets)
}

// pass writes while sending is held. What could not be written is never answered.
func (l *lane) pass(packets []byte) error {
	_, err := l.to.Write(packets)
	if err != nil {
		l.end()
	}
	return err
}

// over reports whether no answer comes any more. The connection below may not have
// noticed yet.
func (l *lane) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

// Read is the library's. Our answers are sorted out on the way.
func (l *lane) Read(p []byte) (n int, err error) {
	for len(l.head) == 0 && l.rest == 0 {
		if err := l.sort(); err != nil {
			l.end()
			return 0, err
		}
	}
	if len(l.head) > 0 {
		n = copy(p, l.head)
		l.head = l.head[n:]
		return n, nil
	}
	n, err = l.from.Read(p[:min(len(p), l.rest)])
	if l.rest -= n; err != nil {
		l.end()
	}
	return n, err
}

// sort reads the beginning of a packet, and all of it if it is ours.
func (l *lane) sort() error {
	head, err := l.from.Peek(4)
	if err != nil {
		if len(head) > 0 && err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	length := binary.BigEndian.Uint32(head)
	if length >= 5 {
		if head, err = l.from.Peek(9); err != nil {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
	}
	if length < 5 || head[4] == packetVersion || binary.BigEndian.Uint32(head[5:])&ours == 0 {
		l.head = append([]byte(nil), head...)
		l.rest = 4 + int(length) - len(head)
		_, err := l.from.Discard(len(head))
		return err
	}
	if length > mostAnswer {
		return errors.New("the server's answer is too long")
	}
	body := make([]byte, 4+length)
	if _, err := io.ReadFull(l.from, body); err != nil {
		return err
	}
	l.deliver(binary.BigEndian.Uint32(body[5:]), body[4], body[9:])
	return nil
}

// deliver gives an answer to who has asked. One that nobody asked for is dropped.
func (l *lane) deliver(id uint32, kind byte, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q, ok := l.asked[id]; ok {
		delete(l.asked, id)
		q.to <- answer{q.place, kind, body}
	}
}

// end tells all who wait that no answer comes any more.
func (l *lane) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	for id, q := range l.asked {
		delete(l.asked, id)
		q.to <- answer{place: q.place}
	}
}

// expect notes that somebody waits for an answer, and returns the id to ask with.
func (l *lane) expect(q question) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	id := l.last | ours
	if l.ended {
		q.to <- answer{place: q.place}
	} else {
		l.asked[id] = q
	}
	return id
}
