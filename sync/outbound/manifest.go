package outbound

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/atomicfile"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// manifest sends the list of a task's photos after them, if its bench wants one.
// ready is false while it is on its way. One that is held holds nothing back.
func (s *Sender) manifest(ctx context.Context, t ledger.Task, photos []ledger.Job) (ready bool, err error) {
	dir := s.Manifests[t.Bench]
	if dir == "" {
		return true, nil
	}
	j := manifestJob(t, dir)
	if known, ok, err := s.Ledger.Job(ctx, j.ID); err != nil || ok {
		return ok && !known.State.Open(), err
	}
	if err := writeManifest(ctx, j, listing(t, photos)); err != nil {
		return false, fmt.Errorf("write the manifest of %s: %w", t.Title, err)
	}
	info, err := os.Lstat(j.Path())
	if err != nil {
		return false, err
	}
	j.Size, j.ModTime = info.Size(), info.ModTime()
	if j.Digests, err = digest(j.Path(), j.Size, j.ModTime, s.Connector.SHA1); err != nil {
		return false, err
	}
	return false, s.Ledger.Accept(time.Now(), ledger.Acceptance{Jobs: []ledger.Job{j}})
}

// manifestJob is the delivery of a task's manifest. It is no photo of the task,
// so it does not carry the task's ID, and nobody vets its name.
func manifestJob(t ledger.Task, dir string) ledger.Job {
	return newJob(t.Account, ledger.Deliver, ledger.Job{
		Bench: t.Bench, Role: connectors.Select, Folder: dir, Generation: max(1, t.Round), Forced: true,
		Name: path.Join(t.Key, "TASK-"+t.ID[:min(8, len(t.ID))]+".csv"),
	})
}

// listing is the manifest's content, one line for each photo.
func listing(t ledger.Task, photos []ledger.Job) []byte {
	deadline := ""
	if !t.Deadline.IsZero() {
		deadline = t.Deadline.UTC().Format(time.RFC3339)
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"name", "size", "sha256", "bench", "task", "round", "deadline"})
	for _, j := range photos {
		w.Write([]string{j.Name, strconv.FormatInt(j.Size, 10), j.Digests.SHA256, t.Bench, t.ID, strconv.Itoa(t.Round), deadline})
	}
	w.Flush() // into memory, which does not fail
	return b.Bytes()
}

func writeManifest(ctx context.Context, j ledger.Job, content []byte) error {
	if err := os.MkdirAll(j.Folder, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(j.Folder)
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := atomicfile.Create(root, filepath.ToSlash(j.Name), j.ID)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Seal(time.Time{}); err != nil {
		return err
	}
	return f.Replace(ctx)
}
