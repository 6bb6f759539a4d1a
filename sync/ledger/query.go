package ledger

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// isOpen is the condition of the index jobs_open, letter by letter: only a question
// that repeats it is answered from there. inHands are those that a worker has.
const (
	isOpen  = `state != 'done' AND state != 'superseded' AND state != 'landed'`
	inHands = isOpen + ` AND state IN ('moving', 'publishing')`
)

// DueSent returns up to n sent jobs of account that it is time to ask for, the
// longest due first.
func (l *Ledger) DueSent(ctx context.Context, account string, now time.Time, n int) ([]Job, error) {
	return l.jobs(ctx, `WHERE account = ? AND state = 'sent' AND not_before <= ? ORDER BY not_before LIMIT ?`, account, nanos(now), n)
}

// Delivered returns the receipt of the last earlier generation of j's name that
// reached its account; the zero Receipt if none did.
func (l *Ledger) Delivered(ctx context.Context, j Job) (connectors.Receipt, error) {
	jobs, err := l.jobs(ctx, `WHERE folder = ? AND name = ? AND account = ? AND kind = 'deliver' AND generation < ? AND state IN ('sent', 'done')
		ORDER BY generation DESC LIMIT 1`, j.Folder, j.Name, j.Account, j.Generation)
	if err != nil || len(jobs) == 0 {
		return connectors.Receipt{}, err
	}
	return jobs[0].Receipt, nil
}

// ofContent and ofCore find a job by a digest, which is asked for twice: their
// indexes know its beginning.
const (
	ofContent = `substr(sha256, 1, 8) = substr(?, 1, 8) AND sha256 = ? AND sha256 != ''`
	ofCore    = `substr(core, 1, 8) = substr(?, 1, 8) AND core = ? AND core != ''`
)

// Content returns the deliveries of this content from bench to account that are
// done or under way, the newest first. An empty sha256 matches nothing.
func (l *Ledger) Content(ctx context.Context, account, bench, sha256 string) ([]Job, error) {
	if sha256 == "" {
		return nil, nil
	}
	return l.jobs(ctx, `WHERE account = ? AND bench = ? AND `+ofContent+` AND kind = 'deliver'
		AND state IN ('queued', 'moving', 'publishing', 'sent', 'done') ORDER BY created DESC LIMIT 100`, account, bench, sha256, sha256)
}

// SameCore is Content by Core: the same picture, whatever its metadata.
func (l *Ledger) SameCore(ctx context.Context, account, bench, core string) ([]Job, error) {
	return l.jobs(ctx, `WHERE account = ? AND bench = ? AND `+ofCore+` AND kind = 'deliver'
		AND state IN ('queued', 'moving', 'publishing', 'sent', 'done') ORDER BY created DESC LIMIT 100`, account, bench, core, core)
}

// SentSince returns the deliveries of a bench to an account that were sent at or
// after since. It reads all jobs: for people, not for engines.
func (l *Ledger) SentSince(ctx context.Context, account, bench string, since time.Time) ([]Job, error) {
	return l.jobs(ctx, `WHERE account = ? AND bench = ? AND kind = 'deliver' AND sent_at >= ? AND sent_at > 0`, account, bench, nanos(since))
}

// Jobs returns all jobs of one name in a hot folder, the oldest first.
func (l *Ledger) Jobs(ctx context.Context, folder, name string) ([]Job, error) {
	return l.jobs(ctx, `WHERE folder = ? AND name = ? ORDER BY generation, created`, folder, name)
}

// Job returns one job by its ID; ok is false if there is none.
func (l *Ledger) Job(ctx context.Context, id string) (j Job, ok bool, err error) {
	return l.first(ctx, `WHERE id = ?`, id)
}

// Parked returns up to n parked jobs of either direction, the newest first.
func (l *Ledger) Parked(ctx context.Context, n int) ([]Job, error) {
	return l.jobs(ctx, `WHERE state = 'parked' ORDER BY created DESC LIMIT ?`, n)
}

// GivenUp returns up to n jobs on their way in that the vendor gave up, the
// newest first.
func (l *Ledger) GivenUp(ctx context.Context, n int) ([]Job, error) {
	return l.jobs(ctx, `WHERE state = 'failed' ORDER BY created DESC LIMIT ?`, n)
}

// Waiting returns up to n open jobs of an account that are not in a worker's
// hands, those that act next first.
func (l *Ledger) Waiting(ctx context.Context, account string, n int) ([]Job, error) {
	all, err := l.DueSent(ctx, account, time.Unix(0, math.MaxInt64), n)
	for _, f := range []Flow{Out, In} {
		if err != nil {
			return nil, err
		}
		var queued []Job
		queued, err = l.jobs(ctx, `WHERE account = ? AND flow = '`+string(f)+`' AND state = 'queued' ORDER BY not_before LIMIT ?`, account, n)
		all = append(all, queued...)
	}
	slices.SortStableFunc(all, func(a, b Job) int { return a.NotBefore.Compare(b.NotBefore) })
	return all[:min(n, len(all))], err
}

// An Entry is one line in the life of a file.
type Entry struct {
	At           time.Time
	Folder, Name string
	Job, Account string // empty for what happened to the file alone
	What         What
	Reason       string
}

// History returns what happened to one name in a hot folder, the oldest first.
func (l *Ledger) History(ctx context.Context, folder, name string) ([]Entry, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT at, folder, name, job, account, what, reason FROM history WHERE folder = ? AND name = ? ORDER BY seq`, folder, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Entry
	for rows.Next() {
		var e Entry
		var at int64
		if err := rows.Scan(&at, &e.Folder, &e.Name, &e.Job, &e.Account, &e.What, &e.Reason); err != nil {
			return nil, err
		}
		e.At = fromNanos(at)
		all = append(all, e)
	}
	return all, rows.Err()
}

// FindFiles returns up to n known files whose name ends with the given one, so
// that a person need not spell the whole path.
func (l *Ledger) FindFiles(ctx context.Context, name string, n int) ([]File, error) {
	base := name[strings.LastIndex(name, "/")+1:]
	all, err := l.files(ctx, `k.folder IN (SELECT id FROM folders) AND k.name = ?`, base)
	all = slices.DeleteFunc(all, func(f File) bool { return !strings.HasSuffix("/"+f.Name, "/"+name) })
	return all[:min(n, len(all))], err
}

// Busy reports whether any job is still open, in either direction, not counting
// those that wait for a time after horizon. A retouch that waits for a person,
// or only to be acknowledged, is not.
func (l *Ledger) Busy(ctx context.Context, horizon time.Time) (busy bool, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE `+inHands+`)
		OR EXISTS (SELECT 1 FROM jobs WHERE state = 'queued' AND not_before <= ?) OR EXISTS (SELECT 1 FROM jobs WHERE state = 'sent' AND not_before <= ?)`,
		nanos(horizon), nanos(horizon)).Scan(&busy)
	return busy, err
}

// Queued reports whether a job of account is due to be sent.
func (l *Ledger) Queued(ctx context.Context, account string, now time.Time) (some bool, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE account = ? AND flow = 'out' AND state = 'queued' AND not_before <= ?)`,
		account, nanos(now)).Scan(&some)
	return some, err
}
