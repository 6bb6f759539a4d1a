package pixelz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

const (
	// lackKey is under which it is remembered until when the account is taken to
	// have no storage.
	lackKey = "no presign until"
	lackFor = 6 * time.Hour
)

var (
	errLacks   = errors.New("the account has no direct uploads")
	errNowhere = errors.New("the answer does not say where to put the photo: Pixelz is asked again")
)

// addressOf brings p to where Pixelz can read it and returns the address.
func (a *account) addressOf(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error)) (string, error) {
	if a.upload != uploadURL && !a.lacks() {
		address, err := a.put(ctx, p, open)
		if !errors.Is(err, errLacks) {
			return address, err
		}
		a.log.Info("The account has no direct uploads; photos go by their address at a platform", "again", lackFor)
		a.remember(true)
	}
	switch {
	case a.upload == uploadPresign:
		return "", connectors.Rejected("Pixelz account %s takes no direct uploads: ask Pixelz to enable them (presigned URLs), or say upload: auto, then retry", a.name)
	case p.URL == nil:
		return "", connectors.Rejected("Pixelz account %s takes no direct uploads, and %s is at no platform that could show it to Pixelz: ask Pixelz to enable direct uploads (presigned URLs), or send it to Grand Shooting too, then retry", a.name, p.Name)
	}
	address, err := p.URL(ctx)
	if err == nil {
		_, err = a.web.parse(address)
	}
	if err != nil {
		return "", fmt.Errorf("asking the platform for an address of %s: %w", p.Name, err)
	}
	return address, nil
}

// lacks reports whether the account was found to have no storage, of late. What
// cannot be read is asked again.
func (a *account) lacks() bool {
	text, err := a.memory.Recall(lackKey)
	if err != nil || text == "" {
		return false
	}
	until, err := time.Parse(time.RFC3339, text)
	return err == nil && time.Now().Before(until)
}

func (a *account) remember(lacks bool) {
	value := ""
	if lacks {
		value = time.Now().Add(lackFor).UTC().Format(time.RFC3339)
	}
	if err := a.memory.Keep(lackKey, value); err != nil {
		a.log.Warn("It could not be noted whether the account has direct uploads; it is asked again", "error", err)
	}
}

// A place is where one photo can be put, and be read afterwards.
type place struct{ put, read string }

// presign asks for a place ("RequestPresignUrls"). errLacks is what an object
// with an error code instead of a list means (official client).
func (a *account) presign(ctx context.Context, name string) (place, error) {
	r, err := a.send(ctx, rest.Request{Method: http.MethodPost, Path: "/RequestPresignUrls"}, map[string]any{"imageNames": []string{name}}, "uploadurl")
	switch status, _ := rest.StatusOf(err); {
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return place{}, errLacks
	case err != nil:
		return place{}, later("asking where to put the photo", err)
	case r.faulty():
		err = a.refusal("the question where to put a photo", r)
		if errors.Is(err, connectors.ErrRejected) {
			err = errLacks
		}
		return place{}, err
	case len(r.rows) != 1:
		return place{}, errNowhere
	}
	at := place{r.rows[0].text("uploadurl"), r.rows[0].text("downloadurl")}
	if at.put == "" || at.read == "" {
		return place{}, errNowhere
	}
	return at, nil
}

// nameThere is what Pixelz gets to know p by. The beginning of the job's ID keeps
// two photos of one name apart, should their places depend on the name
// (unverified).
func nameThere(p connectors.Photo) string {
	return p.ID[:min(8, len(p.ID))] + "-" + path.Base(p.Name)
}

// put uploads p to the storage of Pixelz and returns where it can be read. Until
// it is ordered it is nothing.
func (a *account) put(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error)) (string, error) {
	at, err := a.presign(ctx, nameThere(p))
	if err != nil {
		return "", err
	}
	target, err := a.web.parse(at.put)
	if err != nil {
		return "", fmt.Errorf("the address to put the photo to cannot be used: %w", err)
	}
	data := &exactly{name: p.Name, size: p.Size, left: p.Size, open: open}
	err = a.web.put(ctx, target, data)
	if status, _ := rest.StatusOf(err); status == http.StatusRequestEntityTooLarge {
		return "", err
	}
	return at.read, plain("uploading to Pixelz", err)
}

// exactly reads a file that must have just so many bytes. It fails before the
// end can be sent if the file has more or less, so that the storage never has a
// torn one.
type exactly struct {
	name       string
	size, left int64
	open       func() (io.ReadCloser, error)
	file       io.ReadCloser
}

func (e *exactly) begin() (err error) {
	e.file, err = e.open()
	return err
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.file.Read(p[:min(int64(len(p)), e.left)])
	if int64(n) == e.left && (err == nil || err == io.EOF) {
		if err := e.ends(); err != nil {
			return 0, err
		}
		err = nil
	}
	e.left -= int64(n)
	if err == io.EOF {
		err = fmt.Errorf("%s has become shorter than %d bytes while it was sent: %w", e.name, e.size, io.ErrUnexpectedEOF)
	}
	return n, err
}

// ends says why the file does not end here, or nil.
func (e *exactly) ends() error {
	var more [1]byte
	_, err := io.ReadFull(e.file, more[:])
	switch err {
	case io.EOF:
		return nil
	case nil:
		return fmt.Errorf("%s has become longer than %d bytes while it was sent", e.name, e.size)
	}
	return err
}

func (e *exactly) Close() error {
	if e.file == nil {
		return nil
	}
	return e.file.Close()
}
