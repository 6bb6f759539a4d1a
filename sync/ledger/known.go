package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"path"
	"time"
)

// A Stamp tells cheaply whether a file is still the same.
type Stamp struct {
	Size    int64
	ModTime time.Time
	Changed time.Time // inode change time; zero where unknown
}

// A File is one accepted content of one name in a hot folder.
type File struct {
	Folder string // the hot folder's root
	Name   string // slash-separated, relative to it
	Stamp
	SHA256     string // empty until read
	Core       string // see Job.Core; empty if unknown
	Generation int    // 0: was here before the agent, and is left alone
}

// A Folder is a hot folder as the ledger remembers it.
type Folder struct {
	Path     string
	Bench    string
	Identity string    // of its root; empty until noted
	Seen     time.Time // when the agent met it first
	Held     string    // why it waits for a person's "release"; empty if it does not
}

// FindFolder returns what is known of a hot folder; ok is false if it was never
// entered.
func (l *Ledger) FindFolder(ctx context.Context, path string) (f Folder, ok bool, err error) {
	var seen int64
	err = l.read.QueryRowContext(ctx, `SELECT folder, bench, identity, seen, held FROM folders WHERE folder = ?`, path).
		Scan(&f.Path, &f.Bench, &f.Identity, &seen, &f.Held)
	if errors.Is(err, sql.ErrNoRows) {
		return Folder{}, false, nil
	}
	f.Seen = fromNanos(seen)
	return f, err == nil, err
}

// PutFolder enters or changes a hot folder.
func (l *Ledger) PutFolder(f Folder) error {
	return l.write(func(tx transaction) error {
		_, err := tx.Exec(`INSERT INTO folders (id, folder, bench, identity, seen, held)
			VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM folders), ?, ?, ?, ?, ?)
			ON CONFLICT (folder) DO UPDATE SET bench = excluded.bench, seen = excluded.seen, identity = excluded.identity, held = excluded.held`,
			f.Path, f.Bench, f.Identity, nanos(f.Seen), f.Held)
		return err
	})
}

// Unsighted is the Held of a folder whose first sight is not finished.
const Unsighted = "its files are being counted"

// SetIdentity notes of which disk and folder a hot folder's root is. A folder
// that was never entered becomes one whose first sight is still to be taken; so
// does one on another disk than before in which nothing was ever accepted: what
// was seen first was only the place where a disk or share was to be mounted.
func (l *Ledger) SetIdentity(folder, bench, identity string) error {
	f, seen, err := l.FindFolder(context.Background(), folder)
	if err != nil {
		return err
	}
	if !seen {
		f = Folder{Path: folder, Bench: bench, Seen: time.Now(), Held: Unsighted}
	}
	if seen && f.Identity != "" && f.Identity != identity {
		var some bool
		err := l.read.QueryRowContext(context.Background(), `SELECT EXISTS (SELECT 1 FROM known WHERE folder = (SELECT id FROM folders WHERE folder = ?))`, folder).Scan(&some)
		if err != nil {
			return err
		}
		if !some {
			f.Seen, f.Held = time.Now(), Unsighted
		}
	}
	f.Identity = identity
	return l.PutFolder(f)
}

