package folder

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/studio-agent/studio-agent/connectors/layout"
)

// walk visits all finished regular files but those below the folders skip; links
// are not followed.
func walk(ctx context.Context, files fs.FS, skip map[string]bool, visit func(name string, info fs.FileInfo)) error {
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case name != "." && errors.Is(err, fs.ErrNotExist):
			return nil // taken away in this very moment
		case err != nil || name == ".":
			return err
		case d.IsDir() && (skip[name] || layout.Unfinished(d.Name()) || ofStorage(d.Name())):
			return fs.SkipDir
		case !d.Type().IsRegular() || layout.Unfinished(d.Name()):
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			visit(name, info)
		}
		return err
	})
}

// ofStorage reports folders that a disk or a NAS keeps for itself. Some may not be
// read, and one holds what people threw away.
func ofStorage(base string) bool {
	switch strings.ToLower(base) {
	case "lost+found", "system volume information", "$recycle.bin", "#recycle", "#snapshot":
		return true
	}
	return false
}

// copyAll is io.Copy that ends with ctx.
func copyAll(ctx context.Context, w io.Writer, r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{w}, untilDone{ctx, r}, make([]byte, 256<<10))
}

type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
