package inbound

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// mostSuffixes bounds the search for a free NAME-2, NAME-3, …
const mostSuffixes = 1000

// A landing says under which name a file lands, and what must happen first.
type landing struct {
	name string
	same bool // this content lies there already
	old  bool // ours and older: it moves to the folder of replaced versions first
}

// land gives f, which is whole and on disk, its final name. The intent is on
// disk before that, so that after a crash it is known that it may have happened.
func (c *Collector) land(ctx context.Context, t *transfer, r rules, root *os.Root, f *atomicfile.File, d connectors.Digests) error {
	c.place <- struct{}{}
	defer func() { <-c.place }()
	to, err := c.plan(ctx, t.job, r, root, d)
	if err != nil {
		return leave(f, t.job, err)
	}
	if to.same {
		f.Abort()
		return c.settled(ctx, t, d, to.name, "the same content lay there already")
	}
	if err := c.publish(t, d, root); err != nil {
		f.Close()
		return err
	}
	if err := c.put(ctx, t.job, r, root, f, to); err != nil {
		return err
	}
	return c.settled(ctx, t, d, to.name, "")
}

// leave lets go of a file that cannot land. Its content stays under its temporary
// name if this is only a matter of time and it may be all that is left of it.
func leave(f *atomicfile.File, j ledger.Job, err error) error {
	if j.Published && errors.As(err, new(*localError)) {
		f.Close()
		return err
	}
	f.Abort()
	return err
}

// publish puts on disk that a file is about to appear: its digests, and in which
// folder, for nothing else would know them after a crash.
func (c *Collector) publish(t *transfer, d connectors.Digests, root *os.Root) error {
	if t.job.Published {
		return nil
	}
	memory := c.Ledger.Memory(t.job.Folder)
	err := errors.Join(
		memory.Keep("landing:"+t.job.ID, mark{Digests: d, Folder: identity(root), Size: t.meter.n.Load()}.text()),
		memory.Keep("name:"+fold(t.job.Name), t.job.Name),
	)
	if err == nil {
		var next ledger.Job
		if next, err = c.Ledger.Record(t.job, ledger.Event{What: ledger.Published, At: time.Now()}); err == nil {
			c.mu.Lock() // Status reads the jobs of running transfers
			t.job = next
			c.mu.Unlock()
		}
	}
	if err != nil {
		return &localError{fmt.Errorf("write into the ledger that it is about to appear: %w", err)}
	}
	return nil
}

// put moves an older version away and f into place, which replaces nothing.
func (c *Collector) put(ctx context.Context, j ledger.Job, r rules, root *os.Root, f *atomicfile.File, to landing) (err error) {
	defer func() {
		f.Close() // not Abort: the temporary file says that nothing has landed
		if err != nil {
			err = &localError{fmt.Errorf("put %s in place: %w", to.name, err)}
		}
	}()
	if to.old {
		if err := putAside(r, to.name, time.Now()); err != nil {
			return err
		}
	}
	if to.name == j.Name {
		return f.Commit(ctx)
	}
	other, err := adopt(root, to.name, j.Name, j.ID)
	if err != nil {
		return err
	}
	defer other.Close()
	return other.Commit(ctx)
}

// plan decides where a content lands. A Rejected error says why it cannot.
func (c *Collector) plan(ctx context.Context, j ledger.Job, r rules, root *os.Root, d connectors.Digests) (landing, error) {
	landed, err := c.Ledger.LandedAs(ctx, j.Folder, j.Name)
	if err != nil {
		return landing{}, &localError{fmt.Errorf("read the ledger: %w", err)}
	}
	if err := c.twin(j); err != nil {
		return landing{}, err
	}
	there, err := look(root, j.Name)
	switch {
	case err != nil:
		return landing{}, &localError{err}
	case there.folder:
		return landing{}, connectors.Rejected("a folder lies under the name %s in %s; move it away and retry", j.Name, j.Folder)
	case there.exists && there.SHA256 == d.SHA256:
		return landing{name: j.Name, same: true}, nil
	}
	if len(landed) > 0 && !j.Forced {
		if err := c.rival(j, landed[0], r); err != nil {
			return landing{}, err
		}
	}
	if !there.exists {
		return landing{name: j.Name}, nil
	}
	if !slices.ContainsFunc(landed, func(l ledger.Job) bool { return l.Digests.SHA256 == there.SHA256 }) {
		return landing{}, connectors.Rejected("a different file named %s already lies in %s that the agent did not put there; move it away and retry", j.Name, j.Folder)
	}
	return c.collide(j, r, root, d)
}

