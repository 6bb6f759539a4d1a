package sftpsim

import (
	"cmp"
	"context"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/pkg/sftp"
	"golang.org/x/sync/errgroup"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A session stands between one client and the SFTP server proper, looks at each
// packet, and makes trouble. It speaks of version 3 of the protocol
// (draft-ietf-secsh-filexfer-02).
type session struct {
	sim    *Sim
	ctx    context.Context // of the connection
	client io.ReadWriteCloser
	hangup func() // breaks the connection

	mu      sync.Mutex           // guards what follows, and writing to client
	calls   map[uint32]call      // by request, where the reply matters
	open    map[string]*transfer // by handle
	uploads map[string]faults.Fault
	carried faults.Fault // of an upload that could not be opened: for the next
}

// A call is a request whose reply is looked at.
type call struct {
	op, name string
	fault    faults.Fault
	transfer *transfer // of a read
}

// A transfer is an open file whose bytes are counted.
type transfer struct {
	op   string
	cut  bool
	left int64 // until it is cut
}

func newSession(s *Sim, ctx context.Context, client io.ReadWriteCloser, hangup func()) *session {
	return &session{sim: s, ctx: ctx, client: client, hangup: hangup,
		calls: map[uint32]call{}, open: map[string]*transfer{}, uploads: map[string]faults.Fault{}}
}

type pipes struct {
	io.Reader
	io.WriteCloser
}

func (s *session) serve() error {
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	disk := disk{s.sim}
	server := sftp.NewRequestServer(pipes{toServer, fromServer}, sftp.Handlers{FileGet: disk, FilePut: disk, FileCmd: disk, FileList: disk})
	var parts errgroup.Group
	parts.Go(func() error {
		err := s.requests(fromClient)
		fromClient.CloseWithError(io.EOF)
		return err
	})
	parts.Go(func() error {
		err := s.replies(toClient)
		toClient.CloseWithError(err)
		return err
	})
	err := server.Serve()
	fromServer.Close()
	toServer.CloseWithError(io.ErrClosedPipe)
	s.client.Close()
	parts.Wait()
	return err
}

// requests passes on what the client asks.
func (s *session) requests(server io.Writer) error {
	for {
		p, err := readPacket(s.client)
		if err != nil {
			return err
		}
		forward, err := s.request(p)
		if err != nil {
			return err
		}
		if forward {
			if err := p.writeTo(server); err != nil {
				return err
			}
		}
	}
}

// request reports whether the server should see p.
func (s *session) request(p packet) (forward bool, _ error) {
	switch p.kind {
	case writePacket:
		return s.write(p)
	case readPacketKind:
		s.mu.Lock()
		if t := s.open[p.text(0)]; t != nil {
			s.calls[p.id()] = call{op: "read", transfer: t}
		}
		s.mu.Unlock()
		return true, nil
	}
	op, name := s.operation(p)
	if op == opLimits {
		return false, s.answer(limitsOf(p.id(), s.sim.opt.mostWrite()))
	}
	if op == "" {
		return true, nil
	}
	f := s.trouble(op, name)
	pause(s.ctx, f)
	switch {
	case s.ctx.Err() != nil:
		return false, s.ctx.Err()
	case f.Cut < 0:
		s.hangup()
		return false, io.ErrClosedPipe
	case f.Status != 0:
		return false, s.answer(status(p.id(), statusOf(f.Status)))
	case op == opSync:
		return false, s.answer(status(p.id(), statusOK))
	}
	s.remember(p, op, name, f)
	return true, nil
}

// trouble is what is planned for a request.
func (s *session) trouble(op, name string) faults.Fault {
	s.mu.Lock()
	f := s.carried
	if op == OpUpload {
		s.carried = faults.Fault{}
	}
	s.mu.Unlock()
	if op == OpUpload && !f.Zero() {
		return f
	}
	return s.sim.fault(op, name)
}

// remember keeps what is to happen when the reply to p comes.
func (s *session) remember(p packet, op, name string, f faults.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch op {
	case OpUpload:
		s.uploads[name] = f
	case OpPublish:
		if f.Zero() {
			f = s.uploads[clean(p.text(p.skipName()))]
		}
	}
	s.calls[p.id()] = call{op: op, name: name, fault: f}
}

// write counts, and cuts.
func (s *session) write(p packet) (bool, error) {
	n := int64(len(p.body)) - 4 - 4 - int64(len(p.text(0))) - 8 - 4
	s.sim.received.Add(n)
	s.mu.Lock()
	cut := s.open[p.text(0)].take(n)
	s.mu.Unlock()
	if cut || n > int64(s.sim.opt.mostWrite()) {
		s.hangup()
		return false, io.ErrClosedPipe
	}
	return true, nil
}

// mostWrite is how many bytes of a file a packet may hold.
func (o Options) mostWrite() int {
	if slices.Contains(o.Without, limits) {
		return cmp.Or(o.MostWrite, 32<<10)
	}
	return cmp.Or(o.MostWrite, 255<<10)
}

// take counts n bytes and reports whether that is one too many.
func (t *transfer) take(n int64) bool {
	if t == nil || !t.cut {
		return false
	}
	t.left -= n
	return t.left < 0
}

// replies passes on what the server answers.
func (s *session) replies(server io.Reader) error {
	for {
		p, err := readPacket(server)
		if err != nil {
			return err
		}
		if p.kind == versionPacket {
			p = version(s.sim.opt.Without)
		} else if p, err = s.reply(p); err != nil {
			return err
		}
		if err := s.answer(p); err != nil {
			return err
		}
	}
}

func (s *session) reply(p packet) (packet, error) {
	s.mu.Lock()
	c := s.calls[p.id()]
	delete(s.calls, p.id())
	lost := c.op != OpUpload && c.fault.LoseReply
	switch {
	case p.kind == handlePacket && (c.op == OpUpload || c.op == OpFetch):
		s.open[p.text(0)] = &transfer{c.op, c.fault.Cut > 0, c.fault.Cut}
	case p.kind == statusPacket && c.op == OpUpload:
		s.carried = c.fault
	case p.kind == dataPacket:
		lost = c.transfer.take(int64(len(p.text(0))))
	}
	s.mu.Unlock()
	if c.op == OpPublish && p.kind == statusPacket && p.code() == statusOK {
		s.sim.tell(OpPublish, c.name, c.fault)
	}
	if lost {
		s.hangup()
		return p, io.ErrClosedPipe
	}
	if c.op != OpUpload && c.fault.FailAfter != 0 {
		return status(p.id(), statusOf(c.fault.FailAfter)), nil
	}
	return p, nil
}

func (s *session) answer(p packet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.writeTo(s.client)
}

const (
	opSync   = "sync"
	opLimits = "limits"
)

// operation is what p asks for, and of which file; empty if no fault may strike.
func (s *session) operation(p packet) (op, name string) {
	switch p.kind {
	case openPacket:
		if strings.HasSuffix(p.text(0), ".new.part") {
			return "", "" // an empty file that only makes place
		}
		if p.number(p.skip(0))&flagWrite != 0 {
			return OpUpload, clean(p.text(0))
		}
		return OpFetch, clean(p.text(0))
	case lstatPacket, statPacket:
		return OpStat, clean(p.text(0))
	case opendirPacket:
		return OpList, clean(p.text(0))
	case mkdirPacket:
		return OpMkdir, clean(p.text(0))
	case removePacket:
		return OpRemove, clean(p.text(0))
	case renamePacket:
		return publishes(p.text(p.skip(0)))
	case extendedPacket:
		switch p.text(0) {
		case "fsync@openssh.com":
			return opSync, ""
		case limits:
			return opLimits, ""
		case "posix-rename@openssh.com", "hardlink@openssh.com":
			return publishes(p.text(p.skip(p.skip(0))))
		}
	}
	return "", ""
}

// publishes tells final names from temporary ones.
func publishes(target string) (op, name string) {
	if target = clean(target); strings.HasSuffix(target, ".part") {
		return "", ""
	}
	return OpPublish, target
}

// clean is a path as the client spells it, below the folder that is served.
func clean(name string) string {
	if name = strings.TrimPrefix(path.Clean("/"+name), "/"); name == "" {
		return "."
	}
	return name
}
