package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
)

// probe looks whether both folders are there, whether get can be listed, and
// whether a block can be written to put: permission, quota and space in one.
func (o options) probe(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.Put != "" {
		if err := use(o.Put, "write to", writable); err != nil {
			return err
		}
	}
	if o.Get != "" {
		return use(o.Get, "read", listable)
	}
	return nil
}

func use(dir, verb string, try func(*os.Root) error) error {
	root, err := openRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	switch err := try(root); {
	case errors.Is(err, fs.ErrPermission):
		return connectors.Denied("the agent's user may not %s the folder %s; give it access: %w", verb, dir, err)
	case err != nil:
		return fmt.Errorf("cannot %s the folder %s: %w", verb, dir, err)
	}
	return nil
}

func writable(root *os.Root) error {
	name := atomicfile.PartName("probe")
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 4096))
	err = errors.Join(err, f.Sync(), f.Close())
	if removed := root.Remove(name); !errors.Is(removed, fs.ErrNotExist) { // another agent's probe may be faster
		err = errors.Join(err, removed)
	}
	return err
}

func listable(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	if _, err := dir.ReadDir(1); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