// Known returns what was accepted in one folder of a hot folder, by base name.
// dir is slash-separated and relative, "." for the hot folder itself.
func (l *Ledger) Known(ctx context.Context, folder, dir string) (map[string]Stamp, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT name, size, mtime, changed FROM known
		WHERE folder = (SELECT id FROM folders WHERE folder = ?) AND dir = ?`, folder, dir)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string]Stamp{}
	for rows.Next() {
		var name string
		var size, mtime, changed int64
		if err := rows.Scan(&name, &size, &mtime, &changed); err != nil {
			return nil, err
		}
		known[name] = Stamp{Size: size, ModTime: time.Unix(0, mtime), Changed: fromNanos(changed)}
	}
	return known, rows.Err()
}

const selectFiles = `SELECT f.folder, k.dir, k.name, k.size, k.mtime, k.changed, k.sha256, k.core, k.generation
	FROM known k JOIN folders f ON f.id = k.folder WHERE `

func scanFile(s scanner) (File, error) {
	var f File
	var dir, name string
	var mtime, changed int64
	err := s.Scan(&f.Folder, &dir, &name, &f.Size, &mtime, &changed, &f.SHA256, &f.Core, &f.Generation)
	f.Name, f.ModTime, f.Changed = path.Join(dir, name), time.Unix(0, mtime), fromNanos(changed)
	return f, err
}

// FindFile returns the last accepted content of a name; ok is false if none was.
// Like other short questions that are asked of each new file it does not end with
// ctx: for a context that can end, each statement starts a goroutine or two.
func (l *Ledger) FindFile(ctx context.Context, folder, name string) (f File, ok bool, err error) {
	dir, base := split(name)
	f, err = scanFile(l.read.QueryRowContext(context.WithoutCancel(ctx), selectFiles+`f.folder = ? AND k.dir = ? AND k.name = ?`, folder, dir, base))
	if errors.Is(err, sql.ErrNoRows) {
		return File{}, false, nil
	}
	return f, err == nil, err
}

// SizeKnown reports whether any file of a bench was accepted with this size.
func (l *Ledger) SizeKnown(ctx context.Context, bench string, size int64) (known bool, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM known k JOIN folders f ON f.id = k.folder WHERE k.size = ? AND f.bench = ?)`, size, bench).Scan(&known)
	return known, err
}

// MostSame is how many files of one kind are listed at most.
const MostSame = 100

// SameSize lists up to MostSame files of a bench that were accepted with this
// size and not left alone at first sight.
func (l *Ledger) SameSize(ctx context.Context, bench string, size int64) ([]File, error) {
	return l.files(ctx, `k.size = ? AND k.generation > 0 AND f.bench = ? LIMIT 100`, size, bench)
}

// SameContent lists up to MostSame files of a bench that were accepted with this
// content, for the search after renamed ones. An empty sha256 matches nothing.
func (l *Ledger) SameContent(ctx context.Context, bench string, size int64, sha256 string) ([]File, error) {
	if sha256 == "" {
		return nil, nil
	}
	return l.files(context.WithoutCancel(ctx), `k.size = ? AND substr(k.sha256, 1, 8) = substr(?, 1, 8) AND k.sha256 = ? AND f.bench = ? LIMIT 100`, size, sha256, sha256, bench)
}

// LeftAlone lists up to MostSame files of a bench that were left alone at first
// sight with this base name, size and time.
func (l *Ledger) LeftAlone(ctx context.Context, bench, base string, size int64, modTime time.Time) ([]File, error) {
	if l.lacks.alone.Load() {
		return nil, nil
	}
	return l.files(context.WithoutCancel(ctx), `k.size = ? AND substr(k.sha256, 1, 8) = '' AND k.generation = 0 AND k.name = ? AND k.mtime = ? AND f.bench = ? LIMIT 100`,
		size, base, nanos(modTime), bench)
}

