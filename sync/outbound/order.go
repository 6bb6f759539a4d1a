package outbound

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

// An Order is one picture that a person sends to a retoucher.
type Order struct {
	Account string
	SHA1    bool // the account compares files by SHA-1
	Name    string
	Task    string // its ID
	Round   int    // of the task, 1 for the first
	Comment string // for the retoucher, of this round; empty: the task's
}

// Order returns the delivery of a file in the folder as it lies there now,
// whatever the folder's accounts are and whatever went before: each task, and
// each round of one, has its own. It writes nothing. The error says, for a person,
// why the file cannot be ordered.
func (e *Enqueuer) Order(ctx context.Context, o Order) (ledger.Job, error) {
	e.turn.Lock()
	defer e.turn.Unlock()
	path := filepath.Join(e.Folder, filepath.FromSlash(o.Name))
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return ledger.Job{}, fmt.Errorf("%s is not in %s", o.Name, e.Folder)
	case err != nil:
		return ledger.Job{}, err
	case info.IsDir():
		return ledger.Job{}, fmt.Errorf("%s is a folder; name the pictures in it", o.Name)
	case !info.Mode().IsRegular():
		return ledger.Job{}, fmt.Errorf("%s is a link, and links are not followed", o.Name)
	case e.onlyRead(o.Name):
		return ledger.Job{}, fmt.Errorf("%s is no picture, but notes beside one", o.Name)
	}
	known, seen, err := e.Ledger.FindFile(ctx, e.Folder, o.Name)
	switch {
	case err != nil:
		return ledger.Job{}, err
	case !seen:
		return ledger.Job{}, e.unseen(ctx, o.Name)
	case info.Size() != known.Size || !info.ModTime().Equal(known.ModTime):
		return ledger.Job{}, fmt.Errorf("%s has just been changed, and is not finished yet; try again in a moment", o.Name)
	}
	digests := connectors.Digests{SHA256: known.SHA256}
	if !enough(digests, o.SHA1) {
		if digests, err = digest(path, known.Size, known.ModTime, o.SHA1); errors.Is(err, errChanged) {
			return ledger.Job{}, fmt.Errorf("%s changed while it was read; try again in a moment", o.Name)
		} else if err != nil {
			return ledger.Job{}, err
		}
	}
	j := newJob(o.Account, ledger.Deliver, ledger.Job{
		Bench: e.Bench, Role: connectors.Select, Folder: e.Folder, Name: o.Name, Generation: max(1, known.Generation), Core: known.Core,
		Size: known.Size, ModTime: known.ModTime, Changed: known.Changed, Digests: digests, Batch: o.Task, Round: o.Round, Comment: o.Comment,
	})
	if o.Round > 1 {
		j.ID = ledger.NewRoundID(j.Account, j.Folder, j.Name, j.Batch, j.Generation, j.Round)
	}
	return j, nil
}

// unseen says why nothing is known of a file.
func (e *Enqueuer) unseen(ctx context.Context, name string) error {
	if why := e.Skip.Reason(name, false); why != "" {
		return fmt.Errorf("%s is never sent: %s", name, why)
	}
	folder, _, err := e.Ledger.FindFolder(ctx, e.Folder)
	if err == nil && folder.Held != "" && folder.Held != ledger.Unsighted {
		return fmt.Errorf("%s waits with its folder: %s", name, folder.Held)
	}
	return cmp.Or(err, fmt.Errorf("%s is not finished yet, or the agent has not looked at it; try again in a moment", name))
}

// ordered adds to photo what the task of j asks for, and where else it is.
func (s *Sender) ordered(ctx context.Context, j ledger.Job, photo *connectors.Photo) error {
	t, err := s.taskOf(ctx, j)
	if err != nil {
		return err
	}
	if t.Kind != ledger.OrderedTask {
		photo.Batch = t.Key
	}
	photo.Template, photo.Comment, photo.Deadline = t.Template, cmp.Or(j.Comment, t.Comment), t.Deadline
	if s.Public != nil {
		photo.URL, err = s.Public(ctx, j)
	}
	return err
}

// mostAsked bounds what is kept of tasks.
const mostAsked = 64

// taskOf returns the task of j, the zero Task if it has none of ours. It is kept
// for the other photos of its round: what they are told does not change.
func (s *Sender) taskOf(ctx context.Context, j ledger.Job) (ledger.Task, error) {
	if j.Batch == "" {
		return ledger.Task{}, nil
	}
	key := fmt.Sprintf("%s %d", j.Batch, j.Round)
	s.mu.Lock()
	t, known := s.asked[key]
	s.mu.Unlock()
	if known {
		return t, nil
	}
	t, known, err := s.Ledger.Task(ctx, j.Batch)
	if err != nil || !known {
		return t, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) >= mostAsked || s.asked == nil {
		s.asked = map[string]ledger.Task{}
	}
	s.asked[key] = t
	return t, nil
}

// chosen reports whether err says that a file is not any more what a person chose
// for a task: nothing else takes its place there, so that person must know.
func (s *Sender) chosen(ctx context.Context, j ledger.Job, err error) bool {
	if j.Kind != ledger.Deliver || !errors.Is(err, errChanged) && !errors.Is(err, errGone) {
		return false
	}
	t, lost := s.taskOf(ctx, j)
	return lost == nil && (t.ByHand || j.Round > 1)
}

func chosenText(err error) string {
	if errors.Is(err, errChanged) {
		return "the file was changed after it was ordered; order it again with `task reorder`, or write it off with `task close`"
	}
	return "the file was moved away or deleted after it was ordered; put it back and retry, or write it off with `task close`"
}

// NotYet is the error of a url that Public returned, while the other account does
// not have the photo: it is tried again, and says nothing about this one.
func NotYet(reason string) error { return &localError{errors.New(reason)} }
