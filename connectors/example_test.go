package connectors_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// Shelf makes accounts of type "shelf": a folder that keeps every generation of
// every photo, each in a folder of its number, and gives nothing back.
var Shelf = connectors.Factory{Type: "shelf", New: newShelf}

func newShelf(s connectors.Setup) (connectors.Connector, error) {
	var options struct {
		Dir string `yaml:"dir"` // must be there
	}
	if err := s.Decode(&options); err != nil {
		return connectors.Connector{}, err
	}
	if options.Dir == "" {
		return connectors.Connector{}, errors.New("dir is needed: the folder of the shelf")
	}
	out := shelf{options.Dir}
	return connectors.Connector{Out: out, Probe: out.probe}, nil
}

type shelf struct{ dir string }

// place cannot be another generation's: the number is part of it.
func place(p connectors.Photo) string { return fmt.Sprintf("%d/%s", p.Generation, p.Name) }

func (s shelf) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, fmt.Errorf("the shelf cannot be opened: %w", err)
	}
	defer root.Close()
	receipts := make([]connectors.Receipt, len(ps))
	for i, p := range ps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if connectors.CheckName(p.Name) != nil {
			continue // never sent, so not there
		}
		info, err := root.Stat(place(p))
		switch {
		case err == nil && info.Size() == p.Size && info.ModTime().Equal(p.ModTime):
			receipts[i] = connectors.Receipt{ID: place(p), Name: p.Name, Size: p.Size, Verified: true}
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return receipts, nil
}

func (s shelf) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	if err := connectors.CheckName(p.Name); err != nil {
		return connectors.Receipt{}, err
	}
	there, err := s.Find(ctx, []connectors.Photo{p})
	if err != nil {
		return connectors.Receipt{}, err
	}
	if !there[0].Zero() {
		return there[0], nil
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("the shelf cannot be opened: %w", err)
	}
	defer root.Close()
	f, err := atomicfile.Create(root, place(p), p.ID)
	if err != nil {
		return connectors.Receipt{}, err
	}
	defer f.Abort()
	if err := copyPhoto(ctx, f, p, open); err != nil {
		return connectors.Receipt{}, err
	}
	if err := f.Seal(p.ModTime); err != nil {
		return connectors.Receipt{}, err
	}
	if err := publish(); err != nil {
		return connectors.Receipt{}, err
	}
	if err := f.Commit(ctx); errors.Is(err, fs.ErrExist) {
		return connectors.Receipt{}, connectors.Rejected("%s is on the shelf already, with other content; move it away and retry", place(p))
	} else if err != nil {
		return connectors.Receipt{}, err
	}
	return connectors.Receipt{ID: place(p), Name: p.Name, Size: p.Size, Verified: true}, nil
}

// copyPhoto takes one byte more than announced, so that a file that still grows
// is noticed, and looks at ctx at every buffer.
func copyPhoto(ctx context.Context, w io.Writer, p connectors.Photo, open func() (io.ReadCloser, error)) error {
	body, err := open()
	if err != nil {
		return err
	}
	defer body.Close()
	sum, rest := sha256.New(), p.Size+1
	for ctx.Err() == nil {
		n, err := io.CopyN(io.MultiWriter(w, sum), body, min(rest, 64<<10))
		rest -= n
		switch {
		case err != nil && err != io.EOF:
			return err
		case err == nil && rest > 0:
			continue
		case rest != 1 || p.Digests.SHA256 != "" && p.Digests.SHA256 != hex.EncodeToString(sum.Sum(nil)):
			return fmt.Errorf("%s is not the file that was seen; is it still being written?", p.Name)
		}
		return nil
	}
	return ctx.Err()
}

func (s shelf) probe(context.Context) error {
	_, err := os.ReadDir(s.dir)
	return err
}

// A connector in one file, and how an engine uses it.
func Example() {
	dir, err := os.MkdirTemp("", "shelf")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	registry := connectors.Registry{Shelf} // the one line in connectors/all
	factory, _ := registry.Find("shelf")
	account, err := factory.New(connectors.Setup{Account: "attic", Decode: decodeDir(dir)})
	if err != nil {
		panic(err)
	}
	photo := connectors.Photo{ID: "0123456789abcdef0123", Name: "shoes/0001.jpg", Generation: 1, Size: 7}
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("picture")), nil }
	publish := func() error { fmt.Println("the ledger knows what comes now"); return nil }
	receipt, err := account.Out.Deliver(context.Background(), photo, open, publish)
	fmt.Println(receipt.ID, receipt.Size, receipt.Verified, err)
	// Output:
	// the ledger knows what comes now
	// 1/shoes/0001.jpg 7 true <nil>
}

// decodeDir stands in for the YAML of the account.
func decodeDir(dir string) func(any) error {
	return func(into any) error {
		into.(*struct {
			Dir string `yaml:"dir"`
		}).Dir = dir
		return nil
	}
}