func (l *Ledger) files(ctx context.Context, where string, args ...any) ([]File, error) {
	rows, err := l.read.QueryContext(ctx, selectFiles+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var files []File
	for rows.Next() {
		f, err := scanFile(rows)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, rows.Err()
}

// Acceptance is all that follows from one finished file, or from several that
// belong together. It is written in one commit.
type Acceptance struct {
	Files []File
	Jobs  []Job
	// Tasks are those that the jobs belong to. One that exists already is left
	// alone, but that it closes later if it is given so.
	Tasks []Task
	// Notes are kept in the history of the files they name, by index of Files.
	Notes map[int]string
}

// Accept remembers files and adds jobs; jobs that exist already are left alone.
// What still waited under the same name for the same account is superseded by a
// newer generation, except where an earlier try may have made it visible: that
// is asked for first. The error wraps ErrTaskClosed if one of the tasks takes
// nothing more; then nothing was written.
func (l *Ledger) Accept(now time.Time, a Acceptance) error {
	err := l.write(func(tx transaction) error { return a.put(tx, now) })
	if err != nil {
		return err
	}
	for _, j := range a.Jobs {
		l.wake(j.Account, j.Flow)
	}
	return nil
}

func (a Acceptance) put(tx transaction, now time.Time) error {
	for i, f := range a.Files {
		if err := putFile(tx, f); err != nil {
			return err
		}
		if text := a.Notes[i]; text != "" {
			noteFile(tx, f.Folder, f.Name, "", "", "seen", text, now)
		}
	}
	for _, t := range a.Tasks {
		if err := putTask(tx, t, now); err != nil {
			return err
		}
	}
	for _, j := range a.Jobs {
		if err := addJob(tx, j, now); err != nil {
			return err
		}
	}
	return nil
}

func addJob(tx transaction, j Job, now time.Time) error {
	if j.Created.IsZero() {
		j.Created = now
	}
	isNew, err := insert(tx, j)
	if err != nil || !isNew || j.Generation <= 1 { // nothing is older than the first
		return err
	}
	older, err := queryJobs(context.Background(), tx, `WHERE folder = ? AND name = ? AND account = ? AND kind = ? AND generation < ?
		AND (state = 'parked' OR state = 'queued' AND NOT published)`,
		j.Folder, j.Name, j.Account, j.Kind, j.Generation)
	if err != nil {
		return err
	}
	for _, old := range older {
		if _, err := record(tx, old, Event{What: Overtaken, At: now, Reason: "the file was changed; its new content is sent instead"}, ""); err != nil {
			return err
		}
	}
	return nil
}

const upsertFile = `INSERT INTO known (folder, dir, name, size, mtime, changed, sha256, core, generation)
		SELECT id, ?, ?, ?, ?, ?, ?, ?, ? FROM folders WHERE folder = ?
		ON CONFLICT (folder, dir, name) DO UPDATE SET size = excluded.size, mtime = excluded.mtime, changed = excluded.changed,
			sha256 = excluded.sha256, core = excluded.core, generation = excluded.generation`

func putFile(tx transaction, f File) error {
	dir, base := split(f.Name)
	res, err := tx.Exec(upsertFile,
		dir, base, f.Size, nanos(f.ModTime), nanos(f.Changed), f.SHA256, f.Core, f.Generation, f.Folder)
	if err != nil {
		return err
	}
	if f.Generation == 0 {
		tx.lacks.alone.Store(false)
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return fmt.Errorf("remember %s: its folder %s was never entered", f.Name, f.Folder)
	}
	return err
}

const learnFile = `UPDATE known SET sha256 = ? WHERE folder = (SELECT id FROM folders WHERE folder = ?) AND dir = ? AND name = ?
		AND generation = ? AND sha256 = ''`

// learn notes a digest that was made while the file was sent.
func learn(tx transaction, j Job) error {
	dir, base := split(j.Name)
	_, err := tx.Exec(learnFile, j.Digests.SHA256, j.Folder, dir, base, j.Generation)
	return err
}

// NoTime is the ModTime of a file that was accepted and then not sent: whatever
// lies under its name is looked at, even if it looks as before.
var NoTime = time.Unix(0, math.MinInt64)

// unlearn forgets the stamp of a file whose job came to nothing because it had
// changed or left.
func unlearn(tx transaction, j Job) error {
	dir, base := split(j.Name)
	_, err := tx.Exec(`UPDATE known SET mtime = ? WHERE folder = (SELECT id FROM folders WHERE folder = ?) AND dir = ? AND name = ?
		AND generation = ?`, nanos(NoTime), j.Folder, dir, base, j.Generation)
	return err
}

// split parts a slash-separated name as Known wants it.
func split(name string) (dir, base string) { return path.Dir(name), path.Base(name) }

// Release lets go what the brake holds in these folders. It returns how many of
// them it released.
func (l *Ledger) Release(ctx context.Context, folders []string) (n int, err error) {
	for _, path := range folders {
		f, seen, err := l.FindFolder(ctx, path)
		if err != nil {
			return n, err
		}
		if !seen || f.Held == "" || f.Held == Unsighted {
			continue
		}
		f.Held = ""
		if err := l.PutFolder(f); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
