package creativeforce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// Fetch downloads an input, from the address that the platform gives for it now:
// an older one may have expired (12 hours, public); or it writes what is made for
// a task.
func (a *account) Fetch(ctx context.Context, rt connectors.Retouch, w io.Writer) error {
	id, k, ok := parseRetouchID(rt.ID)
	if !ok {
		return fmt.Errorf("%s is nothing that account %s has listed", rt.Name, a.name)
	}
	t, err := a.read(ctx, k, whole)
	if err != nil {
		return err
	}
	if t.batch() != id.batch {
		return fmt.Errorf("%s: another round of its task has begun: %w", rt.Name, connectors.ErrChanged)
	}
	if id.what == whatMade {
		return a.write(ctx, t, id, w)
	}
	i := slices.IndexFunc(t.inputs, func(in input) bool { return in.id(t) == rt.ID })
	if i < 0 {
		return fmt.Errorf("%s: %w", rt.Name, connectors.ErrChanged)
	}
	return a.download(ctx, t, t.inputs[i], rt, w)
}

// write writes a made file, if it still is the one that was listed.
func (a *account) write(ctx context.Context, t *task, id retouchID, w io.Writer) error {
	have, err := a.received(t)
	if err != nil {
		return err
	}
	made, err := a.texts(t, have)
	if err != nil {
		return err
	}
	content, known := made[id.which]
	if _, sum, _ := strings.Cut(id.version, "-"); !known || sum != digest(string(content)) {
		return fmt.Errorf("%s: %w", id.which, connectors.ErrChanged)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

// download asks where an input lies and copies it.
func (a *account) download(ctx context.Context, t *task, in input, rt connectors.Retouch, w io.Writer) error {
	f, err := a.whereIs(ctx, in)
	if err != nil {
		return err
	}
	if f.FileURL == "" {
		return fmt.Errorf("%s: Creative Force gives no address to download it from", rt.Name)
	}
	n := f.Length.whole()
	if n > 0 && in.size >= 0 && n != in.size || f.FileID != "" && in.file != "" && string(f.FileID) != in.file {
		a.desk.touch(t.id)
		return fmt.Errorf("%s: %w", rt.Name, connectors.ErrChanged)
	}
	far, path, err := a.web.at(string(f.FileURL))
	if err != nil {
		return fmt.Errorf("%s: %w", rt.Name, err)
	}
	got := &tally{w: w}
	err = hide(far.Stream(ctx, rest.Request{Method: http.MethodGet, Path: path}, got))
	switch {
	case errors.Is(err, connectors.ErrDenied): // of a host that knows no login
		return connectors.Rejected("%s: %v", rt.Name, err)
	case err != nil:
		return err
	case in.size >= 0 && got.bytes != in.size:
		return fmt.Errorf("%s came with %d bytes, and Creative Force says %d: it is fetched again", rt.Name, got.bytes, in.size)
	}
	return nil
}

// whereIs asks for an input as an asset and, where that gives no address, as a
// file ("Download input & spec").
func (a *account) whereIs(ctx context.Context, in input) (found fileReply, err error) {
	for _, way := range []struct{ path, id string }{{pathAssets, in.asset}, {pathFiles, in.file}} {
		if way.id == "" || found.FileURL != "" {
			continue
		}
		files, err := a.bulk(ctx, way.path, []string{way.id})
		if err != nil {
			return found, err
		}
		for _, f := range files {
			if strings.EqualFold(way.id, first(f.AssetID)) || strings.EqualFold(way.id, first(f.FileID)) {
				found = f
			}
		}
	}
	return found, nil
}

// A tally counts what is written to w.
type tally struct {
	w     io.Writer
	bytes int64
}

func (t *tally) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.bytes += int64(n)
	return n, err
}
