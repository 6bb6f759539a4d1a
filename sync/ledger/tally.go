package ledger

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// A Tally counts the jobs of one bench to one account, and back.
type Tally struct {
	Bench, Account               string
	Queued, Moving, Sent, Parked int
	OpenBytes                    int64     // of what is queued or moving
	Oldest                       time.Time // when the oldest open job was added; zero if none is open
	Done, Today                  int       // photos delivered, ever and on the day asked for
	TodayBytes                   int64
	LastDone                     time.Time // zero if none was

	Offered, Importing, Stuck int // retouches that wait for a person, are on their way in, are parked or given up
	Landed, LandedToday       int // retouches, ever and on the day asked for
}

// Open is how many jobs on their way out still have something before them.
func (t Tally) Open() int { return t.Queued + t.Moving + t.Sent }

type pair struct{ bench, account string }

// Tallies counts jobs by bench and account, sorted; day is the one that Today
// means. What is done is counted as it happens, so that a million of them cost
// nothing here.
func (l *Ledger) Tallies(ctx context.Context, day time.Time) ([]Tally, error) {
	all := map[pair]*Tally{}
	at := func(p pair) *Tally {
		if all[p] == nil {
			all[p] = &Tally{Bench: p.bench, Account: p.account}
		}
		return all[p]
	}
	if err := l.countOpen(ctx, at); err != nil {
		return nil, err
	}
	if err := l.countDone(ctx, day, at); err != nil {
		return nil, err
	}
	return slices.SortedFunc(func(yield func(Tally) bool) {
		for t := range maps.Values(all) {
			if !yield(*t) {
				return
			}
		}
	}, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(a.Bench, b.Bench), cmp.Compare(a.Account, b.Account))
	}), nil
}

// countOpen reads the index jobs_open alone.
func (l *Ledger) countOpen(ctx context.Context, at func(pair) *Tally) error {
	rows, err := l.read.QueryContext(ctx, `SELECT bench, account, flow, state, COUNT(*), SUM(size), MIN(created) FROM jobs
		WHERE `+isOpen+` GROUP BY state, bench, account, flow`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p pair
		var f Flow
		var s State
		var n int
		var bytes, oldest int64
		if err := rows.Scan(&p.bench, &p.account, &f, &s, &n, &bytes, &oldest); err != nil {
			return err
		}
		if f == In {
			at(p).addIn(s, n)
			continue
		}
		at(p).add(s, n, bytes, fromNanos(oldest))
	}
	return rows.Err()
}

// addIn counts n retouches in one state.
func (t *Tally) addIn(s State, n int) {
	switch s {
	case Offered:
		t.Offered += n
	case Parked, GivenUp:
		t.Stuck += n
	default:
		t.Importing += n
	}
}

// add counts n jobs on their way out in one state.
func (t *Tally) add(s State, n int, bytes int64, oldest time.Time) {
	switch s {
	case Queued:
		t.Queued += n
	case Moving, Publishing:
		t.Moving += n
	case Sent:
		t.Sent, bytes = t.Sent+n, 0
	case Parked:
		t.Parked += n
		return
	}
	t.OpenBytes += bytes
	if t.Oldest.IsZero() || oldest.Before(t.Oldest) {
		t.Oldest = oldest
	}
}

func (l *Ledger) countDone(ctx context.Context, day time.Time, at func(pair) *Tally) error {
	rows, err := l.read.QueryContext(ctx, `SELECT bench, account, SUM(done), SUM(CASE WHEN day = ? THEN done ELSE 0 END),
		SUM(CASE WHEN day = ? THEN bytes ELSE 0 END), MAX(last), SUM(landed), SUM(CASE WHEN day = ? THEN landed ELSE 0 END) FROM days GROUP BY bench, account`,
		dayOf(day), dayOf(day), dayOf(day))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p pair
		var done, today, landed, landedToday int
		var bytes, last int64
		if err := rows.Scan(&p.bench, &p.account, &done, &today, &bytes, &last, &landed, &landedToday); err != nil {
			return err
		}
		t := at(p)
		t.Done, t.Today, t.TodayBytes, t.LastDone, t.Landed, t.LandedToday = done, today, bytes, fromNanos(last), landed, landedToday
	}
	return rows.Err()
}

// DeliveredSince counts the photos whose delivery was confirmed at or after
// since. It looks at the last million events only.
func (l *Ledger) DeliveredSince(ctx context.Context, since time.Time) (photos int, bytes int64, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(j.size), 0) FROM history h JOIN jobs j ON j.id = h.job
		WHERE h.seq > (SELECT COALESCE(MAX(seq), 0) - 1000000 FROM history) AND h.at >= ? AND h.what = 'confirmed' AND j.kind = 'deliver'`, nanos(since)).Scan(&photos, &bytes)
	return photos, bytes, err
}

// LandedSince counts the files that have landed at or after since; the history
// is searched as by DeliveredSince.
func (l *Ledger) LandedSince(ctx context.Context, since time.Time) (files int, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM history h
		WHERE h.seq > (SELECT COALESCE(MAX(seq), 0) - 1000000 FROM history) AND h.at >= ? AND h.what = ? AND h.job != ''`, nanos(since), Settled).Scan(&files)
	return files, err
}
