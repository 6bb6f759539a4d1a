package ftp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
)

const (
	resumable = 64 << 20 // larger photos go on where a broken try ended
	overlap   = 64 << 10 // is read back and compared before
)

// An exact reader gives exactly the photo, or fails.
type exact struct {
	ctx   context.Context
	body  io.Reader
	photo connectors.Photo
	n     int64     // bytes given
	sum   hash.Hash // nil if the body digests, or the digest is known and open compares it in one go
	err   error     // the source's or the file's own, not io.EOF
}

func (e *exact) Read(p []byte) (int, error) {
	if e.err == nil {
		e.err = e.ctx.Err()
	}
	if e.err != nil {
		return 0, e.err
	}
	left := e.photo.Size - e.n
	if left == 0 {
		return 0, e.end()
	}
	n, err := e.body.Read(p[:min(int64(len(p)), left)])
	e.n += int64(n)
	if e.sum != nil {
		e.sum.Write(p[:n])
	}
	if err == io.EOF && e.n < e.photo.Size {
		err = fmt.Errorf("the file gave %d of its %d bytes; is it still being written?", e.n, e.photo.Size)
	}
	if err == io.EOF {
		err = nil // end says more
	}
	e.err = err
	return n, err
}

// A digester is a body that digests, or need not, while it is read, and says what
// it has found when it was read to its end: hex, as in connectors.Digests.
type digester interface{ SHA256() string }

// end is called after the last byte.
func (e *exact) end() error {
	var one [1]byte
	switch _, err := io.ReadFull(e.body, one[:]); {
	case err == nil:
		e.err = fmt.Errorf("the file gave more than its %d bytes; is it still being written?", e.photo.Size)
	case err != io.EOF:
		e.err = err
	case e.photo.Digests.SHA256 != "" && e.photo.Digests.SHA256 != e.digest():
		e.err = errors.New("the file is not what it was when it was seen; is it still being written?")
	default:
		return io.EOF
	}
	return e.err
}

func (e *exact) digest() string {
	if own, ok := e.body.(digester); ok {
		return own.SHA256()
	}
	if e.sum == nil {
		return e.photo.Digests.SHA256
	}
	return hex.EncodeToString(e.sum.Sum(nil))
}

// upload sends the photo under its temporary name. It returns that name and the
// content's digest.
func (d *delivery) upload(ctx context.Context) (part, sum string, err error) {
	part = d.part(d.final(), d.photo.ID)
	offset, err := d.confirmed(part)
	if err != nil {
		return "", "", err
	}
	sum, err = d.send(ctx, part, offset)
	if undotted := withoutDot(part); refusedName(err) && undotted != part {
		second, other := d.send(ctx, undotted, 0)
		if !refusedName(other) {
			part, sum, err = undotted, second, other
			err = errors.Join(err, d.book.learn("names that begin with a dot", func(p *profile) { p.NoDots = true }))
		}
	}
	if err == nil {
		return part, sum, nil
	}
	if refusedName(err) {
		delete(d.folders, path.Dir(part)) // perhaps somebody removed it
	}
	if d.photo.Size > resumable && !errors.Is(err, errSource) {
		return "", "", err // to be resumed
	}
	d.giveUp(part, nil)
	return "", "", errors.Join(err, d.forget())
}

func withoutDot(name string) string {
	return path.Join(path.Dir(name), strings.TrimPrefix(path.Base(name), "."))
}

// refusedName reports that STOR was refused before anything was sent.
func refusedName(err error) bool {
	r, ok := refused(err, 501, 550, 553)
	return ok && r.verb == "STOR"
}

// errSource marks what went wrong on our side: what was sent is of no use.
var errSource = errors.New("the file cannot be read to its end")

// send sends the photo from offset on, of which the server has all before.
func (d *delivery) send(ctx context.Context, name string, offset int64) (sum string, err error) {
	body, err := d.open()
	if err != nil {
		return "", fmt.Errorf("%w: %w", errSource, err)
	}
	defer func() { body.Close() }()
	from := &exact{ctx: ctx, body: body, photo: d.photo}
	if _, digests := body.(digester); !digests && (d.photo.Digests.SHA256 == "" || d.photo.Size > resumable) {
		from.sum = sha256.New()
	}
	if offset > 0 {
		matches, err := d.matches(from, name, offset)
		switch {
		case from.err != nil:
			return "", fmt.Errorf("%w: %w", errSource, from.err)
		case err != nil:
			return "", err
		case !matches:
			body.Close() // start over
			return d.send(ctx, name, 0)
		}
	}
	err = d.heard.told(d.conn.StorFrom(name, from, uint64(offset)))
	if from.err != nil && ctx.Err() == nil {
		return "", fmt.Errorf("%w: %w", errSource, from.err)
	}
	if _, unknown := refused(err, 500, 501, 502, 504, 551); unknown && offset > 0 {
		body.Close() // no REST before STOR here
		return d.send(ctx, name, 0)
	}
	if err != nil {
		return "", err
	}
	return from.digest(), nil
}

// verify compares the size that the server has.
func (d *delivery) verify(name string) error {
	e, there, err := d.size(name)
	switch {
	case err != nil:
		return err
	case !there && !d.book.profile().NoSize:
		// Just stored, so it is SIZE that does not work, or hides what is there.
		return errors.Join(errors.New("the server does not tell the size of what was just stored; from now on the folder is listed for it"),
			d.book.learn("SIZE", func(p *profile) { p.NoSize = true }))
	case !there:
		return fmt.Errorf("%w: the file is not listed", errShort)
	case e.size != d.photo.Size:
		return fmt.Errorf("%w: %d bytes of %d", errShort, e.size, d.photo.Size)
	}
	return nil
}

// confirmed is how much of a large photo an earlier, broken try has brought, as
// the server says now. FTP writes in order, so all before it is there.
func (d *delivery) confirmed(part string) (int64, error) {
	if d.photo.Size <= resumable {
		return 0, nil
	}
	_, begun, err := d.book.offset(d.photo.ID)
	if err != nil {
		return 0, err
	}
	var offset int64
	if begun {
		e, there, err := d.stat(part)
		if err != nil {
			return 0, err
		}
		if there && e.size >= overlap && e.size <= d.photo.Size {
			offset = e.size
		}
	}
	return offset, d.book.keepOffset(d.photo.ID, offset)
}

// matches skips what the server has, and compares its end with the source. An error
// means that this cannot be known now; a server that lets nobody read has no match.
func (d *delivery) matches(from *exact, name string, offset int64) (bool, error) {
	if _, err := io.CopyN(io.Discard, from, offset-overlap); err != nil {
		return false, err
	}
	n, err := d.retr(name, offset-overlap, &same{from})
	if errors.Is(err, errOther) || forGood(err) {
		return false, nil
	}
	return n == overlap, err
}

// same takes what a reader gives, and nothing else.
type same struct{ want io.Reader }

var errOther = errors.New("other content")

func (s *same) Write(p []byte) (int, error) {
	want := make([]byte, len(p))
	if _, err := io.ReadFull(s.want, want); err != nil || !bytes.Equal(want, p) {
		return 0, errOther
	}
	return len(p), nil
}

// forget drops what was kept for another try.
func (d *delivery) forget() error {
	if d.photo.Size <= resumable {
		return nil
	}
	return d.book.memory.Keep(resumeKey+d.photo.ID, "")
}
