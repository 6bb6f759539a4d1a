package watch

import (
	"context"
	"path/filepath"
)

// Found is one name below a hot folder, as Walk sees it.
type Found struct {
	File
	Folder  bool
	Skipped string // a clause why it does not go; empty if it does
	Err     error  // it, or what is in it if it is a folder, could not be looked at
}

// Walk lists everything below root once, in no order: each file, each folder and
// file that skip leaves out, and each folder that cannot be read; folders that
// were read are not visited themselves. It judges no file finished, opens none,
// follows no link, and holds no more in memory than the names of folders that it
// has not come to yet.
//
// It stops at the first error of visit, or when ctx ends, and returns that error.
// A root that cannot be read is an error, too.
func Walk(ctx context.Context, root string, skip Skip, visit func(Found) error) error {
	share, _ := OnNetwork(root)
	return walk(ctx, lister{root: filepath.Clean(root), skip: skip, changed: !share && keepsChanged(root), read: readFolder}, visit)
}

func walk(ctx context.Context, l lister, visit func(Found) error) error {
	todo := []string{"."}
	for len(todo) > 0 {
		dir := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		var stop error
		err := l.each(ctx, dir, func(e entry) error {
			name := join(dir, e.base)
			if e.kind == folder {
				todo = append(todo, name)
				return nil
			}
			stop = visit(Found{
				File:   File{Name: name, Path: l.path(name), Stamp: e.stamp},
				Folder: e.isDir, Skipped: e.reason, Err: e.err,
			})
			return stop
		})
		if stop == nil && err != nil && dir != "." && ctx.Err() == nil {
			stop = visit(Found{File: File{Name: dir, Path: l.path(dir)}, Folder: true, Err: err})
			err = nil
		}
		if stop != nil {
			return stop
		}
		if err != nil {
			return err
		}
	}
	return nil
}
