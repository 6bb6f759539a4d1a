package inbound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// A mark is what is remembered of a file that is about to land.
type mark struct {
	connectors.Digests
	Folder string // identity of the folder it lands in; empty if the system gives none
	Size   int64
}

func (m mark) text() string {
	text, _ := json.Marshal(m) // strings and a number always can
	return string(text)
}

// forget drops the mark of what has landed, and says so beside a copy of it in
// quarantine.
func (c *Collector) forget(ctx context.Context, j ledger.Job, name string) {
	if kept, found := c.keptCopy(j); found {
		if err := kept.over(ctx, j, name); err != nil {
			c.Log.Debug("What lies in quarantine could not be marked as landed", "name", name, "error", err)
		}
	}
	if err := c.Ledger.Memory(j.Folder).Keep("landing:"+j.ID, ""); err != nil {
		c.Log.Debug("A note in the ledger could not be removed", "name", j.Name, "error", err)
	}
}

// recover finds out what became of a file that was about to land when the agent
// stopped. While its temporary file is there, it has not landed, and does so
// now. If that is gone it has, even if an importer has taken it meanwhile.
func (c *Collector) recover(ctx context.Context, t *transfer, r rules, root *os.Root) error {
	text, err := c.Ledger.Memory(t.job.Folder).Recall("landing:" + t.job.ID)
	var m mark
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &m)
	}
	if err != nil {
		return &localError{fmt.Errorf("read the ledger: %w", err)}
	}
	t.meter.n.Store(m.Size)
	f, err := adopt(root, t.job.Name, t.job.Name, t.job.ID)
	switch {
	case err == nil:
		return c.land(ctx, t, r, root, f, m.Digests)
	case !errors.Is(err, fs.ErrNotExist):
		return &localError{fmt.Errorf("take up %s where the agent stopped: %w", t.job.Name, err)}
	case m.Folder != identity(root):
		return connectors.Rejected("the agent was stopped while %s landed, and %s is not the folder that it was then (is its disk mounted?): look whether it is there, then retry",
			t.job.Name, r.folder)
	}
	return c.settled(ctx, t, m.Digests, t.job.Name, "it had landed when the agent was stopped")
}

// adopt takes up the sealed file that lies under the temporary name of id beside
// name, so that it can be committed as final in final's folder, which is the
// same. The error wraps fs.ErrNotExist if there is none.
//
// A second temporary name of our own is made first, and the content is renamed
// over it: at each moment it lies under exactly one of the two.
func adopt(root *os.Root, final, name, id string) (*atomicfile.File, error) {
	first, second := filepath.FromSlash(partOf(name, id)), filepath.FromSlash(partOf(name, id+againSuffix))
	if _, err := root.Lstat(first); errors.Is(err, fs.ErrNotExist) {
		err = root.Rename(second, first) // an earlier adoption ended here
		if err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	f, err := atomicfile.Create(root, final, id+againSuffix)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Seal(time.Time{}), root.Rename(first, second)); err != nil {
		f.Abort()
		return nil, err
	}
	return f, nil
}

const againSuffix = "-again"
