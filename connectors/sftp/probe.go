package sftp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/studio-agent/studio-agent/connectors"
)

// probe looks whether all folders are there, whether those to collect from can
// be listed, and whether a block can be written to those to deliver to:
// permission, quota and space in one.
func probe(ctx context.Context, pool *pool, puts []string, places []place) error {
	return pool.do(ctx, func(c *conn) error {
		for _, dir := range puts {
			if err := c.mustExist(dir); err != nil {
				return err
			}
			switch err := c.tryWriting(dir); {
			case errors.Is(err, fs.ErrPermission):
				return connectors.Denied("the user may not write to the folder %s on the server; ask the vendor to allow it: %w", dir, err)
			case err != nil:
				return fmt.Errorf("cannot write to the folder %s on the server: %w", dir, err)
			}
		}
		for _, p := range places {
			if err := listable(ctx, c, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// listable reports why a place cannot be listed, or nil.
func listable(ctx context.Context, c *conn, p place) error {
	_, err := c.ReadDirContext(ctx, p.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && p.optional:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", p.dir, errNoFolder)
	case errors.Is(err, fs.ErrPermission):
		return connectors.Denied("the user may not list the folder %s on the server; ask the vendor to allow it: %w", p.dir, err)
	case err != nil:
		return fmt.Errorf("cannot list the folder %s on the server: %w", p.dir, err)
	}
	return nil
}
