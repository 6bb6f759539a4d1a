package sftp

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
func (d *destination) list(ctx context.Context, bench string) ([]connectors.Receipt, error) {
	example, err := d.layout.Name(connectors.Photo{Bench: bench, Name: "0001.jpg"})
	if err != nil {
		return nil, err
	}
	own := path.Dir(example) // "." or the bench's folder
	var there []connectors.Receipt
	err = d.pool.do(ctx, func(c *conn) error {
		if err := c.mustExist(d.put); err != nil {
			return err
		}
		return walk(ctx, c, path.Join(d.put, own), nil, func(name string, info fs.FileInfo) {
			there = append(there, connectors.Receipt{ID: identity(info), Name: name, Size: info.Size()})
		})
	})
	if errors.Is(err, errNoFolder) && own != "." {
		return nil, nil // nothing was delivered yet
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", d.put, err)
	}
	return there, nil
}
