package grandshooting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// waitUpTo is the size up to which the platform is asked to finish its own work
// before it answers; larger files it may work on alone.
const waitUpTo = 64 << 20

// Deliver uploads p ("Upload pictures on a bench"). If the platform does not
// know the bench any more, the productions are read anew and p is sent once
// more: it refused the first time.
func (a *account) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	if err := checkName(p.Name); err != nil {
		return connectors.Receipt{}, err
	}
	t, err := a.target(p.Bench)
	if err != nil {
		return connectors.Receipt{}, err
	}
	bench, err := a.benches.find(ctx, t, time.Time{})
	if err != nil {
		return connectors.Receipt{}, err
	}
	publish = sync.OnceValue(publish)
	receipt, err := a.deliverTo(ctx, bench.Bench, p, open, publish)
	if !benchIsWrong(err) {
		return receipt, err
	}
	a.log.Warn("Bench refused, productions are read anew", "bench", p.Bench, "err", err)
	if bench, err = a.benches.find(ctx, t, bench.read); err != nil {
		return connectors.Receipt{}, err
	}
	return a.deliverTo(ctx, bench.Bench, p, open, publish)
}

func (a *account) deliverTo(ctx context.Context, b Bench, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	folder, name := path.Split(p.Name)
	reply, err := a.client.upload(ctx, file{
		root: b.Root, bench: b.ID,
		folder: folder, name: name, size: p.Size, wait: fmt.Sprint(p.Size <= waitUpTo),
		open: open, publish: publish,
	})
	if err != nil {
		return connectors.Receipt{}, err
	}
	id, err := decodeUpload(reply.Body)
	if err != nil {
		return connectors.Receipt{}, err
	}
	return connectors.Receipt{ID: string(id), Name: p.Name, Size: p.Size}, nil
}

// A file is one upload.
type file struct {
	root, bench  ID
	folder, name string // folder below the bench; empty or "/" means its root
	size         int64
	wait         string // true or false
	transfer     string // number of a transfer, plugins only; empty means none
	open         func() (io.ReadCloser, error)
	publish      func() error
}

// upload streams f as a multipart body of known length: wait, path, file. The
// spelling of path, rooted with "/" as the default is, is unverified.
func (c *Client) upload(ctx context.Context, f file) (rest.Reply, error) {
	var frame bytes.Buffer
	form := multipart.NewWriter(&frame)
	form.WriteField("wait", f.wait) // a buffer takes all
	form.WriteField("path", path.Join("/", f.folder))
	if f.transfer != "" {
		form.WriteField("transfer_id", f.transfer)
	}
	form.CreateFormFile("file", f.name)
	head := frame.Len()
	form.Close()
	data := &exactly{name: f.name, size: f.size, left: f.size, open: f.open}
	return c.rest.Do(ctx, rest.Request{
		Method: http.MethodPost,
		Path:   "/production/" + url.PathEscape(string(f.root)) + "/bench/" + url.PathEscape(string(f.bench)) + "/upload",
		Header: http.Header{"Content-Type": {form.FormDataContentType()}},
		Body: struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(frame.Bytes()[:head]), data, bytes.NewReader(frame.Bytes()[head:])), data},
		Length: int64(frame.Len()) + f.size,
		Before: func() error { return data.begin(f.publish) },
	})
}

// exactly reads a file that must have just so many bytes. It fails before the
// end of the body can be sent if the file has more or less, so that the
// platform never sees a whole request with a torn file in it.
type exactly struct {
	name       string
	size, left int64
	open       func() (io.ReadCloser, error)
	file       io.ReadCloser
}

// begin opens the file and then publishes.
func (e *exactly) begin(publish func() error) error {
	f, err := e.open()
	if err != nil {
		return err
	}
	e.file = f
	return publish()
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, e.checkEnd()
	}
	n, err := e.file.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if err == io.EOF {
		err = nil
		if e.left > 0 {
			err = fmt.Errorf("%s has become shorter than %d bytes while it was sent: %w", e.name, e.size, io.ErrUnexpectedEOF)
		}
	}
	return n, err
}

// checkEnd returns io.EOF if the file ends here.
func (e *exactly) checkEnd() error {
	var more [1]byte
	_, err := io.ReadFull(e.file, more[:])
	if err == nil {
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

// checkName says why a name cannot travel to Grand Shooting, which keeps names
// that other systems cannot.
func checkName(name string) error {
	var why error
	switch {
	case !utf8.ValidString(name):
		why = errors.New("it is not valid UTF-8")
	case !fs.ValidPath(name) || name == ".":
		why = errors.New("it leaves its folder")
	case strings.ContainsFunc(name, unicode.IsControl):
		why = errors.New("it holds a control character, such as a line break")
	case strings.Contains(name, `\`):
		why = errors.New(`it holds a \, which servers take for a folder`)
	case inTrash(name):
		why = errors.New("what is under __TRASH is hidden by Grand Shooting")
	default:
		return nil
	}
	return connectors.Rejected("the name %q cannot be sent: %w; rename the file", name, why)
}
