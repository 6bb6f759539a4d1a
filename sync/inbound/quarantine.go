package inbound

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

const whySuffix = ".why.txt"

// quarantine brings in what nothing claimed. It asks once more who claims it, for
// a photo may have been sent meanwhile, or a person may have said retry; if
// nobody does, it is kept whole in the quarantine folder, with the reason beside
// it, and held.
func (c *Collector) quarantine(ctx context.Context, t *transfer) error {
	j := t.job
	k, err := c.clues(ctx, Retouch(j), batches{})
	if err != nil {
		return &localError{fmt.Errorf("read the ledger: %w", err)}
	}
	to, why := k.claim(Retouch(j))
	if why == nil {
		return c.reclaim(ctx, j, to)
	}
	if _, kept := c.keptCopy(j); !kept {
		if err := c.isolate(ctx, t, why); err != nil {
			return err
		}
	}
	return connectors.Rejected("%w; it is kept in %s, with the reason beside it", why, filepath.Join(c.Quarantine, safe(c.Account)))
}

// reclaim sends j on its way to the place that claims it now, or has it wait there
// for a person.
func (c *Collector) reclaim(ctx context.Context, j ledger.Job, to claim) error {
	moved := j
	moved.Bench, moved.Folder, moved.Name, moved.Answers, moved.Round = to.bench, to.folder, to.name, to.answers, to.round
	if err := c.Ledger.UpdateFetch(moved); errors.Is(err, ledger.ErrLost) {
		return nil // somebody else has it
	} else if err != nil {
		return &localError{fmt.Errorf("write into the ledger where it belongs: %w", err)}
	}
	c.Log.Info("Retouch left quarantine", "bench", to.bench, "name", to.name)
	e := ledger.Event{What: ledger.Waited, Reason: "it belongs into " + to.folder}
	if to.ask {
		e = ledger.Event{What: ledger.Mended, Reason: "it belongs into " + to.folder + "; somebody imports it"}
	}
	c.record(ctx, moved, e)
	return nil
}

// isolate fetches t into the quarantine folder.
func (c *Collector) isolate(ctx context.Context, t *transfer, why error) error {
	if err := os.MkdirAll(c.Quarantine, 0o777); err != nil {
		return &localError{fmt.Errorf("make the quarantine folder: %w", err)}
	}
	root, err := openRoot(c.Quarantine)
	if err != nil {
		return err
	}
	defer root.Close()
	f, digests, err := c.fetch(ctx, t, root, t.job.Size)
	if err != nil {
		return err
	}
	c.place <- struct{}{}
	defer func() { <-c.place }()
	name := t.job.Name
	if err = f.Commit(ctx); err == nil {
		f.Close()
	} else if errors.Is(err, fs.ErrExist) { // another file that is kept already
		f.Close()
		name = beside(name, "-"+t.job.ID[:8])
		err = rename(ctx, root, name, t.job)
	}
	if err != nil {
		return &localError{fmt.Errorf("keep %s in quarantine: %w", t.job.Source.Name, err)}
	}
	return explain(ctx, root, name, letter(t.job, digests, why, c.Account, time.Now()), t.job.ID)
}

// rename gives the sealed temporary file of j the name name.
func rename(ctx context.Context, root *os.Root, name string, j ledger.Job) error {
	f, err := adopt(root, name, j.Name, j.ID)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Commit(ctx); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return f.Replace(ctx) // it has the job's own ID: an earlier try put it there
}

// explain writes the letter beside a file.
func explain(ctx context.Context, root *os.Root, name, text, id string) error {
	f, err := atomicfile.Create(root, name+whySuffix, id+"-why")
	if err == nil {
		_, err = io.WriteString(f, text)
		if err = errors.Join(err, f.Seal(time.Time{})); err == nil {
			err = f.Replace(ctx)
		}
		f.Abort()
	}
	if err != nil {
		return &localError{fmt.Errorf("write why %s is in quarantine: %w", name, err)}
	}
	return nil
}

// letter says for a person what lies here and what to do.
func letter(j ledger.Job, d connectors.Digests, why error, account string, at time.Time) string {
	from := account
	if j.Remote != "" {
		from += ", folder " + j.Remote
	}
	var b strings.Builder
	fmt.Fprintf(&b, "This file came back from %s, and studio-agent does not know where it belongs.\n\n", account)
	fmt.Fprintf(&b, "What:    %s\nFrom:    %s\nWhen:    %s\nWhy:     %s\n", oneLine(j.Source.Name), from, at.Format("2 Jan 2006 15:04"), oneLine(why.Error()))
	fmt.Fprintf(&b, "SHA-256: %s\nJob:     %s\n\n", d.SHA256, j.ID)
	fmt.Fprintf(&b, "What to do: move it by hand to where it belongs; or mend the cause, then say\n\n    studio-agent retry %s\n\n", j.ID)
	b.WriteString("and it lands by itself. The agent never deletes what lies here.\n")
	return b.String()
}

func oneLine(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		return fmt.Sprintf("%q", text)
	}
	return text
}

// A keptFile is a copy in quarantine.
type keptFile struct {
	path   string
	sha256 string
}

// keptCopy finds the copy that quarantine has of j's content. Its letter says
// whose it is.
func (c *Collector) keptCopy(j ledger.Job) (keptFile, bool) {
	if c.Quarantine == "" {
		return keptFile{}, false
	}
	name := path.Join(safe(c.Account), safe(j.Source.Name))
	for _, name := range []string{name, beside(name, "-"+j.ID[:8])} {
		file := filepath.Join(c.Quarantine, filepath.FromSlash(name))
		text, err := os.ReadFile(file + whySuffix)
		if err != nil || !strings.Contains(string(text), "Job:     "+j.ID+"\n") {
			continue
		}
		_, after, _ := strings.Cut(string(text), "SHA-256: ")
		sha256, _, _ := strings.Cut(after, "\n")
		if info, err := os.Lstat(file); err == nil && info.Mode().IsRegular() && (j.Size < 0 || info.Size() == j.Size) {
			return keptFile{file, sha256}, true
		}
	}
	return keptFile{}, false
}

// over says beside the copy that its content has landed.
func (k keptFile) over(ctx context.Context, j ledger.Job, name string) error {
	root, err := os.OpenRoot(filepath.Dir(k.path))
	if err != nil {
		return err
	}
	defer root.Close()
	text := fmt.Sprintf("This file has landed as %s in %s on %s. This copy may be deleted.\n\nSHA-256: %s\nJob:     %s\n",
		name, j.Folder, time.Now().Format("2 Jan 2006 15:04"), k.sha256, j.ID)
	return explain(ctx, root, filepath.Base(k.path), text, j.ID)
}

// copyTo writes the copy to w if it still is what was fetched; otherwise w has
// got nothing.
func (k keptFile) copyTo(w io.Writer) error {
	root, err := os.OpenRoot(filepath.Dir(k.path))
	if err != nil {
		return err
	}
	defer root.Close()
	d, err := digest(root, filepath.Base(k.path))
	if _, bad := hex.DecodeString(k.sha256); err != nil || bad != nil || d.SHA256 != k.sha256 {
		return errors.Join(err, errors.New("it is not what was fetched"))
	}
	f, err := root.Open(filepath.Base(k.path))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{f}, make([]byte, 256<<10))
	return err
}
