package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch/bundle"
)

// A keptProject is what is remembered of an edit project from one look to the next,
// and over restarts.
type keptProject struct {
	bundle.Identity
	// From is the root under which it is registered, if it is called otherwise now.
	From  string    `json:"from,omitempty"`
	Since time.Time `json:"since,omitzero"` // of From
	// Alone says that it was there before the agent and is left alone.
	Alone bool `json:"alone,omitempty"`
	// Deleted says that a person had its project deleted at the account.
	Deleted bool `json:"deleted,omitempty"`
	// Gone is when it was missed first; zero while it is there.
	Gone time.Time `json:"gone,omitzero"`
}

// home is the root under which it is, or would be, registered.
func (k keptProject) home() string { return cmp.Or(k.From, k.Root) }

// goes reports whether its media are wanted.
func (k keptProject) goes() bool { return k.From == "" && !k.Alone && !k.Deleted && k.Gone.IsZero() }

// memory is where it is kept. The key has a word that no connector uses.
func (p *projectWatch) memory() (connectors.Memory, string) {
	return p.ledger.Memory(p.To[0]), "projects in " + p.Path
}

func (p *projectWatch) load(ctx context.Context) error {
	memory, key := p.memory()
	text, err := memory.Recall(key)
	if err != nil {
		return fmt.Errorf("read what is kept of the projects in %s: %w", p.Path, err)
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &p.kept); err != nil {
			return fmt.Errorf("read what is kept of the projects in %s: %w", p.Path, err)
		}
		p.first, p.saved, p.places = false, text, placesOf(p.kept)
	}
	tasks, err := p.ledger.Projects(ctx, p.To[0])
	for _, t := range tasks {
		if root, below := p.below(t.Key); below && t.State.Open() {
			p.tasks[root] = true
		}
	}
	return err
}

// save puts kept on disk, and in force. The caller holds the turn.
func (p *projectWatch) save(kept []keptProject) error {
	if kept == nil {
		kept = []keptProject{}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	if string(text) != p.saved {
		memory, key := p.memory()
		if err := memory.Keep(key, string(text)); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.saved, p.kept, p.places, p.first = string(text), kept, placesOf(kept), false
	return nil
}

// placesOf are those that are there, by Root.
func placesOf(kept []keptProject) map[string]keptProject {
	places := map[string]keptProject{}
	for _, k := range kept {
		if k.Gone.IsZero() {
			places[k.Root] = k
		}
	}
	return places
}

// key is what a project is called in the ledger and by its connector: its folder on
// this machine.
func (p *projectWatch) key(root string) string {
	return filepath.Join(p.Path, filepath.FromSlash(root))
}

// below turns a path on this machine into a name in the folder.
func (p *projectWatch) below(path string) (name string, ok bool) {
	name, err := filepath.Rel(p.Path, path)
	return filepath.ToSlash(name), err == nil && filepath.IsLocal(name) && name != "."
}

func (p *projectWatch) task(ctx context.Context, root string) (ledger.Task, bool, error) {
	return p.ledger.Task(ctx, ledger.TaskID(p.To[0], p.key(root)))
}

// A digested is the content of a project file.
type digested struct {
	size    int64
	modTime time.Time
	sum     string
}

// digest reads a project file, if it has changed since; "" if it cannot be read
// now. The caller holds the turn.
func (p *projectWatch) digest(ctx context.Context, e bundle.Entry) string {
	if d, ok := p.digests[e.Name]; ok && d.size == e.Size && d.modTime.Equal(e.ModTime) {
		return d.sum
	}
	f, err := os.Open(p.key(e.Name))
	if err != nil {
		return ""
	}
	defer f.Close()
	sum := sha256.New()
	if n, err := io.Copy(sum, untilDone{ctx, f}); err != nil || n != e.Size {
		return ""
	}
	d := digested{e.Size, e.ModTime, hex.EncodeToString(sum.Sum(nil)[:16])}
	p.digests[e.Name] = d
	return d.sum
}

// untilDone reads until ctx ends.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(b)
}
