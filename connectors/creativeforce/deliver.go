package creativeforce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/rest"
)

// An uploaded file is kept for each expected output and round, from right before
// it is sent. It shows at the platform only once the round is submitted.
type uploaded struct {
	Asset   string // tempAssetId
	Name    string // of the photo
	SHA256  string `json:",omitempty"`
	Size    int64
	ModTime time.Time
	At      time.Time
	Done    bool `json:",omitempty"` // the storage has it; otherwise it may
}

func uploadKey(batch, output string) string { return "upload " + batch + "/" + url.PathEscape(output) }

// upload is what was uploaded for an output; zero if nothing was.
func (a *account) upload(batch, output string) (up uploaded, err error) {
	_, err = a.recall(uploadKey(batch, output), &up)
	return up, err
}

// is reports whether p is what was uploaded.
func (u uploaded) is(p connectors.Photo) bool {
	if u.Asset == "" || u.Size != p.Size {
		return false
	}
	if u.SHA256 != "" && p.Digests.SHA256 != "" {
		return u.SHA256 == p.Digests.SHA256
	}
	return u.Name == p.Name && u.ModTime.Equal(p.ModTime)
}

func (s spot) receipt(a *account, up uploaded) connectors.Receipt {
	return connectors.Receipt{
		ID: receiptID{s.batch(), s.output.id, up.Asset}.String(), Name: s.name(), Link: a.linkOf(s.task.key),
		Size: up.Size, Verified: true,
	}
}

// A receiptID names an upload with all that a submission needs.
type receiptID struct{ batch, output, asset string }

func (id receiptID) String() string {
	return strings.Join([]string{id.batch, url.PathEscape(id.output), url.PathEscape(id.asset)}, "/")
}

func parseReceiptID(text string) (receiptID, bool) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return receiptID{}, false
	}
	output, err := url.PathUnescape(parts[1])
	asset, err2 := url.PathUnescape(parts[2])
	return receiptID{parts[0], output, asset}, err == nil && err2 == nil
}

// Deliver uploads p to the platform's storage: where to is asked, with length and
// MD5, then it is put there with the headers that were signed. Nobody sees it
// before Commit. The receipt is verified: S3 answers 200 only to a file that it
// has whole (public, AWS).
func (a *account) Deliver(ctx context.Context, p connectors.Photo, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	s, err := a.spotOf(ctx, p)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if _, round, ours := parseBatch(p.Batch); ours && round != s.task.round {
		return connectors.Receipt{}, fmt.Errorf("another round of %s has begun; it is looked at anew", s.task.title())
	}
	if err := a.closed(s.task); err != nil {
		return connectors.Receipt{}, err
	}
	if p.Size == 0 {
		return connectors.Receipt{}, connectors.Rejected("%s is empty; save it again", p.Name)
	}
	up, err := a.upload(s.batch(), s.output.id)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if up.Done && up.is(p) {
		return s.receipt(a, up), nil
	}
	sum, err := sumOf(ctx, p, open)
	if err != nil {
		return connectors.Receipt{}, err
	}
	return a.send(ctx, s, p, sum, open, sync.OnceValue(publish))
}

// send uploads p, and once more if the address expired before its turn came.
func (a *account) send(ctx context.Context, s spot, p connectors.Photo, sum []byte, open func() (io.ReadCloser, error), publish func() error) (connectors.Receipt, error) {
	for try := 1; ; try++ {
		t, err := a.presign(ctx, s, p, sum)
		if err != nil {
			return connectors.Receipt{}, err
		}
		up := uploaded{Asset: string(t.TempAssetID), Name: p.Name, SHA256: p.Digests.SHA256, Size: p.Size, ModTime: p.ModTime, At: time.Now()}
		err = a.put(ctx, t, p, sum, open, func() error {
			if err := a.keep(uploadKey(s.batch(), s.output.id), up); err != nil {
				return err
			}
			return publish()
		})
		if status, _ := rest.StatusOf(err); status == http.StatusForbidden && t.expired() && try == 1 {
			continue
		}
		if err != nil {
			return connectors.Receipt{}, err
		}
		up.Done, up.At = true, time.Now()
		if err := a.keep(uploadKey(s.batch(), s.output.id), up); err != nil {
			return connectors.Receipt{}, err
		}
		return s.receipt(a, up), nil
	}
}

// Find looks up what was uploaded. Where an upload broke off it asks whether the
// platform knows the file by its temporary id; that it answers for those is
// unverified. If it does not, the file is uploaded again, which harms nothing.
func (a *account) Find(ctx context.Context, ps []connectors.Photo) ([]connectors.Receipt, error) {
	receipts := make([]connectors.Receipt, len(ps))
	for i, p := range ps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := a.spotOf(ctx, p)
		if errors.Is(err, connectors.ErrRejected) {
			continue // never sent
		}
		if err != nil {
			return nil, err
		}
		up, err := a.upload(s.batch(), s.output.id)
		if err != nil {
			return nil, err
		}
		if !up.is(p) {
			continue
		}
		if up.Done, err = a.arrived(ctx, s, up); err != nil {
			return nil, err
		}
		if up.Done {
			receipts[i] = s.receipt(a, up)
		}
	}
	return receipts, nil
}

// arrived reports whether the storage has an upload.
func (a *account) arrived(ctx context.Context, s spot, up uploaded) (bool, error) {
	if up.Done {
		return true, nil
	}
	files, err := a.bulk(ctx, pathAssets, []string{up.Asset})
	if errors.Is(err, connectors.ErrRejected) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, f := range files {
		if first(f.AssetID) == up.Asset && f.Length.whole() == up.Size {
			up.Done = true
			return true, a.keep(uploadKey(s.batch(), s.output.id), up)
		}
	}
	return false, nil
}
