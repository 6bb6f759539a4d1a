package ledger

import (
	"context"
	"time"
)

// accountsKnown lists the accounts of all jobs by leaping from one to the next in
// an index.
func (l *Ledger) accountsKnown(ctx context.Context) ([]string, error) {
	return l.ids(ctx, `WITH RECURSIVE a (account) AS (
		SELECT MIN(account) FROM jobs UNION ALL SELECT (SELECT MIN(account) FROM jobs WHERE account > a.account) FROM a WHERE a.account IS NOT NULL)
		SELECT account FROM a WHERE account IS NOT NULL`)
}

// The two indexes on names are for jobs of one direction each.
const (
	namedOut = `SELECT id, created FROM jobs WHERE account = ? AND stem >= ? AND stem < ? AND flow = 'out'`
	namedIn  = `SELECT id, created FROM jobs WHERE stem >= ? AND stem < ? AND flow = 'in'`
)

// fewNamed reports whether so few jobs have a name that begins so that they can
// be sorted, and which accounts there are.
func (l *Ledger) fewNamed(ctx context.Context, q Search) (accounts []string, few bool, err error) {
	if q.Account != "" {
		accounts = []string{q.Account}
	} else if accounts, err = l.accountsKnown(ctx); err != nil {
		return nil, false, err
	}
	from, to := stems(q.Name)
	left := fewNames + 1
	count := func(query string, args ...any) error {
		var n int
		err := l.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM (`+query+` LIMIT ?)`, append(args, left)...).Scan(&n)
		left -= n
		return err
	}
	if err := count(namedIn, from, to); err != nil {
		return nil, false, err
	}
	for _, account := range accounts {
		if err := count(namedOut, account, from, to); err != nil {
			return nil, false, err
		}
	}
	return accounts, left > 0, nil
}

// searchNames answers from the indexes on names.
func (l *Ledger) searchNames(ctx context.Context, q Search, accounts []string) (Found, error) {
	from, to := stems(q.Name)
	o := q.others(false)
	q.spelled(&o)
	query := namedIn + o.text
	args := append([]any{from, to}, o.args...)
	for _, account := range accounts {
		query += ` UNION ALL ` + namedOut + o.text
		args = append(append(args, account, from, to), o.args...)
	}
	ids, err := l.ids(ctx, `SELECT id FROM (`+query+`) ORDER BY created DESC, id DESC LIMIT ?`, append(args, q.Most+1)...)
	if err != nil {
		return Found{}, err
	}
	return l.found(ctx, q, time.Time{}, ids)
}

// Shots returns up to n photos that were taken at a bench, the newest first, each
// once and with its newest content: what a task can be made of. Those of mirrored
// folders are none. more is false if these were the last.
func (l *Ledger) Shots(ctx context.Context, bench string, after Place, n int) (shots []Job, more bool, err error) {
	at, id := int64(1<<63-1), ""
	if !after.Zero() {
		at, id = nanos(after.Created), after.ID
	}
	shots, err = l.jobs(ctx, `AS j WHERE bench = ? AND bench != '' AND created <= ? AND (created < ? OR id < ?) AND +flow = 'out' AND kind = 'deliver' AND role != 'mirror' AND +state != 'superseded'
		AND NOT EXISTS (SELECT 1 FROM jobs n WHERE n.folder = j.folder AND n.name = j.name AND n.flow = 'out' AND n.kind = 'deliver' AND +n.state != 'superseded'
			AND (n.created > j.created OR n.created = j.created AND n.id > j.id))
		ORDER BY created DESC, id DESC LIMIT ?`, bench, at, at, id, n+1)
	if len(shots) > n {
		shots, more = shots[:n], true
	}
	return shots, more, err
}
