package outbound

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/sync/ledger"
	"github.com/studio-agent/studio-agent/watch"
)

// formerNames returns the deliveries of this content under names that it had in
// the bench before and has no more. A file that is only copied keeps its old
// name too, and has none.
func (e *Enqueuer) formerNames(ctx context.Context, s *subject) ([]ledger.Job, error) {
	if e.Resend {
		return nil, nil
	}
	file := s.known
	var former []ledger.Job
	for _, old := range s.same {
		if old.Folder == file.Folder && old.Name == file.Name {
			continue
		}
		if stillThere(old, s.File) {
			continue
		}
		jobs, err := e.Ledger.Jobs(ctx, old.Folder, old.Name)
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			if j.Kind == ledger.Deliver && j.Digests.SHA256 == file.SHA256 {
				former = append(former, j)
			}
		}
	}
	return former, nil
}

// mayBeRenamed reports whether a new file may be one that the bench has had under
// another name: one of its size that is there no more. While such a one is being
// sent and digested, it is too early to tell.
func (e *Enqueuer) mayBeRenamed(ctx context.Context, f watch.File) (bool, error) {
	if e.mirrors() {
		return false, nil
	}
	same, err := e.Ledger.SameSize(ctx, e.Bench, f.Size)
	if err != nil {
		return false, err
	}
	may := len(same) == ledger.MostSame // there may be more
	for _, old := range same {
		if stillThere(old, f) {
			continue
		}
		may = true
		if old.SHA256 != "" || e.Resend {
			continue
		}
		jobs, err := e.Ledger.Jobs(ctx, old.Folder, old.Name)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(jobs, underWay) {
			return false, arriving(old.Name)
		}
	}
	return may, nil
}

// arriving puts off a file that may be what is just being sent under another name.
func arriving(name string) error {
	return &watch.LaterError{Until: time.Now().Add(time.Second), Reason: "it may just be arriving under its old name, " + name}
}

// leftAlone returns the name under which a file was left alone at first sight,
// before its folder was renamed or moved; empty if it was not. Nobody has read
// it, so that its own name, size and time must do.
func (e *Enqueuer) leftAlone(ctx context.Context, f watch.File, seen bool) (string, error) {
	if seen || e.Resend || e.mirrors() {
		return "", nil
	}
	alone, err := e.Ledger.LeftAlone(ctx, e.Bench, path.Base(f.Name), f.Size, f.ModTime)
	if err != nil {
		return "", err
	}
	for _, old := range alone {
		if !stillThere(old, f) {
			return old.Name, nil
		}
	}
	return "", nil
}

// stillThere reports whether a file still has its old name beside its new one.
// Where upper and lower case are the same, a name that differs in nothing else
// is found under both spellings.
func stillThere(old ledger.File, now watch.File) bool {
	its, err := os.Lstat(filepath.Join(old.Folder, filepath.FromSlash(old.Name)))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	if !strings.EqualFold(old.Name, now.Name) {
		return true
	}
	mine, err := os.Lstat(now.Path)
	return err != nil || !os.SameFile(mine, its)
}

// twin refuses a name that differs from another file's only in how its accents
// are spelled (composed or decomposed): many systems take the two for one, and
// one would overwrite the other.
func (e *Enqueuer) twin(ctx context.Context, f watch.File) error {
	other := norm.NFC.String(f.Name)
	if other == f.Name {
		other = norm.NFD.String(f.Name)
	}
	if other == f.Name {
		return nil
	}
	mine, err := os.Lstat(f.Path)
	if err != nil {
		return nil
	}
	its, err := os.Lstat(filepath.Join(e.Folder, filepath.FromSlash(other)))
	if err != nil || os.SameFile(mine, its) {
		return nil
	}
	if _, seen, err := e.Ledger.FindFile(ctx, e.Folder, other); err != nil || !seen {
		return nil // the first of the two may go
	}
	return connectors.Rejected("another file has the same name, %s, with its accents spelled differently; the remote could take the two for one: rename one of them", f.Name)
}
