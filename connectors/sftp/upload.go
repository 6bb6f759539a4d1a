package sftp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

const (
	// large is from what size on a broken upload goes on where it was.
	large = 64 << 20
	// window is how much is sent until the server has acknowledged all of it. A
	// concurrent upload that breaks leaves holes: only what lies before a full
	// window is sure to be there.
	window = 32 << 20
	// tail is how much before the offset is compared when an upload goes on.
	tail = 64 << 10
)

// A progress is how far a large upload has got: Offset bytes were acknowledged.
type progress struct {
	Offset int64 `json:"offset"`
	Size   int64 `json:"size"`
}

func (d delivery) progressKey() string { return "resume/" + d.photo.ID }

// recall is how far an earlier try has got. Once publish was called, what lies
// under the temporary name may be the photo itself, and is not touched.
func (d delivery) recall() (progress, error) {
	var at progress
	if d.photo.Size <= large || d.photo.Published {
		return at, nil
	}
	text, err := d.memory.Recall(d.progressKey())
	if err != nil || text == "" {
		return at, err
	}
	if json.Unmarshal([]byte(text), &at) != nil || at.Size != d.photo.Size || at.Offset < tail || at.Offset > at.Size {
		return progress{}, nil // not of this photo, or damaged: from the start
	}
	return at, nil
}

func (d delivery) note(offset int64) error {
	text, err := json.Marshal(progress{offset, d.photo.Size})
	if err != nil {
		return err
	}
	return d.memory.Keep(d.progressKey(), string(text))
}

// forgetIf forgets how far the upload has got.
func (d delivery) forgetIf(done bool) error {
	if !done || d.photo.Size <= large {
		return nil
	}
	return d.memory.Keep(d.progressKey(), "")
}

// write puts exactly the photo on the server under its temporary name. If it
// fails, resumable says that what is there is worth keeping.
func (d delivery) write(ctx context.Context) (resumable bool, _ error) {
	at, err := d.recall()
	if err != nil {
		return true, err
	}
	if at.Offset > 0 {
		done, err := d.resume(ctx, at.Offset)
		if done || err != nil {
			return true, err
		}
		if err := d.forgetIf(true); err != nil { // it speaks of what is overwritten now
			return false, err
		}
	}
	if err := d.space.take(d.c, d.at.base, d.photo.Size); err != nil {
		return false, err
	}
	body, err := d.open()
	if err != nil {
		return false, err
	}
	defer body.Close()
	f, err := d.create()
	if err != nil {
		return false, err
	}
	return d.fill(ctx, f, body, 0)
}

// resume goes on at offset. If what is there is not what was sent, it undoes
// nothing and is not done: all is sent anew.
func (d delivery) resume(ctx context.Context, offset int64) (done bool, _ error) {
	sent, err := d.tailThere(offset)
	if err != nil || sent == nil {
		return false, err
	}
	body, err := d.open()
	if err != nil {
		return false, err
	}
	defer body.Close()
	own := make([]byte, tail)
	reader := untilDone{ctx, body}
	if _, err := io.CopyN(io.Discard, reader, offset-tail); err != nil {
		return false, fmt.Errorf("read again what was sent: %w", err)
	}
	if _, err := io.ReadFull(reader, own); err != nil {
		return false, fmt.Errorf("read again what was sent: %w", err)
	}
	if !bytes.Equal(own, sent) {
		return false, nil
	}
	f, err := d.c.openFile(d.at.part(d.photo), forWriting)
	if err != nil {
		return false, err
	}
	if err := f.truncate(offset); err != nil {
		return false, errors.Join(err, f.close())
	}
	if _, err := d.fill(ctx, f, body, offset); err != nil {
		return false, err
	}
	return true, nil
}

// tailThere is what the server has right before offset; nil if that is missing.
func (d delivery) tailThere(offset int64) ([]byte, error) {
	f, err := d.c.Open(d.at.part(d.photo))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sent := make([]byte, tail)
	switch _, err := f.ReadAt(sent, offset-tail); {
	case err == io.EOF:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return sent, nil
}

// create starts the temporary file. It never truncates what is there: where a
// rename without replacing is a link and a removal, as in OpenSSH, a crash in
// between leaves both names to one content.
func (d delivery) create() (*file, error) {
	const fresh = forWriting | create | exclusive
	part, scratch := d.at.part(d.photo), d.at.scratch(d.photo)
	f, err := d.c.openFile(part, fresh)
	if errors.Is(err, fs.ErrNotExist) {
		if err := d.c.makeFolders(d.at.base, path.Dir(d.at.name)); err != nil {
			return nil, err
		}
		f, err = d.c.openFile(part, fresh)
	}
	if err == nil {
		return f, nil
	}
	if _, missing := d.c.Lstat(part); missing != nil {
		return nil, err
	}
	d.c.Remove(scratch) // from a crash in these very lines, or not there
	if f, err = d.c.openFile(scratch, fresh); err != nil {
		return nil, err
	}
	if err := errors.Join(f.close(), d.c.replace(scratch, part)); err != nil {
		return nil, err
	}
	return d.c.openFile(part, forWriting)
}

// fill sends what body has from offset on, and no byte more or less than the
// photo, has it put on disk, and closes f.
func (d delivery) fill(ctx context.Context, f *file, body io.Reader, offset int64) (resumable bool, _ error) {
	n, err := d.send(ctx, f, body, offset)
	size := d.photo.Size
	switch {
	case err != nil:
	case n > size:
		err = fmt.Errorf("the file gave more than its %d bytes; is it still being written?", size)
	case n < size:
		err = fmt.Errorf("the file gave %d of its %d bytes; is it still being written?", n, size)
	case d.c.offers(fileSync) && !d.c.profile.NoFsync:
		err = f.sync()
	}
	resumable = size > large && n >= window && n <= size
	if err := errors.Join(err, f.close()); err != nil {
		return resumable, err
	}
	return resumable, d.forgetIf(true)
}

// send returns how far it got in the photo, counting offset. It tries to send
// one byte too many, so that a file that still grows is noticed.
func (d delivery) send(ctx context.Context, f *file, body io.Reader, offset int64) (int64, error) {
	step := d.photo.Size + 1
	if d.photo.Size > large {
		step = window
		ahead := readAhead(body)
		defer ahead.Close()
		body = ahead
	}
	for {
		ask := min(step, d.photo.Size+1-offset)
		n, err := f.write(untilDone{ctx, body}, offset, ask)
		if err != nil {
			return offset, err
		}
		offset += n
		if n < ask || offset > d.photo.Size {
			return offset, nil
		}
		if err := d.note(offset); err != nil {
			return offset, err
		}
	}
}
