package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

// source collects what somebody puts into remote folders. It never deletes.
type source struct {
	pool   *pool
	places []place
}

// A place is one remote folder that is listed.
type place struct {
	dir      string
	mirror   string // as agent.yaml spells the mirror; empty if it belongs to none
	ready    string // see layout.Ready
	layout   layout.Layout
	rejected bool // what lies here was refused
	optional bool // it may be missing
}

// places are the account's folders to list.
func (o options) places(mirrors []connectors.MirroredFolder, lay layout.Layout) (list []place) {
	if o.Get != "" {
		list = append(list, place{dir: o.Get, layout: lay})
	}
	if o.Rejected != "" {
		list = append(list, place{dir: o.Rejected, layout: lay, rejected: true, optional: true})
	}
	for _, m := range mirrors {
		if !m.Get {
			continue
		}
		list = append(list, place{dir: m.Remote, mirror: m.Remote, ready: m.Ready})
		if m.Rejected != "" {
			list = append(list, place{dir: m.Rejected, mirror: m.Remote, ready: m.Ready, rejected: true, optional: true})
		}
	}
	return list
}

// Pending lists all files of all places but hidden and temporary ones; links are
// not followed. Nobody promises that a file is complete, unless a mirror has a
// log or markers.
func (s *source) Pending(ctx context.Context) ([]connectors.Retouch, error) {
	var all []connectors.Retouch
	err := s.pool.do(ctx, func(c *conn) error {
		for _, p := range s.places {
			list, err := s.list(ctx, c, p)
			if err != nil {
				return fmt.Errorf("list %s: %w", p.dir, err)
			}
			all = append(all, list...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func (s *source) list(ctx context.Context, c *conn, p place) ([]connectors.Retouch, error) {
	var list []connectors.Retouch
	skip := map[string]bool{} // places of their own
	for _, other := range s.places {
		if path.Clean(other.dir) != path.Clean(p.dir) {
			skip[path.Clean(other.dir)] = true
		}
	}
	err := walk(ctx, c, p.dir, skip, func(name string, info fs.FileInfo) {
		list = append(list, p.retouch(name, info))
	})
	if errors.Is(err, errNoFolder) && p.optional {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list = layout.Ready(p.ready, list)
	for i := range list {
		if p.mirror != "" && p.rejected && list[i].Stage == connectors.Working {
			// Nobody says that a log or markers are written here too.
			list[i].Stage, list[i].Reason = connectors.Ready, ""
		}
	}
	return list, nil
}

func (p place) retouch(name string, info fs.FileInfo) connectors.Retouch {
	rt := connectors.Retouch{
		ID:       identity(info) + "-" + path.Join(p.dir, name),
		Name:     name,
		Stage:    connectors.Ready,
		Size:     info.Size(),
		ModTime:  info.ModTime(),
		Remote:   p.mirror,
		Rejected: p.rejected,
	}
	if p.mirror != "" {
		return rt
	}
	rt.Bench, rt.Name = p.layout.Bench(name)
	if p.rejected {
		rt.Stage, rt.Reason = connectors.Failed, "refused by the vendor: it lies in "+p.dir
	}
	return rt
}

// Fetch copies the file that Pending listed. If another stands there now, or it
// grows meanwhile, that is an error, and Pending lists it anew.
func (s *source) Fetch(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
	name, listed, err := s.parse(rt.ID)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", rt.Name, err)
	}
	err = s.pool.do(ctx, func(c *conn) error { return fetch(ctx, c, name, listed, w) })
	if err != nil {
		return fmt.Errorf("fetch %s: %w", name, err)
	}
	return nil
}

// parse takes an ID apart. What leads out of the places is refused.
func (s *source) parse(id string) (name, listed string, _ error) {
	parts := strings.SplitN(id, "-", 3) // size, time, name
	if len(parts) != 3 {
		return "", "", fmt.Errorf("%q is no id of this account", id)
	}
	name, listed = parts[2], parts[0]+"-"+parts[1]
	for _, p := range s.places {
		if path.Clean(name) == name && within(p.dir, name) {
			return name, listed, nil
		}
	}
	return "", "", connectors.Rejected("the server calls a file %q, which leads out of its folder; ask the vendor what it is", name)
}

func fetch(ctx context.Context, c *conn, name, listed string, w io.Writer) error {
	unchanged := func(info fs.FileInfo, err error) error {
		if err == nil && (!info.Mode().IsRegular() || identity(info) != listed) {
			err = connectors.ErrChanged
		}
		return err
	}
	if err := unchanged(c.Lstat(name)); err != nil {
		return err
	}
	file, err := c.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	size, err := strconv.ParseInt(listed[:strings.IndexByte(listed, '-')], 10, 64)
	if err != nil {
		return err
	}
	n, err := file.WriteTo(&bounded{ctx, w, size})
	if err != nil {
		return err
	}
	if err := unchanged(file.Stat()); err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("the file gave %d of its %d bytes: %w", n, size, io.ErrUnexpectedEOF)
	}
	return nil
}

// Acknowledge does nothing: deletion is never mirrored.
func (*source) Acknowledge(context.Context, []connectors.Retouch) error { return nil }
