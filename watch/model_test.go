package watch

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestModel lets a careless crowd loose on a hot folder: files grow, move, are
// replaced and deleted, folders come, go and change names, and some events are
// lost. When it has been quiet for a while, each whole file is in the ledger as
// it is on disk, nothing torn ever was, and nothing was emitted twice unchanged.
func TestModel(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				if seed%4 == 3 {
					r.Hints = nil
				}
				seen := map[string]Stamp{}
				r.answer = func(f File) error {
					if s, ok := seen[f.Name]; ok && s == f.Stamp {
						t.Errorf("%s was emitted twice as %+v", f.Name, s)
					}
					seen[f.Name] = f.Stamp
					return nil
				}
				c := crowd{r, rand.New(rand.NewPCG(seed, 1))}
				r.start()
				for range 150 {
					c.act()
					r.pass(time.Duration(c.IntN(400)) * time.Millisecond)
				}
				r.pass(3 * time.Minute)
				r.checkLedger()
			})
		})
	}
}

type crowd struct {
	*rig
	*rand.Rand
}

func (c crowd) folder() string {
	return []string{".", "a", "b", "a/c", "a/c/d"}[c.IntN(5)]
}

func (c crowd) file() string {
	return join(c.folder(), fmt.Sprintf("%d.%s", c.IntN(4), []string{"jpg", "jpg", "bin", "tmp"}[c.IntN(4)]))
}

// act does one thing, which may well fail: what is not there cannot be moved.
func (c crowd) act() {
	name, other := c.file(), c.file()
	c.hints = c.Hints != nil && c.IntN(5) > 0 // else the event is lost
	switch c.IntN(10) {
	case 0, 1, 2, 3:
		content := strings.Repeat("x", c.IntN(30))
		if c.IntN(3) > 0 || strings.HasSuffix(name, ".bin") {
			content += "END"
		}
		if os.MkdirAll(filepath.Dir(c.at(name)), 0o755) == nil && os.WriteFile(c.at(name), []byte(content), 0o644) == nil {
			_ = os.Chtimes(c.at(name), time.Time{}, time.Now().Add(time.Duration(c.IntN(1e9))))
		}
	case 4, 5:
		if path.Ext(name) != ".bin" { // a torn picture must not pass for what nobody can judge
			other = strings.TrimSuffix(other, path.Ext(other)) + ".jpg"
		} else {
			other = strings.TrimSuffix(other, path.Ext(other)) + ".bin"
		}
		_ = os.MkdirAll(filepath.Dir(c.at(other)), 0o755)
		_ = os.Rename(c.at(name), c.at(other))
	case 6:
		_ = os.Remove(c.at(name))
	case 7, 8:
		name, other = c.folder()+"/x", c.folder()+"/x"
		if path.Dir(name) != "." && path.Dir(other) != "." {
			_ = os.Rename(c.at(path.Dir(name)), c.at(path.Dir(other)))
			name, other = path.Dir(name), path.Dir(other)
		}
	case 9:
		if dir := c.folder(); dir != "." {
			_ = os.RemoveAll(c.at(dir))
			name = dir
		}
	}
	c.hint(name)
	c.hint(other)
}

func (r *rig) checkLedger() {
	r.t.Helper()
	err := Walk(r.t.Context(), r.Root, Skip{}, func(f Found) error {
		if f.Skipped != "" || f.Err != nil {
			return f.Err
		}
		_, why, err := look(f.Path)
		s, sent := r.ledger[path.Dir(f.Name)][path.Base(f.Name)]
		if whole := why == "" || strings.HasSuffix(f.Name, ".bin") && f.Size > 0; whole && !(sent && s.Same(f.Stamp)) {
			r.t.Errorf("%s is finished and was not emitted: %+v, ledger %+v; status %+v", f.Name, f.Stamp, s, r.Status())
		}
		return err
	})
	r.must(err)
	var files int
	r.must(filepath.WalkDir(r.Root, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(d.Name(), ".tmp") {
			files++
		}
		return err
	}))
	if s := r.Status(); s.Files != files {
		r.t.Errorf("status counts %d files, on disk are %d", s.Files, files)
	}
}
