package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/studio-agent/studio-agent/connectors"
)

// list says what lies in the put folder for a bench. With layout flat that is
// everything: nobody can tell there whose a file is.
func (d destination) list(ctx context.Context, bench string) ([]connectors.Receipt, error) {
	dir := d.puts[""]
	root, err := d.open(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	example, err := d.layout.Name(connectors.Photo{Bench: bench, Name: "0001.jpg"})
	if err != nil {
		return nil, err
	}
	own := path.Dir(example) // "." or the bench's folder
	if _, err := root.Stat(own); errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nothing was delivered yet
	}
	files, err := fs.Sub(root.FS(), own)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	var there []connectors.Receipt
	err = walk(ctx, files, nil, func(name string, info fs.FileInfo) {
		there = append(there, connectors.Receipt{ID: identity(info), Name: name, Size: info.Size()})
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, d.trouble(dir, err))
	}
	return there, nil
}
