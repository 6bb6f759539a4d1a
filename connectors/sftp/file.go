package sftp

import "io"

// Flags of an open (draft-ietf-secsh-filexfer-02, section 6.3).
const (
	forWriting = 0x02
	create     = 0x08
	exclusive  = 0x20
)

// A file is open at the server for writing. The library's files take 32 KiB at a
// time, these as much as the server does.
type file struct {
	c      *conn
	handle string
}

func (c *conn) openFile(name string, flags uint32) (*file, error) {
	a, err := c.lane.ask(packetOpen, name, flags, uint32(0))
	if err != nil {
		return nil, err
	}
	handle, opened := a.handle()
	if !opened {
		return nil, a.err()
	}
	return &file{c, handle}, nil
}

// write writes what r has, which is not more than most, from offset on, and returns
// how much that was once the server has answered all of it. After an error there
// may be holes.
func (f *file) write(r io.Reader, offset, most int64) (n int64, _ error) {
	t := f.c.lane.talk(int(most)/f.c.packet + 1)
	chunk := make([]byte, min(int64(f.c.packet), most))
	for n < most {
		k, err := io.ReadFull(r, chunk[:min(int64(len(chunk)), most-n)])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return 0, err
		}
		if k > 0 {
			t.ask(packetWrite, f.handle, uint64(offset+n), chunk[:k])
			if err := t.send(); err != nil {
				return 0, err
			}
		}
		n += int64(k)
		if err != nil {
			break
		}
	}
	answers, err := t.wait()
	if err != nil {
		return 0, err
	}
	for _, a := range answers {
		if err := a.err(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (f *file) truncate(size int64) error {
	const hasSize = uint32(1)
	return f.c.lane.order(packetFsetstat, f.handle, hasSize, uint64(size))
}

// sync has all that was written put on disk.
func (f *file) sync() error { return f.c.lane.order(packetExtended, fileSync, f.handle) }

func (f *file) close() error { return f.c.lane.order(packetClose, f.handle) }
