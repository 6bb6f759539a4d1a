package ledger

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"
)

// patience is how long a job waits behind more urgent ones before it goes first.
const patience = 15 * time.Minute

// sentBlocks is how long a sent but unseen generation holds back the next one.
const sentBlocks = 10 * time.Minute

// idle bounds a wait for work, so that a lost wake-up costs time and no more.
const idle = 30 * time.Second

// Next claims the next due job of account, waiting for one if need be: selects
// before JPEG before RAW and the newest first, but what has waited for 15
// minutes goes before all. Generations of one name go one after the other. The
// claim is on disk before Next returns. The error is ctx.Err or nil; trouble
// with the ledger itself is logged and waited out.
func (l *Ledger) Next(ctx context.Context, account string, f Flow) (Job, error) {
	bell := l.bell(account, f)
	for trouble := false; ; {
		j, wait, err := l.claim(ctx, account, f)
		if ctx.Err() != nil {
			if err == nil && wait == 0 {
				l.unclaim(j)
			}
			l.wake(account, f) // in case it was us who were told last
			return Job{}, ctx.Err()
		}
		if err == nil && wait == 0 {
			l.wake(account, f) // there may be more: let a colleague look
			return j, nil
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

// unclaim gives back a job that was claimed while the caller went away.
func (l *Ledger) unclaim(j Job) {
	if _, err := l.Record(j, Event{What: Waited, At: time.Now(), Reason: "the agent was stopped"}); err != nil {
		l.log.Warn("A claimed job could not be given back; the next start does it", "job", j.ID, "error", err)
	}
}

// claim takes the next job, or says how long to wait for one. A wait of 0 means
// that it has one.
func (l *Ledger) claim(ctx context.Context, account string, f Flow) (j Job, wait time.Duration, err error) {
	now := time.Now()
	wait, err = untilDue(ctx, l.read, account, f, now, math.MinInt64)
	if err != nil || wait > 0 {
		return Job{}, wait, err
	}
	err = l.write(func(tx *sql.Tx) error {
		j, err = pick(tx, account, f, now)
		if errors.Is(err, sql.ErrNoRows) {
			wait, err = untilDue(context.Background(), tx, account, f, now, nanos(now))
			return err
		}
		if err != nil {
			return err
		}
		wait = 0
		j, err = record(tx, j, Event{What: Claimed, At: now}, l.agent)
		return err
	})
	return j, wait, err
}

// untilDue is how long it takes until the first queued job is due, of those
// that are due after after: what is due now may have to wait for its turn.
func untilDue(ctx context.Context, db querier, account string, f Flow, now time.Time, after int64) (time.Duration, error) {
	var first sql.NullInt64
	err := db.QueryRowContext(ctx, `SELECT MIN(not_before) FROM jobs WHERE account = ? AND flow = ? AND state = 'queued' AND not_before > ?`,
		account, f, after).Scan(&first)
	if err != nil {
		return 0, err
	}
	if !first.Valid {
		return idle, nil
	}
	return min(idle, max(0, fromNanos(first.Int64).Sub(now))), nil
}

// due is what may be claimed: a queued job whose time has come, and of whose
// name no earlier generation is on its way, or waits with an unknown outcome:
// were the order lost, an old mark would overwrite a new one, and a photo meet
// its own predecessor at the remote as a stranger. The plus keeps SQLite from
// using jobs_time, and so from sorting the whole backlog for each claim.
const due = `FROM jobs j WHERE account = ? AND flow = ? AND state = 'queued' AND +not_before <= ?
	AND NOT EXISTS (SELECT 1 FROM jobs p WHERE p.folder = j.folder AND p.name = j.name AND p.account = j.account AND p.kind = j.kind
		AND p.generation < j.generation AND (p.state IN ('queued', 'moving', 'publishing') OR p.state = 'sent' AND p.sent_at > ?))`

func pick(tx *sql.Tx, account string, f Flow, now time.Time) (Job, error) {
	args := []any{account, f, nanos(now), nanos(now.Add(-sentBlocks))}
	j, err := scanJob(tx.QueryRow(`SELECT `+columns+` `+due+` AND created < ? ORDER BY created LIMIT 1`, append(args, nanos(now.Add(-patience)))...))
	if !errors.Is(err, sql.ErrNoRows) {
		return j, err
	}
	return scanJob(tx.QueryRow(`SELECT `+columns+` `+due+` ORDER BY rank, mtime DESC LIMIT 1`, args...))
}

// Record applies e to j and returns j as it stands afterwards; it is on disk
// then. The error wraps ErrLost if j is not as the ledger has it, and is
// After's if e cannot happen; then nothing was changed. Other errors are the
// disk's: the caller may try again.
func (l *Ledger) Record(j Job, e Event) (Job, error) {
	var next Job
	err := l.write(func(tx *sql.Tx) (err error) {
		if next, err = record(tx, j, e, l.agent); err != nil {
			return err
		}
		if e.Digests.SHA256 != "" {
			if err := learn(tx, next); err != nil {
				return err
			}
		}
		if next.State == Done && next.Kind == Deliver {
			return releaseMarks(tx, next)
		}
		return nil
	})
	if err != nil {
		return j, err
	}
	l.wake(j.Account, j.Flow)
	return next, nil
}

// releaseMarks lets the marks go that waited for this content to arrive.
func releaseMarks(tx *sql.Tx, j Job) error {
	if j.Digests.SHA256 == "" {
		return nil
	}
	_, err := tx.Exec(`UPDATE jobs SET not_before = 0 WHERE account = ? AND bench = ? AND sha256 = ? AND kind = 'mark' AND state = 'queued'`,
		j.Account, j.Bench, j.Digests.SHA256)
	return err
}

// Renew prolongs the lease of what this agent holds.
func (l *Ledger) Renew(now time.Time) error {
	return l.write(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE jobs SET lease = ? WHERE agent = ? AND state IN ('moving', 'publishing')`, nanos(now.Add(lease)), l.agent)
		return err
	})
}

// longestWait is longer than any engine puts a job off.
const longestWait = 20 * time.Minute

// ClockSetBack lets those jobs act at once that wait for a time which only a
// clock that was wrong can have meant. It returns how many there were.
func (l *Ledger) ClockSetBack(now time.Time) (int, error) {
	var n int64
	err := l.write(func(tx *sql.Tx) error {
		res, err := tx.Exec(`UPDATE jobs SET not_before = 0 WHERE state IN ('queued', 'sent') AND not_before > ?`, nanos(now.Add(longestWait)))
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if n > 0 {
		l.wakeAll()
	}
	return int(n), err
}
