package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// leaveRoom lets the ledger grow by so many pages of 4 KiB and no more.
func leaveRoom(t testing.TB, l *Ledger, pages int64) {
	t.Helper()
	has := count1(t, l, `PRAGMA page_count`)
	_, err := l.db.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, has+pages))
	must(t, err)
}

// fill accepts files until the disk is full, and returns the first that did not
// fit.
func fill(t testing.TB, l *Ledger) (Acceptance, error) {
	t.Helper()
	for i := range 100_000 {
		name := fmt.Sprint(strings.Repeat("x", 200), i)
		a := Acceptance{Files: []File{newFile(name, 1, "")}, Jobs: []Job{newJob(name, 1), newJob(name, 1, account("ftp"))}, Notes: map[int]string{0: "hello"}}
		if err := l.Accept(time.Now(), a); err != nil {
			return a, err
		}
	}
	t.Fatal("the disk was never full")
	return Acceptance{}, nil
}

func wantNothingOf(t testing.TB, l *Ledger, a Acceptance) {
	t.Helper()
	name := a.Files[0].Name
	for table, column := range map[string]string{"known": "name", "jobs": "name", "history": "name"} {
		if n := count1(t, l, `SELECT COUNT(*) FROM `+table+` WHERE `+column+` = ?`, name); n != 0 {
			t.Errorf("%d rows of what did not fit are in %s", n, table)
		}
	}
}

func TestDiskFull(t *testing.T) {
	l := openNew(t)
	leaveRoom(t, l, 40)
	a, err := fill(t, l)
	if !DiskFull(err) {
		t.Fatalf("DiskFull does not know %v", err)
	}
	wantNothingOf(t, l, a)
	if err := l.Accept(time.Now(), a); !DiskFull(err) {
		t.Errorf("a second try: %v, want the disk full", err)
	}
	for i, err := range writeAtOnce(l, 8, func(int) error { return l.Accept(time.Now(), a) }) {
		if !DiskFull(err) {
			t.Errorf("writer %d of a group: %v, want the disk full", i, err)
		}
	}
	if _, err := l.Known(t.Context(), hot, "."); err != nil {
		t.Errorf("reading: %v", err)
	}
	leaveRoom(t, l, 1000)
	must(t, l.Accept(time.Now(), a))
	wantState(t, l, a.Jobs[1], Queued)
}

// TestDiskFullAtRecord: a job stays as it is until its outcome can be written.
func TestDiskFullAtRecord(t *testing.T) {
	l := openNew(t)
	accept(t, l, newJob("a", 1))
	j := next(t, l)
	leaveRoom(t, l, 0)
	if _, err := fill(t, l); !DiskFull(err) {
		t.Fatal(err)
	}
	e := Event{What: Confirmed, At: time.Now(), Reason: strings.Repeat("long ", 4000)}
	if got, err := l.Record(j, e); !DiskFull(err) || got != j {
		t.Fatalf("got %+v, %v; want the job as it was, and the disk full", got, err)
	}
	wantState(t, l, j, Moving)
	if n := count1(t, l, `SELECT COUNT(*) FROM days`); n != 0 {
		t.Error("what was not recorded was counted")
	}
	leaveRoom(t, l, 1000)
	rec(t, l, j, e)
	wantState(t, l, j, Done)
}

// TestNextWaitsOutAFullDisk also holds that minutes of it are one line of log.
func TestNextWaitsOutAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openNew(t)
		var log strings.Builder
		l.log = slog.New(slog.NewTextHandler(&log, nil))
		accept(t, l, newJob("a", 1))
		// A limit of pages need not hit a claim, which hardly grows anything.
		_, err := l.db.Exec(`CREATE TRIGGER full BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'no space left on device'); END`)
		must(t, err)
		jobs := make(chan Job, 1)
		go waitFor(t.Context(), l, jobs)
		time.Sleep(5 * time.Minute)
		_, err = l.db.Exec(`DROP TRIGGER full`)
		must(t, err)
		start := time.Now()
		if j := <-jobs; j.Name != "a" || time.Since(start) > time.Second {
			t.Errorf("got %q after %v, want a within a second", j.Name, time.Since(start))
		}
		if n := strings.Count(log.String(), "\n"); n != 1 {
			t.Errorf("%d lines of log, want 1:\n%s", n, log.String())
		}
	})
}

func TestDiskFullKnows(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{context.Canceled, false},
		{ErrLost, false},
		{fmt.Errorf("write: %w", errors.New("no space left on device")), true},
		{errors.New("There is not enough space on the disk."), true},
		{errors.New("disk quota exceeded"), true},
	} {
		if got := DiskFull(test.err); got != test.want {
			t.Errorf("DiskFull(%v) = %v, want %v", test.err, got, test.want)
		}
	}
}
