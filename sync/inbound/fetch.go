package inbound

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch/picture"
)

// hashes makes all digests of what is written to it, in one pass.
type hashes struct {
	sha256, sha1, md5 hash.Hash
	io.Writer
}

func newHashes() hashes {
	h := hashes{sha256: sha256.New(), sha1: sha1.New(), md5: md5.New()}
	h.Writer = io.MultiWriter(h.sha256, h.sha1, h.md5)
	return h
}

func (h hashes) digests() connectors.Digests {
	text := func(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
	return connectors.Digests{SHA256: text(h.sha256), SHA1: text(h.sha1), MD5: text(h.md5)}
}

// digest reads the file called name below root.
func digest(root *os.Root, name string) (connectors.Digests, error) {
	f, err := root.Open(name)
	if err != nil {
		return connectors.Digests{}, err
	}
	defer f.Close()
	h := newHashes()
	_, err = io.CopyBuffer(h, struct{ io.Reader }{f}, make([]byte, 256<<10))
	return h.digests(), err
}

// A meter passes on what is fetched, counts it, and stops what is longer than it
// should be.
type meter struct {
	n    atomic.Int64 // bytes so far
	most int64        // -1 for no limit
	into io.Writer
	err  error // of into: this machine's trouble, not the remote's
}

func (m *meter) Write(p []byte) (int, error) {
	if m.most >= 0 && m.n.Load()+int64(len(p)) > m.most {
		m.n.Add(int64(len(p)))
		return 0, errLonger
	}
	n, err := m.into.Write(p)
	m.n.Add(int64(n))
	if err != nil {
		m.err = err
	}
	return n, err
}

var errLonger = errors.New("it is longer than the remote said")

// fetch writes t's content under its temporary name, in its folder, and puts it
// on disk. Its length and its checksums are proven; what is not right leaves
// nothing behind. room is how long it may be, in bytes; -1 for any length.
func (c *Collector) fetch(ctx context.Context, t *transfer, root *os.Root, room int64) (*atomicfile.File, connectors.Digests, error) {
	f, err := atomicfile.Create(root, t.job.Name, t.job.ID)
	if err != nil {
		return nil, connectors.Digests{}, unplaced(t.job, err)
	}
	h := newHashes()
	t.meter.n.Store(0)
	t.meter.most, t.meter.into, t.meter.err = room, io.MultiWriter(f, h), nil
	if err = c.source(ctx, t); err == nil {
		err = c.agrees(ctx, t.job, h.digests())
	}
	if err == nil {
		if err = f.Seal(t.job.ModTime); err != nil {
			err = &localError{fmt.Errorf("write %s: %w", t.job.Name, err)}
		}
	}
	if err != nil {
		f.Abort()
		return nil, connectors.Digests{}, err
	}
	return f, h.digests(), nil
}

// unplaced explains why a temporary file could not be made.
func unplaced(j ledger.Job, err error) error {
	if dir := path.Dir(j.Name); dir != "." {
		if info, e := os.Stat(filepath.Join(j.Folder, filepath.FromSlash(dir))); e == nil && !info.IsDir() {
			return connectors.Rejected("%s should lie in the folder %s, but a file has that name; move it away and retry", j.Name, dir)
		}
	}
	if dir, ok := leadsOut(j); ok {
		return connectors.Rejected("%s should lie in the folder %s, but that is a link that leads out of %s; make it a folder and retry", j.Name, dir, j.Folder)
	}
	return &localError{fmt.Errorf("write into %s: %w", j.Folder, err)}
}

// leadsOut finds a link on the way to j's place that leaves its folder, or leads
// nowhere.
func leadsOut(j ledger.Job) (dir string, ok bool) {
	root, err := os.OpenRoot(j.Folder)
	if err != nil {
		return "", false
	}
	defer root.Close()
	for dir := path.Dir(j.Name); dir != "."; dir = path.Dir(dir) {
		if info, err := root.Lstat(dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			if _, err := root.Stat(dir); err != nil {
				return dir, true
			}
		}
	}
	return "", false
}

// source reads t's content from the remote or, if it lies in quarantine, there.
func (c *Collector) source(ctx context.Context, t *transfer) error {
	j := t.job
	if kept, found := c.keptCopy(j); found {
		if err := kept.copyTo(&t.meter); err == nil {
			return nil
		} else if t.meter.n.Load() > 0 {
			return &localError{fmt.Errorf("read the copy in quarantine: %w", err)}
		}
	}
	err := c.Connector.In.Fetch(ctx, Retouch(j), &t.meter)
	n := t.meter.n.Load()
	switch {
	case t.meter.err != nil:
		return &localError{fmt.Errorf("write %s into %s: %w", j.Name, j.Folder, t.meter.err)}
	case errors.Is(err, errLonger) && j.Size < 0:
		return &waitError{fmt.Sprintf("%s is longer than what may be written on the disk of %s", j.Source.Name, j.Folder)}
	case errors.Is(err, errLonger), err == nil && j.Size >= 0 && n > j.Size:
		return &tornError{fmt.Sprintf("the remote listed %s with %d bytes and gave more; it is being written, or the listing is wrong", j.Source.Name, j.Size)}
	case err != nil:
		return &remoteError{err}
	case j.Size >= 0 && n < j.Size:
		return &tornError{fmt.Sprintf("the remote listed %s with %d bytes and gave %d; it is being written, or the listing is wrong", j.Source.Name, j.Size, n)}
	}
	return nil
}

// agrees compares with the checksums that lie beside the file at the remote.
func (c *Collector) agrees(ctx context.Context, j ledger.Job, d connectors.Digests) error {
	for _, list := range c.lists.beside(&c.mu, j) {
		all, err := c.readSums(ctx, list)
		if err != nil {
			return fmt.Errorf("fetch %s, which has the checksum of %s: %w", list.Name, j.Source.Name, err)
		}
		if all.disagree(j.Source.Name, d) {
			return &tornError{fmt.Sprintf("%s is not what its checksum in %s says", j.Source.Name, path.Base(list.Name))}
		}
	}
	return nil
}

func (c *Collector) readSums(ctx context.Context, list connectors.Retouch) (sums, error) {
	c.mu.Lock()
	all, known := c.lists.read[list.ID]
	c.mu.Unlock()
	if known {
		return all, nil
	}
	var text bytes.Buffer
	m := meter{most: maxSums, into: &text}
	if err := c.Connector.In.Fetch(ctx, list, &m); err != nil && !errors.Is(err, errLonger) {
		return nil, err
	}
	all = parseSums(list.Name, text.String())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lists.read[list.ID] = all
	return all, nil
}

// inspect looks into a fetched file that has its temporary name still: is it
// whole, does it open, and is it what the bench and the platform want?
func (c *Collector) inspect(ctx context.Context, j ledger.Job, r rules) error {
	path := filepath.Join(j.Folder, filepath.FromSlash(partOf(j.Name, j.ID)))
	switch verdict, reason, err := picture.Look(path); {
	case err != nil:
		return &localError{err}
	case verdict == picture.Torn:
		return &tornError{fmt.Sprintf("%s is not whole: %s", j.Source.Name, reason)}
	}
	facts, err := picture.Measure(path)
	if wants(j.Name) && (err != nil || facts.Format == "") {
		return &tornError{fmt.Sprintf("%s is not whole: %s", j.Source.Name, unreadable(err))}
	}
	select { // one at a time: decoding needs memory
	case c.opening <- struct{}{}:
		err = picture.Opens(ctx, path)
		<-c.opening
	case <-ctx.Done():
		err = ctx.Err()
	}
	if errors.Is(err, picture.ErrDamaged) {
		return &tornError{fmt.Sprintf("%s: %s", j.Source.Name, err)}
	}
	if err != nil {
		return err
	}
	return c.suits(ctx, j, r, facts)
}

// wants reports whether a name promises a picture whose header can be read.
func wants(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".psd", ".psb", ".gif":
		return true
	}
	return false
}

func unreadable(err error) string {
	if err == nil {
		return "its content is not a picture"
	}
	return err.Error()
}

// suits compares with what was asked for; "retry anyway" passes over it.
func (c *Collector) suits(ctx context.Context, j ledger.Job, r rules, facts picture.Facts) error {
	if j.Forced || !wants(j.Name) && picture.KindOf(j.Name) != picture.Developed {
		return nil
	}
	wanted := []connectors.Specification{r.expect}
	if out, known, err := c.Ledger.Job(ctx, j.Answers); err != nil {
		return &localError{fmt.Errorf("read the ledger: %w", err)}
	} else if known && r.specify != nil {
		spec, err := r.specify(ctx, out)
		if err != nil && !errors.Is(err, connectors.ErrRejected) {
			return &localError{fmt.Errorf("ask what the retouch must be: %w", err)}
		}
		wanted = append(wanted, spec)
	}
	for _, want := range wanted {
		if short := falls(want, facts, j.Size); short != "" {
			return connectors.Rejected("%s has %s; ask the retoucher for another, or `retry` it anyway", j.Source.Name, short)
		}
	}
	return nil
}

// partOf is the temporary name of a file.
func partOf(name, id string) string { return path.Join(path.Dir(name), atomicfile.PartName(id)) }
