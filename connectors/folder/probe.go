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

type prober struct {
	*keeper
	puts   []string
	places []place
}

// run looks whether all folders are there, whether those to collect from can be
// listed, and whether a block can be written to those to deliver to: permission,
// quota and space in one.
func (p prober) run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, dir := range p.puts {
		if err := p.use(dir, "write to", writable); err != nil {
			return err
		}
	}
	for _, place := range p.places {
		if place.missing() {
			continue
		}
		if err := p.use(place.dir, "read", listable); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) use(dir, verb string, try func(*os.Root) error) error {
	root, err := k.open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	switch err := try(root); {
	case errors.Is(err, fs.ErrPermission):
		return connectors.Denied("the agent's user may not %s the folder %s; give it access: %w", verb, dir, err)
	case err != nil:
		return fmt.Errorf("cannot %s the folder %s: %w", verb, dir, k.trouble(dir, err))
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
