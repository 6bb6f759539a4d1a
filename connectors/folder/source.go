package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
)

// source collects what somebody puts into the folder get. It never deletes.
type source struct {
	get     string
	benches map[string]bool // by name: whether its folder stands for it
}

// Pending lists all files below get but hidden and temporary ones; links are
// not followed. Nobody promises that a file is complete.
func (s source) Pending(ctx context.Context) ([]connectors.Retouch, error) {
	root, err := openRoot(s.get)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var list []connectors.Retouch
	err = walk(ctx, root.FS(), func(name string, info fs.FileInfo) {
		list = append(list, s.retouch(name, info))
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.get, err)
	}
	return list, nil
}

// walk visits all finished regular files; links are not followed.
func walk(ctx context.Context, files fs.FS, visit func(name string, info fs.FileInfo)) error {
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case name != "." && errors.Is(err, fs.ErrNotExist):
			return nil // taken away in this very moment
		case err != nil || name == ".":
			return err
		case d.IsDir() && unfinished(d.Name()):
			return fs.SkipDir
		case !d.Type().IsRegular() || unfinished(d.Name()):
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

func (s source) retouch(name string, info fs.FileInfo) connectors.Retouch {
	rt := connectors.Retouch{
		ID:      identity(info) + "-" + name,
		Name:    name,
		Stage:   connectors.Ready,
		Size:    info.Size(),
		ModTime: info.ModTime(),
	}
	if bench, rest, deeper := strings.Cut(name, "/"); deeper && s.benches[bench] {
		rt.Bench, rt.Name = bench, rest
	}
	return rt
}

// unfinished reports names that programs give to what is not for others: hidden,
// or still being written.
func unfinished(base string) bool {
	base = strings.ToLower(base)
	for _, prefix := range []string{".", "~$"} {
		if strings.HasPrefix(base, prefix) {
			return true
		}
	}
	for _, suffix := range []string{"~", ".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp"} {
		if strings.HasSuffix(base, suffix) {
			return true
		}
	}
	return base == "thumbs.db" || base == "desktop.ini" || base == "@eadir"
}

// Fetch copies the file that Pending listed. If another stands there now, or it
// grows meanwhile, that is an error, and Pending lists it anew.
func (s source) Fetch(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
	parts := strings.SplitN(rt.ID, "-", 3) // size, time, name
	if len(parts) != 3 {
		return fmt.Errorf("fetch %s: %q is no id of this folder", rt.Name, rt.ID)
	}
	listed, name := parts[0]+"-"+parts[1], parts[2]
	root, err := openRoot(s.get)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := fetch(ctx, root, name, listed, w); err != nil {
		return fmt.Errorf("fetch %s from %s: %w", name, s.get, err)
	}
	return nil
}

func fetch(ctx context.Context, root *os.Root, name, listed string, w io.Writer) error {
	unchanged := func(info fs.FileInfo, err error) error {
		if err == nil && (!info.Mode().IsRegular() || identity(info) != listed) {
			err = errors.New("the file has changed since it was listed")
		}
		return err
	}
	if err := unchanged(root.Lstat(name)); err != nil { // before opening: a pipe would block
		return err
	}
	file, err := root.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	n, err := copyAll(ctx, w, file)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err := unchanged(info, err); err != nil {
		return err
	}
	if n != info.Size() {
		return fmt.Errorf("the file gave %d of its %d bytes: %w", n, info.Size(), io.ErrUnexpectedEOF)
	}
	return nil
}

// Acknowledge does nothing: deletion is never mirrored.
func (source) Acknowledge(context.Context, []connectors.Retouch) error { return nil }
