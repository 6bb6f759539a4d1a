package medialoopster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/watch/bundle"
)

const (
	// underWay is how long an import that was asked for is taken to be still going on
	// and is not asked for again (facts.md, 48). So long a delivery waits for its end,
	// for only a delivery can say that it failed. After that, Find looks on.
	underWay = 30 * time.Minute
	// mostPause is the longest time between two looks at an import.
	mostPause = 15 * time.Second
)

// vet says why p may not go. No request is made. Which bundle p belongs to is
// known to who recognised it.
func (a *account) vet(_ context.Context, p connectors.Photo) (string, error) {
	_, _, err := a.place(p)
	return p.Batch, err
}

// place is where medialoopster sees p, and what it is.
func (a *account) place(p connectors.Photo) (path string, kind bundle.Kind, err error) {
	if err := connectors.CheckName(p.Name); err != nil {
		return "", "", err
	}
	if kind = bundle.KindOf(p.Name); kind == "" {
		return "", "", connectors.Rejected("medialoopster takes video, audio and images; %s is none of them by its name", p.Name)
	}
	if _, err := a.benchOf(p.Path); err != nil {
		return "", "", err
	}
	path, err = a.paths.server(p.Path)
	return path, kind, err
}

// Find asks for each photo by its path as medialoopster sees it. An asset is a
// path: a new generation under the same path is the same asset.
func (a *account) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	receipts := make([]connectors.Receipt, len(ps))
	for i, p := range ps {
		path, kind, err := a.place(p)
		if err != nil {
			continue // it never went
		}
		found, ok, err := a.assetAt(ctx, kind, path)
		switch {
		case err != nil:
			return nil, err
		case ok && !found.broken():
			receipts[i] = receipt(p, kind, found)
		default:
			a.tellOfFailure(ctx, p, path, found)
		}
	}
	return receipts, ctx.Err()
}

// tellOfFailure logs, once, why a photo that was taken on does not appear: Find has
// no other way to say it.
func (a *account) tellOfFailure(ctx context.Context, p connectors.Photo, path string, found asset) {
	if _, told := a.told.LoadOrStore(path, true); told {
		return
	}
	if found.broken() {
		a.log.Warn("A medium is in error at medialoopster", "name", p.Name, "asset", found.ID.String(), "said", a.oneLine(string(found.StatusText)))
		return
	}
	since, after, err := a.recallImport(path)
	if err != nil || since.IsZero() {
		return
	}
	if logs, err := a.logsOf(ctx, path); err == nil {
		if l, ok := newest(logs, after); ok && l.Error != "" {
			a.log.Warn("medialoopster could not import a medium", "name", p.Name, "said", a.oneLine(fmt.Sprintf("%s: %s", l.Status, l.Error)))
		}
	}
}

func receipt(p connectors.Photo, kind bundle.Kind, x asset) connectors.Receipt {
	return connectors.Receipt{ID: mention{x.ID, kind}.String(), Name: p.Name, Size: p.Size, Verified: true}
}

// Deliver imports p where it lies. The file is read once, here, to be sure that it
// is still p, and so that its digest becomes known; nothing of it is sent.
func (a *account) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	path, kind, err := a.place(p)
	if err != nil {
		return connectors.Receipt{}, err
	}
	found, ok, err := a.assetAt(ctx, kind, path)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if ok {
		return a.adopt(p, kind, found, path)
	}
	after, going, err := a.going(ctx, path)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if !going {
		if err := readWhole(ctx, open, p.Size); err != nil {
			return connectors.Receipt{}, err
		}
		if err := a.importNew(ctx, p, kind, path, after, publish); err != nil {
			return connectors.Receipt{}, err
		}
	}
	return a.await(ctx, p, kind, path, after)
}

// adopt takes an asset that is there.
func (a *account) adopt(p connectors.Photo, kind bundle.Kind, found asset, path string) (connectors.Receipt, error) {
	if err := a.forgetImport(path); err != nil {
		return connectors.Receipt{}, err
	}
	if found.broken() {
		return connectors.Receipt{}, connectors.Rejected("medialoopster has %s as %s %d, in error (%s): mend or delete it there, then retry",
			path, kind, found.ID, a.oneLine(string(found.StatusText)))
	}
	return receipt(p, kind, found), nil
}

// importNew asks for an import, which is on disk before it is asked for. after is
// the latest log that there is of that path.
func (a *account) importNew(ctx context.Context, p connectors.Photo, kind bundle.Kind, path string, after number, publish func() error) error {
	b, err := a.benchOf(p.Path)
	if err != nil {
		return err
	}
	in, err := a.productionOf(ctx, b.production)
	if err != nil {
		return err
	}
	err = a.begin(ctx, kind, string(in.Name), p.Name, path, func() error {
		if err := publish(); err != nil {
			return err
		}
		return a.keepImport(path, after)
	})
	if saidNo(err) {
		err = errors.Join(err, a.forgetImport(path))
	}
	return err
}

// going reports whether an import of that path was asked for not long ago and has
// not failed: to ask again would make a second asset. Its log comes after the one
// that is returned.
func (a *account) going(ctx context.Context, path string) (after number, _ bool, err error) {
	since, after, err := a.recallImport(path)
	if err != nil {
		return 0, false, err
	}
	logs, err := a.logsOf(ctx, path)
	if err != nil {
		return 0, false, err
	}
	if l, ok := newest(logs, after); ok && l.Error == "" && !since.IsZero() && time.Since(since) < underWay {
		return after, true, nil
	}
	l, _ := newest(logs, 0)
	return l.ID, false, nil
}

// await looks how an import goes, ever more rarely, until it has ended. It was
// taken on, so what goes wrong with looking is no reason to doubt that.
func (a *account) await(ctx context.Context, p connectors.Photo, kind bundle.Kind, path string, after number) (connectors.Receipt, error) {
	for start, pause := time.Now(), 250*time.Millisecond; ; pause = min(2*pause, mostPause) {
		found, ok, err := a.assetAt(ctx, kind, path)
		if ok && err == nil {
			return a.adopt(p, kind, found, path)
		}
		logs, err := a.logsOf(ctx, path)
		if l, ok := newest(logs, after); ok && err == nil && l.Error != "" {
			return connectors.Receipt{}, errors.Join(a.failure(path, l), a.forgetImport(path))
		}
		if time.Since(start)+pause > underWay {
			return connectors.Receipt{ID: "import", Name: p.Name, Size: p.Size}, nil
		}
		if !sleep(ctx, pause) {
			return connectors.Receipt{}, fmt.Errorf("the import of %s goes on at medialoopster, which is asked for it again: %w", path, ctx.Err())
		}
	}
}
