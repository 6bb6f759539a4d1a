package folder

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/studio-agent/studio-agent/connectors"
)

// list says what lies in the put folder for a bench. With layout flat that is
// everything: nobody can tell there whose a file is.
func (d destination) list(ctx context.Context, bench string) ([]connectors.Receipt, error) {
	root, err := openRoot(d.put)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	files := root.FS()
	if d.byBench {
		if _, err := fs.Stat(files, bench); err != nil {
			return nil, nil // nothing was delivered yet
		}
		if files, err = fs.Sub(files, bench); err != nil {
			return nil, fmt.Errorf("list %s: %w", d.put, err)
		}
	}
	var there []connectors.Receipt
	err = walk(ctx, files, func(name string, info fs.FileInfo) {
		there = append(there, connectors.Receipt{ID: identity(info), Name: name, Size: info.Size()})
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", d.put, err)
	}
	return there, nil
}
