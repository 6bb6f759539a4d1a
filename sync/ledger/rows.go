package ledger

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// columns of jobs in the order of Job.row.
const columns = `id, account, bench, role, folder, name, batch, flow, kind, generation, size, mtime, changed,
	sha256, sha1, md5, rating, label, state, rank, created, not_before, sent_at, forced, ask, published,
	misses, starts, failures, asks, receipt_id, receipt_name, receipt_link, receipt_size, verified, reason,
	deselected, remote, core, source_id, source_name, source_batch, source_bench, source_answers, source_link, source_rejected, source_final, answers, round, comment, closed`

// row is a job's times as they are stored; the rest is stored as it is.
type row struct {
	Job
	mtime, changed, created, notBefore, sentAt int64
}

// fields are pointers to a row's values, in the order of columns.
func (r *row) fields() []any {
	j := &r.Job
	return []any{&j.ID, &j.Account, &j.Bench, &j.Role, &j.Folder, &j.Name, &j.Batch, &j.Flow, &j.Kind, &j.Generation, &j.Size, &r.mtime, &r.changed,
		&j.Digests.SHA256, &j.Digests.SHA1, &j.Digests.MD5, &j.Rating, &j.Label, &j.State, &j.Rank, &r.created, &r.notBefore, &r.sentAt, &j.Forced, &j.Ask, &j.Published,
		&j.Misses, &j.Starts, &j.Failures, &j.Asks, &j.Receipt.ID, &j.Receipt.Name, &j.Receipt.Link, &j.Receipt.Size, &j.Receipt.Verified, &j.Reason,
		&j.Deselected, &j.Remote, &j.Core, &j.Source.ID, &j.Source.Name, &j.Source.Batch, &j.Source.Bench, &j.Source.Answers, &j.Source.Link, &j.Source.Rejected, &j.Source.Final,
		&j.Answers, &j.Round, &j.Comment, &j.Closed}
}

func toRow(j Job) *row {
	return &row{Job: j, mtime: nanos(j.ModTime), changed: nanos(j.Changed), created: nanos(j.Created), notBefore: nanos(j.NotBefore), sentAt: nanos(j.SentAt)}
}

func (r *row) job() Job {
	j := r.Job
	j.ModTime, j.Changed, j.Created = time.Unix(0, r.mtime), fromNanos(r.changed), fromNanos(r.created)
	j.NotBefore, j.SentAt = fromNanos(r.notBefore), fromNanos(r.sentAt)
	if j.Flow == In { // not every remote tells times
		j.ModTime = fromNanos(r.mtime)
	}
	return j
}

type scanner interface{ Scan(...any) error }

func scanJob(s scanner) (Job, error) {
	var r row
	if err := s.Scan(r.fields()...); err != nil {
		return Job{}, err
	}
	return r.job(), nil
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func queryJobs(ctx context.Context, db querier, where string, args ...any) ([]Job, error) {
	return scanJobs(db.QueryContext(ctx, `SELECT `+columns+` FROM jobs `+where, args...))
}

// scanJobs reads the answer of a query to its end.
func scanJobs(rows *sql.Rows, err error) ([]Job, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var jobs []Job
	for rows.Next() {
		j, err := scanJob(rows)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	return jobs, rows.Err()
}

func (l *Ledger) jobs(ctx context.Context, where string, args ...any) ([]Job, error) {
	return queryJobs(ctx, l.read, where, args...)
}

var insertJob = `INSERT INTO jobs (` + columns + `, stem, agent, lease) VALUES (` +
	strings.Repeat("?, ", strings.Count(columns, ",")+2) + `'', 0) ON CONFLICT (id) DO NOTHING`

// first returns the first of the jobs; ok is false if there is none.
func (l *Ledger) first(ctx context.Context, where string, args ...any) (j Job, ok bool, err error) {
	j, err = scanJob(l.read.QueryRowContext(ctx, `SELECT `+columns+` FROM jobs `+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Job{}, false, nil
	}
	return j, err == nil, err
}

// insert adds j unless it is there already, and says whether it was new.
func insert(tx transaction, j Job) (bool, error) {
	res, err := tx.Exec(insertJob, append(toRow(j).fields(), Stem(j.Name))...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	if j.Kind == Mark {
		tx.lacks.marks.Store(false)
	}
	what := Added
	switch j.State {
	case Parked:
		what = Held
	case GivenUp:
		what = VendorFailed
	}
	note(tx, j, Event{What: what, At: j.Created, Reason: j.Reason})
	return true, nil
}

// updateJob changes all that an event can change; moveJob and showJob leave out
// what few events do, and so the indexes of it: most of the cost.
const (
	moveSet = `UPDATE jobs SET state = ?, not_before = ?, sent_at = ?, forced = ?, ask = ?, published = ?,
		misses = ?, starts = ?, failures = ?, asks = ?, reason = ?, agent = ?, lease = ?`
	showSet   = moveSet + `, receipt_id = ?, receipt_name = ?, receipt_link = ?, receipt_size = ?, verified = ?`
	asItStood = ` WHERE id = ? AND state = ? AND starts = ?`
	moveJob   = moveSet + asItStood
	showJob   = showSet + asItStood
	updateJob = showSet + `, batch = ?, sha256 = ?, sha1 = ?, md5 = ?` + asItStood
)

// difference is the shortest statement that makes next of j.
func difference(j, next Job, holder string, until int64) (statement string, args []any) {
	args = []any{next.State, nanos(next.NotBefore), nanos(next.SentAt), next.Forced, next.Ask, next.Published,
		next.Misses, next.Starts, next.Failures, next.Asks, next.Reason, holder, until}
	r := next.Receipt
	statement = moveJob
	if other := next.Batch != j.Batch || next.Digests != j.Digests; other || r != j.Receipt {
		statement = showJob
		args = append(args, r.ID, r.Name, r.Link, r.Size, r.Verified)
		if other {
			statement = updateJob
			args = append(args, next.Batch, next.Digests.SHA256, next.Digests.SHA1, next.Digests.MD5)
		}
	}
	return statement, append(args, j.ID, j.State, j.Starts)
}

// record applies e to j, which must stand in the ledger as the caller sees it,
// and notes it. agent is who holds it afterwards, if it is in hands then.
func record(tx transaction, j Job, e Event, agent string) (Job, error) {
	next, err := j.After(e)
	if err != nil {
		return j, err
	}
	holder, until := "", int64(0)
	if next.State == Moving || next.State == Publishing {
		holder, until = agent, nanos(e.At.Add(lease))
	}
	statement, args := difference(j, next, holder, until)
	res, err := tx.Exec(statement, args...)
	if err != nil {
		return j, err
	}
	if n, err := res.RowsAffected(); err != nil {
		return j, err
	} else if n == 0 {
		return j, ErrLost
	}
	if next.Closed && !j.Closed {
		if _, err := tx.Exec(`UPDATE jobs SET closed = TRUE WHERE id = ?`, j.ID); err != nil {
			return j, err
		}
	}
	if next.State == Done && next.State != j.State && next.Kind == Deliver || next.State == Landed {
		count(tx, next, e.At)
	}
	note(tx, next, e)
	return next, nil
}

// note keeps an event of a job. Being asked for again is not worth one.
func note(tx transaction, j Job, e Event) {
	if e.What == StillOut && j.Asks > 1 {
		return
	}
	noteFile(tx, j.Folder, j.Name, j.ID, j.Account, string(e.What), e.Reason, e.At)
}
