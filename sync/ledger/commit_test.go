package ledger

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"
)

// countCommits counts what the writer's connection commits from now on.
func countCommits(t testing.TB, l *Ledger) *atomic.Int64 {
	t.Helper()
	n := new(atomic.Int64)
	conn, err := l.db.Conn(t.Context())
	must(t, err)
	defer conn.Close() // gives it back; the writer has no other
	must(t, conn.Raw(func(c any) error {
		c.(sqlite.HookRegisterer).RegisterCommitHook(func() int32 { n.Add(1); return 0 })
		return nil
	}))
	return n
}

// writeAtOnce lets n calls of do meet in one group, and returns their errors.
func writeAtOnce(l *Ledger, n int, do func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	l.turn.Lock()
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	for waiting(l) < n {
		runtime.Gosched()
	}
	l.turn.Unlock()
	wg.Wait()
	return errs
}

func TestGroupCommit(t *testing.T) {
	for _, test := range []struct{ writers, commits int }{{1, 1}, {32, 1}, {groupLimit, 1}, {groupLimit + 1, 2}} {
		t.Run(fmt.Sprint(test.writers), func(t *testing.T) {
			path := newPath(t)
			l := openAt(t, path)
			commits := countCommits(t, l)
			for _, err := range writeAtOnce(l, test.writers, func(i int) error {
				return l.Accept(time.Now(), Acceptance{Jobs: []Job{newJob(fmt.Sprint(i), 1)}})
			}) {
				must(t, err)
			}
			if n := commits.Load(); n != int64(test.commits) {
				t.Errorf("%d commits, want %d", n, test.commits)
			}
			must(t, l.Close())
			l = openAt(t, path)
			if n := count1(t, l, `SELECT COUNT(*) FROM jobs`); n != int64(test.writers) {
				t.Errorf("%d jobs on disk, want %d", n, test.writers)
			}
		})
	}
}

// TestGroupCommitUnderLoad counts commits where nobody holds writers back.
func TestGroupCommitUnderLoad(t *testing.T) {
	l := openNew(t)
	commits := countCommits(t, l)
	const writers, each = 32, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := l.Accept(time.Now(), Acceptance{Jobs: []Job{newJob(fmt.Sprint(w, " ", i), 1)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := count1(t, l, `SELECT COUNT(*) FROM jobs`); n != writers*each {
		t.Errorf("%d jobs, want %d", n, writers*each)
	}
	n := commits.Load()
	t.Logf("%d writes in %d commits", writers*each, n)
	if n > writers*each/2 {
		t.Errorf("%d commits for %d writes: they do not share", n, writers*each)
	}
}

// TestGroupCommitSpoiled: who fails, fails alone.
func TestGroupCommitSpoiled(t *testing.T) {
	spoil := map[string]func(*Ledger, transaction) error{
		"by its own error": func(*Ledger, transaction) error { return errors.New("spoiled") },
		"by SQLite": func(_ *Ledger, tx transaction) error {
			_, err := tx.Exec(`INSERT INTO pauses (account, until, at) VALUES ('spoiled', 'x', NULL)`)
			return err
		},
	}
	for name, bad := range spoil {
		t.Run(name, func(t *testing.T) {
			l := openNew(t)
			const n, spoiled = 32, 13
			errs := writeAtOnce(l, n, func(i int) error {
				return l.write(func(tx transaction) error {
					if _, err := insert(tx, newJob(fmt.Sprint(i), 1)); err != nil {
						return err
					}
					if i == spoiled {
						return bad(l, tx)
					}
					return nil
				})
			})
			for i, err := range errs {
				if (err != nil) != (i == spoiled) {
					t.Errorf("writer %d: %v", i, err)
				}
				_, ok, err := l.Job(t.Context(), newJob(fmt.Sprint(i), 1).ID)
				if err != nil || ok != (i != spoiled) {
					t.Errorf("job of writer %d is there: %v, %v", i, ok, err)
				}
			}
			if err := errs[spoiled]; err == nil || !strings.Contains(strings.ToLower(err.Error()), "spoiled") && !strings.Contains(err.Error(), "NOT NULL") {
				t.Errorf("the spoiler was told %v", err)
			}
		})
	}
}

// TestGroupLost has two workers finish the same job in one group: one does.
func TestGroupLost(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 1))
	j := next(t, l)
	errs := writeAtOnce(l, 2, func(int) error {
		_, err := l.Record(j, Event{What: Confirmed, At: time.Now()})
		return err
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrLost) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of two have finished the job, want 1", won)
	}
	if n := count1(t, l, `SELECT done FROM days`); n != 1 {
		t.Errorf("counted %d times, want once", n)
	}
}
