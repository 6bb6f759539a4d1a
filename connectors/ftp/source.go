package ftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/jlaffaye/ftp"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/layout"
)

// source collects what the vendor puts into get, rejected and the folders of
// mirrors. It never deletes.
type source struct {
	*account
	roots []root
	times timeCache
}

// Pending lists all files below its folders but hidden and temporary ones.
func (src *source) Pending(ctx context.Context) ([]connectors.Retouch, error) {
	var all []connectors.Retouch
	err := src.pool.do(ctx, working, func(s *session) error {
		all = nil
		skip := src.others(s)
		for _, r := range src.roots {
			list, err := src.pending(ctx, s, r, skip)
			if err != nil {
				return fmt.Errorf("list %s: %w", r.dir, err)
			}
			if r.mirror != nil && !r.rejected {
				list = layout.Ready(r.mirror.Ready, list)
			}
			all = append(all, list...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", src.Host, err)
	}
	return all, nil
}

// others are the folders that are looked at for themselves, or that we fill.
func (src *source) others(s *session) map[string]bool {
	skip := map[string]bool{}
	if src.Put != "" {
		skip[s.path(src.Put)] = true
	}
	for _, m := range src.mirrors {
		skip[s.path(m.Remote)] = true
	}
	for _, r := range src.roots {
		skip[s.path(r.dir)] = true
	}
	return skip
}

func (src *source) pending(ctx context.Context, s *session, r root, skip map[string]bool) (list []connectors.Retouch, _ error) {
	dir := s.path(r.dir)
	if r.rejected {
		if _, refused := refused(s.chdir(dir), 550); refused && !s.listed(dir) {
			return nil, nil // nothing was ever refused
		}
	}
	err := s.walk(ctx, dir, skip, func(name string, e *ftp.Entry) error {
		rt := connectors.Retouch{Name: name, Size: entryOf(e).size, ModTime: e.Time}
		if !usable(e.Name) {
			rt.ID = fmt.Sprintf("unusable-%q", path.Join(r.dir, name))
			rt.Stage, rt.Reason = connectors.Failed, fmt.Sprintf("the server lists the name %q, which cannot be asked for; have the vendor rename it", name)
		} else {
			var err error
			if rt.ModTime, err = src.times.when(s, path.Join(dir, name), e); err != nil {
				return err
			}
			rt.ID = retouchID(rt.Size, rt.ModTime, path.Join(r.dir, name))
		}
		list = append(list, src.assign(r, rt))
		return nil
	})
	return list, err
}

// assign says whose a retouch is.
func (src *source) assign(r root, rt connectors.Retouch) connectors.Retouch {
	switch {
	case r.mirror != nil:
		rt.Remote, rt.Rejected = r.mirror.Remote, r.rejected
	case r.rejected && rt.Stage == connectors.Ready:
		rt.Stage, rt.Reason = connectors.Failed, "the vendor refused it: it lies in "+r.dir
	}
	if r.mirror == nil {
		rt.Bench, rt.Name = src.layout.Bench(rt.Name)
	}
	return rt
}

func retouchID(size int64, at time.Time, name string) string {
	var seconds int64
	if !at.IsZero() {
		seconds = at.Unix()
	}
	return fmt.Sprintf("%d %d %s", size, seconds, name)
}

// resolve is the name that an ID of Pending stands for, if it lies in one of the
// folders.
func (src *source) resolve(id string) (listed entry, name string, err error) {
	parts := strings.SplitN(id, " ", 3)
	if len(parts) == 3 {
		size, badSize := strconv.ParseInt(parts[0], 10, 64)
		seconds, badTime := strconv.ParseInt(parts[1], 10, 64)
		for _, r := range src.roots {
			if rest, ok := within(r.dir, parts[2]); ok && badSize == nil && badTime == nil && layout.Ours(rest) {
				listed.size = size
				if seconds != 0 {
					listed.time = time.Unix(seconds, 0)
				}
				return listed, parts[2], nil
			}
		}
	}
	return entry{}, "", fmt.Errorf("%q is no id of this account", id)
}

// within is name as seen from dir.
func within(dir, name string) (rest string, ok bool) {
	if dir = path.Clean(dir); dir == "." {
		return name, !path.IsAbs(name)
	}
	return strings.CutPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

// Fetch copies the file that Pending listed. If another stands there now, or it
// grows meanwhile, that is an error, and Pending lists it anew.
func (src *source) Fetch(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
	listed, name, err := src.resolve(rt.ID)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", rt.Name, err)
	}
	var before error // what ended an attempt that has written something
	err = src.pool.do(ctx, working, func(s *session) error {
		if before != nil {
			return before // do runs it again: too late
		}
		if err := s.unchanged(s.path(name), listed); err != nil {
			return err
		}
		n, err := s.retr(s.path(name), 0, w)
		if err == nil {
			err = s.unchanged(s.path(name), listed)
		}
		if err == nil && listed.size >= 0 && n != listed.size {
			err = fmt.Errorf("the server gave %d of its %d bytes: %w", n, listed.size, io.ErrUnexpectedEOF)
		}
		if n > 0 {
			before = err
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("fetch %s from %s: %w", name, src.Host, err)
	}
	return nil
}

// unchanged compares with what was listed, as far as the server tells.
func (s *session) unchanged(name string, listed entry) error {
	now, there, err := s.stat(name)
	switch {
	case err != nil:
		return err
	case !there:
		return errors.New("the file is not there any more")
	case now.folder, now.size != listed.size, !now.time.IsZero() && !listed.time.IsZero() && !now.time.Equal(listed.time):
		return connectors.ErrChanged
	}
	return nil
}

// Acknowledge does nothing: deletion is never mirrored.
func (*source) Acknowledge(context.Context, []connectors.Retouch) error { return nil }
