package sftp

import (
	"context"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// swiftMost is up to what size a photo is delivered swiftly.
const swiftMost = 4 << 20

// Codes of a status (draft-ietf-secsh-filexfer-02, section 7).
const (
	codeOK     = 0
	codeNoFile = 2
	codeDenied = 3
)

// maySwift reports whether a photo can be delivered swiftly: nothing of it may be
// there, the server does all that it should, and the photo is small.
func (d delivery) maySwift() bool {
	p := d.photo
	return p.Size > 0 && p.Size <= swiftMost && !p.Published && p.Replaces.Zero() && !d.c.profile.RenameReplaces
}

// swift hands over a small new photo with two questions: is nothing there, and may
// I write; here is all of it, what do you have. A third shows it: see uncover.
// Where an answer is not the one hoped for, it takes away what it made and has
// handed nothing over: run then goes step by step, and finds out why.
func (d delivery) swift(ctx context.Context) (_ connectors.Receipt, handed bool, _ error) {
	if err := ctx.Err(); err != nil {
		return connectors.Receipt{}, false, err
	}
	if !d.maySwift() || d.space.take(d.c, d.at.base, d.photo.Size) != nil {
		return connectors.Receipt{}, false, nil
	}
	handle, missing, err := d.begin()
	if missing && d.c.makeFolders(d.at.base, path.Dir(d.at.name)) == nil {
		handle, _, err = d.begin()
	}
	if err != nil || handle == "" {
		return connectors.Receipt{}, false, err
	}
	receipt, sealed, err := d.hand(ctx, handle)
	if err != nil || !sealed {
		d.c.Remove(d.at.part(d.photo))
		return connectors.Receipt{}, false, err
	}
	return receipt, true, nil
}

// begin opens a fresh temporary file if nothing stands under the final name. The
// handle is empty if something does, or if there can be no such file: its folder
// may be missing.
func (d delivery) begin() (handle string, missing bool, _ error) {
	t := d.c.lane.talk(2)
	t.ask(packetLstat, d.at.final())
	t.ask(packetOpen, d.at.part(d.photo), uint32(forWriting|create|exclusive), uint32(0))
	answers, err := t.wait()
	if err != nil {
		return "", false, err
	}
	handle, opened := answers[1].handle()
	if !opened || answers[0].is(codeNoFile) {
		return handle, answers[1].is(codeNoFile), nil
	}
	t = d.c.lane.talk(2)
	t.ask(packetClose, handle)
	t.ask(packetRemove, d.at.part(d.photo))
	_, err = t.wait()
	return "", false, err
}

// hand sends the photo, has it put on disk, closed and dated, and asks what the
// server has then. An error is the source's, or that of a broken connection.
func (d delivery) hand(ctx context.Context, handle string) (_ connectors.Receipt, sealed bool, _ error) {
	p, part := d.photo, d.at.part(d.photo)
	t := d.c.lane.talk(int(p.Size/packetSize) + 5)
	if err := d.pour(ctx, t, handle); err != nil {
		t = d.c.lane.talk(1)
		t.ask(packetClose, handle)
		t.wait()
		return connectors.Receipt{}, false, err
	}
	if d.c.offers(fileSync) && !d.c.profile.NoFsync {
		t.ask(packetExtended, fileSync, handle)
	}
	t.ask(packetClose, handle)
	must := t.asked
	if !d.c.profile.ForgetsTimes && !p.ModTime.IsZero() {
		const times = uint32(8)
		at := uint32(p.ModTime.Unix())
		t.ask(packetSetstat, part, times, at, at) // some servers refuse it, as seal says
	}
	t.ask(packetLstat, part)
	answers, err := t.wait()
	if err != nil {
		return connectors.Receipt{}, false, err
	}
	for _, a := range answers[:must] {
		if !a.is(codeOK) {
			return connectors.Receipt{}, false, nil
		}
	}
	size, seconds, ok := answers[len(answers)-1].stat()
	if !ok || size != p.Size {
		return connectors.Receipt{}, false, nil
	}
	return receiptOf(d.at.name, size, time.Unix(int64(seconds), 0), p), true, nil
}

// pour asks to write the photo, and no byte more or less.
func (d delivery) pour(ctx context.Context, t *talk, handle string) error {
	body, err := d.open()
	if err != nil {
		return err
	}
	defer body.Close()
	reader := untilDone{ctx, body}
	for offset := int64(0); offset < d.photo.Size; offset += packetSize {
		part := min(packetSize, d.photo.Size-offset)
		err := t.askWrite(handle, offset, int(part), func(chunk []byte) error {
			if n, err := io.ReadFull(reader, chunk); err == io.EOF || err == io.ErrUnexpectedEOF {
				return fmt.Errorf("the file gave %d of its %d bytes; is it still being written?", offset+int64(n), d.photo.Size)
			} else if err != nil || offset+part < d.photo.Size {
				return err
			}
			return d.ended(reader)
		})
		if err != nil {
			return err
		}
		if len(t.out) > 3*packetSize {
			if err := t.send(); err != nil {
				return err
			}
		}
	}
	return nil
}

// shown tries to give the photo its final name with one question. The reason why
// it did not get it show finds out.
func (d delivery) shown() bool {
	a, err := d.c.lane.ask(packetRename, d.at.part(d.photo), d.at.final())
	return err == nil && a.is(codeOK)
}

// ended reports a file that gives more bytes than the photo has.
func (d delivery) ended(body io.Reader) error {
	switch _, err := io.ReadFull(body, make([]byte, 1)); err {
	case io.EOF:
		return nil
	case nil:
		return fmt.Errorf("the file gave more than its %d bytes; is it still being written?", d.photo.Size)
	default:
		return err
	}
}
