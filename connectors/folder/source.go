package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

// source collects what somebody puts into the account's folders. It never
// deletes.
type source struct {
	*keeper
	layout layout.Layout
	places []place
}

// A place is one folder that retouches come back to.
type place struct {
	dir      string
	spelled  string // as agent.yaml has it, for IDs; empty for get
	mirror   string // Retouch.Remote; empty for get
	ready    string // see layout.Ready
	rejected bool   // what lies here was refused. Such a folder may be missing.
}

func (p place) missing() bool {
	_, err := os.Stat(p.dir)
	return p.rejected && errors.Is(err, fs.ErrNotExist)
}

// Pending lists all files of all places but hidden and temporary ones; links are
// not followed. Nobody promises that a file is complete, unless a mirror has a
// log or markers.
func (s source) Pending(ctx context.Context) ([]connectors.Retouch, error) {
	var all []connectors.Retouch
	for _, p := range s.places {
		list, err := s.list(ctx, p)
		if err != nil {
			return nil, err
		}
		all = append(all, layout.Ready(p.ready, list)...)
	}
	return all, nil
}

func (s source) list(ctx context.Context, p place) (list []connectors.Retouch, _ error) {
	if p.missing() {
		return nil, ctx.Err()
	}
	root, err := s.open(p.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	err = walk(ctx, root.FS(), s.others(p), func(name string, info fs.FileInfo) {
		list = append(list, s.retouch(p, name, info))
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", p.dir, s.trouble(p.dir, err))
	}
	return list, nil
}

// others are the places that lie in p, by their name there: each file is listed
// once, for the place nearest to it.
func (s source) others(p place) map[string]bool {
	names := map[string]bool{}
	for _, other := range s.places {
		if rel, err := filepath.Rel(p.dir, other.dir); err == nil {
			names[filepath.ToSlash(rel)] = true
		}
	}
	return names
}

func (s source) retouch(p place, name string, info fs.FileInfo) connectors.Retouch {
	rt := connectors.Retouch{
		ID:       identity(info) + "-" + p.id(name),
		Name:     name,
		Stage:    connectors.Ready,
		Size:     info.Size(),
		ModTime:  info.ModTime(),
		Remote:   p.mirror,
		Rejected: p.rejected,
	}
	if p.mirror == "" {
		rt.Bench, rt.Name = s.layout.Bench(name)
	}
	return rt
}

// id is name with its place before it. "//" parts the two; a name has none.
func (p place) id(name string) string {
	if p.spelled == "" {
		return name
	}
	return p.spelled + "//" + name
}

// parse takes an ID apart; see retouch.
func (s source) parse(id string) (p place, name, listed string, err error) {
	_, rest, _ := strings.Cut(id, "-")
	_, name, whole := strings.Cut(strings.TrimPrefix(rest, "-"), "-") // a time before 1970 has a sign
	if !whole {
		return place{}, "", "", fmt.Errorf("%q is no id of this account", id)
	}
	listed = strings.TrimSuffix(id[:len(id)-len(name)], "-")
	spelled := ""
	if i := strings.LastIndex(name, "//"); i >= 0 {
		spelled, name = name[:i], name[i+len("//"):]
	}
	for _, p := range s.places {
		if p.spelled == spelled {
			return p, name, listed, nil
		}
	}
	return place{}, "", "", fmt.Errorf("nothing is collected from %q any more", spelled)
}

// Fetch copies the file that Pending listed. If another stands there now, or it
// grows meanwhile, that is an error, and Pending lists it anew.
func (s source) Fetch(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
	p, name, listed, err := s.parse(rt.ID)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", rt.Name, err)
	}
	root, err := s.open(p.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := fetch(ctx, root, name, listed, w); err != nil {
		return fmt.Errorf("fetch %s from %s: %w", name, p.dir, s.trouble(p.dir, err))
	}
	return nil
}

func fetch(ctx context.Context, root *os.Root, name, listed string, w io.Writer) error {
	unchanged := func(info fs.FileInfo, err error) error {
		if err == nil && (!info.Mode().IsRegular() || identity(info) != listed) {
			err = connectors.ErrChanged
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
	n, err := copyAll(ctx, writing{w}, file)
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
