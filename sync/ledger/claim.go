package ledger

import (
	"context"
	"database/sql"
	"time"
)

// patience is how long a job waits behind more urgent ones before it goes first.
const patience = 15 * time.Minute

// sentBlocks is how long a sent but unseen generation holds back the next one.
const sentBlocks = 10 * time.Minute

// idle bounds a wait for work, so that a lost wake-up costs time and no more.
const idle = 30 * time.Second

// Next claims the next due job of account, waiting for one if need be, by rank:
// on the way out selects before JPEG before RAW and the newest first, what was
// written within the same ten seconds in the order in which it was added, on the
// way in the oldest first; but what has waited for 15 minutes goes before all.
// Generations of one name go out one after the other, and only one file at a
// time comes in under one name. The claim is on disk before Next returns. The
// error is ctx.Err or nil; trouble with the ledger itself is logged and waited
// out.
func (l *Ledger) Next(ctx context.Context, account string, f Flow) (Job, error) {
	jobs, err := l.NextSome(ctx, account, f, 1)
	if err != nil {
		return Job{}, err
	}
	return jobs[0], nil
}

// NextSome is Next for up to most jobs that are due now, claimed at once; there
// is at least one.
func (l *Ledger) NextSome(ctx context.Context, account string, f Flow, most int) ([]Job, error) {
	bell := l.bell(account, f)
	for trouble := false; ; {
		jobs, wait, err := l.claim(account, f, most)
		if ctx.Err() != nil {
			l.unclaim(jobs)
			l.wake(account, f) // in case it was us who were told last
			return nil, ctx.Err()
		}
		if err == nil && len(jobs) > 0 {
			l.wake(account, f) // there may be more: let a colleague look
			return jobs, nil
		}
		if err != nil {
			if !trouble {
				l.log.Error("The ledger cannot be read or written; trying again until it can", "account", account, "error", err)
			}
			trouble, wait = true, time.Second
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-bell:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// unclaim gives back jobs that were claimed while the caller went away.
func (l *Ledger) unclaim(jobs []Job) {
	for _, j := range jobs {
		if _, err := l.Record(j, Event{What: Waited, At: time.Now(), Reason: "the agent was stopped"}); err != nil {
			l.log.Warn("A claimed job could not be given back; the next start does it", "job", j.ID, "error", err)
		}
	}
}

// claim takes the next jobs, or says how long to wait for one.
func (l *Ledger) claim(account string, f Flow, most int) (jobs []Job, wait time.Duration, err error) {
	now := time.Now()
	some, wait, err := l.waits(account, f, now)
	if err != nil || !some && wait > 0 {
		return nil, wait, err
	}
	come := wait == 0
	err = l.write(func(tx transaction) error {
		if come {
			if _, err := tx.Exec(comeDue, account, f, nanos(now)); err != nil {
				return err
			}
		}
		if jobs, err = pick(tx, account, f, now, most); err != nil {
			return err
		}
		for i, j := range jobs {
			if jobs[i], err = record(tx, j, Event{What: Claimed, At: now}, l.agent); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return jobs, wait, nil
}

// waits tells whether queued jobs wait for nothing but a worker, and how long it
// takes until the time of the next comes that waits for one. The flow stands in
// the text: SQLite prepares a query twice if a variable decides which partial
// index will do.
func (l *Ledger) waits(account string, f Flow, now time.Time) (some bool, wait time.Duration, err error) {
	of := `FROM jobs WHERE account = ? AND flow = '` + string(f) + `' AND state = 'queued' AND not_before `
	var first sql.NullInt64
	err = l.read.QueryRowContext(context.Background(), `SELECT EXISTS (SELECT 1 `+of+`= 0), (SELECT MIN(not_before) `+of+`> 0)`, account, account).Scan(&some, &first)
	if err != nil || !first.Valid {
		return some, idle, err
	}
	return some, min(idle, max(0, fromNanos(first.Int64).Sub(now))), nil
}

// comeDue takes the times of those that have come: see due.
const comeDue = `UPDATE jobs SET not_before = 0 WHERE account = ? AND flow = ? AND state = 'queued' AND not_before > 0 AND not_before <= ?`

// due is what may be claimed: a queued job whose time has come, and of whose
// name no earlier generation is on its way, or waits with an unknown outcome:
// were the order lost, an old mark would overwrite a new one, and a photo meet
// its own predecessor at the remote as a stranger.
const due = `FROM jobs j WHERE account = ? AND flow = 'out' AND state = 'queued'
	AND NOT EXISTS (SELECT 1 FROM jobs p WHERE p.folder = j.folder AND p.name = j.name AND p.account = j.account AND p.kind = j.kind
		AND p.generation < j.generation AND (p.state IN ('queued', 'moving', 'publishing') OR p.state = 'sent' AND p.sent_at > ?))`

// dueIn is due for what comes in: under its name nothing is just being put in
// place, by any account, nor has it an unknown outcome there.
const dueIn = `FROM jobs j WHERE account = ? AND flow = 'in' AND state = 'queued'
	AND NOT EXISTS (SELECT 1 FROM jobs p WHERE p.folder = j.folder AND p.name = j.name AND +p.flow = 'in' AND p.id != j.id
		AND (p.state IN ('moving', 'publishing') OR p.state = 'queued' AND p.published AND NOT j.published))`

// pickAged finds what has waited for long, pickNext what goes first otherwise. It
// spells ten seconds as the index jobs_rank does, or it would sort the backlog; so
// it would if it used jobs_due, from which the plus keeps it.
var (
	pickAged = map[Flow]string{
		Out: `SELECT ` + columns + ` ` + due + ` AND not_before = 0 AND created < ? ORDER BY created LIMIT ?`,
		In:  `SELECT ` + columns + ` ` + dueIn + ` AND not_before = 0 AND created < ? ORDER BY created LIMIT ?`,
	}
	pickNext = map[Flow]string{
		Out: `SELECT ` + columns + ` ` + due + ` AND +not_before = 0 ORDER BY rank, mtime / 10000000000 DESC, rowid LIMIT ?`,
		In:  `SELECT ` + columns + ` ` + dueIn + ` AND +not_before = 0 ORDER BY rank, created LIMIT ?`,
	}
)

// pick never gives two jobs of one name that have to go one after the other: for
// what comes in, only one at a time tells whether another is due.
func pick(tx transaction, account string, f Flow, now time.Time, most int) ([]Job, error) {
	args := []any{account}
	if f == Out {
		args = append(args, nanos(now.Add(-sentBlocks)))
	} else {
		most = 1
	}
	jobs, err := scanJobs(tx.QueryContext(context.Background(), pickAged[f], append(args, nanos(now.Add(-patience)), most)...))
	if err != nil || len(jobs) > 0 {
		return jobs, err
	}
	return scanJobs(tx.QueryContext(context.Background(), pickNext[f], append(args, most)...))
}

// Record applies e to j and returns j as it stands afterwards; it is on disk
// then. The error wraps ErrLost if j is not as the ledger has it, and is
// After's if e cannot happen; then nothing was changed. Other errors are the
// disk's: the caller may try again.
func (l *Ledger) Record(j Job, e Event) (Job, error) {
	var next Job
	err := l.write(func(tx transaction) (err error) {
		if next, err = record(tx, j, e, l.agent); err != nil {
			return err
		}
		return follow(tx, j, next, e)
	})
	if err != nil {
		return j, err
	}
	l.wake(j.Account, j.Flow)
	return next, nil
}

// follow writes what follows from e for other rows than that of j, which was
// before and stands as j now.
func follow(tx transaction, before, j Job, e Event) error {
	if j.Flow == In {
		if j.State == Landed && j.Answers != "" {
			return finishTaskOf(tx, j.Answers, e.What, e.At)
		}
		if e.What == SentBack && j.Answers != "" {
			return reopenTaskOf(tx, j.Answers, e.At)
		}
		return nil
	}
	if err := rested(tx, j); err != nil {
		return err
	}
	if e.What == CalledOff || e.What == WrittenOff {
		return finishTaskOf(tx, j.ID, e.What, e.At)
	}
	if before.Digests.SHA256 == "" && j.Digests.SHA256 != "" {
		if err := learn(tx, j); err != nil {
			return err
		}
	}
	if e.What == Overtaken {
		if err := unlearn(tx, j); err != nil || j.Batch == "" {
			return err
		}
		return finishTaskOf(tx, j.ID, e.What, e.At)
	}
	if j.State == Done && j.Kind == Deliver && !tx.lacks.marks.Load() {
		return releaseMarks(tx, j)
	}
	return nil
}

// releaseMarks lets the marks go that waited for this content, or this picture
// with other metadata, to arrive.
func releaseMarks(tx transaction, j Job) error {
	for release, content := range map[string]string{releaseBySHA256: j.Digests.SHA256, releaseByCore: j.Core} {
		if content == "" {
			continue
		}
		if _, err := tx.Exec(release, j.Account, j.Bench, content, content); err != nil {
			return err
		}
	}
	return nil
}

const (
	releaseBySHA256 = `UPDATE jobs SET not_before = 0 WHERE account = ? AND bench = ? AND ` + ofContent + ` AND kind = 'mark' AND state = 'queued'`
	releaseByCore   = `UPDATE jobs SET not_before = 0 WHERE account = ? AND bench = ? AND ` + ofCore + ` AND kind = 'mark' AND state = 'queued'`
)

// Renew prolongs the lease of what this agent holds.
func (l *Ledger) Renew(now time.Time) error {
	return l.write(func(tx transaction) error {
		_, err := tx.Exec(`UPDATE jobs SET lease = ? WHERE agent = ? AND `+inHands, nanos(now.Add(lease)), l.agent)
		return err
	})
}

// longestWait is longer than any engine puts a job off.
const longestWait = 20 * time.Minute

// ClockSetBack lets those jobs act at once that wait for a time which only a
// clock that was wrong can have meant, and lets tasks do so. It returns how many
// jobs there were.
func (l *Ledger) ClockSetBack(now time.Time) (int, error) {
	var n int64
	err := l.write(func(tx transaction) error {
		res, err := tx.Exec(`UPDATE jobs SET not_before = 0 WHERE state IN ('queued', 'sent') AND not_before > ?`, nanos(now.Add(longestWait)))
		if err != nil {
			return err
		}
		if n, err = res.RowsAffected(); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE tasks SET not_before = 0 WHERE state IN ('collecting', 'committing') AND not_before > ?`, nanos(now.Add(longestWait)))
		return err
	})
	if n > 0 {
		l.wakeAll()
	}
	return int(n), err
}