// collide is what becomes of j where an older version of ours lies under its
// name.
func (c *Collector) collide(j ledger.Job, r rules, root *os.Root, d connectors.Digests) (landing, error) {
	switch r.collide {
	case CollideSuffix:
		return suffixed(j, root, d)
	case CollideHold:
		if !j.Forced {
			return landing{}, connectors.Rejected("an older version of %s lies in %s; move it away and retry, or `retry` it anyway to replace it", j.Name, j.Folder)
		}
	}
	if r.replaced == "" {
		return landing{}, connectors.Rejected("an older version of %s lies in %s, and no folder for replaced versions is configured; move it away and retry", j.Name, j.Folder)
	}
	return landing{name: j.Name, old: true}, nil
}

// suffixed finds NAME-2, NAME-3, … that is free or has this content.
func suffixed(j ledger.Job, root *os.Root, d connectors.Digests) (landing, error) {
	for n := 2; n < mostSuffixes; n++ {
		name := beside(j.Name, fmt.Sprintf("-%d", n))
		there, err := look(root, name)
		if err != nil {
			return landing{}, &localError{err}
		}
		if !there.exists && !there.folder {
			return landing{name: name}, nil
		}
		if there.exists && there.SHA256 == d.SHA256 {
			return landing{name: name, same: true}, nil
		}
	}
	return landing{}, connectors.Rejected("%d versions of %s lie in %s; move some away and retry", mostSuffixes, j.Name, j.Folder)
}

// rival says why j may not follow what landed last under its name: it is older,
// or it is another file of the remote with the same name.
func (c *Collector) rival(j, last ledger.Job, r rules) error {
	other := last.Source.Name != j.Source.Name && last.Account == j.Account && last.Remote == j.Remote
	switch {
	case other && c.listed(last) && r.collide != CollideSuffix:
		return connectors.Rejected("%s has landed as %s already, from %s; two files of %s have one name here: rename or remove one there, or `retry` this one anyway to replace the other",
			j.Source.Name, j.Name, last.Source.Name, c.Account)
	case overtakes(last, j):
		return &lateError{"a newer version has landed already"}
	}
	return nil
}

// twin refuses a name that differs from one that landed before in nothing but
// case or the spelling of accents: many systems take the two for one, and one
// would overwrite the other.
func (c *Collector) twin(j ledger.Job) error {
	before, err := c.Ledger.Memory(j.Folder).Recall("name:" + fold(j.Name))
	if err != nil {
		return &localError{fmt.Errorf("read the ledger: %w", err)}
	}
	if before != "" && before != j.Name && !j.Forced {
		return connectors.Rejected("%s has landed before, and %s is the same name but for case or the spelling of its accents; have one of them renamed, or `retry` it anyway", before, j.Name)
	}
	return nil
}

// there is what lies under a name.
type there struct {
	exists, folder bool
	connectors.Digests
}

func look(root *os.Root, name string) (there, error) {
	info, err := root.Lstat(filepath.FromSlash(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return there{}, nil
	case err != nil:
		return there{}, err
	case info.IsDir():
		return there{folder: true}, nil
	case !info.Mode().IsRegular():
		return there{exists: true}, nil // a link, say: nobody's content
	}
	d, err := digest(root, filepath.FromSlash(name))
	return there{exists: true, Digests: d}, err
}

// putAside moves an older version to the folder of replaced ones, whole, under
// a name that tells when.
func putAside(r rules, name string, at time.Time) error {
	target := filepath.Join(r.replaced, filepath.FromSlash(path.Dir(name)))
	if err := os.MkdirAll(target, 0o777); err != nil {
		return err
	}
	for ; ; at = at.Add(time.Second) {
		aside := filepath.Join(target, replacedName(path.Base(name), at))
		if _, err := os.Lstat(aside); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Rename(filepath.Join(r.folder, filepath.FromSlash(name)), aside); err != nil {
			return fmt.Errorf("move the older version to %s: %w", r.replaced, err)
		}
		return nil
	}
}
